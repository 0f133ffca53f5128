package dkimtest

import "strings"

// CRLF turns every LF of s into CRLF, for messages that are written as Go
// string literals.
func CRLF(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

// Exhaustive calls check with every string of up to most octets of alphabet.
func Exhaustive(alphabet string, most int, check func(s string)) {
	var extend func(s []byte)
	extend = func(s []byte) {
		check(string(s))
		if len(s) < most {
			for i := range len(alphabet) {
				extend(append(s, alphabet[i]))
			}
		}
	}
	extend(make([]byte, 0, most))
}
