package taglist

import (
	"fmt"
	"strings"
)

// Split splits a value into the elements that sep separates, and removes the
// FWS around each. An element that is empty wraps ErrSyntax.
func Split(value string, sep byte) ([]string, error) {
	return AppendSplit(make([]string, 0, strings.Count(value, string(sep))+1), value, sep)
}

// AppendSplit is Split, which appends to dst.
func AppendSplit(dst []string, value string, sep byte) ([]string, error) {
	for {
		elem, rest, more := strings.Cut(value, string(sep))
		elem = TrimFWS(elem)
		if elem == "" {
			return nil, fmt.Errorf("%w: an empty element in a list", ErrSyntax)
		}
		dst = append(dst, elem)
		if !more {
			return dst, nil
		}
		value = rest
	}
}

// TrimFWS removes the white space and folds at both ends of s, which has
// passed Parse.
func TrimFWS(s string) string {
	return strings.Trim(s, " \t\r\n")
}

// IsHyphenatedWord reports whether s is a hyphenated-word of section 2.10: a
// letter, then letters, digits and hyphens, and no hyphen at the end.
func IsHyphenatedWord(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c|0x20 && c|0x20 <= 'z':
		case i > 0 && ('0' <= c && c <= '9' || c == '-' && i < len(s)-1):
		default:
			return false
		}
	}
	return s != ""
}
