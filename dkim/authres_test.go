package dkim

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/dkim/authres"
	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

// reasons are what the Err of a Result wraps.
var reasons = func() []error {
	list := []error{ErrPolicy, ErrDomain}
	for _, e := range explanations {
		list = append(list, e.err)
	}
	return list
}()

// 8601-2.7-b, 8601-2.7-c, 8601-2.7-d, 8601-2.7-e, 8601-2.7-f, 8601-2.7-h,
// 8601-2.7-j, 8601-2.7-k, 8601-2.2-o, 6008-4-a: from results to a field.
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
		{strings.Replace(signed, "dinner", "lunch", 1), `dkim=fail reason="signature did not verify" header.d=example.org header.s=ed`},
		{craft(t, r.signer.Key, with("d=co.uk"), testMessage), `dkim=policy reason="d= is a public suffix" header.d=co.uk`},
		{craft(t, r.signer.Key, with("a=rsa-sha512"), testMessage), `dkim=neutral reason="unknown algorithm (a=)" header.d=example.org header.s=rsa`},
		{craft(t, r.signer.Key, with("s=x"), testMessage), `dkim=permerror reason="no key record in DNS" header.d=example.org header.s=x`},
		{craft(t, r.signer.Key, with("a=rsa-sha1"), testMessage), `dkim=permerror reason="rsa-sha1 is not accepted any more (RFC 8301)"`},
	} {
		got := strings.Join(strings.Fields(write(r.verify(t, tt.msg))), " ")
		if !strings.Contains(got, tt.want) || strings.Contains(got, "header.i=") {
			t.Errorf("got %q, want %q and no header.i", got, tt.want)
		}
	}
	// 6008-4-b, 6008-4-d: copies of one signature.
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
		with("a=rsa-sha256(; spf=pass"), with("c=x;spf=pass"), with("a=rsa dmarc=pass"), with("s=\"s1"), with("d=example.org,spf=pass"),
		with("s=a\\"), with("a=\u00a0x"), with("a=x\u202ey"),
	} {
		got := write(r.verify(t, craft(t, r.signer.Key, tags, testMessage)))
		field, err := authres.Parse(got)
		if err != nil || len(field.Results) != 1 || strings.ContainsAny(got, "\r\n") {
			t.Errorf("%q: %q, %v", tags, got, err)
		}
		// Nor is there anything for readers that know no quoted-strings.
		for _, p := range field.Results[0].Props {
			if strings.ContainsAny(p.Value, " \t\u00a0\u202e\"();\\,") {
				t.Errorf("%q: %s.%s is %q", tags, p.Type, p.Name, p.Value)
			}
		}
	}
	testing := r.verifyOne(t, signed)
	testing.Testing = true
	if got := write([]*Result{testing}); !strings.Contains(got, "(test mode)") {
		t.Errorf("t=y: %q", got)
	}
}

// A message without signatures: dkim=none, or nothing.
func TestAuthResNone(t *testing.T) {
	if got := AuthRes(nil); len(got) != 1 || got[0].Method != "dkim" || got[0].Value != "none" || got[0].Props != nil {
		t.Errorf("AuthRes(nil) = %+v", got)
	}
	silent := AuthResOptions{OmitNone: true}
	if got := silent.AuthRes(nil); got != nil {
		t.Errorf("OmitNone: %+v", got)
	}
	r := newRig(t)
	results := r.verify(t, r.sign(t, testMessage))
	if got, want := silent.AuthRes(results), AuthRes(results); len(got) != 1 || !reflect.DeepEqual(got, want) {
		t.Errorf("OmitNone, signed: %+v, want %+v", got, want)
	}
}

// 6008-4-i: header.b is unique among all results of a message, also where they
// go to a field each.
func TestAuthResUniqueB(t *testing.T) {
	var results []*Result
	for _, b := range []string{"0123456789AB", "0123456789BC", "9876543210AB"} {
		value, err := base64.StdEncoding.DecodeString(b)
		if err != nil {
			t.Fatal(err)
		}
		results = append(results, &Result{Status: Pass, Signature: &Signature{Value: value}})
	}
	var got []string
	for _, a := range AuthRes(results) {
		got = append(got, a.Props[0].Value)
	}
	if want := []string{"0123456789A", "0123456789B", "98765432"}; !slices.Equal(got, want) {
		t.Errorf("header.b = %q, want %q", got, want)
	}
}

// A sender who puts thousands of signatures into a message neither makes a
// field of them that others refuse, nor hides those that say something.
func TestAuthResMany(t *testing.T) {
	r := newRig(t)
	signed := r.sign(t, testMessage)
	failing := strings.Replace(r.sign(t, testMessage), "bh=", "bh=AA", 1)
	failing = failing[:len(failing)-len(testMessage)]
	name := strings.Repeat(strings.Repeat("x", 60)+".", 3) + "example"
	tags := with("d="+name, "s="+name, "bh="+strings.Repeat("A", 43)+"=", "b="+strings.Repeat("A", 2000))
	junk := strings.Repeat("DKIM-Signature: "+tags+"\r\n", 200)
	results := r.verify(t, junk+failing+signed)
	if len(results) != 202 {
		t.Fatalf("%d results", len(results))
	}
	field := &authres.Field{ID: "mx.example.net", Results: AuthRes(results)}
	if err := field.Validate(); err != nil {
		t.Error(err)
	}
	read, err := authres.Parse(field.String())
	if err != nil || len(read.Results) > 27 || read.Results[len(read.Results)-1].Value != "pass" {
		t.Errorf("%d results, %v", len(read.Results), err)
	}
	if last := read.Results[20].Props; len(last) != 5 || len(last[3].Value) != 700 || last[4] != (authres.Prop{Type: "policy", Name: "dkim-rules", Value: "signature-count"}) {
		t.Errorf("%v, want the longest values", last)
	}
	// All of them, where there are no more than that.
	if got := AuthRes(results[:25]); len(got) != 25 {
		t.Errorf("%d of 25 results", len(got))
	}
	passing := slices.Repeat([]*Result{results[201]}, 40)
	if got := AuthRes(append(passing, results[:30]...)); len(got) != 40+25 {
		t.Errorf("%d of 40 that pass and 30 others", len(got))
	}
}

// 8601-2.7-i, 8601-2.7-g: the status, the words and the rule of each reason;
// 8601-2.7-a: no other status.
func TestExplain(t *testing.T) {
	mail := func(txt string) *keyrecord.Record {
		rec, err := keyrecord.Parse(txt)
		if err != nil {
			t.Fatal(err)
		}
		return rec
	}
	ed := mail("k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
	notMail := mail("s=tlsrpt; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
	evil := errors.New("x\r\n\tdmarc=pass; spf=pass")
	tag := func(name string, err error) error { return &TagError{name, fmt.Errorf("%w: %w", err, evil)} }
	for _, tt := range []struct {
		what string
		r    Result
		want string // status, words, rule
	}{
		{"pass", Result{}, "pass||"},
		{"body", Result{Err: ErrBodyHash}, "fail|body hash did not verify|"},
		{"header", Result{Err: ErrSignature}, "fail|signature did not verify|"},
		{"syntax", Result{Err: tag("", ErrSyntax)}, "neutral|signature syntax error|"},
		{"syntax of a tag", Result{Err: tag("bh", ErrSyntax)}, "neutral|signature syntax error (bh=)|"},
		{"syntax of a tag of the sender's", Result{Err: tag("spf=pass", ErrSyntax)}, "neutral|signature syntax error|"},
		{"syntax of an unknown tag", Result{Err: tag("zz", ErrSyntax)}, "neutral|signature syntax error|"},
		{"two tags in one name", Result{Err: tag("v a", ErrSyntax)}, "neutral|signature syntax error|"},
		{"a domain that is none", Result{Err: &TagError{"d", fmt.Errorf("%w: %w", ErrSyntax, ErrDomain)}}, "neutral|signature syntax error (d=)|"},
		{"version", Result{Err: tag("v", ErrVersion)}, "neutral|v= is not 1|"},
		{"algorithm", Result{Err: tag("a", ErrAlgorithm)}, "neutral|unknown algorithm (a=)|"},
		{"canonicalization", Result{Err: tag("c", ErrAlgorithm)}, "neutral|unknown canonicalization (c=)|"},
		{"rsa-sha1", Result{Err: &TagError{"a", fmt.Errorf("%w: %w", ErrAlgorithm, ErrHistoric)}}, "permerror|rsa-sha1 is not accepted any more (RFC 8301)|"},
		{"query", Result{Err: tag("q", ErrQuery)}, "neutral|unknown query method (q=)|"},
		{"missing tag", Result{Err: &TagError{"bh", ErrMissing}}, "permerror|signature missing required tag (bh=)|"},
		{"From not signed", Result{Err: &TagError{"h", ErrFrom}}, "permerror|From is not signed|"},
		{"no From", Result{Err: ErrFrom}, "permerror|the message has no From field|"},
		{"i=", Result{Err: &TagError{"i", fmt.Errorf("%w: %w", ErrDomain, ErrIdentifier)}}, "permerror|i= is outside the domain of d=|"},
		{"t=s", Result{Record: ed, Err: &TagError{"i", fmt.Errorf("%w: %w", ErrDomain, ErrIdentifier)}}, "permerror|the key has t=s, and i= has another domain than d=|"},
		{"expired", Result{Err: tag("x", ErrExpired)}, "permerror|signature expired (x=)|"},
		{"future", Result{Err: tag("t", ErrFuture)}, "permerror|signature timestamp in the future (t=)|"},
		{"l=", Result{Err: tag("l", ErrBodyLength)}, "permerror|the body is shorter than l= says|"},
		{"no key", Result{Err: fmt.Errorf("%w: %w", ErrKey, keyrecord.ErrNotFound)}, "permerror|no key record in DNS|"},
		{"revoked", Result{Err: fmt.Errorf("%w: %w", ErrKey, keyrecord.ErrRevoked)}, "permerror|the key was revoked|"},
		{"key syntax", Result{Err: fmt.Errorf("%w: %w: %w", ErrKey, keyrecord.ErrSyntax, evil)}, "permerror|the key record is malformed|"},
		{"key type", Result{Err: fmt.Errorf("%w: %w", ErrKey, keyrecord.ErrKeyType)}, "permerror|the key record has no key that DKIM can use|"},
		{"key size", Result{Err: fmt.Errorf("%w: %w", ErrKey, keyrecord.ErrKeySize)}, "permerror|the size of the key is out of range|"},
		{"DNS", Result{Err: fmt.Errorf("%w: %w: %w", ErrKey, keyrecord.ErrTemporary, evil)}, "temperror|DNS did not give the key, perhaps it does later|"},
		{"not for mail", Result{Record: notMail, Err: ErrKey}, "permerror|the key is not for mail (s=)|"},
		{"not for this algorithm", Result{Record: ed, Err: ErrKey}, "permerror|the key is not for this algorithm|"},
		{"no key that can be used", Result{Err: ErrKey}, "permerror|no usable key|"},
		{"512 bits", Result{KeyBits: 512, Err: ErrWeakKey}, "permerror|the key is too small (512 bits)|"},
		{"unknown", Result{Err: evil}, "permerror|verification failed|"},

		{"8601-2.7-e: MinRSABits", Result{KeyBits: 1024, Err: fmt.Errorf("%w: %w", ErrPolicy, ErrWeakKey)}, "policy|the key is too small (1024 bits)|key-size"},
		{"8601-2.7-e: MaxSignatures", Result{Err: ErrTooMany}, "policy|too many signatures in the message|signature-count"},
		{"8601-2.7-e: UncoveredFrom", Result{Err: tag("h", ErrUncoveredFrom)}, "policy|a From field of the message is not signed|unsigned-from"},
		{"8601-2.7-e: PartialBody, a bare LF", Result{Err: fmt.Errorf("%w: x", ErrPartialBody)}, "policy|an empty line in the header that ends in a bare LF|unsigned-body"},
		{"8601-2.7-e: PartialBody", Result{Err: tag("l", ErrPartialBody)}, "policy|a part of the body is not signed (l=)|unsigned-body"},
		{"8601-2.7-e: RequireFields", Result{Err: tag("h", ErrPolicy)}, "policy|a field that must be signed is not|unsigned-field"},
		{"8601-2.7-e: PublicSuffix", Result{Err: &TagError{"d", fmt.Errorf("%w: %w", ErrPolicy, ErrDomain)}}, "policy|d= is a public suffix|public-suffix"},
		{"8601-2.7-e: a limit", Result{Err: tag("h", ErrLimit)}, "policy|the signature is too large (h=)|signature-size"},
		{"8601-2.7-e: Policy", Result{Err: fmt.Errorf("%w: %w", ErrPolicy, evil)}, "policy|refused by local policy|local"},
		{"8601-2.7-e: Policy, with an error of this package", Result{Err: fmt.Errorf("%w: %w", ErrPolicy, &TagError{"h", ErrSignature})}, "policy|refused by local policy|local"},
	} {
		tt.r.Status, tt.r.Signature = StatusOf(tt.r.Err), &Signature{Domain: "example.org"}
		a := AuthRes([]*Result{&tt.r})[0]
		rule := ""
		if p := a.Props[len(a.Props)-1]; p.Type == "policy" && p.Name == "dkim-rules" {
			rule = p.Value
		}
		if got := a.Value + "|" + a.Reason + "|" + rule; got != tt.want {
			t.Errorf("%s: %s, want %s", tt.what, got, tt.want)
		}
		if !a.Registered() {
			t.Errorf("%s: dkim=%s is not registered", tt.what, a.Value)
		}
		if err := (&authres.Field{ID: "mx.example.net", Results: []authres.Result{a}}).Validate(); err != nil {
			t.Errorf("%s: %v", tt.what, err)
		}
	}
	// Each row is reached, and no text of another goes out with it.
	for _, err := range reasons {
		why := (&Result{Err: errors.Join(err, evil)}).explain()
		if why.words == "" || strings.Contains(why.words, "spf") || strings.ContainsAny(why.words+why.detail, "\";\\") || (why.rule != "") != (StatusOf(err) == Policy) {
			t.Errorf("%v: %+v", err, why)
		}
	}
}

// 8601-2.7-e, 8601-2.7-g: the rules, as a Verifier applies them.
func TestAuthResRules(t *testing.T) {
	r := newRig(t)
	signed := r.sign(t, testMessage)
	short := craft(t, r.signer.Key, with("h=from"), testMessage)
	for _, tt := range []struct {
		what, msg string
		set       func(*Verifier)
		want      string // at the end of the result
	}{
		{"MinRSABits", signed, func(v *Verifier) { v.MinRSABits = 2048 }, "policy key-size"},
		{"RequireFields", short, func(v *Verifier) { v.RequireFields = []string{"Subject"} }, "policy unsigned-field"},
		{"a public suffix", craft(t, r.signer.Key, with("d=co.uk"), testMessage), func(*Verifier) {}, "policy public-suffix"},
		{"a part of the body", craft(t, r.signer.Key, with("l=1"), testMessage), func(*Verifier) {}, "policy unsigned-body"},
		{"two From fields", "From: eve@example.com\r\n" + short, func(*Verifier) {}, "policy unsigned-from"},
		{"Policy", signed, func(v *Verifier) { v.Policy = func(*Signature, *Header) error { return errors.New("not today") } }, "policy local"},
		{"no DNS", signed, func(v *Verifier) { v.Resolver = noDNS{} }, "temperror "},
		{"nothing", signed, func(*Verifier) {}, "pass "},
	} {
		v := &Verifier{Resolver: r.zone, Time: atTestTime}
		tt.set(v)
		results, err := Verify(t.Context(), strings.NewReader(tt.msg), v)
		if err != nil || len(results) != 1 {
			t.Fatalf("%s: %d results, %v", tt.what, len(results), err)
		}
		a := AuthRes(results)[0]
		rule := ""
		if p := a.Props[len(a.Props)-1]; p.Type == "policy" {
			rule = p.Value
		}
		if got := a.Value + " " + rule; got != tt.want {
			t.Errorf("%s: %s (%s), want %s", tt.what, got, a.Reason, tt.want)
		}
		if strings.Contains(a.Reason, "not today") || strings.Contains(a.Reason, "SERVFAIL") {
			t.Errorf("%s: the reason is another's: %q", tt.what, a.Reason)
		}
	}
}

// noDNS is a resolver that fails.
type noDNS struct{}

func (noDNS) LookupTXT(context.Context, string) ([]string, error) {
	return nil, errors.New("SERVFAIL")
}

func TestDKIMproxyField(t *testing.T) {
	result := func(errs ...error) []*Result {
		var out []*Result
		for _, err := range errs {
			out = append(out, &Result{Status: StatusOf(err), Err: err, Signature: &Signature{}})
		}
		return out
	}
	evil := errors.New("x\r\nX: y")
	for _, tt := range []struct {
		results []*Result
		want    string
	}{
		{nil, "none"},
		{result(nil), "pass"},
		{result(ErrBodyHash), "fail (body has been altered)"},
		{result(ErrSignature), "fail (message has been altered)"},
		{result(fmt.Errorf("%w: %w: %w", ErrKey, keyrecord.ErrNotFound, evil)), "invalid (public key: not available)"},
		{result(&TagError{"a", ErrAlgorithm}), "invalid (unsupported algorithm)"},
		{result(&TagError{"c", ErrAlgorithm}), "invalid (unsupported canonicalization)"},
		{result(&TagError{"v", ErrVersion}), "invalid (unsupported version)"},
		{result(&TagError{"q", ErrQuery}), "invalid (unsupported query protocol)"},
		{result(&TagError{"s", ErrMissing}), "invalid (missing s tag)"},
		{result(&TagError{"h", ErrSyntax}), "invalid (signature syntax error (h=))"},
		{result(ErrPolicy), "invalid (refused by local policy)"},
		{result(fmt.Errorf("%w: %w", keyrecord.ErrTemporary, evil)), "temperror (DNS did not give the key, perhaps it does later)"},
		{result(ErrExpired, keyrecord.ErrTemporary, ErrSignature, ErrBodyHash, nil), "pass"},
		{result(ErrExpired, keyrecord.ErrTemporary, ErrSignature, ErrBodyHash), "fail (message has been altered)"},
		{result(ErrExpired, keyrecord.ErrTemporary), "temperror (DNS did not give the key, perhaps it does later)"},
		{result(ErrExpired, ErrMissing), "invalid (signature is expired)"},
	} {
		name, value := DKIMproxyField(tt.results)
		if name != "X-DKIM-Authentication-Results" || value != tt.want {
			t.Errorf("%v: %s: %s, want %s", tt.results, name, value, tt.want)
		}
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
