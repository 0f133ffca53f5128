package adsp

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

const (
	domainKeysPrefix = "_domainkey."         // RFC 4870, section 3.6
	sspPrefix        = "_policy._domainkey." // draft-allman-dkim-ssp-00
	adspPrefix       = "_adsp._domainkey."   // RFC 5617, section 4.3
)

// LookupPolicy looks up the policy of a domain: at "_domainkey.<domain>" and, if
// there is none, at "_policy._domainkey.<domain>". A domain that publishes none
// has the default policy, and no error. Of several records the first with o= or
// dkim= counts; malformed ones do not.
//
// Errors wrap ErrTemporary, ErrPermanent, ErrSyntax for a record that is
// malformed where there is no other, or ErrDomain; the Policy is nil then, which
// Evaluate takes for the default.
func LookupPolicy(ctx context.Context, r Resolver, domain string) (*Policy, error) {
	return Rules{}.Lookup(ctx, r, domain)
}

// Lookup is LookupPolicy for the author's address or domain, at the names of
// the Reading. SSPDraft goes on to the user's own record if the policy is
// PerUser.
func (r Rules) Lookup(ctx context.Context, resolver Resolver, author string) (*Policy, error) {
	domain, err := toASCII(author)
	if err != nil {
		return nil, err
	}
	prefixes := []string{sspPrefix}
	switch r.Reading {
	case Standard:
		prefixes = []string{domainKeysPrefix, sspPrefix}
	case DKIMproxyDomainKeys:
		prefixes = []string{domainKeysPrefix}
	}
	var found *Policy
	var malformed error
	for _, prefix := range prefixes {
		p, speaks, err := lookupPolicy(ctx, resolver, prefix, domain)
		switch {
		case errors.Is(err, ErrSyntax):
			malformed = err
		case err != nil:
			return nil, err
		case found == nil || speaks:
			found = p
		}
		if speaks {
			break
		}
	}
	switch {
	case found == nil && malformed != nil:
		return nil, malformed
	case found == nil:
		found = &Policy{Outbound: Relaxed}
	}
	if user := userName(author); found.Outbound == PerUser && r.Reading == SSPDraft && user != "" {
		// "^" is illegal in a user's record, and Evaluate is neutral on it.
		if p, _, err := lookupPolicy(ctx, resolver, user+"."+sspPrefix, domain); p != nil || err != nil {
			return p, err
		}
	}
	return found, nil
}

// userName returns the local part of an address as labels of DNS, or "" if it
// cannot be that.
func userName(address string) string {
	const most = 63 // octets of a label (RFC 1035, section 2.3.4)
	local := localOf(address)
	for label := range strings.SplitSeq(local, ".") {
		if label == "" || len(label) > most {
			return ""
		}
	}
	for i := range len(local) {
		c := local[i]
		if !('a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '+' || c == '.') {
			return ""
		}
	}
	return strings.ToLower(local)
}

// lookupPolicy looks for a policy at one name. It returns nil if there is none.
func lookupPolicy(ctx context.Context, r Resolver, prefix, domain string) (best *Policy, speaks bool, err error) {
	txt, err := find(ctx, r, prefix, domain)
	if err != nil {
		return nil, false, err
	}
	var malformed error
	for _, t := range txt {
		p, ok, err := parsePolicy(t, prefix != domainKeysPrefix)
		switch {
		case err != nil:
			malformed = fmt.Errorf("%s%s: %w", prefix, domain, err)
		case ok:
			return p, true, nil
		case best == nil:
			best = p
		}
	}
	if best == nil {
		return nil, false, malformed
	}
	return best, false, nil
}

// Check evaluates the policy of the author's domain. If the first party has
// signed it is Accept, and the policy is nil and not asked for (RFC 4870,
// section 3.6). With an error of Lookup the Verdict is that of the default
// policy.
func (r Rules) Check(ctx context.Context, resolver Resolver, author string, sigs []Signed) (Verdict, *Policy, error) {
	if r.look(author, sigs).first {
		return Accept, nil, nil
	}
	p, err := r.Lookup(ctx, resolver, author)
	return r.Evaluate(p, author, sigs), p, err
}

// Lookup looks up the practice of an author's domain, as RFC 5617, section 4.3,
// has it: first whether the domain exists, if r is a DomainChecker, then the TXT
// record at "_adsp._domainkey.<domain>". Parent domains are not asked. None
// means that there is no record, or none that is well formed.
//
// Errors wrap ErrNXDomain, ErrSeveral, ErrTemporary, ErrPermanent or ErrDomain.
func Lookup(ctx context.Context, r Resolver, domain string) (Practice, error) {
	ascii, err := toASCII(domain)
	if err != nil {
		return None, err
	}
	if c, ok := r.(DomainChecker); ok {
		exists, err := c.DomainExists(ctx, ascii)
		if err != nil {
			if err, notFound := failure(ascii, err); !notFound {
				return None, err
			}
			exists = false
		}
		if !exists {
			return None, fmt.Errorf("%w: %s", ErrNXDomain, ascii)
		}
	}
	txt, err := find(ctx, r, adspPrefix, ascii)
	if err != nil {
		return None, err
	}
	found := None
	for _, t := range txt {
		p, err := Parse(t)
		switch {
		case err != nil:
			// Section 4.1: as if it were not there.
		case found != None:
			return None, fmt.Errorf("%w at %s%s", ErrSeveral, adspPrefix, ascii)
		default:
			found = p
		}
	}
	return found, nil
}
