package headerhash

import (
	"io"

	"github.com/waxseal/waxseal/canon"
)

// A Signature says what of a header is signed, and how.
type Signature struct {
	Canon  canon.Algorithm
	Fields []string // h=
	Self   int      // the index of the signature's own field in the header, or -1
	// Field is the signature's own field with its b= value emptied, without
	// the CRLF at its end. It is nil for a protocol that does not sign it.
	Field []byte
}

// Write writes to w what sig signs: the canonical form of each chosen field,
// then that of the signature's own. w is a hash: an error of its Write is not
// looked at. buf is memory to use; Write returns it, perhaps grown.
func (x *Index) Write(w io.Writer, sig Signature, buf []byte) []byte {
	const enough = 4 << 10 // a hash is slow on small writes
	buf = buf[:0]
	x.Select(sig.Fields, sig.Self, func(i int) {
		buf = sig.Canon.AppendField(buf, x.header.Field(i))
		if len(buf) >= enough {
			w.Write(buf)
			buf = buf[:0]
		}
	})
	if sig.Field != nil {
		buf = sig.Canon.AppendField(buf, sig.Field)
	}
	w.Write(buf)
	return buf
}
