package dkim

import (
	"errors"
	"strconv"
	"strings"

	"github.com/waxseal/waxseal/keyrecord"
)

// An explanation is what the fields that report a result say about an error.
type explanation struct {
	err    error
	words  string // for a postmaster
	rule   string // of policy.dkim-rules, where the Status is Policy
	detail string // in the words of DKIMproxy; empty is words
}

// explanations are looked through in this order: what says most comes first.
var explanations = [...]explanation{
	{err: ErrTooMany, words: "too many signatures in the message", rule: "signature-count"},
	{err: ErrUncoveredFrom, words: "a From field of the message is not signed", rule: "unsigned-from"},
	{err: ErrPartialBody, words: "a part of the body is not signed (l=)", rule: "unsigned-body"},
	{err: ErrHistoric, words: "rsa-sha1 is not accepted any more (RFC 8301)"},
	{err: ErrWeakKey, words: "the key is too small"},
	{err: keyrecord.ErrTemporary, words: "DNS did not give the key, perhaps it does later"},
	{err: keyrecord.ErrNotFound, words: "no key record in DNS", detail: "public key: not available"},
	{err: keyrecord.ErrRevoked, words: "the key was revoked", detail: "public key: revoked"},
	{err: keyrecord.ErrSyntax, words: "the key record is malformed", detail: "public key: syntax error"},
	{err: keyrecord.ErrKeyType, words: "the key record has no key that DKIM can use", detail: "public key: unsupported key type"},
	{err: keyrecord.ErrKeySize, words: "the size of the key is out of range"},
	{err: ErrBodyHash, words: "body hash did not verify", detail: "body has been altered"},
	{err: ErrSignature, words: "signature did not verify", detail: "message has been altered"},
	{err: ErrBodyLength, words: "the body is shorter than l= says"},
	{err: ErrExpired, words: "signature expired (x=)", detail: "signature is expired"},
	{err: ErrFuture, words: "signature timestamp in the future (t=)"},
	{err: ErrMissing, words: "signature missing required tag"},
	{err: ErrVersion, words: "v= is not 1", detail: "unsupported version"},
	{err: ErrAlgorithm, words: "unknown algorithm", detail: "unsupported algorithm"},
	{err: ErrQuery, words: "unknown query method (q=)", detail: "unsupported query protocol"},
	{err: ErrFrom, words: "From is not signed"},
	{err: ErrLimit, words: "the signature is too large", rule: "signature-size"},
	{err: ErrSyntax, words: "signature syntax error"},
	{err: ErrIdentifier, words: "i= is outside the domain of d=", detail: "bad identity"},
	{err: ErrKey, words: "the key is not for this signature"},
}

// explain explains why r did not pass, in words of this package alone: Err may
// hold what the sender or a resolver wrote.
func (r *Result) explain() explanation {
	if r.Err == nil {
		return explanation{}
	}
	if errors.Is(r.Err, ErrPolicy) {
		return r.explainPolicy()
	}
	for _, e := range explanations {
		if errors.Is(r.Err, e.err) {
			r.refine(&e)
			return e
		}
	}
	return explanation{words: "verification failed"}
}

// refine says more where the error or the record does.
func (r *Result) refine(e *explanation) {
	var tag string
	if t := (*TagError)(nil); errors.As(r.Err, &t) && isKnownTag(t.Tag) {
		tag = t.Tag
	}
	switch e.err {
	case ErrWeakKey:
		if r.KeyBits > 0 {
			e.words += " (" + strconv.Itoa(r.KeyBits) + " bits)"
		}
	case ErrMissing, ErrAlgorithm, ErrSyntax, ErrLimit:
		if tag != "" {
			e.words += " (" + tag + "=)"
		}
		switch {
		case e.err == ErrMissing && tag != "":
			e.detail = "missing " + tag + " tag"
		case e.err == ErrAlgorithm && tag == "c":
			e.words, e.detail = "unknown canonicalization (c=)", "unsupported canonicalization"
		}
	case ErrPartialBody:
		if tag == "" {
			e.words = "an empty line in the header that ends in a bare LF"
		}
	case ErrFrom:
		if tag == "" {
			e.words = "the message has no From field"
		}
	case ErrIdentifier:
		if r.Record != nil {
			e.words, e.detail = "the key has t=s, and i= has another domain than d=", "public key: does not support signing subdomains"
		}
	case ErrKey:
		switch {
		case r.Record == nil:
			e.words = "no usable key"
		case !r.Record.AllowsEmail():
			e.words, e.detail = "the key is not for mail (s=)", "public key: does not support email"
		default:
			e.words = "the key is not for this algorithm"
		}
	}
}

// explainPolicy explains ErrPolicy. What Verifier.Policy returned stays between
// the caller and its log.
func (r *Result) explainPolicy() explanation {
	e := explanation{err: ErrPolicy, words: "refused by local policy", rule: "local"}
	t, _ := r.Err.(*TagError) // errors of Verifier.Policy are wrapped in none
	switch {
	case t != nil && t.Tag == "h":
		e.words, e.rule = "a field that must be signed is not", "unsigned-field"
	case t != nil && t.Tag == "d":
		e.words, e.rule = "d= is a public suffix", "public-suffix"
	case t == nil && errors.Is(r.Err, ErrWeakKey):
		e = explanation{err: ErrWeakKey, words: "the key is too small", rule: "key-size"}
		r.refine(&e)
	}
	return e
}

// isKnownTag reports whether a tag is one that this package reads: the name of
// any other is the sender's.
func isKnownTag(tag string) bool {
	const known = " v a b bh c d h i l q s t x z "
	return strings.Contains(known, " "+tag+" ") && !strings.Contains(tag, " ")
}
