package keyrecord

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// A Resolver looks up TXT records. A *net.Resolver is one.
//
// LookupTXT returns one string per TXT record, the strings within a record
// joined with nothing between. That a name has none is an error that wraps
// ErrNotFound, a *net.DNSError with IsNotFound, or no strings and no error;
// any other error is taken for temporary. It is called with a final dot on the
// name, and must be safe for concurrent use.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

// An Answer is what DNS said about one name.
type Answer struct {
	TXT []string // one string per TXT record
	// TTL is how long the answer may be kept: zero is not at all, as DNS has it
	// (RFC 1035, section 3.2.1), and negative is not known.
	TTL       time.Duration
	Authentic bool // DNSSEC vouched for it: the resolver validated, and is trusted
}

// An AnswerResolver is a Resolver that knows the TTL of an answer and whether
// DNSSEC vouched for it. LookupAnswer is then called in place of LookupTXT, and
// reports that a name has no records in the same ways; with an error the Answer
// is ignored.
type AnswerResolver interface {
	Resolver
	LookupAnswer(ctx context.Context, name string) (Answer, error)
}

// LookupAnswer looks up the TXT records of name, with or without its final dot,
// as Lookup does: it asks an AnswerResolver for its answer, says that the TTL is
// not known (negative) where r is none, and takes nil for net.DefaultResolver. It
// is what a Resolver that stands before another calls, as a cache that several
// machines share.
//
// Every error wraps ErrNotFound, and the TTL then is that of the denial, negative
// if it is not known; or ErrTemporary, and the Answer is zero.
func LookupAnswer(ctx context.Context, r Resolver, name string) (Answer, error) {
	name = strings.TrimSuffix(name, ".") // and with one dot, so that no search suffix applies
	if r == nil {
		r = net.DefaultResolver
	}
	var a Answer
	var err error
	if ar, ok := r.(AnswerResolver); ok {
		a, err = ar.LookupAnswer(ctx, name+".")
	} else {
		a.TTL = -1
		a.TXT, err = r.LookupTXT(ctx, name+".")
	}
	switch {
	case err == nil && len(a.TXT) > 0:
		return a, nil
	case err == nil:
		// Who shares a Cache for other records knows net's error, and not ErrNotFound.
		return Answer{TTL: a.TTL}, fmt.Errorf("%w at %s: %w", ErrNotFound, name, &net.DNSError{Err: "no records", Name: name, IsNotFound: true})
	case isNotFound(err):
		return Answer{TTL: -1}, fmt.Errorf("%w at %s: %w", ErrNotFound, name, err)
	}
	return Answer{}, temporary(name, err)
}

func temporary(name string, err error) error {
	return fmt.Errorf("%w: looking up %s: %w", ErrTemporary, name, err)
}

// isNotFound reports whether err says that a name has no records. What also
// says that it may say something else later does not.
func isNotFound(err error) bool {
	for _, t := range []error{ErrTemporary, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, t) {
			return false
		}
	}
	if d := (*net.DNSError)(nil); errors.As(err, &d) {
		return d.IsNotFound && !d.IsTemporary && !d.IsTimeout
	}
	return errors.Is(err, ErrNotFound)
}

// A MapResolver answers from memory: the TXT records of each name, for tests,
// examples, archives of mail, and work without a network. Case and a final dot
// do not matter, neither in a key of the map nor in a query. A name that is not
// there does not exist. It is safe for concurrent use while nobody changes the
// map. Keys as Name spells them are found without a search.
type MapResolver map[string][]string

// LookupTXT returns the records of name, or a *net.DNSError with IsNotFound.
func (m MapResolver) LookupTXT(_ context.Context, name string) ([]string, error) {
	if txt, ok := m[strings.TrimSuffix(name, ".")]; ok {
		return txt, nil
	}
	best, found := "", false
	for key := range m {
		// Of two keys for one name the lesser counts, so that the answer is always the same.
		if equalFold(strings.TrimSuffix(key, "."), strings.TrimSuffix(name, ".")) && (!found || key < best) {
			best, found = key, true
		}
	}
	if !found {
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return m[best], nil
}
