package headerlist

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrSyntax says that a list is empty, or that an entry is not a field
	// name with at most one modifier.
	ErrSyntax = errors.New("headerlist: syntax error")

	// ErrLimit says that a list has more than 10,000 entries, or a name of
	// more than 256 octets.
	ErrLimit = errors.New("headerlist: over a limit")
)

const (
	maxEntries = 10_000 // a message with that many fields is refused elsewhere
	maxName    = 256    // registered names stay under 50; h= must fit on lines of 998
	maxQuoted  = 64     // octets of a bad entry that an error repeats
)

// An EntryError says which entry of a list is bad. It wraps ErrSyntax or
// ErrLimit.
type EntryError struct {
	Index  int    // of the entry in the list, from 0
	Offset int    // in octets, of the entry in the string form of the list
	Entry  string // as it is written, cut off after 64 octets
	Err    error
}

// Error returns the reason and the place.
func (e *EntryError) Error() string {
	return fmt.Sprintf("%v (entry %d, %q, at offset %d)", e.Err, e.Index+1, e.Entry, e.Offset)
}

// Unwrap returns Err.
func (e *EntryError) Unwrap() error { return e.Err }

// Parse reads a list as Momentum writes it:
//
//	headerlist = entry *( ":" entry )
//	entry      = field-name [ "?" / "*" / "+" ]
//
// A field-name is printable ASCII without ":" (RFC 5322, section 2.2) and
// without ";", which cannot stand in h= (RFC 6376, section 3.2). The three
// modifiers may stand in a field-name; at the end of an entry they are the
// modifier, and one of them only, so "X??" is the name "X?", optional.
//
// White space is an error, around an entry too, as is an entry without a name.
// Errors are ErrSyntax and ErrLimit, within an *EntryError if they are about
// one entry.
func Parse(s string) (List, error) {
	if s == "" {
		return nil, checkCount(0)
	}
	n := strings.Count(s, ":") + 1
	if err := checkCount(n); err != nil {
		return nil, err
	}
	l := make(List, 0, n)
	offset := 0
	for written := range strings.SplitSeq(s, ":") {
		e := parseEntry(written)
		if err := checkName(e.Name); err != nil {
			return nil, entryError(len(l), offset, written, err)
		}
		l = append(l, e)
		offset += len(written) + len(":")
	}
	return l, nil
}

// MustParse is Parse for a literal: it panics if the list is malformed.
func MustParse(s string) List {
	l, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return l
}

// Validate returns the error that Parse would have for the list, if somebody
// had written it down: it is for lists that are built as literals. A name that
// ends in "?", "*" or "+" and has no modifier is ErrSyntax too, since it
// cannot be written.
func (l List) Validate() error {
	if err := checkCount(len(l)); err != nil {
		return err
	}
	offset := 0
	for i, e := range l {
		written := e.String()
		err := checkName(e.Name)
		if err == nil && parseEntry(written) != e {
			err = fmt.Errorf("%w: a name without a modifier ends in one", ErrSyntax)
		}
		if err != nil {
			return entryError(i, offset, written, err)
		}
		offset += len(written) + len(":")
	}
	return nil
}

// parseEntry splits an entry into its name, which it does not check, and its
// modifier.
func parseEntry(s string) Entry {
	if s == "" {
		return Entry{}
	}
	name := s[:len(s)-1]
	switch s[len(s)-1] {
	case '?':
		return Entry{Name: name, Optional: true}
	case '*':
		return Entry{Name: name, All: true}
	case '+':
		return Entry{Name: name, All: true, Optional: true}
	}
	return Entry{Name: s}
}

// checkName returns an error if name cannot be an element of h=.
func checkName(name string) error {
	if name == "" {
		return fmt.Errorf("%w: an entry has no name", ErrSyntax)
	}
	if len(name) > maxName {
		return fmt.Errorf("%w: a name has %d octets, more than %d", ErrLimit, len(name), maxName)
	}
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c > '~' || c == ':' || c == ';' {
			return fmt.Errorf("%w: octet %#02x cannot be part of a name in h=", ErrSyntax, c)
		}
	}
	return nil
}

// checkCount returns an error if a list may not have n entries.
func checkCount(n int) error {
	switch {
	case n == 0:
		return fmt.Errorf("%w: the list is empty", ErrSyntax)
	case n > maxEntries:
		return fmt.Errorf("%w: the list has %d entries, more than %d", ErrLimit, n, maxEntries)
	}
	return nil
}

func entryError(index, offset int, written string, err error) error {
	if len(written) > maxQuoted {
		written = written[:maxQuoted]
	}
	return &EntryError{Index: index, Offset: offset, Entry: written, Err: err}
}
