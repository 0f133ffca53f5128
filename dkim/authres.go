package dkim

import (
	"encoding/base64"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/waxseal/waxseal/dkim/authres"
)

// AuthRes turns results into those of an Authentication-Results field (RFC
// 8601, section 2.7.1): one for each signature, with its domain, selector,
// algorithm, identifier where it passed, and as much of b= as tells it from
// the others (RFC 6008). A message without signatures gives dkim=none.
//
// Give it all results of a message at once, also where they go to several
// fields, so that header.b is unique among them. A sender chooses how many
// there are: of more than 25, those that are pass, fail or temperror stay, and
// the upper 25 of the others.
//
// Only what a signature proves is stated as such: a reason says why one did not
// pass, and where that is the Verifier's choice, policy.dkim-rules names the
// rule (RFC 8601, section 2.4): key-size, local (Verifier.Policy),
// public-suffix, signature-count, signature-size, unsigned-body,
// unsigned-field (RequireFields) or unsigned-from. Neither repeats what Err
// holds, since parts of that are the sender's. What cannot be written in the
// field is left to package authres, which lets nothing out of its place. Some
// readers know no quoted-strings, though: a value with white space, quotes,
// parentheses, a backslash, "," or ";" is left out, and so is one that is longer
// than an address can be. Only a malformed signature has one, or an i= with a
// quoted local part.
func AuthRes(results []*Result) []authres.Result {
	return AuthResOptions{}.AuthRes(results)
}

// AuthResOptions has choices for AuthRes. Its zero value is what AuthRes does.
type AuthResOptions struct {
	// OmitNone gives no result for a message without signatures, as Momentum
	// does. A field without results says "none" of all methods: write none if
	// there is no result of another method either.
	OmitNone bool
}

// AuthRes is the function AuthRes with the choices of o.
func (o AuthResOptions) AuthRes(results []*Result) []authres.Result {
	if len(results) == 0 {
		if o.OmitNone {
			return nil
		}
		return []authres.Result{{Method: "dkim", Value: string(None)}}
	}
	results = worthReporting(results)
	values := make([]string, len(results))
	for i, r := range results {
		values[i] = base64.StdEncoding.EncodeToString(r.Signature.Value)
	}
	values = authres.UniqueB(values)
	out := make([]authres.Result, len(results))
	for i, r := range results {
		const most = 700 // octets, for a line of 998; what has more in common is a copy
		out[i] = authResult(r, values[i][:min(len(values[i]), most)])
	}
	return out
}

// worthReporting returns the results that AuthRes reports.
func worthReporting(results []*Result) []*Result {
	const most = 25 // results that fit into a field of 64 KiB, with the longest values; real mail has one to four
	if len(results) <= most {
		return results
	}
	var kept []*Result
	others := 0
	for _, r := range results {
		switch r.Status {
		case Pass, Fail, TempError: // no more than Verifier.MaxSignatures
		default:
			if others++; others > most {
				continue
			}
		}
		kept = append(kept, r)
	}
	return kept
}

func authResult(r *Result, b string) authres.Result {
	s := r.Signature
	why := r.explain()
	a := authres.Result{Method: "dkim", Value: string(r.Status), Reason: why.words}
	if r.Testing {
		a.Comment = "test mode"
	}
	add := func(ptype, name, value string) {
		if isPlain(value) || name == "b" && value != "" {
			a.Props = append(a.Props, authres.Prop{Type: ptype, Name: name, Value: value})
		}
	}
	add("header", "d", s.Domain)
	if r.Status == Pass {
		add("header", "i", s.Identifier)
	}
	add("header", "s", s.Selector)
	add("header", "a", s.Algorithm)
	add("header", "b", b)
	if r.Status == Policy {
		add("policy", "dkim-rules", why.rule)
	}
	return a
}

// isPlain reports whether s is something that no reader takes apart, and no
// longer than an address.
func isPlain(s string) bool {
	const most = 64 + len("@") + 255 // RFC 5321, section 4.5.3.1
	return s != "" && len(s) <= most && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsGraphic(r) || strings.ContainsRune(`"()\,;`, r)
	})
}

// DKIMproxyField returns the name and the value of the field that DKIMproxy
// puts on what it has verified, for filters that look for it:
// X-DKIM-Authentication-Results with "pass", "fail (body has been altered)",
// "temperror (...)", "invalid (...)", or "none" for a message without
// signatures. Of several results it tells the best, in this order, and the
// upper one of equals.
//
// The field names no server, so a reader believes whoever wrote it: remove it
// from mail that comes in, with authres.StripReader.RemoveAll.
func DKIMproxyField(results []*Result) (name, value string) {
	name = "X-DKIM-Authentication-Results"
	order := [...]string{"pass", "fail", "temperror", "invalid"}
	for _, word := range order {
		for _, r := range results {
			if proxyWord(r.Status) != word {
				continue
			}
			switch why := r.explain(); {
			case why.detail != "":
				return name, word + " (" + why.detail + ")"
			case why.words != "":
				return name, word + " (" + why.words + ")"
			}
			return name, word
		}
	}
	return name, "none"
}

// proxyWord returns the word of DKIMproxy for a Status.
func proxyWord(s Status) string {
	switch s {
	case Pass, Fail, TempError:
		return string(s)
	}
	return "invalid"
}
