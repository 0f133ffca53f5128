package main

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/waxseal/waxseal/adsp"
	"github.com/waxseal/waxseal/dkim/explain"
	"github.com/waxseal/waxseal/keyrecord"
)

// A Record is what DNS has at the name of a key.
type Record struct {
	Name   string   `json:"name"`
	TXT    []string `json:"txt"`
	Checks []Check  `json:"checks"`
}

// A Policy is what a domain says of its signatures.
type Policy struct {
	Domain string  `json:"domain"`
	Checks []Check `json:"checks"`
}

// domains looks at the records of the domains that sign.
func (d *doctor) domains(ctx context.Context, reports []*explain.Report) ([]Record, []Policy) {
	records, policies := []Record{}, []Policy{}
	const most = 10 // names: a message may have any number of signatures
	for _, r := range reports {
		s := r.Result.Signature
		name, err := keyrecord.Name(s.Selector, s.Domain)
		if err != nil || len(records) == most {
			continue
		}
		if !slices.ContainsFunc(records, func(r Record) bool { return r.Name == name }) {
			records = append(records, d.record(ctx, name))
		}
		domain := printable(strings.ToLower(s.Domain))
		if !slices.ContainsFunc(policies, func(p Policy) bool { return p.Domain == domain }) {
			policies = append(policies, d.policy(ctx, domain))
		}
	}
	return records, policies
}

// record checks the record of one key.
func (d *doctor) record(ctx context.Context, name string) Record {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	out := Record{Name: name, TXT: []string{}}
	say := func(level, format string, args ...any) {
		out.Checks = append(out.Checks, Check{level, printable(fmt.Sprintf(format, args...))})
	}
	selector, domain, _ := strings.Cut(name, "._domainkey.")
	txt, err := d.resolver.LookupTXT(ctx, name+".")
	if err != nil || len(txt) == 0 {
		if _, err := keyrecord.Lookup(ctx, d.resolver, selector, domain); errors.Is(err, keyrecord.ErrTemporary) {
			say("warning", "DNS gives no answer: %v", err)
		} else {
			say("error", "There is no TXT record at %s.", name)
		}
		return out
	}
	const most = 8 // records
	if len(txt) > 1 {
		say("warning", "There are %d TXT records at this name: one is enough, and verifiers may take any.", len(txt))
	}
	for _, t := range txt[:min(len(txt), most)] {
		out.TXT = append(out.TXT, printable(t))
		r, err := keyrecord.Parse(t)
		switch {
		case err != nil:
			say("error", "%v", err)
			continue
		case r.Revoked():
			say("error", "The key is revoked: p= is empty.")
			continue
		}
		switch key := r.Key.(type) {
		case *rsa.PublicKey:
			switch bits := key.N.BitLen(); {
			case bits < 1024:
				say("error", "RSA, %d bits: RFC 8301 forbids less than 1024. Publish one of 2048.", bits)
			case bits < 2048:
				say("warning", "RSA, %d bits: RFC 8301 asks for 2048.", bits)
			default:
				say("ok", "RSA, %d bits.", bits)
			}
		default:
			say("ok", "Ed25519.")
		}
		if r.Testing() {
			say("warning", "t=y: the domain tests DKIM, and receivers take a failure for no signature.")
		}
		if r.Strict() {
			say("note", "t=s: i= must have the domain d= itself.")
		}
		if !r.AllowsEmail() {
			say("error", "s= does not allow the key for mail.")
		}
		if !r.AllowsHash("sha256") {
			say("error", "h= does not allow sha256.")
		}
		if r.Granularity != nil && *r.Granularity != "*" {
			say("note", "g= is of RFC 4871: verifiers no longer look at it.")
		}
		if !strings.HasPrefix(strings.TrimLeft(t, " \t"), "v=") {
			say("note", "v=DKIM1 is not there: RFC 6376 recommends it.")
		}
	}
	return out
}

// policy looks at what a domain says of mail that it does not sign.
func (d *doctor) policy(ctx context.Context, domain string) Policy {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	out := Policy{Domain: domain}
	say := func(level, format string, args ...any) {
		out.Checks = append(out.Checks, Check{level, printable(fmt.Sprintf(format, args...))})
	}
	switch p, err := adsp.LookupPolicy(ctx, d.resolver, domain); {
	case err != nil:
		say("warning", "The o= policy cannot be read: %v", err)
	case *p == (adsp.Policy{Outbound: adsp.Relaxed}): // what absence means too
		say("ok", "The o= policy says nothing.")
	default:
		say("note", "An o= policy, %q: a draft that receivers have left.", p)
	}
	switch p, err := adsp.Lookup(ctx, d.resolver, domain); {
	case err != nil:
		say("warning", "ADSP cannot be read: %v", err)
	case p == adsp.None || p == adsp.Unknown:
		say("ok", "ADSP says nothing.")
	default:
		say("note", "ADSP says %s (RFC 5617): historic, and lists break it. DMARC took its place.", p)
	}
	return out
}
