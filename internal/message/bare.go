package message

import (
	"bytes"
	"encoding/binary"

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
	n := 0
	if isText(b) {
		n = pairedASCII(b)
	}
	if at := bareInLines(b[n:]); at >= 0 {
		return n + at
	}
	return -1
}

// isText guesses whether b has lines that pairedASCII is good for: short, for a
// search in each line costs more, and of any length, for if they have one then
// bareInLines needs no search.
func isText(b []byte) bool {
	const sample, enough = 1 << 10, 8 // octets, lines
	if len(b) < sample {
		return false
	}
	b = b[:sample]
	second := bytes.IndexByte(b, '\n') + 1
	third := second + bytes.IndexByte(b[second:], '\n') + 1
	fourth := third + bytes.IndexByte(b[third:], '\n') + 1
	return fourth-third != third-second && bytes.Count(b, []byte{'\n'}) >= enough
}

// pairedASCII returns how many octets b begins with that are ASCII and have no
// bare CR or LF. They do not end between CR and LF. It may return fewer, as it
// looks at 32 octets at a time, without a branch that depends on them: where
// the lines end is what a processor cannot guess.
func pairedASCII(b []byte) int {
	if len(b) == 0 || b[0] == '\n' {
		return 0
	}
	rest := b
	for len(rest) > 32 && (unpaired(rest)|unpaired(rest[8:])|unpaired(rest[16:])|unpaired(rest[24:]))&highs == 0 {
		rest = rest[32:len(rest):len(rest)]
	}
	n := len(b) - len(rest)
	if n > 0 && b[n-1] == '\r' {
		n-- // what follows was looked at only if it is ASCII
	}
	return n
}

const (
	ones  = 0x0101010101010101 // times c: c in every octet of a word
	highs = 0x80 * ones
	lows  = 0x7f * ones
)

// unpaired has the high bit set of each of the eight octets that b begins with
// that is a CR and has no LF behind it, or is no CR and has an LF behind it, or
// is not ASCII. It may be wrong about the eighth if the ninth is not ASCII.
//
// Taken to zero by ^, an octet has the high bit clear after 0x7f is added, and
// any other has it set; nothing carries in ASCII.
func unpaired(b []byte) uint64 {
	x, next := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[1:])
	return ((x ^ '\r'*ones) + lows) ^ ((next ^ '\n'*ones) + lows) | x
}

// bareInLines is BareLineEnd, for lines that are long, or have one length.
func bareInLines(b []byte) int {
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

// firstBare is bareInLines, one by one.
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
