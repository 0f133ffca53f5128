package authres

import (
	"slices"
	"strings"
)

// A nameMatcher tells whether a field has one of some names. It passes over
// what no name may hold, since a reader may do so too: one that drops NUL and
// other controls, or ends a string at NUL, that trims white space beyond ASCII,
// or takes letters beyond ASCII for their like.
type nameMatcher struct {
	names []string // in lower case
	seen  []byte   // of the name, in lower case
	ended bool     // white space has ended the name
	nul   bool     // NUL has ended it for those who think so
	odd   bool     // something was passed over
	lf    bool     // LF has come behind the name or some of it
	split bool     // and then something else than white space
	last  [2]byte  // the octets before the next one
}

type nameMatch uint8

const (
	nameOpen  nameMatch = iota // more octets are wanted
	nameFound                  // the name is one of the names
	nameOther                  // it is none of them
)

// reset makes m ready for another field.
func (m *nameMatcher) reset() {
	*m = nameMatcher{names: m.names, seen: m.seen[:0]}
}

// found returns the name that was found.
func (m *nameMatcher) found() string { return string(m.seen) }

// feed takes the next octets of a field, and returns how many of them it has
// looked at. With nameFound that is up to the colon.
func (m *nameMatcher) feed(b []byte) (n int, match nameMatch) {
	for i, c := range b {
		if match := m.next(c); match != nameOpen {
			return i + 1, match
		}
		m.last[0], m.last[1] = m.last[1], c
	}
	return len(b), nameOpen
}

func (m *nameMatcher) next(c byte) nameMatch {
	switch {
	case c == '\n' && len(m.seen) > 0:
		m.lf = true
	case m.lf && c != ':' && c != '\r' && !isSpace(c):
		m.split = true
	}
	switch complete := m.complete(); {
	case c == ':' && complete:
		return nameFound
	case isSpace(c) || (c == '\r' || c == '\n') && complete:
		// Folds before the colon are none in RFC 5322, but some may skip them.
		m.ended = complete
		if complete || len(m.seen) == 0 { // a control has come before white space
			return nameOpen
		}
		return nameOther
	case c < ' ' || c >= 0x7f:
		m.odd = true
		m.nul = m.nul || c == 0 && complete
		if c = m.like(c); c == 0 {
			return nameOpen
		}
	}
	switch {
	case m.nul:
		return nameOpen
	case m.ended:
		return nameOther
	case 'A' <= c && c <= 'Z':
		c += 'a' - 'A'
	}
	m.seen = append(m.seen, c)
	if slices.ContainsFunc(m.names, func(name string) bool { return strings.HasPrefix(name, string(m.seen)) }) {
		return nameOpen
	}
	return nameOther
}

// complete reports whether a name was seen to its end, which a colon would prove.
func (m *nameMatcher) complete() bool {
	return m.ended || m.nul || slices.Contains(m.names, string(m.seen))
}

// like returns the ASCII letter that case folding makes of the character that
// ends in c: "s" of U+017F, "k" of U+212A. No other has one.
func (m *nameMatcher) like(c byte) byte {
	switch {
	case c == 0xbf && m.last[1] == 0xc5:
		return 's'
	case c == 0xaa && m.last == [2]byte{0xe2, 0x84}:
		return 'k'
	}
	return 0
}
