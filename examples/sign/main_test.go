package main

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

const message = "From: Joe <joe@example.org>\r\nTo: suzie@example.net\r\nSubject: dinner\r\n\r\nHi.\r\n"

// keyFile writes an Ed25519 key and returns the name of its file.
func keyFile(t *testing.T) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(dkimtest.Ed25519(1))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// sign runs the program.
func sign(stdin string, args ...string) (status int, stdout, stderr string) {
	var out, errs strings.Builder
	status = run(args, strings.NewReader(stdin), &out, &errs)
	return status, out.String(), errs.String()
}

// signature checks that signed verifies, and returns its only signature.
func signature(t *testing.T, signed string) *dkim.Signature {
	t.Helper()
	record, err := keyrecord.New(dkimtest.Ed25519(1).Public())
	if err != nil {
		t.Fatal(err)
	}
	zone := keyrecord.MapResolver{"s1._domainkey.example.org": {record.String()}}
	results, err := dkim.Verify(context.Background(), strings.NewReader(signed), &dkim.Verifier{Resolver: zone})
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != 1 || results[0].Status != dkim.Pass {
		t.Fatalf("%d results, %v, want one that passes", len(results), results[0])
	}
	return results[0].Signature
}

func TestFlags(t *testing.T) {
	key := keyFile(t)
	for _, tt := range []struct {
		name  string
		args  []string
		check func(*dkim.Signature) bool
	}{
		{"defaults", nil, func(s *dkim.Signature) bool {
			return s.Domain == "example.org" && s.Selector == "s1" && s.Canon.String() == "relaxed/relaxed" &&
				s.Expiration.IsZero() && s.Length == nil && s.Copied == nil && len(s.Fields) == len(dkim.DefaultHeaders().Select([]string{"From", "To", "Subject"}))
		}},
		{"headers", []string{"-headers", "From:Subject?:To+:To"}, func(s *dkim.Signature) bool {
			return strings.Join(s.Fields, ":") == "From:Subject:To:To"
		}},
		{"canon", []string{"-canon", "simple/relaxed"}, func(s *dkim.Signature) bool { return s.Canon.String() == "simple/relaxed" }},
		{"canon, one half", []string{"-canon", "simple"}, func(s *dkim.Signature) bool { return s.Canon.String() == "simple/simple" }},
		{"identity", []string{"-identity", "joe@news.example.org"}, func(s *dkim.Signature) bool { return s.Identifier == "joe@news.example.org" }},
		{"lifetime", []string{"-lifetime", "48h"}, func(s *dkim.Signature) bool { return s.Expiration.Sub(s.Time) == 48*time.Hour }},
		{"length", []string{"-length"}, func(s *dkim.Signature) bool { return s.Length != nil && *s.Length == 5 }},
		{"copy", []string{"-copy"}, func(s *dkim.Signature) bool { return len(s.Copied) == 3 }},
		{"smtputf8", []string{"-smtputf8", "-identity", "josé@example.org"}, func(s *dkim.Signature) bool { return s.Identifier == "josé@example.org" }},
	} {
		args := append([]string{"-key", key, "-domain", "example.org", "-selector", "s1"}, tt.args...)
		status, stdout, stderr := sign(message, args...)
		if status != 0 || stderr != "" {
			t.Errorf("%s: status %d, %s", tt.name, status, stderr)
			continue
		}
		if !strings.HasPrefix(stdout, "DKIM-Signature:") || !strings.HasSuffix(stdout, "\r\n"+message) {
			t.Errorf("%s: not a field and the message:\n%s", tt.name, stdout)
		}
		if s := signature(t, stdout); !tt.check(s) {
			t.Errorf("%s: %s", tt.name, s)
		}
	}
}

// A file is read twice, and not kept in memory.
func TestFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "message")
	if err := os.WriteFile(file, []byte(message), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out, errs strings.Builder
	if status := run([]string{"-key", keyFile(t), "-domain", "example.org", "-selector", "s1"}, f, &out, &errs); status != 0 {
		t.Fatal(errs.String())
	}
	signature(t, out.String())
}

func TestLineEnds(t *testing.T) {
	args := []string{"-key", keyFile(t), "-domain", "example.org", "-selector", "s1"}
	header, body, _ := strings.Cut(message, "\r\n\r\n")
	for _, tt := range []struct{ name, in string }{
		{"LF", strings.ReplaceAll(message, "\r\n", "\n")},
		{"LF in the body", header + "\r\n\r\n" + strings.ReplaceAll(body, "\r\n", "\n")},
		{"CR", strings.ReplaceAll(message, "\r\n", "\r")},
	} {
		status, stdout, stderr := sign(tt.in, args...)
		if status != 1 || stdout != "" || !strings.HasPrefix(stderr, "sign: ") || !strings.Contains(stderr, "-crlf converts it") {
			t.Errorf("%s: status %d, %q, %q", tt.name, status, stdout, stderr)
		}
		status, stdout, stderr = sign(tt.in, append(args, "-crlf")...)
		if status != 0 || !strings.HasSuffix(stdout, "\r\n"+message) {
			t.Errorf("%s: with -crlf: status %d, %q, %q", tt.name, status, stdout, stderr)
		}
	}
}

func TestErrors(t *testing.T) {
	key := keyFile(t)
	junk := filepath.Join(t.TempDir(), "junk.pem")
	if err := os.WriteFile(junk, []byte("junk!"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := []string{"-key", key, "-domain", "example.org", "-selector", "s1"}
	for _, tt := range []struct {
		name, in string
		args     []string
		status   int
		want     string
	}{
		{"nothing given", message, nil, 2, "give -key, -domain and -selector"},
		{"no key", message, []string{"-domain", "example.org", "-selector", "s1"}, 2, "give -key"},
		{"no such key", message, []string{"-key", junk + "x", "-domain", "example.org", "-selector", "s1"}, 2, "junk.pemx"},
		{"not a key", message, []string{"-key", junk, "-domain", "example.org", "-selector", "s1"}, 2, "junk.pem: "},
		{"tag in d=", message, []string{"-key", key, "-domain", "example.com; l=0", "-selector", "s1"}, 2, "d="},
		{"selector", message, []string{"-key", key, "-domain", "example.com", "-selector", "s_1"}, 2, "s="},
		{"public suffix", message, []string{"-key", key, "-domain", "co.uk", "-selector", "s1"}, 2, "public suffix"},
		{"identity outside", message, append(good, "-identity", "joe@example.com"), 2, "i="},
		{"lifetime", message, append(good, "-lifetime", "-1h"), 2, "x="},
		{"lifetime is no duration", message, append(good, "-lifetime", "soon"), 2, "-lifetime"},
		{"canon", message, append(good, "-canon", "loose"), 2, "-canon"},
		{"headers", message, append(good, "-headers", "From::To"), 2, "-headers"},
		{"headers without From", message, append(good, "-headers", "To"), 2, "h="},
		{"argument", message, append(good, "message.eml"), 2, "standard input"},
		{"flag", message, append(good, "-nosuch"), 2, "-nosuch"},
		{"empty", "", good, 1, "sign: "},
		{"no From", "To: suzie@example.net\r\n\r\nHi.\r\n", good, 1, "From"},
		{"two From", "From: a@example.org\r\n" + message, good, 1, "From"},
	} {
		status, stdout, stderr := sign(tt.in, tt.args...)
		if status != tt.status || stdout != "" || !strings.HasPrefix(stderr, "sign: ") || !strings.Contains(stderr, tt.want) {
			t.Errorf("%s: status %d, %q, %q; want %d, %q", tt.name, status, stdout, stderr, tt.status, tt.want)
		}
	}
}

func TestReaderAndWriterFail(t *testing.T) {
	args := []string{"-key", keyFile(t), "-domain", "example.org", "-selector", "s1"}
	var out, errs strings.Builder
	if status := run(args, iotest.ErrReader(errors.New("a cut line")), &out, &errs); status != 1 || out.Len() > 0 || !strings.Contains(errs.String(), "a cut line") {
		t.Errorf("reader: status %d, %q, %q", status, out.String(), errs.String())
	}
	errs.Reset()
	if status := run(args, strings.NewReader(message), full{}, &errs); status != 1 || !strings.Contains(errs.String(), "no space") {
		t.Errorf("writer: status %d, %q", status, errs.String())
	}
}

// full is a writer that fails.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space") }

func TestUsage(t *testing.T) {
	status, stdout, stderr := sign(message, "-h")
	if status != 2 || stdout != "" || !strings.HasPrefix(stderr, "Usage: sign ") || !strings.Contains(stderr, "-selector") {
		t.Errorf("status %d, %q, %q", status, stdout, stderr)
	}
}
