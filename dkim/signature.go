package dkim

import (
	"time"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/internal/domain"
	"github.com/waxseal/waxseal/keyrecord"
)

// A Signature is a DKIM-Signature field (RFC 6376, section 3.5).
type Signature struct {
	Version    int           // v=, which is 1
	Algorithm  string        // a=, as written: "rsa-sha256" or "ed25519-sha256"
	Value      []byte        // b=, decoded
	BodyHash   []byte        // bh=, decoded
	Canon      canon.Pair    // c=; simple/simple when it is absent
	Domain     string        // d=, as written: A-labels or U-labels
	Fields     []string      // h=, as written
	Identifier string        // i=, decoded; "@" and Domain when it is absent
	Length     *int64        // l=, in octets of the canonical body; nil means all of it
	Query      []string      // q=; nil when it is absent, which means dns/txt
	Selector   string        // s=, as written
	Time       time.Time     // t=; zero when it is absent
	Expiration time.Time     // x=; zero when it is absent
	Copied     []CopiedField // z=: for diagnosis only, nothing vouches for it
	Other      []Tag         // tags that this package does not know, as written

	raw       string     // the field, its CRLF included, when it was parsed or signed
	value     [2]int     // where in raw the value of b= is, white space included
	algorithm *algorithm // a=; nil before it is parsed
	domain    string     // d= in A-labels and lower case
	selector  string     // s= in A-labels and lower case
	host      string     // the domain of i= in A-labels and lower case
	eai       bool       // written for an internationalized message
}

// A CopiedField is a header field as it was when the message was signed,
// according to z=.
type CopiedField struct {
	Name  string
	Value string // what followed the colon, decoded
}

// A Tag is a tag that has no field in Signature.
type Tag struct{ Name, Value string }

// KeyName returns the name of the DNS record that holds the key, in A-labels:
// "s1._domainkey.example.org" (section 3.6.2.1).
func (s *Signature) KeyName() (string, error) {
	return keyrecord.Name(s.Selector, s.Domain)
}

// Aligned reports whether the signature speaks for the domain of an author, as
// DMARC asks (RFC 7489, section 3.1.1): strict, d= is that domain; otherwise
// both belong to one organizational domain. U-labels and A-labels are equal,
// and case does not matter.
func (s *Signature) Aligned(author string, strict bool) bool {
	if domain.Equal(s.Domain, author) {
		return true
	}
	if strict {
		return false
	}
	org := domain.Organizational(s.Domain)
	return org != "" && domain.Equal(org, domain.Organizational(author))
}

// listed returns how often h= names a field.
func (s *Signature) listed(field string) int {
	n := 0
	for _, f := range s.Fields {
		if equalName(f, field) {
			n++
		}
	}
	return n
}
