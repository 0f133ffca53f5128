package signtable

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/waxseal/waxseal/dkim"
)

const defaultMaxSignatures = 10 // as many as verifiers look at by default

// A Table is a dkim.SignerSource that looks the signers of a message up by its
// sender. The fields are not to be changed once it is in use; then it is safe
// for concurrent use. It must not be copied. To change the rules, make another
// Table with the same Keys and Preflight, which keep what they know.
//
// The zero Table signs nothing.
type Table struct {
	// Default fills the fields that a rule leaves zero.
	Default Rule

	// Senders has the rules of addresses ("joe@example.com"), domains with those
	// below them ("example.com"), and everybody else ("."). Each rule makes one
	// signature, in their order. Case does not matter, nor whether a domain is
	// written in U-labels or A-labels.
	Senders map[string][]Rule
	// Lists has the rules of mailing lists by List-Id, with those below; they
	// come before Senders. d= is the parent of an identifier that is in Lists
	// itself, and the entry for one that is below.
	Lists map[string][]Rule
	// Lookup, if not nil, is asked first, with ok unless Lists and Senders are
	// to be asked then: a database, or rules that match in another way. d= is
	// the domain of the sender unless a rule says otherwise. It is called by many
	// goroutines.
	Lookup func(ctx context.Context, m *Message) (rules []Rule, ok bool, err error)

	FromOnly bool // the sender is that of From, also where there is a Sender field
	Exact    bool // Senders and Lists are not asked for the parents of a domain

	// Keys reads the keys of rules with a KeyPath.
	Keys KeySource
	// Preflight, if not nil, keeps signers from use whose record is not in DNS.
	Preflight *Preflight

	// MaxSignatures bounds the signatures of a message; more are an error. Zero
	// is 10.
	MaxSignatures int

	// Observe, if not nil, is called for each signature that was made or failed.
	// It is called by many goroutines.
	Observe func(Event)

	Time func() time.Time // nil is time.Now; given to the signers, too

	once  sync.Once
	index index
}

// An Event tells of one signature.
type Event struct {
	Domain, Selector string        // d= and s=; Domain may be empty if Err is set
	Duration         time.Duration // that the header hash and the key took
	Err              error         // why it was not made
	Fallback         bool          // Err was met, but the rule has a Fallback, which is tried next
	Values           map[string]string
}

// A Request is what a caller knows about one message beside its header.
type Request struct {
	Sender   string            // an address or a domain, to sign for instead of that of the header
	Values   map[string]string // for Rule.Condition
	Rules    []Rule            // instead of those of the table; nil: the table's
	Override Rule              // fields that are set here go before those of the rules
	// Internationalized says that the message is SMTPUTF8: the U-labels of rules
	// are written as they are.
	Internationalized bool
}

// A RuleError tells which rule an error is about.
type RuleError struct {
	Key   string // of Senders or Lists; empty for rules of Lookup and Request
	Index int
	Err   error
}

func (e *RuleError) Error() string {
	if e.Key == "" {
		return fmt.Sprintf("signtable: rule %d: %v", e.Index, e.Err)
	}
	return fmt.Sprintf("signtable: %q, rule %d: %v", e.Key, e.Index, e.Err)
}

func (e *RuleError) Unwrap() error { return e.Err }

// SignersFor returns the signers for a message: none if the table has none for
// its sender. Two with the same d= and s= are one. Errors are a *RuleError
// where they are about one rule, and wrap what its key source said, the errors
// of package dkim, or those of package keyrecord if Preflight refused it.
func (t *Table) SignersFor(ctx context.Context, h *dkim.Header) ([]*dkim.Signer, error) {
	return t.signersFor(ctx, h, &Request{})
}

// For returns the signers for one message as the source of its signatures:
//
//	dkim.Sign(ctx, dst, src, table.For(signtable.Request{Values: session}))
//
// If the Request has a Sender, SignersFor takes a nil Header, too: to choose for
// another protocol, as that of package domainkeys.
func (t *Table) For(r Request) dkim.SignerSource { return &source{t, r} }

type source struct {
	table   *Table
	request Request
}

// SignersFor is Table.SignersFor with the Request.
func (s *source) SignersFor(ctx context.Context, h *dkim.Header) ([]*dkim.Signer, error) {
	return s.table.signersFor(ctx, h, &s.request)
}

func (t *Table) signersFor(ctx context.Context, h *dkim.Header, r *Request) ([]*dkim.Signer, error) {
	m := t.newMessage(h, r)
	found, err := t.find(ctx, m, r)
	if err != nil || found == nil {
		return nil, err
	}
	var signers []*dkim.Signer
	for i := range found.rules {
		s, err := t.signer(ctx, m, found, &found.rules[i], r)
		if err != nil {
			return nil, &RuleError{found.entry, i, err}
		}
		if s != nil && !contains(signers, s) {
			signers = append(signers, s)
		}
	}
	if limit := t.maxSignatures(); len(signers) > limit {
		return nil, fmt.Errorf("signtable: %w: %d, MaxSignatures is %d", dkim.ErrTooMany, len(signers), limit)
	}
	return signers, nil
}

func (t *Table) maxSignatures() int {
	if t.MaxSignatures == 0 {
		return defaultMaxSignatures
	}
	return t.MaxSignatures
}

func (t *Table) now() time.Time {
	if t.Time != nil {
		return t.Time()
	}
	return time.Now()
}

// contains reports whether there is a signer of the same d= and s=.
func contains(signers []*dkim.Signer, s *dkim.Signer) bool {
	for _, other := range signers {
		if other.Domain == s.Domain && other.Selector == s.Selector {
			return true
		}
	}
	return false
}

// maxFallbacks bounds the chain of Rule.Fallback: a rotation has two or three
// keys, and a ring would have no end.
const maxFallbacks = 8

var errFallbacks = errors.New("more than 8 Fallbacks, or a ring of them")

// signer returns the signer of a rule, or nil if it makes no signature for the
// message.
func (t *Table) signer(ctx context.Context, m *Message, found *match, r *Rule, req *Request) (*dkim.Signer, error) {
	var refused error
	for n := 0; r != nil; r, n = r.Fallback, n+1 {
		if n > maxFallbacks {
			return nil, errFallbacks
		}
		if !r.current(t.now()) {
			continue
		}
		b := builder{table: t, message: m, found: found, internationalized: req.Internationalized}
		b.rule = merge(&t.Default, r)
		b.rule = merge(&b.rule, &req.Override)
		if b.rule.Condition != nil && !b.rule.Condition(m) {
			return nil, nil
		}
		s, err := b.build(ctx, t.key)
		if err == nil && s != nil && t.Preflight != nil {
			err = t.Preflight.Check(ctx, s)
		}
		if err == nil {
			return t.observed(s, m), nil
		}
		t.observe(Event{Domain: b.vars.d, Selector: b.vars.s, Err: err, Fallback: r.Fallback != nil, Values: m.Values})
		if ctx.Err() != nil {
			return nil, err
		}
		refused = err
	}
	return nil, refused
}

func (t *Table) observe(e Event) {
	if t.Observe != nil {
		t.Observe(e)
	}
}

// observed makes s report to Observe.
func (t *Table) observed(s *dkim.Signer, m *Message) *dkim.Signer {
	if s != nil && t.Observe != nil {
		values := m.Values
		s.Done = func(took time.Duration, err error) {
			t.Observe(Event{Domain: s.Domain, Selector: s.Selector, Duration: took, Err: err, Values: values})
		}
	}
	return s
}
