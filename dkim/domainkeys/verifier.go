package domainkeys

import (
	"context"
	"crypto"
	"crypto/rsa"
	_ "crypto/sha1" // the protocol knows no other hash
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/keyrecord"
)

// A Verifier says how messages are verified. Its zero value is strict. It is
// read-only while in use, and safe for concurrent use.
type Verifier struct {
	// Resolver finds the key records. Nil is net.DefaultResolver; a server wants
	// a *keyrecord.Cache.
	Resolver keyrecord.Resolver

	// LookupTimeout bounds the lookup. Zero is 10 seconds.
	LookupTimeout time.Duration

	// MinRSABits is the least size of a key, in bits. Zero is 1024. Archives need
	// less: RFC 4870 has keys from 512 bits on. crypto/rsa then must be told too,
	// with //go:debug rsa1024min=0 in the main package.
	MinRSABits int

	// Reordered takes the fields in the order of h=, and not in that of the
	// message: some mail systems change the latter, and Mail::DKIM reads h= so.
	Reordered bool

	// Wildcards lets a "*" in g= of a key record stand for any characters, as RFC
	// 4871 has it. RFC 4870 takes it for an asterisk.
	Wildcards bool
}

// A Result is what became of the one signature of a message that counts.
type Result struct {
	Status    Status
	Err       error             // why not Good; errors.Is tells the reason, errors.As to *dkim.TagError the place
	Signature *Signature        // nil if there is none
	Record    *keyrecord.Record // the key record that was used, nil when there is none; read-only
	Authentic bool              // DNSSEC vouched for the record
	KeyBits   int               // of the RSA modulus; 0 when there is no key

	// Testing tells that the key record has t=y: the domain tests DomainKeys, and
	// a message that does not verify must not be treated worse than one that does.
	Testing bool

	Sender      string // the sending address, which Good vouches for; empty if there is none
	SenderField string // where it stands: "Sender" or "From"; empty likewise
}

func (r *Result) fail(err error) {
	r.Err = err
	r.Status = StatusOf(err)
}

// Verify reads a message and verifies its signature. A signature that does not
// verify, or none, is a Result. An error is about the message or the reader: it
// wraps dkim.ErrHeader, dkim.ErrLineEnding, dkim.ErrLimit or what src returned.
// A nil v is the zero Verifier. An end of ctx ends the lookup and the reading.
func Verify(ctx context.Context, src io.Reader, v *Verifier) (*Result, error) {
	w := NewVerifyWriter(ctx, v)
	if err := feed(ctx, w, src); err != nil {
		return nil, err
	}
	return w.Finish()
}

// feed copies src to w until src or ctx ends.
func feed(ctx context.Context, w io.Writer, src io.Reader) error {
	if _, err := io.Copy(w, contextReader{ctx, src}); err != nil {
		return fmt.Errorf("domainkeys: read message: %w", err)
	}
	return nil
}

// A contextReader reads until its context ends.
type contextReader struct {
	ctx context.Context
	src io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.src.Read(p)
}

// tryKeys verifies the signature of r with each of the keys: one that verifies is
// enough. It sets what r tells of the key.
func (v *Verifier) tryKeys(r *Result, keys *keyrecord.Keys, local string, digest []byte) error {
	var best error
	for _, record := range keys.Records {
		bits, err := v.tryKey(r.Signature, record, local, digest)
		// Of several failures, one of a key that fits says most.
		if r.Record == nil || err == nil || !errors.Is(best, dkim.ErrSignature) && errors.Is(err, dkim.ErrSignature) {
			best = err
			r.Record, r.KeyBits, r.Testing, r.Authentic = record, bits, record.Testing(), keys.Authentic
		}
		if err == nil {
			return nil
		}
	}
	if r.Record == nil {
		return fmt.Errorf("%w: %w", dkim.ErrKey, keyrecord.ErrNotFound)
	}
	return best
}

// tryKey checks that the record is for the signature, then verifies.
func (v *Verifier) tryKey(s *Signature, record *keyrecord.Record, local string, digest []byte) (bits int, err error) {
	if record.Revoked() {
		return 0, fmt.Errorf("%w: %w", dkim.ErrKey, keyrecord.ErrRevoked)
	}
	key, ok := record.Key.(*rsa.PublicKey)
	if !ok {
		return 0, fmt.Errorf("%w: %w: DomainKeys has RSA keys only", dkim.ErrKey, keyrecord.ErrKeyType)
	}
	bits = key.N.BitLen()
	least := v.MinRSABits
	if least <= 0 {
		least = minRSABits
	}
	switch {
	case !record.AllowsHash("sha1"):
		return bits, fmt.Errorf("%w: inappropriate hash algorithm: h=%.40s, DomainKeys has sha1", dkim.ErrKey, strings.Join(record.Hashes, ":"))
	case !record.AllowsEmail():
		return bits, fmt.Errorf("%w: not for mail: s=%.40s", dkim.ErrKey, strings.Join(record.Services, ":"))
	case record.Granularity != nil && !v.matches(*record.Granularity, local):
		return bits, fmt.Errorf("%w: the key is for g=%.40q", ErrGranularity, *record.Granularity)
	case bits < least:
		return bits, fmt.Errorf("%w: %d bits, want %d", dkim.ErrWeakKey, bits, least)
	}
	err = rsa.VerifyPKCS1v15(key, crypto.SHA1, digest, s.Value)
	switch {
	case err == nil:
		return bits, nil
	case !errors.Is(err, rsa.ErrVerification) && bits < minRSABits:
		return bits, fmt.Errorf("%w: %w", dkim.ErrWeakKey, err)
	}
	return bits, dkim.ErrSignature
}

const minRSABits = 1024 // RFC 8301, section 3.2

// matches reports whether a key with the given g= is for a local part.
func (v *Verifier) matches(g, local string) bool {
	if g == "" || g == local {
		return true
	}
	before, after, ok := strings.Cut(g, "*")
	return v.Wildcards && ok && len(local) >= len(before)+len(after) &&
		strings.HasPrefix(local, before) && strings.HasSuffix(local, after)
}
