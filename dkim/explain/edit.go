package explain

import (
	"bytes"
	"slices"
)

// An edit replaces the octets [start, end) of a text.
type edit struct {
	start, end int
	text       string
}

// maxEdits bounds the edits of one transformation, which bounds memory: 40
// octets each, for a body that could hold nothing but line feeds.
const maxEdits = 1 << 20

// apply returns text with edits, which are in order and do not overlap.
func apply(text []byte, edits []edit) []byte {
	size := len(text)
	for _, e := range edits {
		size += len(e.text) - (e.end - e.start)
	}
	out := make([]byte, 0, size)
	at := 0
	for _, e := range edits {
		out = append(append(out, text[at:e.start]...), e.text...)
		at = e.end
	}
	return append(out, text[at:]...)
}

// origins returns a function that tells, for an offset in apply(text, edits),
// which offset in text it comes from; for octets that an edit wrote, the start
// of what it replaced.
func origins(edits []edit) func(int) int {
	type border struct{ from, to, shift int } // of what an edit wrote; what was added up to its end
	borders := make([]border, len(edits))
	shift := 0
	for i, e := range edits {
		borders[i].from = e.start + shift
		borders[i].to = borders[i].from + len(e.text)
		shift += len(e.text) - (e.end - e.start)
		borders[i].shift = shift
	}
	return func(offset int) int {
		i, inside := slices.BinarySearchFunc(borders, offset, func(b border, offset int) int {
			switch {
			case b.to <= offset:
				return -1
			case b.from > offset:
				return 1
			}
			return 0
		})
		switch {
		case inside:
			return edits[i].start
		case i > 0:
			return offset - borders[i-1].shift
		}
		return offset
	}
}

// A step is one thing that is undone.
type step struct {
	cause  Cause
	detail string // what is undone
	edits  []edit
}

// A chain is steps, each applied to what the one before it made.
type chain []step

func (c chain) with(s step) chain { return append(slices.Clone(c), s) }

// maxSpans bounds the places that a Finding has.
const maxSpans = 1024

// spans returns the octets of the first text that step i changed, up to a
// number of them.
func (c chain) spans(i int) []Span {
	var back []func(int) int
	for k := i - 1; k >= 0; k-- {
		back = append(back, origins(c[k].edits))
	}
	var spans []Span
	for _, e := range c[i].edits {
		if len(spans) == maxSpans {
			break
		}
		start, end := e.start, e.end
		for _, from := range back {
			start, end = from(start), from(end)
		}
		spans = append(spans, Span{start, max(0, end-start)})
	}
	return spans
}

// lines iterates over the lines of text: yield gets where each starts, where
// its line end starts, and where the next line starts. A line ends in CRLF.
func lines(text []byte, yield func(start, end, next int) bool) {
	for start := 0; start < len(text); {
		end, next := len(text), len(text)
		for at := start; ; {
			lf := bytes.IndexByte(text[at:], '\n')
			if lf < 0 {
				break
			}
			at += lf + 1
			if at-2 >= start && text[at-2] == '\r' {
				end, next = at-2, at
				break
			}
		}
		if !yield(start, end, next) {
			return
		}
		start = next
	}
}

// atLineStarts makes an edit for each line that starts with old: new takes its place.
func atLineStarts(text []byte, old, new string) []edit {
	var edits []edit
	at := func(i int) {
		if bytes.HasPrefix(text[i:], []byte(old)) {
			edits = append(edits, edit{i, i + len(old), new})
		}
	}
	at(0)
	find := "\n" + old
	for i := 0; len(edits) < maxEdits; {
		k := bytes.Index(text[i:], []byte(find))
		if k < 0 {
			break
		}
		at(i + k + 1)
		i += k + 1
	}
	return edits
}

// everywhere makes an edit for each old in text that does not overlap the one before.
func everywhere(text []byte, old, new string) []edit {
	var edits []edit
	for i := 0; len(edits) < maxEdits; {
		k := bytes.Index(text[i:], []byte(old))
		if k < 0 {
			break
		}
		edits = append(edits, edit{i + k, i + k + len(old), new})
		i += k + len(old)
	}
	return edits
}
