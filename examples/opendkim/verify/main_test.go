package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/keyrecord"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// signed is what the example of the folder above signs: by RSA and by Ed25519.
func signed() string { return string(must(os.ReadFile("testdata/signed.eml"))) }

// zone has the records of its keys, the first with flags.
func zone(flags string) keyrecord.MapResolver {
	record := strings.TrimSpace(string(must(os.ReadFile("testdata/mail.txt"))))
	return keyrecord.MapResolver{
		"mail._domainkey.example.com": {strings.Replace(record, "v=DKIM1;", "v=DKIM1;"+flags, 1)},
		"ed._domainkey.example.com":   {strings.TrimSpace(string(must(os.ReadFile("testdata/ed.txt"))))},
	}
}

func Example() {
	for _, text := range []string{signed(), "From: joe@example.com\r\n\r\n"} {
		var out bytes.Buffer
		err := run("testdata/opendkim.conf", strings.NewReader(text), &out, zone(" t=s;"))
		fmt.Print(strings.ReplaceAll(out.String(), "\r\n", "\n"))
		fmt.Println(err)
	}
	// Output:
	// Authentication-Results: mx.example.net;
	// 	dkim=pass (1024-bit key; unprotected) header.d=example.com
	// 	header.i=@example.com header.s=mail header.a=rsa-sha256
	// 	header.b=x3QJAwnU;
	// 	dkim=pass (256-bit key; unprotected) header.d=example.com
	// 	header.i=news@example.com header.s=ed header.a=ed25519-sha256
	// 	header.b=g5MtYelR
	// DKIM_STAT_OK domain="example.com" selector="mail" identity="@example.com" signalg=rsa-sha256 canons=relaxed/simple keysize=1024 flags=[PROCESSED PASSED NOSUBDOMAIN] hdrsigned(Subject)=true errorstr=""
	// DKIM_STAT_OK domain="example.com" selector="ed" identity="news@example.com" signalg=ed25519-sha256 canons=relaxed/simple keysize=256 flags=[PROCESSED PASSED] hdrsigned(Subject)=true errorstr=""
	// <nil>
	// Authentication-Results: mx.example.net;
	// 	dkim=none
	// DKIM_STAT_NOSIG
	// <nil>
}

// One status for each kind of error.
func TestStatus(t *testing.T) {
	first := func(from, to string) string { return strings.Replace(signed(), from, to, 1) }
	dns := func(record string) keyrecord.Resolver {
		return keyrecord.MapResolver{"mail._domainkey.example.com": {record}}
	}
	for _, tt := range []struct {
		what, message string
		v             dkim.Verifier
		stat          string
		flags         []string
	}{
		{"pass", signed(), dkim.Verifier{Resolver: zone("")}, "OK", []string{"PROCESSED", "PASSED"}},
		{"pass, t=y:s", signed(), dkim.Verifier{Resolver: zone(" t=y:s;")}, "OK", []string{"PROCESSED", "PASSED", "TESTKEY", "NOSUBDOMAIN"}},
		{"changed header", first("dinner", "lunch"), dkim.Verifier{Resolver: zone("")}, "BADSIG", []string{"PROCESSED"}},
		{"changed body", first("Hi.", "Ho."), dkim.Verifier{Resolver: zone("")}, "BADSIG", []string{"PROCESSED"}},
		{"no key", signed(), dkim.Verifier{Resolver: keyrecord.MapResolver{}}, "NOKEY", nil},
		{"DNS fails", signed(), dkim.Verifier{Resolver: down{}}, "KEYFAIL", nil},
		{"revoked", signed(), dkim.Verifier{Resolver: dns("p=")}, "REVOKED", nil},
		{"a record that is none", signed(), dkim.Verifier{Resolver: dns("v=DKIM1; p=AAAA")}, "CANTVRFY", nil},
		{"version", first("v=1", "v=2"), dkim.Verifier{Resolver: zone("")}, "NOTIMPLEMENT", nil},
		{"algorithm", first("a=rsa-sha256", "a=rsa-sha512"), dkim.Verifier{Resolver: zone("")}, "NOTIMPLEMENT", nil},
		{"empty algorithm", first("a=rsa-sha256", "a="), dkim.Verifier{Resolver: zone("")}, "SYNTAX", nil},
		{"rsa-sha1", strings.Replace(first("a=rsa-sha256", "a=rsa-sha1"), "bh=UrA8rmgY3eNBotmDWtzAmHyn5RyZv8Gea45sNGsP0zw=", "bh="+strings.Repeat("A", 27)+"=", 1), dkim.Verifier{Resolver: zone("")}, "NOTIMPLEMENT", nil},
		{"query", first("c=relaxed/simple", "q=web; c=relaxed/simple"), dkim.Verifier{Resolver: zone("")}, "NOTIMPLEMENT", nil},
		{"syntax", first("v=1", "v=1; ="), dkim.Verifier{Resolver: zone("")}, "SYNTAX", nil},
		{"a tag is missing", first("s=mail;", ""), dkim.Verifier{Resolver: zone("")}, "SYNTAX", nil},
		{"From is not signed", first("h=Date:From:to:Subject:From", "h=Date:to:Subject"), dkim.Verifier{Resolver: zone("")}, "INVALID", nil},
		{"expired", first("t=1591012800", "t=1591012800; x=1591012801"), dkim.Verifier{Resolver: zone("")}, "INVALID", nil},
		{"refused by a callback", signed(), dkim.Verifier{Resolver: zone(""), Policy: func(*dkim.Signature, *dkim.Header) error { return errors.New("no") }}, "CBREJECT", nil},
	} {
		results := must(dkim.Verify(context.Background(), strings.NewReader(tt.message), &tt.v))
		s := sig{results[0]}
		if s.stat() != "DKIM_STAT_"+tt.stat || !slices.Equal(s.flags(), tt.flags) || (s.errorstr() == "") != (tt.stat == "OK") {
			t.Errorf("%s: %s %q (%s); want %s %q", tt.what, s.stat(), s.flags(), s.errorstr(), tt.stat, tt.flags)
		}
	}
	// The second signature is over the limit.
	results := must(dkim.Verify(context.Background(), strings.NewReader(signed()), &dkim.Verifier{Resolver: zone(""), MaxSignatures: 1}))
	if s := (sig{results[1]}); s.stat() != "DKIM_STAT_CANTVRFY" || !slices.Equal(s.flags(), []string{"IGNORE"}) {
		t.Error(s.stat(), s.flags())
	}
}

type down struct{}

func (down) LookupTXT(context.Context, string) ([]string, error) { return nil, errors.New("down") }

func TestConfig(t *testing.T) {
	v, host, err := readConfig("f", must(os.Open("testdata/opendkim.conf")))
	if err != nil || host != "mx.example.net" || v.MinRSABits != 1024 || v.MaxSignatures != 3 || v.Skew.Seconds() != 300 || v.LookupTimeout.Seconds() != 5 {
		t.Errorf("%+v, %s, %v", v, host, err)
	}
	for text, want := range map[string]string{
		"# x\n MinimumKeyBits  many": "f:2:18: MinimumKeyBits: ",
		"ClockDrift":                 "f:1:11: ClockDrift: ",
		"DNSTimeout -1":              "f:1:12: DNSTimeout: ",
	} {
		if _, _, err := readConfig("f", strings.NewReader(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestRun(t *testing.T) {
	var out bytes.Buffer
	if err := run("none", strings.NewReader(signed()), &out, zone("")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if err := run("testdata/opendkim.conf", strings.NewReader("no header"), &out, zone("")); !errors.Is(err, dkim.ErrHeader) || out.Len() > 0 {
		t.Error(err)
	}
}
