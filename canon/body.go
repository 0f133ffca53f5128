package canon

import (
	"errors"
	"io"
	"math/bits"
)

const (
	// outSize is the room for octets in canonical form: long enough for the
	// cost of a block to vanish, short enough to be in the first-level cache.
	// With gatherSize it makes 8 KB, little beside a message's header.
	outSize = 6 << 10

	// blockSize is the most of a relaxed body that is worked on at once.
	blockSize = outSize - spare

	// gatherSize is the room for short Writes of a relaxed body.
	gatherSize = 2 << 10

	// directSize is the length from which octets are worked on where they are,
	// and passed on from there. Shorter pieces are gathered first: each costs
	// time of its own, in the hash too.
	directSize = 1 << 10
)

var errClosed = errors.New("canon: Write after Close")

// A BodyWriter canonicalizes a body as it is written and passes the canonical
// octets on. Any way of cutting a body into Writes gives the same octets.
//
// It takes time linear in the body, and its memory is constant: of blank lines
// and white space that may turn out to end the body it keeps a count, not the
// octets. A BodyWriter is for one goroutine at a time.
type BodyWriter struct {
	dst io.Writer
	err error // the first error of dst; errClosed after Close

	// What was read last and may yet be the end of the body: so many CRLFs,
	// then white space, then a CR that an LF may follow.
	crlfs int64
	wsp   bool
	cr    bool

	spaces uint64 // bit c is set when octet c is white space; 0 for Simple
	closed bool
	length int64

	gathered int // octets in the body's form, of a relaxed body only
	in       [gatherSize]byte
	staged   int // octets in canonical form
	out      [outSize]byte
}

// NewBodyWriter returns a BodyWriter that writes the canonical body to w.
// The caller must Close it; that ends the body and leaves w open.
func (a Algorithm) NewBodyWriter(w io.Writer) *BodyWriter {
	b := new(BodyWriter)
	b.Reset(a, w)
	return b
}

// Reset makes w what a.NewBodyWriter(dst) returns, without allocation. Whatever
// w had not passed on is dropped. A zero BodyWriter is ready for Reset.
func (w *BodyWriter) Reset(a Algorithm, dst io.Writer) {
	w.dst, w.err, w.closed = dst, nil, false
	w.crlfs, w.wsp, w.cr = 0, false, false
	w.length, w.gathered, w.staged = 0, 0, 0
	w.spaces = 0
	if a == Relaxed {
		w.spaces = wspSet
	}
}

// Len returns the number of canonical octets so far: after Close, the length
// of the canonical body. Before that it leaves out what may turn out to be the
// end of the body, and it depends on the octets written, not on how they were
// cut into Writes.
func (w *BodyWriter) Len() int64 {
	w.drain()
	return w.length
}

// Write canonicalizes p, which it does not keep. It gathers short pieces, so
// octets, and an error, may come with a later Write, with Len or with Close.
// After an error of the underlying writer Write does nothing and returns 0 and
// that same error.
func (w *BodyWriter) Write(p []byte) (int, error) {
	n := len(p)
	if w.spaces == 0 {
		w.add(p)
	} else if n < directSize {
		if n > len(w.in)-w.gathered {
			w.drain()
		}
		w.gathered += copy(w.in[w.gathered:], p)
	} else {
		w.drain()
		for ; len(p) > blockSize; p = p[blockSize:] {
			w.add(p[:blockSize])
		}
		w.add(p)
	}
	if w.err != nil {
		return 0, w.err
	}
	return n, nil
}

// drain works on what was gathered.
func (w *BodyWriter) drain() {
	n := w.gathered
	w.gathered = 0
	w.add(w.in[:n])
}

// Close ends the body: blank lines at its end are dropped (and white space,
// for Relaxed), and a missing CRLF is added. An empty body is CRLF for Simple
// (section 3.4.3) and nothing for Relaxed (section 3.4.4). A relaxed body that
// has only white space and no CRLF is nothing too: section 3.4.4 leaves it
// open, and its steps in their order give that.
//
// Close returns the first error of the underlying writer, which it does not
// close. Closing again has no effect and returns the same.
func (w *BodyWriter) Close() error {
	if !w.closed {
		w.drain()
		if w.cr {
			w.release() // a CR at the very end is data
		}
		if w.length > 0 || w.spaces == 0 {
			w.stageCRLFs(1)
		}
		w.flush()
		w.closed = true
		if w.err == nil {
			w.err = errClosed
		}
	}
	if w.err == errClosed {
		return nil
	}
	return w.err
}

// add takes the next octets of the body, at most blockSize when white space
// matters. It holds back what may be the end of the body: *(WSP / CRLF) [CR].
func (w *BodyWriter) add(b []byte) {
	if len(b) == 0 || w.err != nil {
		return
	}
	if w.cr {
		if b[0] == '\n' {
			w.cr, w.wsp = false, false
			w.crlfs++
			b = b[1:]
		} else {
			w.release()
		}
	}
	b = b[w.holdLeading(b):]
	if len(b) == 0 {
		return
	}
	// b begins with data now, so what was held back was not the end.
	w.release()
	b = b[:w.holdTrailing(b)]
	if w.spaces == 0 {
		w.emit(b)
	} else {
		w.emitRelaxed(b)
	}
}

// holdLeading holds back the *(WSP / CRLF) that b begins with, and a CR that
// is then b's last octet. It returns the number of octets held back.
//
// It goes by words and then, for a few octets, with one branch an octet that
// depends on the data and is taken once: blank lines and white space in a
// random mix would otherwise cost a wrong guess an octet.
func (w *BodyWriter) holdLeading(b []byte) int {
	i, crlfs, afterCR := 0, 0, uint64(0)
	for ; len(b)-i >= 8; i += 8 {
		wsp, cr, lf := classes(load(b[i:]))
		if w.spaces == 0 {
			wsp = 0
		}
		// After CR comes LF, and nowhere else; all are WSP, CR or LF.
		if (cr<<8|afterCR<<7)^lf|highs&^(wsp|cr|lf) != 0 {
			break
		}
		afterCR = cr >> 63
		crlfs += bits.OnesCount64(lf)
	}
	for ; i < len(b); i++ {
		c := b[i]
		isCR, isLF := crSet>>c&1, lfSet>>c&1
		if (w.spaces>>c&1|isCR)&^afterCR|isLF&afterCR == 0 {
			break
		}
		afterCR = isCR
		crlfs += int(isLF)
	}
	n := i
	if afterCR != 0 {
		i-- // the end of what matters for wsp
		if n == len(b) {
			w.cr = true
		} else {
			n-- // a bare CR: data
		}
	}
	if i > 0 {
		w.wsp = b[i-1] != '\n'
	}
	w.crlfs += int64(crlfs)
	return n
}

// holdTrailing holds back the *(WSP / CRLF) [CR] that b ends with and returns
// the number of octets before that. b begins with an octet that is data, and
// nothing is held back yet.
func (w *BodyWriter) holdTrailing(b []byte) int {
	n := len(b)
	if b[n-1] == '\r' {
		w.cr = true
		n--
	}
	i, crlfs, beforeLF := n, 0, uint64(0)
	for ; i >= 8; i -= 8 {
		wsp, cr, lf := classes(load(b[i-8:]))
		if w.spaces == 0 {
			wsp = 0
		}
		// Before LF comes CR, and nowhere else.
		if (lf>>8|beforeLF<<63)^cr|highs&^(wsp|cr|lf) != 0 {
			break
		}
		beforeLF = lf >> 7 & 1
		crlfs += bits.OnesCount64(cr)
	}
	for ; i > 0; i-- {
		c := b[i-1]
		isCR, isLF := crSet>>c&1, lfSet>>c&1
		if (w.spaces>>c&1|isLF)&^beforeLF|isCR&beforeLF == 0 {
			break
		}
		beforeLF = isLF
		crlfs += int(isCR)
	}
	i += int(beforeLF) // a bare LF: data
	if i < n {
		w.wsp = b[n-1] != '\n'
	}
	w.crlfs = int64(crlfs)
	return i
}

// release passes on what was held back, as more of the body follows it.
func (w *BodyWriter) release() {
	if w.crlfs > 0 {
		w.stageCRLFs(w.crlfs)
		w.crlfs = 0
	}
	if w.wsp {
		w.stageOctet(' ')
		w.wsp = false
	}
	if w.cr {
		w.stageOctet('\r')
		w.cr = false
	}
}

// emit passes b on: from where it is when it is long, else gathered.
func (w *BodyWriter) emit(b []byte) {
	w.length += int64(len(b))
	if len(b) >= directSize {
		w.flush()
		w.write(b)
		return
	}
	w.reserve(len(b))
	w.staged += copy(w.out[w.staged:], b)
}

func (w *BodyWriter) stageOctet(c byte) {
	w.reserve(1)
	w.out[w.staged] = c
	w.staged++
	w.length++
}

// stageCRLFs passes on n CRLFs. It costs time in n and no memory.
func (w *BodyWriter) stageCRLFs(n int64) {
	w.length += 2 * n
	for n > 0 && w.err == nil {
		k := int(min(n, int64(len(blankLines)/2)))
		w.reserve(2 * k)
		w.staged += copy(w.out[w.staged:], blankLines[:2*k])
		n -= int64(k)
	}
}

// blankLines is a stock of CRLFs.
const blankLines = crlf16 + crlf16 + crlf16 + crlf16

const crlf16 = "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n"

// reserve makes room for n octets, at most outSize, in w.out.
func (w *BodyWriter) reserve(n int) {
	if n > len(w.out)-w.staged {
		w.flush()
	}
}

func (w *BodyWriter) flush() {
	w.write(w.out[:w.staged])
	w.staged = 0
}

func (w *BodyWriter) write(b []byte) {
	if w.err != nil || len(b) == 0 {
		return
	}
	n, err := w.dst.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	w.err = err
}
