package signtable

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"time"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/keyrecord"
)

const (
	defaultPreflightTTL     = time.Hour
	defaultPreflightRetry   = time.Minute
	defaultPreflightTimeout = 10 * time.Second
)

// A Preflight asks DNS whether the key record of a signer is published, and
// remembers the answer. The zero Preflight is ready to use. It is safe for
// concurrent use and must not be copied; the fields are not to be changed once
// it is in use.
//
// The first message of a signer waits for the answer, and messages meanwhile
// wait for the same one. A signer that was good stays good while DNS does not
// answer; one that was not yet, is refused until it does.
type Preflight struct {
	Resolver keyrecord.Resolver // nil is net.DefaultResolver; a *keyrecord.Cache is asked past what it keeps
	Size     int                // signers that are remembered; zero is 2048
	TTL      time.Duration      // of a good answer; zero is 1 hour, negative asks for every message
	Retry    time.Duration      // after a refusal or a failure of DNS; zero is 1 minute, negative asks for every message
	Timeout  time.Duration      // of one lookup; zero is 10 seconds, negative is none
	Time     func() time.Time   // nil is time.Now

	cache cache[verdict]
}

// A verdict is what DNS said of a key.
type verdict struct {
	pub crypto.PublicKey
	err error
}

// Check returns nil if DNS publishes the key of s under its selector and
// domain, or did so within TTL. An error wraps what keyrecord.Check says:
// ErrNotFound, ErrMismatch, ErrRevoked, ErrTemporary and others of package
// keyrecord.
func (p *Preflight) Check(ctx context.Context, s *dkim.Signer) error {
	if _, err := s.Record(); err != nil { // a key whose methods may be called
		return err
	}
	name, err := s.KeyName()
	if err != nil {
		return fmt.Errorf("%w: %w", dkim.ErrDomain, err)
	}
	pub := s.Key.Public()
	for range 2 { // the second time without what another key was told
		v, err := p.cache.get(ctx, name, orDefault(p.Size, defaultKeys), p.now, func(ctx context.Context, old *verdict) (*verdict, time.Duration, error) {
			return p.ask(ctx, s, pub, old)
		})
		switch {
		case err != nil:
			return fmt.Errorf("preflight: %w", err)
		case !equal(v.pub, pub):
			p.cache.forget(name)
			continue
		case v.err != nil:
			return fmt.Errorf("preflight: %w", v.err)
		}
		return nil
	}
	return fmt.Errorf("preflight: %w: two keys are in use at %s", keyrecord.ErrMismatch, name)
}

// Flush forgets every answer.
func (p *Preflight) Flush() { p.cache.flush() }

func (p *Preflight) now() time.Time {
	if p.Time != nil {
		return p.Time()
	}
	return time.Now()
}

// ask is the loader of the cache.
func (p *Preflight) ask(ctx context.Context, s *dkim.Signer, pub crypto.PublicKey, old *verdict) (*verdict, time.Duration, error) {
	limited := ctx
	if timeout := orDefault(p.Timeout, defaultPreflightTimeout); timeout > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	err := keyrecord.Check(limited, p.Resolver, s.Selector, s.Domain, pub)
	retry := orDefault(p.Retry, defaultPreflightRetry)
	switch {
	case err == nil:
		return &verdict{pub: pub}, orDefault(p.TTL, defaultPreflightTTL), nil
	case ctx.Err() != nil:
		return nil, 0, err
	case errors.Is(err, keyrecord.ErrTemporary) && old != nil && old.err == nil && equal(old.pub, pub):
		return old, retry, nil
	}
	return &verdict{pub, err}, retry, nil
}

// equal reports whether two keys of the standard library are one.
func equal(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}
