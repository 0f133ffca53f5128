package canon

import (
	"bytes"
	"slices"
)

// AppendField appends the canonical form of one header field to dst and
// returns the extended slice. The field is the raw one: name, colon, value and
// folds as they are in the message. It is not changed.
//
// Simple appends the field as it is (RFC 6376, section 3.4.1). Relaxed
// (section 3.4.2) makes the name lower-case (ASCII only, so that octets of
// other characters stay), removes every CRLF before white space, makes one SP
// of each run of white space, and removes white space at the end of the value
// and on both sides of the first colon.
//
// A CRLF at the end of the field stays at the end, and none is added: a
// signature's own field is hashed without one. Any other CRLF that has no
// white space after it is data; it cannot come from a well-formed header.
// What has no colon is taken for a name alone.
//
// AppendField takes time linear in the field, and allocates only for dst. Of the
// room behind dst it may write as many octets as the field has, also where the
// canonical form is shorter, so the field must not lie there.
func (a Algorithm) AppendField(dst, field []byte) []byte {
	if a != Relaxed {
		return append(dst, field...)
	}
	end := ""
	if bytes.HasSuffix(field, []byte("\r\n")) {
		field, end = field[:len(field)-2], "\r\n"
	}
	d := slices.Grow(dst, len(field)+len(end))[:len(dst)+len(field)]
	n, value := relaxName(d[len(dst):], field)
	n += unfold(d[len(dst)+n:], field, endOfFWS(field, value))
	return append(d[:len(dst)+n], end...)
}

// relaxName writes the name that field begins with to dst, which is as long, with
// the colon behind it. It returns how many octets it wrote and read.
//
// It goes by words, and stores each; what follows the colon is written over it.
func relaxName(dst, field []byte) (written, read int) {
	for i := 0; len(field)-i >= wordLen; i += wordLen {
		x := load(field[i:])
		colon := x ^ ':'*ones
		// The lowest octet that is found is right: only above it can a borrow
		// find another.
		colon = (colon - ones) &^ colon & highs
		space := (x - 0x21*ones) &^ x & highs
		store(dst[i:], lowered(x))
		if colon|space == 0 {
			continue
		}
		at := firstOctet(colon | space)
		if space>>(8*at)&0x80 != 0 {
			break // white space before the colon, or a fold
		}
		return i + at + 1, i + at + 1
	}
	name, _, colon := bytes.Cut(field, []byte(":"))
	n := unfold(dst, name, 0)
	for i, c := range dst[:n] {
		if 'A' <= c && c <= 'Z' {
			dst[i] = c + ('a' - 'A')
		}
	}
	if !colon {
		return n, len(name)
	}
	dst[n] = ':'
	return n + 1, len(name) + 1
}

// unfold writes s from i on to dst, which has room for it, without its folds, with
// one SP for each run of white space and none for a run at the end. It returns how
// many octets it wrote.
//
// It goes by words, and stores each; where white space begins in it that may have
// to change, what follows is written over it.
func unfold(dst, s []byte, i int) (written int) {
	n := 0
	for i < len(s) {
		for ; len(s)-i > wordLen; i, n = i+wordLen, n+wordLen {
			x, next := load(s[i:]), load(s[i+1:])
			store(dst[n:], x)
			if perhapsFold(x, next)&highs == 0 {
				continue
			}
			if f := foldBefore(x, next); f != 0 {
				i += firstOctet(f)
				n += firstOctet(f)
				break
			}
		}
		if len(s)-i <= wordLen {
			x := tail(s, i)
			copy(dst[n:], s[i:])
			f := foldBefore(x, x>>8)
			if f == 0 {
				return n + len(s) - i
			}
			i += firstOctet(f)
			n += firstOctet(f)
		}
		end := endOfFWS(s, i)
		if end == len(s) {
			return n
		}
		dst[n] = ' '
		if end == i { // none
			dst[n] = s[i]
			end++
		}
		i = end
		n++
	}
	return n
}

// perhapsFold has the high bit set of each octet that foldBefore finds, of other
// controls, and of those beyond ASCII: less work, and as good for most text. A
// borrow from the octet below sets no bit to zero that is set without it.
func perhapsFold(x, next uint64) uint64 { return perhaps(x, next) | (x - ' '*ones) }

// foldBefore is tabOrSpaceBefore, and the same for each CR of x.
func foldBefore(x, next uint64) uint64 {
	cr := x ^ '\r'*ones
	return tabOrSpaceBefore(x, next) | (cr-ones)&^cr&highs
}

// tail is the octets of s from i on, eight at most, with zeros behind them.
func tail(s []byte, i int) (x uint64) {
	if len(s) >= wordLen {
		return load(s[len(s)-wordLen:]) >> (8 * (wordLen - len(s) + i))
	}
	for k, c := range s[i:] {
		x |= uint64(c) << (8 * k)
	}
	return x
}

// endOfFWS returns the index of the first octet of s, from i on, that is
// neither white space nor a CRLF before white space, or len(s).
func endOfFWS(s []byte, i int) int {
	for i < len(s) {
		switch {
		case isWSP(s[i]):
			i++
		case i+2 < len(s) && s[i] == '\r' && s[i+1] == '\n' && isWSP(s[i+2]):
			i += 3
		default:
			return i
		}
	}
	return i
}
