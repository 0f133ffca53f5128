package explain

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxExcerpt = 40 // characters: enough to find the place, too few to leak a letter

// excerpt returns what text begins with, so that it can stand in a log: a
// short piece, controls escaped, digits masked, since codes and account numbers
// are made of them, and the local parts of addresses too.
func excerpt(text []byte) string {
	const most = 4 * maxExcerpt // octets
	text = text[:min(len(text), most)]
	var b strings.Builder
	n := 0
	for i := 0; i < len(text) && n < maxExcerpt; n++ {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsDigit(r):
			b.WriteByte('#')
		case r == '<':
			b.WriteRune('‹')
		case r == '>':
			b.WriteRune('›')
		case r == '&':
			b.WriteRune('＆')
		case r == utf8.RuneError && size == 1 || !unicode.IsPrint(r):
			b.WriteByte('?')
		default:
			b.WriteRune(r)
		}
		i += size
	}
	return maskAddresses(b.String())
}

// maskAddresses makes "*" of the local parts of addresses.
func maskAddresses(s string) string {
	out := []byte(s)
	for i := range out {
		if out[i] != '@' {
			continue
		}
		for k := i - 1; k >= 0 && !strings.ContainsRune(" <>\"(),;:\\[]", rune(out[k])); k-- {
			out[k] = '*'
		}
	}
	return string(out)
}

// printable keeps from the terminal, the log and the browser what could act there:
// controls, and what begins a tag or an entity of HTML.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '<':
			return '‹'
		case r == '>':
			return '›'
		case r == '&':
			return '＆'
		case unicode.IsPrint(r):
			return r
		}
		return '?'
	}, s)
}

// lineNumber returns the number of the line, from 1, that holds the octet at
// offset. A line ends in LF, or in CR that no LF follows.
func lineNumber(text []byte, offset int) int {
	text = text[:min(offset, len(text))]
	n := 1 + bytes.Count(text, []byte("\n")) + bytes.Count(text, []byte("\r")) - bytes.Count(text, []byte("\r\n"))
	if bytes.HasSuffix(text, []byte("\r")) {
		n-- // its LF may follow
	}
	return n
}
