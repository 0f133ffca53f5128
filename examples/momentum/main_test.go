package main

import (
	"bytes"
	"context"
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

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// load reads the configuration of the tests, at noon.
func load() *signtable.Table {
	text := must(os.ReadFile("testdata/ecelerity.conf"))
	table := must(parseConfig("ecelerity.conf", string(text), os.DirFS("testdata/root")))
	table.Time = atNoon
	return table
}

func signed(source dkim.SignerSource, text string) (string, error) {
	var b strings.Builder
	err := dkim.Sign(context.Background(), &b, strings.NewReader(text), source)
	return b.String(), err
}

var relay = map[string]string{"can_relay": "1", "binding": "b1", "domain": "example.net"}

// The whole signature, octet for octet, and the statistics.
func Example() {
	s := stats{scopes: map[string]counts{}}
	table := load()
	s.watch(table)
	source := table.For(signtable.Request{Values: relay})
	text := must(signed(source, message))
	signature, _, _ := strings.Cut(text, "Received: ")
	fmt.Print(strings.ReplaceAll(signature, "\r\n", "\n"))
	_, err := signed(source, strings.Replace(message, "corp.example.com", "example.org", 1))
	fmt.Println(err)
	s.print(os.Stdout)
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
	// Binding b1 Domain example.net: DKIM: AccumulatedSigningTime: 0.000 TotalMessagesSigned: 1 FailedSigningAttempts: 0 TotalMessagesProcessed: 2
	// Domain example.net: DKIM: AccumulatedSigningTime: 0.000 TotalMessagesSigned: 1 FailedSigningAttempts: 0 TotalMessagesProcessed: 2
	// Global: DKIM: AccumulatedSigningTime: 0.000 TotalMessagesSigned: 1 FailedSigningAttempts: 0 TotalMessagesProcessed: 2
}

func TestConditions(t *testing.T) {
	table := load()
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
		got, err := signed(table.For(signtable.Request{Values: tt.values}), strings.Replace(message, "joe@corp.example.com", tt.from, 1))
		got = strings.ReplaceAll(got, "\r\n ", " ")
		if !errors.Is(err, tt.err) || !strings.Contains(got, tt.want) {
			t.Errorf("%s: %.200s, %v", tt.from, got, err)
		}
	}
}

// The overrides of msys.validate.dkim.sign are a Request, its keybuf a key.
func TestOverrides(t *testing.T) {
	data := must(os.ReadFile("testdata/root/opt/msys/ecelerity/etc/conf/dkim/example.com/dkim1024.key"))
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	key := must(dkim.ParseKey([]byte(strings.Join(lines[1:len(lines)-1], "")))) // no white space, no BEGIN and END
	got, err := signed(load().For(signtable.Request{Values: relay, Override: signtable.Rule{
		Domain: "example.com", Selector: "dkim1024", Key: key, Identity: "x@example.com", Lifetime: time.Hour,
	}}), message)
	if err != nil || !strings.Contains(got, "i=x@example.com;") || !strings.Contains(got, "x=1780318800;") {
		t.Error(got, err)
	}
	record := must(keyrecord.New(key.Public()))
	zone := keyrecord.MapResolver{"dkim1024._domainkey.example.com": {record.String()}}
	results, err := dkim.Verify(context.Background(), strings.NewReader(got), &dkim.Verifier{Resolver: zone, Time: atNoon})
	if err != nil || dkim.Overall(results) != dkim.Pass {
		t.Error(results[0].Err, err)
	}
}

// A failure counts, and so does what is not to be signed.
func TestStats(t *testing.T) {
	s := stats{scopes: map[string]counts{}}
	table := load()
	s.watch(table)
	source := table.For(signtable.Request{Values: relay})
	for _, text := range []string{message, strings.Replace(message, "joe@", "joe@@", 1), strings.Replace(message, "From:", "From: joe@example.com\r\nFrom:", 1)} {
		signed(source, text)
	}
	if got, want := s.scopes["Global"], (counts{signed: 1, processed: 3}); got.signed != want.signed || got.failed != want.failed || got.processed != want.processed {
		t.Errorf("%+v, want %+v", got, want)
	}
	table.Default.Optional, table.Default.KeyPath = signtable.Off, "none"
	signed(source, message)
	if got := s.scopes["Binding b1 Domain example.net"]; got.failed != 1 || got.processed != 4 {
		t.Errorf("%+v", got)
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"dkim_sign \"a\" {\n  digest = \"rsa-sha1\"\n  selector = \"s\"\n key=\"k\"}", "f.conf:1:11: signtable: \".\", rule 0: a=: unusable algorithm: historic algorithm: RFC 8301"},
		{"dkim_sign {\n key = \"k\"\n dk_domain \"example.com\" { }\n}", "f.conf:3:12: signtable: \"example.com\", rule 0: s=: "},
		{"dkim_sign {\n  selektor = \"s\"\n}", "f.conf:2:14: selektor: unknown option"},
		{"dkim_sign {\n base_domain = \"example.com\"\n}", "f.conf:2:16: base_domain: stands only in a dk_domain"},
		{"dkim_sign {\n header_canon = \"nofws\"\n}", "f.conf:2:17: header_canon: "},
		{"dkim_sign {\n lifetime = \"long\"\n}", "f.conf:2:13: lifetime: "},
		{"dkim_sign {\n copy_headers = perhaps\n}", "f.conf:2:17: copy_headers: "},
		{"dkim_sign {\n headerlist = \"From::To\"\n}", "f.conf:2:15: headerlist: "},
		{"dkim_sign {\n key \"k\"\n}", "f.conf:2:6: key: want = before \"k\""},
		{"dkim_sign {\n key = \"k\"\n", "f.conf:3:1: : a stanza or a string has no end"},
		{"dkim_sign {\n key = \"k\n}", "f.conf:3:2: }: a stanza or a string has no end"},
		{"dkim_sign {\n dk_domain \"x\" {\n lifetime = \"-1\"\n}}", "f.conf:3:13: dk_domain: lifetime: "},
		{"dkim_sign \"a\" \"b\"", "f.conf:1:15: want {"},
		{"dkim_sign { dk_domain \"a b\" { selector = \"s\" key = \"k\" } }", "f.conf:1:23: dk_domain: "},
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
