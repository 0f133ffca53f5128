package dkim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/waxseal/waxseal/internal/bodyhash"
	"github.com/waxseal/waxseal/internal/domain"
	"github.com/waxseal/waxseal/internal/headerhash"
	"github.com/waxseal/waxseal/internal/message"
)

// A VerifyWriter verifies the signatures of the one message that is written to
// it, and fits into an io.MultiWriter beside what stores the message. Any way
// of cutting the message into Writes gives the same results. It is not safe
// for concurrent use. One that is dropped unfinished leaves nothing behind,
// but for key lookups that end by their timeout.
type VerifyWriter struct {
	ctx      context.Context
	verifier *Verifier

	work     *workspace // nil after Finish
	begun    bool       // the header has been looked at
	hidesEnd bool       // a bare LF in it ends the header for some readers
	checks   []check
	lookups  lookups

	finished bool
	header   Header // after Finish
	results  []*Result
	err      error
}

// NewVerifyWriter returns a writer for one message. A nil v is the zero
// Verifier. The lookups of keys use ctx, and start when the header has ended.
func NewVerifyWriter(ctx context.Context, v *Verifier) *VerifyWriter {
	w := new(VerifyWriter)
	w.init(ctx, v, newWorkspace())
	return w
}

func (w *VerifyWriter) init(ctx context.Context, v *Verifier, work *workspace) {
	if v == nil {
		v = new(Verifier)
	}
	*w = VerifyWriter{ctx: ctx, verifier: v, work: work}
}

// Write takes octets of the message. It never fails; what is wrong with the
// message is the error of Finish. Octets after Finish are ignored.
func (w *VerifyWriter) Write(p []byte) (int, error) {
	if w.finished {
		return len(p), nil
	}
	body, done := w.work.scanner.Write(p)
	if !done {
		return len(p), nil
	}
	if !w.begun {
		w.begin()
	}
	if !w.work.body.Empty() {
		w.work.body.Write(body)
		w.work.keepBeginning(body)
	}
	return len(p), nil
}

// Finish says that the message has ended, waits for the keys, and returns one
// Result for each DKIM-Signature field, in the order of the header, and none
// for a message without. The error is about the message, a *MessageError: it
// wraps ErrHeader, ErrLineEnding or ErrLimit. Another call returns the same again.
func (w *VerifyWriter) Finish() ([]*Result, error) {
	if !w.finished {
		w.finish()
		w.header.raw = w.work.scanner.Header.Clone()
		w.work.release()
		w.work = nil
	}
	return w.results, w.err
}

// finish does what Finish does, but for the workspace.
func (w *VerifyWriter) finish() {
	w.finished = true
	w.err = messageError(w.work.scanner.Close())
	if !w.begun {
		w.begin()
	}
	w.work.body.Close()
	if len(w.checks) == 0 {
		return
	}
	w.results = w.checks[0].one[:]
	if len(w.checks) > 1 {
		w.results = make([]*Result, len(w.checks))
	}
	for i := range w.checks {
		c := &w.checks[i]
		w.conclude(c)
		c.lookup, c.sum = nil, nil
		w.results[i] = &c.Result
	}
}

// Header returns the header of the message after Finish, whether it is signed
// or not: what DMARC needs, with no second parser. Before Finish, and if Finish
// returned an error, it has no fields.
func (w *VerifyWriter) Header() *Header {
	if w.header.raw == nil {
		return &Header{new(message.Header)}
	}
	return &w.header
}

// A check is the verification of one signature, step by step.
type check struct {
	Result
	signature Signature
	value     [256]byte  // of b=, where it fits: RSA keys of 2048 bits
	hash      [32]byte   // of bh=
	one       [1]*Result // the results of a message with this signature alone

	field    int           // of the signature in the header
	lookup   *lookup       // nil when the key does not matter
	answer   answer        // of the lookup, once it is ready
	sum      *bodyhash.Sum // nil when the body does not matter
	verified bool          // the header signature is good
}

// begin looks at the header: it parses the signatures, and starts the key
// lookups and the body hashes that they need.
func (w *VerifyWriter) begin() {
	w.begun = true
	h := &w.work.header
	now := w.verifier.now()
	w.checks = parseSignatures(h, w.work)
	if len(w.checks) == 0 {
		return
	}
	w.work.index.Reset(h.raw)
	hidden := w.verifier.checkHidden(h.raw)
	w.hidesEnd = h.raw.HidesEnd()
	good := 0
	for i := range w.checks {
		c := &w.checks[i]
		if c.Err != nil {
			continue
		}
		if err := w.verifier.check(&c.signature, h, &w.work.index, hidden, now); err != nil {
			c.fail(err)
			continue
		}
		good++
	}
	most := w.verifier.maxSignatures()
	if good > most {
		w.limit(h, good, most)
	}
	for i := range w.checks {
		if c := &w.checks[i]; c.Err == nil {
			w.start(c)
		}
	}
}

// limit fails all but most of the good signatures. Those that are aligned with
// From come first, then the upper ones.
func (w *VerifyWriter) limit(h *Header, good, most int) {
	const maxAuthors = 10 // domains of From that signatures are compared with
	authors, _ := h.From()
	authors = authors[:min(len(authors), maxAuthors)]
	for i, a := range authors {
		authors[i] = domain.Organizational(a)
	}
	left := most
	keep := make([]bool, len(w.checks))
	for i := range w.checks {
		if c := &w.checks[i]; c.Err == nil && left > 0 && slices.Contains(authors, domain.Organizational(c.signature.domain)) {
			keep[i] = true
			left--
		}
	}
	for i := range w.checks {
		c := &w.checks[i]
		switch {
		case c.Err != nil || keep[i]:
		case left > 0:
			left--
		default:
			c.fail(fmt.Errorf("%w: only %d of %d are verified", ErrTooMany, most, good))
		}
	}
}

// start starts the lookup and the body hash for c.
func (w *VerifyWriter) start(c *check) {
	c.answer, c.lookup = w.lookups.start(w.ctx, w.verifier, &c.signature)
	if c.lookup == nil && !w.checkHeader(c) {
		return // a bad one costs no body hash
	}
	length := int64(bodyhash.Whole)
	if c.signature.Length != nil {
		length = *c.signature.Length
	}
	c.sum = w.work.body.Add(c.signature.Canon.Body, c.signature.algorithm.hash, length)
}

// parseSignatures returns a check for each DKIM-Signature field of a header.
// Those that are malformed have failed.
func parseSignatures(h *Header, work *workspace) []check {
	work.fields = slices.AppendSeq(work.fields[:0], h.raw.All(fieldName))
	if len(work.fields) == 0 {
		return nil
	}
	checks := make([]check, len(work.fields))
	text, names := signatureText(h.raw, work)
	at := names
	for next, i := range work.fields {
		c := &checks[next]
		c.Signature, c.field, c.names = &c.signature, i, text[:names]
		c.SignedOctets, c.UnsignedOctets = -1, -1
		c.signature.Value, c.signature.BodyHash = c.value[:0], c.hash[:0]
		raw := text[at : at+len(h.raw.Field(i))]
		at += len(raw)
		var err error
		if work.tags, err = c.signature.parse(raw, work.tags); err != nil {
			c.fail(err)
		}
	}
	return checks
}

// signatureText returns, as one string that the results of a message share, the
// names of all its fields, each followed by ":", which has the given length,
// then its signatures, which work.fields has.
func signatureText(h *message.Header, work *workspace) (text string, names int) {
	buf := work.buf[:0]
	buf = h.AppendNames(buf)
	names = len(buf)
	for _, i := range work.fields {
		buf = append(buf, h.Field(i)...)
	}
	work.buf = buf
	return string(buf), names
}

// checkHeader verifies the header signature, and reports whether it is good.
// The answer of the lookup is there.
func (w *VerifyWriter) checkHeader(c *check) bool {
	if c.verified {
		return true
	}
	if err := c.answer.err; err != nil {
		c.fail(fmt.Errorf("%w: %w", ErrKey, err))
		return false
	}
	if err := w.verifier.tryKeys(c, c.answer.keys, w.headerDigest(c)); err != nil {
		c.fail(w.hint(err))
		return false
	}
	c.verified = true
	return true
}

// headerDigest hashes what the header signature signs. The digest is valid
// until the next one.
func (w *VerifyWriter) headerDigest(c *check) []byte {
	s := &c.signature
	w.work.own = append(append(w.work.own[:0], s.raw[:s.value[0]]...), s.raw[s.value[1]:]...)
	return w.work.headerDigest(s.algorithm.hash, headerhash.Signature{
		Canon: s.Canon.Header, Fields: s.Fields, Self: c.field, Field: bytes.TrimSuffix(w.work.own, crlf),
	})
}

var crlf = []byte("\r\n")

// conclude ends the verification of c: the key, then the header signature,
// then the body hash, then what l= leaves out.
func (w *VerifyWriter) conclude(c *check) {
	if c.Err != nil {
		return
	}
	if c.lookup != nil {
		c.answer = c.lookup.wait()
	}
	if !w.checkHeader(c) {
		return
	}
	s := &c.signature
	c.SignedOctets = min(c.sum.Total, c.sum.Length)
	c.UnsignedOctets = c.sum.Total - c.SignedOctets
	switch {
	case s.Length != nil && *s.Length > c.sum.Total:
		c.fail(tagErrorf("l", ErrBodyLength, "l=%d, and the canonical body has %d octets", *s.Length, c.sum.Total))
	case !bytes.Equal(c.sum.Digest, s.BodyHash):
		c.fail(w.hint(ErrBodyHash))
	case c.UnsignedOctets > 0 && !w.verifier.PartialBody:
		c.fail(tagErrorf("l", ErrPartialBody, "%d of %d octets are beyond l=", c.UnsignedOctets, c.sum.Total))
	case w.hidesEnd && !w.verifier.PartialBody:
		c.fail(fmt.Errorf("%w: who takes a bare LF for a line end sees an empty line in the header, and the body behind it", ErrPartialBody))
	default:
		c.Status = Pass
	}
}

// hint adds to a failed verification that its cause may be lines that do not
// end in CRLF. Those of the body are no cause of a header signature that fails;
// and whether they were seen hangs on when the key came.
func (w *VerifyWriter) hint(err error) error {
	body := errors.Is(err, ErrBodyHash)
	failed := body || errors.Is(err, ErrSignature)
	if failed && (body && message.BareLineEnd(w.work.beginning) >= 0 || w.work.scanner.BareLineEnd() >= 0) {
		return fmt.Errorf("%w; perhaps %w: the message has bare CR or LF; if it was a local file, convert it with canon.NewCRLFReader first", err, ErrLineEnding)
	}
	return err
}

// Signatures reads the header of a message and parses its DKIM-Signature
// fields, in their order, and verifies nothing: Status is empty, Err is set
// where a field is malformed. The error is about the message or the reader, as
// that of Verify.
func Signatures(src io.Reader) ([]*Result, error) {
	work := newWorkspace()
	defer work.release()
	buf := make([]byte, 4<<10)
	for done := false; !done; {
		n, err := src.Read(buf)
		_, done = work.scanner.Write(buf[:n])
		if err == io.EOF {
			break
		}
		if err != nil && !done {
			return nil, fmt.Errorf("dkim: read message: %w", err)
		}
	}
	if err := work.scanner.Close(); err != nil {
		return nil, messageError(err)
	}
	checks := parseSignatures(&work.header, work)
	results := make([]*Result, len(checks))
	for i := range checks {
		results[i] = &checks[i].Result
		results[i].Status = ""
	}
	return results, nil
}
