package canon

import (
	"regexp"
	"strings"
)

// The references: whole strings, one line a step of the RFC.

var wspRun = regexp.MustCompile(`[ \t]+`)

// refBody is sections 3.4.3 and 3.4.4.
func refBody(a Algorithm, s string) string {
	if a == Relaxed {
		s = wspRun.ReplaceAllString(s, " ")
		s = strings.ReplaceAll(s, " \r\n", "\r\n")
		s = strings.TrimSuffix(s, " ") // the last line may lack its CRLF
	}
	for strings.HasSuffix(s, "\r\n") {
		s = strings.TrimSuffix(s, "\r\n")
	}
	if a == Relaxed && s == "" {
		return ""
	}
	return s + "\r\n"
}

var (
	fold        = regexp.MustCompile(`\r\n([ \t])`)
	aroundColon = regexp.MustCompile(`^([^:]*?) ?: ?`)
	upper       = regexp.MustCompile(`^[^:]*`)
)

// refField is section 3.4.2.
func refField(a Algorithm, s string) string {
	if a != Relaxed {
		return s
	}
	value, crlf := strings.CutSuffix(s, "\r\n")
	value = upper.ReplaceAllStringFunc(value, func(name string) string {
		return strings.Map(func(r rune) rune {
			if 'A' <= r && r <= 'Z' {
				r += 'a' - 'A'
			}
			return r
		}, name)
	})
	for fold.MatchString(value) { // a fold may follow a fold
		value = fold.ReplaceAllString(value, "$1")
	}
	value = wspRun.ReplaceAllString(value, " ")
	value = strings.TrimSuffix(value, " ")
	value = aroundColon.ReplaceAllString(value, "$1:")
	if crlf {
		value += "\r\n"
	}
	return value
}

// refCRLF is what NewCRLFReader and NewCRLFWriter promise.
func refCRLF(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\r", "\n")
	return strings.ReplaceAll(s, "\n", "\r\n")
}

// each calls f with every string of at most n octets of alphabet.
func each(alphabet string, n int, f func(s string)) {
	var grow func(s string)
	grow = func(s string) {
		f(s)
		if len(s) < n {
			for i := range len(alphabet) {
				grow(s + alphabet[i:i+1])
			}
		}
	}
	grow("")
}
