package keyrecord

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"fmt"
	"strings"
)

// A Record is one key record (RFC 6376, section 3.6.1). It is safe for
// concurrent use as long as nobody changes it.
type Record struct {
	Key         crypto.PublicKey // p=: *rsa.PublicKey or ed25519.PublicKey; nil when revoked
	Hashes      []string         // h=: acceptable hash algorithms; nil when absent: all
	Services    []string         // s=: service types; nil when absent: all
	Flags       []string         // t=; nil when absent
	Granularity *string          // g= of RFC 4871; nil when absent
	Notes       string           // n=, decoded
}

// New returns a record that publishes pub, a *rsa.PublicKey of 1024 to 8192
// bits (RFC 8301 advises 2048 or more) or an ed25519.PublicKey. It holds no
// other tag: add Flags "s", as section 3.6.1 advises, unless an identity (i=) in
// a subdomain is wanted. Errors wrap ErrKeyType, ErrKeySize, or ErrSyntax for
// what is not a key.
func New(pub crypto.PublicKey) (*Record, error) {
	if err := checkKey(pub); err != nil {
		return nil, err
	}
	if k, ok := pub.(*rsa.PublicKey); ok && k.N.BitLen() < minRSABits {
		return nil, fmt.Errorf("%w: RSA of %d bits: RFC 8301 wants %d or more, and advises 2048", ErrKeySize, k.N.BitLen(), minRSABits)
	}
	return &Record{Key: pub}, nil
}

// checkKey checks that pub is a key that Parse could have returned.
func checkKey(pub crypto.PublicKey) error {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		if k == nil || k.N == nil {
			return fmt.Errorf("%w: an RSA key without modulus", ErrSyntax)
		}
		return checkRSA(k.N, int64(k.E))
	case ed25519.PublicKey:
		return checkEd25519(k)
	}
	return fmt.Errorf("%w: %T; want *rsa.PublicKey or ed25519.PublicKey", ErrKeyType, pub)
}

// Revoked reports whether p= is empty: the key is no longer to be trusted.
func (r *Record) Revoked() bool { return r.Key == nil }

// Testing reports the flag t=y: the domain is testing DKIM, and a message whose
// signature fails is to be treated as an unsigned one.
func (r *Record) Testing() bool { return hasWord(r.Flags, "y") }

// Strict reports the flag t=s: the domain of i= must be that of d=, not below it.
func (r *Record) Strict() bool { return hasWord(r.Flags, "s") }

// AllowsEmail reports whether the key may be used for mail: s= is absent, or
// lists "email" or "*".
func (r *Record) AllowsEmail() bool {
	return len(r.Services) == 0 || hasWord(r.Services, "email") || hasWord(r.Services, "*")
}

// AllowsHash reports whether the key may be used with the hash algorithm h, as
// "sha256": h= is absent, or lists it.
func (r *Record) AllowsHash(h string) bool {
	return len(r.Hashes) == 0 || hasWord(r.Hashes, h)
}

// hasWord compares words of ASCII without regard to case. strings.EqualFold
// would do more: to it the Kelvin sign is a "k".
func hasWord(list []string, word string) bool {
	for _, w := range list {
		if equalFold(w, word) {
			return true
		}
	}
	return false
}

func equalFold(a, b string) bool {
	return len(a) == len(b) && isASCII(a) && isASCII(b) && strings.EqualFold(a, b)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
