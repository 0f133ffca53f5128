package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/waxseal/waxseal/dkim"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// signed is what the example of the folder above signs: by RSA and by Ed25519.
func signed() string { return string(must(os.ReadFile("testdata/signed.eml"))) }

// dns answers with the records of the keys that signed it.
func dns(host string) (result, problem string) {
	selector, ok := strings.CutSuffix(host, "._domainkey.example.com")
	record, err := os.ReadFile("testdata/" + selector + ".txt")
	if !ok || err != nil {
		return "", "permerror"
	}
	return strings.TrimSpace(string(record)), ""
}

func Example() {
	if err := run(nil, strings.NewReader(signed()), os.Stdout, dns); err != nil {
		panic(err)
	}
	if err := run([]string{"example.net"}, strings.NewReader(strings.Replace(signed(), "Hi.", "Ho.", 1)), os.Stdout, dns); err != nil {
		panic(err)
	}
	// Output:
	// example.com => pass
	// pass "" d="example.com" s="s1"
	// pass "" d="example.com" s="ed"
	// example.com => skip
	// permerror "body hash did not verify" d="example.com" s="s1"
	// permerror "body hash did not verify" d="example.com" s="ed"
}

func TestSDID(t *testing.T) {
	text := signed()
	other := strings.Replace(text[strings.LastIndex(text, "DKIM-Signature"):strings.Index(text, "Received: ")], "d=example.com", "d=Example.org", 1)
	for _, tt := range []struct {
		what     string
		message  string
		explicit []string
		limit    int
		dns      dnsFunction
		want     map[string]string
	}{
		{"all", text, nil, 5, dns, map[string]string{"example.com": "pass"}},
		{"changed body", strings.Replace(text, "Hi.", "Ho.", 1), nil, 5, dns, map[string]string{"example.com": "fail"}},
		{"no key", text, nil, 5, func(string) (string, string) { return "", "" }, map[string]string{"example.com": "permerror"}},
		{"DNS fails", text, nil, 5, func(string) (string, string) { return "", "temperror" }, map[string]string{"example.com": "temperror"}},
		{"DNS fails for ever", text, nil, 5, func(string) (string, string) { return "", "permerror" }, map[string]string{"example.com": "permerror"}},
		{"filtered", text, []string{"example.net"}, 5, dns, map[string]string{"example.com": "skip"}},
		{"two domains, one asked for", other + text, []string{"example.com"}, 5, dns, map[string]string{"example.com": "pass", "example.org": "skip"}},
		{"two domains", other + text, nil, 5, dns, map[string]string{"example.com": "pass", "example.org": "permerror"}},
		{"over the limit", other + text, nil, 2, dns, map[string]string{"example.com": "pass", "example.org": "skip"}},
		{"malformed", strings.Replace(text, "a=ed25519-sha256", "a=", 1), nil, 5, dns, map[string]string{"example.com": "pass"}},
		{"unsigned", text[strings.Index(text, "Received: "):], nil, 5, dns, map[string]string{}},
	} {
		got, err := dkimSDID(context.Background(), strings.NewReader(tt.message), tt.explicit, tt.limit, time.Second, tt.dns)
		same := len(got) == len(tt.want)
		for domain, word := range tt.want {
			same = same && got[domain] == word
		}
		if !same || err != nil {
			t.Errorf("%s: %v, %v; want %v", tt.what, got, err, tt.want)
		}
	}
}

// The time of one lookup is bounded, and the result of a lookup that is stuck is
// temporary.
func TestTimeout(t *testing.T) {
	stuck := make(chan struct{})
	defer close(stuck)
	got, err := dkimSDID(context.Background(), strings.NewReader(signed()), nil, 5, time.Millisecond, func(string) (string, string) {
		<-stuck
		return "", ""
	})
	if got["example.com"] != "temperror" || err != nil {
		t.Error(got, err)
	}
}

// One field of several is verified, and no key of the others is asked for.
func TestVerifyOne(t *testing.T) {
	bad := "DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=s1; h=To; bh=; b=\r\n"
	rsa := signed()[:strings.Index(signed(), "\r\nDKIM-Signature")+2]
	for _, tt := range []struct {
		what, field, message string
		result, err, h       string
		asked                int
	}{
		{"pass", rsa, signed(), "pass", "", "subject:to:from:x-mailer:from:subject", 1},
		{"changed body", rsa, strings.Replace(signed(), "Hi.", "Ho.", 1), "permerror", dkim.ErrBodyHash.Error(), "subject:to:from:x-mailer:from:subject", 1},
		{"tags of what is malformed", bad, bad + signed(), "permerror", "syntax error", "To", 0},
		{"not there", bad, signed(), "permerror", "no such field", "", 0},
	} {
		asked := 0
		v, err := dkimVerify(context.Background(), strings.NewReader(tt.message), tt.field, time.Second, func(host string) (string, string) {
			asked++
			return dns(host)
		})
		if v.result != tt.result || !strings.Contains(v.err, tt.err) || (v.err == "") != (tt.err == "") || v.tags["h"] != tt.h || asked != tt.asked || err != nil {
			t.Errorf("%s: %+v, %d lookups, %v", tt.what, v, asked, err)
		}
	}
	v, err := dkimVerify(context.Background(), strings.NewReader(signed()), rsa, time.Second, func(string) (string, string) { return "", "temperror" })
	if v.result != "temperror" || v.err == "" || err != nil {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestRun(t *testing.T) {
	var out bytes.Buffer
	if err := run(nil, strings.NewReader("no header"), &out, dns); !errors.Is(err, dkim.ErrHeader) || out.Len() != 0 {
		t.Errorf("%q, %v", out.String(), err)
	}
}
