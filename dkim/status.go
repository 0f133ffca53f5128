package dkim

import (
	"errors"

	"github.com/waxseal/waxseal/keyrecord"
)

// A Status is a result word of RFC 8601, section 2.7.1.
type Status string

const (
	None      Status = "none"      // the message is not signed
	Pass      Status = "pass"      // the signature and the body hash verify
	Fail      Status = "fail"      // one of them does not
	Policy    Status = "policy"    // the Verifier's settings refuse the signature
	Neutral   Status = "neutral"   // the signature cannot be processed
	TempError Status = "temperror" // the key cannot be had now; later, perhaps
	PermError Status = "permerror" // the signature can never be verified
)

// statusTable is the table in the comment of StatusOf; the first row whose
// reason an error wraps decides.
var statusTable = [...]struct {
	reason error
	status Status
}{
	{ErrPolicy, Policy}, // before all others: what Verifier.Policy returns may wrap anything
	{keyrecord.ErrTemporary, TempError},
	{ErrTooMany, Policy},
	{ErrLimit, Policy},
	{ErrUncoveredFrom, Policy},
	{ErrPartialBody, Policy},
	{ErrSignature, Fail},
	{ErrBodyHash, Fail},
	{ErrHistoric, PermError},
	{ErrKey, PermError},
	{ErrSyntax, Neutral},
	{ErrVersion, Neutral},
	{ErrAlgorithm, Neutral},
	{ErrQuery, Neutral},
}

// StatusOf returns the Status of a signature that err, the Err of a Result, is
// about: Pass for nil. The first row that applies decides:
//
//	Policy     ErrPolicy (MinRSABits above 1024, RequireFields, public suffix, Verifier.Policy)
//	TempError  keyrecord.ErrTemporary: the resolver said so, or did not answer in time
//	Policy     ErrTooMany, ErrLimit, ErrUncoveredFrom, ErrPartialBody
//	Fail       ErrSignature, ErrBodyHash
//	PermError  ErrHistoric (rsa-sha1), ErrKey (no key, revoked, its syntax or type, not for mail, not for this hash, t=s)
//	Neutral    ErrSyntax, ErrVersion, ErrAlgorithm, ErrQuery
//	PermError  all others: ErrMissing, ErrFrom, ErrDomain, ErrIdentifier, ErrExpired, ErrFuture, ErrBodyLength, ErrWeakKey
//
// RFC 6376 knows only success, permanent and temporary failure; RFC 8601
// divides the permanent ones, and this table says how.
func StatusOf(err error) Status {
	if err == nil {
		return Pass
	}
	for _, row := range statusTable {
		if errors.Is(err, row.reason) {
			return row.status
		}
	}
	return PermError
}

// Overall returns the best Status among results, None when there are none:
// one signature that passes is enough (RFC 6376, section 6.1), and a temporary
// error counts before a permanent one, since the message can be tried again.
// It tells that somebody signed the message, not that its author did: it is no
// substitute for alignment (Signature.Aligned).
func Overall(results []*Result) Status {
	order := [...]Status{Pass, TempError, Fail, Policy, PermError, Neutral}
	best := len(order)
	for _, r := range results {
		for i, s := range order[:best] {
			if r.Status == s {
				best = i
				break
			}
		}
	}
	if best == len(order) {
		return None
	}
	return order[best]
}
