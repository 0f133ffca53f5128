package main

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

const message = "From: Joe <joe@example.org>\r\nTo: suzie@example.net\r\nSubject: dinner\r\n\r\nHi.\r\n"

// sign returns the message signed with a key under selector.
func sign(t *testing.T, in, selector string, key crypto.Signer) string {
	t.Helper()
	var b strings.Builder
	s := &dkim.Signer{Domain: "example.org", Selector: selector, Key: key, Canon: canon.Pair{Header: canon.Simple, Body: canon.Simple}}
	if err := dkim.Sign(context.Background(), &b, strings.NewReader(in), s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// zoneFile writes a zone with the keys of the tests: ed and rsa.
func zoneFile(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for selector, key := range map[string]crypto.Signer{"ed": dkimtest.Ed25519(1), "rsa": dkimtest.RSA(2048)} {
		record, err := keyrecord.New(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(keyrecord.ZoneLine(selector, "example.org", record) + "\n")
	}
	return write(t, b.String())
}

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "zone")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// verify runs the program.
func verify(stdin string, args ...string) (status int, stdout, stderr string) {
	var out, errs strings.Builder
	status = run(args, strings.NewReader(stdin), &out, &errs)
	return status, out.String(), errs.String()
}

func TestVerify(t *testing.T) {
	zone := zoneFile(t)
	ed := sign(t, message, "ed", dkimtest.Ed25519(1))
	both := sign(t, ed, "rsa", dkimtest.RSA(2048))
	unknown := sign(t, message, "nosuch", dkimtest.Ed25519(1))
	const (
		edPass  = "pass d=example.org s=ed a=ed25519-sha256\n"
		rsaPass = "pass d=example.org s=rsa a=rsa-sha256\n"
	)
	for _, tt := range []struct {
		name, in string
		status   int
		want     string // the output, or how it begins if it ends in "..."
	}{
		{"pass", ed, 0, edPass},
		{"two pass", both, 0, rsaPass + edPass},
		{"unsigned", message, 1, "none: the message has no DKIM-Signature field\n"},
		{"body changed", ed + "P.S.\r\n", 1, "fail d=example.org s=ed a=ed25519-sha256 body hash did not verify..."},
		{"header changed", strings.Replace(ed, "dinner", "lunch", 1), 1, "fail d=example.org s=ed a=ed25519-sha256 signature did not verify..."},
		{"no key", unknown, 1, "permerror d=example.org s=nosuch a=ed25519-sha256 ..."},
		{"one of two passes", sign(t, unknown, "ed", dkimtest.Ed25519(1)), 0, edPass + "permerror d=example.org s=nosuch ..."},
		{"malformed", "DKIM-Signature: v=1; nonsense\r\n" + ed, 0, "neutral d= s= a= ..."},
		{"words of the sender", "DKIM-Signature: v=1; a=x\"y; d=exam ple; s=\x1b[2J; h=from; bh=; b=\r\n" + message, 1, "neutral ..."},
	} {
		status, stdout, stderr := verify(tt.in, "-zone", zone)
		begin, cut := strings.CutSuffix(tt.want, "...")
		if status != tt.status || stderr != "" || !strings.HasPrefix(stdout, begin) || !cut && stdout != tt.want {
			t.Errorf("%s: status %d, %q, %q; want %d, %q", tt.name, status, stdout, stderr, tt.status, tt.want)
		}
		if strings.ContainsRune(stdout, 0x1b) {
			t.Errorf("%s: a control character in %q", tt.name, stdout)
		}
	}
}

func TestAuthservID(t *testing.T) {
	status, stdout, _ := verify(sign(t, message, "ed", dkimtest.Ed25519(1)), "-zone", zoneFile(t), "-authserv-id", "mx.example.net")
	_, field, _ := strings.Cut(stdout, "\n")
	if status != 0 || !strings.HasPrefix(field, "Authentication-Results: mx.example.net;\n\tdkim=pass header.d=example.org ") {
		t.Errorf("status %d, %q", status, stdout)
	}
	status, stdout, _ = verify(message, "-authserv-id", "mx.example.net")
	if status != 1 || !strings.HasSuffix(stdout, "Authentication-Results: mx.example.net;\n\tdkim=none\n") {
		t.Errorf("unsigned: status %d, %q", status, stdout)
	}
}

func TestWord(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"example.org", "example.org"},
		{"bücher.example", "bücher.example"},
		{"", ""},
		{"x s=pass", `"x s=pass"`},
		{`x"`, `"x\""`},
		{"a\nb", `"a\nb"`},
		{"\x1b[2J", `"\x1b[2J"`},
		{"\u202e", `"\u202e"`},
	} {
		if got := word(tt.in); got != tt.want {
			t.Errorf("word(%q) = %s, want %s", tt.in, got, tt.want)
		}
	}
	if got := printable("no\tkey\x1b\u202e: bücher"); got != "no?key??: bücher" {
		t.Errorf("printable gives %q", got)
	}
}

func TestLineEnds(t *testing.T) {
	zone := zoneFile(t)
	local := strings.ReplaceAll(sign(t, message, "ed", dkimtest.Ed25519(1)), "\r\n", "\n")
	status, stdout, stderr := verify(local, "-zone", zone)
	if status != 2 || stdout != "" || !strings.HasPrefix(stderr, "verify: ") || !strings.Contains(stderr, "-crlf converts it") {
		t.Errorf("LF: status %d, %q, %q", status, stdout, stderr)
	}
	if status, stdout, stderr = verify(local, "-zone", zone, "-crlf"); status != 0 {
		t.Errorf("LF with -crlf: status %d, %q, %q", status, stdout, stderr)
	}
	header, body, _ := strings.Cut(sign(t, message, "ed", dkimtest.Ed25519(1)), "\r\n\r\n")
	mixed := header + "\r\n\r\n" + strings.ReplaceAll(body, "\r\n", "\n")
	status, stdout, stderr = verify(mixed, "-zone", zone)
	if status != 1 || !strings.HasPrefix(stdout, "fail ") || !strings.HasPrefix(stderr, "verify: ") || !strings.Contains(stderr, "-crlf converts it") {
		t.Errorf("LF in the body: status %d, %q, %q", status, stdout, stderr)
	}
}

// No answer comes in a nanosecond, with a network or without.
func TestDNSTimeout(t *testing.T) {
	begin := time.Now()
	status, stdout, stderr := verify(sign(t, message, "ed", dkimtest.Ed25519(1)), "-timeout", "1ns")
	if status != 1 || stderr != "" || !strings.HasPrefix(stdout, "temperror d=example.org s=ed ") {
		t.Errorf("status %d, %q, %q", status, stdout, stderr)
	}
	if d := time.Since(begin); d > 5*time.Second {
		t.Errorf("it took %v", d)
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		args     []string
		want     string
	}{
		{"argument", message, []string{"message.eml"}, "standard input"},
		{"flag", message, []string{"-nosuch"}, "-nosuch"},
		{"timeout", message, []string{"-timeout", "0s"}, "more than 0"},
		{"no such zone", message, []string{"-zone", filepath.Join(t.TempDir(), "nosuch")}, "nosuch"},
		{"zone without records", message, []string{"-zone", write(t, "; nothing\n")}, "no TXT record"},
		{"bad zone", message, []string{"-zone", write(t, "\nexample.org. TXT \"open\n")}, "zone:2: "},
		{"no message", "nonsense\r\n\r\n", nil, "verify: "},
	} {
		status, stdout, stderr := verify(tt.in, tt.args...)
		if status != 2 || stdout != "" || !strings.HasPrefix(stderr, "verify: ") || !strings.Contains(stderr, tt.want) {
			t.Errorf("%s: status %d, %q, %q; want 2, %q", tt.name, status, stdout, stderr, tt.want)
		}
	}
	var out, errs strings.Builder
	if status := run(nil, iotest.ErrReader(errors.New("a cut line")), &out, &errs); status != 2 || !strings.Contains(errs.String(), "a cut line") {
		t.Errorf("reader: status %d, %q", status, errs.String())
	}
	errs.Reset()
	signed := strings.NewReader(sign(t, message, "ed", dkimtest.Ed25519(1)))
	if status := run([]string{"-zone", zoneFile(t)}, signed, full{}, &errs); status != 2 || !strings.Contains(errs.String(), "no space") {
		t.Errorf("writer: status %d, %q", status, errs.String())
	}
}

// full is a writer that fails.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space") }

func TestUsage(t *testing.T) {
	status, stdout, stderr := verify(message, "-h")
	if status != 2 || stdout != "" || !strings.HasPrefix(stderr, "Usage: verify ") || !strings.Contains(stderr, "-zone") {
		t.Errorf("status %d, %q, %q", status, stdout, stderr)
	}
}

// A body of any size passes through.
func TestLargeMessage(t *testing.T) {
	large := message + string(bytes.Repeat([]byte("0123456789abcdef\r\n"), 1<<16))
	if status, stdout, stderr := verify(sign(t, large, "ed", dkimtest.Ed25519(1)), "-zone", zoneFile(t)); status != 0 {
		t.Errorf("status %d, %q, %q", status, stdout, stderr)
	}
}
