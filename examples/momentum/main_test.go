package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/signtable"
	"github.com/waxseal/waxseal/keyrecord"
)

const message = "Received: from a by b\r\nFrom: Joe <joe@corp.example.com>\r\nTo: suzie@example.net\r\n" +
	"Subject: dinner\r\nDate: Fri, 11 Jul 2003 21:00:37 -0700\r\nMIME-Version: 1.0\r\n\r\nHi.\r\n"

func atNoon() time.Time { return time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC) }

// load reads the configuration of the tests, at noon.
func load(t testing.TB) *signtable.Table {
	text, err := os.ReadFile("testdata/ecelerity.conf")
	if err != nil {
		t.Fatal(err)
	}
	table, err := parseConfig("ecelerity.conf", string(text), os.DirFS("testdata/root"))
	if err != nil {
		t.Fatal(err)
	}
	table.Time = atNoon
	return table
}

// zone has the record of the sample: g= and h= too.
func zone(t testing.TB) keyrecord.MapResolver {
	data, err := os.ReadFile("testdata/root/opt/msys/ecelerity/etc/conf/dkim/example.com/dkim1024.pub")
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	pub, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	rec, err := keyrecord.New(pub)
	if err != nil {
		t.Fatal(err)
	}
	rec.Hashes, rec.Flags = []string{"sha256"}, []string{"y"}
	return keyrecord.MapResolver{"dkim1024._domainkey.example.com": {rec.String()}}
}

func signed(t testing.TB, source dkim.SignerSource, text string) (string, error) {
	var b strings.Builder
	err := dkim.Sign(context.Background(), &b, strings.NewReader(text), source)
	return b.String(), err
}

var relay = map[string]string{"can_relay": "1", "binding": "b1"}

// The whole signature, octet for octet.
func Example() {
	var t testing.T
	var s stats
	table := load(&t)
	table.Observe = s.signed
	source := s.count(table, relay)
	text, err := signed(&t, source, message)
	if err != nil {
		fmt.Println(err)
	}
	signature, _, _ := strings.Cut(text, "Received: ")
	fmt.Print(strings.ReplaceAll(signature, "\r\n", "\n"))
	if _, err := signed(&t, source, strings.Replace(message, "corp.example.com", "example.org", 1)); err != nil {
		fmt.Println(err)
	}
	s.print(os.Stdout)

	v, err := validate(context.Background(), strings.NewReader(text), &dkim.Verifier{Resolver: zone(&t), Time: atNoon})
	if err != nil {
		fmt.Println(err)
	}
	fmt.Print(strings.ReplaceAll(v.authenticationResults("mx.example.net"), "\r\n", "\n"))
	count, _ := v.verifyResultsGetCount()
	first := 0
	it, _ := v.verifyResultsGetItem(&first)
	status, _ := verifyStatusToString(it.status)
	fmt.Println(v.getDomains(), v.getResponsibleDomain(), count, status, it)
	reply, to := v.reflect("reflector@example.net", "joe@corp.example.com; ops@example.net", "", "Here is what we saw.")
	fmt.Print(to, "\n", strings.ReplaceAll(string(reply), "\r\n", "\n"))
	// Output:
	// DKIM-Signature: v=1; a=rsa-sha256; c=simple/relaxed; d=example.com;
	//  i=bounce@corp.example.com; s=dkim1024; t=1780315200; x=1780401600; l=5;
	//  h=Received:X-Example:From:Subject:Received; z=Received:=20from=20a=20by=20b
	//  |From:=20Joe=20<joe@corp.example.com>|Subject:=20dinner;
	//  bh=UrA8rmgY3eNBotmDWtzAmHyn5RyZv8Gea45sNGsP0zw=; b=QBPCqqsumGjCKlufTjRJLEDgLv
	//  lyXVyjnYYucEyVf1uVZqrWQpc/+6IjmfX5P1UbkcSumDrKvn+R0X9s51RHWA/+kIjVo2yMhox3e03
	//  dFE/wvIu/SE3RQhloLCvnLhre1gbgPuTtVhHUyRhJUmrZbauKuLIi+PK3mOl9tu3vNjc=
	// no signer for this message
	// Binding b1: DKIM: AccumulatedSigningTime: 0.000 TotalMessagesSigned: 1 FailedSigningAttempts: 0 TotalMessagesProcessed: 2
	// Binding b1 Domain corp.example.com: DKIM: AccumulatedSigningTime: 0.000 TotalMessagesSigned: 1 FailedSigningAttempts: 0 TotalMessagesProcessed: 1
	// Binding b1 Domain example.org: DKIM: AccumulatedSigningTime: 0.000 TotalMessagesSigned: 0 FailedSigningAttempts: 0 TotalMessagesProcessed: 1
	// Domain corp.example.com: DKIM: AccumulatedSigningTime: 0.000 TotalMessagesSigned: 1 FailedSigningAttempts: 0 TotalMessagesProcessed: 1
	// Domain example.org: DKIM: AccumulatedSigningTime: 0.000 TotalMessagesSigned: 0 FailedSigningAttempts: 0 TotalMessagesProcessed: 1
	// Global: DKIM: AccumulatedSigningTime: 0.000 TotalMessagesSigned: 1 FailedSigningAttempts: 0 TotalMessagesProcessed: 2
	// Authentication-Results: mx.example.net;
	// 	dkim=pass (test mode) header.d=example.com
	// 	header.i=bounce@corp.example.com header.s=dkim1024
	// 	header.a=rsa-sha256 header.b=QBPCqqsu
	// [corp.example.com] corp.example.com 1 pass {pass   rsa-sha256}
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

func TestConditions(t *testing.T) {
	table := load(t)
	for _, tt := range []struct {
		from, want string
		values     map[string]string
		err        error
	}{
		{"joe@example.com", "d=example.com; s=dkim1024;", relay, nil},
		{"joe@example2.com", "d=example2.com; s=s1024;", relay, nil},
		{"joe@example.com", "", nil, dkim.ErrNoSigner},                     // sign_condition
		{"joe@sub.example.com", "", relay, dkim.ErrNoSigner},               // a dk_domain is one domain
		{"joe@example.org", "", relay, dkim.ErrNoSigner},                   // no dk_domain
		{"joe@corp.example.com", "i=bounce@corp.example.com;", relay, nil}, // identity
	} {
		got, err := signed(t, table.For(signtable.Request{Values: tt.values}), strings.Replace(message, "joe@corp.example.com", tt.from, 1))
		got = strings.ReplaceAll(got, "\r\n ", " ")
		if !errors.Is(err, tt.err) || !strings.Contains(got, tt.want) {
			t.Errorf("%s: %.200s, %v", tt.from, got, err)
		}
	}
}

// The overrides of msys.validate.dkim.sign are a Request, its keybuf a key.
func TestOverrides(t *testing.T) {
	data, err := os.ReadFile("testdata/root/opt/msys/ecelerity/etc/conf/dkim/example.com/dkim1024.key")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	key, err := dkim.ParseKey([]byte(strings.Join(lines[1:len(lines)-1], ""))) // no white space, no BEGIN and END
	if err != nil {
		t.Fatal(err)
	}
	got, err := signed(t, load(t).For(signtable.Request{Values: relay, Override: signtable.Rule{
		Domain: "example.com", Selector: "dkim1024", Key: key, Identity: "x@example.com", Lifetime: time.Hour,
	}}), message)
	if err != nil || !strings.Contains(got, "i=x@example.com;") || !strings.Contains(got, "x=1780318800;") {
		t.Error(got, err)
	}
	v, err := validate(context.Background(), strings.NewReader(got), &dkim.Verifier{Resolver: zone(t), Time: atNoon, PartialBody: true})
	if err != nil || v.results[0].Status != dkim.Pass {
		t.Error(v.results[0].Err, err)
	}
}

func TestFunctions(t *testing.T) {
	var none *validation
	if _, err := none.verifyResultsGetCount(); err == nil || err.Error() != "No verification results to count." {
		t.Error(err)
	}
	v, err := validate(context.Background(), strings.NewReader(message), &dkim.Verifier{Resolver: zone(t)})
	if err != nil || v.authenticationResults("mx.example.net") != "" || v.getDomains() != nil || v.getResponsibleDomain() != "corp.example.com" {
		t.Error("unsigned mail gets no field", err)
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

func TestErrors(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"dkim_sign \"a\" {\n  digest = \"rsa-sha1\"\n  selector = \"s\"\n key=\"k\"}", "RFC 8301"},
		{"dkim_sign {\n  selektor = \"s\"\n}", "f.conf:2:14: selektor: unknown option"},
		{"dkim_sign {\n base_domain = \"example.com\"\n}", "f.conf:2:16: base_domain: stands only in a dk_domain"},
		{"dkim_sign {\n header_canon = \"nofws\"\n}", "f.conf:2:17: header_canon: "},
		{"dkim_sign {\n lifetime = \"long\"\n}", "f.conf:2:13: lifetime: "},
		{"dkim_sign {\n copy_headers = perhaps\n}", "f.conf:2:17: copy_headers: "},
		{"dkim_sign {\n headerlist = \"From::To\"\n}", "f.conf:2:15: headerlist: "},
		{"dkim_sign {\n key \"k\"\n}", "f.conf:2:6: \"k\" after \"key\", want ="},
		{"dkim_sign {\n key = \"k\"\n", "f.conf:3:1: the stanza has no end"},
		{"dkim_sign \"a\" \"b\"", "f.conf:1:15: want {"},
		{"dkim_sign { dk_domain \"a b\" { selector = \"s\" key = \"k\" } }", "a b"},
	} {
		_, err := parseConfig("f.conf", tt.text, fstest.MapFS{})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %s", tt.text, err, tt.want)
		}
	}
	if table, err := parseConfig("f", "# nothing\ndkim_sign \"x\" { }", fstest.MapFS{}); err != nil || len(table.Senders) != 0 {
		t.Error(err)
	}
}

func TestRun(t *testing.T) {
	var out, log bytes.Buffer
	if err := run("testdata/ecelerity.conf", "testdata/root", []string{"can_relay"}, strings.NewReader(message), &out, &log); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(out.String(), "DKIM-Signature: ") || !strings.HasSuffix(out.String(), message) || !strings.Contains(log.String(), "TotalMessagesSigned: 1") {
		t.Error(out.String(), log.String())
	}
	for _, args := range [][2]string{{"none", "testdata/root"}, {"testdata/ecelerity.conf", "none"}, {"main.go", "testdata/root"}} {
		if err := run(args[0], args[1], nil, strings.NewReader(message), &out, &log); err == nil {
			t.Error(args)
		}
	}
}
