package explain

import (
	"bytes"

	mail "github.com/waxseal/waxseal/internal/message"
)

// A message is one that is looked at.
type message struct {
	raw     []byte // as it was given
	repairs chain  // what was undone in it as a whole, to read it at all
	text    []byte // raw with the repairs made
	header  *mail.Header
	starts  []int // of the fields in text, then of what follows the header
	body    int   // where the body begins in text
	parts   []*part
	back    []func(int) int // from text to raw
}

// parse reads text, which repairs made of raw.
func parse(raw []byte, repairs chain, text []byte) (*message, error) {
	var s mail.Scanner
	body, _ := s.Write(text)
	if err := s.Close(); err != nil {
		return nil, err
	}
	m := &message{raw: raw, repairs: repairs, text: text, header: &s.Header, body: len(text) - len(body)}
	for i := len(repairs) - 1; i >= 0; i-- {
		m.back = append(m.back, origins(repairs[i].edits))
	}
	at := 0
	for i := range m.header.Len() {
		m.starts = append(m.starts, at)
		at += len(m.header.Field(i))
	}
	m.starts = append(m.starts, at)
	top := &part{body: 0, end: len(body)}
	top.describe(m.lastValue("Content-Type"), m.lastValue("Content-Transfer-Encoding"))
	left := maxParts
	walk(body, top, func(p *part) { m.parts = append(m.parts, p) }, &left)
	return m, nil
}

// repairs returns what can be undone in a message as a whole: the line of a
// mailbox file above its header, and lines that do not end in CRLF. It returns
// nil if there is nothing of it in the header.
func repairs(raw []byte) (chain, []byte) {
	var c chain
	text := raw
	do := func(s step) {
		if len(s.edits) > 0 && len(s.edits) < maxEdits {
			c = append(c, s)
			text = apply(text, s.edits)
		}
	}
	head := text
	for _, blank := range []string{"\r\n\r\n", "\n\n", "\r\r"} {
		if i := bytes.Index(head, []byte(blank)); i >= 0 {
			head = head[:i+len(blank)]
		}
	}
	first := bytes.IndexAny(head, "\r\n") + 1
	if first > 0 && bytes.HasPrefix(head[first-1:], []byte("\r\n")) {
		first++
	}
	if line := head[:first]; bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From ")) {
		do(step{MboxLine, "the line of a mailbox file above the header", []edit{{0, first, ""}}})
		head = head[first:]
	}
	if mail.BareLineEnd(head) >= 0 {
		do(step{LineEndings, "lines that end in LF or CR alone, in the whole message", bareEnds(text, true)})
	}
	return c, text
}

func (m *message) bodyText() []byte { return m.text[m.body:] }

// bodyAsGiven reports whether the repairs left the body alone.
func (m *message) bodyAsGiven() bool { return bytes.HasSuffix(m.raw, m.bodyText()) }

// span returns where in the message as it was given the octets of text are.
func (m *message) span(start, end int) Span {
	for _, from := range m.back {
		start, end = from(start), from(end)
	}
	return Span{start, max(0, end-start)}
}

// bodySpans returns where spans of the body are in the message as it was given.
func (m *message) bodySpans(spans []Span) []Span {
	for k, s := range spans {
		spans[k] = m.span(s.Offset+m.body, s.Offset+s.Length+m.body)
	}
	return spans
}

// place describes where a span is.
func (m *message) place(s Span) Place {
	p := Place{Offset: s.Offset, Line: lineNumber(m.raw, s.Offset)}
	end := len(m.raw)
	for i := range m.header.Len() {
		if m.span(m.starts[i], 0).Offset <= s.Offset && s.Offset < m.span(m.starts[i+1], 0).Offset {
			p.Field = printable(string(m.header.Name(i)))
			end = m.span(m.starts[i+1], 0).Offset
			break
		}
	}
	p.Excerpt = excerpt(bytes.TrimRight(m.raw[min(s.Offset, end):end], "\r\n"))
	return p
}

// maxValues bounds the values that are taken from elsewhere in a message.
const maxValues = 16

// fieldValues returns the values of the fields of a name.
func (m *message) fieldValues(name string) []string {
	var list []string
	for i := range m.header.All(name) {
		if value := m.header.Value(i); len(list) < maxValues && len(value) <= maxVaried {
			list = append(list, string(bytes.TrimSuffix(value, []byte("\r\n"))))
		}
	}
	return list
}

// lastValue returns the value of the last field of a name, or "".
func (m *message) lastValue(name string) string {
	list := m.fieldValues(name)
	if len(list) == 0 {
		return ""
	}
	return list[len(list)-1]
}

// partFields returns the values of the fields of a name that the parts have.
func (m *message) partFields(name string) []string {
	var list []string
	for _, p := range m.parts {
		if _, value := p.field(m.bodyText(), name); value != "" && len(list) < maxValues && len(value) <= maxVaried {
			list = append(list, value)
		}
	}
	return list
}
