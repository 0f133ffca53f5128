package dkim

import (
	"bytes"
	"cmp"
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
	work := newWorkspace()
	defer work.release()
	w := work.signing.begin(ctx, signers, work)
	work.feed.reset(ctx, io.MultiWriter(w, &message))
	if err := work.feed.from(src); err != nil {
		return err
	}
	if err := w.writeFields(dst); err != nil {
		return err
	}
	if _, err := message.WriteTo(dst); err != nil {
		return fmt.Errorf("dkim: write message: %w", err)
	}
	return nil
}

// A signing is what Sign needs for one message.
type signing struct {
	writer        SignWriter
	jobs          []job // memory for those of writer
	first, second checksum
	out           errWriter
}

// begin returns the writer, ready for a message.
func (s *signing) begin(ctx context.Context, signers SignerSource, work *workspace) *SignWriter {
	s.writer = SignWriter{ctx: ctx, source: signers, work: work, jobs: s.jobs[:0]}
	return &s.writer
}

// reset forgets the message, and keeps the memory.
func (s *signing) reset() {
	if s.writer.work == nil {
		return // it was not used
	}
	s.jobs = s.writer.jobs[:0]
	clear(s.jobs[:cap(s.jobs)])
	s.writer, s.out = SignWriter{}, errWriter{}
	s.first.dst, s.second.dst = nil, nil
}

// writeFields finishes w and writes its signatures to dst.
func (w *SignWriter) writeFields(dst io.Writer) error {
	w.finish()
	if w.err != nil {
		return w.err
	}
	if len(w.jobs) == 0 {
		return ErrNoSigner
	}
	fields := w.work.buf[:0]
	for i := range w.jobs {
		fields = append(fields, w.jobs[i].form.buf...)
	}
	w.work.buf = fields
	if n, err := dst.Write(fields); err != nil || n < len(fields) {
		return fmt.Errorf("dkim: write signatures: %w", cmp.Or(err, io.ErrShortWrite))
	}
	return nil
}

var errChanged = errors.New("dkim: the message changed while it was being signed; throw away what was written")

// signSeeker reads src twice.
func signSeeker(ctx context.Context, dst io.Writer, src io.ReadSeeker, start int64, signers SignerSource) error {
	work := newWorkspace()
	defer work.release()
	s := &work.signing
	w := s.begin(ctx, signers, work)
	skip := inMemory(src)
	s.first.reset(w, maphash.MakeSeed(), skip)
	work.feed.reset(ctx, &s.first)
	if err := work.feed.from(src); err != nil {
		return err
	}
	if _, err := src.Seek(start, io.SeekStart); err != nil {
		return fmt.Errorf("dkim: read message again: %w", err)
	}
	if err := w.writeFields(dst); err != nil {
		return err
	}
	s.out.w = dst
	s.second.reset(&s.out, s.first.hash.Seed(), skip)
	work.feed.reset(ctx, &s.second)
	err := work.feed.from(src)
	if s.out.err != nil {
		return fmt.Errorf("dkim: write message: %w", s.out.err)
	}
	if err != nil {
		return err
	}
	if s.first.n != s.second.n || s.first.hash.Sum64() != s.second.hash.Sum64() {
		return errChanged
	}
	return nil
}

// inMemory reports whether src is in memory, and the caller's own: it does not
// change.
func inMemory(src io.Reader) bool {
	switch src.(type) {
	case *bytes.Reader, *strings.Reader:
		return true
	}
	return false
}

// A checksum tells two readings of a source apart. It passes on what it sees.
type checksum struct {
	dst  io.Writer
	hash maphash.Hash
	n    int64
	skip bool // count only
}

func (c *checksum) reset(dst io.Writer, seed maphash.Seed, skip bool) {
	c.dst, c.n, c.skip = dst, 0, skip
	c.hash.SetSeed(seed)
}

// Write takes octets of the source.
func (c *checksum) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	if !c.skip {
		c.hash.Write(p)
	}
	return c.dst.Write(p)
}

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
