package domainkeys

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

const testMessage = "Received: from a\r\n\tby b; now\r\n" +
	"Received: from c\r\n" +
	"From: Joe <joe@mail.example.org>\r\n" +
	"To:  Suzie\t<suzie@example.net>\r\n" +
	"Subject: Is  dinner\r\n \tready?\r\n" +
	"\r\n" +
	"Hi.\r\n" +
	"\r\n" +
	"We lost  the game.\t \r\n" +
	" \r\n" +
	"\r\n"

func record(t testing.TB, pub crypto.PublicKey) *keyrecord.Record {
	t.Helper()
	r, err := keyrecord.New(pub)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func testSigner() *Signer {
	return &Signer{Domain: "example.org", Selector: "s1", Key: dkimtest.RSA(1024)}
}

func testZone(t testing.TB) keyrecord.MapResolver {
	return keyrecord.MapResolver{"s1._domainkey.example.org": {record(t, &dkimtest.RSA(1024).PublicKey).String()}}
}

// sign returns a message with its signature in front.
func sign(t testing.TB, s *Signer, message string) string {
	t.Helper()
	sig, err := Sign(t.Context(), strings.NewReader(message), s)
	if err != nil {
		t.Fatalf("Sign: %v", err)
	}
	return sig.String() + message
}

func verify(t testing.TB, v *Verifier, message string) *Result {
	t.Helper()
	r, err := Verify(t.Context(), strings.NewReader(message), v)
	if err != nil {
		t.Fatalf("Verify: %v", err)
	}
	return r
}

// TestGolden signs texts that are written out by the reading of section 3.4.2,
// with no code of this package: 4870-3.4.2.1-a, 4870-3.4.2.1-b, 4870-3.4.2.2-a,
// 4870-3.3-f, 4870-3.3-g, 4870-3.3-h.
func TestGolden(t *testing.T) {
	v := &Verifier{Resolver: testZone(t)}
	const header = "Received: above\r\n"
	const simpleBody = "\r\nHi.\r\n\r\nWe lost  the game.\t \r\n \r\n"
	for _, tt := range []struct {
		name, tags, message, text string
	}{
		{"simple, all fields", "c=simple", testMessage, strings.TrimSuffix(testMessage, "\r\n")},
		{"nofws, all fields", "c=nofws", testMessage,
			"Received:fromabyb;now\r\nReceived:fromc\r\nFrom:Joe<joe@mail.example.org>\r\nTo:Suzie<suzie@example.net>\r\nSubject:Isdinnerready?\r\n\r\nHi.\r\n\r\nWelostthegame.\r\n"},
		{"simple, h=: all of a name, in the order of the message", "c=simple; h=SUBJECT:from:received:x-none", testMessage,
			"Received: from a\r\n\tby b; now\r\nReceived: from c\r\nFrom: Joe <joe@mail.example.org>\r\nSubject: Is  dinner\r\n \tready?\r\n" + simpleBody},
		{"simple, a body of empty lines", "c=simple; h=from", "From: joe@example.org\r\n\r\n\r\n\r\n", "From: joe@example.org\r\n"},
		{"simple, a body of white space", "c=simple; h=from", "From: joe@example.org\r\n\r\n \r\n\r\n", "From: joe@example.org\r\n\r\n \r\n"},
		{"nofws, a body of white space", "c=nofws; h=from", "From: joe@example.org\r\n\r\n \t\r\n\r\n", "From:joe@example.org\r\n"},
		{"simple, no body", "c=simple", "From: joe@example.org\r\n", "From: joe@example.org\r\n"},
		{"simple, no final CRLF", "c=simple", "From: joe@example.org\r\n\r\na", "From: joe@example.org\r\n\r\na\r\n"},
		{"another signature below", "c=nofws", "DomainKey-Signature: x\r\nFrom: joe@example.org\r\n\r\n", "DomainKey-Signature:x\r\nFrom:joe@example.org\r\n"},
	} {
		digest := sha1.Sum([]byte(tt.text))
		b, err := rsa.SignPKCS1v15(nil, dkimtest.RSA(1024), crypto.SHA1, digest[:])
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range []string{"q=dns; ", " q \t=\r\n dns ;x=changed;"} { // the field is not hashed
			field := fmt.Sprintf("DomainKey-Signature: a=rsa-sha1; %s d=example.org; s=s1; %s; b=%s\r\n", q, tt.tags, base64.StdEncoding.EncodeToString(b))
			r := verify(t, v, header+field+tt.message)
			if r.Status != Good || r.Err != nil || r.KeyBits != 1024 || r.Record == nil {
				t.Errorf("%s: %q, %v", tt.name, r.Status, r.Err)
			}
		}
	}
}

// TestVerify changes a good message, its signature, or its key record.
func TestVerify(t *testing.T) {
	good := record(t, &dkimtest.RSA(1024).PublicKey).String()
	p := strings.TrimPrefix(good, "v=DKIM1; ")
	other := record(t, &dkimtest.RSA(1025).PublicKey).String()
	ed := record(t, dkimtest.Ed25519(1).Public()).String()
	replace := func(old, new string) func(string) string {
		return func(m string) string {
			if strings.Count(m, old) == 0 {
				t.Fatalf("%q is not in the message", old)
			}
			return strings.Replace(m, old, new, 1)
		}
	}
	front := func(s string) func(string) string { return func(m string) string { return s + m } }
	same := func(m string) string { return m }
	noH := testSigner()
	listed := testSigner()
	listed.Fields = []string{"from", "subject", "received"}
	withSender := "Sender: Ann <ann@example.org>\r\n" + testMessage
	for _, tt := range []struct {
		id      string
		signer  *Signer
		message string
		change  func(string) string
		keys    []string
		status  Status
		err     error
		authres string
	}{
		{"good", noH, testMessage, same, []string{good}, Good, nil, "pass"},
		{"4870-3.3-g: a field on top", noH, testMessage, front("Received: d\r\n"), []string{good}, Good, nil, "pass"},
		{"4870-3.3-g: a field below", noH, testMessage, replace("\r\nTo:", "\r\nX: y\r\nTo:"), []string{good}, Bad, dkim.ErrSignature, "fail"},
		{"4870-3.3-h: a field that is not listed", listed, testMessage, replace("\r\nTo:", "\r\nX: y\r\nTo:"), []string{good}, Good, nil, "pass"},
		{"4870-3.3-h: another field of a name that is", listed, testMessage, replace("\r\nTo:", "\r\nReceived: y\r\nTo:"), []string{good}, Bad, dkim.ErrSignature, "fail"},
		{"body changed", noH, testMessage, replace("lost", "won"), []string{good}, Bad, dkim.ErrSignature, "fail"},
		{"nofws: white space changed", noH, testMessage, replace("lost  the", "lo st\tthe"), []string{good}, Good, nil, "pass"},
		{"header changed", noH, testMessage, replace("Is  dinner", "Is supper"), []string{good}, Bad, dkim.ErrSignature, "fail"},
		{"b= changed", noH, testMessage, replace(" b=", " b=AAAA"), []string{good}, Bad, dkim.ErrSignature, "fail"},

		{"4870-3.3-e: d= is a parent", noH, testMessage, same, []string{good}, Good, nil, "pass"},
		{"4870-3.3-e: case", noH, testMessage, replace("mail.example.org", "MAIL.Example.ORG"), []string{good}, Bad, dkim.ErrSignature, "fail"},
		{"4870-3.3-e: no border of a label", noH, testMessage, replace("@mail.example.org", "@evilexample.org"), []string{good}, BadFormat, dkim.ErrDomain, "permerror"},
		{"d= is a public suffix", noH, testMessage, func(m string) string {
			return replace("d=example.org", "d=co.uk")(replace("mail.example.org", "example.co.uk")(m))
		}, []string{good}, BadFormat, dkim.ErrDomain, "permerror"},
		{"4870-3.1-a: Sender elsewhere", noH, testMessage, replace("\r\nTo:", "\r\nSender: a@example.net\r\nTo:"), []string{good}, BadFormat, dkim.ErrDomain, "permerror"},
		{"4870-3.1-a: Sender malformed", noH, testMessage, replace("\r\nTo:", "\r\nSender: evil doer\r\nTo:"), []string{good}, Bad, ErrSender, "fail"},
		{"4870-3.1-a: Sender empty", noH, testMessage, replace("\r\nTo:", "\r\nSender: a:;\r\nTo:"), []string{good}, Bad, ErrSender, "fail"},
		{"4870-3.1-a: From malformed", noH, testMessage, replace("Joe <joe@mail.example.org>", "Joe"), []string{good}, Bad, ErrSender, "fail"},
		{"3.1: two From fields", noH, testMessage, front("From: evil@example.net\r\n"), []string{good}, Bad, ErrSender, "fail"},
		{"3.1: two Sender fields", noH, withSender, front("Sender: evil@example.net\r\n"), []string{good}, Bad, ErrSender, "fail"},
		{"3.1: no From field", noH, withSender, replace("From: Joe", "X: Joe"), []string{good}, Bad, ErrSender, "fail"},
		{"Sender above the signature", noH, testMessage, front("Sender: evil@example.org\r\n"), []string{good}, BadFormat, ErrUncovered, "permerror"},
		{"4870-3.3-i: h= without Sender", listed, testMessage, replace("\r\nTo:", "\r\nSender: evil@example.org\r\nTo:"), []string{good}, BadFormat, ErrUncovered, "permerror"},
		{"a From of too many octets", noH, testMessage, replace("Joe <", "Joe"+strings.Repeat(" ", 64<<10)+"<"), []string{good}, Bad, ErrSender, "fail"},
		{"a Latin-1 display name", noH, strings.Replace(testMessage, "Joe <", "J\xf6 <", 1), same, []string{good}, Good, nil, "pass"},
		{"a folded From", noH, strings.Replace(testMessage, "Joe <", "Joe\r\n <", 1), same, []string{good}, Good, nil, "pass"},

		{"4870-3.7.4-a: no key", noH, testMessage, same, nil, NoKey, keyrecord.ErrNotFound, "permerror"},
		{"4870-3.2.3-b: revoked", noH, testMessage, same, []string{"k=rsa; t=y; p="}, Revoked, keyrecord.ErrRevoked, "permerror"},
		{"4870-3.2.3-b: no p=", noH, testMessage, same, []string{"k=rsa"}, BadFormat, keyrecord.ErrSyntax, "permerror"},
		{"4870-3.2.3-c: no k=", noH, testMessage, same, []string{p}, Good, nil, "pass"},
		{"4870-3.2.3-c: k=rsa", noH, testMessage, same, []string{"k=rsa; " + p}, Good, nil, "pass"},
		{"4870-3.2.3-c: another k=", noH, testMessage, same, []string{"k=dsa; " + p}, BadFormat, keyrecord.ErrKeyType, "permerror"},
		{"an Ed25519 key", noH, testMessage, same, []string{ed}, BadFormat, keyrecord.ErrKeyType, "permerror"},
		{"another key", noH, testMessage, same, []string{other}, Bad, dkim.ErrSignature, "fail"},
		{"4870-9-a: several records", noH, testMessage, same, []string{"v=spf1 -all", other, "p=", good}, Good, nil, "pass"},
		{"several, and none fits", noH, testMessage, same, []string{"p=", other, ed}, Bad, dkim.ErrSignature, "fail"},
		{"4870-3.2.3-a: g= empty", noH, testMessage, same, []string{"g=; " + p}, Good, nil, "pass"},
		{"4870-3.2.3-a: g= of the sender", noH, testMessage, same, []string{"g=joe; " + p}, Good, nil, "pass"},
		{"4870-3.2.3-a: g= of another", noH, testMessage, same, []string{"g=bob; " + p}, Bad, ErrGranularity, "fail"},
		{"4870-3.2.3-a: exactly", noH, testMessage, same, []string{"g=Joe; " + p}, Bad, ErrGranularity, "fail"},
		{"4870-3.2.3-a: an asterisk is an asterisk", noH, testMessage, same, []string{"g=j*; " + p}, Bad, ErrGranularity, "fail"},
		{"4870-3.2.3-a: g= of Sender, not From", noH, withSender, same, []string{"g=ann; " + p}, Good, nil, "pass"},
		{"a DKIM key that is not for sha1", noH, testMessage, same, []string{"h=sha256; " + p}, BadFormat, dkim.ErrKey, "permerror"},
		{"a DKIM key that is for sha1", noH, testMessage, same, []string{"h=sha256:sha1; " + p}, Good, nil, "pass"},
		{"a DKIM key that is not for mail", noH, testMessage, same, []string{"s=tlsrpt; " + p}, BadFormat, dkim.ErrKey, "permerror"},

		{"4870-3.3-a: unknown a=", noH, testMessage, replace("rsa-sha1", "rsa-sha9"), []string{good}, BadFormat, dkim.ErrAlgorithm, "neutral"},
		{"4870-3.3-b: no q=", noH, testMessage, replace("q=dns;", ""), []string{good}, BadFormat, dkim.ErrMissing, "permerror"},
		{"4870-3.8-a: no signature", noH, testMessage, func(string) string { return testMessage }, []string{good}, NoSignature, ErrNoSignature, "none"},
		{"no signature, and no sender", noH, testMessage, func(string) string { return "X: y\r\n\r\n" }, []string{good}, NoSignature, ErrNoSignature, "none"},
	} {
		zone := keyrecord.MapResolver{}
		if tt.keys != nil {
			zone["s1._domainkey.example.org"] = tt.keys
		}
		r := verify(t, &Verifier{Resolver: zone}, tt.change(sign(t, tt.signer, tt.message)))
		if r.Status != tt.status || !errors.Is(r.Err, tt.err) || (r.Err == nil) != (r.Status == Good) || (r.Signature == nil) != (r.Status == NoSignature) {
			t.Errorf("%s: %q, %v, want %q, %v", tt.id, r.Status, r.Err, tt.status, tt.err)
		}
		if a := r.AuthRes(); a.Method != "domainkeys" || a.Value != tt.authres {
			t.Errorf("%s: AuthRes = %+v, want %s", tt.id, a, tt.authres)
		}
	}
}

// The case of the domain: 4870-3.3-e, signed as it is.
func TestDomainCase(t *testing.T) {
	m := strings.Replace(testMessage, "mail.example.org", "MAIL.Example.ORG", 1)
	if r := verify(t, &Verifier{Resolver: testZone(t)}, sign(t, testSigner(), m)); r.Status != Good || r.Sender != "joe@MAIL.Example.ORG" || r.SenderField != "From" {
		t.Errorf("%+v", r)
	}
}

// TestChoice: 4870-3.7.3-a, one signature is chosen, and the others do not matter.
func TestChoice(t *testing.T) {
	asked := ""
	zone := testZone(t)
	v := &Verifier{Resolver: lookupFunc(func(ctx context.Context, name string) ([]string, error) {
		asked += " " + strings.TrimSuffix(name, "._domainkey.example.org.")
		return zone.LookupTXT(ctx, name)
	})}
	sig := strings.TrimSuffix(sign(t, testSigner(), testMessage), testMessage)
	field := func(tags ...string) string { return "DomainKey-Signature: " + with(tags...) + "\r\n" }
	other := field("s=other")
	listed := testSigner()
	listed.Fields = []string{"*"}
	upper := strings.TrimSuffix(sign(t, listed, testMessage), testMessage)
	for _, tt := range []struct {
		name, message string
		status        Status
		asked         string
	}{
		{"two usable: the first", other + sig + testMessage, NoKey, " other"},
		{"two usable, the other way round", upper + other + testMessage, Good, " s1"},
		{"malformed ones before", field("b=") + field("d") + sig + testMessage, Good, " s1"},
		{"unknown algorithms before", field("a=rsa-sha256") + sig + testMessage, Good, " s1"},
		{"one of another domain before", field("d=example.net") + sig + testMessage, Good, " s1"},
		{"one that does not cover From before", field("h=to") + sig + testMessage, Good, " s1"},
		{"none usable", field("b=") + field("h=to") + testMessage, BadFormat, ""},
	} {
		asked = ""
		if r := verify(t, v, tt.message); r.Status != tt.status || asked != tt.asked {
			t.Errorf("%s: %q, %v, asked%s, want %q, asked%s", tt.name, r.Status, r.Err, asked, tt.status, tt.asked)
		}
	}
	r := verify(t, v, field("b=")+field("h=to")+"From: x\r\n\r\n")
	if r.Status != Bad || !errors.Is(r.Err, ErrSender) {
		t.Errorf("a malformed signature, and no sender: %q, %v", r.Status, r.Err)
	}
}

type lookupFunc func(context.Context, string) ([]string, error)

func (f lookupFunc) LookupTXT(ctx context.Context, name string) ([]string, error) {
	return f(ctx, name)
}

// TestResolver: 4870-3.7.4-a, a query that fails is no missing key.
func TestResolver(t *testing.T) {
	signed := sign(t, testSigner(), testMessage)
	for _, tt := range []struct {
		name   string
		err    error
		status Status
	}{
		{"SERVFAIL", fmt.Errorf("wrapped: %w", &net.DNSError{IsTemporary: true}), TempError},
		{"a reader's error", io.EOF, TempError},
		{"no data", nil, NoKey},
		{"NXDOMAIN", &net.DNSError{IsNotFound: true}, NoKey},
	} {
		v := &Verifier{Resolver: lookupFunc(func(context.Context, string) ([]string, error) { return nil, tt.err })}
		r := verify(t, v, signed)
		if r.Status != tt.status {
			t.Errorf("%s: %q, %v, want %q", tt.name, r.Status, r.Err, tt.status)
		}
		if a := r.AuthRes(); tt.status == TempError && a.Value != "temperror" {
			t.Errorf("%s: %+v", tt.name, a)
		}
	}
	never := lookupFunc(func(ctx context.Context, _ string) ([]string, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	if r := verify(t, &Verifier{Resolver: never, LookupTimeout: time.Millisecond}, signed); r.Status != TempError {
		t.Errorf("timeout: %q, %v", r.Status, r.Err)
	}
	release := make(chan bool)
	deaf := lookupFunc(func(context.Context, string) ([]string, error) {
		<-release
		return nil, nil
	})
	if r := verify(t, &Verifier{Resolver: deaf, LookupTimeout: time.Millisecond}, signed); r.Status != TempError {
		t.Errorf("a resolver without ears: %q, %v", r.Status, r.Err)
	}
	close(release)
}

// TestTesting: 4870-3.2.3-c, the flag is reported whatever the result.
func TestTesting(t *testing.T) {
	signed := sign(t, testSigner(), testMessage)
	zone := keyrecord.MapResolver{"s1._domainkey.example.org": {"t=y; " + record(t, &dkimtest.RSA(1024).PublicKey).String()[len("v=DKIM1; "):]}}
	for _, m := range []string{signed, signed + "x"} {
		r := verify(t, &Verifier{Resolver: zone}, m)
		if a := r.AuthRes(); !r.Testing || (r.Status == Good) != (m == signed) || a.Comment != "test mode" {
			t.Errorf("%+v, %+v", r, a)
		}
	}
}

// TestKeySize: 4870-3.2.3-d.
func TestKeySize(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0")
	for _, bits := range []int{512, 768, 1023, 1024, 1536, 2048, 4096} {
		key := dkimtest.RSA(bits)
		zone := keyrecord.MapResolver{"s1._domainkey.example.org": {(&keyrecord.Record{Key: &key.PublicKey}).String()}}
		digest := sha1.Sum([]byte("From:joe@example.org\r\n"))
		b, err := rsa.SignPKCS1v15(nil, key, crypto.SHA1, digest[:])
		if err != nil {
			t.Fatal(err)
		}
		m := "DomainKey-Signature: " + with("b="+base64.StdEncoding.EncodeToString(b)) + "\r\nFrom: joe@example.org\r\n\r\n"
		for _, tt := range []struct {
			least int
			weak  bool
		}{{0, bits < 1024}, {512, false}, {1536, bits < 1536}} {
			r := verify(t, &Verifier{Resolver: zone, MinRSABits: tt.least}, m)
			if tt.weak != errors.Is(r.Err, dkim.ErrWeakKey) || tt.weak != (r.Status == BadFormat) || !tt.weak && r.Status != Good || r.KeyBits != bits {
				t.Errorf("%d bits, MinRSABits %d: %q, %v", bits, tt.least, r.Status, r.Err)
			}
		}
		if bits < 1024 {
			t.Setenv("GODEBUG", "rsa1024min=1")
			if r := verify(t, &Verifier{Resolver: zone, MinRSABits: 512}, m); !errors.Is(r.Err, dkim.ErrWeakKey) || r.AuthRes().Value != "permerror" {
				t.Errorf("%d bits, and crypto/rsa was not told: %q, %v", bits, r.Status, r.Err)
			}
			t.Setenv("GODEBUG", "rsa1024min=0")
		}
	}
}

func TestWildcards(t *testing.T) {
	for _, tt := range []struct {
		g, local string
		want     bool
	}{
		{"j*", "joe", true}, {"*", "joe", true}, {"*e", "joe", true}, {"j*e", "joe", true}, {"joe*", "joe", true},
		{"jo*oe", "joe", false}, {"b*", "joe", false}, {"*b", "joe", false}, {"", "joe", true}, {"joe", "joe", true}, {"jo", "joe", false},
		{"*o*", "joe", false}, {"j*e*", "jxe*", true},
	} {
		if got := (&Verifier{Wildcards: true}).matches(tt.g, tt.local); got != tt.want {
			t.Errorf("g=%s, %s: %v, want %v", tt.g, tt.local, got, tt.want)
		}
		if got := new(Verifier).matches(tt.g, tt.local); got != (tt.g == "" || tt.g == tt.local) {
			t.Errorf("g=%s, %s, exactly: %v", tt.g, tt.local, got)
		}
	}
}

// TestReordered: the option takes fields in the order of h=.
func TestReordered(t *testing.T) {
	const body = "\r\n"
	for _, tt := range []struct{ h, message, text string }{
		{"to:from", "From: joe@example.org\r\nTo: b\r\n", "To:b\r\nFrom:joe@example.org\r\n"},
		{"received:from", "From: joe@example.org\r\nReceived: 1\r\nReceived: 2\r\n", "Received:1\r\nReceived:2\r\nFrom:joe@example.org\r\n"},
		{"received:from:RECEIVED", "From: joe@example.org\r\nReceived: 1\r\nReceived: 2\r\nReceived: 3\r\n", "Received:1\r\nReceived:2\r\nFrom:joe@example.org\r\nReceived:3\r\n"},
		{"x:x:from:x", "From: joe@example.org\r\nX: 1\r\nX: 2\r\n", "X:1\r\nFrom:joe@example.org\r\nX:2\r\n"},
	} {
		digest := sha1.Sum([]byte(tt.text))
		b, err := rsa.SignPKCS1v15(nil, dkimtest.RSA(1024), crypto.SHA1, digest[:])
		if err != nil {
			t.Fatal(err)
		}
		m := "DomainKey-Signature: " + with("h="+tt.h, "b="+base64.StdEncoding.EncodeToString(b)) + "\r\n" + tt.message + body
		for _, reordered := range []bool{false, true} {
			r := verify(t, &Verifier{Resolver: testZone(t), Reordered: reordered}, m)
			if (r.Status == Good) != reordered {
				t.Errorf("h=%s, Reordered %v: %q, %v", tt.h, reordered, r.Status, r.Err)
			}
		}
	}
	s := testSigner()
	s.Fields = []string{"*"}
	if r := verify(t, &Verifier{Resolver: testZone(t), Reordered: true}, sign(t, s, testMessage)); r.Status != Good {
		t.Errorf("what was not reordered: %q, %v", r.Status, r.Err)
	}
}

// TestStatus: 4870-3.8-a, the words.
func TestStatus(t *testing.T) {
	for s, want := range map[Status]string{Good: "good", Bad: "bad", NoKey: "no key", Revoked: "revoked",
		NoSignature: "no signature", BadFormat: "bad format", NonParticipant: "non-participant"} {
		if string(s) != want {
			t.Errorf("%q, want %q", s, want)
		}
	}
	a := (&Result{Status: NonParticipant}).AuthRes()
	if a.Value != "neutral" || a.Reason != "non-participant" || !a.Registered() {
		t.Errorf("%+v", a)
	}
	r := verify(t, &Verifier{Resolver: testZone(t)}, sign(t, testSigner(), "Sender: ann@example.org\r\n"+testMessage))
	if a := r.AuthRes(); len(a.Props) != 1 || a.Props[0].Name != "sender" || a.Props[0].Value != "ann@example.org" || !a.Registered() {
		t.Errorf("%+v", a)
	}
}
