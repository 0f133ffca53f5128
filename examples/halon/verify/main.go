// Verify prints what Halon's DKIMSDID and DKIMVerify return for the message on
// standard input.
//
//	go run ./examples/halon/verify [ DOMAIN ... ] < message
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/waxseal/waxseal/dkim"
)

// The defaults of signature_limit and timeout.
const (
	signatureLimit = 5
	timeout        = 5 * time.Second
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout, lookup); err != nil {
		fmt.Fprintln(os.Stderr, "verify:", err)
		os.Exit(1)
	}
}

// run prints the map of DKIMSDID, and what DKIMVerify says of each signature.
func run(domains []string, src io.Reader, dst io.Writer, dns dnsFunction) error {
	ctx := context.Background()
	message, err := io.ReadAll(src)
	if err != nil {
		return err
	}
	found, err := dkimSDID(ctx, bytes.NewReader(message), domains, signatureLimit, timeout, dns)
	if err != nil {
		return err
	}
	for _, domain := range slices.Sorted(maps.Keys(found)) {
		fmt.Fprintf(dst, "%s => %s\n", domain, found[domain])
	}
	signatures, err := dkim.Signatures(bytes.NewReader(message))
	if err != nil {
		return err
	}
	for _, s := range signatures[:min(len(signatures), signatureLimit)] {
		v, err := dkimVerify(ctx, bytes.NewReader(message), s.Signature.String(), timeout, dns)
		if err != nil {
			return err
		}
		fmt.Fprintf(dst, "%s %q d=%q s=%q\n", v.result, v.err, v.tags["d"], v.tags["s"])
	}
	return nil
}

// A dnsFunction answers for a host: with a TXT record, or with "permerror" or
// "temperror".
type dnsFunction func(host string) (result, problem string)

// LookupTXT makes a resolver of f.
func (f dnsFunction) LookupTXT(_ context.Context, name string) ([]string, error) {
	name = strings.TrimSuffix(name, ".")
	switch result, problem := f(name); {
	case problem == "temperror":
		return nil, &net.DNSError{Err: problem, Name: name, IsTemporary: true}
	case problem != "" || result == "":
		return nil, &net.DNSError{Err: "no key", Name: name, IsNotFound: true}
	default:
		return []string{result}, nil
	}
}

// lookup is the dnsFunction of the system's resolver.
func lookup(host string) (result, problem string) {
	list, err := net.DefaultResolver.LookupTXT(context.Background(), host+".")
	switch e := (*net.DNSError)(nil); {
	case err == nil && len(list) > 0:
		return list[0], ""
	case errors.As(err, &e) && !e.IsNotFound:
		return "", "temperror"
	}
	return "", "permerror"
}

// A verification is what DKIMVerify returns.
type verification struct {
	result string            // pass, permerror or temperror
	err    string            // unless it is pass
	tags   map[string]string // whenever the field could be parsed
}

var errOther = errors.New("another signature")

// dkimVerify verifies one signature of a message: headerfield is the complete
// field as it stands there. The options are timeout and dns_function.
func dkimVerify(ctx context.Context, message io.Reader, headerfield string, timeout time.Duration, dns dnsFunction) (verification, error) {
	results, err := dkim.Verify(ctx, message, &dkim.Verifier{Resolver: dns, LookupTimeout: timeout, Policy: func(s *dkim.Signature, _ *dkim.Header) error {
		if s.String() != headerfield {
			return errOther
		}
		return nil
	}})
	for _, r := range results {
		if r.Signature.String() != headerfield {
			continue
		}
		v := verification{result: string(r.Status), tags: tags(r.Signature)}
		if r.Err != nil {
			v.err = r.Err.Error()
		}
		if r.Status != dkim.Pass && r.Status != dkim.TempError {
			v.result = "permerror"
		}
		return v, err
	}
	return verification{result: "permerror", err: "the message has no such field"}, err
}

// tags is header_dkim_decode.
func tags(s *dkim.Signature) map[string]string {
	_, value := s.Field()
	m := make(map[string]string)
	for tag := range strings.SplitSeq(value, ";") {
		name, value, found := strings.Cut(strings.Join(strings.Fields(tag), ""), "=")
		if found {
			m[name] = value
		}
	}
	return m
}

// dkimSDID is DKIMSDID: the best result of each domain, and skip for those that
// are not asked for, or are beyond signature_limit (5).
func dkimSDID(ctx context.Context, message io.Reader, explicit []string, limit int, timeout time.Duration, dns dnsFunction) (map[string]string, error) {
	results, err := dkim.Verify(ctx, message, &dkim.Verifier{Resolver: dns, LookupTimeout: timeout, MaxSignatures: limit, Policy: func(s *dkim.Signature, _ *dkim.Header) error {
		if len(explicit) > 0 && !slices.Contains(explicit, strings.ToLower(s.Domain)) {
			return errOther
		}
		return nil
	}})
	best := []string{"skip", "permerror", "temperror", "fail", "pass"}
	domains := make(map[string]string)
	for _, r := range results {
		word := string(r.Status)
		switch {
		case errors.Is(r.Err, errOther), errors.Is(r.Err, dkim.ErrTooMany):
			word = "skip"
		case !slices.Contains(best, word):
			word = "permerror"
		}
		domain := strings.ToLower(r.Signature.Domain)
		if slices.Index(best, word) >= slices.Index(best, domains[domain]) {
			domains[domain] = word
		}
	}
	return domains, err
}
