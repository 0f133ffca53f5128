package message

import (
	"bytes"
	"iter"
	"slices"
)

// A Header holds the fields of a message, top to bottom, as they were written.
type Header struct {
	buf    []byte
	fields []span
}

// A span delimits a field in buf.
type span struct{ start, nameEnd, end int }

// Len returns the number of fields.
func (h *Header) Len() int { return len(h.fields) }

// Size returns the number of octets in the header.
func (h *Header) Size() int { return len(h.buf) }

// Name returns the name of field i, without the white space before its colon.
// The octets are h's own.
func (h *Header) Name(i int) []byte {
	f := h.fields[i]
	return h.buf[f.start:f.nameEnd]
}

// Field returns field i whole, from its name to its last CRLF. The octets are
// h's own.
func (h *Header) Field(i int) []byte {
	f := h.fields[i]
	return h.buf[f.start:f.end:f.end]
}

// Value returns what stands between the colon of field i and its last CRLF.
// The octets are h's own.
func (h *Header) Value(i int) []byte {
	f := h.fields[i]
	colon := f.nameEnd + bytes.IndexByte(h.buf[f.nameEnd:], ':')
	return h.buf[colon+1 : f.end-2]
}

// Clone returns a copy that shares no memory with h.
func (h *Header) Clone() *Header {
	return &Header{bytes.Clone(h.buf), slices.Clone(h.fields)}
}

// All iterates over the indices of the fields that have the given name, which
// is compared without case, in ASCII.
func (h *Header) All(name string) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range h.fields {
			if EqualName(h.Name(i), name) && !yield(i) {
				return
			}
		}
	}
}

// EqualName compares a field name with another, without case, in ASCII:
// letters beyond ASCII that fold to ASCII letters are other letters.
func EqualName[A, B []byte | string](a A, b B) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c |= 0x20
	}
	return c
}

// BareLineEnd returns the offset in the header of the first CR or LF that is
// not part of a CRLF, or -1.
func (h *Header) BareLineEnd() int { return BareLineEnd(h.buf) }

// BareLineEnd returns the offset of the first CR or LF in b that is not part
// of a CRLF, or -1. A CR at the end of b is taken for half a CRLF.
func BareLineEnd(b []byte) int {
	// Count the CRLFs. Where there are as many CRs and LFs, each is in one.
	// That is faster than a search in each line, and needs no LF to be found
	// where lines have one length, as those of an attachment.
	n, lines, guessed := 0, 0, false
	last, same := 0, 0 // the length of the last line, and how many had it before
	for n < len(b) {
		if same >= 4 {
			// The next line too?
			if end := n + last; end <= len(b) && b[end-1] == '\n' && b[end-2] == '\r' {
				guessed = true
				n = end
				lines++
				continue
			}
			same = 0
		}
		length := bytes.IndexByte(b[n:], '\n') + 1
		if length == 0 {
			break
		}
		n += length
		if n < 2 || b[n-2] != '\r' {
			return firstBare(b)
		}
		lines++
		if length != last {
			last, same = length, 0
		} else {
			same++
		}
	}
	if guessed && bytes.Count(b, []byte{'\n'}) != lines {
		return firstBare(b)
	}
	if n < len(b) && b[len(b)-1] == '\r' {
		lines++
	}
	if bytes.Count(b, []byte{'\r'}) != lines {
		return firstBare(b)
	}
	return -1
}

// firstBare is BareLineEnd, line by line.
func firstBare(b []byte) int {
	for n := 0; ; {
		lf := bytes.IndexByte(b[n:], '\n')
		if lf < 0 {
			return bareCR(b, -1)
		}
		n += lf + 1
		if n < 2 || b[n-2] != '\r' {
			return bareCR(b[:n-1], n-1)
		}
	}
}

// bareCR returns the offset of the first CR in b that no LF follows, except at
// the end of b, or none.
func bareCR(b []byte, none int) int {
	for n := 0; ; {
		cr := bytes.IndexByte(b[n:], '\r')
		if cr < 0 || n+cr == len(b)-1 {
			return none
		}
		if n += cr + 1; b[n] != '\n' {
			return n - 1
		}
	}
}
