package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/domainkeys"
	"github.com/waxseal/waxseal/headerlist"
	"github.com/waxseal/waxseal/keyrecord"
)

const message = "From: Arvel <arvel@example.com>\r\nSubject: dinner\r\n\r\nHi.\r\n"

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func load() config {
	return must(readConfig("verify.ini", string(must(os.ReadFile("testdata/verify.ini")))))
}

var key = must(dkim.ParseKey(must(os.ReadFile("../testdata/Pem/MDaemon/rsa.private"))))

// signed returns a message with the signature that MDaemon makes, of a domain
// and some fields.
func signed(domain, headers string) string {
	var b strings.Builder
	s := &dkim.Signer{Domain: domain, Selector: "mdaemon", Key: key, Headers: headerlist.MustParse(headers), BodyLength: true, OmitTime: true}
	must(0, dkim.Sign(context.Background(), &b, strings.NewReader(message), s))
	return b.String()
}

// zone returns the record of the key for two domains, with flags, and policies:
// pairs of a name and a text.
func zone(flags string, policies ...string) keyrecord.MapResolver {
	record := must(keyrecord.New(key.Public()))
	if flags != "" {
		record.Flags = []string{flags}
	}
	z := keyrecord.MapResolver{"mdaemon._domainkey.example.com": {record.String()}, "mdaemon._domainkey.example.org": {record.String()}}
	for i := 0; i < len(policies); i += 2 {
		z[policies[i]] = []string{policies[i+1]}
	}
	return z
}

func Example() {
	dns := zone("", "_policy._domainkey.example.com", "o=-;")
	for _, text := range []string{signed("example.com", "From:Subject"), message} {
		var out bytes.Buffer
		err := run("testdata/verify.ini", false, strings.NewReader(text), &out, dns)
		field, _, _ := strings.Cut(out.String(), "DKIM-Signature")
		fmt.Print(strings.ReplaceAll(field, "\r\n", "\n"))
		fmt.Println(err)
	}
	// Output:
	// Authentication-Results: mx.example.net;
	// 	dkim=pass header.d=example.com header.i=@example.com header.s=mdaemon
	// 	header.a=rsa-sha256 header.b=xHrcsrJD
	// <nil>
	// 550 the domain signs all of its mail, and this message has no good signature
}

const (
	refused  = true
	accepted = false
)

// The verdict by policy: systems.md has the matrix, package adsp its tests.
func TestPolicies(t *testing.T) {
	first, third := signed("example.com", "From:Subject"), signed("example.org", "From:Subject")
	bad := strings.Replace(first, "Hi.", "Ho.", 1)
	const ssp, practice = "_policy._domainkey.example.com", "_adsp._domainkey.example.com"
	for _, tt := range []struct {
		what, message string
		dns           keyrecord.Resolver
		adsp, refused bool
		score         float64
	}{
		{"o=~, unsigned", message, zone("", ssp, "o=~"), false, accepted, 0},
		{"no policy, unsigned", message, zone(""), false, accepted, 0},
		{"unknown syntax, unsigned", message, zone("", ssp, "o=what"), false, accepted, 0},
		{"o=-, unsigned", message, zone("", ssp, "o=-"), false, refused, 1},
		{"o=-, of an approved first party", first, zone("", ssp, "o=-"), false, accepted, -0.5},
		{"o=-, of a third party", third, zone("", ssp, "o=-"), false, accepted, 0},
		{"o=!, of a third party", third, zone("", ssp, "o=!"), false, refused, 1},
		{"o=., unsigned", message, zone("", ssp, "o=."), false, refused, 1},
		{"o=^, unsigned", message, zone("", ssp, "o=^"), false, accepted, 0},
		{"o=~, failed", bad, zone("", ssp, "o=~"), false, refused, 1},
		{"o=-; t=y, unsigned", message, zone("", ssp, "o=-; t=y"), false, accepted, 0},
		{"o=-, failed, the key is tested", bad, zone("y", ssp, "o=-"), false, accepted, 0},
		{"no record of this kind", message, zone("", practice, "dkim=all"), false, accepted, 0},
		{"ADSP: all, unsigned", message, zone("", practice, "dkim=all"), true, refused, 1},
		{"ADSP: discardable, of a third party", third, zone("", practice, "dkim=discardable"), true, refused, 1},
		{"ADSP: all, of a third party", third, zone("", practice, "dkim=all"), true, accepted, 0},
		{"ADSP: unknown, unsigned", message, zone("", practice, "dkim=unknown"), true, accepted, 0},
		{"ADSP: discardable, of the author", first, zone("", practice, "dkim=discardable"), true, accepted, -0.5},
	} {
		c := load()
		c.adsp = tt.adsp
		o := must(c.check(context.Background(), []byte(tt.message), tt.dns))
		if (o.reply != "") != tt.refused || o.score != tt.score || strings.Contains(o.field, "dkim-adsp=") != tt.adsp {
			t.Errorf("%s: %q, score %v, %s", tt.what, o.reply, o.score, o.field)
		}
		c.reject = false
		if o := must(c.check(context.Background(), []byte(tt.message), tt.dns)); o.reply != "" || o.score != tt.score {
			t.Errorf("%s: to the spam score: %q, %v", tt.what, o.reply, o.score)
		}
	}
}

// The switches of the verifier.
func TestOptions(t *testing.T) {
	whole := signed("example.com", "From:Subject")
	old := must(domainkeys.Sign(context.Background(), strings.NewReader(message), &domainkeys.Signer{Domain: "example.com", Selector: "mdaemon", Key: key})).String()
	for _, tt := range []struct {
		what, message string
		set           func(*config)
		want, not     string
	}{
		{"longer than l=", whole + "more\r\n", func(*config) {}, "dkim=pass (6 octets of the body are not signed)", ""},
		{"l= is not honoured", whole + "more\r\n", func(c *config) { c.honorLength = false }, "dkim=policy", ""},
		{"shorter than l=", strings.Replace(whole, "Hi.", "", 1), func(*config) {}, "dkim=permerror", ""},
		{"Subject is not signed", signed("example.com", "From"), func(*config) {}, "dkim=policy", ""},
		{"Subject need not be signed", signed("example.com", "From"), func(c *config) { c.requireSubject = false }, "dkim=pass", ""},
		{"DomainKeys alone", old + message, func(*config) {}, "domainkeys=pass header.from=arvel@example.com", "dkim=pass"},
		{"DomainKeys beside DKIM that passes", old + whole, func(*config) {}, "dkim=pass", "domainkeys"},
		{"DomainKeys beside DKIM that fails", strings.Replace(whole, "\r\nFrom:", "\r\n"+old+"From:", 1) + "more\r\n", func(c *config) { c.honorLength = false }, "domainkeys=fail", ""},
		{"unsigned", message, func(*config) {}, "dkim=none", "domainkeys"},
	} {
		c := load()
		tt.set(&c)
		o, err := c.check(context.Background(), []byte(tt.message), zone(""))
		if err != nil || !strings.Contains(o.field, tt.want) || tt.not != "" && strings.Contains(o.field, tt.not) {
			t.Errorf("%s: %s, %v; want %s", tt.what, o.field, err, tt.want)
		}
	}
}

func TestRun(t *testing.T) {
	dns := zone("", "_policy._domainkey.example.com", "o=-")
	ini := t.TempDir() + "/list.ini"
	if err := os.WriteFile(ini, []byte("HostName=lists.example.net\nStripSigsFromListMail=Yes\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := run("testdata/verify.ini", true, strings.NewReader(message), &out, dns); err != nil || out.String() != message {
		t.Errorf("authenticated: %q, %v", out.String(), err)
	}
	out.Reset()
	text := signed("example.com", "From:Subject")
	if err := run(ini, false, strings.NewReader(text), &out, dns); err != nil || !strings.HasPrefix(out.String(), "Authentication-Results: lists.example.net;") || !strings.HasSuffix(out.String(), "\r\n"+message) || strings.Contains(out.String(), "DKIM-Signature") {
		t.Errorf("a list: %q, %v", out.String(), err)
	}
	out.Reset()
	for _, file := range []string{"none", "main.go"} {
		if err := run(file, false, strings.NewReader(text), &out, dns); err == nil || out.Len() > 0 {
			t.Error(file)
		}
	}
	if err := run(ini, false, strings.NewReader("no header"), &out, dns); !errors.Is(err, dkim.ErrHeader) || out.Len() > 0 {
		t.Error(err)
	}
}

func TestErrors(t *testing.T) {
	for text, want := range map[string]string{
		"; x\n  Honor=Yes":    "f:2:3: unknown option \"Honor=Yes\"",
		"HonorBodyLength=yes": "f:1:1: ",
		"HostName=":           "f:1:1: ",
	} {
		if _, err := readConfig("f", text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
