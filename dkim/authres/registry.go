package authres

import "slices"

// Registered reports whether the method, its version, the result and all
// property types are in the registries of RFC 8601, section 6, so that a
// reader may base a decision on the result (sections 2.3, 2.6 and 4.1): not
// dkim=great, not dkim/2=pass, not foo.bar=1. It does not look at the names of
// properties, nor at values.
func (r *Result) Registered() bool {
	if _, ok := r.registered(); !ok || r.Version != 0 && r.Version != 1 {
		return false
	}
	for _, p := range r.Props {
		switch p.Type {
		case "header", "smtp", "body", "policy", "dns":
		default:
			return false
		}
	}
	return true
}

// registered reports whether the method is registered, and has the result.
func (r *Result) registered() (method, result bool) {
	results := registry(r.Method)
	return results != nil, slices.Contains(results, r.Value)
}

// registry returns the results that are registered for a method.
func registry(method string) []string {
	switch method {
	case "dkim", "domainkeys", "smime": // RFC 8601, sections 2.7.1 and 6.7; RFC 7281
		return []string{"none", "pass", "fail", "policy", "neutral", "temperror", "permerror"}
	case "spf", "sender-id": // RFC 8601, section 2.7.2
		return []string{"none", "pass", "fail", "softfail", "policy", "neutral", "temperror", "permerror"}
	case "iprev": // RFC 8601, section 2.7.3
		return []string{"pass", "fail", "temperror", "permerror"}
	case "auth", "dmarc", "dkim-atps", "vbr": // RFC 8601, section 2.7.4; RFC 7489, section 11.2; RFC 6541; RFC 6212
		return []string{"none", "pass", "fail", "temperror", "permerror"}
	case "dkim-adsp": // RFC 5617, section 5.4
		return []string{"none", "pass", "unknown", "fail", "discard", "nxdomain", "temperror", "permerror"}
	case "arc": // RFC 8617, section 10.1
		return []string{"none", "pass", "fail"}
	case "rrvs": // RFC 7293, section 14
		return []string{"none", "unknown", "pass", "fail", "temperror", "permerror"}
	case "dnswl": // RFC 8904, section 3
		return []string{"none", "pass", "temperror", "permerror"}
	}
	return nil
}
