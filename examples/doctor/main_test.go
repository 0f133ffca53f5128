package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/headerlist"
	"github.com/waxseal/waxseal/keyrecord"
)

const message = "From: Joe <joe@example.org>\r\nTo: Ann <ann@example.net>\r\nSubject: dinner\r\nDate: Wed, 4 Mar 2026 05:06:07 +0000\r\n" +
	"X-Mailer: <b>bold</b>\r\n\r\nHi Ann.\r\n\r\nAre you hungry?\r\n"

const receipt = "2026-03-04T06:00:00Z"

func key() crypto.Signer { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize)) }

func signer(change func(*dkim.Signer)) *dkim.Signer {
	s := &dkim.Signer{Domain: "example.org", Selector: "s1", Key: key(), Time: func() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) }}
	if change != nil {
		change(s)
	}
	return s
}

func sign(t *testing.T, s *dkim.Signer) string {
	t.Helper()
	var b bytes.Buffer
	if err := dkim.Sign(context.Background(), &b, strings.NewReader(message), s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func txt(t *testing.T, s *dkim.Signer) string {
	t.Helper()
	r, err := keyrecord.New(s.Key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return s.Selector + "._domainkey.example.org=" + r.String()
}

// doctorSays runs the program.
func doctorSays(t *testing.T, stdin string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(args, strings.NewReader(stdin), &out, &errs)
	return status, out.String(), errs.String()
}

// list is what a mailing list makes of a message.
func list(raw string) string {
	return strings.Replace(raw, "Subject: ", "Subject: [food] ", 1) + "-- \r\nThe food list <script>document.title = \"owned\"</script>\x1b[2J\r\n"
}

func TestText(t *testing.T) {
	raw := list(sign(t, signer(nil)))
	file := filepath.Join(t.TempDir(), "message.eml")
	if err := os.WriteFile(file, []byte(raw), 0o600); err != nil {
		t.Fatal(err)
	}
	status, out, errs := doctorSays(t, "", "-time", receipt, "-txt", txt(t, signer(nil)), file)
	if status != 1 || errs != "" {
		t.Errorf("status %d, %q", status, errs)
	}
	for _, want := range []string{
		"Signature of example.org, selector s1: fail\n",
		"\n  subject-tag: the field Subject\n",
		"Subject, line 8, octet 391: [food] dinner",
		"\n    proved: with subject-tag undone, b= verifies\n",
		"\n  footer: ",
		"body, line 15, octet 497: -- ",
		"With that undone, the signature passes.\n",
		"\nKey record s1._domainkey.example.org\n  ok: Ed25519.\n",
		"\nPolicies of example.org\n  ok: The o= policy says nothing.\n  ok: ADSP says nothing.\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "\x1b") {
		t.Errorf("control codes, and this is no terminal:\n%q", out)
	}
}

func TestColors(t *testing.T) {
	raw := list(sign(t, signer(nil)))
	_, out, _ := doctorSays(t, raw, "-color", "always", "-time", receipt, "-txt", txt(t, signer(nil)))
	if !strings.Contains(out, red+"subject-tag:"+plain) || !strings.Contains(out, bold) {
		t.Errorf("no colours:\n%q", out)
	}
	for _, c := range []string{bold, red, green, yellow, dim, plain} {
		out = strings.ReplaceAll(out, c, "")
	}
	if strings.Contains(out, "\x1b") {
		t.Errorf("control codes of the message:\n%q", out)
	}
}

func TestPass(t *testing.T) {
	status, out, errs := doctorSays(t, sign(t, signer(nil)), "-time", receipt, "-txt", txt(t, signer(nil)))
	if status != 0 || errs != "" || !strings.Contains(out, "selector s1: pass\n  header intact, body intact\n") {
		t.Errorf("status %d, %q\n%s", status, errs, out)
	}
	if strings.Contains(out, "For the signer") {
		t.Errorf("advice for the defaults of this module:\n%s", out)
	}
}

func TestJSON(t *testing.T) {
	raw := list(sign(t, signer(func(s *dkim.Signer) { s.CopyHeaders = true })))
	status, out, errs := doctorSays(t, raw, "-json", "-time", receipt, "-txt", txt(t, signer(nil)))
	var d Diagnosis
	if err := json.Unmarshal([]byte(out), &d); err != nil || status != 1 || errs != "" {
		t.Fatalf("status %d, %q, %v\n%s", status, errs, err, out)
	}
	if len(d.Signatures) != 1 || len(d.Records) != 1 || len(d.Policies) != 1 {
		t.Fatalf("%+v", d)
	}
	s := d.Signatures[0]
	if s.Domain != "example.org" || s.Status != "fail" || !s.Proved || s.Header != "explained" || s.Body != "explained" || s.Canon != "relaxed/relaxed" {
		t.Errorf("%+v", s)
	}
	if len(s.Findings) != 2 || s.Findings[0].Cause != "subject-tag" || s.Findings[1].Cause != "footer" || !s.Findings[1].Proved || s.Findings[1].Line != 16 {
		t.Errorf("%+v", s.Findings)
	}
	if len(s.Copies) != 1 || s.Copies[0].Name != "Subject" || s.Copies[0].Then != " dinner" || s.Copies[0].Now != " [food] dinner" {
		t.Errorf("%+v", s.Copies)
	}
	if s.BodyHash == s.WantedHash || s.HeaderHash == "" {
		t.Errorf("hashes %q %q %q", s.HeaderHash, s.BodyHash, s.WantedHash)
	}
}

// What a signer should change is said, whether the signature passes or not.
func TestAdvice(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	s := signer(func(s *dkim.Signer) {
		s.Key, s.BodyLength, s.Lifetime = rsaKey, true, time.Hour
		s.Canon = canon.Pair{Header: canon.Simple, Body: canon.Simple}
		s.Headers = headerlist.MustParse("From:Subject:Date")
	})
	_, out, _ := doctorSays(t, sign(t, s), "-time", "2026-03-04T05:10:00Z", "-txt", txt(t, s))
	for _, want := range []string{
		"l=28 signs a part of the body", "The key has 1024 bits", "x= is 1h0m0s after t=", "c=simple/simple breaks",
		"The message has To, and h= does not sign them all", "h= does not oversign From, Subject, Date, Reply-To:",
		"warning: RSA, 1024 bits",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestRecords(t *testing.T) {
	s := signer(nil)
	good := strings.TrimPrefix(txt(t, s), "s1._domainkey.example.org=")
	p := good[strings.Index(good, "p="):]
	for _, test := range []struct {
		txt  []string
		want string
	}{
		{[]string{"x=y"}, "error: There is no TXT record at s1._domainkey.example.org."},
		{[]string{"s1._domainkey.example.org=v=DKIM1; p="}, "error: The key is revoked"},
		{[]string{"s1._domainkey.example.org=" + good, "s1._domainkey.example.org=" + good}, "warning: There are 2 TXT records"},
		{[]string{"s1._domainkey.example.org=v=DKIM1; p=!"}, "error: malformed key record"},
		{[]string{"s1._domainkey.example.org=v=DKIM1; k=ed25519; t=y:s; s=tlsrpt; h=sha1; " + p}, "warning: t=y: "},
		{[]string{"s1._domainkey.example.org=v=DKIM1; k=ed25519; t=y:s; s=tlsrpt; h=sha1; " + p}, "note: t=s: "},
		{[]string{"s1._domainkey.example.org=v=DKIM1; k=ed25519; t=y:s; s=tlsrpt; h=sha1; " + p}, "error: s= does not allow"},
		{[]string{"s1._domainkey.example.org=v=DKIM1; k=ed25519; t=y:s; s=tlsrpt; h=sha1; " + p}, "error: h= does not allow sha256"},
		{[]string{"s1._domainkey.example.org=k=ed25519; " + p}, "note: v=DKIM1 is not there"},
		{[]string{"_adsp._domainkey.example.org=dkim=discardable"}, "note: ADSP says discardable"},
		{[]string{"_domainkey.example.org=o=-; t=y"}, "note: An o= policy, "},
	} {
		args := []string{"-time", receipt}
		for _, v := range test.txt {
			args = append(args, "-txt", v)
		}
		if _, out, errs := doctorSays(t, sign(t, s), args...); !strings.Contains(out, test.want) || errs != "" {
			t.Errorf("%q: no %q in\n%s%s", test.txt, test.want, out, errs)
		}
	}
}

func TestFlags(t *testing.T) {
	for _, test := range []struct {
		args  []string
		stdin string
		want  string
	}{
		{[]string{"-h"}, "", "Usage: doctor"},
		{[]string{"a", "b"}, "", "one message at a time"},
		{[]string{"-timeout", "-1s"}, "", "want more than 0"},
		{[]string{"-color", "red"}, "", "want auto, always or never"},
		{[]string{"-txt", "name"}, "", "want name=value"},
		{[]string{"-time", "noon"}, "", "noon"},
		{[]string{"/no/such/file"}, "", "no such file"},
		{nil, "no message", "header"},
		{[]string{"-html", "/no/such/folder/x", "-txt", "a=b"}, message, "no such file"},
	} {
		if status, _, errs := doctorSays(t, test.stdin, test.args...); status != 2 || !strings.Contains(errs, test.want) {
			t.Errorf("%q: status %d, %q, want %q", test.args, status, errs, test.want)
		}
	}
	if status, out, _ := doctorSays(t, message, "-txt", "a=b"); status != 1 || !strings.Contains(out, "no DKIM signature") {
		t.Errorf("unsigned: status %d\n%s", status, out)
	}
	local := strings.ReplaceAll(sign(t, signer(nil)), "\r\n", "\n")
	if status, out, _ := doctorSays(t, local, "-crlf", "-time", receipt, "-txt", txt(t, signer(nil))); status != 0 {
		t.Errorf("-crlf: status %d\n%s", status, out)
	}
	if status, out, _ := doctorSays(t, local, "-time", receipt, "-txt", txt(t, signer(nil))); status != 1 || !strings.Contains(out, "line-endings:") {
		t.Errorf("LF: status %d\n%s", status, out)
	}
	moved := signer(func(s *dkim.Signer) { s.Selector = "s2" })
	if _, out, _ := doctorSays(t, sign(t, signer(nil)), "-selector", "s2", "-time", receipt, "-txt", txt(t, moved)); !strings.Contains(out, "key-missing: made with the key of selector s2") {
		t.Errorf("-selector:\n%s", out)
	}
}

// TestAnyMessage: a page and a text can be made of whatever can be read, and the
// page shows every octet of the message once.
func TestAnyMessage(t *testing.T) {
	raw := list(sign(t, signer(func(s *dkim.Signer) { s.BodyLength = true })))
	d := doctor{resolver: keyrecord.MapResolver{}, now: time.Now(), timeout: time.Second}
	n := 0
	for i := 0; i < len(raw); i += 3 {
		for _, text := range []string{raw[:i], raw[:i] + "\r\n\x00\xff" + raw[i:], raw[i:], strings.ReplaceAll(raw[:i], "\r\n", "\n") + raw[i:]} {
			diagnosis, err := d.diagnose(context.Background(), []byte(text))
			if err != nil {
				continue
			}
			n++
			if err := writeText(io.Discard, diagnosis, true); err != nil {
				t.Fatal(err)
			}
			if err := writeHTML(io.Discard, diagnosis, []byte(text)); err != nil {
				t.Fatal(err)
			}
			for k, s := range diagnosis.Signatures {
				var shown strings.Builder
				list, _ := segments([]byte(text), s, k)
				for _, part := range list {
					shown.WriteString(part.Text)
				}
				got, want := shown.String(), visible([]byte(text))
				// A cut within a CRLF shows its CR.
				if strings.ReplaceAll(got, "␍\n\n", "\n") != strings.ReplaceAll(want, "␍\n\n", "\n") {
					t.Fatalf("%q shows\n%q, want\n%q", text, got, want)
				}
			}
		}
	}
	if n < 100 {
		t.Errorf("only %d messages could be read", n)
	}
}
