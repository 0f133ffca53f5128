package explain

import (
	"bytes"
	"crypto"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/waxseal/waxseal/dkim"
)

// A Report says what is wrong with one signature.
type Report struct {
	// Result is what dkim.Verify says of the message as it is. Where that is an
	// error (lines that end in LF, say), Status and Err are of the error, and the
	// rest is of the signature in the repaired message.
	Result *dkim.Result

	// Findings are the causes, those of the message as a whole first, then
	// those of the key, the header and the body. There is none for a signature
	// that passes, and one at least for one that does not.
	Findings []Finding

	// Header and Body say how far the two checks of a signature were explained.
	Header, Body State

	// KeyFits tells, for RSA, that the key made this b=, whatever the header
	// has become: a signature of RSA names the hash that was signed. It is
	// false for Ed25519, which does not tell.
	KeyFits bool

	Hashes Hashes
	Spent  Work // for this signature

	message  *message
	sig      *dkim.Signature // as it is parsed in message; nil when it is malformed
	self     int             // the field of the signature in message
	changes  []*change       // of the header, that are proved
	bodyWas  []byte          // nil when it is not known
	repaired []byte
}

// A State is how far one check was explained.
type State uint8

const (
	Unchecked State = iota // nothing to check it with: no key, or a malformed signature
	Intact                 // it passes on the message as it is
	Explained              // it passes once the proved causes are undone
	Open                   // it does not pass, and no cause is proved
)

func (s State) String() string {
	switch s {
	case Unchecked:
		return "unchecked"
	case Intact:
		return "intact"
	case Explained:
		return "explained"
	}
	return "open"
}

// Hashes are those of a signature and of the message.
type Hashes struct {
	Body       []byte // of the body of the message, as bh= has it
	Header     []byte // of the signed fields, as b= signs it
	Signed     []byte // what b= signs, where it can be read: RSA with the key that made it
	BodyOctets int64  // of the canonical body

	kind crypto.Hash
}

// A Finding is one cause.
type Finding struct {
	Cause  Cause
	Detail string // what was found, in a few words
	Proof  Proof
	Where  Place  // the first octets that changed; the zero Place if no octet did
	Spans  []Span // all that changed, in order, as far as they were kept
	Advice string // what to do about it, in one sentence
}

// A Proof says that a cause is one, not only likely. That of a body is worth what
// bh= is worth: b= alone vouches for it, so look at Report.Header too.
type Proof struct {
	BodyHash  bool // bh= is the hash of the body once Undone is
	Signature bool // b= verifies over the header once Undone is
	Undone    []Cause

	// Stated tells that nothing need be undone to see the cause: the message,
	// the key record or the clock says it.
	Stated bool
}

// Proved reports whether a check passes once the cause is undone.
func (p Proof) Proved() bool { return p.BodyHash || p.Signature }

// Certain reports whether the cause is proved, or stated.
func (p Proof) Certain() bool { return p.Proved() || p.Stated }

func (p Proof) String() string {
	var passes string
	switch {
	case p.BodyHash && p.Signature:
		passes = "bh= and b= match"
	case p.BodyHash:
		passes = "bh= matches"
	case p.Signature:
		passes = "b= verifies"
	case p.Stated:
		return "certain: the message, the key record or the clock says so"
	default:
		return "not proved"
	}
	var names []string
	for _, c := range p.Undone {
		names = append(names, string(c))
	}
	if len(names) == 0 {
		return "proved: " + passes
	}
	return "proved: with " + strings.Join(names, " and ") + " undone, " + passes
}

// A Place is somewhere in the message.
type Place struct {
	Offset  int    // in octets, from 0
	Line    int    // from 1; 0 in the zero Place. A line ends in LF, or in CR alone
	Field   string // the name of the field, "" for the body
	Excerpt string // what stands there: at most 40 characters, digits and addresses masked
}

// A Span is octets of the message. Those that are to be put in have no length.
type Span struct{ Offset, Length int }

// Proved reports whether all that keeps the signature from passing is
// explained by causes that are proved: whether the signature would pass without
// them. It is false for one that passes.
func (r *Report) Proved() bool {
	for _, f := range r.Findings {
		if !f.Proof.Proved() {
			return false
		}
	}
	return len(r.Findings) > 0 && r.explained()
}

// explained reports whether both checks pass, on the message as it is or with
// what was found undone.
func (r *Report) explained() bool {
	return (r.Header == Intact || r.Header == Explained) && (r.Body == Intact || r.Body == Explained)
}

// has reports whether one of these causes was found.
func (r *Report) has(causes ...Cause) bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return slices.Contains(causes, f.Cause) })
}

// Repaired returns the message with all that is proved undone, or nil where
// that changes nothing. If no cause lies outside the message, in a key, a
// clock or the signer, it verifies. It is for comparison: what is repaired was
// changed by somebody, and must not be delivered as if it had not been.
func (r *Report) Repaired() []byte { return r.repaired }

// Copies compares the fields that z= has with those of the message, in the
// order of z=. There are none for a signature without z=.
func (r *Report) Copies() []Copy {
	if r.sig == nil {
		return nil
	}
	return selectHeader(r.message, r.sig, r.self).compareCopies()
}

// WriteHeader writes what was hashed for b=: the canonical form of the fields
// that h= chooses from the message as it is, and of the signature's own field
// with an empty b=. It writes nothing for a signature that is malformed.
func (r *Report) WriteHeader(w io.Writer) error {
	if r.sig == nil {
		return nil
	}
	_, err := w.Write(bytes.Join(selectHeader(r.message, r.sig, r.self).texts, nil))
	return err
}

// WriteBody writes what was hashed for bh=: the canonical body, or as much of
// it as l= covers. It writes nothing for a signature that is malformed.
func (r *Report) WriteBody(w io.Writer) error {
	if r.sig == nil {
		return nil
	}
	text := r.canonicalBody()
	if n := r.sig.Length; n != nil && *n < int64(len(text)) {
		text = text[:*n]
	}
	_, err := w.Write(text)
	return err
}

func (r *Report) canonicalBody() []byte {
	return canonical(r.sig.Canon.Body, r.message.bodyText())
}

// hash computes the hashes of the message as it is.
func (r *Report) hash() {
	kind := r.Hashes.kind
	h := kind.New()
	limited := &limitedWriter{h, int64(len(r.message.text)) + 2}
	if r.sig.Length != nil {
		limited.left = *r.sig.Length
	}
	w := r.sig.Canon.Body.NewBodyWriter(limited)
	w.Write(r.message.bodyText()) // a hash takes all
	w.Close()
	r.Hashes.Body, r.Hashes.BodyOctets = h.Sum(nil), w.Len()
	h = kind.New()
	r.WriteHeader(h)
	r.Hashes.Header = h.Sum(nil)
}

// A limitedWriter takes all octets, and hands on the first ones.
type limitedWriter struct {
	w    io.Writer
	left int64
}

func (l *limitedWriter) Write(p []byte) (int, error) {
	n := min(l.left, int64(len(p)))
	l.left -= n
	l.w.Write(p[:n])
	return len(p), nil
}

// conclude gives each Finding its place and its advice.
func (r *Report) conclude() {
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Advice = f.Cause.advice()
		if len(f.Spans) > 0 {
			f.Where = r.message.place(f.Spans[0])
		}
	}
}

// state says why a signature is not looked at any further.
func (r *Report) state(cause Cause, err error) {
	r.add(Finding{Cause: cause, Detail: err.Error(), Proof: Proof{Stated: true}})
	r.conclude()
}

// String returns the report as text, a few lines with LF at their ends.
func (r *Report) String() string {
	var b strings.Builder
	s := r.Result.Signature
	fmt.Fprintf(&b, "%s: signature of %s, selector %s\n", r.Result.Status, printable(s.Domain), printable(s.Selector))
	if r.Result.Err != nil {
		fmt.Fprintf(&b, "  %s\n", printable(r.Result.Err.Error()))
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "  %s: %s\n", f.Cause, printable(f.Detail))
		if f.Where.Line > 0 {
			where := "body"
			if f.Where.Field != "" {
				where = printable(f.Where.Field)
			}
			fmt.Fprintf(&b, "    %s, line %d, octet %d: %s\n", where, f.Where.Line, f.Where.Offset, f.Where.Excerpt)
		}
		fmt.Fprintf(&b, "    %s\n    %s\n", f.Proof, f.Advice)
	}
	return b.String()
}
