package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/domainkeys"
	"github.com/waxseal/waxseal/keyrecord"
)

func atNoon() time.Time { return time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// zone has the record of the sample: t=y and h= too.
var zone = keyrecord.MapResolver{"dkim1024._domainkey.example.com": {"v=DKIM1; k=rsa; h=sha256; t=y; p=" +
	"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDbsMCiYKD1FZEOsJT+gUF+YjEYq+m6SNxKNRjGQmCmGeya8hR6GwlLnRewfFmr3YmpEzARTsAE42bdw6gJXNxA" +
	"6y4+ZZNhrtk5P4nCWlKa+OHQmTMDoW5h87npHF+NEjibBC66UNkVcYZN/iDMSMUU/XmAB/hJPfWyLxXVlSqg9wIDAQAB"}}

// signed is what the example of the folder above signs.
func signed() string { return string(must(os.ReadFile("testdata/signed.eml"))) }

func check(text string) *validation {
	return must(validate(context.Background(), strings.NewReader(text), &dkim.Verifier{Resolver: zone, Time: atNoon}))
}

func Example() {
	v := check(signed())
	fmt.Print(strings.ReplaceAll(v.authenticationResults("mx.example.net"), "\r\n", "\n"))
	count, _ := v.verifyResultsGetCount()
	first := 0
	it := must(v.verifyResultsGetItem(&first))
	fmt.Println(v.getDomains(), v.getResponsibleDomain(), count, must(verifyStatusToString(it.status)))
	fmt.Printf("%+v\n", it)
	reply, to := v.reflect("reflector@example.net", "joe@corp.example.com; ops@example.net", "", "Here is what we saw.")
	fmt.Print(to, "\n", strings.ReplaceAll(string(reply), "\r\n", "\n"))
	// Output:
	// Authentication-Results: mx.example.net;
	// 	dkim=pass (test mode) header.d=example.com
	// 	header.i=bounce@corp.example.com header.s=dkim1024
	// 	header.a=rsa-sha256 header.b=QBPCqqsu
	// [corp.example.com] corp.example.com 1 pass
	// {status:pass diagnostic: query: algorithm:rsa-sha256}
	// [joe@corp.example.com ops@example.net]
	// From: reflector@example.net
	// To: joe@corp.example.com
	// Subject: DKIM validation result
	//
	// Here is what we saw.
	//
	// Responsible domain: corp.example.com
	// Signatures: 1
	// 0: d=example.com s=dkim1024 a=rsa-sha256: pass
}

// What fails says why, in the words of RFC 8601.
func TestAuthenticationResults(t *testing.T) {
	for _, tt := range []struct{ what, message, want string }{
		{"unsigned mail gets no field", signed()[strings.Index(signed(), "Received"):], ""},
		{"another header", strings.Replace(signed(), "dinner\r\n", "lunch\r\n", 1), "dkim=fail"},
		{"no key", strings.ReplaceAll(signed(), "s=dkim1024", "s=none"), "dkim=permerror"},
		{"two", "DKIM-Signature: v=1; a=\r\n" + signed(), "dkim=permerror"},
	} {
		got := check(tt.message).authenticationResults("mx.example.net")
		if !strings.Contains(got, tt.want) || (got == "") != (tt.want == "") || strings.Count(got, "dkim=") != strings.Count(tt.message, "DKIM-Signature:") {
			t.Errorf("%s: %s, want %s", tt.what, got, tt.want)
		}
	}
}

func TestFunctions(t *testing.T) {
	var none *validation
	if _, err := none.verifyResultsGetCount(); err == nil || err.Error() != "No verification results to count." {
		t.Error(err)
	}
	v := check("From: joe@example.com\r\nSender: ann@example.org\r\n\r\n")
	if v.getDomains() != nil || v.getResponsibleDomain() != "example.org" {
		t.Error(v.getDomains(), v.getResponsibleDomain())
	}
	zero := 0
	for _, tt := range []struct {
		v     *validation
		index *int
		want  string
	}{
		{none, &zero, "No verification results to get item from"},
		{v, nil, "Index value not specified"},
		{v, &zero, "Index value is greater than the number of verification results"},
	} {
		if _, err := tt.v.verifyResultsGetItem(tt.index); err == nil || err.Error() != tt.want {
			t.Errorf("%v, want %s", err, tt.want)
		}
	}
	if _, err := verifyStatusToString(""); err == nil || err.Error() != "No status code is passed in" {
		t.Error(err)
	}
	if m, to := v.reflect("a@b", "c@d\r\nX: y", "", ""); m != nil || to != nil {
		t.Error("a line break went through")
	}
}

// A resolver that fails.
type down struct{}

func (down) LookupTXT(context.Context, string) ([]string, error) { return nil, errors.New("down") }

// dk_status and the field that goes with it.
func TestDomainKeys(t *testing.T) {
	const unsigned = "From: joe@example.com\r\nSubject: hello\r\n\r\nHi.\r\n"
	data := must(os.ReadFile("../testdata/root/opt/msys/ecelerity/etc/conf/dkim/example.com/dkim1024.key"))
	s := &domainkeys.Signer{Domain: "example.com", Selector: "s1", Key: must(dkim.ParseKey(data))}
	text := must(domainkeys.Sign(context.Background(), strings.NewReader(unsigned), s)).String() + unsigned
	record := must(keyrecord.New(s.Key.Public())).String()
	dns := func(txt string) keyrecord.Resolver { return keyrecord.MapResolver{"s1._domainkey.example.com": {txt}} }
	for _, tt := range []struct {
		text          string
		r             keyrecord.Resolver
		status, field string
	}{
		{unsigned, dns(record), "", ""},
		{text, dns(record), "good", "DomainKey-Status: good\r\n"},
		{strings.Replace(text, "Hi", "Ho", 1), dns(record), "bad", "DomainKey-Status: bad\r\n"},
		{text, dns("k=dsa; p=AAAA"), "bad (key type)", "DomainKey-Status: bad\r\n"},
		{text, keyrecord.MapResolver{}, "bad (no key)", "DomainKey-Status: bad\r\n"},
		{text, dns("p="), "bad (key revoked)", "DomainKey-Status: bad\r\n"},
		{text, dns("p=AAAA"), "bad (public key)", "DomainKey-Status: bad\r\n"},
		{strings.Replace(text, "q=dns", "q=web", 1), dns(record), "bad (unsupported query type)", "DomainKey-Status: bad\r\n"},
		{strings.Replace(text, "q=dns;", "q=dns; =;", 1), dns(record), "bad (malformed signature)", "DomainKey-Status: bad\r\n"},
		{text, down{}, "bad", "DomainKey-Status: error\r\n"},
	} {
		v := must(validate(context.Background(), strings.NewReader(tt.text), &dkim.Verifier{Resolver: tt.r}))
		if v.dkStatus() != tt.status || v.domainKeyStatus() != tt.field {
			t.Errorf("%q, %q (%v); want %q, %q", v.dkStatus(), v.domainKeyStatus(), v.dk.Err, tt.status, tt.field)
		}
	}
}

func TestRun(t *testing.T) {
	var out bytes.Buffer
	if err := run("mx.example.net", strings.NewReader(signed()), &out, zone); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Authentication-Results: mx.example.net;", "get_domains: ", `get_responsible_domain: "corp.example.com"`, "dk_status: "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s has no %s", out.String(), want)
		}
	}
	if err := run("mx.example.net", strings.NewReader("no header"), &out, zone); !errors.Is(err, dkim.ErrHeader) {
		t.Error(err)
	}
}
