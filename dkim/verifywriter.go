package dkim

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/waxseal/waxseal/internal/bodyhash"
	"github.com/waxseal/waxseal/internal/headerhash"
	"github.com/waxseal/waxseal/internal/message"
	"github.com/waxseal/waxseal/internal/taglist"
)

// A VerifyWriter verifies the signatures of the one message that is written to
// it, and fits into an io.MultiWriter beside what stores the message. Any way
// of cutting the message into Writes gives the same results. It is not safe
// for concurrent use. One that is dropped unfinished leaves nothing behind,
// but for key lookups that end by their timeout.
type VerifyWriter struct {
	ctx      context.Context
	verifier *Verifier

	scanner message.Scanner
	header  Header
	begun   bool // the header has been looked at
	index   headerhash.Index
	checks  []*check
	lookups lookups
	body    bodyhash.Set
	endings lineEndings
	buf     []byte

	finished bool
	results  []*Result
	err      error
}

// NewVerifyWriter returns a writer for one message. A nil v is the zero
// Verifier. The lookups of keys use ctx, and start when the header has ended.
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
	if !w.body.Empty() {
		w.body.Write(body)
		w.endings.look(body)
	}
	return len(p), nil
}

// Finish says that the message has ended, waits for the keys, and returns one
// Result for each DKIM-Signature field, in the order of the header, and none
// for a message without. The error is about the message: it wraps ErrHeader,
// ErrLineEnding or ErrLimit. Another call returns the same again.
func (w *VerifyWriter) Finish() ([]*Result, error) {
	if w.finished {
		return w.results, w.err
	}
	w.err = w.scanner.Close()
	if !w.begun {
		w.begin()
	}
	w.finished = true
	w.body.Close()
	for _, c := range w.checks {
		w.conclude(c)
		w.results = append(w.results, &c.Result)
	}
	return w.results, w.err
}

// Header returns the header of the message after Finish, whether it is signed
// or not: what DMARC needs, with no second parser. It has no fields if Finish
// returned an error.
func (w *VerifyWriter) Header() *Header {
	w.header.raw = &w.scanner.Header
	return &w.header
}

// A check is the verification of one signature, step by step.
type check struct {
	Result
	signature Signature
	field     int           // of the signature in the header
	lookup    *lookup       // nil when the key does not matter
	sum       *bodyhash.Sum // nil when the body does not matter
	verified  bool          // the header signature is good
}

// begin looks at the header: it parses the signatures, and starts the key
// lookups and the body hashes that they need.
func (w *VerifyWriter) begin() {
	w.begun = true
	h := w.Header()
	now := w.verifier.now()
	w.checks = parseSignatures(h)
	if len(w.checks) == 0 {
		return
	}
	w.index.Reset(h.raw)
	var good []*check
	for _, c := range w.checks {
		if c.Err != nil {
			continue
		}
		if err := w.verifier.check(&c.signature, h, &w.index, now); err != nil {
			c.fail(err)
			continue
		}
		good = append(good, c)
	}
	for i, c := range w.rank(good) {
		if most := w.verifier.maxSignatures(); i >= most {
			c.fail(fmt.Errorf("%w: only %d of %d are verified", ErrTooMany, most, len(good)))
			continue
		}
		c.lookup = w.lookups.start(w.ctx, w.verifier, &c.signature)
		if c.lookup.ready() && !w.checkHeader(c) {
			continue // a bad one costs no body hash
		}
		length := int64(bodyhash.Whole)
		if c.signature.Length != nil {
			length = *c.signature.Length
		}
		c.sum = w.body.Add(c.signature.Canon.Body, c.signature.algorithm.hash, length)
	}
}

// parseSignatures returns a check for each DKIM-Signature field of a header.
// Those that are malformed have failed.
func parseSignatures(h *Header) []*check {
	var checks []*check
	var tags taglist.List
	names := ""
	for i := range h.raw.All(fieldName) {
		if checks == nil {
			names = allNames(h)
			tags = make(taglist.List, 0, taglist.MaxTags/2)
		}
		c := &check{field: i}
		c.Signature = &c.signature
		c.SignedOctets, c.UnsignedOctets = -1, -1
		c.names = names
		if err := c.signature.parse(string(h.raw.Field(i)), tags); err != nil {
			c.fail(err)
		}
		checks = append(checks, c)
	}
	return checks
}

// allNames returns the names of all fields, each followed by ":".
func allNames(h *Header) string {
	var b strings.Builder
	b.Grow(h.raw.Len() * len("Content-Type:"))
	for i := range h.raw.Len() {
		b.Write(h.raw.Name(i))
		b.WriteByte(':')
	}
	return b.String()
}

// rank puts the signatures that are aligned with From first, if there are more
// than may be verified.
func (w *VerifyWriter) rank(good []*check) []*check {
	if len(good) <= w.verifier.maxSignatures() {
		return good
	}
	authors, _ := w.Header().From()
	ranked := make([]*check, 0, len(good))
	var others []*check
	for _, c := range good {
		aligned := false
		for _, a := range authors[:min(len(authors), maxAuthors)] {
			aligned = aligned || c.signature.Aligned(a, false)
		}
		if aligned {
			ranked = append(ranked, c)
		} else {
			others = append(others, c)
		}
	}
	return append(ranked, others...)
}

// maxAuthors bounds the domains of From that signatures are compared with.
const maxAuthors = 10

// checkHeader verifies the header signature, and reports whether it is good.
// The lookup is ready.
func (w *VerifyWriter) checkHeader(c *check) bool {
	if c.verified {
		return true
	}
	if err := c.lookup.err; err != nil {
		c.fail(fmt.Errorf("%w: %w", ErrKey, err))
		return false
	}
	if err := w.verifier.tryKeys(c, c.lookup.keys, w.headerDigest(c)); err != nil {
		c.fail(w.hint(err))
		return false
	}
	c.verified = true
	return true
}

// headerDigest hashes what the header signature signs.
func (w *VerifyWriter) headerDigest(c *check) []byte {
	s := &c.signature
	h := s.algorithm.hash.New()
	own := strings.TrimSuffix(s.raw[:s.value[0]]+s.raw[s.value[1]:], "\r\n")
	w.buf = w.index.Write(h, headerhash.Signature{
		Canon: s.Canon.Header, Fields: s.Fields, Self: c.field, Field: []byte(own),
	}, w.buf)
	return h.Sum(nil)
}

// conclude ends the verification of c: the key, then the header signature,
// then the body hash, then what l= leaves out.
func (w *VerifyWriter) conclude(c *check) {
	if c.Err != nil {
		return
	}
	c.lookup.wait()
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
	default:
		c.Status = Pass
	}
}

// hint adds to a failed verification that its cause may be lines that do not
// end in CRLF.
func (w *VerifyWriter) hint(err error) error {
	if w.endings.bare || w.scanner.BareLineEnd() >= 0 {
		return fmt.Errorf("%w; the message has CR or LF that is not part of CRLF: was it converted from a local file? see canon.NewCRLFReader", err)
	}
	return err
}

// lineEndings looks for bare CR and LF in the first octets of a body: a message
// whose line ends were changed has them at once.
type lineEndings struct {
	seen int
	last byte
	bare bool
}

func (l *lineEndings) look(p []byte) {
	const enough = 8 << 10 // octets
	if l.seen >= enough || len(p) == 0 || l.bare {
		return
	}
	p = p[:min(len(p), enough-l.seen)]
	l.seen += len(p)
	if l.last == '\r' {
		if p[0] != '\n' {
			l.bare = true
			return
		}
		p = p[1:]
	}
	l.last = 0
	if len(p) > 0 {
		l.last = p[len(p)-1]
		l.bare = message.BareLineEnd(p) >= 0
	}
}

// Signatures reads the header of a message and parses its DKIM-Signature
// fields, in their order, and verifies nothing: Status is empty, Err is set
// where a field is malformed. The error is about the message or the reader, as
// that of Verify.
func Signatures(src io.Reader) ([]*Result, error) {
	var s message.Scanner
	buf := make([]byte, 4<<10)
	for done := false; !done; {
		n, err := src.Read(buf)
		_, done = s.Write(buf[:n])
		if err == io.EOF {
			break
		}
		if err != nil && !done {
			return nil, fmt.Errorf("dkim: read message: %w", err)
		}
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	var results []*Result
	for _, c := range parseSignatures(&Header{&s.Header}) {
		c.Status = ""
		results = append(results, &c.Result)
	}
	return results, nil
}
