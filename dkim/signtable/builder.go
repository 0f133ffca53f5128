package signtable

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/internal/domain"
)

// A builder makes the signer of one rule for one message.
type builder struct {
	table             *Table
	message           *Message
	found             *match
	rule              Rule // with what it takes from others
	internationalized bool

	vars vars
}

var errNoKey = fmt.Errorf("%w: the rule has neither Key nor KeyPath", dkim.ErrKey)

// keyFunc reads the key of a path.
type keyFunc func(ctx context.Context, path string) (crypto.Signer, error)

// key reads a key from Table.Keys.
func (t *Table) key(ctx context.Context, path string) (crypto.Signer, error) {
	if t.Keys == nil {
		return nil, fmt.Errorf("%w: %s: Table.Keys is nil", dkim.ErrKey, path)
	}
	return t.Keys.Key(ctx, path)
}

// build returns the signer, or nil if the rule makes no signature for the
// message.
func (b *builder) build(ctx context.Context, load keyFunc) (*dkim.Signer, error) {
	r := &b.rule
	v := &b.vars
	v.sender, v.senderDomain, v.key = b.message.Sender, b.message.Domain, b.found.key
	v.keyDomain = b.found.domain
	if v.keyDomain == "" {
		v.keyDomain = b.message.Domain
	}
	written, err := b.domain()
	if err != nil || v.d == "" {
		return nil, err
	}
	if v.s, err = domain.SelectorToASCII(r.Selector); err != nil {
		return nil, &dkim.TagError{Tag: "s", Err: fmt.Errorf("%w: %w", dkim.ErrSyntax, err)}
	}
	s := &dkim.Signer{
		Domain: v.d, Selector: v.s, Headers: r.Headers, Canon: r.Canon,
		Lifetime: max(0, r.Lifetime), BodyLength: r.BodyLength == On, BodyOctets: max(0, r.BodyOctets),
		CopyHeaders: r.CopyHeaders == On, Query: r.Query == On, OmitTime: r.OmitTime == On, Extra: r.Extra,
		Internationalized: b.internationalized, Time: b.table.Time,
	}
	if b.internationalized {
		s.Domain, s.Selector = written, r.Selector
	}
	if r.Identity != "-" {
		if s.Identifier, err = v.expand(r.Identity, inIdentity); err != nil {
			return nil, &dkim.TagError{Tag: "i", Err: fmt.Errorf("%w: %w", dkim.ErrIdentifier, err)}
		}
	}
	s.Key, err = b.key(ctx, load)
	if err != nil {
		if r.Optional == On && errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, err
	}
	return s, checkAlgorithm(r.Algorithm, s.Key)
}

// domain sets vars.d, and returns d= as it was written.
func (b *builder) domain() (written string, err error) {
	v := &b.vars
	written = v.keyDomain
	chosen := false // by the rule, so that a bad one is an error
	switch r := &b.rule; {
	case r.Domain != "":
		written, err = v.expand(r.Domain, inDomain)
		chosen = !strings.Contains(r.Domain, "%")
	case r.BaseDomain != "":
		written, chosen = r.BaseDomain, true
		of := v.senderDomain
		if of == "" {
			of = v.keyDomain
		}
		if !domain.AtOrBelow(of, r.BaseDomain) {
			err = fmt.Errorf("%q is not at or below BaseDomain", of)
		}
	}
	if errors.Is(err, ErrMacro) && v.senderDomain == "" {
		return "", nil // nobody is the sender
	}
	if err == nil {
		v.d, err = domain.ToASCII(written)
	}
	if err != nil && (chosen || errors.Is(err, ErrMacro)) {
		return "", &dkim.TagError{Tag: "d", Err: fmt.Errorf("%w: %w", dkim.ErrDomain, err)}
	}
	return written, nil
}

// key returns the key of the rule.
func (b *builder) key(ctx context.Context, load keyFunc) (crypto.Signer, error) {
	r := &b.rule
	switch {
	case isEmpty(r.Key):
		return nil, fmt.Errorf("%w: Key is an empty %T", dkim.ErrKey, r.Key)
	case r.Key != nil:
		return r.Key, nil
	case r.KeyPath == "":
		return nil, errNoKey
	}
	path, err := b.path()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", dkim.ErrKey, err)
	}
	return load(ctx, path)
}

// isEmpty reports whether key is one of the standard library whose methods
// would panic.
func isEmpty(key crypto.Signer) bool {
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return key == nil
	case ed25519.PrivateKey:
		return len(key) != ed25519.PrivateKeySize
	}
	return false
}

// path expands KeyPath. Its macros are names without slashes and empty labels,
// so that the path stays as deep as its template.
func (b *builder) path() (string, error) {
	v := b.vars
	var err error
	if name := b.rule.KeyDomain; name != "" {
		if v.d, err = domain.ToASCII(name); err != nil {
			return "", fmt.Errorf("KeyDomain: %w", err)
		}
	}
	if name := b.rule.KeySelector; name != "" {
		if v.s, err = domain.SelectorToASCII(name); err != nil {
			return "", fmt.Errorf("KeySelector: %w", err)
		}
	}
	if v.keyDomain != "" && v.keyDomain != v.senderDomain {
		if _, err := domain.SelectorToASCII(v.keyDomain); err != nil {
			v.keyDomain = "" // an identifier of a list need not be a domain name
		}
	}
	return v.expand(b.rule.KeyPath, inPath)
}

// checkAlgorithm checks that a key makes the signatures that a= names.
func checkAlgorithm(name string, key crypto.Signer) error {
	fail := func(reason error, format string, args ...any) error {
		return &dkim.TagError{Tag: "a", Err: fmt.Errorf("%w: "+format, append([]any{reason}, args...)...)}
	}
	fits := false
	switch lower(name) {
	case "":
		return nil
	case "rsa-sha256":
		_, fits = key.Public().(*rsa.PublicKey)
	case "ed25519-sha256":
		_, fits = key.Public().(ed25519.PublicKey)
	case "rsa-sha1":
		return fail(dkim.ErrAlgorithm, "%w: RFC 8301, section 3.1, forbids to sign with rsa-sha1; use rsa-sha256", dkim.ErrHistoric)
	default:
		return fail(dkim.ErrAlgorithm, "%.40q is unknown", name)
	}
	if !fits {
		return fail(dkim.ErrAlgorithm, "the key is a %T, which makes no %s", key.Public(), lower(name))
	}
	return nil
}
