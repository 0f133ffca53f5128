package keyrecord

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// ErrPublished reports that DNS still publishes a key that is to be retired.
var ErrPublished = errors.New("the key is still in DNS")

// Revocation returns the record that withdraws a key: its p= is empty (section
// 3.6.1), and notes says why, if it is not empty. Publish it under the selector
// of the key, by ZoneLine say, a week or more after the last message was signed
// with it, so that what is still under way verifies. A selector that was revoked
// is not used again.
func Revocation(notes string) *Record { return &Record{Notes: notes} }

// Retired returns the private key of a selector as a text for everybody to
// read: lines that say what it was, and the key in PEM (PKCS #8), in the form
// that dkim.ParseKey reads. Once it is public, a signature that was made with it
// proves nothing to whom a message is leaked, since anybody can have made it.
//
// It asks DNS first, as Check does, and gives out no key that can still sign:
// the error wraps ErrPublished if a record holds the key. It wraps ErrKeyType for
// a key that is neither *rsa.PrivateKey nor ed25519.PrivateKey, and else what
// Check reports. DNS caches may know the key for the TTL of its record longer.
func Retired(ctx context.Context, r Resolver, selector, domain string, key crypto.Signer) ([]byte, error) {
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if k == nil {
			return nil, fmt.Errorf("%w: a nil RSA key", ErrKeyType)
		}
	case ed25519.PrivateKey:
		if len(k) != ed25519.PrivateKeySize {
			return nil, fmt.Errorf("%w: an Ed25519 key of %d octets", ErrKeyType, len(k))
		}
	default:
		return nil, fmt.Errorf("%w: %T; want *rsa.PrivateKey or ed25519.PrivateKey", ErrKeyType, key)
	}
	name, err := Name(selector, domain)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	switch err := Check(ctx, r, selector, domain, key.Public()); {
	case err == nil:
		return nil, fmt.Errorf("%w, at %s: publish its Revocation first", ErrPublished, name)
	case !errors.Is(err, ErrRevoked) && !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrMismatch):
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeyType, err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "The DKIM key of %s, retired.\nIt is public on purpose: a signature made with it proves nothing.\n\n", name)
	if err := pem.Encode(&b, &pem.Block{Type: "PRIVATE KEY", Bytes: der}); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
