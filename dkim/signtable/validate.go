package signtable

import (
	"cmp"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/internal/domain"
)

// Validate returns what is wrong with the rules in Senders and Lists, whatever
// the message and whatever the keys: call it at start-up. It looks at no file
// and at no DNS; Signers does. The errors are joined, each a *RuleError but for
// what is wrong with an entry as a whole, in the order of the entries.
func (t *Table) Validate() error {
	var errs []error
	t.each(func(found *match, m *Message) bool {
		if found.err != nil {
			errs = append(errs, fmt.Errorf("signtable: %q: %w", found.entry, found.err))
			return true
		}
		if limit := t.maxSignatures(); len(found.rules) > limit {
			errs = append(errs, fmt.Errorf("signtable: %q: %w: %d rules, MaxSignatures is %d", found.entry, dkim.ErrTooMany, len(found.rules), limit))
		}
		for i := range found.rules {
			if err := t.validate(found, m, &found.rules[i]); err != nil {
				errs = append(errs, &RuleError{found.entry, i, err})
			}
		}
		return true
	})
	return errors.Join(errs...)
}

// each calls yield for every entry of the table, in order, with a message of
// its own.
func (t *Table) each(yield func(*match, *Message) bool) {
	all := t.entries()
	for i, entries := range []map[string]*match{all.senders, all.lists} {
		for _, key := range slices.Sorted(maps.Keys(entries)) {
			found := entries[key]
			m := &Message{Sender: "postmaster@" + found.domain, Domain: found.domain}
			switch {
			case i == 1:
				m.ListID = key
			case strings.Contains(key, "@"):
				m.Sender = key
			case key == ".":
				m.Sender, m.Domain = "postmaster@domain.example", "domain.example"
			}
			if !yield(found, m) {
				return
			}
		}
	}
}

// validate checks a rule and its Fallbacks.
func (t *Table) validate(found *match, m *Message, r *Rule) error {
	for n := 0; r != nil; r, n = r.Fallback, n+1 {
		if n > maxFallbacks {
			return errFallbacks
		}
		if !r.NotAfter.IsZero() && !r.NotAfter.After(r.NotBefore) {
			return fmt.Errorf("NotAfter (%v) is not after NotBefore (%v)", r.NotAfter, r.NotBefore)
		}
		b := builder{table: t, message: m, found: found, rule: merge(&t.Default, r)}
		b.useFixedDomain()
		s, err := b.build(context.Background(), func(context.Context, string) (crypto.Signer, error) {
			if t.Keys == nil {
				return nil, fmt.Errorf("%w: Table.Keys is nil", dkim.ErrKey)
			}
			return standIn(b.rule.Algorithm), nil
		})
		if err == nil && s != nil {
			err = s.Validate()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// useFixedDomain gives a rule of "." whose d= does not depend on the sender one
// from there: an Identity of %{sender} is outside d= for all others.
func (b *builder) useFixedDomain() {
	name := cmp.Or(b.rule.Domain, b.rule.BaseDomain)
	if b.found.key != "." || name == "" || strings.Contains(name, "%") {
		return
	}
	if name, err := domain.ToASCII(name); err == nil {
		b.message = &Message{Sender: "postmaster@" + name, Domain: name}
	}
}

// standIn returns what passes for a key that is still in its file.
func standIn(algorithm string) crypto.Signer {
	if strings.EqualFold(algorithm, "ed25519-sha256") {
		return ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	}
	n := new(big.Int).Lsh(big.NewInt(1), 2047)
	return &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: 65537}} // which only its size is asked of
}

// Signers iterates over the signers of all the rules in Senders and Lists, and
// of their Fallbacks, with their keys, in the order of the entries: to check at
// start-up that every key can be read and is published, or to print the records.
//
//	for s, err := range table.Signers(ctx) {
//		if err == nil {
//			err = s.Validate()
//		}
//		if err == nil {
//			err = keyrecord.Check(ctx, nil, s.Selector, s.Domain, s.Key.Public())
//		}
//		...
//	}
//
// It asks no Condition and no Preflight, and looks at no schedule. With an
// error, the signer is nil. Those of "." whose d= is that of the sender are left
// out. The iteration ends when ctx does, with its error.
func (t *Table) Signers(ctx context.Context) iter.Seq2[*dkim.Signer, error] {
	return func(yield func(*dkim.Signer, error) bool) {
		t.each(func(found *match, m *Message) bool {
			if found.err != nil {
				return yield(nil, fmt.Errorf("signtable: %q: %w", found.entry, found.err))
			}
			if found.key == "." {
				m = &Message{} // nobody
			}
			for i := range found.rules {
				if !t.chain(ctx, found, m, i, yield) {
					return false
				}
			}
			return true
		})
	}
}

// chain yields the signers of a rule and its Fallbacks.
func (t *Table) chain(ctx context.Context, found *match, m *Message, i int, yield func(*dkim.Signer, error) bool) bool {
	n := 0
	for r := &found.rules[i]; r != nil && n <= maxFallbacks; r, n = r.Fallback, n+1 {
		if err := ctx.Err(); err != nil {
			yield(nil, err)
			return false
		}
		b := builder{table: t, message: m, found: found, rule: merge(&t.Default, r)}
		b.useFixedDomain()
		s, err := b.build(ctx, t.key)
		switch {
		case err != nil:
			if !yield(nil, &RuleError{found.entry, i, err}) {
				return false
			}
		case s != nil && !yield(s, nil):
			return false
		}
	}
	return true
}
