package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/waxseal/waxseal/keyrecord"
)

// readZone reads the TXT records of a master file (RFC 1035, section 5.1).
func readZone(file string) (keyrecord.MapResolver, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	records, err := parseZone(string(data))
	if err != nil {
		return nil, fmt.Errorf("%s:%w", file, err)
	}
	if len(records) == 0 {
		return nil, fmt.Errorf("%s: no TXT record in it; want lines like: s1._domainkey.example.org. IN TXT \"v=DKIM1; p=...\"", file)
	}
	return records, nil
}

// parseZone parses a master file: $ORIGIN and $TTL, comments, parentheses, an
// owner left out, TTL and class in any order, several strings in a record.
// Records of other types are passed over. A name without a final dot is
// completed by $ORIGIN where there is one, and is whole where there is none.
// The error begins with the number of the line.
func parseZone(text string) (keyrecord.MapResolver, error) {
	records := keyrecord.MapResolver{}
	lexer := &lexer{text: text, line: 1}
	origin, owner := "", ""
	for {
		first := lexer.line
		tokens, err := lexer.entry()
		switch {
		case err != nil:
			return nil, fmt.Errorf("%d: %w", lexer.line, err)
		case tokens == nil && lexer.text == "":
			return records, nil
		case tokens == nil:
			continue
		}
		fail := func(format string, args ...any) (keyrecord.MapResolver, error) {
			return nil, fmt.Errorf("%d: "+format, append([]any{first}, args...)...)
		}
		switch name := tokens[0].text; {
		case tokens[0].quoted:
			return fail("a quoted string in the place of a name")
		case strings.EqualFold(name, "$TTL"):
			continue
		case strings.EqualFold(name, "$ORIGIN") && len(tokens) == 2:
			origin = absolute(tokens[1].text, origin)
			continue
		case strings.HasPrefix(name, "$"):
			return fail("%.40q is not understood; write its records out", name)
		case name != "":
			owner = absolute(name, origin)
		case owner == "":
			return fail("a record without a name")
		}
		data, ok := txtData(tokens[1:])
		if !ok {
			continue
		}
		if len(data) == 0 {
			return fail("a TXT record without a string")
		}
		var txt strings.Builder
		for _, s := range data {
			if s.text == "v=DKIM1" && !s.quoted {
				return fail("put the text of a record in quotes: outside of them, \";\" begins a comment")
			}
			txt.WriteString(s.text)
		}
		records[owner] = append(records[owner], txt.String())
	}
}

// txtData returns what follows TXT, and false for a record of another type.
func txtData(tokens []token) ([]token, bool) {
	for i, t := range tokens {
		switch {
		case t.quoted:
			return nil, false
		case strings.EqualFold(t.text, "TXT"):
			return tokens[i+1:], true
		case strings.EqualFold(t.text, "IN"), t.text != "" && t.text[0] >= '0' && t.text[0] <= '9':
			continue // the class, and a TTL
		}
		return nil, false
	}
	return nil, false
}

// absolute returns name in lower case, without the final dot.
func absolute(name, origin string) string {
	name = strings.ToLower(name)
	switch whole, ok := strings.CutSuffix(name, "."); {
	case ok || origin == "":
		return whole
	case name == "@":
		return origin
	}
	return name + "." + origin
}

// A token is a word or a string of a master file, without quotes and escapes.
type token struct {
	text   string
	quoted bool
}

// A lexer cuts a master file into entries.
type lexer struct {
	text string // what is left
	line int
}

var errOpen = errors.New("quotes or parentheses are not closed")

// entry returns the tokens of the next line, and of those that parentheses join
// to it: nil if there are none. The first is empty where the line begins with
// white space: the owner is that of the record before.
func (l *lexer) entry() ([]token, error) {
	var tokens []token
	if l.text != "" && (l.text[0] == ' ' || l.text[0] == '\t') {
		tokens = append(tokens, token{})
	}
	depth := 0
	for l.text != "" {
		switch c := l.text[0]; c {
		case ' ', '\t', '\r':
			l.text = l.text[1:]
		case '\n':
			l.text = l.text[1:]
			l.line++
			if depth == 0 {
				return nonEmpty(tokens), nil
			}
		case ';':
			end := strings.IndexByte(l.text, '\n')
			if end < 0 {
				end = len(l.text)
			}
			l.text = l.text[end:]
		case '(':
			depth++
			l.text = l.text[1:]
		case ')':
			if depth == 0 {
				return nil, errors.New("a parenthesis that closes nothing")
			}
			depth--
			l.text = l.text[1:]
		default:
			t, err := l.token()
			if err != nil {
				return nil, err
			}
			tokens = append(tokens, t)
		}
	}
	if depth > 0 {
		return nil, errOpen
	}
	return nonEmpty(tokens), nil
}

// nonEmpty returns nil for an entry that is white space and comment.
func nonEmpty(tokens []token) []token {
	if len(tokens) == 1 && tokens[0].text == "" && !tokens[0].quoted {
		return nil
	}
	return tokens
}

// token returns a string in quotes, or a word.
func (l *lexer) token() (token, error) {
	ends, quoted := " \t\r\n;()\"", false
	if l.text[0] == '"' {
		ends, quoted = "\"\n", true
		l.text = l.text[1:]
	}
	var b strings.Builder
	for l.text != "" && strings.IndexByte(ends, l.text[0]) < 0 {
		if l.text[0] != '\\' {
			b.WriteByte(l.text[0])
			l.text = l.text[1:]
			continue
		}
		c, n := escape(l.text[1:])
		if n == 0 {
			return token{}, errors.New(`a "\" must be followed by an octet, or by three digits of at most 255`)
		}
		b.WriteByte(c)
		l.text = l.text[1+n:]
	}
	if quoted {
		if l.text == "" || l.text[0] != '"' {
			return token{}, errOpen
		}
		l.text = l.text[1:]
	}
	return token{b.String(), quoted}, nil
}

// escape returns the octet that s stands for behind a backslash, and how much
// of s does: \DDD in decimal, or \X.
func escape(s string) (c byte, n int) {
	digit := func(i int) bool { return i < len(s) && s[i] >= '0' && s[i] <= '9' }
	switch {
	case s == "" || s[0] == '\n':
		return 0, 0
	case !digit(0):
		return s[0], 1
	case !digit(1) || !digit(2):
		return 0, 0
	}
	v := int(s[0]-'0')*100 + int(s[1]-'0')*10 + int(s[2]-'0')
	if v > 255 {
		return 0, 0
	}
	return byte(v), 3
}
