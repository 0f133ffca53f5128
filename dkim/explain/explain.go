package explain

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/waxseal/waxseal/dkim"
	mail "github.com/waxseal/waxseal/internal/message"
	"github.com/waxseal/waxseal/keyrecord"
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
		b.share(len(results)-i, func(share *budget) {
			reports[i] = x.explain(share, m, results[i], field)
		})
		i++
	}
	return reports, nil
}

// An explainer explains one message.
type explainer struct {
	ctx      context.Context
	options  Options
	verifier dkim.Verifier
	memo     *memo
	results  []*dkim.Result // of the message, for the selectors that they name
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
		if mail.EqualName(r.Signature.Domain, domain) {
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

// explain explains one signature.
func (x *explainer) explain(b *budget, m *message, result *dkim.Result, self int) *Report {
	r := &Report{Result: result, message: m, self: self}
	sig, err := dkim.ParseSignature(m.header.Field(self))
	if err == nil {
		r.sig, r.Hashes.kind = sig, hashOf(sig.Algorithm)
	}
	switch {
	case result.Status == dkim.Pass && len(m.repairs) == 0:
		r.Header, r.Body = Intact, Intact
		r.hash()
		return r
	case r.sig == nil || r.Hashes.kind == 0 || sig.Canon.Header == 0 || sig.Canon.Body == 0:
		cause := Malformed
		if errors.Is(result.Err, dkim.ErrLimit) || errors.Is(result.Err, dkim.ErrTooMany) {
			cause = Refused
		}
		if result.Err == nil {
			result.Err = err
		}
		r.state(cause, result.Err)
		return r
	case errors.Is(result.Err, dkim.ErrTooMany):
		r.state(Refused, result.Err)
		return r
	}
	r.hash()
	x.explainHeader(b, r)
	x.explainBody(b, r)
	r.repair()
	x.explainRules(r)
	if b.over && (r.Header == Open || r.Body == Open) {
		r.add(Finding{Cause: OutsideBudget, Detail: "the search ended with its budget"})
	}
	r.Spent = b.spent
	r.conclude()
	return r
}

// explainHeader looks for the header, and the key, that made b=.
func (x *explainer) explainHeader(b *budget, r *Report) {
	m, sig := r.message, r.sig
	keys, lookupErr := x.keys(sig)
	search := newHeaderSearch(b, m, sig, r.self, r.Hashes.kind, keys)
	for _, k := range search.keys {
		if k.signed != nil {
			r.KeyFits = r.KeyFits || k.cause == ""
			r.Hashes.Signed = k.signed
			break
		}
	}
	if search.run() {
		var undone []Cause
		for _, s := range m.repairs {
			undone = append(undone, s.cause)
		}
		k := search.foundBy
		cause := k.cause
		switch {
		case cause == KeyMismatch && errors.Is(lookupErr, keyrecord.ErrRevoked):
			cause = KeyRevoked
		case cause == KeyMismatch && errors.Is(lookupErr, keyrecord.ErrNotFound):
			cause = KeyMissing
		}
		if cause != "" {
			undone = append(undone, cause)
		}
		for _, c := range search.found {
			undone = append(undone, c.causes()...)
		}
		if search.raw {
			undone = append(undone, Undigested)
		}
		r.Header = Intact
		if len(undone) > 0 {
			r.Header = Explained
		}
		proof := Proof{Signature: true, Undone: undone}
		for i, s := range m.repairs {
			r.addStep(s, m.repairs.spans(i), proof)
		}
		if cause != "" {
			r.add(Finding{Cause: cause, Detail: k.detail, Proof: proof})
		}
		for _, c := range search.found {
			r.addChange(c, proof)
		}
		if search.raw {
			r.add(Finding{Cause: Undigested, Detail: "b= is an Ed25519 signature of the header, and not of its SHA-256", Proof: proof})
		}
		r.changes = search.found
		return
	}
	for i, s := range m.repairs {
		r.addStep(s, m.repairs.spans(i), Proof{})
	}
	r.Header = Open
	switch {
	case lookupErr != nil:
		r.Header = Unchecked
		if len(search.keys) > 0 {
			r.Header = Open // other keys were tried
		}
		f := keyFinding(lookupErr, x.memo.text(x.ctx, sig.Selector, sig.Domain))
		f.Proof.Stated = true
		r.add(f)
	case !slices.ContainsFunc(keys, func(k key) bool { return k.cause == "" }):
		r.Header = Unchecked
		r.add(Finding{Cause: KeyType, Detail: "the record has no key for a=" + sig.Algorithm, Proof: Proof{Stated: true}})
	case len(search.keys) == 0 && weak(keys):
		r.Header = Unchecked
		r.add(Finding{Cause: KeyRefused, Detail: "the RSA key has less than 1024 bits", Proof: Proof{Stated: true}})
	case len(search.keys) == 0:
		r.add(Finding{Cause: KeyMismatch, Detail: "the key that is published did not make b=: another did, or b= was damaged"})
	case r.KeyFits:
		r.add(Finding{Cause: HeaderChanged, Detail: "the key made b=, over another header"})
	default:
		r.add(Finding{Cause: HeaderChanged, Detail: "the header is another, or so is the key"})
	}
}

// explainBody looks for the body that has the hash of bh=.
func (x *explainer) explainBody(b *budget, r *Report) {
	m, sig := r.message, r.sig
	search := &bodySearch{budget: b, body: m.bodyText(), alg: sig.Canon.Body, kind: r.Hashes.kind, length: sig.Length, want: sig.BodyHash, mime: m.parts[0]}
	if search.run() {
		r.Body = Intact
		var undone []Cause
		converted := slices.ContainsFunc(m.repairs, func(s step) bool { return s.cause == LineEndings }) && !m.bodyAsGiven()
		if converted {
			undone = append(undone, LineEndings)
		}
		for _, s := range search.best {
			undone = append(undone, s.cause)
		}
		if len(undone) > 0 {
			r.Body = Explained
		}
		proof := Proof{BodyHash: true, Undone: undone}
		if converted {
			for i, s := range m.repairs {
				if s.cause == LineEndings {
					r.addStep(s, m.repairs.spans(i), proof)
				}
			}
		}
		for i, s := range search.best {
			r.addStep(s, r.message.bodySpans(search.best.spans(i)), proof)
		}
		r.bodyWas = search.data
		return
	}
	r.Body = Open
	if sig.Length != nil && *sig.Length > r.Hashes.BodyOctets {
		r.add(Finding{Cause: Truncated, Proof: Proof{Stated: true}, Detail: "l= covers more octets than the body has"})
		return
	}
	r.add(Finding{Cause: BodyChanged, Detail: "the body is another than the one that was signed"})
}

// explainRules looks for what refuses a signature whose two checks pass, and
// for what else stands against it.
func (x *explainer) explainRules(r *Report) {
	sig, now := r.sig, x.now()
	v := x.verifier
	within := now
	proof := Proof{Stated: true}
	if r.explained() {
		proof = Proof{BodyHash: true, Signature: true}
	}
	rule := func(cause Cause, detail string) {
		p := proof
		if p.BodyHash {
			p.Undone = []Cause{cause}
		}
		r.add(Finding{Cause: cause, Detail: detail, Proof: p})
	}
	if sig.Time.After(now.Add(x.skew())) {
		within = sig.Time
		rule(Future, "t= is to come in "+ago(sig.Time.Sub(now)))
	}
	if !sig.Expiration.IsZero() && now.Add(-x.skew()).After(sig.Expiration) {
		within = sig.Expiration
		rule(Expired, "x= was "+ago(now.Sub(sig.Expiration))+" ago")
	}
	if sig.Length != nil && *sig.Length < r.Hashes.BodyOctets && !v.PartialBody && r.Body != Open {
		rest := step{BeyondLength, "the octets after l=", nil}
		p := proof
		if p.BodyHash {
			p = Proof{BodyHash: true, Undone: []Cause{BeyondLength}}
		}
		at := r.message.body + rawOffset(r.message.bodyText(), r.canonicalBody(), int(*sig.Length))
		r.addStep(rest, []Span{r.message.span(at, len(r.message.text))}, p)
	}
	err := r.Result.Err
	if r.explained() {
		v.PartialBody, v.Time = true, func() time.Time { return within }
		text := r.repaired
		if text == nil {
			text = r.message.text
		}
		if results, verifyErr := x.verify(text, &v); verifyErr == nil {
			at := 0
			for field := range r.message.header.All("DKIM-Signature") {
				if field == r.self && at < len(results) {
					err = results[at].Err
				}
				at++
			}
		}
	}
	if err == nil || errors.Is(err, dkim.ErrLineEnding) || r.has(KeyMismatch, KeyMissing, KeyRevoked, KeyRecord, KeyType, KeyTruncated, KeyUnavailable, KeyRefused) {
		return
	}
	for _, known := range []error{dkim.ErrSignature, dkim.ErrBodyHash, dkim.ErrExpired, dkim.ErrFuture, dkim.ErrPartialBody, dkim.ErrBodyLength} {
		if errors.Is(err, known) {
			return
		}
	}
	if errors.Is(err, dkim.ErrKey) || errors.Is(err, dkim.ErrWeakKey) {
		rule(KeyRefused, err.Error())
		return
	}
	rule(Refused, err.Error())
}

// ago is a time in words, rough enough to read.
func ago(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= 2*day {
		return strconv.FormatInt(int64(d/day), 10) + " days"
	}
	return d.Truncate(time.Second).String()
}
