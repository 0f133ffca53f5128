package canon

import (
	"bytes"
	"io"
)

// crlfSize is how many octets are converted at once: enough for a Read or a
// Write to be worth its cost. Converted, they are twice as many at most.
const crlfSize = 2 << 10

// maxEmptyReads is how often in a row a reader may return neither octets nor
// an error: as often as package bufio allows.
const maxEmptyReads = 100

// NewCRLFReader returns a reader of r's text with every line end made CRLF: a
// bare LF and a bare CR become CRLF, and CRLF stays, however r cuts its text.
// A CR at the very end becomes CRLF; otherwise nothing is added there.
//
// A message that is signed needs such lines (RFC 6376, section 5.3). Use the
// reader for text that is not in network form, a local file or what
// net/textproto's DotReader returns, and pass the result to the signer and to
// the next hop alike.
//
// The reader reads ahead, and returns an error of r after the text before it.
func NewCRLFReader(r io.Reader) io.Reader { return &crlfReader{r: r} }

type crlfReader struct {
	r     io.Reader
	err   error // of r
	lines lineEnds
	text  []byte // of out: not yet returned
	in    [crlfSize]byte
	out   [2 * crlfSize]byte
}

func (c *crlfReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for empty := 0; len(c.text) == 0 && empty < maxEmptyReads; empty++ {
		if c.err != nil {
			return 0, c.err
		}
		var n int
		n, c.err = c.r.Read(c.in[:])
		c.text = c.lines.append(c.out[:0], c.in[:n])
	}
	if len(c.text) == 0 {
		return 0, io.ErrNoProgress
	}
	n := copy(p, c.text)
	c.text = c.text[n:]
	return n, nil
}

// NewCRLFWriter returns a writer that passes text on to w with every line end
// made CRLF, as NewCRLFReader does.
//
// A Write passes on all that it was given before it returns: a CR becomes CRLF
// at once, and an LF after it, in this Write or the next, adds nothing. After
// an error of w, Write returns that error. Close ends the text, so that Write
// then fails; it does not close w.
func NewCRLFWriter(w io.Writer) io.WriteCloser { return &crlfWriter{w: w} }

type crlfWriter struct {
	w     io.Writer
	err   error // of w, or errClosed
	lines lineEnds
	out   [2 * crlfSize]byte
}

// Write returns the number of octets of p that were passed on.
func (c *crlfWriter) Write(p []byte) (int, error) {
	n := 0
	for n < len(p) && c.err == nil {
		piece := p[n:min(len(p), n+crlfSize)]
		text := c.lines.append(c.out[:0], piece)
		if len(text) > 0 {
			var written int
			written, c.err = c.w.Write(text)
			if c.err == nil && written < len(text) {
				c.err = io.ErrShortWrite
			}
		}
		if c.err == nil {
			n += len(piece)
		}
	}
	return n, c.err
}

// Close returns the error that an earlier Write did, if any.
func (c *crlfWriter) Close() error {
	if c.err == nil {
		c.err = errClosed
	}
	if c.err == errClosed {
		return nil
	}
	return c.err
}

// lineEnds makes CRLF of line ends. It is true after a CR: an LF that follows
// is of the same line end.
type lineEnds bool

// append appends p to dst, with CRLF for each line end.
func (afterCR *lineEnds) append(dst, p []byte) []byte {
	// The next CR and LF of p, or len(p). Each octet is searched once for each.
	cr, lf := -1, -1
	for i := 0; i < len(p); {
		if *afterCR {
			*afterCR = false
			if p[i] == '\n' {
				i++
				continue
			}
		}
		if cr < i {
			cr = index(p, i, '\r')
		}
		if lf < i {
			lf = index(p, i, '\n')
		}
		end := min(cr, lf)
		dst = append(dst, p[i:end]...)
		if end < len(p) {
			dst = append(dst, '\r', '\n')
			*afterCR = end == cr
		}
		i = end + 1
	}
	return dst
}

// index returns the index of the first c in p from i on, or len(p).
func index(p []byte, i int, c byte) int {
	if k := bytes.IndexByte(p[i:], c); k >= 0 {
		return i + k
	}
	return len(p)
}
