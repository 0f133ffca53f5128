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
	if value == "" {
		return dst, fmt.Errorf("%w: empty base64", ErrSyntax)
	}
	text := stripFWS(value)
	digits := strings.TrimRight(text, "=")
	if pad := len(text) - len(digits); pad > 2 || pad > 0 && len(text)%4 != 0 {
		return dst, fmt.Errorf("%w: base64 padding of %d for %d characters", ErrSyntax, pad, len(digits))
	}
	out, err := base64.RawStdEncoding.AppendDecode(dst, []byte(digits))
	if err != nil {
		return dst, fmt.Errorf("%w: %v", ErrSyntax, err)
	}
	return out, nil
}

// stripFWS removes all white space from s. It returns s itself if there is none.
func stripFWS(s string) string {
	if !strings.ContainsAny(s, " \t\r\n") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := range len(s) {
		if c := s[i]; c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			b = append(b, c)
		}
	}
	return string(b)
}
