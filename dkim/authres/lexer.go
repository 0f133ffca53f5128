package authres

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

func (p *parser) done() bool { return p.pos == len(p.s) }

// peek returns the next octet, or 0 at the end, which no clause holds.
func (p *parser) peek() byte {
	if p.done() {
		return 0
	}
	return p.s[p.pos]
}

// unexpected returns an error that tells what the parser met.
func (p *parser) unexpected(where string) error {
	if p.done() {
		return fmt.Errorf("%w: it ends %s", ErrSyntax, where)
	}
	r, _ := utf8.DecodeRuneInString(p.s[p.pos:])
	return fmt.Errorf("%w: %q %s", ErrSyntax, r, where)
}

// cfws skips white space and comments, and reports whether there were any.
func (p *parser) cfws() (bool, error) {
	_, found, err := p.comments()
	return found, err
}

// comments is cfws, and returns the text of the first comment that has one.
func (p *parser) comments() (first string, found bool, err error) {
	for ; ; found = true {
		switch c := p.peek(); {
		case isSpace(c):
			p.pos++
		case c == '(':
			text, err := p.comment()
			if err != nil {
				return "", false, err
			}
			if first == "" {
				first = text
			}
		default:
			return first, found, nil
		}
	}
}

// comment reads one comment with those in it, and returns its text: without
// the outer parentheses and without the backslashes of quoted-pairs. It keeps
// a count and no stack, so depth costs nothing.
func (p *parser) comment() (string, error) {
	var text []byte
	depth := 0
	for ; !p.done(); p.pos++ {
		c := p.s[p.pos]
		switch c {
		case '\\':
			p.pos++
			if p.done() {
				return "", p.unexpected("in a comment")
			}
			c = p.s[p.pos]
		case '(':
			depth++
			if depth == 1 {
				continue
			}
		case ')':
			depth--
			if depth == 0 {
				p.pos++
				return string(text), nil
			}
		}
		text = append(text, c)
	}
	return "", p.unexpected("in a comment")
}

// char skips CFWS and then c with the CFWS behind it, if c is there.
func (p *parser) char(c byte) (found bool, err error) {
	if _, err := p.cfws(); err != nil {
		return false, err
	}
	if p.peek() != c {
		return false, nil
	}
	p.pos++
	_, err = p.cfws()
	return true, err
}

// equals skips "=" with the CFWS around it.
func (p *parser) equals() error {
	found, err := p.char('=')
	if err == nil && !found {
		err = p.unexpected("instead of =")
	}
	return err
}

// keyword reads a Keyword and returns it in lower case.
func (p *parser) keyword() (string, error) {
	start := p.pos
	for c := p.peek(); c == '-' || isLetterDigit(c) || p.lenient && c == '_'; c = p.peek() {
		p.pos++
	}
	s := p.s[start:p.pos]
	switch {
	case s == "":
		return "", p.unexpected("instead of a keyword")
	case len(s) > maxKeyword:
		return "", fmt.Errorf("%w: a keyword of %d octets, more than %d", ErrLimit, len(s), maxKeyword)
	case s[len(s)-1] == '-':
		return "", fmt.Errorf("%w: the keyword %.64q ends in -", ErrSyntax, s)
	}
	return strings.ToLower(s), nil
}

// version reads digits; what is beyond maxVersion is maxVersion.
func (p *parser) version() (int, error) {
	start := p.pos
	n := 0
	for c := p.peek(); '0' <= c && c <= '9'; c = p.peek() {
		n = min(10*n+int(c-'0'), maxVersion)
		p.pos++
	}
	if p.pos == start {
		return 0, p.unexpected("instead of a version")
	}
	return n, nil
}

// value reads a quoted-string, or a word of the octets that is takes.
func (p *parser) value(is func(byte) bool) (string, error) {
	if p.peek() == '"' {
		return p.quotedString()
	}
	start := p.pos
	for !p.done() && is(p.s[p.pos]) {
		p.pos++
	}
	if p.pos == start {
		return "", p.unexpected("instead of a value")
	}
	return p.s[start:p.pos], nil
}

// quotedString reads a quoted-string and returns its text.
func (p *parser) quotedString() (string, error) {
	var text []byte
	for p.pos++; !p.done(); p.pos++ {
		c := p.s[p.pos]
		switch c {
		case '"':
			p.pos++
			return string(text), nil
		case '\\':
			p.pos++
			if p.done() {
				return "", p.unexpected("in a quoted-string")
			}
			c = p.s[p.pos]
		}
		text = append(text, c)
	}
	return "", p.unexpected("in a quoted-string")
}

// bytes returns is, or what a lenient parser takes instead.
func (p *parser) bytes(is func(byte) bool) func(byte) bool {
	if p.lenient {
		return isLenientByte
	}
	return is
}

// isTokenByte reports whether c is part of a token of RFC 2045, or of a
// character beyond ASCII.
func isTokenByte(c byte) bool {
	return c > ' ' && c != 0x7f && strings.IndexByte(`()<>@,;:\"/[]?=`, c) < 0
}

// isPvalueByte adds the octets of an address, and of base64.
func isPvalueByte(c byte) bool {
	return isTokenByte(c) || c == '@' || c == '/' || c == '=' || c == '?'
}

// isLenientByte takes what does not end a word.
func isLenientByte(c byte) bool {
	return c > ' ' && c != 0x7f && strings.IndexByte(`();"`, c) < 0
}

// isLenientIDByte leaves out "=", which tells a result from an authserv-id.
func isLenientIDByte(c byte) bool {
	return c != '=' && isLenientByte(c)
}
