package domainkeys

import (
	"bytes"
	"hash"
)

// A Canon is a way to prepare a message for signing (RFC 4870, section 3.4.2):
// a value of c=.
type Canon uint8

const (
	Simple Canon = 1 + iota // "simple": lines as they are
	NoFWS                   // "nofws": without folding white space, the folds of fields included
)

// String returns the value of c=.
func (c Canon) String() string {
	switch c {
	case Simple:
		return "simple"
	case NoFWS:
		return "nofws"
	}
	return ""
}

func parseCanon(s string) (Canon, bool) {
	for _, c := range [...]Canon{Simple, NoFWS} {
		if s == c.String() {
			return c, true
		}
	}
	return 0, false
}

// appendField appends the canonical form of a field, which ends in CRLF, to dst.
func (c Canon) appendField(dst, field []byte) []byte {
	if c == Simple {
		return append(dst, field...)
	}
	for _, b := range field {
		if b != ' ' && b != '\t' && b != '\r' && b != '\n' {
			dst = append(dst, b)
		}
	}
	return append(dst, "\r\n"...)
}

// A bodyWriter hashes the canonical form of a body, and the empty line before
// it. It holds back line ends, which count only if something follows.
type bodyWriter struct {
	hash  hash.Hash
	canon Canon

	held    int64 // CRLFs
	cr      bool  // and a CR after them
	started bool  // something was hashed
	foldCR  bool  // nofws: the last octet was CR
	buf     []byte
}

func newBodyWriter(h hash.Hash, c Canon) *bodyWriter {
	return &bodyWriter{hash: h, canon: c, held: 1} // the empty line
}

// crlfs is read-only.
var crlfs = bytes.Repeat([]byte("\r\n"), 2<<10)

// Write takes octets of the body.
func (w *bodyWriter) Write(p []byte) {
	if w.canon == Simple {
		w.lines(p)
		return
	}
	const size = 4 << 10 // octets: enough to make hashing fast
	if w.buf == nil {
		w.buf = make([]byte, 0, size+1) // a CR of the octets before may come with a LF
	}
	for len(p) > 0 {
		n := min(len(p), size)
		w.buf = w.appendNoFWS(w.buf[:0], p[:n])
		w.lines(w.buf)
		p = p[n:]
	}
}

// appendNoFWS appends p without white space to dst. Of line ends CRLF stays.
func (w *bodyWriter) appendNoFWS(dst, p []byte) []byte {
	for _, b := range p {
		if b > ' ' {
			dst = append(dst, b)
			w.foldCR = false
			continue
		}
		switch b {
		case '\n':
			if w.foldCR {
				dst = append(dst, "\r\n"...)
			}
		case ' ', '\t', '\r':
		default:
			dst = append(dst, b)
		}
		w.foldCR = b == '\r'
	}
	return dst
}

// lines hashes p but for the line ends at its end.
func (w *bodyWriter) lines(p []byte) {
	if w.cr && len(p) > 0 {
		w.cr = false
		if p[0] == '\n' {
			w.held++
			p = p[1:]
		} else {
			w.emit([]byte{'\r'})
		}
	}
	end := len(p)
	if end == 0 {
		return
	}
	cr := p[end-1] == '\r'
	if cr {
		end--
	}
	held := int64(0)
	for end >= 2 && p[end-2] == '\r' && p[end-1] == '\n' {
		end -= 2
		held++
	}
	if end > 0 {
		w.emit(p[:end])
	}
	w.held += held
	w.cr = cr
}

// emit hashes what is held back, then p.
func (w *bodyWriter) emit(p []byte) {
	for w.held > 0 {
		n := min(w.held, int64(len(crlfs)/2))
		w.hash.Write(crlfs[:2*n])
		w.held -= n
	}
	w.hash.Write(p)
	w.started = true
}

// Close ends the body: its last line gets its CRLF, and empty lines after it
// nothing. A body of empty lines leaves nothing at all.
func (w *bodyWriter) Close() {
	if w.cr {
		w.cr = false
		w.emit([]byte{'\r'})
	}
	if w.started {
		w.hash.Write(crlfs[:2])
	}
}
