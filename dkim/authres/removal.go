package authres

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

const (
	maxRemovals   = 100     // that a StripReader keeps for the log; Count goes on
	maxRemovalRaw = 1 << 10 // octets of a field that it keeps
)

// A Removal is a field that a StripReader has removed.
type Removal struct {
	Raw []byte // the field as it stood, cut off after 1024 octets
	ID  string // its authserv-id, if that could be read
	Err error  // why it went though ID is none of the ids: ErrSyntax, ErrVersion or ErrLimit; nil for RemoveAll
}

// Forged reports whether a StripReader with these ids would remove a field from a
// message: an Authentication-Results field that claims to come from a server that
// goes by one of ids, or that cannot be read beyond doubt (RFC 8601, section 5). It
// is for a milter, which gets the fields of a message one by one and removes them
// by their number. The value may be folded, with CRLF or LF. Without ids nothing
// is forged.
func Forged(name, value string, ids ...string) bool {
	s := NewStripReader(nil, ids...)
	s.field, s.end = []byte(name+":"+value), endCRLF
	n, match := s.name.feed(s.field)
	if len(ids) == 0 || match != nameFound {
		return false
	}
	s.value = n
	id, err := s.claim()
	return err != nil || (&Field{ID: id}).Trusted(ids...)
}

// judge removes the field that is held if it has to go.
func (s *StripReader) judge() bool {
	switch id, err := s.claim(); {
	case s.name.found() != "" && slices.Contains(s.all, s.name.found()):
		s.remove("", nil)
	case err != nil || (&Field{ID: id}).Trusted(s.ids...):
		s.remove(id, err)
	default:
		return false
	}
	return true
}

// claim returns the authserv-id of the field that is held.
func (s *StripReader) claim() (id string, err error) {
	switch {
	case s.value == 0:
		return "", fmt.Errorf("%w: it begins with white space, and would go on the field above", ErrSyntax)
	case len(s.field)+len(s.end) > maxField:
		return "", errTooLong
	case s.name.odd:
		return "", fmt.Errorf("%w: its name holds what no name may hold", ErrSyntax)
	}
	id, err = valueID(string(s.field[s.value:]))
	if err == nil && !(&Field{ID: id}).Trusted(s.ids...) && !isPlainID(id) {
		err = fmt.Errorf("%w: the authserv-id %.64q is neither a token nor a domain name", ErrSyntax, id)
	}
	return id, err
}

// valueID returns the authserv-id in the value of a field. It does not look at
// the results.
func valueID(value string) (string, error) {
	s, err := unfold(value)
	if err != nil {
		return "", err
	}
	clause, _, _ := cutClause(s)
	if !isClean(clause) {
		return "", fmt.Errorf("%w: a control, or ill-formed UTF-8", ErrSyntax)
	}
	var f Field
	err = (&parser{s: clause}).id(&f)
	return f.ID, err
}

// isPlainID reports whether an authserv-id can be taken for no other one: it is
// a token, or an internationalized domain name. A label that only looks like an
// A-label may be anything to a reader that decodes it.
func isPlainID(id string) bool {
	return isUnicodeDomain(id) || isToken(id) && !strings.Contains(strings.ToLower(id), "xn--")
}

// remove forgets the field that is held, and keeps a note of it.
func (s *StripReader) remove(id string, err error) {
	if s.count < maxRemovals {
		raw := append(bytes.Clone(s.field), s.end...)
		s.removed = append(s.removed, Removal{Raw: raw[:min(len(raw), maxRemovalRaw)], ID: id, Err: err})
	}
	s.count++
	s.field = nil
}
