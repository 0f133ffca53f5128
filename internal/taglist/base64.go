package taglist

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// DecodeBase64 decodes the base64string of section 2.10. White space inside is
// skipped. The alphabet is the standard one; padding may be left out, as the
// grammar allows, but is right where it stands; nothing follows it.
func DecodeBase64(value string) ([]byte, error) {
	return AppendBase64(nil, value)
}

// AppendBase64 is DecodeBase64, which appends the octets to dst.
func AppendBase64(dst []byte, value string) ([]byte, error) {
	text := value
	if end := strings.IndexByte(value, '='); end >= 0 {
		text = value[:end]
	}
	var digits [512]byte // a multiple of four; a signature of 2048 bits has 344
	n, total := 0, 0
	for text != "" {
		if isFWS(text[0]) {
			text = text[1:]
			continue
		}
		if n == len(digits) {
			var err error
			if dst, err = appendQuanta(dst, digits[:n]); err != nil {
				return dst, err
			}
			n = 0
		}
		run := copy(digits[n:], text[:max(1, visibleLen(text))])
		n += run
		total += run
		text = text[run:]
	}
	if total == 0 {
		return dst, fmt.Errorf("%w: empty base64", ErrSyntax)
	}
	if err := checkPadding(value, total); err != nil {
		return dst, err
	}
	return appendQuanta(dst, digits[:n])
}

// checkPadding checks what follows the given number of digits in value.
func checkPadding(value string, digits int) error {
	at := strings.IndexByte(value, '=')
	if at < 0 {
		return nil
	}
	padding := 0
	for _, c := range []byte(value[at:]) {
		switch {
		case c == '=':
			padding++
		case !isFWS(c):
			return fmt.Errorf("%w: base64 goes on after its padding", ErrSyntax)
		}
	}
	if padding > 2 || (digits+padding)%4 != 0 {
		return fmt.Errorf("%w: base64 padding of %d for %d characters", ErrSyntax, padding, digits)
	}
	return nil
}

// appendQuanta appends what digits, which have no padding, stand for.
func appendQuanta(dst, digits []byte) ([]byte, error) {
	out, err := base64.RawStdEncoding.AppendDecode(dst, digits)
	if err != nil {
		return dst, fmt.Errorf("%w: %v", ErrSyntax, err)
	}
	return out, nil
}
