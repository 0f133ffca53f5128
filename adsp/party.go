package adsp

import "github.com/waxseal/waxseal/internal/domain"

// A Party says whose a signature is, seen from the author: a webmail shows each
// with another icon. Of several signatures that pass the greatest counts.
type Party uint8

const (
	ThirdParty   Party = iota // neither of the others
	Organization              // the domains differ, and belong to one organizational domain (RFC 7489, section 3.2)
	Author                    // the author's own domain: an Author Domain Signature (RFC 5617, section 2.7)
)

// String returns "author", "organization" or "third party".
func (p Party) String() string {
	switch p {
	case Author:
		return "author"
	case Organization:
		return "organization"
	}
	return "third party"
}

// PartyOf says whose a signature is: signer is its d=, author an address of From
// or its domain. U-labels and A-labels are equal, and case does not matter. That
// the signature passes is for the caller to know. No author and no signer are
// third parties to each other.
func PartyOf(author, signer string) Party {
	author = domainOf(author)
	switch {
	case sameDomain(author, signer):
		return Author
	case sameDomain(domain.Organizational(author), domain.Organizational(signer)):
		return Organization
	}
	return ThirdParty
}
