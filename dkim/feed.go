package dkim

import (
	"context"
	"fmt"
	"io"
)

// A feed copies a message from its source to w, until ctx ends.
type feed struct {
	ctx   context.Context
	w     io.Writer
	begun bool
	buf   []byte // for sources that do not write octets themselves
}

// reset makes f ready for a source, and keeps its memory.
func (f *feed) reset(ctx context.Context, w io.Writer) { *f = feed{ctx: ctx, w: w, buf: f.buf} }

// forget forgets the source and the context, and keeps the memory.
func (f *feed) forget() { *f = feed{buf: f.buf} }

func (f *feed) grow() {
	const size = 32 << 10 // octets, as io.Copy
	if f.buf == nil {
		f.buf = make([]byte, size)
	}
}

// from copies src until it or the context ends, or w fails.
func (f *feed) from(src io.Reader) error {
	if wt, ok := src.(io.WriterTo); ok {
		if _, err := wt.WriteTo(f); err != nil {
			return fmt.Errorf("dkim: read message: %w", err)
		}
		return nil
	}
	return f.read(src)
}

// read is from for a source that is read.
func (f *feed) read(src io.Reader) error {
	f.grow()
	for {
		n, err := src.Read(f.buf)
		if _, err := f.w.Write(f.buf[:n]); err != nil {
			return err
		}
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = f.ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("dkim: read message: %w", err)
		}
	}
}

// Write takes octets of a source that writes itself. After the end of the
// context it takes no second Write; a source in memory makes only one.
func (f *feed) Write(p []byte) (int, error) {
	if err := f.ctx.Err(); err != nil && f.begun {
		return 0, err
	}
	f.begun = true
	return f.w.Write(p)
}

// WriteString is Write for a source in memory that is a string, without a copy of
// all of it.
func (f *feed) WriteString(s string) (n int, err error) {
	if err := f.ctx.Err(); err != nil && f.begun {
		return 0, err
	}
	f.begun = true
	f.grow()
	for n < len(s) && err == nil {
		var m int
		m, err = f.w.Write(f.buf[:copy(f.buf, s[n:])])
		n += m
	}
	return n, err
}
