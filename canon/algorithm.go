package canon

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrSyntax reports a value of c= that is not one name or two names with a
// slash between them.
var ErrSyntax = errors.New("canon: malformed canonicalization")

// ErrUnknown reports a value of c= that is well formed and names an algorithm
// that this package does not know. A verifier ignores such a signature (RFC
// 6376, section 3.4).
var ErrUnknown = errors.New("canon: unknown canonicalization")

// An Algorithm is one of the two algorithms of RFC 6376, section 3.4. The zero
// value means "not set"; it canonicalizes like Simple, which is the RFC's
// default, and so does every value but Relaxed.
type Algorithm uint8

const (
	Simple  Algorithm = 1 // sections 3.4.1 and 3.4.3
	Relaxed Algorithm = 2 // sections 3.4.2 and 3.4.4
)

// String returns the name as c= spells it, and "unset" for the zero value.
func (a Algorithm) String() string {
	switch a {
	case 0:
		return "unset"
	case Simple:
		return "simple"
	case Relaxed:
		return "relaxed"
	}
	return "Algorithm(" + strconv.Itoa(int(a)) + ")"
}

// A Pair is the value of c=: the algorithm for the header and the one for the
// body.
type Pair struct{ Header, Body Algorithm }

// String returns both names with a slash between them. When both halves are
// set, ParsePair gives the same Pair back.
func (p Pair) String() string { return p.Header.String() + "/" + p.Body.String() }

// ParsePair parses the value of c=, without white space around it (RFC 6376,
// section 3.5). One name is the header's, and the body is then Simple:
// "relaxed" is relaxed/simple. Case does not matter, since the names are
// literals of an ABNF (RFC 5234, section 2.3), although section 3.2 compares
// values with case unless a tag says otherwise.
//
// The empty string is an error: what the absence of c= means is the caller's
// to say. The error wraps ErrSyntax, or ErrUnknown when s is well formed; the
// Pair is then zero.
func ParsePair(s string) (Pair, error) {
	if s == "relaxed/relaxed" { // as nearly all are
		return Pair{Relaxed, Relaxed}, nil
	}
	header, body, two := strings.Cut(s, "/")
	if !isHyphenatedWord(header) || two && !isHyphenatedWord(body) {
		return Pair{}, fmt.Errorf("%w: %s", ErrSyntax, quote(s))
	}
	p := Pair{parse(header), Simple}
	if two {
		p.Body = parse(body)
	}
	if p.Header == 0 || p.Body == 0 {
		return Pair{}, fmt.Errorf("%w: %s", ErrUnknown, quote(s))
	}
	return p, nil
}

// parse returns the algorithm of a name in ASCII, or zero.
func parse(name string) Algorithm {
	switch {
	case strings.EqualFold(name, "simple"):
		return Simple
	case strings.EqualFold(name, "relaxed"):
		return Relaxed
	}
	return 0
}

// isHyphenatedWord reports whether s is a hyphenated-word (section 2.10 gives
// it as ALPHA [ *(ALPHA / DIGIT / "-") (ALPHA / DIGIT) ]).
func isHyphenatedWord(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c|0x20 && c|0x20 <= 'z':
		case '0' <= c && c <= '9' && i > 0:
		case c == '-' && i > 0 && i < len(s)-1:
		default:
			return false
		}
	}
	return s != ""
}

// maxQuoted bounds what an error repeats of its input, which came from a
// stranger and may be as long as a header.
const maxQuoted = 40

func quote(s string) string {
	if len(s) > maxQuoted {
		return strconv.Quote(s[:maxQuoted]) + "..."
	}
	return strconv.Quote(s)
}
