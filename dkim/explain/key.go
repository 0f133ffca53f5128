package explain

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/keyrecord"
)

// A key may have made a signature. Cause is "" for one that is published as it
// should be.
type key struct {
	public crypto.PublicKey
	cause  Cause
	detail string
}

const maxRSABits = 8192 // as packages dkim and keyrecord have it: the cost grows with the square

// fits reports whether the key is of the type of a=.
func (k key) fits(algorithm string) bool {
	switch k.public.(type) {
	case *rsa.PublicKey:
		return strings.HasPrefix(strings.ToLower(algorithm), "rsa-")
	case ed25519.PublicKey:
		return strings.HasPrefix(strings.ToLower(algorithm), "ed25519-")
	}
	return false
}

// verifies reports whether the key made sig over digest.
func (k key) verifies(hash crypto.Hash, digest, sig []byte) bool {
	switch pub := k.public.(type) {
	case *rsa.PublicKey:
		return pub.N.BitLen() <= maxRSABits && rsa.VerifyPKCS1v15(pub, hash, digest, sig) == nil
	case ed25519.PublicKey:
		return len(pub) == ed25519.PublicKeySize && len(sig) == ed25519.SignatureSize && ed25519.Verify(pub, digest, sig)
	}
	return false
}

// signedDigest returns the digest that an RSA signature was made over, or nil:
// PKCS #1 v1.5 carries it. It tells a changed header from another key, and
// spares a check for each header that is tried. No verdict rests on it: what it
// finds, crypto/rsa verifies.
func (k key) signedDigest(hash crypto.Hash, sig []byte) []byte {
	pub, ok := k.public.(*rsa.PublicKey)
	if !ok || pub.N.BitLen() > maxRSABits || len(sig) != pub.Size() {
		return nil
	}
	m := new(big.Int).Exp(new(big.Int).SetBytes(sig), big.NewInt(int64(pub.E)), pub.N)
	text := m.FillBytes(make([]byte, pub.Size()))
	at := len(text) - hash.Size()
	// 00 01 ff ... ff 00, then the DER of the hash's name, of 19 or 15 octets.
	if at < 11 || text[0] != 0 || text[1] != 1 || text[2] != 0xff || text[9] != 0xff {
		return nil
	}
	if digest := text[at:]; rsa.VerifyPKCS1v15(pub, hash, digest, sig) == nil {
		return digest
	}
	return nil
}

// A memo is a resolver that asks once for each name, and keeps the text.
type memo struct {
	resolver keyrecord.Resolver
	mu       sync.Mutex
	answers  map[string]memoAnswer
}

type memoAnswer struct {
	keyrecord.Answer
	err error
}

func newMemo(r keyrecord.Resolver) *memo {
	if r == nil {
		r = net.DefaultResolver
	}
	return &memo{resolver: r, answers: map[string]memoAnswer{}}
}

func (m *memo) LookupTXT(ctx context.Context, name string) ([]string, error) {
	a, err := m.LookupAnswer(ctx, name)
	return a.TXT, err
}

func (m *memo) LookupAnswer(ctx context.Context, name string) (keyrecord.Answer, error) {
	name = strings.ToLower(strings.TrimSuffix(name, ".")) + "."
	m.mu.Lock()
	a, ok := m.answers[name]
	m.mu.Unlock()
	if ok {
		return a.Answer, a.err
	}
	if r, ok := m.resolver.(keyrecord.AnswerResolver); ok {
		a.Answer, a.err = r.LookupAnswer(ctx, name)
	} else {
		a.TTL = -1
		a.TXT, a.err = m.resolver.LookupTXT(ctx, name)
	}
	m.mu.Lock()
	m.answers[name] = a
	m.mu.Unlock()
	return a.Answer, a.err
}

// text returns the TXT records at the name of a key, as they are.
func (m *memo) text(ctx context.Context, selector, domain string) []string {
	name, err := keyrecord.Name(selector, domain)
	if err != nil {
		return nil
	}
	txt, err := m.LookupTXT(ctx, name+".")
	if err != nil {
		return nil
	}
	const most = 8 // records at one name
	return txt[:min(len(txt), most)]
}

// keys returns the keys that may have made a signature: those that are
// published for it first, then those of a damaged record, then others.
func (x *explainer) keys(s *dkim.Signature) (list []key, err error) {
	ctx, cancel := context.WithTimeout(x.ctx, x.lookupTimeout())
	defer cancel()
	published, err := keyrecord.Lookup(ctx, x.memo, s.Selector, s.Domain)
	if err == nil {
		for _, r := range published.Records {
			if !r.Revoked() {
				list = append(list, key{public: r.Key})
			}
		}
		if len(list) == 0 {
			err = keyrecord.ErrRevoked
		}
	}
	if !errors.Is(err, keyrecord.ErrTemporary) {
		list = append(list, repairedKeys(x.memo.text(ctx, s.Selector, s.Domain))...)
	}
	for _, pub := range x.options.Keys[:min(len(x.options.Keys), maxOtherKeys)] {
		list = append(list, key{pub, KeyMismatch, "made with another key, one of those given"})
	}
	seen := []string{s.Selector}
	for _, selector := range append(x.selectors(s.Domain), x.options.Selectors...) {
		if len(seen) > maxOtherKeys {
			break
		}
		if containsFold(seen, selector) {
			continue
		}
		seen = append(seen, selector)
		other, err := keyrecord.Lookup(ctx, x.memo, selector, s.Domain)
		if err != nil {
			continue
		}
		for _, r := range other.Records {
			if !r.Revoked() {
				list = append(list, key{r.Key, KeyMismatch, "made with the key of selector " + selector})
			}
		}
	}
	var fit []key
	for _, k := range list {
		if k.fits(s.Algorithm) {
			fit = append(fit, k)
		}
	}
	return fit, err
}

// maxOtherKeys bounds the keys, and the selectors, that are tried in place of
// the published one.
const maxOtherKeys = 32

// weak reports whether all keys are of RSA and too short for crypto/rsa.
func weak(keys []key) bool {
	for _, k := range keys {
		if pub, ok := k.public.(*rsa.PublicKey); !ok || pub.N.BitLen() >= 1024 {
			return false
		}
	}
	return true
}

// keyFinding names the cause of an error of the key, without proof.
func keyFinding(err error, txt []string) Finding {
	cause, detail := KeyRefused, err.Error()
	switch {
	case errors.Is(err, keyrecord.ErrTemporary):
		cause = KeyUnavailable
	case errors.Is(err, keyrecord.ErrRevoked):
		cause = KeyRevoked
	case errors.Is(err, keyrecord.ErrNotFound):
		cause = KeyMissing
	case errors.Is(err, keyrecord.ErrKeyType):
		cause = KeyType
	case errors.Is(err, keyrecord.ErrSyntax):
		cause = KeyRecord
		if missing := cutKey(txt); missing > 0 {
			cause = KeyTruncated
			detail = fmt.Sprintf("p= ends %d octets before the key does", missing)
		}
	case strings.Contains(detail, "inappropriate key algorithm"):
		cause = KeyType
	}
	return Finding{Cause: cause, Detail: detail}
}
