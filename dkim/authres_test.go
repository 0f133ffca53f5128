package dkim

import (
	"errors"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/dkim/authres"
	"github.com/waxseal/waxseal/internal/dkimtest"
)

// 8601-2.7-b to -j, 6008-4-a: from results to a field.
func TestAuthRes(t *testing.T) {
	r := newRig(t)
	write := func(results []*Result) string {
		f := &authres.Field{ID: "mx.example.net", Results: AuthRes(results)}
		if err := f.Validate(); err != nil {
			t.Errorf("%v", err)
		}
		return strings.ReplaceAll(strings.ReplaceAll(strings.TrimSuffix(f.String(), "\r\n"), "\r\n", ""), "\t", " ")
	}
	if got := write(nil); got != "Authentication-Results: mx.example.net; dkim=none" {
		t.Errorf("unsigned: %q", got)
	}
	r.newSigner(t, "ed", dkimtest.Ed25519(1))
	signed := craft(t, dkimtest.Ed25519(1), with("a=ed25519-sha256", "s=ed", "i=joe@mail.example.org"), testMessage)
	b := r.verifyOne(t, signed).Signature.String()
	b = b[strings.LastIndex(b, "b=")+2:][:8]
	quoted := b
	if strings.ContainsAny(b, "/=") {
		quoted = `"` + b + `"`
	}
	if got, want := write(r.verify(t, signed)), "Authentication-Results: mx.example.net;"+
		" dkim=pass header.d=example.org header.i=joe@mail.example.org header.s=ed header.a=ed25519-sha256 header.b="+quoted; strings.Join(strings.Fields(got), " ") != want {
		t.Errorf("pass:\n got %q\nwant %q", got, want)
	}
	for _, tt := range []struct{ msg, want string }{
		{strings.Replace(signed, "Hi.", "Ho.", 1), `dkim=fail reason="body hash did not verify" header.d=example.org header.s=ed`},
		{craft(t, r.signer.Key, with("d=co.uk"), testMessage), `dkim=policy reason="refused by policy" header.d=co.uk`},
		{craft(t, r.signer.Key, with("a=rsa-sha512"), testMessage), `dkim=neutral reason="unusable algorithm" header.d=example.org header.s=rsa`},
		{craft(t, r.signer.Key, with("s=x"), testMessage), `dkim=permerror reason="no key record" header.d=example.org header.s=x`},
		{craft(t, r.signer.Key, with("a=rsa-sha1"), testMessage), `dkim=permerror reason="historic algorithm"`},
	} {
		got := strings.Join(strings.Fields(write(r.verify(t, tt.msg))), " ")
		if !strings.Contains(got, tt.want) || strings.Contains(got, "header.i=") {
			t.Errorf("got %q, want %q and no header.i", got, tt.want)
		}
	}
	// 6008-4-b, -d: copies of one signature.
	twice := strings.Replace(signed, testMessage, "", 1) + signed
	field, err := authres.Parse((&authres.Field{ID: "x", Results: AuthRes(r.verify(t, twice))}).String())
	if err != nil || len(field.Results) != 2 {
		t.Fatalf("%v, %v", field, err)
	}
	if last := field.Results[0].Props[4]; len(last.Value) != 88 {
		t.Errorf("header.b=%q of two equal signatures", last.Value)
	}
	// 6376-2.11-g, 8601-2.2-p: nothing of the sender's breaks out.
	for _, tags := range []string{
		with("d=example.org\r\n X: y"), with("s=a=0D=0Ab"), with("i=a=0D=0AX:=20y@example.org"), with(`i="a=3B=20spf=pass"@example.org`),
		with("a=rsa-sha256(; spf=pass"), with("c=x;spf=pass"),
	} {
		got := write(r.verify(t, craft(t, r.signer.Key, tags, testMessage)))
		field, err := authres.Parse(got)
		if err != nil || len(field.Results) != 1 || strings.ContainsAny(got, "\r\n") {
			t.Errorf("%q: %q, %v", tags, got, err)
		}
	}
	// Every reason has words, and no error that it wraps adds to them.
	for _, known := range reasons {
		if got := reason(errors.Join(known, errors.New("sender's text"))); got != known.Error() {
			t.Errorf("reason(%v) = %q", known, got)
		}
	}
	if got := reason(errors.New("sender's text")); got != "verification failed" {
		t.Errorf("unknown: %q", got)
	}
	testing := r.verifyOne(t, signed)
	testing.Testing = true
	if got := write([]*Result{testing}); !strings.Contains(got, "(test mode)") {
		t.Errorf("t=y: %q", got)
	}
}

// One row of the table of StatusOf for each error.
func TestStatusOf(t *testing.T) {
	for err, want := range map[error]Status{
		nil: Pass, ErrSignature: Fail, ErrBodyHash: Fail,
		ErrSyntax: Neutral, ErrVersion: Neutral, ErrAlgorithm: Neutral, ErrQuery: Neutral,
		ErrMissing: PermError, ErrFrom: PermError, ErrDomain: PermError, ErrIdentifier: PermError, ErrExpired: PermError, ErrFuture: PermError,
		ErrBodyLength: PermError, ErrKey: PermError, ErrWeakKey: PermError, ErrHistoric: PermError,
		ErrPolicy: Policy, ErrTooMany: Policy, ErrLimit: Policy, ErrUncoveredFrom: Policy, ErrPartialBody: Policy,
		errors.New("unknown"): PermError,
	} {
		if got := StatusOf(err); got != want {
			t.Errorf("StatusOf(%v) = %s, want %s", err, got, want)
		}
	}
}
