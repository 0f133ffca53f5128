package explain

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/internal/fieldname"
)

// Options say how a message is explained. The zero value does what dkim.Verify
// does by default. Options are read-only, and safe for concurrent use.
type Options struct {
	// Verifier is the one whose results are explained. Nil is the zero Verifier.
	Verifier *dkim.Verifier

	// Selectors are others of the signing domain whose keys may have made a
	// signature. Those of the other signatures of the message are tried anyway.
	Selectors []string

	// Keys may have made a signature, besides those that are published.
	Keys []crypto.PublicKey

	// Budget bounds the search for the causes, for all signatures of the message
	// together. A zero field is the standard: 256 MiB and 4096 checks. Verifying
	// the message as it is, and once more as it was, is not counted.
	Budget Work
}

// Explain verifies a message and returns one Report for each of its
// DKIM-Signature fields, in the order of the header, none for a message
// without. The error is about the message: it cannot be read, even with its
// line ends repaired, and wraps what the error of dkim.Verify wraps.
//
// Key records are looked up as dkim.Verify does, each name once, and those of
// Options.Selectors too. A context that ends ends the search: causes are then
// left open.
func Explain(ctx context.Context, raw []byte, o *Options) ([]*Report, error) {
	x := newExplainer(ctx, o)
	m, results, err := x.read(raw)
	if err != nil {
		return nil, err
	}
	b := &budget{ctx: ctx, left: x.options.Budget}
	if b.left.Octets <= 0 {
		b.left.Octets = standardOctets
	}
	if b.left.Checks <= 0 {
		b.left.Checks = standardChecks
	}
	reports := make([]*Report, len(results))
	i := 0
	for field := range m.header.All("DKIM-Signature") {
		n := len(results) - i // that share what is left
		b.share(Work{b.left.Octets / int64(n), b.left.Checks / n}, func(share *budget) {
			reports[i] = x.explain(share, m, results[i], field)
		})
		i++
	}
	return reports, nil
}

// maxSearched bounds the signatures of a message that are looked at more closely
// than dkim.Verify does. Real mail has one to four.
const maxSearched = 32

// An explainer explains one message.
type explainer struct {
	ctx      context.Context
	options  Options
	verifier dkim.Verifier
	memo     *memo
	results  []*dkim.Result // of the message, for the selectors that they name
	searched int            // signatures
}

func newExplainer(ctx context.Context, o *Options) *explainer {
	x := &explainer{ctx: ctx}
	if o != nil {
		x.options = *o
	}
	if x.options.Verifier != nil {
		x.verifier = *x.options.Verifier
	}
	x.memo = newMemo(x.verifier.Resolver)
	x.verifier.Resolver = x.memo
	now := x.now() // one time for all that is done with the message
	x.verifier.Time = func() time.Time { return now }
	return x
}

func (x *explainer) now() time.Time {
	if x.verifier.Time != nil {
		return x.verifier.Time()
	}
	return time.Now()
}

func (x *explainer) skew() time.Duration {
	const standard = 5 * time.Minute // of dkim.Verifier
	if x.verifier.Skew == 0 {
		return standard
	}
	return max(0, x.verifier.Skew)
}

func (x *explainer) lookupTimeout() time.Duration {
	const standard = 10 * time.Second // of dkim.Verifier
	if x.verifier.LookupTimeout <= 0 {
		return standard
	}
	return x.verifier.LookupTimeout
}

func (x *explainer) verify(text []byte, v *dkim.Verifier) ([]*dkim.Result, error) {
	return dkim.Verify(x.ctx, bytes.NewReader(text), v)
}

// read verifies a message. Where its header cannot be read, or no signature is
// good before the message as a whole is repaired, it is the repaired message
// that is looked at.
func (x *explainer) read(raw []byte) (*message, []*dkim.Result, error) {
	results, err := x.verify(raw, &x.verifier)
	x.results = results
	headerIsGood := slices.ContainsFunc(results, func(r *dkim.Result) bool {
		return r.Status == dkim.Pass || errors.Is(r.Err, dkim.ErrBodyHash)
	})
	if list, text := repairs(raw); len(list) > 0 && !headerIsGood {
		again, againErr := x.verify(text, &x.verifier)
		m, parseErr := parse(raw, list, text)
		if againErr == nil && parseErr == nil && len(again) >= len(results) && len(again) > 0 {
			x.results = again
			if len(results) != len(again) {
				if err == nil {
					err = dkim.ErrLineEnding // some signatures cannot be seen for it
				}
				results = nil
				for _, r := range again {
					failed := *r
					failed.Err, failed.Status = err, dkim.StatusOf(err)
					results = append(results, &failed)
				}
			}
			return m, results, nil
		}
	}
	if err != nil {
		return nil, nil, err
	}
	m, err := parse(raw, nil, raw)
	return m, results, err
}

// selectors returns those that the message names for a domain.
func (x *explainer) selectors(domain string) []string {
	var list []string
	for _, r := range x.results {
		if fieldname.Equal(r.Signature.Domain, domain) {
			list = append(list, r.Signature.Selector)
		}
	}
	return list
}

// hashOf returns the hash of a=, or 0.
func hashOf(algorithm string) crypto.Hash {
	switch strings.ToLower(algorithm) {
	case "rsa-sha256", "ed25519-sha256":
		return crypto.SHA256
	case "rsa-sha1":
		return crypto.SHA1
	}
	return 0
}
