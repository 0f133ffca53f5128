package explain

import (
	"bytes"
	"mime"
	"strings"

	"github.com/waxseal/waxseal/internal/fieldname"
)

const (
	maxParts = 256 // of a message that are looked at
	maxDepth = 8   // of multiparts within each other
)

// A part is the message, or a part of a multipart in it, by offsets in the body
// of the message.
type part struct {
	depth      int
	head       int // where its header begins; the message's own is elsewhere
	body, end  int // its body, without the CRLF before the next boundary
	typ        string
	boundary   string
	encoding   string // Content-Transfer-Encoding, in lower case
	fieldSpans []span
}

// A span is where a field of a part has its name and its value.
type span struct {
	name            string
	start, from, to int
}

// field returns where the value of a field of the part is, and the value with
// its folds, or "".
func (p *part) field(data []byte, name string) (at int, value string) {
	for _, f := range p.fieldSpans {
		if fieldname.Equal(f.name, name) {
			return f.from, string(data[f.from:f.to])
		}
	}
	return 0, ""
}

// parts calls use with the message, then with each of its parts, outer ones first.
func (s *bodySearch) parts(data []byte, use func(*part)) {
	top := *s.mime
	top.depth, top.body, top.end = 0, 0, len(data)
	left := maxParts
	walk(data, &top, use, &left)
}

func walk(data []byte, p *part, use func(*part), left *int) {
	if *left == 0 {
		return
	}
	*left--
	use(p)
	if p.boundary == "" || p.depth == maxDepth {
		return
	}
	delimiter := []byte("--" + p.boundary)
	start := -1 // of the part that is open
	lines(data[p.body:p.end], func(from, to, next int) bool {
		from, to, next = from+p.body, to+p.body, next+p.body
		line := bytes.TrimRight(data[from:to], " \t")
		if !bytes.HasPrefix(line, delimiter) {
			return true
		}
		rest := line[len(delimiter):]
		if len(rest) > 0 && string(rest) != "--" {
			return true
		}
		if start >= 0 {
			child := readPart(data, start, max(start, from-2))
			child.depth = p.depth + 1
			walk(data, child, use, left)
		}
		start = next
		return len(rest) == 0 && *left > 0
	})
}

// readPart reads the header of the part that is data[start:end].
func readPart(data []byte, start, end int) *part {
	p := &part{head: start, body: end, end: end}
	open := -1 // of fieldSpans
	lines(data[start:end], func(from, to, next int) bool {
		from, to, next = from+start, to+start, next+start
		switch {
		case from == to:
			p.body = next
			return false
		case data[from] == ' ' || data[from] == '\t':
			if open >= 0 {
				p.fieldSpans[open].to = to
			}
		default:
			name, _, ok := bytes.Cut(data[from:to], []byte(":"))
			open = -1
			if ok && len(p.fieldSpans) < 32 { // real parts have under 10
				p.fieldSpans = append(p.fieldSpans, span{string(bytes.TrimRight(name, " \t")), from, from + len(name) + 1, to})
				open = len(p.fieldSpans) - 1
			}
		}
		return true
	})
	_, typ := p.field(data, "Content-Type")
	_, encoding := p.field(data, "Content-Transfer-Encoding")
	p.describe(typ, encoding)
	return p
}

// describe reads the values of the two fields that matter.
func (p *part) describe(typ, encoding string) {
	const most = 4 << 10 // octets of a Content-Type
	p.encoding = strings.ToLower(strings.TrimSpace(encoding))
	if len(typ) > most {
		return
	}
	t, params, err := mime.ParseMediaType(strings.ReplaceAll(typ, "\r\n", ""))
	if err != nil {
		return
	}
	p.typ = t
	if strings.HasPrefix(t, "multipart/") {
		p.boundary = params["boundary"]
	}
}
