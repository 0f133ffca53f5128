package dkim

import (
	"context"
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"

	"github.com/waxseal/waxseal/keyrecord"
)

// lookups are the key lookups of one message that wait for an answer, one for
// each name.
type lookups []*lookup

// A lookup is the search for the keys of a selector and domain.
type lookup struct {
	selector, domain string
	ctx              context.Context // ends with the time for the lookup
	pending          chan answer     // has room for the answer, so that nobody need wait for it
	answer           answer          // valid when pending is nil
}

// An answer is what keyrecord.Lookup returns.
type answer struct {
	keys *keyrecord.Keys
	err  error
}

// start returns the answer for a signature if it is at hand, and else the
// lookup that it waits for, which it starts if no other signature of the
// message has the same name.
func (all *lookups) start(ctx context.Context, v *Verifier, s *Signature) (answer, *lookup) {
	if keys, ok, err := keyrecord.Peek(v.Resolver, s.selector, s.domain); ok {
		return answer{keys, err}, nil
	}
	for _, l := range *all {
		if l.selector == s.selector && l.domain == s.domain {
			return answer{}, l
		}
	}
	ctx, cancel := context.WithTimeout(ctx, v.lookupTimeout())
	l := &lookup{selector: s.selector, domain: s.domain, ctx: ctx, pending: make(chan answer, 1)}
	*all = append(*all, l)
	go func(resolver keyrecord.Resolver, selector, domain string, pending chan<- answer) {
		defer cancel()
		keys, err := keyrecord.Lookup(ctx, resolver, selector, domain)
		pending <- answer{keys, err}
	}(v.Resolver, s.selector, s.domain, l.pending)
	return answer{}, l
}

// wait waits until the answer is there, or the time for it has passed.
func (l *lookup) wait() answer {
	if l.pending == nil {
		return l.answer
	}
	select {
	case l.answer = <-l.pending:
	case <-l.ctx.Done():
		select {
		case l.answer = <-l.pending: // it came in time
		default:
			l.answer = answer{nil, fmt.Errorf("%w: %w", keyrecord.ErrTemporary, l.ctx.Err())}
		}
	}
	l.pending = nil
	return l.answer
}

// tryKeys verifies the header signature of c, whose digest is given, with each
// of the keys that fits: one that verifies is enough. It sets what the Result
// tells of the key.
func (v *Verifier) tryKeys(c *check, keys *keyrecord.Keys, digest []byte) error {
	var best error
	for _, r := range keys.Records {
		bits, err := v.tryKey(&c.signature, r, digest)
		// Of several failures, one of a key that fits says most.
		if better := c.Record == nil || err == nil || !errors.Is(best, ErrSignature) && errors.Is(err, ErrSignature); better {
			best = err
			c.Record, c.KeyBits, c.Testing, c.Authentic = r, bits, r.Testing(), keys.Authentic
		}
		if err == nil {
			return nil
		}
	}
	if c.Record == nil {
		return fmt.Errorf("%w: %w", ErrKey, keyrecord.ErrNotFound)
	}
	return best
}

// tryKey checks that the record is for the signature, in the order of RFC 6376,
// section 6.1.2, then verifies.
func (v *Verifier) tryKey(s *Signature, r *keyrecord.Record, digest []byte) (bits int, err error) {
	if !r.AllowsHash(s.algorithm.hashTag) {
		return 0, fmt.Errorf("%w: inappropriate hash algorithm: h=%.40s, the signature has %s", ErrKey, strings.Join(r.Hashes, ":"), s.algorithm.hashTag)
	}
	if r.Revoked() {
		return 0, fmt.Errorf("%w: %w", ErrKey, keyrecord.ErrRevoked)
	}
	if !r.AllowsEmail() {
		return 0, fmt.Errorf("%w: not for mail: s=%.40s", ErrKey, strings.Join(r.Services, ":"))
	}
	keyType, bits, err := keyBits(r.Key)
	if err != nil {
		return bits, err
	}
	if keyType != s.algorithm.keyType {
		return bits, fmt.Errorf("%w: inappropriate key algorithm: k=%s, the signature is %s", ErrKey, keyType, s.algorithm.name)
	}
	if r.Strict() && s.host != s.domain {
		return bits, &TagError{"i", fmt.Errorf("%w: %w: t=s wants %q to equal %q", ErrDomain, ErrIdentifier, s.host, s.domain)}
	}
	if err := v.checkSize(r.Key, bits); err != nil {
		return bits, err
	}
	return bits, s.algorithm.verify(r.Key, digest, s.Value)
}

// checkSize refuses RSA keys that are too short.
func (v *Verifier) checkSize(key crypto.PublicKey, bits int) error {
	if _, ok := key.(*rsa.PublicKey); !ok {
		return nil
	}
	least := v.MinRSABits
	if least <= 0 {
		least = minRSABits
	}
	switch {
	case bits >= least:
		return nil
	case bits < minRSABits:
		return fmt.Errorf("%w: %d bits, RFC 8301 wants %d", ErrWeakKey, bits, minRSABits)
	}
	return fmt.Errorf("%w: %w: %d bits, MinRSABits is %d", ErrPolicy, ErrWeakKey, bits, least)
}
