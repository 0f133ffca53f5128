package explain

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime/quotedprintable"
	"slices"
	"strings"
)

// reencoded converts the parts of a body to other transfer encodings: relays
// encode 8-bit text for a next hop that cannot take it, and decode it again.
func reencoded(s *bodySearch, data []byte) []step {
	var parts []*part
	s.parts(data, func(p *part) {
		const most = 32 // parts that are converted
		if p.boundary == "" && p.end > p.body && len(parts) < most {
			parts = append(parts, p)
		}
	})
	var steps []step
	for _, c := range conversions {
		var all [][]edit
		for _, p := range parts {
			if !c.from(p) {
				continue
			}
			const cost = 6 // of an octet, of an encoding or two
			if !s.budget.octets(cost * (p.end - p.body)) {
				return steps
			}
			texts := c.texts(p, data[p.body:p.end])
			for n, text := range texts {
				body := edit{p.body, p.end, text}
				for i, label := range c.labels {
					list := []edit{body}
					if p.depth > 0 {
						list = slices.Insert(list, 0, p.relabel(data, label)...)
					} else if i > 0 {
						break // the label is in the header of the message
					}
					steps = append(steps, step{Reencoded, c.detail, list})
					if i == 0 && n == 0 {
						all = append(all, list)
					}
				}
			}
		}
		if len(all) > 1 {
			steps = append(steps, step{Reencoded, c.detail + ", in each part", slices.Concat(all...)})
		}
	}
	return steps
}

// aroundBase64 takes out what stands before and after the base64 of a message
// that has nothing else: text that was put in after the message was encoded.
func aroundBase64(s *bodySearch, data []byte) []step {
	if s.mime.encoding != "base64" || s.mime.boundary != "" {
		return nil
	}
	first, last := -1, len(data)
	lines(data, func(start, end, next int) bool {
		_, err := base64.StdEncoding.DecodeString(string(data[start:end]))
		text := err == nil && end > start
		switch {
		case text && first < 0:
			first = start
		case !text && first >= 0:
			last = start
			return false
		}
		return true
	})
	if first < 0 {
		return nil
	}
	top, end := edit{0, first, ""}, edit{last, len(data), ""}
	var steps []step
	if first > 0 {
		steps = append(steps, step{Banner, "text above the base64 of the message", []edit{top}})
	}
	if last < len(data) {
		steps = append(steps, step{Footer, "text after the base64 of the message", []edit{end}})
	}
	return steps
}

// relabel makes the edits that set the Content-Transfer-Encoding of a part; an
// empty label removes the field.
func (p *part) relabel(data []byte, label string) []edit {
	for _, f := range p.fieldSpans {
		if !strings.EqualFold(f.name, "Content-Transfer-Encoding") {
			continue
		}
		if label == "" {
			return []edit{{f.start, lineEnd(data, f.to), ""}}
		}
		value := data[f.from:f.to]
		trimmed := bytes.TrimSpace(value)
		if len(trimmed) == 0 {
			return nil
		}
		at := f.from + bytes.Index(value, trimmed)
		return []edit{{at, at + len(trimmed), label}}
	}
	return nil
}

// A conversion turns a part back into what it was.
type conversion struct {
	detail  string
	from    func(*part) bool
	convert func([]byte) (string, bool)
	labels  []string // of what it was
}

// texts returns what a part may have been: in a multipart it is not certain to
// whom the CRLF before a boundary belonged.
func (c *conversion) texts(p *part, data []byte) []string {
	text, ok := c.convert(data)
	if !ok || string(data) == text {
		return nil
	}
	texts := []string{text}
	if p.depth == 0 {
		return texts
	}
	if t, ok := strings.CutSuffix(text, "\r\n"); ok {
		texts = append(texts, t)
	}
	if t, ok := c.convert(append(bytes.Clone(data), "\r\n"...)); ok && t != text {
		texts = append(texts, t, strings.TrimSuffix(t, "\r\n"))
	}
	return texts
}

func is(words ...string) func(*part) bool {
	return func(p *part) bool { return slices.Contains(words, p.encoding) }
}

// conversions is read-only.
var conversions = []conversion{
	{"8-bit text that was made quoted-printable", is("quoted-printable"), decodeQP, []string{"8bit", "8BIT", "7bit", "binary", ""}},
	{"8-bit text that was made base64", is("base64"), decodeBase64, []string{"8bit", "8BIT", "7bit", "binary", ""}},
	{"quoted-printable text that was made 8-bit", is("8bit", "7bit", "binary", ""), encodeQP(false), []string{"quoted-printable", "Quoted-Printable"}},
	{"quoted-printable text that was made 8-bit", is("8bit", "7bit", "binary", ""), encodeQP(true), []string{"quoted-printable"}},
	{"base64 that was made 8-bit text", is("8bit", "7bit", "binary", ""), encodeBase64(76), []string{"base64", "BASE64"}},
	{"base64 that was made 8-bit text", is("8bit", "7bit", "binary", ""), encodeBase64(72), []string{"base64"}},
	{"base64 that was made quoted-printable", is("quoted-printable"), chain2(decodeQP, encodeBase64(76)), []string{"base64"}},
	{"quoted-printable text that was made base64", is("base64"), chain2(decodeBase64, encodeQP(false)), []string{"quoted-printable"}},
	{"base64 with lines of 76 characters", is("base64"), chain2(decodeBase64, encodeBase64(76)), []string{"base64"}},
	{"base64 with lines of 72 characters", is("base64"), chain2(decodeBase64, encodeBase64(72)), []string{"base64"}},
	{"quoted-printable with lines of 76 characters", is("quoted-printable"), chain2(decodeQP, encodeQP(false)), []string{"quoted-printable"}},
}

func chain2(first, second func([]byte) (string, bool)) func([]byte) (string, bool) {
	return func(b []byte) (string, bool) {
		s, ok := first(b)
		if !ok {
			return "", false
		}
		return second([]byte(s))
	}
}

func decodeQP(b []byte) (string, bool) {
	out, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(b)))
	return string(out), err == nil
}

func decodeBase64(b []byte) (string, bool) {
	out, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(bytes.TrimRight(b, "\r\n"))))
	return string(out), err == nil
}

// encodeQP encodes text. Strict ones also encode what SMTP servers or mailboxes
// could change: a dot, and "From ", at the start of a line.
func encodeQP(strict bool) func([]byte) (string, bool) {
	return func(b []byte) (string, bool) {
		var buf bytes.Buffer
		w := quotedprintable.NewWriter(&buf)
		w.Write(b) // a bytes.Buffer takes all
		w.Close()
		if !strict {
			return buf.String(), true
		}
		text := apply(buf.Bytes(), atLineStarts(buf.Bytes(), ".", "=2E"))
		text = apply(text, atLineStarts(text, "From ", "=46rom "))
		return string(text), true
	}
}

func encodeBase64(width int) func([]byte) (string, bool) {
	return func(b []byte) (string, bool) {
		s := base64.StdEncoding.EncodeToString(b)
		var out strings.Builder
		out.Grow(len(s) + 2*len(s)/width + 2)
		for len(s) > width {
			out.WriteString(s[:width] + "\r\n")
			s = s[width:]
		}
		out.WriteString(s + "\r\n")
		return out.String(), true
	}
}
