package domain

import (
	"fmt"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// IsPublicSuffix reports whether name is one that a registry gives names below
// to others, as "com" and "co.uk" are (RFC 6376, section 6.1.1, lets a verifier
// ignore such a d=). Only the ICANN section of the list counts: the private
// section holds names such as "github.io", whose owner may well sign as such.
// A top-level domain that the list does not know is none.
func IsPublicSuffix(name string) bool {
	ascii, err := suffixForm(name)
	if err != nil {
		return false
	}
	suffix, icann := publicsuffix.PublicSuffix(ascii)
	return icann && suffix == ascii
}

// Organizational returns the organizational domain of name in A-labels, as
// DMARC aligns by it (RFC 7489, section 3.2): the public suffix and one label
// more. The private section of the list counts, so that two customers of one
// hoster ("a.github.io", "b.github.io") stay apart. A name that has none, being
// a public suffix itself, is its own; one that ToASCII would refuse for more
// than its one label is returned as it is.
func Organizational(name string) string {
	ascii, err := suffixForm(name)
	if err != nil {
		return name
	}
	org, err := publicsuffix.EffectiveTLDPlusOne(ascii)
	if err != nil {
		return ascii
	}
	return org
}

// suffixForm is toASCII, but it takes the A-labels of an ASCII name as they are:
// the list has no use for what they stand for, and to check them takes long.
func suffixForm(name string) (string, error) {
	if isPlain(name, 1) {
		return name, nil
	}
	if !isASCII(name) {
		return toASCII(name, 1)
	}
	if len(name) > maxName {
		return "", fmt.Errorf("%w: %d octets, the limit is %d", ErrLength, len(name), maxName)
	}
	if err := checkLabels(name, 1); err != nil {
		return "", err
	}
	return strings.ToLower(name), nil
}
