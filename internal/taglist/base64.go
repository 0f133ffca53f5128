package taglist

import (
	"encoding/base64"
	"fmt"
)

// DecodeBase64 decodes the base64string of section 2.10. White space inside is
// skipped. The alphabet is the standard one; padding may be left out, as the
// grammar allows, but is right where it stands; nothing follows it.
func DecodeBase64(value string) ([]byte, error) {
	return AppendBase64(nil, value)
}

// AppendBase64 is DecodeBase64, which appends the octets to dst.
func AppendBase64(dst []byte, value string) ([]byte, error) {
	var digits [64]byte // a multiple of four
	n, padding, total := 0, 0, 0
	for value != "" {
		run := runLen(value)
		if run == 0 {
			if value[0] == '=' {
				padding++
			}
			value = value[1:]
			continue
		}
		if padding > 0 {
			return dst, fmt.Errorf("%w: base64 goes on after its padding", ErrSyntax)
		}
		if n == len(digits) {
			var err error
			if dst, err = appendQuanta(dst, digits[:n]); err != nil {
				return dst, err
			}
			n = 0
		}
		run = copy(digits[n:], value[:run])
		n += run
		total += run
		value = value[run:]
	}
	if total == 0 {
		return dst, fmt.Errorf("%w: empty base64", ErrSyntax)
	}
	if padding > 2 || padding > 0 && (total+padding)%4 != 0 {
		return dst, fmt.Errorf("%w: base64 padding of %d for %d characters", ErrSyntax, padding, total)
	}
	return appendQuanta(dst, digits[:n])
}

// runLen returns how many octets at the start of s are neither white space nor
// padding.
func runLen(s string) int {
	for i := range len(s) {
		if c := s[i]; c == '=' || isFWS(c) {
			return i
		}
	}
	return len(s)
}

// appendQuanta appends what digits, which have no padding, stand for.
func appendQuanta(dst, digits []byte) ([]byte, error) {
	out, err := base64.RawStdEncoding.AppendDecode(dst, digits)
	if err != nil {
		return dst, fmt.Errorf("%w: %v", ErrSyntax, err)
	}
	return out, nil
}
