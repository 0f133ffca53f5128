package authres

import (
	"strings"
	"unicode/utf8"

	"github.com/waxseal/waxseal/internal/domain"
)

// ASCII returns f as a message may hold it that is not internationalized (RFC
// 6532), and that may come to servers without SMTPUTF8: U-labels become
// A-labels, in the authserv-id, in domain names and behind the "@" of
// addresses. Any other character beyond ASCII becomes "?". f stays as it is.
func (f *Field) ASCII() *Field {
	a := &Field{ID: asciiDomain(f.ID), Version: f.Version}
	for _, r := range f.Results {
		r.Reason = asciiText(r.Reason)
		r.Comment = asciiText(r.Comment)
		props := r.Props
		r.Props = nil
		for _, p := range props {
			p.Value = asciiDomain(p.Value)
			r.Props = append(r.Props, p)
		}
		a.Results = append(a.Results, r)
	}
	return a
}

// asciiDomain writes a domain name, or that of an address, with A-labels.
func asciiDomain(s string) string {
	if isASCII(s) {
		return s
	}
	at := strings.LastIndexByte(s, '@') + 1
	host, err := domain.ToASCII(s[at:])
	if err != nil {
		return asciiText(s)
	}
	return asciiText(s[:at]) + host
}

// asciiText writes "?" for each character beyond ASCII.
func asciiText(s string) string {
	if isASCII(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}
