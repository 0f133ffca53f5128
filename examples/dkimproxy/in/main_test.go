package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/adsp"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/authres"
	"github.com/waxseal/waxseal/keyrecord"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// signed is what the example of the folder above signs, with DKIM and with
// DomainKeys.
func signed() string { return string(must(os.ReadFile("testdata/signed.eml"))) }

const record = "k=rsa; t=s; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDbsMCiYKD1FZEOsJT+gUF+YjEYq+m6SNxKNRjGQmCmGeya8hR6GwlLnRewfFmr3YmpEzARTsAE42bdw6gJXNxA" +
	"6y4+ZZNhrtk5P4nCWlKa+OHQmTMDoW5h87npHF+NEjibBC66UNkVcYZN/iDMSMUU/XmAB/hJPfWyLxXVlSqg9wIDAQAB"

// zone returns the key record and policies: pairs of a name and a text.
func zone(policies ...string) keyrecord.MapResolver {
	z := keyrecord.MapResolver{"mondomaine-dkim._domainkey.example.com": {record}}
	for i := 0; i < len(policies); i += 2 {
		z[policies[i]] = []string{policies[i+1]}
	}
	return z
}

func Example() {
	// The policy of the article has a key tag and a flag of others.
	dns := zone("_domainkey.example.com", "k=rsa; t=s; o=-;", "_adsp._domainkey.example.com", "dkim=discardable")
	var out, log bytes.Buffer
	for _, text := range []string{signed(), strings.Replace(signed(), "Hi.", "Ho.", 1)} {
		out.Reset()
		err := run("testdata/dkimproxy_in.conf", strings.NewReader(text), &out, &log, dns)
		field, _, _ := strings.Cut(out.String(), "DKIM-Signature")
		fmt.Print(strings.ReplaceAll(field, "\r\n", "\n"))
		fmt.Println(err)
	}
	fmt.Print(log.String())
	// Output:
	// Authentication-Results: mx.example.net;
	// 	dkim=pass header.i=@example.com;
	// 	domainkeys=pass header.from=ann@example.com
	// X-DKIM-Authentication-Results: pass
	// <nil>
	// 550 5.7.1 message fails the policy of its sender
	// originator address: "ann@example.com"
	// signature identity: "@example.com"
	// verify result: pass
	// signature identity: "ann@example.com"
	// verify result: good
	// sender policy result: accept
	// author policy result: accept
	// ADSP policy result: [accept]
	// originator address: "ann@example.com"
	// signature identity: "@example.com"
	// verify result: fail (body has been altered)
	// signature identity: "ann@example.com"
	// verify result: bad
	// sender policy result: reject
	// author policy result: neutral
	// ADSP policy result: [reject]
}

// The fields, in the words of DKIMproxy.
func TestFields(t *testing.T) {
	unsigned := signed()[strings.Index(signed(), "Received:"):]
	for _, tt := range []struct {
		what, message    string
		dns              keyrecord.Resolver
		results, summary string
	}{
		{"pass", signed(), zone(), "dkim=pass header.i=@example.com; domainkeys=pass header.from=ann@example.com", "pass"},
		{"unsigned", unsigned, zone(), "none", "none"},
		{"changed body", strings.Replace(signed(), "Hi.", "Ho.", 1), zone(), "dkim=fail (body has been altered) header.i=@example.com; domainkeys=fail", "fail (body has been altered)"},
		{"changed header", strings.Replace(signed(), "dinner", "lunch", 1), zone(), "dkim=fail (", "fail ("},
		{"no key", signed(), keyrecord.MapResolver{}, "dkim=invalid (public key: not available) header.i=@example.com; domainkeys=permerror", "invalid (public key: not available)"},
		{"DNS fails", signed(), down{}, "dkim=temperror (", "temperror ("},
		{"the best of several", "DKIM-Signature: v=1; a=x\r\n" + signed(), zone(), "dkim=invalid", "pass"},
	} {
		v := must(check(context.Background(), []byte(tt.message), tt.dns))
		text := strings.ReplaceAll(v.fields("mx.example.net"), "\r\n\t", " ")
		if !strings.HasPrefix(text, "Authentication-Results: mx.example.net; "+tt.results) || !strings.Contains(text, "\r\nX-DKIM-Authentication-Results: "+tt.summary) {
			t.Errorf("%s: %q, want %q and %q", tt.what, text, tt.results, tt.summary)
		}
		if _, err := authres.Parse(strings.TrimSpace(v.fields("mx.example.net")[:strings.Index(v.fields("mx.example.net"), "\r\nX-")])); err != nil {
			t.Errorf("%s: %v", tt.what, err)
		}
	}
}

type down struct{}

func (down) LookupTXT(context.Context, string) ([]string, error) { return nil, errors.New("down") }

// The three policies, and what the switches make of them.
func TestPolicies(t *testing.T) {
	good, bad := signed(), strings.Replace(signed(), "Hi.", "Ho.", 1)
	unsigned := good[strings.Index(good, "Received:"):]
	other := strings.ReplaceAll(good, "ann@example.com", "ann@example.org")
	for _, tt := range []struct {
		what, message        string
		dns                  keyrecord.Resolver
		sender, author, adsp adsp.Verdict
		fail, error          string // the reply, with reject_fail and with reject_error
	}{
		{"good", good, zone(), adsp.Accept, adsp.Accept, adsp.Accept, "", ""},
		{"unsigned, no policies", unsigned, zone(), adsp.Neutral, adsp.Neutral, adsp.Neutral, "", ""},
		{"DomainKeys: o=-", unsigned, zone("_domainkey.example.com", "o=-"), adsp.Reject, adsp.Neutral, adsp.Neutral, "550 5.7.1", ""},
		{"DomainKeys: o=-; t=y", unsigned, zone("_domainkey.example.com", "o=-; t=y"), adsp.Neutral, adsp.Neutral, adsp.Neutral, "", ""},
		{"SSP: strict", bad, zone("_policy._domainkey.example.com", "dkim=strict"), adsp.Neutral, adsp.Reject, adsp.Neutral, "550 5.7.1", ""},
		{"SSP: all, and nothing passes", other, zone("_policy._domainkey.example.org", "dkim=all"), adsp.Neutral, adsp.Reject, adsp.Neutral, "550 5.7.1", ""},
		{"ADSP: discardable", bad, zone("_adsp._domainkey.example.com", "dkim=discardable"), adsp.Neutral, adsp.Neutral, adsp.Reject, "550 5.7.1", ""},
		{"ADSP: all", bad, zone("_adsp._domainkey.example.com", "dkim=all"), adsp.Neutral, adsp.Neutral, adsp.Neutral, "", ""},
		{"no key", good, keyrecord.MapResolver{}, adsp.Neutral, adsp.Neutral, adsp.Neutral, "", "550 5.7.1 invalid (public key: not available)"},
		{"DNS fails", good, down{}, adsp.Neutral, adsp.Neutral, adsp.Neutral, "", "450 4.7.1 temperror ("},
		{"fail is no error", bad, zone(), adsp.Neutral, adsp.Neutral, adsp.Neutral, "", ""},
	} {
		v := must(check(context.Background(), []byte(tt.message), tt.dns))
		if v.sender != tt.sender || v.author != tt.author || len(v.adsp) != 1 || v.adsp[0] != tt.adsp {
			t.Errorf("%s: %v, %v, %v; want %v, %v, %v", tt.what, v.sender, v.author, v.adsp, tt.sender, tt.author, tt.adsp)
		}
		for _, c := range []struct {
			config
			want string
		}{{config{rejectFail: true}, tt.fail}, {config{rejectError: true}, tt.error}, {config{}, ""}} {
			if got := c.reply(v); !strings.HasPrefix(got, c.want) || (got == "") != (c.want == "") {
				t.Errorf("%s: %+v answers %q, want %q", tt.what, c.config, got, c.want)
			}
		}
	}
}

func TestRun(t *testing.T) {
	forged := "Authentication-Results: mx.example.net; dkim=pass header.i=@bank.example\r\nX-DKIM-Authentication-Results: pass\r\n"
	unsigned := signed()[strings.Index(signed(), "Received:"):]
	var out, log bytes.Buffer
	if err := run("testdata/dkimproxy_in.conf", strings.NewReader(forged+unsigned), &out, &log, zone()); err != nil || strings.Contains(out.String(), "pass") || !strings.HasSuffix(out.String(), unsigned) {
		t.Errorf("%q, %v", out.String(), err)
	}
	out.Reset()
	for _, tt := range []struct{ conf, message string }{{"none", unsigned}, {"main.go", unsigned}, {"testdata/dkimproxy_in.conf", "no header"}} {
		if err := run(tt.conf, strings.NewReader(tt.message), &out, &log, zone()); err == nil || out.Len() > 0 {
			t.Errorf("%s, %q: %v", tt.conf, tt.message, err)
		}
	}
	if err := run("testdata/dkimproxy_in.conf", strings.NewReader("no header"), &out, &log, zone()); !errors.Is(err, dkim.ErrHeader) {
		t.Error(err)
	}
}

// What a stranger writes stays in its line: U+0085 ends one for some terminals.
func TestReportIsSafe(t *testing.T) {
	text := "DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=s; i=a\u0085b@example.com; h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\r\nFrom: x@example.com\r\n\r\n"
	v := must(check(context.Background(), []byte(text), zone()))
	if report := v.report(); !strings.Contains(report, "b@example.com") || strings.Contains(report, "\u0085") {
		t.Errorf("%q", report)
	}
}

func TestErrors(t *testing.T) {
	for text, want := range map[string]string{
		"# x\n  reject_fial": "f:2:3: unknown option \"reject_fial\"",
		"hostname":           "f:1:1: unknown option \"hostname\", or one without a value",
	} {
		if _, err := readConfig("f", text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if c, err := readConfig("f", ""); err != nil || c.hostname != must(os.Hostname()) {
		t.Error(c, err)
	}
}
