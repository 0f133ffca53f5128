package main

import (
	_ "embed"
	"html/template"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/waxseal/waxseal/dkim/explain"
)

//go:embed page.html
var pageText string

// page has no script, and escapes what it is given: html/template sees to that.
var page = template.Must(template.New("page").Parse(pageText))

// A View is a signature with the message as it sees it.
type View struct {
	Signature
	Number   int
	Segments []Segment
	Hidden   int // octets that are not shown
}

// A Segment is octets of the message that are alike.
type Segment struct {
	Text    string
	Class   string // signed, unsigned, or none
	Changed bool
	Missing bool // something that was here is gone: Text is empty
}

// writeHTML writes the page of a diagnosis.
func writeHTML(w io.Writer, d *Diagnosis, raw []byte) error {
	var views []View
	const most = 10 // signatures whose view of the message is shown
	for i, s := range d.Signatures {
		v := View{Signature: s, Number: i + 1}
		if i < most {
			v.Segments, v.Hidden = segments(raw, s, i)
		}
		views = append(views, v)
	}
	return page.Execute(w, struct {
		*Diagnosis
		Views []View
	}{d, views})
}

// maxShown is how many octets of a message are shown.
const maxShown = 256 << 10

// segments cuts a message by what signature n, which is s, signs, and by what changed.
func segments(raw []byte, s Signature, n int) (list []Segment, hidden int) {
	shown := raw[:min(len(raw), maxShown)]
	fields, body := split(raw)
	type border struct {
		at    int
		class string
	}
	var borders []border // where another class begins
	signed := covered(fields, s.result.Signature.Fields, n)
	for i, f := range fields {
		borders = append(borders, border{f.start, signed[i]})
	}
	borders = append(borders, border{fieldsEnd(fields), ""}, border{body, "signed"})
	for _, b := range s.beyond {
		borders = append(borders, border{b.Offset, "unsigned"})
	}
	var cuts []int
	for _, b := range borders {
		cuts = append(cuts, b.at)
	}
	for _, c := range s.spans {
		cuts = append(cuts, c.Offset, c.Offset+c.Length)
	}
	cuts = append(cuts, len(shown))
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	at, class, next := 0, "", 0
	for _, cut := range cuts {
		cut = min(cut, len(shown))
		if cut > at {
			changed := slices.ContainsFunc(s.spans, func(c explain.Span) bool { return c.Length > 0 && c.Offset <= at && cut <= c.Offset+c.Length })
			list = append(list, Segment{Text: visible(shown[at:cut]), Class: class, Changed: changed})
			at = cut
		}
		for next < len(borders) && borders[next].at <= at {
			class = borders[next].class
			next++
		}
		if slices.ContainsFunc(s.spans, func(c explain.Span) bool { return c.Length == 0 && c.Offset == at }) {
			list = append(list, Segment{Class: class, Missing: true})
		}
	}
	return list, len(raw) - len(shown)
}

// A field is where a header field is in a message.
type field struct {
	name       string
	start, end int
}

func fieldsEnd(fields []field) int {
	if len(fields) == 0 {
		return 0
	}
	return fields[len(fields)-1].end
}

// split finds the fields of a message, and where its body begins, whatever its
// line ends are.
func split(raw []byte) (fields []field, body int) {
	for at := 0; at < len(raw); {
		end := at
		for end < len(raw) && raw[end] != '\n' && raw[end] != '\r' {
			end++
		}
		line := raw[at:end]
		if end < len(raw) && raw[end] == '\r' {
			end++
		}
		if end < len(raw) && raw[end] == '\n' {
			end++
		}
		switch {
		case len(line) == 0:
			return fields, end
		case (line[0] == ' ' || line[0] == '\t') && len(fields) > 0:
			fields[len(fields)-1].end = end
		default:
			name, _, _ := strings.Cut(string(line), ":")
			fields = append(fields, field{strings.TrimRight(name, " \t"), at, end})
		}
		at = end
	}
	return fields, len(raw)
}

// covered tells for each field whether signature n signs it: h= takes the fields
// of a name from the bottom up (RFC 6376, section 5.4.2), and never its own.
func covered(fields []field, listed []string, n int) []string {
	left := map[string]int{}
	for _, name := range listed {
		left[strings.ToLower(name)]++
	}
	class := make([]string, len(fields))
	for i, f := range fields {
		class[i] = "unsigned"
		if strings.EqualFold(f.name, "DKIM-Signature") {
			if n == 0 {
				class[i] = "own"
			}
			n--
		}
	}
	for i := len(fields) - 1; i >= 0; i-- {
		if name := strings.ToLower(fields[i].name); class[i] == "unsigned" && left[name] > 0 {
			class[i] = "signed"
			left[name]--
		}
	}
	return class
}

// visible returns octets as text without controls, and without what turns the
// direction of text.
func visible(octets []byte) string {
	var b strings.Builder
	for len(octets) > 0 {
		r, n := utf8.DecodeRune(octets)
		octets = octets[n:]
		switch {
		case r == '\r' && len(octets) > 0 && octets[0] == '\n':
		case r == '\r':
			b.WriteString("␍\n")
		case r == '\n' || r == '\t' || unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x20:
			b.WriteRune('␀' + r)
		default:
			b.WriteRune(utf8.RuneError)
		}
	}
	return b.String()
}
