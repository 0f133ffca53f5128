package keyrecord

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"strings"
)

// Check asks whether DNS publishes pub under a selector and domain now: before
// a signer starts to use a key, say. A *Cache is asked past what it keeps, and
// then keeps the new answer.
//
// It returns nil if one of the records holds pub. Errors wrap ErrMismatch when
// the records hold other keys, and the text names both; ErrRevoked when all are
// revoked; ErrKeyType for a pub that is neither *rsa.PublicKey nor
// ed25519.PublicKey; and else what Lookup reports.
func Check(ctx context.Context, r Resolver, selector, domain string, pub crypto.PublicKey) error {
	if err := checkKey(pub); err != nil {
		return err
	}
	name, err := Name(selector, domain)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	keys, err := lookupFresh(ctx, r, name)
	if err != nil {
		return err
	}
	var others []string
	for _, rec := range keys.Records {
		if rec.Revoked() {
			continue
		}
		if equalKeys(rec.Key, pub) {
			return nil
		}
		others = append(others, describe(rec.Key))
	}
	if others == nil {
		return fmt.Errorf("%w: p= is empty at %s", ErrRevoked, name)
	}
	return fmt.Errorf("%w: at %s is %s; want %s", ErrMismatch, name, strings.Join(others, ", "), describe(pub))
}

func lookupFresh(ctx context.Context, r Resolver, name string) (*Keys, error) {
	if c, ok := r.(*Cache); ok {
		e, err := c.wait(ctx, name, true)
		if err != nil {
			return nil, err
		}
		return e.keys, e.err
	}
	a, err := LookupAnswer(ctx, r, name)
	if err != nil {
		return nil, err
	}
	return parseAnswer(name, a)
}

func equalKeys(a, b crypto.PublicKey) bool {
	switch a := a.(type) {
	case *rsa.PublicKey:
		return a.Equal(b)
	case ed25519.PublicKey:
		return a.Equal(b)
	}
	return false
}

// describe names a key by its kind and the first octets of the SHA-256 of what
// p= encodes.
func describe(pub crypto.PublicKey) string {
	raw, err := keyOctets(pub)
	if err != nil {
		return "no key"
	}
	sum := sha256.Sum256(raw)
	if k, ok := pub.(*rsa.PublicKey); ok {
		return fmt.Sprintf("RSA of %d bits, SHA-256 %x...", k.N.BitLen(), sum[:8])
	}
	return fmt.Sprintf("Ed25519, SHA-256 %x...", sum[:8])
}
