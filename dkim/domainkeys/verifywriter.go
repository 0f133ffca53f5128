package domainkeys

import (
	"context"
	"crypto"
	"fmt"
	"hash"
	"strings"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/internal/domain"
	"github.com/waxseal/waxseal/internal/message"
)

// A VerifyWriter verifies the signature of the one message that is written to
// it, and fits into an io.MultiWriter beside what stores the message. Any way of
// cutting the message into Writes gives the same Result. It is not safe for
// concurrent use. One that is dropped unfinished leaves nothing behind, but for
// a key lookup that ends by its timeout.
type VerifyWriter struct {
	ctx      context.Context
	verifier *Verifier

	scanner message.Scanner
	begun   bool // the header has been looked at
	local   string
	lookup  *lookup // nil when there is nothing to verify
	hash    hash.Hash
	body    *bodyWriter

	finished bool
	result   *Result
	err      error
}

// NewVerifyWriter returns a writer for one message. A nil v is the zero
// Verifier. The lookup of the key uses ctx, and starts when the header has ended.
func NewVerifyWriter(ctx context.Context, v *Verifier) *VerifyWriter {
	if v == nil {
		v = new(Verifier)
	}
	return &VerifyWriter{ctx: ctx, verifier: v}
}

// Write takes octets of the message. It never fails; what is wrong with the
// message is the error of Finish. Octets after Finish are ignored.
func (w *VerifyWriter) Write(p []byte) (int, error) {
	if w.finished {
		return len(p), nil
	}
	body, done := w.scanner.Write(p)
	if !done {
		return len(p), nil
	}
	if !w.begun {
		w.begin()
	}
	if w.body != nil {
		w.body.Write(body)
	}
	return len(p), nil
}

// Finish says that the message has ended, waits for the key, and returns the
// Result. The error is about the message: it wraps dkim.ErrHeader,
// dkim.ErrLineEnding or dkim.ErrLimit, and the Result is nil then. Another call
// returns the same again.
func (w *VerifyWriter) Finish() (*Result, error) {
	if w.finished {
		return w.result, w.err
	}
	if w.err = w.scanner.Close(); !w.begun {
		w.begin()
	}
	w.finished = true
	if w.err == nil && w.lookup != nil {
		w.body.Close()
		keys, err := w.lookup.wait()
		if err != nil {
			w.result.fail(fmt.Errorf("%w: %w", dkim.ErrKey, err))
		} else if err := w.verifier.tryKeys(w.result, keys, w.local, w.hash.Sum(nil)); err != nil {
			w.result.fail(w.hint(err))
		} else {
			w.result.Status = Good
		}
	}
	return w.result, w.err
}

// hint adds to a failed verification that its cause may be lines that do not end
// in CRLF.
func (w *VerifyWriter) hint(err error) error {
	if w.scanner.BareLineEnd() >= 0 {
		return fmt.Errorf("%w; the header has CR or LF that is not part of CRLF: was the message converted from a local file? see canon.NewCRLFReader", err)
	}
	return err
}

// begin looks at the header: it chooses the signature, starts the key lookup and
// hashes the fields.
func (w *VerifyWriter) begin() {
	w.begun = true
	h := &w.scanner.Header
	if w.scanner.Err() != nil {
		return
	}
	w.result = new(Result)
	from, err := findSender(h)
	if err == nil {
		err = checkHidden(h)
	}
	if err == nil {
		w.result.Sender, w.result.SenderField = from.address, from.name
	}
	self, err := w.choose(h, from, err)
	if err != nil {
		w.result.fail(err)
		return
	}
	w.local = from.local
	w.lookup = startLookup(w.ctx, w.verifier, w.result.Signature)
	w.hash = crypto.SHA1.New()
	hashFields(w.hash, h, self, w.result.Signature, w.verifier.Reordered)
	w.body = newBodyWriter(w.hash, w.result.Signature.Canon)
}

// checkHidden looks for what a header hides behind bare CR or LF, which whoever
// ends lines there sees: another sending address, or a body that nobody signed.
func checkHidden(h *message.Header) error {
	if h.Hides("From") || h.Hides("Sender") {
		return fmt.Errorf("%w: a bare CR or LF hides a From or Sender field from who wants CRLF", ErrSender)
	}
	if h.HidesEnd() {
		return fmt.Errorf("%w: who takes a bare LF for a line end sees an empty line in the header, and the body behind it", dkim.ErrPartialBody)
	}
	return nil
}

// choose chooses the signature by the rules of section 3.7.3: the first that is
// well formed and fits the sending address, whose error is senderErr. It returns
// the index of its field.
func (w *VerifyWriter) choose(h *message.Header, from sender, senderErr error) (self int, err error) {
	err = ErrNoSignature
	for i := range h.All(fieldName) {
		s, why := ParseSignature(h.Field(i))
		if why == nil {
			why = senderErr
		}
		if why == nil {
			why = usable(s, h, i, from)
		}
		if why == nil {
			w.result.Signature = s
			return i, nil
		}
		// Without a sending address all signatures fail, and that says most.
		if w.result.Signature == nil || StatusOf(why) == Bad && StatusOf(err) != Bad {
			w.result.Signature, err = s, why
		}
	}
	return 0, err
}

// usable reports why a signature cannot be that of the sending address.
func usable(s *Signature, h *message.Header, self int, from sender) error {
	switch {
	case !domain.AtOrBelow(from.domain, s.domain):
		return tagErrorf("d", dkim.ErrDomain, "%s is not %.255q or a parent of it", s.domain, from.domain)
	case domain.IsPublicSuffix(s.domain):
		return tagErrorf("d", dkim.ErrDomain, "%s is a public suffix", s.domain)
	case from.field < self:
		return fmt.Errorf("%w: %s is above the signature", ErrUncovered, from.name)
	case !s.covers(h, self, from.field):
		return &dkim.TagError{Tag: "h", Err: fmt.Errorf("%w: it does not list %s", ErrUncovered, from.name)}
	}
	return nil
}

// hashFields hashes the fields below field self that s signs. Self is -1 if the
// header does not hold the signature.
func hashFields(h hash.Hash, header *message.Header, self int, s *Signature, reordered bool) {
	const enough = 4 << 10 // octets: a hash is slow on small writes
	var buf []byte
	use := func(i int) {
		buf = s.Canon.appendField(buf, header.Field(i))
		if len(buf) >= enough {
			h.Write(buf)
			buf = buf[:0]
		}
	}
	if s.Fields != nil && reordered {
		inOrder(header, self, s.Fields, use)
	} else {
		listed := make(map[string]bool, len(s.Fields))
		for _, f := range s.Fields {
			listed[lower(f)] = true
		}
		for i := self + 1; i < header.Len(); i++ {
			if s.Fields == nil || listed[lower(string(header.Name(i)))] {
				use(i)
			}
		}
	}
	h.Write(buf)
}

// inOrder calls use with the fields below field self in the order of h=. A name
// that is listed once stands for all its fields, top to bottom. Of one that is
// listed more often the last listings stand for a field each, from the bottom,
// and the first for the rest.
func inOrder(header *message.Header, self int, names []string, use func(int)) {
	fields, left := map[string][]int{}, map[string]int{}
	for _, name := range names {
		left[lower(name)]++
	}
	for i := self + 1; i < header.Len(); i++ {
		if name := lower(string(header.Name(i))); left[name] > 0 {
			fields[name] = append(fields[name], i)
		}
	}
	for _, name := range names {
		name = lower(name)
		left[name]--
		n := max(0, len(fields[name])-left[name])
		for _, i := range fields[name][:n] {
			use(i)
		}
		fields[name] = fields[name][n:]
	}
}

// lower lowers the letters of ASCII.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r | 0x20
		}
		return r
	}, s)
}
