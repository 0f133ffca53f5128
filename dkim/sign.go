package dkim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"strings"
)

// Sign reads a message from src, signs it, and writes the signatures and the
// message to dst, octet for octet as it was. It writes nothing before all
// signatures are made.
//
// An io.ReadSeeker, such as a file, is read twice, from where it stands, and
// takes constant memory; it is an error if the second reading differs from the
// first, and what was written then must be thrown away. Any other reader is
// kept in memory.
//
// The error wraps ErrNoSigner if the source has no signer for the message, or
// is that of SignWriter.Finish, of src, or of dst. An end of ctx ends the
// reading, and signers that take a context.
func Sign(ctx context.Context, dst io.Writer, src io.Reader, signers SignerSource) error {
	if rs, ok := src.(io.ReadSeeker); ok {
		if start, err := rs.Seek(0, io.SeekCurrent); err == nil {
			return signSeeker(ctx, dst, rs, start, signers)
		}
	}
	var message bytes.Buffer
	w := NewSignWriter(ctx, signers)
	if err := (&feed{ctx: ctx, w: io.MultiWriter(w, &message)}).from(src); err != nil {
		return err
	}
	if err := writeSignatures(dst, w); err != nil {
		return err
	}
	if _, err := message.WriteTo(dst); err != nil {
		return fmt.Errorf("dkim: write message: %w", err)
	}
	return nil
}

// writeSignatures finishes w and writes its signatures to dst.
func writeSignatures(dst io.Writer, w *SignWriter) error {
	signatures, err := w.Finish()
	if err != nil {
		return err
	}
	if len(signatures) == 0 {
		return ErrNoSigner
	}
	var fields strings.Builder
	for _, s := range signatures {
		fields.WriteString(s.String())
	}
	if _, err := io.WriteString(dst, fields.String()); err != nil {
		return fmt.Errorf("dkim: write signatures: %w", err)
	}
	return nil
}

var errChanged = errors.New("dkim: the message changed while it was being signed; throw away what was written")

// signSeeker reads src twice.
func signSeeker(ctx context.Context, dst io.Writer, src io.ReadSeeker, start int64, signers SignerSource) error {
	w := NewSignWriter(ctx, signers)
	first := newChecksum(src, maphash.MakeSeed())
	if err := (&feed{ctx: ctx, w: first.tee(w)}).from(src); err != nil {
		return err
	}
	if _, err := src.Seek(start, io.SeekStart); err != nil {
		return fmt.Errorf("dkim: read message again: %w", err)
	}
	if err := writeSignatures(dst, w); err != nil {
		return err
	}
	second := newChecksum(src, first.hash.Seed())
	out := &errWriter{w: dst}
	err := (&feed{ctx: ctx, w: second.tee(out)}).from(src)
	if out.err != nil {
		return fmt.Errorf("dkim: write message: %w", out.err)
	}
	if err != nil {
		return err
	}
	if first.n != second.n || first.hash.Sum64() != second.hash.Sum64() {
		return errChanged
	}
	return nil
}

// A checksum tells two readings of a source apart.
type checksum struct {
	hash maphash.Hash
	n    int64
	skip bool // the source is in memory, and the caller's own
}

func newChecksum(src io.Reader, seed maphash.Seed) *checksum {
	c := new(checksum)
	c.hash.SetSeed(seed)
	switch src.(type) {
	case *bytes.Reader, *strings.Reader:
		c.skip = true
	}
	return c
}

// Write takes octets of the source.
func (c *checksum) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	if !c.skip {
		c.hash.Write(p)
	}
	return len(p), nil
}

// tee returns a writer to both c and w.
func (c *checksum) tee(w io.Writer) io.Writer { return io.MultiWriter(c, w) }

// An errWriter keeps the error of w, to tell it from that of a reader.
type errWriter struct {
	w   io.Writer
	err error
}

func (e *errWriter) Write(p []byte) (n int, err error) {
	n, e.err = e.w.Write(p)
	if e.err == nil && n < len(p) {
		e.err = io.ErrShortWrite
	}
	return n, e.err
}
