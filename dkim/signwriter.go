package dkim

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/waxseal/waxseal/internal/bodyhash"
	"github.com/waxseal/waxseal/internal/headerhash"
	"github.com/waxseal/waxseal/internal/message"
	"github.com/waxseal/waxseal/internal/taglist"
)

// A SignWriter makes the signatures for the one message that is written to it,
// in one pass and constant memory, and fits into an io.MultiWriter beside what
// stores the message. Any way of cutting the message into Writes gives the same
// signatures. It is not safe for concurrent use. One that is dropped unfinished
// leaves nothing behind.
type SignWriter struct {
	ctx    context.Context
	source SignerSource

	work    *workspace // nil after Finish
	begun   bool       // the header has been looked at
	jobs    []job      // their signatures are what Finish returns
	endings strictLineEndings

	finished   bool
	signatures []*Signature
	err        error
}

// A job is one signature to make.
type job struct {
	signer    *Signer
	signature Signature
	length    int64 // of l=
	sum       *bodyhash.Sum
	form      *folder
	hash      [32]byte      // of bh=
	digest    [32]byte      // of the header
	took      time.Duration // for Done
	err       error
	one       [1]*Signature // the signatures of a message with this one alone
}

// NewSignWriter returns a writer for one message. The source is asked for the
// signers when the header has ended.
func NewSignWriter(ctx context.Context, signers SignerSource) *SignWriter {
	return &SignWriter{ctx: ctx, source: signers, work: newWorkspace()}
}

// Write takes octets of the message. It never fails; what is wrong with the
// message or the signers is the error of Finish. Octets after Finish are
// ignored.
func (w *SignWriter) Write(p []byte) (int, error) {
	if w.finished || w.err != nil {
		return len(p), nil
	}
	body, done := w.work.scanner.Write(p)
	if !done {
		return len(p), nil
	}
	if !w.begun {
		w.begin()
	}
	if len(w.jobs) == 0 || w.err != nil || w.endings.err != nil {
		return len(p), nil // the rest does not matter
	}
	// Octets that stay in the cache for the second look; and the fewer, the more
	// of them come from memory while others are hashed.
	const block = 8 << 10
	for len(body) > 0 {
		n := min(len(body), block)
		w.endings.check(body[:n])
		w.work.body.Write(body[:n])
		body = body[n:]
	}
	return len(p), nil
}

// Finish says that the message has ended, and returns the signatures in the
// order of the signers: all of them or an error. Put them, in that order, in
// front of the message. With no signer for the message it returns nil, nil.
// Another call returns the same again.
//
// The error is a *SignerError where it is about one signer, and a *MessageError
// where it is about the message: that wraps ErrHeader, ErrLineEnding (bare CR or
// LF anywhere), ErrLimit, or ErrFrom (none, or several: RFC 5322 wants one From
// field).
func (w *SignWriter) Finish() ([]*Signature, error) {
	if !w.finished {
		w.finish()
		if w.err == nil && len(w.jobs) > 0 {
			w.signatures = w.jobs[0].one[:]
			if len(w.jobs) > 1 {
				w.signatures = make([]*Signature, len(w.jobs))
			}
			for i := range w.jobs {
				w.signatures[i] = w.jobs[i].complete()
			}
		}
		w.work.release()
		w.work, w.jobs = nil, nil
	}
	return w.signatures, w.err
}

// finish does what Finish does, but for the Signatures and the workspace.
func (w *SignWriter) finish() {
	if !w.begun {
		w.work.scanner.Close()
		w.begin()
	}
	w.finished = true
	if w.err == nil && len(w.jobs) > 0 {
		w.err = messageError(w.endings.finish())
	}
	if w.err == nil && len(w.jobs) > 0 {
		w.work.body.Close()
		w.err = errPanicked
		w.err = w.sign()
	}
}

// errPanicked is left where a source or a key panics, so that a server that goes
// on does not take the message for one that nobody signs.
var errPanicked = errors.New("dkim: a signer or the source of signers panicked")

// begin looks at the header: it checks that it may be signed, asks for the
// signers, and starts the body hashes that they need.
func (w *SignWriter) begin() {
	w.begun = true
	h := &w.work.header
	if w.err = messageError(w.work.scanner.Err()); w.err != nil {
		return
	}
	if w.source == nil {
		w.err = fmt.Errorf("%w: the SignerSource is nil", ErrNoSigner)
		return
	}
	w.err = errPanicked
	signers, err := w.signers(h)
	if err != nil {
		w.err = fmt.Errorf("dkim: choose signers: %w", err)
		return
	}
	if w.err = nil; len(signers) == 0 {
		return
	}
	w.work.index.Reset(h.raw)
	names := fieldNames(h.raw, w.work)
	if w.err = messageError(checkSignable(h.raw, names, w.work.index.Count("From"))); w.err != nil {
		return
	}
	names = slices.DeleteFunc(names, func(n string) bool { return strings.Contains(n, ";") }) // that would end h=

	w.jobs = slices.Grow(w.jobs[:0], len(signers)) // they stay where they are
	for i, s := range signers {
		w.jobs = append(w.jobs, job{signer: s})
		if err := w.start(&w.jobs[i], h.raw, names); err != nil {
			if s != nil && s.Done != nil {
				s.Done(0, err)
			}
			w.err = &SignerError{s, err}
			return
		}
	}
}

// signers asks the source.
func (w *SignWriter) signers(h *Header) ([]*Signer, error) {
	if s, ok := w.source.(*Signer); ok { // without the slice that its SignersFor makes
		w.work.signer[0] = s
		return w.work.signer[:], nil
	}
	return w.source.SignersFor(w.ctx, h)
}

// checkSignable checks that a header is what RFC 5322 allows, so that no mail
// system has a reason to change it. names are those of its fields.
func checkSignable(h *message.Header, names []string, from int) error {
	if at := h.BareLineEnd(); at >= 0 {
		return fmt.Errorf("%w: bare CR or LF at octet %d of the header; convert the message with canon.NewCRLFReader first, and send what it gives", ErrLineEnding, at)
	}
	nul := h.Contains(0)
	for i, name := range names {
		if !taglist.IsVisible(name) {
			return fmt.Errorf("%w: %.40q is no field name", ErrHeader, name)
		}
		if nul && bytes.IndexByte(h.Field(i), 0) >= 0 {
			return fmt.Errorf("%w: NUL in field %.40q", ErrHeader, name)
		}
	}
	if from != 1 {
		return fmt.Errorf("%w: the message has %d From fields, RFC 5322 wants one", ErrFrom, from)
	}
	return nil
}

// fieldNames returns the names of the fields, top to bottom. They are parts of
// one string.
func fieldNames(h *message.Header, work *workspace) []string {
	work.buf = h.AppendNames(work.buf[:0])
	all := string(work.buf)
	names := slices.Grow(work.names[:0], h.Len())
	for i := range h.Len() {
		n := len(h.Name(i))
		names = append(names, all[:n])
		all = all[n+len(":"):]
	}
	work.names = names
	return names
}

// start prepares the signature of j, the last job so far.
func (w *SignWriter) start(j *job, h *message.Header, names []string) error {
	s, sig := j.signer, &j.signature
	if s == nil {
		return fmt.Errorf("%w: the Signer is nil", ErrNoSigner)
	}
	if err := s.prepare(sig); err != nil {
		return err
	}
	for i := range w.jobs[:len(w.jobs)-1] {
		if other := &w.jobs[i].signature; other.selector == sig.selector && other.domain == sig.domain {
			return tagErrorf("s", ErrPolicy, "two signers have this selector and domain; give each key its own selector (RFC 8463, section 6)")
		}
	}
	sig.Fields = s.headers().Select(names)
	if len(sig.Fields) > maxFields {
		return tagErrorf("h", ErrLimit, "%d names, the limit is %d", len(sig.Fields), maxFields)
	}
	if sig.listed("From") == 0 {
		return tagErrorf("h", ErrFrom, "Headers does not choose From in this message")
	}
	now := s.now()
	if now.Unix() < 0 || now.Unix() > maxSeconds {
		return tagErrorf("t", ErrSyntax, "the time %v cannot be written", now)
	}
	if !s.OmitTime {
		sig.Time = now
	}
	if s.Lifetime > 0 {
		sig.Expiration = now.Add(s.Lifetime)
	}
	if s.CopyHeaders {
		w.work.index.Select(sig.Fields, -1, func(i int) {
			sig.Copied = append(sig.Copied, CopiedField{string(h.Name(i)), string(h.Value(i))})
		})
	}
	length := int64(bodyhash.Whole)
	if s.BodyOctets > 0 {
		length = s.BodyOctets
	}
	j.sum = w.work.body.Add(sig.Canon.Body, sig.algorithm.hash, length)
	return nil
}

const maxSeconds = 999_999_999_999 // of t= and x=: 12 digits, by the grammar

// sign makes the signatures, those of keys that take a context side by side.
func (w *SignWriter) sign() error {
	forms := w.work.folders(len(w.jobs))
	for i := range w.jobs {
		j := &w.jobs[i]
		j.form = &forms[i]
		if j.time(func() error { return w.prepare(j) }); j.err != nil {
			j.done()
			return &SignerError{j.signer, j.err}
		}
	}
	wait := w.signRemote()
	defer wait() // also if a key panics: nothing uses the jobs any more then
	for i := range w.jobs {
		if j := &w.jobs[i]; !j.remote() {
			j.time(func() error { return j.sign(w.ctx) })
			j.done()
		}
	}
	wait()
	var errs []error
	for i := range w.jobs {
		if j := &w.jobs[i]; j.err != nil {
			errs = append(errs, &SignerError{j.signer, j.err})
		}
	}
	return errors.Join(errs...)
}

// remote reports whether the key takes a context.
func (j *job) remote() bool {
	_, ok := j.signer.Key.(ContextSigner)
	return ok
}

// signRemote starts the signatures of keys that take a context, and returns
// what waits for them.
func (w *SignWriter) signRemote() (wait func()) {
	wait = func() {}
	for i := range w.jobs {
		if w.jobs[i].remote() {
			var group sync.WaitGroup
			for i := range w.jobs {
				if j := &w.jobs[i]; j.remote() {
					group.Go(func() {
						j.time(func() error { return j.sign(w.ctx) })
						j.done()
					})
				}
			}
			return group.Wait
		}
	}
	return wait
}

// time takes a step, and adds its time to j.took if that is asked for.
func (j *job) time(step func() error) {
	if j.signer.Done == nil {
		j.err = step()
		return
	}
	start := j.signer.now()
	j.err = step()
	j.took += j.signer.now().Sub(start)
}

// done reports that j is at its end.
func (j *job) done() {
	if j.signer.Done != nil {
		j.signer.Done(j.took, j.err)
	}
}

// prepare writes the field but for the value of b=, and hashes what j signs.
func (w *SignWriter) prepare(j *job) error {
	sig := &j.signature
	sig.BodyHash = append(j.hash[:0], j.sum.Digest...)
	switch n := j.signer.BodyOctets; {
	case n > j.sum.Total:
		return tagErrorf("l", ErrBodyLength, "BodyOctets is %d, the canonical body has %d", n, j.sum.Total)
	case n > 0:
		j.length, sig.Length = n, &j.length
	case j.signer.BodyLength:
		j.length, sig.Length = j.sum.Total, &j.length
	}
	j.form.signature(sig)
	if len(j.form.buf) > maxSignature {
		return fmt.Errorf("%w: a signature of %d octets without b=, the limit is %d; leave out z=, or fields of h=", ErrLimit, len(j.form.buf), maxSignature)
	}
	for line := range bytes.Lines(j.form.buf) {
		if len(line) > maxLine {
			return fmt.Errorf("%w: the line %.40q has %d octets, RFC 5322 allows 998", ErrLimit, line, len(line)-2)
		}
	}
	copy(j.digest[:], w.work.headerDigest(sig.algorithm.hash, headerhash.Signature{
		Canon: sig.Canon.Header, Fields: sig.Fields, Self: -1, Field: j.form.buf,
	}))
	return nil
}

const (
	maxSignature = 60 << 10 // octets: with b= it stays within what ParseSignature takes
	maxLine      = 1000     // octets, CRLF included (RFC 5322, section 2.1.1)
)

// sign computes b= and completes the signature.
func (j *job) sign(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	value, err := j.signer.sign(ctx, rand.Reader, j.signature.algorithm, j.digest[:])
	if err != nil {
		return err
	}
	j.signature.Value = value
	j.signature.value[0] = len(j.form.buf)
	j.form.value(value)
	j.signature.value[1] = len(j.form.buf) - len("\r\n")
	return nil
}

// complete returns the Signature of a job that is done. It keeps nothing of
// the workspace.
func (j *job) complete() *Signature {
	s := &j.signature
	s.raw = string(j.form.buf)
	if s.Identifier == "" {
		s.Identifier = "@" + s.Domain
	}
	j.signer, j.sum, j.form = nil, nil, nil
	return s
}

// strictLineEndings checks that every CR and LF of a body is part of a CRLF.
type strictLineEndings struct {
	cr  bool // the last octet was CR
	n   int64
	err error
}

func (l *strictLineEndings) check(p []byte) {
	if len(p) == 0 || l.err != nil {
		return
	}
	first := 0
	if l.cr {
		if p[0] != '\n' {
			l.fail(-1)
			return
		}
		first = 1
	}
	if at := message.BareLineEnd(p[first:]); at >= 0 {
		l.fail(int64(first + at))
		return
	}
	l.cr = p[len(p)-1] == '\r'
	l.n += int64(len(p))
}

func (l *strictLineEndings) fail(at int64) {
	l.err = fmt.Errorf("%w: bare CR or LF at octet %d of the body; convert the message with canon.NewCRLFReader first, and send what it gives", ErrLineEnding, l.n+at)
}

func (l *strictLineEndings) finish() error {
	if l.err == nil && l.cr {
		l.fail(-1)
	}
	return l.err
}
