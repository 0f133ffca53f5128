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
	lowerASCII  = strings.NewReplacer(
		"A", "a", "B", "b", "C", "c", "D", "d", "E", "e", "F", "f", "G", "g", "H", "h", "I", "i",
		"J", "j", "K", "k", "L", "l", "M", "m", "N", "n", "O", "o", "P", "p", "Q", "q", "R", "r",
		"S", "s", "T", "t", "U", "u", "V", "v", "W", "w", "X", "x", "Y", "y", "Z", "z")
)

// refField is section 3.4.2.
func refField(a Algorithm, s string) string {
	if a != Relaxed {
		return s
	}
	value, crlf := strings.CutSuffix(s, "\r\n")
	name, _, _ := strings.Cut(value, ":")
	value = lowerASCII.Replace(name) + value[len(name):]
	value = fold.ReplaceAllString(value, "$1")
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
