package dkim

import (
	"encoding/base64"
	"errors"

	"github.com/waxseal/waxseal/dkim/authres"
	"github.com/waxseal/waxseal/keyrecord"
)

// AuthRes turns results into those of an Authentication-Results field (RFC
// 8601, section 2.7.1): one for each signature, with its domain, selector,
// algorithm, identifier where it passed, and as much of b= as tells it from
// the others (RFC 6008). A message without signatures gives dkim=none.
//
// Only what a signature proves is stated as such: a reason says why one did not
// pass, and what cannot be written in the field is left to package authres,
// which lets nothing out of its place.
func AuthRes(results []*Result) []authres.Result {
	if len(results) == 0 {
		return []authres.Result{{Method: "dkim", Value: string(None)}}
	}
	values := make([]string, len(results))
	for i, r := range results {
		values[i] = base64.StdEncoding.EncodeToString(r.Signature.Value)
	}
	values = authres.UniqueB(values)
	out := make([]authres.Result, len(results))
	for i, r := range results {
		out[i] = authResult(r, values[i])
	}
	return out
}

func authResult(r *Result, b string) authres.Result {
	s := r.Signature
	a := authres.Result{Method: "dkim", Value: string(r.Status), Reason: reason(r.Err)}
	if r.Testing {
		a.Comment = "test mode"
	}
	add := func(name, value string) {
		if value != "" {
			a.Props = append(a.Props, authres.Prop{Type: "header", Name: name, Value: value})
		}
	}
	add("d", s.Domain)
	if r.Status == Pass {
		add("i", s.Identifier)
	}
	add("s", s.Selector)
	add("a", s.Algorithm)
	add("b", b)
	return a
}

// reason returns the reason in err in words of this package alone: err may
// hold what the sender or a resolver wrote.
func reason(err error) string {
	if err == nil {
		return ""
	}
	for _, known := range reasons {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "verification failed"
}

// reasons are looked through in this order: what says most comes first.
var reasons = [...]error{
	ErrHistoric, ErrTooMany, ErrUncoveredFrom, ErrPartialBody, ErrWeakKey,
	keyrecord.ErrTemporary, keyrecord.ErrNotFound, keyrecord.ErrRevoked, keyrecord.ErrSyntax, keyrecord.ErrKeyType, keyrecord.ErrKeySize,
	ErrBodyHash, ErrSignature, ErrBodyLength, ErrExpired, ErrFuture, ErrMissing, ErrVersion, ErrAlgorithm, ErrQuery, ErrFrom,
	ErrPolicy, ErrLimit, ErrSyntax, ErrIdentifier, ErrDomain, ErrKey,
}
