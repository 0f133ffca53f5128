package taglist

import (
	"fmt"
	"strings"
)

// Split splits a value into the elements that sep separates, and removes the
// FWS around each. An element that is empty wraps ErrSyntax.
func Split(value string, sep byte) ([]string, error) {
	list := make([]string, 0, 1+strings.Count(value, string(sep)))
	for {
		end := strings.IndexByte(value, sep)
		elem := value
		if end >= 0 {
			elem = value[:end]
		}
		elem = TrimFWS(elem)
		if elem == "" {
			return nil, fmt.Errorf("%w: an empty element in a list", ErrSyntax)
		}
		list = append(list, elem)
		if end < 0 {
			return list, nil
		}
		value = value[end+1:]
	}
}

// SplitVisible is Split for elements of visible ASCII characters alone, as the
// names in h= are. ok is false where there is another, or an empty one.
func SplitVisible(value string, sep byte) (list []string, ok bool) {
	list = make([]string, 0, 1+strings.Count(value, string(sep)))
	for {
		value = trimLeftFWS(value)
		n := visibleUpTo(value, sep)
		if n == 0 {
			return nil, false
		}
		list = append(list, value[:n])
		value = trimLeftFWS(value[n:])
		if value == "" {
			return list, true
		}
		if value[0] != sep {
			return nil, false
		}
		value = value[1:]
	}
}

func trimLeftFWS(s string) string {
	for s != "" && isFWS(s[0]) {
		s = s[1:]
	}
	return s
}

// TrimFWS removes the white space and folds at both ends of s, which has
// passed Parse.
func TrimFWS(s string) string {
	for s = trimLeftFWS(s); s != "" && isFWS(s[len(s)-1]); {
		s = s[:len(s)-1]
	}
	return s
}

func isFWS(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

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
