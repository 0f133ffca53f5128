package domainkeys

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"strings"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/internal/domain"
	"github.com/waxseal/waxseal/keyrecord"
)

// A Signer says how a signature is made. Domain, Selector and Key are required.
// It is read-only while in use, and safe for concurrent use if Key is.
type Signer struct {
	Domain   string // d=: the domain of the sending address, or a parent of it
	Selector string // s=
	// Key is an RSA key of 1024 to 8192 bits; verifiers of the time knew 2048 at
	// most. One that is a dkim.ContextSigner gets the context.
	Key   crypto.Signer
	Canon Canon // c=; zero is NoFWS
	// Fields names the fields to sign, all copies of each, and is written as h=.
	// It must name From, and Sender in a message that has it. {"*"} is all fields
	// of the message, as RFC 4870 wants of h=. Nil signs all and writes no h=.
	Fields []string
}

// A SignerSource chooses the signer for a message by its sending address. It
// returns nil for a message that is not to be signed. A *Signer is a source that
// does not look at it.
type SignerSource interface {
	SignerFor(ctx context.Context, sender string) (*Signer, error)
}

// SignerFor returns s.
func (s *Signer) SignerFor(context.Context, string) (*Signer, error) { return s, nil }

// KeyName returns the name of the DNS record for the key:
// "brisbane._domainkey.example.net".
func (s *Signer) KeyName() (string, error) { return keyrecord.Name(s.Selector, s.Domain) }

// Record returns the key record to publish at KeyName. DKIM can use it too.
func (s *Signer) Record() (*keyrecord.Record, error) { return s.dkim().Record() }

// dkim returns the parts that DomainKeys and DKIM have in common.
func (s *Signer) dkim() *dkim.Signer {
	return &dkim.Signer{Domain: s.Domain, Selector: s.Selector, Key: s.Key}
}

// Validate returns what Finish would refuse about s whatever the message: call
// it at start-up. Errors wrap those of package dkim: ErrDomain, ErrSyntax,
// ErrKey, ErrWeakKey, ErrAlgorithm and ErrNoSigner.
func (s *Signer) Validate() error {
	_, err := s.prepare()
	return err
}

// prepare checks s, and returns the signature that it makes as far as it does
// not depend on the message.
func (s *Signer) prepare() (*Signature, error) {
	if s == nil {
		return nil, fmt.Errorf("%w: the Signer is nil", dkim.ErrNoSigner)
	}
	if err := s.dkim().Validate(); err != nil {
		return nil, err
	}
	if _, ok := s.Key.Public().(*rsa.PublicKey); !ok {
		return nil, fmt.Errorf("%w: %w: %T; DomainKeys has RSA keys only", dkim.ErrKey, keyrecord.ErrKeyType, s.Key.Public())
	}
	sig := &Signature{Canon: s.Canon}
	if sig.Canon == 0 {
		sig.Canon = NoFWS
	}
	if sig.Canon > NoFWS {
		return nil, tagErrorf("c", dkim.ErrAlgorithm, "Canon is %d", s.Canon)
	}
	for _, f := range s.Fields {
		if !isFieldName(f) {
			return nil, tagErrorf("h", dkim.ErrSyntax, "%.40q is no field name", f)
		}
	}
	sig.domain, _ = domain.ToASCII(s.Domain) // Validate has checked both
	sig.Domain = sig.domain
	sig.Selector, _ = domain.SelectorToASCII(s.Selector)
	return sig, nil
}

// isFieldName reports whether s can stand in h=.
func isFieldName(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || r == ':' || r == ';' }) < 0
}

// sign computes b= of a digest.
func (s *Signer) sign(ctx context.Context, digest []byte) (value []byte, err error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	if key, ok := s.Key.(dkim.ContextSigner); ok {
		value, err = key.SignContext(ctx, rand.Reader, digest, crypto.SHA1)
	} else {
		value, err = s.Key.Sign(rand.Reader, digest, crypto.SHA1)
	}
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	if err := rsa.VerifyPKCS1v15(s.Key.Public().(*rsa.PublicKey), crypto.SHA1, digest, value); err != nil {
		return nil, fmt.Errorf("%w: the key made a signature that its public half does not verify; want %s over the given digest", dkim.ErrKey, algorithm)
	}
	return value, nil
}
