package dkim

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/waxseal/waxseal/internal/domain"
	"github.com/waxseal/waxseal/internal/headerhash"
	"github.com/waxseal/waxseal/internal/message"
	"github.com/waxseal/waxseal/keyrecord"
)

// A Verifier says how messages are verified. Its zero value is strict and asks
// the system's resolver; each field that loosens it says what that risks. It is
// read-only while in use, and safe for concurrent use.
type Verifier struct {
	// Resolver finds the key records. Nil is net.DefaultResolver; a server wants
	// a *keyrecord.Cache.
	Resolver keyrecord.Resolver

	// LookupTimeout bounds one lookup. Zero is 10 seconds.
	LookupTimeout time.Duration

	// MaxSignatures is how many signatures of a message reach a lookup and
	// cryptography. Zero is 10. Those aligned with From come first, then the
	// upper ones; the rest are reported as Policy, with ErrTooMany.
	MaxSignatures int

	// MinRSABits is the least size of an RSA key, in bits. Zero is 1024, the
	// least that RFC 8301 allows: a smaller key is a PermError, and one between
	// 1024 and a larger MinRSABits is Policy. A value under 1024 is for
	// archives of old mail only; crypto/rsa then must be told too, with
	// //go:debug rsa1024min=0 in the main package, or its refusal is ErrWeakKey.
	MinRSABits int

	// RequireFields names fields besides From that must be signed: every one
	// that the message has, and behind a bare CR or LF there must be none. A
	// signature that leaves one out is Policy.
	RequireFields []string

	// PartialBody accepts a signature whose l= leaves octets at the end of the
	// body unsigned: anybody may have put them there (RFC 6376, section 8.2).
	// Otherwise it is Policy. Result.UnsignedOctets counts them. It also accepts a
	// header with an empty line that ends in a bare LF: many readers take that for
	// the end of the header, and show what a stranger wrote behind it as the body.
	PartialBody bool

	// UncoveredFrom accepts a message with more From fields than h= covers:
	// what a reader sees as the author may be forged (RFC 6376, section 8.15).
	// A line "From:" behind a bare CR or LF counts, since many readers take that
	// for a line end. Otherwise it is Policy.
	UncoveredFrom bool

	// PublicSuffix accepts a d= under which anybody can register, as "co.uk"
	// (the ICANN section of the public suffix list). Otherwise it is Policy.
	PublicSuffix bool

	// AllowSHA1 accepts rsa-sha1, which RFC 8301 forbids. For archives only.
	AllowSHA1 bool

	// Skew is the clock error that is allowed for x=, and for a t= in the
	// future. Zero is 5 minutes, a negative one is none.
	Skew time.Duration

	// Policy refuses a signature that it returns an error for: it becomes
	// Policy. It is called before the key is looked up, for signatures that are
	// well formed. The Header is valid until it returns.
	Policy func(*Signature, *Header) error

	// Time returns the time of verification: for stored mail that of its
	// receipt. Nil is time.Now. A Verifier may be copied to give one message
	// its own time.
	Time func() time.Time
}

func (v *Verifier) now() time.Time {
	if v.Time != nil {
		return v.Time()
	}
	return time.Now()
}

func (v *Verifier) skew() time.Duration {
	const standard = 5 * time.Minute
	switch {
	case v.Skew == 0:
		return standard
	case v.Skew < 0:
		return 0
	}
	return v.Skew
}

func (v *Verifier) maxSignatures() int {
	const standard = 10 // signatures; real mail has one to four
	if v.MaxSignatures <= 0 {
		return standard
	}
	return v.MaxSignatures
}

func (v *Verifier) lookupTimeout() time.Duration {
	const standard = 10 * time.Second
	if v.LookupTimeout <= 0 {
		return standard
	}
	return v.LookupTimeout
}

// check checks a well-formed signature against what can be known without a
// key: first what RFC 6376 wants, then what v wants.
//
// hidden is what checkHidden found.
func (v *Verifier) check(s *Signature, h *Header, names *headerhash.Index, hidden error, now time.Time) error {
	if s.algorithm == rsaSHA1 && !v.AllowSHA1 {
		return &TagError{"a", fmt.Errorf("%w: %w: RFC 8301 forbids rsa-sha1; sign with rsa-sha256", ErrAlgorithm, ErrHistoric)}
	}
	if names.Count("From") == 0 {
		return fmt.Errorf("%w: the message has no From field", ErrFrom)
	}
	if !s.Expiration.IsZero() && now.Add(-v.skew()).After(s.Expiration) {
		return tagErrorf("x", ErrExpired, "%s ago", now.Sub(s.Expiration).Truncate(time.Second))
	}
	if s.Time.After(now.Add(v.skew())) {
		return tagErrorf("t", ErrFuture, "by %s; is a clock wrong?", s.Time.Sub(now).Truncate(time.Second))
	}
	return v.checkPolicy(s, h, names, hidden)
}

// checkHidden looks for fields that a header hides behind bare CR or LF, which
// whoever ends lines there sees and no signature covers as what they are to them.
func (v *Verifier) checkHidden(h *message.Header) error {
	if !v.UncoveredFrom && h.Hides("From") {
		return fmt.Errorf("%w: a bare CR or LF hides it from who wants CRLF", ErrUncoveredFrom)
	}
	for _, field := range v.RequireFields {
		if h.Hides(field) {
			return tagErrorf("h", ErrPolicy, "a bare CR or LF hides a %s field from who wants CRLF", field)
		}
	}
	return nil
}

func (v *Verifier) checkPolicy(s *Signature, h *Header, names *headerhash.Index, hidden error) error {
	if signed, total := s.listed("From"), names.Count("From"); signed < total && !v.UncoveredFrom {
		return tagErrorf("h", ErrUncoveredFrom, "%d of %d From fields are signed", signed, total)
	}
	if hidden != nil {
		return hidden
	}
	for _, field := range v.RequireFields {
		if signed, total := s.listed(field), names.Count(field); signed < total {
			return tagErrorf("h", ErrPolicy, "%d of %d %s fields are signed", signed, total, field)
		}
	}
	if !v.PublicSuffix && domain.IsPublicSuffix(s.domain) {
		return &TagError{"d", fmt.Errorf("%w: %w: %s is a public suffix", ErrPolicy, ErrDomain, s.domain)}
	}
	if v.Policy != nil {
		if err := v.Policy(s, h); err != nil {
			return fmt.Errorf("%w: %w", ErrPolicy, err)
		}
	}
	return nil
}

// Verify reads a message and verifies its signatures. It returns one Result
// for each DKIM-Signature field, in the order of the header, and none for a
// message without. A signature that does not verify is a Result. An error is
// about the message, a *MessageError that wraps ErrHeader, ErrLineEnding or
// ErrLimit, or about the reader and wraps what src returned. A nil v is the zero
// Verifier.
//
// Memory is bounded by the header, whatever the size of the body. An end of
// ctx ends key lookups, whose signatures are TempError then, and the reading.
func Verify(ctx context.Context, src io.Reader, v *Verifier) ([]*Result, error) {
	work := newWorkspace()
	defer work.release()
	w := &work.writer
	w.init(ctx, v, work)
	work.feed.reset(ctx, w)
	if err := work.feed.from(src); err != nil {
		return nil, err
	}
	w.finish()
	return w.results, w.err
}
