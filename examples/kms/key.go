package main

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"math/big"

	"github.com/miekg/pkcs11"
	"github.com/waxseal/waxseal/dkim"
)

// Numbers of PKCS #11 3.0 that package pkcs11 does not name.
const (
	ckkECEdwards = 0x40
	ckmEdDSA     = 0x1057
)

// A Key is a private key in a Token: RSA or Ed25519. The Token makes the
// signature; the key never leaves it.
type Key struct {
	token  *Token
	label  string
	public crypto.PublicKey
}

var _ dkim.ContextSigner = (*Key)(nil)

// Key finds the key pair with a label.
func (t *Token) Key(ctx context.Context, label string) (*Key, error) {
	k := &Key{token: t, label: label}
	err := t.do(ctx, func(s *session) (err error) {
		if _, err = t.private(s, label); err == nil {
			k.public, err = t.publicKey(s, label)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return k, nil
}

// Public returns an *rsa.PublicKey or an ed25519.PublicKey.
func (k *Key) Public() crypto.PublicKey { return k.public }

// Sign is SignContext without a context.
func (k *Key) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return k.SignContext(context.Background(), rand, digest, opts)
}

// SignContext signs a SHA-256 digest with PKCS #1 v1.5, or a message with Ed25519.
// It uses the randomness of the token. When ctx ends it returns, though the token
// may finish the signature.
func (k *Key) SignContext(ctx context.Context, _ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	mechanism, data, err := k.mechanism(digest, opts)
	if err != nil {
		return nil, err
	}
	var signature []byte
	err = k.token.do(ctx, func(s *session) error {
		private, err := k.token.private(s, k.label)
		if err != nil {
			return err
		}
		if err := k.token.module.SignInit(s.handle, []*pkcs11.Mechanism{pkcs11.NewMechanism(mechanism, nil)}, private); err != nil {
			return fmt.Errorf("key %s: %w", k.label, err)
		}
		made, err := k.token.module.Sign(s.handle, data)
		if err != nil {
			return fmt.Errorf("key %s: %w", k.label, err)
		}
		signature = made
		return nil
	})
	if err != nil {
		return nil, err
	}
	return signature, nil
}

// sha256Info is what PKCS #1 v1.5 puts before a SHA-256 digest: the algorithm, in DER.
const sha256Info = "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"

// mechanism returns the mechanism that signs, and what it gets.
func (k *Key) mechanism(digest []byte, opts crypto.SignerOpts) (mechanism uint, data []byte, err error) {
	_, rsaKey := k.public.(*rsa.PublicKey)
	_, pss := opts.(*rsa.PSSOptions)
	switch {
	case rsaKey && !pss && opts.HashFunc() == crypto.SHA256 && len(digest) == crypto.SHA256.Size():
		return pkcs11.CKM_RSA_PKCS, append([]byte(sha256Info), digest...), nil
	case !rsaKey && opts.HashFunc() == crypto.Hash(0):
		return ckmEdDSA, digest, nil
	}
	return 0, nil, fmt.Errorf("key %s (%T) does not sign %d octets with %v", k.label, k.public, len(digest), opts.HashFunc())
}

// private finds a private key, once for each session.
func (t *Token) private(s *session, label string) (pkcs11.ObjectHandle, error) {
	if object, ok := s.keys[label]; ok {
		return object, nil
	}
	object, err := t.object(s, pkcs11.CKO_PRIVATE_KEY, label)
	if err == nil {
		s.keys[label] = object
	}
	return object, err
}

// object finds the one object of a class and label.
func (t *Token) object(s *session, class uint, label string) (pkcs11.ObjectHandle, error) {
	kind := map[uint]string{pkcs11.CKO_PRIVATE_KEY: "private", pkcs11.CKO_PUBLIC_KEY: "public"}[class]
	err := t.module.FindObjectsInit(s.handle, []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_CLASS, class),
		pkcs11.NewAttribute(pkcs11.CKA_LABEL, label),
	})
	if err != nil {
		return 0, fmt.Errorf("%s key %s: %w", kind, label, err)
	}
	objects, _, err := t.module.FindObjects(s.handle, 2)
	if final := t.module.FindObjectsFinal(s.handle); err == nil {
		err = final
	}
	switch {
	case err != nil:
		return 0, fmt.Errorf("%s key %s: %w", kind, label, err)
	case len(objects) == 0:
		return 0, fmt.Errorf("no %s key has the label %q", kind, label)
	case len(objects) > 1:
		return 0, fmt.Errorf("more than one %s key has the label %q", kind, label)
	}
	return objects[0], nil
}

// publicKey reads a public key.
func (t *Token) publicKey(s *session, label string) (crypto.PublicKey, error) {
	object, err := t.object(s, pkcs11.CKO_PUBLIC_KEY, label)
	if err != nil {
		return nil, err
	}
	values := func(types ...uint) (list []*pkcs11.Attribute, err error) {
		for _, a := range types {
			list = append(list, pkcs11.NewAttribute(a, nil))
		}
		if list, err = t.module.GetAttributeValue(s.handle, object, list); err != nil {
			return nil, fmt.Errorf("public key %s: %w", label, err)
		}
		return list, nil
	}
	if list, err := values(pkcs11.CKA_MODULUS, pkcs11.CKA_PUBLIC_EXPONENT); err == nil {
		e := new(big.Int).SetBytes(list[1].Value)
		if !e.IsInt64() || e.Int64() > 1<<31-1 {
			return nil, fmt.Errorf("public key %s: the exponent is too large", label)
		}
		return &rsa.PublicKey{N: new(big.Int).SetBytes(list[0].Value), E: int(e.Int64())}, nil
	}
	list, err := values(pkcs11.CKA_KEY_TYPE, pkcs11.CKA_EC_PARAMS, pkcs11.CKA_EC_POINT)
	if err != nil {
		return nil, err
	}
	point, err := edPoint(list[0].Value, list[1].Value, list[2].Value)
	if err != nil {
		return nil, fmt.Errorf("public key %s: %w", label, err)
	}
	return point, nil
}

// edPoint returns the Ed25519 key of an elliptic-curve object. Tokens name the
// curve by a string or an OID, and give the point with or without DER around it.
func edPoint(keyType, params, point []byte) (ed25519.PublicKey, error) {
	const name, oid = "\x13\x0cedwards25519", "\x06\x03\x2b\x65\x70"
	if len(keyType) == 0 || keyType[0] != ckkECEdwards || string(params) != name && string(params) != oid {
		return nil, errors.New("neither RSA nor Ed25519")
	}
	if len(point) == 2+ed25519.PublicKeySize && point[0] == 4 && point[1] == ed25519.PublicKeySize {
		point = point[2:]
	}
	if len(point) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("its point has %d octets", len(point))
	}
	return ed25519.PublicKey(point), nil
}
