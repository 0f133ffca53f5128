package domainkeys

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/internal/domain"
	"github.com/waxseal/waxseal/internal/message"
)

// ErrSigned reports a message that has a DomainKey-Signature already, and no
// Sender field that was added since: it must not be signed (RFC 4870, section
// 3.5.2).
var ErrSigned = errors.New("the message is signed already")

// A SignWriter makes the signature for the one message that is written to it, in
// one pass and constant memory, and fits into an io.MultiWriter beside what
// stores the message. Any way of cutting the message into Writes gives the same
// signature. It is not safe for concurrent use. One that is dropped unfinished
// leaves nothing behind.
type SignWriter struct {
	ctx    context.Context
	source SignerSource

	scanner   message.Scanner
	begun     bool // the header has been looked at
	signer    *Signer
	unsigned  *Signature // without its value; nil when nothing is signed
	hash      hash.Hash
	body      *bodyWriter
	lineEnds  lineEnds
	finished  bool
	signature *Signature
	err       error
}

// NewSignWriter returns a writer for one message. The source is asked for the
// signer when the header has ended.
func NewSignWriter(ctx context.Context, signers SignerSource) *SignWriter {
	return &SignWriter{ctx: ctx, source: signers}
}

// Write takes octets of the message. It never fails; what is wrong with the
// message or the signer is the error of Finish. Octets after Finish are ignored.
func (w *SignWriter) Write(p []byte) (int, error) {
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
	if w.err == nil && w.unsigned != nil {
		w.lineEnds.check(body)
		w.body.Write(body)
	}
	return len(p), nil
}

// Finish says that the message has ended, and returns the signature. Put its
// String in front of the message, above all other fields. With no signer for the
// message it returns nil, nil. Another call returns the same again.
//
// The error wraps ErrSender, ErrSigned, ErrUncovered (Fields leaves out the
// field of the sending address), or those of package dkim: ErrHeader,
// ErrLineEnding (bare CR or LF anywhere), ErrLimit, ErrDomain (the sending
// address is not at or below Domain), and what Validate returns.
func (w *SignWriter) Finish() (*Signature, error) {
	if w.finished {
		return w.signature, w.err
	}
	if !w.begun {
		w.scanner.Close()
		w.begin()
	}
	w.finished = true
	if w.err == nil && w.unsigned != nil {
		if w.err = w.lineEnds.finish(); w.err == nil {
			w.signature, w.err = w.sign()
		}
	}
	return w.signature, w.err
}

func (w *SignWriter) sign() (*Signature, error) {
	w.body.Close()
	sig := w.unsigned
	var err error
	if sig.Value, err = w.signer.sign(w.ctx, w.hash.Sum(nil)); err != nil {
		return nil, fmt.Errorf("domainkeys: signer s=%q d=%q: %w", w.signer.Selector, w.signer.Domain, err)
	}
	sig.raw = sig.String()
	return sig, nil
}

// begin looks at the header: it chooses the signer, checks that the message may
// be signed, and hashes the fields.
func (w *SignWriter) begin() {
	w.begun = true
	h := &w.scanner.Header
	if w.err = w.scanner.Err(); w.err != nil {
		return
	}
	from, err := findSender(h)
	if err != nil {
		w.err = err
		return
	}
	if w.source == nil {
		w.err = fmt.Errorf("%w: the SignerSource is nil", dkim.ErrNoSigner)
		return
	}
	if w.signer, w.err = w.source.SignerFor(w.ctx, from.address); w.err != nil {
		w.err = fmt.Errorf("domainkeys: choose signer: %w", w.err)
		return
	}
	if w.signer == nil {
		return
	}
	if w.err = checkSignable(h, from); w.err != nil {
		return
	}
	if w.unsigned, w.err = w.signer.prepare(); w.err != nil {
		return
	}
	if w.err = w.complete(h, from); w.err != nil {
		return
	}
	w.hash = crypto.SHA1.New()
	hashFields(w.hash, h, -1, w.unsigned, false)
	w.body = newBodyWriter(w.hash, w.unsigned.Canon)
}

// checkSignable checks that a header is what mail systems have no reason to
// change, and that it is not signed already.
func checkSignable(h *message.Header, from sender) error {
	if at := h.BareLineEnd(); at >= 0 {
		return fmt.Errorf("%w: bare CR or LF at octet %d of the header; convert the message with canon.NewCRLFReader first, and send what it gives", dkim.ErrLineEnding, at)
	}
	for i := range h.Len() {
		if bytes.IndexFunc(h.Name(i), func(r rune) bool { return r <= ' ' || r > '~' }) >= 0 {
			return fmt.Errorf("%w: %.40q is no field name", dkim.ErrHeader, h.Name(i))
		}
		if bytes.IndexByte(h.Field(i), 0) >= 0 {
			return fmt.Errorf("%w: NUL in field %.40q", dkim.ErrHeader, h.Name(i))
		}
	}
	for i := range h.All(fieldName) {
		s, err := ParseSignature(h.Field(i))
		if from.name != "Sender" || err != nil || s.covers(h, i, from.field) {
			return ErrSigned
		}
	}
	return nil
}

// complete writes h=, and checks that the signature fits the sending address.
func (w *SignWriter) complete(h *message.Header, from sender) error {
	sig := w.unsigned
	if !domain.AtOrBelow(from.domain, sig.domain) {
		return tagErrorf("d", dkim.ErrDomain, "the sending address is at %.255q, which is not at or below %s", from.domain, sig.domain)
	}
	if w.signer.Fields == nil {
		return nil
	}
	wanted := map[string]bool{}
	for _, f := range w.signer.Fields {
		wanted[lower(f)] = true
	}
	sig.Fields = []string{}
	size := 0
	for i := range h.Len() {
		if name := string(h.Name(i)); wanted["*"] || wanted[lower(name)] {
			sig.Fields = append(sig.Fields, name)
			size += len(name) + len(":") + len("\r\n ")
		}
	}
	const maxSize = 60 << 10 // octets: with the rest it stays within what ParseSignature takes
	if len(sig.Fields) > maxFields || size > maxSize {
		return tagErrorf("h", dkim.ErrLimit, "%d names", len(sig.Fields))
	}
	for _, name := range sig.Fields {
		if len(name) > maxLine || !isFieldName(name) {
			return tagErrorf("h", dkim.ErrLimit, "%.40q cannot be listed", name)
		}
	}
	if !sig.lists(from.name) {
		return &dkim.TagError{Tag: "h", Err: fmt.Errorf("%w: Fields does not name %s", ErrUncovered, from.name)}
	}
	return nil
}

const maxLine = 990 // octets of a name, so that its line has at most 998 (RFC 5322, section 2.1.1)

// Sign reads a message and returns its signature, in constant memory. Write
// Signature.String, then the message. The error wraps dkim.ErrNoSigner if the
// source has no signer for the message, or is that of SignWriter.Finish or of
// src.
func Sign(ctx context.Context, src io.Reader, signers SignerSource) (*Signature, error) {
	w := NewSignWriter(ctx, signers)
	if err := feed(ctx, w, src); err != nil {
		return nil, err
	}
	s, err := w.Finish()
	if err == nil && s == nil {
		err = dkim.ErrNoSigner
	}
	return s, err
}

// lineEnds checks that every CR and LF of a body is part of a CRLF.
type lineEnds struct {
	cr  bool // the last octet was CR
	bad bool
}

func (l *lineEnds) check(p []byte) {
	if len(p) == 0 || l.bad {
		return
	}
	if l.cr {
		if p[0] != '\n' {
			l.bad = true
			return
		}
		p = p[1:]
	}
	l.bad = message.BareLineEnd(p) >= 0
	l.cr = len(p) > 0 && p[len(p)-1] == '\r'
}

func (l *lineEnds) finish() error {
	if l.bad || l.cr {
		return fmt.Errorf("%w: bare CR or LF in the body; convert the message with canon.NewCRLFReader first, and send what it gives", dkim.ErrLineEnding)
	}
	return nil
}
