package adsp

import (
	"fmt"
	"strings"

	"github.com/waxseal/waxseal/internal/taglist"
)

// A Practice is a value of dkim= in an ADSP record (RFC 5617, section 4.2.1).
type Practice string

const (
	None        Practice = ""            // the domain publishes no record
	Unknown     Practice = "unknown"     // it might sign some or all mail
	All         Practice = "all"         // it signs all mail
	Discardable Practice = "discardable" // it signs all mail, and what is not signed is to be discarded
)

// Parse parses the text of a TXT record at "_adsp._domainkey". The record
// begins with "dkim", in lower case, white space perhaps, and "=". A value that
// is a word but none of the three is Unknown, and other tags are ignored.
//
// An error wraps ErrSyntax: another beginning, a malformed tag list, a line
// break in it, a value that is no word, or a text above 4 KiB.
func Parse(txt string) (Practice, error) {
	const tag = "dkim"
	switch {
	case len(txt) > maxRecord:
		return None, fmt.Errorf("%w: %d octets, the limit is %d", ErrSyntax, len(txt), maxRecord)
	case !strings.HasPrefix(txt, tag):
		return None, fmt.Errorf(`%w: an ADSP record begins with "dkim="`, ErrSyntax)
	case strings.ContainsAny(txt, "\r\n"):
		return None, fmt.Errorf("%w: a line break; white space is SP and HTAB", ErrSyntax)
	}
	tags, err := taglist.Parse(txt)
	if err != nil {
		return None, fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	if tags[0].Name != tag {
		return None, fmt.Errorf(`%w: the tag %.40q; want dkim first`, ErrSyntax, tags[0].Name)
	}
	value := tags[0].Value
	if !taglist.IsHyphenatedWord(value) {
		return None, fmt.Errorf("%w: dkim=%.40q is no word", ErrSyntax, value)
	}
	for _, p := range [...]Practice{All, Discardable} {
		if equalFold(value, string(p)) {
			return p, nil
		}
	}
	return Unknown, nil
}

// Record returns the TXT value that publishes p, as "dkim=all", and "" for what
// Parse does not return. It belongs at "_adsp._domainkey." and each domain that
// authors use; a wildcard name cannot publish it (section 4.1).
func (p Practice) Record() string {
	switch p {
	case Unknown, All, Discardable:
		return "dkim=" + string(p)
	}
	return ""
}

// Evaluate returns the result of the method dkim-adsp (RFC 5617, section 5.4)
// for one author, an address of From or its domain, and the domains (d=) of the
// signatures that passed: "pass" if one of them is the author's domain, and
// otherwise "none", "unknown", "fail" (All) or "discard" (Discardable). Domains
// are compared without case; neither a parent nor a subdomain will do.
func (p Practice) Evaluate(author string, signers []string) string {
	if hasSigned(author, signers) {
		return "pass"
	}
	switch p {
	case None:
		return "none"
	case All:
		return "fail"
	case Discardable:
		return "discard"
	}
	return "unknown"
}

func hasSigned(author string, signers []string) bool {
	author = domainOf(author)
	for _, s := range signers {
		if sameDomain(author, s) {
			return true
		}
	}
	return false
}
