package dkim

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/headerlist"
	"github.com/waxseal/waxseal/internal/domain"
	"github.com/waxseal/waxseal/internal/taglist"
	"github.com/waxseal/waxseal/keyrecord"
)

// A Signer says how one signature is made. Domain, Selector and Key are
// required; the zero value of the other fields is what most domains want. It
// is read-only while in use, and safe for concurrent use if Key is.
type Signer struct {
	Domain   string // d=; U-labels are written as A-labels, unless Internationalized
	Selector string // s=; likewise

	// Key signs. It is an RSA key of 1024 to 8192 bits (RFC 8301 wants 2048 or
	// more), which gives rsa-sha256, or an Ed25519 key, which gives
	// ed25519-sha256: Key.Public says which. A key in an HSM or a key service
	// fits; one that takes a context is a ContextSigner. Ed25519 keys sign the
	// digest as a message, with crypto.Hash(0) (RFC 8463).
	Key crypto.Signer

	// Headers chooses the fields to sign. Nil is DefaultHeaders. It must choose
	// From.
	Headers headerlist.List

	Canon       canon.Pair    // c=; a half that is zero is relaxed
	Identifier  string        // i=, an address at or below Domain; empty: no i=
	Lifetime    time.Duration // x= is t= plus this, in whole seconds; zero: no x=
	BodyLength  bool          // writes l=: what is added to the body later stays unsigned, and verifiers may refuse it
	BodyOctets  int64         // writes l= with this number and signs no more of the body; zero: nothing; a shorter body is ErrBodyLength
	CopyHeaders bool          // writes z=: copies of the signed fields, for diagnosis
	Query       bool          // writes q=dns/txt, which is what its absence means
	OmitTime    bool          // writes no t=
	Extra       []Tag         // tags of extensions, written as they are: r=y of RFC 6651, say

	// Internationalized says that the message is SMTPUTF8: U-labels in Domain,
	// Selector and Identifier, and UTF-8 in its local part, are written as they
	// are (RFC 8616).
	Internationalized bool

	Time func() time.Time // gives t=; nil is time.Now

	// Done is called when a signature is made, or fails, with the time that its
	// header hash and its key took by Time, and the error: for statistics. One
	// that is given up since another failed is not reported. Those of keys that
	// are ContextSigners may be reported at the same time. Nil is none.
	Done func(took time.Duration, err error)
}

// A SignerSource chooses the signers for a message by its header. It returns
// none for a message that is not to be signed. The Header is valid until it
// returns. A *Signer and a SignerList are sources that do not look at the
// message.
type SignerSource interface {
	SignersFor(ctx context.Context, h *Header) ([]*Signer, error)
}

// SignersFor returns s.
func (s *Signer) SignersFor(context.Context, *Header) ([]*Signer, error) {
	return []*Signer{s}, nil
}

// A SignerList is several signers for every message: one with an RSA and one
// with an Ed25519 key, say, under different selectors.
type SignerList []*Signer

// SignersFor returns l.
func (l SignerList) SignersFor(context.Context, *Header) ([]*Signer, error) {
	return l, nil
}

// A ContextSigner is a key that takes a context: one that a service holds.
// SignContext is Sign with the context of the writer, and several of them run
// side by side.
type ContextSigner interface {
	crypto.Signer
	SignContext(ctx context.Context, rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error)
}

// defaultHeaders is read-only.
var defaultHeaders = headerlist.MustParse(
	"From+:From:To+:To:Cc+:Cc:Subject+:Subject:Date+:Date:Message-ID+:Message-ID:Reply-To+:Reply-To:" +
		"Content-Type+:Content-Type:MIME-Version+:Content-Transfer-Encoding+:Content-ID+:Content-Description+:" +
		"Sender+:In-Reply-To+:References+:Resent-Date+:Resent-From+:Resent-Sender+:Resent-To+:Resent-Cc+:Resent-Message-ID+:" +
		"List-Id+:List-Help+:List-Unsubscribe+:List-Unsubscribe-Post+:List-Subscribe+:List-Post+:List-Owner+:List-Archive+")

// DefaultHeaders returns the list of fields that a Signer signs whose Headers
// is nil: what RFC 6376, section 5.4.1, and RFC 8058 want signed. In
// Momentum's syntax:
//
//	From+:From:To+:To:Cc+:Cc:Subject+:Subject:Date+:Date:Message-ID+:Message-ID:Reply-To+:Reply-To:
//	Content-Type+:Content-Type:MIME-Version+:Content-Transfer-Encoding+:Content-ID+:Content-Description+:
//	Sender+:In-Reply-To+:References+:Resent-Date+:Resent-From+:Resent-Sender+:Resent-To+:Resent-Cc+:Resent-Message-ID+:
//	List-Id+:List-Help+:List-Unsubscribe+:List-Unsubscribe-Post+:List-Subscribe+:List-Post+:List-Owner+:List-Archive+
//
// The fields up to Content-Type are oversigned: adding one breaks the
// signature, also where the message has none. Sender and List-* are not, since
// a mailing list adds them. A list that sets Reply-To on messages without one
// breaks the signature; who writes to such lists leaves that assertion out:
//
//	slices.DeleteFunc(dkim.DefaultHeaders(), func(e headerlist.Entry) bool {
//		return e == headerlist.Entry{Name: "Reply-To"}
//	})
func DefaultHeaders() headerlist.List { return slices.Clone(defaultHeaders) }

func (s *Signer) headers() headerlist.List {
	if s.Headers == nil {
		return defaultHeaders
	}
	return s.Headers
}

func (s *Signer) canon() canon.Pair {
	c := s.Canon
	if c.Header == 0 {
		c.Header = canon.Relaxed
	}
	if c.Body == 0 {
		c.Body = canon.Relaxed
	}
	return c
}

func (s *Signer) now() time.Time {
	if s.Time != nil {
		return s.Time()
	}
	return time.Now()
}

// KeyName returns the name of the DNS record for the key, in A-labels:
// "s1._domainkey.example.org".
func (s *Signer) KeyName() (string, error) {
	return keyrecord.Name(s.Selector, s.Domain)
}

// Record returns the key record to publish at KeyName.
func (s *Signer) Record() (*keyrecord.Record, error) {
	if isNilKey(s.Key) {
		return nil, fmt.Errorf("%w: Key is nil", ErrKey)
	}
	return keyrecord.New(s.Key.Public())
}

// Validate returns what Finish would refuse about s whatever the message: call
// it at start-up. Errors are a *TagError where they are about one tag, and wrap
// ErrDomain, ErrSyntax, ErrIdentifier, ErrKey, ErrWeakKey, ErrFrom, ErrExpired,
// ErrBodyLength, ErrPolicy (a tag of Extra that this package writes itself), or
// the errors of package headerlist.
func (s *Signer) Validate() error {
	if s == nil {
		return fmt.Errorf("%w: the Signer is nil", ErrNoSigner)
	}
	return s.prepare(new(Signature))
}

// prepare checks s, and sets sig to the signature that it makes as far as it
// does not depend on the message.
func (s *Signer) prepare(sig *Signature) (err error) {
	*sig = Signature{Version: 1, Canon: s.canon(), eai: s.Internationalized}
	if sig.domain, err = domain.ToASCII(s.Domain); err != nil {
		return tagErrorf("d", ErrDomain, "%v", err)
	}
	if domain.IsPublicSuffix(sig.domain) {
		return tagErrorf("d", ErrDomain, "%s is a public suffix; verifiers refuse it", sig.domain)
	}
	if sig.selector, err = domain.SelectorToASCII(s.Selector); err != nil {
		return tagErrorf("s", ErrSyntax, "%v", err)
	}
	if _, err := keyrecord.Name(sig.selector, sig.domain); err != nil {
		return tagErrorf("s", ErrSyntax, "%v", err)
	}
	sig.Domain, sig.Selector = sig.domain, sig.selector
	if s.Internationalized {
		sig.Domain, sig.Selector = s.Domain, s.Selector
	}
	if sig.Identifier, err = s.identifier(sig); err != nil {
		return err
	}
	if sig.algorithm, err = s.checkKey(); err != nil {
		return err
	}
	sig.Algorithm = sig.algorithm.name
	if s.Lifetime != 0 && s.Lifetime < time.Second {
		return tagErrorf("x", ErrExpired, "a Lifetime of %v; want a second or more, or zero for no x=", s.Lifetime)
	}
	if s.BodyOctets < 0 {
		return tagErrorf("l", ErrBodyLength, "BodyOctets is %d", s.BodyOctets)
	}
	if s.Query {
		sig.Query = []string{"dns/txt"}
	}
	if sig.Other, err = s.extra(); err != nil {
		return err
	}
	if s.Canon.Header > canon.Relaxed || s.Canon.Body > canon.Relaxed {
		return tagErrorf("c", ErrAlgorithm, "Canon is %v", s.Canon)
	}
	return s.checkHeaders()
}

// identifier checks i= and returns it as it is written.
func (s *Signer) identifier(sig *Signature) (string, error) {
	if s.Identifier == "" {
		return "", nil
	}
	bad := func(format string, args ...any) (string, error) {
		return "", &TagError{"i", fmt.Errorf("%w: "+format, append([]any{ErrIdentifier}, args...)...)}
	}
	host, err := checkIdentifier(s.Identifier)
	if err != nil {
		return bad("%v", err)
	}
	if !domain.AtOrBelow(host, sig.domain) {
		return bad("%w: %q is not at or below %q", ErrDomain, host, s.Domain)
	}
	if s.Internationalized {
		return s.Identifier, nil
	}
	return s.Identifier[:strings.LastIndexByte(s.Identifier, '@')+1] + host, nil
}

// extra checks the tags of Extra and returns them. What they hold ends no tag,
// and there is none that a field of Signer writes.
func (s *Signer) extra() ([]Tag, error) {
	for _, t := range s.Extra {
		list, err := taglist.Parse(t.Name + "=" + t.Value)
		switch {
		case err != nil:
			return nil, tagErrorf(t.Name, ErrSyntax, "Extra: %v", err)
		case len(list) != 1 || list[0].Name != t.Name || list[0].Value != t.Value:
			return nil, tagErrorf(t.Name, ErrSyntax, "Extra: %q is not the value of one tag", t.Value)
		case strings.IndexFunc(t.Value, func(r rune) bool { return r <= ' ' }) >= 0:
			return nil, tagErrorf(t.Name, ErrSyntax, "Extra: white space in %q, which cannot be folded", t.Value)
		case slices.Contains([]string{"v", "a", "b", "bh", "c", "d", "h", "i", "l", "q", "s", "t", "x", "z"}, t.Name):
			return nil, tagErrorf(t.Name, ErrPolicy, "Extra: the tag has a field of its own")
		}
	}
	for i, t := range s.Extra {
		if slices.ContainsFunc(s.Extra[:i], func(u Tag) bool { return u.Name == t.Name }) {
			return nil, tagErrorf(t.Name, ErrSyntax, "Extra: twice")
		}
	}
	return s.Extra, nil
}

// checkKey checks the key and returns the algorithm that goes with it.
func (s *Signer) checkKey() (*algorithm, error) {
	if isNilKey(s.Key) {
		return nil, fmt.Errorf("%w: Key is nil", ErrKey)
	}
	if _, ok := s.Key.(ed25519.PrivateKey); ok {
		return ed25519SHA256, nil // its Public makes a copy
	}
	keyType, bits, err := keyBits(s.Key.Public())
	switch {
	case err != nil:
		return nil, err
	case keyType == "ed25519":
		return ed25519SHA256, nil
	case bits < minRSABits:
		return nil, fmt.Errorf("%w: %w: an RSA key of %d bits; RFC 8301 wants %d at least, and 2048 if possible", ErrKey, ErrWeakKey, bits, minRSABits)
	}
	return rsaSHA256, nil
}

// isNilKey reports whether key is nil, or a key of the standard library that
// is empty, whose methods would panic.
func isNilKey(key crypto.Signer) bool {
	switch key := key.(type) {
	case nil:
		return true
	case *rsa.PrivateKey:
		return key == nil
	case ed25519.PrivateKey:
		return len(key) != ed25519.PrivateKeySize
	case *ed25519.PrivateKey:
		return key == nil || len(*key) != ed25519.PrivateKeySize
	}
	return false
}

// checkHeaders checks that the header list is well formed and chooses From.
func (s *Signer) checkHeaders() error {
	if s.Headers == nil {
		return nil // the default list is good
	}
	if err := s.headers().Validate(); err != nil {
		return &TagError{"h", err}
	}
	for _, e := range s.headers() {
		if equalName(e.Name, "From") {
			return nil
		}
	}
	return tagErrorf("h", ErrFrom, "Headers must choose From")
}

// sign signs a digest.
func (s *Signer) sign(ctx context.Context, rand io.Reader, alg *algorithm, digest []byte) (value []byte, err error) {
	opts := crypto.SignerOpts(alg.hash)
	if alg.keyType == "ed25519" {
		opts = crypto.Hash(0) // RFC 8463 signs the digest as a message
	}
	if key, ok := s.Key.(ContextSigner); ok {
		value, err = key.SignContext(ctx, rand, digest, opts)
	} else {
		value, err = s.Key.Sign(rand, digest, opts)
	}
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	switch s.Key.(type) {
	case *rsa.PrivateKey, ed25519.PrivateKey:
		return value, nil // the standard library makes no others
	}
	if err := alg.verify(s.Key.Public(), digest, value); err != nil {
		return nil, fmt.Errorf("%w: the key made a signature that its public half does not verify; want %s over the given digest", ErrKey, alg.name)
	}
	return value, nil
}
