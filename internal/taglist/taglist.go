// Package taglist parses the tag=value lists of DKIM-Signature fields and of
// DNS records (RFC 6376, section 3.2), and the encodings that their values use
// (sections 2.10 and 2.11).
//
// Parsing is strict and linear in the length of the text. Every tag keeps the
// offsets at which it was seen, so that a caller who must change a value, as
// the verifier empties b=, edits that place and searches for nothing.
package taglist

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	// MaxTags bounds the tags of one list. Real signatures have some fifteen;
	// the check for duplicates compares each tag with those before it.
	MaxTags = 64

	// MaxLen bounds the octets of one list: z= copies a whole header, which
	// seldom passes 10 KiB.
	MaxLen = 64 << 10
)

var (
	// ErrSyntax reports text that the grammar of section 3.2 does not allow.
	ErrSyntax = errors.New("syntax error")
	// ErrDuplicate reports a tag that occurs twice.
	ErrDuplicate = errors.New("duplicate tag")
	// ErrLimit reports a list beyond MaxTags or MaxLen.
	ErrLimit = errors.New("limit exceeded")
)

// An Error says where a list is malformed.
type Error struct {
	Tag    string // the name of the tag, if one was read
	Offset int    // in the text, in octets
	Err    error  // wraps ErrSyntax, ErrDuplicate or ErrLimit
}

func (e *Error) Error() string {
	if e.Tag != "" {
		return fmt.Sprintf("%.40s= at octet %d: %v", e.Tag, e.Offset, e.Err)
	}
	return fmt.Sprintf("octet %d: %v", e.Offset, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// A Tag is one tag=value pair.
type Tag struct {
	Name  string
	Value string // as written, without the white space around it
	// Start and End delimit what stands between "=" and the next ";", or the
	// end of the text, white space included.
	Start, End int
}

// A List holds the tags of a text in their order. No name is empty.
type List []Tag

// Get returns the value of the tag called name. Names are case-sensitive.
func (l List) Get(name string) (value string, ok bool) {
	if name == "" {
		return "", false
	}
	for i := range l {
		// Most names have one octet, so that n == name need not be called.
		if n := l[i].Name; len(n) == len(name) && n[0] == name[0] && (len(n) == 1 || n == name) {
			return l[i].Value, true
		}
	}
	return "", false
}

// Parse parses a tag list. The strings of the result share text's memory.
//
// The grammar is that of section 3.2, with these choices where it is open: FWS
// is allowed after a final ";" (6376-3.2-c); an empty tag-spec, as in ";;", is
// refused (6376-3.2-b); FWS holds at most one fold (6376-2.8-c), and only
// inside a value does the grammar repeat it; octets beyond ASCII are allowed in values where they are well-formed UTF-8 (RFC 8616).
func Parse(text string) (List, error) { return Append(nil, text) }

// Append is Parse, which appends to dst instead of allocating.
func Append(dst List, text string) (List, error) {
	if len(text) > MaxLen {
		return dst, &Error{"", MaxLen, fmt.Errorf("%w: a tag list of %d octets, the limit is %d", ErrLimit, len(text), MaxLen)}
	}
	first := len(dst)
	p := parser{text: text}
	for {
		t, err := p.tag()
		if err != nil {
			return dst, err
		}
		if len(dst)-first == MaxTags {
			return dst, &Error{t.Name, t.Start, fmt.Errorf("%w: more than %d tags", ErrLimit, MaxTags)}
		}
		if _, dup := dst[first:].Get(t.Name); dup {
			return dst, &Error{t.Name, t.Start, ErrDuplicate}
		}
		dst = append(dst, t)
		if p.pos == len(text) {
			return dst, nil
		}
		if p.pos++; p.pos == len(text) { // ";"
			return dst, nil
		}
		if !isFWS(text[len(text)-1]) {
			continue
		}
		if n, folds, ok := skipFWS(text[p.pos:]); ok && folds <= 1 && p.pos+n == len(text) {
			return dst, nil
		}
	}
}

// A parser reads text from pos on.
type parser struct {
	text string
	pos  int
}

func (p *parser) fail(tag, what string) *Error {
	return &Error{tag, p.pos, fmt.Errorf("%w: %s", ErrSyntax, what)}
}

// tag reads [FWS] tag-name [FWS] "=" [FWS] tag-value [FWS], and stops at ";" or the end.
func (p *parser) tag() (Tag, error) {
	if err := p.fws(); err != nil {
		return Tag{}, err
	}
	start := p.pos
	for p.pos < len(p.text) && isNameChar(p.text[p.pos], p.pos > start) {
		p.pos++
	}
	name := p.text[start:p.pos]
	if name == "" {
		if p.pos == len(p.text) || p.text[p.pos] == ';' {
			return Tag{}, p.fail("", "an empty tag: want name=value")
		}
		return Tag{}, p.fail("", "a tag name starts with a letter")
	}
	if err := p.fws(); err != nil {
		return Tag{}, err
	}
	if p.pos == len(p.text) || p.text[p.pos] != '=' {
		return Tag{}, p.fail(name, `want "=" after the tag name, and ";" between tags`)
	}
	p.pos++
	t := Tag{Name: name, Start: p.pos}
	if err := p.fws(); err != nil {
		return Tag{}, err
	}
	from, to := p.pos, p.pos
	end := len(p.text) // found once: the value may have many folds
	if n := strings.IndexByte(p.text[p.pos:], ';'); n >= 0 {
		end = p.pos + n
	}
	for p.pos < end {
		if n := visibleLen(p.text[p.pos:end]); n > 0 {
			p.pos += n
			to = p.pos
			continue
		}
		switch c := p.text[p.pos]; {
		case c == ' ' || c == '\t' || c == '\r':
			n, folds, ok := skipFWS(p.text[p.pos:end])
			p.pos += n
			// Inside a value the grammar repeats FWS, behind it it does not.
			if !ok || p.pos == end && folds > 1 {
				return Tag{}, p.fail(name, "a line break that is no fold: CRLF once, then white space")
			}
		case c >= 0x80:
			r, n := utf8.DecodeRuneInString(p.text[p.pos:end])
			if r == utf8.RuneError && n == 1 {
				return Tag{}, p.fail(name, "the value is not well-formed UTF-8")
			}
			p.pos += n
			to = p.pos
		default:
			return Tag{}, p.fail(name, fmt.Sprintf("octet %#02x in the value", c))
		}
	}
	t.Value, t.End = p.text[from:to], end
	return t, nil
}

// fws skips [FWS]: white space with at most one fold.
func (p *parser) fws() error {
	if p.pos < len(p.text) && p.text[p.pos] > ' ' {
		return nil // none
	}
	return p.skip()
}

func (p *parser) skip() error {
	n, folds, ok := skipFWS(p.text[p.pos:])
	p.pos += n
	if !ok || folds > 1 {
		return p.fail("", "a line break that is no fold: CRLF once, then white space")
	}
	return nil
}

// skipFWS returns the length of the white space that s begins with, how many
// folds it has, and false if it ends in a line break that is no fold.
func skipFWS(s string) (n, folds int, ok bool) {
	for n < len(s) {
		switch s[n] {
		case ' ', '\t':
			n++
		case '\r':
			if len(s)-n < 3 || s[n+1] != '\n' || s[n+2] != ' ' && s[n+2] != '\t' {
				return n, folds, false
			}
			folds++
			n += 3
		case '\n':
			return n, folds, false
		default:
			return n, folds, true
		}
	}
	return n, folds, true
}

func isNameChar(c byte, inner bool) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		return true
	case '0' <= c && c <= '9', c == '_':
		return inner
	}
	return false
}
