package dkim

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	_ "crypto/sha1" // rsa-sha1, for archives
	_ "crypto/sha256"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/waxseal/waxseal/keyrecord"
)

// An algorithm is a value of a=.
type algorithm struct {
	name    string
	keyType string // k=
	hashTag string // the name of hash in the h= of a key record
	hash    crypto.Hash
}

var ( // read-only
	rsaSHA256     = &algorithm{"rsa-sha256", "rsa", "sha256", crypto.SHA256}
	rsaSHA1       = &algorithm{"rsa-sha1", "rsa", "sha1", crypto.SHA1}
	ed25519SHA256 = &algorithm{"ed25519-sha256", "ed25519", "sha256", crypto.SHA256}
)

// parseAlgorithm finds the algorithm of a=, without regard to case, as RFC 5234
// reads the literals of the grammar.
func parseAlgorithm(a string) (*algorithm, error) {
	for _, alg := range [...]*algorithm{rsaSHA256, ed25519SHA256, rsaSHA1} {
		if strings.EqualFold(a, alg.name) && len(a) == len(alg.name) {
			return alg, nil
		}
	}
	key, hash, _ := strings.Cut(a, "-")
	if !isAlgorithmPart(key) || !isAlgorithmPart(hash) {
		return nil, tagErrorf("a", ErrSyntax, "%.40q is not a key type, a hyphen and a hash", a)
	}
	return nil, tagErrorf("a", ErrAlgorithm, "%.40q is unknown", a)
}

// isAlgorithmPart reports whether s is a letter, then letters and digits.
func isAlgorithmPart(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if !('a' <= c && c <= 'z' || i > 0 && '0' <= s[i] && s[i] <= '9') {
			return false
		}
	}
	return s != ""
}

const (
	minRSABits = 1024 // RFC 8301, section 3.2
	maxRSABits = 8192 // twice what verifiers must handle; the cost grows with the square
)

// keyBits returns the type of a public key, as in k=, and its size: that of
// the modulus of an RSA key. It refuses keys that cost too much, or no known
// type.
func keyBits(pub crypto.PublicKey) (keyType string, bits int, err error) {
	switch pub := pub.(type) {
	case *rsa.PublicKey:
		if pub == nil || pub.N == nil {
			return "", 0, fmt.Errorf("%w: %w: an empty RSA key", ErrKey, keyrecord.ErrKeyType)
		}
		bits = pub.N.BitLen()
		if bits > maxRSABits {
			return "rsa", bits, fmt.Errorf("%w: %w: an RSA key of %d bits, the limit is %d", ErrKey, keyrecord.ErrKeySize, bits, maxRSABits)
		}
		if pub.E < 3 || pub.E%2 == 0 || pub.E > math.MaxInt32 {
			return "rsa", bits, fmt.Errorf("%w: %w: RSA exponent %d; use 65537", ErrKey, keyrecord.ErrKeyType, pub.E)
		}
		return "rsa", bits, nil
	case ed25519.PublicKey:
		if len(pub) != ed25519.PublicKeySize {
			return "", 0, fmt.Errorf("%w: %w: an Ed25519 key of %d octets", ErrKey, keyrecord.ErrKeySize, len(pub))
		}
		return "ed25519", 256, nil
	}
	return "", 0, fmt.Errorf("%w: %w: %T; DKIM has RSA and Ed25519", ErrKey, keyrecord.ErrKeyType, pub)
}

// verify checks a signature of a digest. It returns ErrSignature, or
// ErrWeakKey where crypto/rsa refuses the size of the key.
func (a *algorithm) verify(pub crypto.PublicKey, digest, sig []byte) error {
	switch pub := pub.(type) {
	case *rsa.PublicKey:
		err := rsa.VerifyPKCS1v15(pub, a.hash, digest, sig)
		if err != nil && !errors.Is(err, rsa.ErrVerification) && pub.N.BitLen() < minRSABits {
			return fmt.Errorf("%w: %w", ErrWeakKey, err)
		}
		if err != nil {
			return ErrSignature
		}
		return nil
	case ed25519.PublicKey:
		// RFC 8463 signs the digest as a message.
		if len(sig) != ed25519.SignatureSize || !ed25519.Verify(pub, digest, sig) {
			return ErrSignature
		}
		return nil
	}
	return ErrKey
}
