// Validate prints the Authentication-Results field of Momentum's dkim_validate
// for the message on standard input, and what its script functions return.
//
//	go run ./examples/momentum/validate mx.example.net < message
package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/authres"
	"github.com/waxseal/waxseal/dkim/domainkeys"
	"github.com/waxseal/waxseal/keyrecord"
)

func main() {
	err := errors.New("usage: validate HOSTNAME < message")
	if len(os.Args) == 2 {
		err = run(os.Args[1], os.Stdin, os.Stdout, &keyrecord.Cache{})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "validate:", err)
		os.Exit(1)
	}
}

func run(host string, src io.Reader, dst io.Writer, r keyrecord.Resolver) error {
	v, err := validate(context.Background(), src, &dkim.Verifier{Resolver: r})
	if err != nil {
		return err
	}
	fmt.Fprintf(dst, "%s%sget_domains: %q\nget_responsible_domain: %q\ndk_status: %s\n",
		v.authenticationResults(host), v.domainKeyStatus(), v.getDomains(), v.getResponsibleDomain(), v.dkStatus())
	return nil
}

// A validation is what dkim_validate knows of a message, and what the functions
// of msys.validate.dkim return of it.
type validation struct {
	header  *dkim.Header
	results []*dkim.Result
	dk      *domainkeys.Result // what dk_validate knows
}

func validate(ctx context.Context, src io.Reader, v *dkim.Verifier) (*validation, error) {
	w := dkim.NewVerifyWriter(ctx, v)
	old := domainkeys.NewVerifyWriter(ctx, &domainkeys.Verifier{Resolver: v.Resolver, MinRSABits: v.MinRSABits})
	if _, err := io.Copy(io.MultiWriter(w, old), src); err != nil {
		return nil, err
	}
	results, err := w.Finish()
	if err != nil {
		return nil, err
	}
	dk, err := old.Finish()
	return &validation{w.Header(), results, dk}, err
}

// authenticationResults is the field to put on top: none for unsigned mail.
func (v *validation) authenticationResults(host string) string {
	if len(v.results) == 0 {
		return ""
	}
	return (&authres.Field{ID: host, Results: dkim.AuthRes(v.results)}).String()
}

// getDomains returns the domains of i= of the signatures that are valid.
func (v *validation) getDomains() (domains []string) {
	for _, r := range v.results {
		if id := r.Signature.Identifier; r.Status == dkim.Pass {
			domains = append(domains, id[strings.LastIndexByte(id, '@')+1:])
		}
	}
	return domains
}

// getResponsibleDomain returns the domain of Sender, or else of From.
func (v *validation) getResponsibleDomain() string {
	domain, _ := v.header.Sender()
	return domain
}

// A scriptError is what a script function returns as its error, in Momentum's words.
type scriptError string

func (e scriptError) Error() string { return string(e) }

// verifyResultsGetCount and verifyResultsGetItem take nil for "no results".
func (v *validation) verifyResultsGetCount() (int, error) {
	if v == nil {
		return 0, scriptError("No verification results to count.")
	}
	return len(v.results), nil
}

// An item is one result: query and algorithm are empty where they are absent.
type item struct {
	status                       dkim.Status
	diagnostic, query, algorithm string
}

func (v *validation) verifyResultsGetItem(index *int) (item, error) {
	switch {
	case v == nil:
		return item{}, scriptError("No verification results to get item from")
	case index == nil:
		return item{}, scriptError("Index value not specified")
	case *index < 0 || *index >= len(v.results):
		return item{}, scriptError("Index value is greater than the number of verification results")
	}
	r := v.results[*index]
	it := item{status: r.Status, query: strings.Join(r.Signature.Query, ":"), algorithm: r.Signature.Algorithm}
	if r.Err != nil {
		it.diagnostic = r.Err.Error()
	}
	return it, nil
}

func verifyStatusToString(s dkim.Status) (string, error) {
	if s == "" {
		return "", scriptError("No status code is passed in")
	}
	return string(s), nil
}

// reflect returns the reply that tells a sender what became of the signatures,
// and to whom it goes: the first receiver is named, the others are Bcc.
func (v *validation) reflect(sender, receivers, subject, note string) (message []byte, to []string) {
	to = strings.FieldsFunc(receivers, func(r rune) bool { return r == ';' || r == ' ' })
	if sender == "" || len(to) == 0 || strings.ContainsAny(sender+receivers+subject, "\r\n") {
		return nil, nil
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nSubject: %s\r\n\r\n", sender, to[0], cmp.Or(subject, "DKIM validation result"))
	if note != "" {
		fmt.Fprintf(&b, "%s\r\n\r\n", note)
	}
	fmt.Fprintf(&b, "Responsible domain: %s\r\nSignatures: %d\r\n", v.getResponsibleDomain(), len(v.results))
	for i := range v.results {
		it, _ := v.verifyResultsGetItem(&i)
		fmt.Fprintf(&b, "%d: d=%s s=%s a=%s: %s %s\r\n", i, v.results[i].Signature.Domain, v.results[i].Signature.Selector, it.algorithm, it.status, it.diagnostic)
	}
	return b.Bytes(), to
}

// domainKeyStatus is the field that dk_validate writes. One that is there goes
// first: that is left to authres.StripReader.RemoveAll.
func (v *validation) domainKeyStatus() string {
	switch v.dk.Status {
	case domainkeys.NoSignature:
		return ""
	case domainkeys.Good:
		return "DomainKey-Status: good\r\n"
	case domainkeys.TempError:
		return "DomainKey-Status: error\r\n"
	}
	return "DomainKey-Status: bad\r\n"
}

// dkStatus is the context variable dk_status.
func (v *validation) dkStatus() string {
	for _, reason := range []struct {
		err  error
		word string
	}{
		{nil, "good"}, {domainkeys.ErrNoSignature, ""},
		{keyrecord.ErrKeyType, "bad (key type)"}, {keyrecord.ErrNotFound, "bad (no key)"}, {keyrecord.ErrRevoked, "bad (key revoked)"},
		{keyrecord.ErrSyntax, "bad (public key)"}, {keyrecord.ErrKeySize, "bad (public key)"}, {dkim.ErrQuery, "bad (unsupported query type)"},
		{dkim.ErrSyntax, "bad (malformed signature)"}, {dkim.ErrMissing, "bad (malformed signature)"},
	} {
		if errors.Is(v.dk.Err, reason.err) {
			return reason.word
		}
	}
	return "bad"
}
