package explain

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/keyrecord"
)

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
	case x.searched == maxSearched:
		r.state(OutsideBudget, fmt.Errorf("only %d signatures of a message are looked at; %w", maxSearched, result.Err))
		return r
	}
	x.searched++
	r.hash()
	b.share(Work{b.left.Octets / 2, b.left.Checks}, func(half *budget) { x.explainHeader(half, r) })
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
	search := newHeaderSearch(b, r, keys)
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
		r.asSigned()
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

// asSigned makes the signature what it was, if what was undone is in its field.
func (r *Report) asSigned() {
	for _, c := range r.changes {
		for _, e := range c.edits {
			if e.field != r.self {
				continue
			}
			if sig, err := dkim.ParseSignature(e.text); err == nil {
				r.sig = sig
			}
		}
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
	if tag := (*dkim.TagError)(nil); errors.Is(err, dkim.ErrPartialBody) && !errors.As(err, &tag) {
		rule(Refused, err.Error()) // not for l=, but for an end that the header hides
		return
	}
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
