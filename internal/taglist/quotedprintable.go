package taglist

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// DecodeQP decodes dkim-quoted-printable (section 2.11): white space is
// removed, then each "=XX" becomes an octet. Hexadecimal digits are upper
// case; an unencoded octet is 0x21 to 0x7E but ";", or part of UTF-8. The
// result is octets and may hold CR, LF and NUL.
func DecodeQP(value string) (string, error) {
	s := stripFWS(value)
	plain := strings.IndexByte(s, '=')
	if plain < 0 {
		return s, nil
	}
	b := append(make([]byte, 0, len(s)), s[:plain]...)
	for i := plain; i < len(s); i++ {
		c := s[i]
		if c == '=' {
			hi, lo := -1, -1
			if len(s)-i > 2 {
				hi, lo = unhex(s[i+1]), unhex(s[i+2])
			}
			if hi < 0 || lo < 0 {
				return "", fmt.Errorf(`%w: "=" wants two upper-case hexadecimal digits`, ErrSyntax)
			}
			c = byte(hi<<4 | lo)
			i += 2
		}
		b = append(b, c)
	}
	return string(b), nil
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// AppendQP appends s in dkim-quoted-printable to dst. It encodes controls,
// SP, DEL, ";", "=", and ":" and "|", which separate in q= and z=. Octets
// beyond ASCII are encoded too, unless eai is set, the message being
// internationalized (RFC 8616, section 5), and they are well-formed UTF-8.
func AppendQP(dst []byte, s string, eai bool) []byte {
	const hex = "0123456789ABCDEF"
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf && eai {
			if r, n := utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || n > 1 {
				dst = append(dst, s[i:i+n]...)
				i += n
				continue
			}
		}
		if c <= ' ' || c >= 0x7f || c == ';' || c == '=' || c == ':' || c == '|' {
			dst = append(dst, '=', hex[c>>4], hex[c&15])
		} else {
			dst = append(dst, c)
		}
		i++
	}
	return dst
}
