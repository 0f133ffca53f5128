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
	names  []string // in lower case, sorted
	n      int      // how many octets of the name were seen
	before int      // and how many octets came before these
	lo     int      // those of names that begin with them,
	hi     int      // the shortest first, up to hi
	ended  bool     // white space has ended the name
	nul    bool     // NUL has ended it for those who think so
	alike  byte     // the last octet of the name, if it was taken for a letter beyond ASCII
	odd    bool     // something was passed over
	lf     bool     // LF has come behind the name or some of it
	split  bool     // and then something else than white space
	last   [2]byte  // the octets before the next one
}

type nameMatch uint8

const (
	nameOpen  nameMatch = iota // more octets are wanted
	nameFound                  // the name is one of the names
	nameOther                  // it is none of them
)

// add adds a name, before the first field.
func (m *nameMatcher) add(name string) {
	m.names = append(m.names, strings.ToLower(name))
	slices.Sort(m.names)
	m.reset()
}

// reset makes m ready for another field.
func (m *nameMatcher) reset() {
	*m = nameMatcher{names: m.names, hi: len(m.names)}
}

// found returns the name that was found.
func (m *nameMatcher) found() string { return m.names[m.lo][:m.n] }

// feed takes the next octets of a field, and returns how many of them it has
// looked at. With nameFound that is up to the colon.
func (m *nameMatcher) feed(b []byte) (n int, match nameMatch) {
	for i, c := range b {
		if m.n == 0 {
			m.before++
		}
		if match := m.next(c); match != nameOpen {
			return i + 1, match
		}
		m.last[0], m.last[1] = m.last[1], c
	}
	return len(b), nameOpen
}

func (m *nameMatcher) next(c byte) nameMatch {
	alike := false
	switch {
	case c == '\n' && m.n > 0:
		m.lf = true
	case m.lf && c != ':' && c != '\r' && !isSpace(c):
		m.split = true
	}
	switch complete := m.complete(); {
	case c == ':' && complete:
		return nameFound
	case (c == '\r' || c == '\n') && complete: // to some the end of the line, to others passed over
		return nameOpen
	case isSpace(c):
		// Folds before the colon are none in RFC 5322, but some may skip them.
		m.ended = complete
		if complete || m.n == 0 { // a control has come before white space
			return nameOpen
		}
		return nameOther
	case c < ' ' || c >= 0x7f:
		m.odd = true
		m.nul = m.nul || c == 0 && complete
		if c = m.like(c); c == 0 || m.ended {
			return nameOpen
		}
		if lo, hi := m.narrow(c); lo == hi {
			return nameOpen
		}
		alike = true
	}
	switch {
	case m.nul:
		return nameOpen
	case m.ended:
		return nameOther
	case 'A' <= c && c <= 'Z':
		c += 'a' - 'A'
	}
	m.odd = m.odd || m.last[1] == '\r' || m.last[1] == '\n'
	lo, hi := m.narrow(c)
	if lo == hi && c == m.alike {
		m.alike = 0 // the one before it was passed over
		return nameOpen
	}
	m.alike = 0
	if alike {
		m.alike = c
	}
	m.lo, m.hi = lo, hi
	if m.n++; lo == hi {
		return nameOther
	}
	return nameOpen
}

// narrow returns which names go on with c.
func (m *nameMatcher) narrow(c byte) (lo, hi int) {
	lo, hi = m.lo, m.hi
	for lo < hi && (len(m.names[lo]) == m.n || m.names[lo][m.n] < c) {
		lo++
	}
	for lo < hi && m.names[hi-1][m.n] > c {
		hi--
	}
	return lo, hi
}

// complete reports whether a name was seen to its end, which a colon would prove.
func (m *nameMatcher) complete() bool {
	return m.ended || m.nul || m.lo < m.hi && len(m.names[m.lo]) == m.n
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
