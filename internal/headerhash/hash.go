package headerhash

import (
	"io"
	"slices"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/internal/fieldname"
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
	if x.fits(sig) {
		buf = append(buf, x.last.text...)
	} else {
		whole := true
		x.Select(sig.Fields, sig.Self, func(i int) {
			buf = sig.Canon.AppendField(buf, x.header.Field(i))
			if len(buf) >= enough {
				w.Write(buf)
				buf, whole = buf[:0], false
			}
		})
		if whole {
			x.keep(sig, buf)
		}
	}
	if sig.Field != nil {
		buf = sig.Canon.AppendField(buf, sig.Field)
	}
	w.Write(buf)
	return buf
}

// A kept text is the canonical form of the fields that the last signature chose.
// Most signatures of one message choose the same.
type kept struct {
	canon  canon.Algorithm
	fields []string // h=; nil when nothing is kept
	self   int
	text   []byte
}

// fits reports whether sig chooses the fields that x.last is of.
func (x *Index) fits(sig Signature) bool {
	k := &x.last
	return k.fields != nil && sig.Self >= 0 && k.canon == sig.Canon && slices.Equal(k.fields, sig.Fields) &&
		fieldname.Equal(x.header.Name(k.self), x.header.Name(sig.Self))
}

// keep keeps text, of the fields that sig chooses, if the header has another
// field of the name of sig's own, and sig does not choose from these: which of
// them it chooses depends on its own.
func (x *Index) keep(sig Signature, text []byte) {
	if x.last.fields = nil; sig.Self < 0 {
		return
	}
	own := x.header.Name(sig.Self)
	listed := func(f string) bool { return fieldname.Equal(f, own) }
	if x.above[sig.Self] < 0 && x.bottom(own) == sig.Self || slices.ContainsFunc(sig.Fields, listed) {
		return
	}
	x.last = kept{sig.Canon, sig.Fields, sig.Self, append(x.last.text[:0], text...)}
}
