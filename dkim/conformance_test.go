package dkim

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim/authres"
	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

// What the header hash is of, written out: 6376-3.7-d, 6376-3.7-k, 6376-3.7-o.
func TestHashedText(t *testing.T) {
	r := newRig(t)
	_, body, _ := strings.Cut(testMessage, "\r\n\r\n")
	bodyHash := sum(crypto.SHA256, []byte(body))
	own := "DKIM-Signature: v=1; a=rsa-sha256; c=simple/simple; d=example.org; s=rsa; h=from;\r\n bh=" +
		base64.StdEncoding.EncodeToString(bodyHash) + "; b="
	text := "From: Joe <joe@example.org>\r\n" + own
	digest := sum(crypto.SHA256, []byte(text))
	for _, tt := range []struct {
		what   string
		signed []byte
		hash   crypto.Hash
		status Status
	}{
		{"the fields, and the signature with an empty b=", digest, crypto.SHA256, Pass},
		{"with CRLF at the end", sum(crypto.SHA256, []byte(text+"\r\n")), crypto.SHA256, Fail},
		{"with the body hash after it", sum(crypto.SHA256, append([]byte(text), bodyHash...)), crypto.SHA256, Fail},
		{"without the signature's own field", sum(crypto.SHA256, []byte("From: Joe <joe@example.org>\r\n")), crypto.SHA256, Fail},
		{"the digest in hexadecimal", sum(crypto.SHA256, fmt.Appendf(nil, "%x", digest)), crypto.SHA256, Fail},
		{"6376-6.1.3-d: the digest of SHA-1 in its DigestInfo", sum(crypto.SHA1, []byte(text)), crypto.SHA1, Fail},
		{"6376-6.1.3-d: the right digest in the DigestInfo of SHA-512/256", digest, crypto.SHA512_256, Fail},
		{"6376-6.1.3-d: the digest without a DigestInfo", digest, 0, Fail},
	} {
		b, err := rsa.SignPKCS1v15(nil, dkimtest.RSA(1024), tt.hash, tt.signed)
		if err != nil {
			t.Fatal(err)
		}
		msg := own + base64.StdEncoding.EncodeToString(b) + "\r\n" + testMessage
		if res := r.verifyOne(t, msg); res.Status != tt.status {
			t.Errorf("%s: %s, %v; want %s", tt.what, res.Status, res.Err, tt.status)
		}
	}
}

// 8463-3-a, 8463-3-b: Ed25519 over the digest; none of its variants.
func TestEd25519Variants(t *testing.T) {
	r := newRig(t)
	key := dkimtest.Ed25519(1)
	r.newSigner(t, "ed", key)
	for _, tt := range []struct {
		what   string
		sign   func(digest []byte) ([]byte, error)
		status Status
	}{
		{"PureEdDSA", func(d []byte) ([]byte, error) { return key.Sign(nil, d, crypto.Hash(0)) }, Pass},
		{"Ed25519ph", func(d []byte) ([]byte, error) {
			h := sha512.Sum512(d)
			return key.Sign(nil, h[:], crypto.SHA512)
		}, Fail},
		{"Ed25519ctx", func(d []byte) ([]byte, error) { return key.Sign(nil, d, &ed25519.Options{Context: "DKIM"}) }, Fail},
		{"the digest of the digest", func(d []byte) ([]byte, error) { return key.Sign(nil, sum(crypto.SHA256, d), crypto.Hash(0)) }, Fail},
	} {
		msg := craft(t, signFunc{key, tt.sign}, with("a=ed25519-sha256", "s=ed"), testMessage)
		if res := r.verifyOne(t, msg); res.Status != tt.status {
			t.Errorf("%s: %s, %v; want %s", tt.what, res.Status, res.Err, tt.status)
		}
	}
	// 8463-5-c: a key that is no point of the curve.
	good := craft(t, key, with("a=ed25519-sha256", "s=ed"), testMessage)
	r.zone["ed._domainkey.example.org"] = []string{"k=ed25519; p=" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xff}, 32))}
	if res := r.verifyOne(t, good); res.Status == Pass {
		t.Error("a key of ones passes")
	}
}

// A signFunc is a key that signs with a function.
type signFunc struct {
	crypto.Signer
	sign func(digest []byte) ([]byte, error)
}

func (s signFunc) Sign(_ io.Reader, digest []byte, _ crypto.SignerOpts) ([]byte, error) {
	return s.sign(digest)
}

// 6376-3.7-j, 6376-6.1-b: where the signature stands does not matter.
func TestSignatureBelow(t *testing.T) {
	r := newRig(t)
	field, rest, _ := strings.Cut(craft(t, r.signer.Key, goodTags, testMessage), "\r\n")
	lines := strings.SplitAfter(rest, "\r\n")
	for i := range 6 { // the last place is the end of the header
		msg := strings.Join(slices.Insert(slices.Clone(lines), i, field+"\r\n"), "")
		want(t, fmt.Sprintf("below %d fields", i), r.verifyOne(t, msg), Pass, nil)
	}
}

// 6376-3.5-d, 6376-5-k, 6376-5-o: the field stands above the message, which
// stays as it was with the signatures in it.
func TestSignatureOnTop(t *testing.T) {
	r := newRig(t)
	once := r.sign(t, "Received: by x; Fri, 11 Jul 2003 21:00:37 -0700\r\n"+testMessage)
	twice := signWith(t, once, r.newSigner(t, "second", dkimtest.Ed25519(2)))
	if !strings.HasPrefix(twice, "DKIM-Signature: v=1; a=ed25519-sha256;") || !strings.HasSuffix(twice, once) {
		t.Errorf("signed twice: %q", twice)
	}
	if got := statuses(r.verify(t, twice)); got != "[pass pass]" {
		t.Error(got)
	}
}

// 6376-3.5bh-b, 6376-6.1-j: each reason of RFC 6376 has an error of its own,
// and the text says what happened.
func TestReasons(t *testing.T) {
	r := newRig(t)
	signed := craft(t, r.signer.Key, goodTags, testMessage)
	r.zone["revoked._domainkey.example.org"] = []string{"p="}
	r.zone["broken._domainkey.example.org"] = []string{"v=DKIM1; p=!"}
	r.zone["hash._domainkey.example.org"] = []string{"h=sha1; " + strings.TrimPrefix(r.zone["rsa._domainkey.example.org"][0], "v=DKIM1; ")}
	ed, err := keyrecord.New(dkimtest.Ed25519(1).Public())
	if err != nil {
		t.Fatal(err)
	}
	r.zone["ed._domainkey.example.org"] = []string{ed.String()}
	r.zone["small._domainkey.example.org"] = []string{(&keyrecord.Record{Key: dkimtest.RSA(512).Public()}).String()}
	for _, tt := range []struct {
		words  string // of the RFC, mostly
		msg    string
		reason error
	}{
		{"body hash did not verify", strings.Replace(signed, "Hi.", "Ho.", 1), ErrBodyHash},
		{"signature did not verify", strings.Replace(signed, "dinner", "lunch", 1), ErrSignature},
		{"signature missing required tag", craft(t, r.signer.Key, with("d"), testMessage), ErrMissing},
		{"signature syntax error", craft(t, r.signer.Key, with("t=x"), testMessage), ErrSyntax},
		{"incompatible version", craft(t, r.signer.Key, with("v=2"), testMessage), ErrVersion},
		{"domain mismatch", craft(t, r.signer.Key, with("i=@example.com"), testMessage), ErrIdentifier},
		{"From field not signed", craft(t, r.signer.Key, with("h=to"), testMessage), ErrFrom},
		{"signature expired", craft(t, r.signer.Key, with("x=1799999100"), testMessage), ErrExpired},
		{"no key", craft(t, r.signer.Key, with("s=absent"), testMessage), keyrecord.ErrNotFound},
		{"key revoked", craft(t, r.signer.Key, with("s=revoked"), testMessage), keyrecord.ErrRevoked},
		{"malformed key record", craft(t, r.signer.Key, with("s=broken"), testMessage), keyrecord.ErrSyntax},
		{"inappropriate hash algorithm", craft(t, r.signer.Key, with("s=hash"), testMessage), ErrKey},
		{"key too small", craft(t, r.signer.Key, with("s=small"), testMessage), ErrWeakKey},
		{"inappropriate key algorithm", craft(t, r.signer.Key, with("s=ed"), testMessage), ErrKey},
	} {
		res := r.verifyOne(t, tt.msg)
		if res.Status == Pass || !errors.Is(res.Err, tt.reason) || !strings.Contains(fmt.Sprint(res.Err), tt.words) {
			t.Errorf("%s, %v; want %v and %q", res.Status, res.Err, tt.reason, tt.words)
		}
	}
}

// 6376-3.6.1p-e: what a record is not for is told before what it lacks.
func TestRecordOrder(t *testing.T) {
	r := newRig(t)
	signed := craft(t, r.signer.Key, goodTags, testMessage)
	r.zone["rsa._domainkey.example.org"] = []string{"h=sha1; p="}
	if res := r.verifyOne(t, signed); errors.Is(res.Err, keyrecord.ErrRevoked) || !strings.Contains(res.Err.Error(), "inappropriate hash") {
		t.Errorf("h=sha1; p=: %v", res.Err)
	}
	r.zone["rsa._domainkey.example.org"] = []string{"h=sha256; p="}
	want(t, "h=sha256; p=", r.verifyOne(t, signed), PermError, keyrecord.ErrRevoked)
}

// 6376-3.5i-f: who signs need not be who writes.
func TestThirdParty(t *testing.T) {
	r := newRig(t)
	msg := strings.Replace(testMessage, "joe@example.org", "other@other.example", 1)
	res := r.verifyOne(t, craft(t, r.signer.Key, with("i=@news.example.org"), msg))
	want(t, "another domain's From", res, Pass, nil)
	if res.Signature.Aligned("other.example", false) {
		t.Error("aligned")
	}
}

// 6376-3.5l-i: Content-Type is signed by default, also where l= leaves the end
// of the body open, and a verifier can want it.
func TestContentType(t *testing.T) {
	r := newRig(t)
	msg := "Content-Type: multipart/mixed; boundary=x\r\n" + testMessage
	r.signer.BodyLength = true
	res := r.verifyOne(t, r.sign(t, msg))
	want(t, "default", res, Pass, nil)
	if signed, total := res.Covered("Content-Type"); signed != 1 || total != 1 || res.Signature.listed("Content-Type") != 2 {
		t.Errorf("h=%v covers %d of %d", res.Signature.Fields, signed, total)
	}
	r.verifier.RequireFields = []string{"Content-Type"}
	want(t, "l= without it", r.verifyOne(t, craft(t, r.signer.Key, with("l=54"), msg)), Policy, ErrPolicy)
}

// 6376-5-b: what is converted before it is signed is what goes out.
func TestConverted(t *testing.T) {
	r := newRig(t)
	var dst strings.Builder
	local := strings.ReplaceAll(testMessage, "\r\n", "\n")
	if err := Sign(context.Background(), &dst, canon.NewCRLFReader(strings.NewReader(local)), r.signer); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(dst.String(), "\r\n"+testMessage) {
		t.Errorf("sent: %q", dst.String())
	}
	want(t, "converted", r.verifyOne(t, dst.String()), Pass, nil)
}

// 6376-5-s: private keys are used by crypto/rsa and crypto/ed25519, which take
// care of timing; nothing here calculates with them.
func TestNoArithmetic(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file.Name(), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imp := range f.Imports {
			if imp.Path.Value == `"math/big"` || imp.Path.Value == `"unsafe"` || strings.Contains(imp.Path.Value, "x/crypto") {
				t.Errorf("%s imports %s", file.Name(), imp.Path.Value)
			}
		}
	}
}

// 6376-6.1-h, 6376-6.1-i: a result tells the domain, and the identifier, whatever became of it.
func TestResultNamesDomain(t *testing.T) {
	r := newRig(t)
	signed := craft(t, r.signer.Key, with("i=joe@mail.example.org"), testMessage)
	failing := resolverFunc(func(context.Context, string) ([]string, error) { return nil, &net.DNSError{IsTimeout: true} })
	for _, tt := range []struct {
		msg      string
		resolver keyrecord.Resolver
		status   Status
	}{
		{signed, r.zone, Pass},
		{strings.Replace(signed, "Hi.", "Ho.", 1), r.zone, Fail},
		{signed, failing, TempError},
		{signed, keyrecord.MapResolver{}, PermError},
		{strings.Replace(signed, "h=from", "h=x-from", 1), r.zone, PermError},
		{strings.Replace(signed, "t=1", "t=x1", 1), r.zone, Neutral},
		{strings.Replace(signed, "v=1; ", "", 1), r.zone, PermError},
		{strings.Replace(signed, "v=1; ", "v=2; ", 1), r.zone, Neutral},
		{strings.Replace(signed, "; bh=", "; x=", 1), r.zone, PermError},
		{strings.Replace(signed, "; h=", "; xh=", 1), r.zone, PermError},
		{strings.Replace(signed, "From: Joe", "From: eve@example.com\r\nFrom: Joe", 1), r.zone, Policy},
	} {
		r.verifier.Resolver = tt.resolver
		res := r.verifyOne(t, tt.msg)
		if s := res.Signature; res.Status != tt.status || s.Domain != "example.org" || s.Selector != "rsa" || res.Status == Pass && s.Identifier != "joe@mail.example.org" {
			t.Errorf("%s, %v, d=%q s=%q i=%q; want %s", res.Status, res.Err, s.Domain, s.Selector, s.Identifier, tt.status)
		}
	}
}

// 6376-6.1-k: a message with fields that RFC 5322 wants once.
func TestRepeatedFields(t *testing.T) {
	r := newRig(t)
	signed := craft(t, r.signer.Key, goodTags, testMessage)
	for _, field := range []string{"Subject", "To", "Date", "Message-ID"} {
		res := r.verifyOne(t, field+": added\r\n"+signed)
		want(t, field, res, Pass, nil)
		if signed, total := res.Covered(field); signed != 1 || total != 2 {
			t.Errorf("%s: %d of %d are covered", field, signed, total)
		}
		r.verifier.RequireFields = []string{field}
		want(t, field+", required", r.verifyOne(t, field+": added\r\n"+signed), Policy, ErrPolicy)
		r.verifier.RequireFields = nil
	}
	want(t, "From", r.verifyOne(t, "From: eve@example.com\r\n"+signed), Policy, ErrUncoveredFrom)
}

// 6376-6.1-l, 6376-6.1.3-e: the zero Verifier is strict, and each field
// loosens one thing.
func TestStrictByDefault(t *testing.T) {
	r := newRig(t)
	r.zone["rsa._domainkey.co.uk"] = r.zone["rsa._domainkey.example.org"]
	header, _, _ := strings.Cut(testMessage, "\r\n\r\n")
	for _, tt := range []struct {
		what    string
		msg     string
		status  Status
		reason  error
		loosens func(*Verifier)
	}{
		{"octets beyond l=", craft(t, r.signer.Key, with("l=3"), header+"\r\n\r\nHi.\r\n"), Policy, ErrPartialBody, func(v *Verifier) { v.PartialBody = true }},
		{"a From behind a bare LF", "X: a\nFrom: eve@example.com\r\n" + craft(t, r.signer.Key, goodTags, testMessage), Policy, ErrUncoveredFrom, func(v *Verifier) { v.UncoveredFrom = true }},
		{"an end behind a bare LF", "Y: z\r\nX: a\n\nPay: Eve.\r\n" + craft(t, r.signer.Key, goodTags, testMessage), Policy, ErrPartialBody, func(v *Verifier) { v.PartialBody = true }},
		{"a second From", "From: eve@example.com\r\n" + craft(t, r.signer.Key, goodTags, testMessage), Policy, ErrUncoveredFrom, func(v *Verifier) { v.UncoveredFrom = true }},
		{"a public suffix", craft(t, r.signer.Key, with("d=co.uk"), testMessage), Policy, ErrPolicy, func(v *Verifier) { v.PublicSuffix = true }},
		{"rsa-sha1", craft(t, r.signer.Key, with("a=rsa-sha1"), testMessage), PermError, ErrHistoric, func(v *Verifier) { v.AllowSHA1 = true }},
	} {
		v := &Verifier{Resolver: r.zone, Time: atTestTime}
		for _, all := range []func(*Verifier){func(*Verifier) {}, tt.loosens} {
			all(v)
			results, err := Verify(context.Background(), strings.NewReader(tt.msg), v)
			if err != nil || len(results) != 1 {
				t.Fatal(results, err)
			}
			if v.PartialBody || v.UncoveredFrom || v.PublicSuffix || v.AllowSHA1 {
				want(t, tt.what+", allowed", results[0], Pass, nil)
			} else {
				want(t, tt.what, results[0], tt.status, tt.reason)
			}
		}
	}
}

// 6376-6.3-b: nothing but what a resolver says is temporary, so that no
// signature that fails for good is answered with a 4xx code.
func TestOnlyResolversAreTemporary(t *testing.T) {
	for _, r := range vectorReasons {
		err := errors.Join(r.errs...)
		if temp := StatusOf(err) == TempError; temp != (r.word == "key-temporary") {
			t.Errorf("StatusOf(%v) = %s", err, StatusOf(err))
		}
	}
	r := newRig(t)
	for _, tags := range []string{with("v=2"), with("d"), with("a=rsa-sha1"), with("s=absent"), with("x=1799999100"), with("l=99"), with("i=@a.example")} {
		if res := r.verifyOne(t, craft(t, r.signer.Key, tags, testMessage)); res.Status == TempError || res.Status == Pass {
			t.Errorf("%s: %s", tags, res.Status)
		}
	}
}

// 8301-3.1-a, 8301-3.1-b, 8301-3.1-c: what a key signs with is not to be chosen.
func TestSigningAlgorithm(t *testing.T) {
	r := newRig(t)
	opaque := &opaqueKey{key: dkimtest.RSA(1024)}
	for _, key := range []crypto.Signer{dkimtest.RSA(1024), opaque} {
		res := r.verifyOne(t, signWith(t, testMessage, r.newSigner(t, "k", key)))
		want(t, "RSA", res, Pass, nil)
		if res.Signature.Algorithm != "rsa-sha256" {
			t.Errorf("a=%s", res.Signature.Algorithm)
		}
	}
	if opaque.opts.HashFunc() != crypto.SHA256 {
		t.Errorf("signed with %v", opaque.opts)
	}
	r.signer.Extra = []Tag{{"a", "rsa-sha1"}}
	if err := r.signer.Validate(); !errors.Is(err, ErrPolicy) {
		t.Errorf("a= among the extensions: %v", err)
	}
}

// 8463-6-b, 8301-3.1-g: who does not know one algorithm sees the other.
func TestAlgorithmsApart(t *testing.T) {
	r := newRig(t)
	ed := r.newSigner(t, "ed", dkimtest.Ed25519(1))
	signed := signWith(t, testMessage, SignerList{ed, r.signer})
	for old, tt := range map[string]struct{ new, want string }{
		"a=ed25519-sha256": {"a=ed448-shake256", "[neutral pass]"},
		"a=rsa-sha256":     {"a=rsa-sha3", "[pass neutral]"},
		"s=ed;":            {"s=no;", "[permerror pass]"},
		"s=rsa;":           {"s=no;", "[pass permerror]"},
		"Hi.":              {"Ho.", "[fail fail]"},
	} {
		if got := statuses(r.verify(t, strings.Replace(signed, old, tt.new, 1))); got != tt.want {
			t.Errorf("%s for %s: %s, want %s", tt.new, old, got, tt.want)
		}
	}
}

// 8616-A-a: a field with results names a domain as the signature does.
func TestAuthResLabels(t *testing.T) {
	r := newRig(t)
	for _, d := range []string{"bücher.example", "xn--bcher-kva.example"} {
		r.zone["rsa._domainkey.xn--bcher-kva.example"] = r.zone["rsa._domainkey.example.org"]
		results := r.verify(t, craft(t, r.signer.Key, with("d="+d, "i=@"+d), testMessage))
		field := (&authres.Field{ID: "mx.example.net", Results: AuthRes(results)}).String()
		if !strings.Contains(field, "dkim=pass") || !strings.Contains(field, "header.d="+d) || !strings.Contains(field, "header.i=@"+d) {
			t.Errorf("d=%s: %q", d, field)
		}
	}
}
