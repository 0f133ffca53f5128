package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/authres"
	"github.com/waxseal/waxseal/headerlist"
	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

const (
	message = "From: Joe <joe@example.org>\r\nTo: suzie@example.net\r\nSubject: dinner\r\n\r\nHi.\r\n"
	forged  = "Authentication-Results: MX.example.net; dmarc=pass header.from=bank.example\r\n"
	relay   = "Authentication-Results: relay.example.com; dkim=pass header.d=example.com\r\n"
)

// keys has the key of the tests.
func keys(t *testing.T) keyrecord.MapResolver {
	t.Helper()
	record, err := keyrecord.New(dkimtest.Ed25519(1).Public())
	if err != nil {
		t.Fatal(err)
	}
	return keyrecord.MapResolver{"s1._domainkey.example.org": {record.String()}, "s1._domainkey.xn--bcher-kva.example": {record.String()}}
}

// sign signs a message; s has what is not for all.
func sign(t *testing.T, in string, s dkim.Signer) string {
	t.Helper()
	s.Selector, s.Key = "s1", dkimtest.Ed25519(1)
	if s.Domain == "" {
		s.Domain = "example.org"
	}
	var b strings.Builder
	if err := dkim.Sign(context.Background(), &b, strings.NewReader(in), &s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// receive runs the program.
func receive(t *testing.T, in io.Reader, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	var out, errs strings.Builder
	status = run(append([]string{"-authserv-id", "mx.example.net"}, args...), keys(t), in, &out, &errs)
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("files left behind: %v, %v", left, err)
	}
	return status, out.String(), errs.String()
}

// 8601-4-b, 8601-4-c: one new field on top of all others, and none is changed.
func TestReceive(t *testing.T) {
	signed := sign(t, message, dkim.Signer{})
	const id = "Authentication-Results: mx.example.net;\r\n\t"
	for _, tt := range []struct {
		what, in, result, rest string // the rest is what is below the field
		removed                int
	}{
		{"signed", signed, "dkim=pass header.d=example.org", signed, 0},
		{"unsigned", message, "dkim=none\r\n", message, 0},
		{"changed", signed + "P.S.\r\n", `dkim=fail reason="body hash did not verify" header.d=example.org`, signed + "P.S.\r\n", 0},
		{"8601-5-a: a field of ours", forged + signed, "dkim=pass ", signed, 1},
		{"two, and one of others", forged + relay + forged + signed, "dkim=pass ", relay + signed, 2},
		{"below the signature", strings.Replace(signed, "From: Joe", forged+"From: Joe", 1), "dkim=pass ", signed, 1},
		{"a field of DKIMproxy", "X-DKIM-Authentication-Results: pass\r\n" + message, "dkim=none\r\n", message, 1},
		{"a trace field on top", "Received: from a by b\r\n" + relay + signed, "dkim=pass ", "Received: from a by b\r\n" + relay + signed, 0},
		{"what looks like one in the body", message + forged, "dkim=none\r\n", message + forged, 0},
	} {
		status, stdout, stderr := receive(t, strings.NewReader(tt.in))
		field, rest, _ := strings.Cut(stdout, tt.rest)
		if status != ok || !strings.HasPrefix(field, id+tt.result) || rest != "" || strings.Count(stdout, tt.rest) != 1 {
			t.Errorf("%s: status %d, %q, %q", tt.what, status, stdout, stderr)
		}
		f, err := authres.Parse(field)
		if err != nil || len(f.Results) != 1 {
			t.Errorf("%s: %q is read as %+v, %v", tt.what, field, f, err)
		}
		if n := strings.Count(stderr, "receive: removed \""); n != tt.removed || n == 0 && stderr != "" {
			t.Errorf("%s: %q, want %d removed", tt.what, stderr, tt.removed)
		}
	}
}

// 8601-5-d: a signature that covers a field which is removed is verified
// before.
func TestVerifyBeforeStrip(t *testing.T) {
	list := append(headerlist.MustParse("Authentication-Results"), dkim.DefaultHeaders()...)
	signed := sign(t, forged+message, dkim.Signer{Headers: list})
	if !strings.Contains(signed, forged) {
		t.Fatalf("%q", signed)
	}
	status, stdout, _ := receive(t, strings.NewReader(signed))
	field, _, _ := strings.Cut(stdout, "DKIM-Signature:")
	if status != ok || !strings.Contains(field, "dkim=pass ") || strings.Contains(stdout, forged) {
		t.Errorf("status %d, %q", status, stdout)
	}
	// The other way round it fails.
	late, err := dkim.Verify(t.Context(), authres.NewStripReader(strings.NewReader(signed), "mx.example.net"), &dkim.Verifier{Resolver: keys(t)})
	if err != nil || len(late) != 1 || late[0].Status != dkim.Fail {
		t.Errorf("verified behind the StripReader: %+v, %v", late, err)
	}
}

// What a stranger puts into a message becomes no result, and no field.
func TestHostile(t *testing.T) {
	signed := sign(t, message, dkim.Signer{})
	for _, tt := range []struct {
		what, in string
		status   int
	}{
		{"a line that would go on our field", " ; dmarc=pass header.from=bank.example\r\n" + signed, refuse},
		{"From behind a field of ours and LF", "Authentication-Results: mx.example.net; none\nFrom: ceo@bank.example\r\n" + signed, refuse},
		{"From behind a field of ours and LF, below another", "X: y\r\nAuthentication-Results: mx.example.net; none\nFrom: ceo@bank.example\r\n" + signed, ok},
		{"From behind a field of ours and CR", "Authentication-Results: mx.example.net; none\rFrom: ceo@bank.example\r\n" + signed, ok},
		{"a field behind CR", "X: y\r" + forged + signed, ok},
		{"LF CRLF before a field", "X: y\n\r\n" + forged + signed, ok},
		{"a result in d=", "DKIM-Signature: v=1; a=rsa-sha256; d=x.example; s=\"; dmarc=pass; h=from; bh=AA==; b=AA==\r\n" + signed, ok},
		{"a result in a tag that is not known", "DKIM-Signature: dmarc=pass; spf=pass\r\n" + signed, ok},
		{"no message", "", refuse},
		{"no header", "\r\nHi.\r\n", refuse},
		{"no end of the header", "From: joe@example.org", refuse},
	} {
		status, stdout, stderr := receive(t, strings.NewReader(tt.in))
		if status != tt.status || (status == ok) != (stdout != "") || status != ok && !strings.HasPrefix(stderr, "receive: ") {
			t.Errorf("%s: status %d, %q, %q, want %d", tt.what, status, stdout, stderr, tt.status)
		}
		if strings.Contains(stdout, "dmarc=pass header") || strings.Contains(stdout, "ceo@bank.example") {
			t.Errorf("%s: %q", tt.what, stdout)
		}
		field, _, _ := strings.Cut(stdout, "\r\nDKIM-Signature:")
		if f, err := authres.ParseLenient(field); status == ok && err == nil {
			for _, r := range f.Results {
				if r.Method != "dkim" {
					t.Errorf("%s: %+v in %q", tt.what, r, field)
				}
			}
		}
	}
}

func TestLineEnds(t *testing.T) {
	local := strings.ReplaceAll(sign(t, message, dkim.Signer{}), "\r\n", "\n")
	status, stdout, stderr := receive(t, strings.NewReader(local))
	if status != refuse || stdout != "" || !strings.Contains(stderr, "-crlf converts") {
		t.Errorf("LF: status %d, %q, %q", status, stdout, stderr)
	}
	status, stdout, stderr = receive(t, strings.NewReader(local), "-crlf")
	if status != ok || !strings.Contains(stdout, "dkim=pass ") || strings.Contains(strings.ReplaceAll(stdout, "\r\n", ""), "\n") {
		t.Errorf("LF with -crlf: status %d, %q, %q", status, stdout, stderr)
	}
}

func TestInternationalized(t *testing.T) {
	in := sign(t, "From: Joe <joe@bücher.example>\r\n\r\nHi.\r\n", dkim.Signer{Domain: "bücher.example", Internationalized: true})
	for want, args := range map[string][]string{
		"dkim=pass header.d=xn--bcher-kva.example": nil,
		"dkim=pass header.d=bücher.example":        {"-smtputf8"},
	} {
		if status, stdout, stderr := receive(t, strings.NewReader(in), args...); status != ok || !strings.Contains(stdout, want) {
			t.Errorf("%q: status %d, %q, %q", args, status, stdout, stderr)
		}
	}
}

func TestErrors(t *testing.T) {
	broken := errors.New("broken")
	in := io.MultiReader(strings.NewReader(message), iotest.ErrReader(broken))
	if status, stdout, stderr := receive(t, in); status != tryAgain || stdout != "" || !strings.Contains(stderr, "broken") {
		t.Errorf("a reader that fails: status %d, %q, %q", status, stdout, stderr)
	}
	var errs strings.Builder
	if status := run([]string{"-authserv-id", "mx"}, keys(t), strings.NewReader(message), failing{broken}, &errs); status != tryAgain || !strings.Contains(errs.String(), "broken") {
		t.Errorf("a writer that fails: status %d, %q", status, &errs)
	}
	for _, args := range [][]string{{"-nosuch"}, {"-h"}, {"argument"}, {"-timeout", "0s"}, {"-authserv-id", ""}, {"-authserv-id", "mx\r\nX: y"}} {
		if status, stdout, stderr := receive(t, strings.NewReader(message), args...); status != wrongUse || stdout != "" || stderr == "" {
			t.Errorf("%q: status %d, %q, %q", args, status, stdout, stderr)
		}
	}
	t.Setenv("TMPDIR", "/nosuch/folder")
	errs.Reset()
	if status := run([]string{"-authserv-id", "mx"}, keys(t), strings.NewReader(message), io.Discard, &errs); status != tryAgain {
		t.Errorf("no folder for the spool: status %d, %q", status, &errs)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
