package dkim

import (
	"strings"

	"github.com/waxseal/waxseal/keyrecord"
)

// A Result is what became of one signature.
type Result struct {
	Status    Status
	Err       error             // why not Pass; errors.Is tells the reason, errors.As to *TagError the place
	Signature *Signature        // as far as it could be parsed; never nil
	Record    *keyrecord.Record // the key record that was used, nil when there is none; read-only
	Authentic bool              // DNSSEC vouched for the record
	KeyBits   int               // of the RSA modulus; 256 for Ed25519; 0 when there is no key

	// Testing tells that the record has t=y: the domain tests DKIM, and RFC
	// 6376, section 3.6.1, wants a failure to be treated like no signature.
	Testing bool

	// SignedOctets and UnsignedOctets count the octets of the canonical body
	// that the signature covers, and those beyond l= that it does not. They are
	// -1 when the body does not matter to the verdict any more.
	SignedOctets, UnsignedOctets int64

	names string // of all fields of the message, each followed by ":"
}

// Covered returns how many fields of the given name h= covers, and how many the
// message has. Names are compared without case. If signed is less than total,
// the upper ones are not signed: somebody may have added them (RFC 6376,
// section 8.15).
func (r *Result) Covered(field string) (signed, total int) {
	for names := r.names; names != ""; {
		name, rest, _ := strings.Cut(names, ":")
		if equalName(name, field) {
			total++
		}
		names = rest
	}
	return min(r.Signature.listed(field), total), total
}

// Effective returns the Status that RFC 6376, section 3.6.1, wants a receiver
// to act on: that of an unsigned message, None, for a signature of a domain
// that tests DKIM (t=y) and that did not pass; otherwise Status.
func (r *Result) Effective() Status {
	if r.Testing && r.Status != Pass {
		return None
	}
	return r.Status
}

// fail ends the verification of the signature: err is its reason.
func (r *Result) fail(err error) {
	r.Err = err
	r.Status = StatusOf(err)
}
