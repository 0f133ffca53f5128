package message

import (
	"bytes"

	"github.com/waxseal/waxseal/internal/fieldname"
)

// BareLineEnd returns the offset in the header of the first CR or LF that is
// not part of a CRLF, or -1.
func (h *Header) BareLineEnd() int {
	if !h.bare {
		return -1
	}
	return BareLineEnd(h.buf)
}

// BareLineEnd returns the offset of the first CR or LF in b that is not part
// of a CRLF, or -1. A CR at the end of b is taken for half a CRLF.
func BareLineEnd(b []byte) int {
	// Count the CRLFs. Where there are as many CRs and LFs, each is in one.
	// That is faster than a search in each line, and needs no LF to be found
	// where lines have one length, as those of an attachment.
	n, lines, guessed := 0, 0, false
	last, same := 0, 0 // the length of the last line, and how many had it before
	for n < len(b) {
		if same >= 4 {
			// The next line too?
			if end := n + last; end <= len(b) && b[end-1] == '\n' && b[end-2] == '\r' {
				guessed = true
				n = end
				lines++
				continue
			}
			same = 0
		}
		length := bytes.IndexByte(b[n:], '\n') + 1
		if length == 0 {
			break
		}
		n += length
		if n < 2 || b[n-2] != '\r' {
			return firstBare(b)
		}
		lines++
		if length != last {
			last, same = length, 0
		} else {
			same++
		}
	}
	if guessed && bytes.Count(b, []byte{'\n'}) != lines {
		return firstBare(b)
	}
	if n < len(b) && b[len(b)-1] == '\r' {
		lines++
	}
	if bytes.Count(b, []byte{'\r'}) != lines {
		return firstBare(b)
	}
	return -1
}

// firstBare is BareLineEnd, line by line.
func firstBare(b []byte) int {
	for n := 0; ; {
		lf := bytes.IndexByte(b[n:], '\n')
		if lf < 0 {
			return bareCR(b, -1)
		}
		n += lf + 1
		if n < 2 || b[n-2] != '\r' {
			return bareCR(b[:n-1], n-1)
		}
	}
}

// bareCR returns the offset of the first CR in b that no LF follows, except at
// the end of b, or none.
func bareCR(b []byte, none int) int {
	for n := 0; ; {
		cr := bytes.IndexByte(b[n:], '\r')
		if cr < 0 || n+cr == len(b)-1 {
			return none
		}
		if n += cr + 1; b[n] != '\n' {
			return n - 1
		}
	}
}

// Hides reports whether a field of the given name begins behind a bare CR or LF:
// it is one for a reader that takes that for a line end, and none here.
func (h *Header) Hides(name string) bool {
	at := h.BareLineEnd()
	if at < 0 {
		return false
	}
	last := byte(0)
	for i, c := range h.buf[at:] {
		rest := h.buf[at+i+1:]
		bare := c == '\n' && last != '\r' || c == '\r' && !bytes.HasPrefix(rest, []byte("\n"))
		if bare && isField(rest, name) {
			return true
		}
		last = c
	}
	return false
}

// HidesEnd reports whether the header has an empty line for a reader that takes
// a bare LF for a line end: what stands behind it, fields and text, is the body
// there.
func (h *Header) HidesEnd() bool {
	if h.BareLineEnd() < 0 {
		return false
	}
	return h.buf[0] == '\n' || bytes.Contains(h.buf, []byte("\n\n")) || bytes.Contains(h.buf, []byte("\n\r\n"))
}

// isField reports whether b begins with a field of the given name.
func isField(b []byte, name string) bool {
	if len(b) <= len(name) || !fieldname.Equal(b[:len(name)], name) {
		return false
	}
	rest := bytes.TrimLeft(b[len(name):], " \t")
	return len(rest) > 0 && rest[0] == ':'
}
