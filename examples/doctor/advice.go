package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
)

// advice says what a signer should change.
func advice(r *dkim.Result, h *dkim.Header) []Check {
	list := []Check{}
	warn := func(format string, args ...any) {
		list = append(list, Check{"warning", printable(fmt.Sprintf(format, args...))})
	}
	s := r.Signature
	if len(s.Fields) == 0 {
		return list // it could not be read
	}
	if s.Length != nil {
		warn("l=%d signs a part of the body: anybody may add to it. Sign without l=.", *s.Length)
	}
	if strings.EqualFold(s.Algorithm, "rsa-sha1") {
		warn("a=rsa-sha1 is forbidden by RFC 8301. Sign with rsa-sha256.")
	}
	if strings.HasPrefix(strings.ToLower(s.Algorithm), "rsa") && r.KeyBits > 0 && r.KeyBits < 2048 {
		warn("The key has %d bits. Sign with an RSA key of 2048 bits.", r.KeyBits)
	}
	// A message may wait for days in the queue of a server that cannot deliver it.
	const queue = 5 * 24 * time.Hour // RFC 5321, section 4.5.4.1
	if !s.Expiration.IsZero() && !s.Time.IsZero() && s.Expiration.Sub(s.Time) < queue {
		warn("x= is %s after t=, and mail may wait five days in a queue (RFC 5321). Sign for a week or more.", s.Expiration.Sub(s.Time))
	}
	if s.Canon.Header == canon.Simple {
		warn("c=%s breaks when a relay folds a field anew. Sign with relaxed/relaxed.", s.Canon)
	}
	var over, unsigned []string
	for _, name := range []string{"From", "To", "Cc", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "Content-Type"} {
		listed := 0
		for _, f := range s.Fields {
			if strings.EqualFold(f, name) {
				listed++
			}
		}
		signed, total := r.Covered(name)
		switch {
		case signed < total:
			unsigned = append(unsigned, name)
		case listed == total && (name == "From" || name == "Subject" || name == "To" || name == "Date" || name == "Reply-To"):
			over = append(over, name)
		}
	}
	if len(unsigned) > 0 {
		warn("The message has %s, and h= does not sign them all: anybody may change them.", strings.Join(unsigned, ", "))
	}
	if len(over) > 0 {
		warn("h= does not oversign %s: anybody may add one more. Name each once more than there are.", strings.Join(over, ", "))
	}
	if authors, err := h.From(); err == nil {
		for _, a := range authors {
			if !s.Aligned(a, false) {
				list = append(list, Check{"note", printable(fmt.Sprintf("d=%s is not aligned with the author's domain %s: DMARC does not count it.", s.Domain, a))})
			}
		}
	}
	return list
}
