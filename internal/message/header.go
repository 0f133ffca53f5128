package message

import (
	"bytes"
	"iter"
	"slices"

	"github.com/waxseal/waxseal/internal/fieldname"
)

// A Header holds the fields of a message, top to bottom, as they were written.
type Header struct {
	buf    []byte
	fields []span
	bare   bool // buf has a CR or LF that is not part of a CRLF
}

// A span delimits a field in buf.
type span struct{ start, nameEnd, end int }

// Len returns the number of fields.
func (h *Header) Len() int { return len(h.fields) }

// Size returns the number of octets in the header.
func (h *Header) Size() int { return len(h.buf) }

// Contains reports whether the header has the octet c anywhere.
func (h *Header) Contains(c byte) bool { return bytes.IndexByte(h.buf, c) >= 0 }

// Name returns the name of field i, without the white space before its colon.
// The octets are h's own.
func (h *Header) Name(i int) []byte {
	f := h.fields[i]
	return h.buf[f.start:f.nameEnd]
}

// AppendNames appends the name of each field to dst, with ":" behind it.
func (h *Header) AppendNames(dst []byte) []byte {
	const usual = 16 // octets of a name
	dst = slices.Grow(dst, usual*len(h.fields))
	for _, f := range h.fields {
		dst = append(dst, h.buf[f.start:f.nameEnd+1]...)
		dst[len(dst)-1] = ':' // where white space stands before it
	}
	return dst
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
	return &Header{bytes.Clone(h.buf), slices.Clone(h.fields), h.bare}
}

// All iterates over the indices of the fields that have the given name, which
// is compared without case, in ASCII.
func (h *Header) All(name string) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range h.fields {
			if fieldname.Equal(h.Name(i), name) && !yield(i) {
				return
			}
		}
	}
}
