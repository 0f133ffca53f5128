package keyrecord

import (
	"fmt"

	"github.com/waxseal/waxseal/internal/domain"
)

const (
	between = "._domainkey." // section 3.6.2.1
	maxName = 253            // octets of a name in DNS, without the final dot
)

// Name returns the name that a key record is found under, as
// "s1._domainkey.example.org": in lower case, with A-labels, without a final
// dot. The selector has one label or more and the domain two, of letters, digits
// and inner hyphens; an underscore is refused. A name above 253 octets is an
// error.
func Name(selector, domain string) (string, error) {
	var buf [maxName]byte
	name, err := appendName(buf[:0], selector, domain)
	if err != nil {
		return "", err
	}
	return string(name), nil
}

// appendName is Name, which appends to dst: to look up a name costs no allocation.
func appendName(dst []byte, selector, dom string) ([]byte, error) {
	s, err := domain.SelectorToASCII(selector)
	if err != nil {
		return nil, fmt.Errorf("selector (s=): %w", err)
	}
	d, err := domain.ToASCII(dom)
	if err != nil {
		return nil, fmt.Errorf("domain (d=): %w", err)
	}
	if n := len(s) + len(between) + len(d); n > maxName {
		return nil, fmt.Errorf("the name of the key record for s=%.63s d=%.63s has %d octets, the limit of DNS is %d", s, d, n, maxName)
	}
	return append(append(append(dst, s...), between...), d...), nil
}
