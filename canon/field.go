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
// AppendField takes time linear in the field, and allocates only for dst.
func (a Algorithm) AppendField(dst, field []byte) []byte {
	if a != Relaxed {
		return append(dst, field...)
	}
	end := ""
	if bytes.HasSuffix(field, []byte("\r\n")) {
		field, end = field[:len(field)-2], "\r\n"
	}
	name, value, colon := bytes.Cut(field, []byte(":"))
	dst = slices.Grow(dst, len(field)+2)
	first := len(dst)
	dst = appendUnfolded(dst, name)
	for i, c := range dst[first:] {
		if 'A' <= c && c <= 'Z' {
			dst[first+i] = c + ('a' - 'A')
		}
	}
	if colon {
		dst = append(dst, ':')
		dst = appendUnfolded(dst, value[endOfFWS(value, 0):])
	}
	return append(dst, end...)
}

// appendUnfolded appends s without its folds, with one SP for each run of
// white space and none for a run at the end.
func appendUnfolded(dst, s []byte) []byte {
	start := 0 // s[start:i] is to be copied
	for i := 0; ; {
		i = suspectFold(s, i)
		if i == len(s) {
			return append(dst, s[start:]...)
		}
		k := endOfFWS(s, i)
		if k == i || k == i+1 && s[i] == ' ' && k < len(s) {
			i++ // as it should be
			continue
		}
		dst = append(dst, s[start:i]...)
		if k == len(s) {
			return dst
		}
		dst = append(dst, ' ')
		i, start = k, k
	}
}

// suspectFold returns the index of the first octet of s, from i on, that
// begins folding white space that is not one SP between other octets, or of an
// octet before that. It returns len(s) when there is none.
func suspectFold(s []byte, i int) int {
	for ; len(s)-i > 8; i += 8 {
		x := load(s[i:])
		cr := x ^ '\r'*ones
		if f := tabOrSpaceBefore(x, load(s[i+1:])) | (cr-ones)&^cr&highs; f != 0 {
			return i + firstOctet(f)
		}
	}
	for ; i < len(s); i++ {
		if s[i] == '\t' || s[i] == '\r' || s[i] == ' ' && (i+1 == len(s) || s[i+1] <= ' ') {
			return i
		}
	}
	return i
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
