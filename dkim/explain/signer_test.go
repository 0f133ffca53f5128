package explain_test

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/explain"
	"github.com/waxseal/waxseal/headerlist"
	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

const short = `From: joe@example.org
To:  suzie@example.net
Subject: dinner   tonight
Date: Wed, 4 Mar 2026 05:06:07 +0000
Received: one
Received: two

Hi  there.

`

func lf(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

func relaxed(s string) string { return canonicalBody(canon.Relaxed, s) }

func simple(s string) string { return canonicalBody(canon.Simple, s) }

// TestFaultySigners: what signers do wrong is found, proved, and the only thing
// that is found.
func TestFaultySigners(t *testing.T) {
	join := func(fields ...string) string { return strings.Join(fields, "") }
	for _, test := range []struct {
		name  string
		cause explain.Cause
		f     faulty
	}{
		{"no final CRLF", explain.FinalCRLF, faulty{canon: rr, body: func(s string) string { return strings.TrimSuffix(relaxed(s), "\r\n") }}},
		{"blank lines at the end", explain.FinalCRLF, faulty{canon: ss, body: func(s string) string { return s }}},
		{"one more CRLF", explain.FinalCRLF, faulty{canon: rr, body: func(s string) string { return relaxed(s) + "\r\n" }}},
		{"LF in the body", explain.LineEndings, faulty{canon: rr, body: func(s string) string { return lf(relaxed(s)) }}},
		{"LF in the body as it is", explain.LineEndings, faulty{canon: ss, body: lf}},
		{"simple body", explain.OtherCanon, faulty{canon: rr, body: simple}},
		{"relaxed body", explain.OtherCanon, faulty{canon: ss, body: relaxed}},
		{"simple header", explain.OtherCanon, faulty{canon: rr, header: func(f ...string) string {
			return "From: joe@example.org\r\nTo:  suzie@example.net\r\nSubject: dinner   tonight\r\nDate: Wed, 4 Mar 2026 05:06:07 +0000\r\n" +
				strings.NewReplacer("dkim-signature:", "DKIM-Signature: ", "; h=", ";\r\n h=", "; bh=", ";\r\n bh=", "; b=", ";\r\n b=").Replace(f[len(f)-1])
		}}},
		{"white space after b=", explain.SignatureSpacing, faulty{canon: ss, b: " "}},
		{"a fold after b=", explain.SignatureSpacing, faulty{canon: ss, b: "\r\n\t"}},
		{"a CRLF at the end", explain.SignatureSpacing, faulty{canon: rr, header: func(f ...string) string { return join(f...) + "\r\n" }}},
		{"no own field", explain.SignatureSpacing, faulty{canon: rr, header: func(f ...string) string { return join(f[:len(f)-1]...) }}},
		{"no last semicolon", explain.SignatureSpacing, faulty{canon: rr, tail: ";", header: func(f ...string) string { return strings.TrimSuffix(join(f...), ";") }}},
		{"from the top down", explain.FieldOrder, faulty{canon: rr, fields: "from:received:received", header: func(f ...string) string {
			return f[0] + f[2] + f[1] + f[3]
		}}},
		{"undigested", explain.Undigested, faulty{canon: rr, ed: true, undigested: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			raw := test.f.sign(t, short)
			r := explainOne(t, raw, &explain.Options{Verifier: verifier(zone())})
			if got := causes(r); !slices.Equal(got, []explain.Cause{test.cause}) || !r.Proved() {
				t.Errorf("causes %q, proved %v, want %q\n%s", got, r.Proved(), test.cause, r)
			}
			if test.cause != explain.FieldOrder && r.Repaired() != nil {
				t.Errorf("a repaired message, and it was not changed:\n%q", r.Repaired())
			}
		})
	}
	good := faulty{canon: rr}.sign(t, short)
	if r := explainOne(t, good, &explain.Options{Verifier: verifier(zone())}); len(r.Findings) != 0 || r.Result.Status != dkim.Pass {
		t.Errorf("a signer without fault: %s", r)
	}
}

func record(t *testing.T, pub crypto.PublicKey) string {
	t.Helper()
	r, err := keyrecord.New(pub)
	if err != nil {
		t.Fatal(err)
	}
	return r.String()
}

// TestKeys: what is wrong with a key record is found; where the key can still
// be read, or another is given, it is proved.
func TestKeys(t *testing.T) {
	rsaRecord, edRecord := record(t, dkimtest.RSA(1024).Public()), record(t, dkimtest.Ed25519(1).Public())
	rsaP := rsaRecord[strings.Index(rsaRecord, "p=")+2:]
	edP := edRecord[strings.Index(edRecord, "p=")+2:]
	spki, err := x509.MarshalPKIXPublicKey(dkimtest.Ed25519(1).Public())
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		cause  explain.Cause
		ed     bool
		txt    []string // nil: no such name
		proved bool
		o      explain.Options
	}{
		{name: "another selector", cause: explain.KeyMismatch, txt: []string{record(t, dkimtest.RSA(1536).Public())}, proved: true, o: explain.Options{Selectors: []string{"old", "moved"}}},
		{name: "another selector, Ed25519", ed: true, cause: explain.KeyMismatch, txt: []string{record(t, dkimtest.Ed25519(2).Public())}, proved: true, o: explain.Options{Selectors: []string{"moved"}}},
		{name: "another key", cause: explain.KeyMismatch, txt: []string{record(t, dkimtest.RSA(1536).Public())}, proved: true, o: explain.Options{Keys: []crypto.PublicKey{dkimtest.RSA(2048).Public(), dkimtest.RSA(1024).Public()}}},
		{name: "an unknown key", cause: explain.KeyMismatch, txt: []string{record(t, dkimtest.RSA(1536).Public())}},
		{name: "no record, another selector", cause: explain.KeyMissing, proved: true, o: explain.Options{Selectors: []string{"moved"}}},
		{name: "no record", cause: explain.KeyMissing},
		{name: "revoked", cause: explain.KeyRevoked, txt: []string{"v=DKIM1; p="}},
		{name: "revoked, another selector", cause: explain.KeyRevoked, txt: []string{"v=DKIM1; p="}, proved: true, o: explain.Options{Selectors: []string{"moved"}}},
		{name: "quotes", cause: explain.KeyRecord, txt: []string{`"v=DKIM1; k=rsa; " "p=` + rsaP + `"`}, proved: true},
		{name: "quotes within p=", cause: explain.KeyRecord, txt: []string{`v=DKIM1; p=` + rsaP[:100] + `" "` + rsaP[100:]}, proved: true},
		{name: "backslashes", cause: explain.KeyRecord, txt: []string{`v=DKIM1\; p=` + rsaP}, proved: true},
		{name: "a malformed tag", cause: explain.KeyRecord, txt: []string{`v=DKIM1; k=rsa; !; p=` + rsaP}, proved: true},
		{name: "cut in two records", cause: explain.KeyTruncated, txt: []string{"v=DKIM1; p=" + rsaP[:100], rsaP[100:]}, proved: true},
		{name: "the exponent cut", cause: explain.KeyTruncated, txt: []string{"v=DKIM1; p=" + rsaP[:len(rsaP)-4]}, proved: true},
		{name: "half cut", cause: explain.KeyTruncated, txt: []string{"v=DKIM1; p=" + rsaP[:100]}},
		{name: "k= of Ed25519 missing", ed: true, cause: explain.KeyType, txt: []string{"v=DKIM1; p=" + edP}, proved: true},
		{name: "k=ed25519 for RSA", cause: explain.KeyType, txt: []string{"v=DKIM1; k=ed25519; p=" + rsaP}, proved: true},
		{name: "Ed25519 in a SubjectPublicKeyInfo", ed: true, cause: explain.KeyType, txt: []string{"v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(spki)}, proved: true},
		{name: "Ed25519 for a=rsa-sha256", cause: explain.KeyType, txt: []string{edRecord}},
		{name: "for other services", cause: explain.KeyRefused, txt: []string{"v=DKIM1; s=tlsrpt; p=" + rsaP}, proved: true},
		{name: "for other hashes", cause: explain.KeyRefused, txt: []string{"v=DKIM1; h=sha1; p=" + rsaP}, proved: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			raw := sign(t, newSigner(rr, test.ed), plain)
			z := keyrecord.MapResolver{"moved._domainkey.example.org": {rsaRecord}}
			selector := "r"
			if test.ed {
				selector = "e"
				z["moved._domainkey.example.org"] = []string{edRecord}
			}
			if test.txt != nil {
				z[selector+"._domainkey.example.org"] = test.txt
			}
			test.o.Verifier = verifier(z)
			r := explainOne(t, raw, &test.o)
			if got := causes(r); !slices.Equal(got, []explain.Cause{test.cause}) || r.Proved() != test.proved || r.Body != explain.Intact {
				t.Errorf("causes %q, proved %v, body %v, want %q, %v\n%s", got, r.Proved(), r.Body, test.cause, test.proved, r)
			}
			if r.Repaired() != nil {
				t.Error("a repaired message, and it was not changed")
			}
		})
	}
}

// A DNS that gives no answer is no cause that a later try has too.
func TestKeyUnavailable(t *testing.T) {
	raw := sign(t, newSigner(rr, false), plain)
	z := dkimtest.NewZone(nil, map[string]string{"r._domainkey.example.org": "servfail"})
	r := explainOne(t, raw, &explain.Options{Verifier: verifier(z)})
	if got := causes(r); !slices.Equal(got, []explain.Cause{explain.KeyUnavailable}) || r.Proved() || r.Header != explain.Unchecked {
		t.Errorf("%q, %v\n%s", got, r.Header, r)
	}
}

// TestRules: what refuses a signature whose checks pass.
func TestRules(t *testing.T) {
	at := func(d time.Duration) func() time.Time { return func() time.Time { return now.Add(d) } }
	with := func(change func(*dkim.Signer)) *dkim.Signer {
		s := newSigner(rr, false)
		change(s)
		return s
	}
	for _, test := range []struct {
		name   string
		cause  explain.Cause
		detail string
		s      *dkim.Signer
		v      dkim.Verifier
		hurt   func(string) string
	}{
		{name: "expired", cause: explain.Expired, detail: "x= was 8 days ago", s: with(func(s *dkim.Signer) { s.Lifetime = 48 * time.Hour }), v: dkim.Verifier{Time: at(10 * 24 * time.Hour)}},
		{name: "expired a minute ago", cause: explain.Expired, detail: "x= was 1m0s ago", s: with(func(s *dkim.Signer) { s.Lifetime = time.Hour }), v: dkim.Verifier{Time: at(61 * time.Minute), Skew: -1}},
		{name: "future", cause: explain.Future, detail: "t= is to come in 2h0m0s", s: with(func(s *dkim.Signer) { s.Time = at(2 * time.Hour) }), v: dkim.Verifier{Time: at(0)}},
		{name: "after l=", cause: explain.BeyondLength, s: with(func(s *dkim.Signer) { s.BodyLength = true }), hurt: func(s string) string { return s + footer }},
		{name: "a field not signed", cause: explain.Refused, s: with(func(s *dkim.Signer) { s.Headers = headerlist.MustParse("From") }), v: dkim.Verifier{RequireFields: []string{"Subject"}}},
		{name: "a policy", cause: explain.Refused, s: newSigner(rr, false), v: dkim.Verifier{Policy: func(*dkim.Signature, *dkim.Header) error { return errors.New("no") }}},
		{name: "a short key", cause: explain.KeyRefused, s: newSigner(rr, false), v: dkim.Verifier{MinRSABits: 2048}},
		{name: "a second From", cause: explain.Refused, s: with(func(s *dkim.Signer) { s.Headers = headerlist.MustParse("From") }), hurt: func(s string) string { return "From: eve@example.com\r\n" + s }},
		{name: "an end of the header behind a bare LF", cause: explain.Refused, detail: "bare LF", s: newSigner(rr, false), hurt: func(s string) string { return "Y: z\r\nX: a\n\nPay: Eve.\r\n" + s }},
	} {
		t.Run(test.name, func(t *testing.T) {
			raw := string(sign(t, test.s, plain))
			if test.hurt != nil {
				raw = test.hurt(raw)
			}
			test.v.Resolver = zone()
			if test.v.Time == nil {
				test.v.Time = clock
			}
			r := explainOne(t, []byte(raw), &explain.Options{Verifier: &test.v})
			if got := causes(r); !slices.Equal(got, []explain.Cause{test.cause}) || !r.Proved() || !strings.Contains(r.Findings[0].Detail, test.detail) {
				t.Errorf("causes %q, proved %v, want %q\n%s", got, r.Proved(), test.cause, r)
			}
		})
	}
}

// Two reasons of the rules, of which dkim.Verify names the first alone.
func TestRulesBehindOthers(t *testing.T) {
	s := newSigner(rr, false)
	s.Lifetime = time.Hour
	v := &dkim.Verifier{Resolver: zone(), MinRSABits: 2048, Time: func() time.Time { return now.Add(24 * time.Hour) }}
	r := explainOne(t, sign(t, s, plain), &explain.Options{Verifier: v})
	if got := causes(r); !slices.Equal(got, []explain.Cause{explain.Expired, explain.KeyRefused}) || !r.Proved() {
		t.Errorf("%q\n%s", got, r)
	}
}

// What cannot be undone is stated, or left open, and never proved.
func TestOpen(t *testing.T) {
	for _, test := range []struct {
		name   string
		hurt   func(string) string
		causes []explain.Cause
	}{
		{"another body", inBody(replace("game", "match")), []explain.Cause{explain.BodyChanged}},
		{"another header", inHeader(replace("dinner", "supper")), []explain.Cause{explain.HeaderChanged}},
		{"both", both(inBody(replace("game", "match")), inHeader(replace("dinner", "supper"))), []explain.Cause{explain.HeaderChanged, explain.BodyChanged}},
		{"malformed", replace("; d=example.org", "; d=exa mple.org"), []explain.Cause{explain.Malformed}},
		{"no bh=", replace("bh=", "xbh="), []explain.Cause{explain.Malformed}},
		{"a damaged b=", func(s string) string {
			at := strings.LastIndex(s, " b=") + 8
			other := "A"
			if s[at] == 'A' {
				other = "B"
			}
			return s[:at] + other + s[at+1:]
		}, []explain.Cause{explain.KeyMismatch}},
	} {
		t.Run(test.name, func(t *testing.T) {
			raw := test.hurt(string(sign(t, newSigner(rr, false), plain)))
			r := explainOne(t, []byte(raw), &explain.Options{Verifier: verifier(zone())})
			if got := causes(r); !slices.Equal(got, test.causes) || r.Proved() {
				t.Errorf("causes %q, proved %v, want %q\n%s", got, r.Proved(), test.causes, r)
			}
			for _, f := range r.Findings {
				if f.Proof.Proved() {
					t.Errorf("%s: %s", f.Cause, f.Proof)
				}
			}
		})
	}
	t.Run("cut before l= ends", func(t *testing.T) {
		s := newSigner(rr, false)
		s.BodyLength = true
		raw := inBody(func(b string) string { return b[:20] })(string(sign(t, s, plain)))
		r := explainOne(t, []byte(raw), &explain.Options{Verifier: verifier(zone())})
		if got := causes(r); !slices.Equal(got, []explain.Cause{explain.Truncated}) || r.Proved() || !r.Findings[0].Proof.Certain() {
			t.Errorf("%q\n%s", got, r)
		}
	})
}

// z= tells what the header was, however it was changed.
func TestCopies(t *testing.T) {
	s := newSigner(rr, false)
	s.CopyHeaders = true
	hurt := inHeader(both(replace("Subject: Is dinner ready", "Subject: We are closed"), replace("Suzie Q", "Someone Else"), replaceRE("(?m)^Message-ID.*\r\n", "")))
	raw := hurt(string(sign(t, s, plain)))
	r := explainOne(t, []byte(raw), &explain.Options{Verifier: verifier(zone())})
	want := []explain.Cause{explain.FieldRewritten, explain.FieldRemoved}
	got := causes(r)
	slices.Sort(got)
	slices.Sort(want)
	if !r.Proved() || !slices.Equal(got, want) {
		t.Errorf("causes %q, proved %v\n%s", got, r.Proved(), r)
	}
	if got := status(t, r.Repaired(), verifier(zone())); got != dkim.Pass {
		t.Errorf("repaired: %s", got)
	}
	differ := map[string]bool{}
	for _, c := range r.Copies() {
		differ[c.Name] = c.Differ
		if c.Name == "Subject" && (!strings.Contains(c.Then, "dinner") || !strings.Contains(c.Now, "closed") || c.Gone) || c.Name == "Message-ID" != c.Gone {
			t.Errorf("%+v", c)
		}
	}
	if fmt.Sprint(differ["Subject"], differ["To"], differ["Message-ID"], differ["From"], differ["Date"]) != "true true true false false" {
		t.Errorf("%v", differ)
	}
}

// Several signatures have a report each, and share the budget.
func TestSeveral(t *testing.T) {
	var out strings.Builder
	signers := dkim.SignerList{newSigner(rr, false), newSigner(ss, true)}
	if err := dkim.Sign(context.Background(), &out, strings.NewReader(dkimtest.CRLF(plain)), signers); err != nil {
		t.Fatal(err)
	}
	raw := inHeader(replace("\nSubject: ", "\nSubject:  "))(out.String()) // relaxed does not see it
	reports, err := explain.Explain(context.Background(), []byte(raw), &explain.Options{Verifier: verifier(zone())})
	if err != nil || len(reports) != 2 {
		t.Fatal(len(reports), err)
	}
	if r := reports[0]; r.Result.Status != dkim.Pass || len(r.Findings) != 0 || r.Header != explain.Intact || r.Body != explain.Intact {
		t.Errorf("%s", r)
	}
	if r := reports[1]; !slices.Equal(causes(r), []explain.Cause{explain.ColonSpace}) || !r.Proved() {
		t.Errorf("%s", r)
	}
}

// The key that another signature of the message names is tried without being asked for.
func TestSelectorsOfTheMessage(t *testing.T) {
	wrong := newSigner(rr, false)
	wrong.Selector = "r2" // whose record has another key
	var out strings.Builder
	if err := dkim.Sign(context.Background(), &out, strings.NewReader(dkimtest.CRLF(plain)), dkim.SignerList{wrong, newSigner(rr, false)}); err != nil {
		t.Fatal(err)
	}
	reports, err := explain.Explain(context.Background(), []byte(out.String()), &explain.Options{Verifier: verifier(zone())})
	if err != nil || len(reports) != 2 {
		t.Fatal(len(reports), err)
	}
	if r := reports[0]; !slices.Equal(causes(r), []explain.Cause{explain.KeyMismatch}) || !r.Proved() || !strings.Contains(r.Findings[0].Detail, "selector r") {
		t.Errorf("%s", r)
	}
}

// What cannot be read is an error, and what is not signed has no report.
func TestMessages(t *testing.T) {
	for _, raw := range []string{"", "no header", "\r\n\r\n", "Subject\r\n\r\nbody"} {
		if reports, err := explain.Explain(context.Background(), []byte(raw), nil); !errors.Is(err, dkim.ErrHeader) && !errors.Is(err, dkim.ErrLineEnding) || reports != nil {
			t.Errorf("%q: %v, %v", raw, reports, err)
		}
	}
	if reports, err := explain.Explain(context.Background(), []byte(dkimtest.CRLF(plain)), nil); err != nil || len(reports) != 0 {
		t.Errorf("unsigned: %v, %v", reports, err)
	}
}

// Fields that are gone are found where their values can be guessed.
func TestFieldsRemoved(t *testing.T) {
	for _, field := range []string{
		"Reply-To: joe@example.org", "Reply-To: Joe Sixpack <joe@example.org>", "Sender: <joe@example.org>", "Precedence: list", "Importance: high", "X-Priority: 3",
		"List-Unsubscribe-Post: List-Unsubscribe=One-Click", "Content-Language: en", "Content-Disposition: inline", "Auto-Submitted: auto-generated", "Bcc: ",
	} {
		name, _, _ := strings.Cut(field, ":")
		s := newSigner(rr, false)
		s.Headers = headerlist.MustParse("From:Subject:" + name)
		raw := string(sign(t, s, field+"\n"+plain))
		hurt := strings.Replace(raw, "\r\n"+field+"\r\n", "\r\n", 1)
		r := explainOne(t, []byte(hurt), &explain.Options{Verifier: verifier(zone())})
		if got := causes(r); hurt == raw || !slices.Equal(got, []explain.Cause{explain.FieldRemoved}) || !r.Proved() {
			t.Errorf("%s: %q\n%s", field, got, r)
		} else if s := status(t, r.Repaired(), verifier(zone())); s != dkim.Pass {
			t.Errorf("%s: repaired: %s", field, s)
		}
	}
}

// RSA keys that crypto/rsa refuses, and a=rsa-sha1, are refused and not unknown.
func TestHistoric(t *testing.T) {
	weak, err := x509.MarshalPKIXPublicKey(dkimtest.RSA(768).Public())
	if err != nil {
		t.Fatal(err)
	}
	raw := strings.Replace(string(sign(t, newSigner(rr, false), plain)), "s=r;", "s=weak;", 1)
	z := zone()
	z["weak._domainkey.example.org"] = []string{"v=DKIM1; p=" + base64.StdEncoding.EncodeToString(weak)}
	r := explainOne(t, []byte(raw), &explain.Options{Verifier: verifier(z)})
	if got := causes(r); !slices.Equal(got, []explain.Cause{explain.KeyRefused}) || r.Proved() || !r.Findings[0].Proof.Certain() {
		t.Errorf("%q\n%s", got, r)
	}
	raw = strings.Replace(string(sign(t, newSigner(rr, false), plain)), "a=rsa-sha256", "a=rsa-sha1", 1)
	r = explainOne(t, []byte(raw), &explain.Options{Verifier: verifier(zone())})
	if !slices.Contains(causes(r), explain.Refused) && !slices.Contains(causes(r), explain.Malformed) || r.Proved() {
		t.Errorf("%s", r)
	}
}
