package dkim

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/headerlist"
	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

// The hazards are what went wrong in other DKIM software. Each row is one of
// them, in words: the input, and what is made of it here.

// Crashes and hangs.
func TestHazardCrashes(t *testing.T) {
	r := newRig(t)
	r.newSigner(t, "ed", dkimtest.Ed25519(1))
	for _, tt := range []struct {
		what, msg string
		resolver  keyrecord.Resolver
		status    Status
		reason    error
	}{
		{"l= larger than the body", craft(t, r.signer.Key, with("l=99"), testMessage), r.zone, PermError, ErrBodyLength},
		{"l= of an empty body", craft(t, r.signer.Key, with("l=1"), "From: a@example.org\r\n\r\n"), r.zone, PermError, ErrBodyLength},
		{"a resolver that answers (nil, nil)", r.sign(t, testMessage),
			resolverFunc(func(context.Context, string) ([]string, error) { return nil, nil }), PermError, keyrecord.ErrNotFound},
		{"an RSA signature with an Ed25519 key record", craft(t, r.signer.Key, with("s=ed"), testMessage), r.zone, PermError, ErrKey},
		{"an Ed25519 signature with an RSA key record", craft(t, dkimtest.Ed25519(1), with("a=ed25519-sha256"), testMessage), r.zone, PermError, ErrKey},
	} {
		r.verifier.Resolver = tt.resolver
		want(t, tt.what, r.verifyOne(t, tt.msg), tt.status, tt.reason)
	}

	der, err := x509.MarshalPKCS8PrivateKey(dkimtest.Ed25519(1))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := ParseKey(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if err != nil {
		t.Fatal(err)
	}
	r.verifier.Resolver = r.zone
	for what, key := range map[string]crypto.Signer{
		"an Ed25519 PKCS #8 key": parsed, "an opaque crypto.Signer, RSA": &opaqueKey{key: dkimtest.RSA(1024)}, "an opaque crypto.Signer, Ed25519": &opaqueKey{key: parsed},
	} {
		want(t, what, r.verifyOne(t, signWith(t, testMessage, r.newSigner(t, "k", key))), Pass, nil)
	}

	for what, msg := range map[string]string{
		"begins with CRLF CRLF": "\r\n\r\nbody", "no blank line at the end of the header": "From: a@example.org\r\nX", "no header": "\r\nbody", "empty": "",
		"begins with a body": "body\r\n\r\n",
	} {
		if results, err := Verify(context.Background(), strings.NewReader(msg), r.verifier); !errors.Is(err, ErrHeader) || results != nil {
			t.Errorf("verifying %s: %v, %v", what, results, err)
		}
		var dst bytes.Buffer
		if err := Sign(context.Background(), &dst, strings.NewReader(msg), r.signer); !errors.Is(err, ErrHeader) || dst.Len() > 0 {
			t.Errorf("signing %s: %v, %d octets written", what, err, dst.Len())
		}
	}
	msg := "From: a@example.org\r\n" // a header that ends with the message is one
	want(t, "a header alone", r.verifyOne(t, r.sign(t, msg)), Pass, nil)

	before := runtime.NumGoroutine()
	for range 20 {
		io.WriteString(NewSignWriter(context.Background(), r.signer), testMessage) // dropped without Finish
		for _, src := range []string{testMessage[:30], testMessage[:200]} {
			broken := io.MultiReader(strings.NewReader(src), iotest.ErrReader(io.ErrClosedPipe))
			if err := Sign(context.Background(), io.Discard, broken, r.signer); !errors.Is(err, io.ErrClosedPipe) {
				t.Errorf("a reader that fails in the middle: %v", err)
			}
		}
	}
	waitForGoroutines(t, before)
}

// Passed, and should not have.
func TestHazardFalsePasses(t *testing.T) {
	r := newRig(t)
	_, p, _ := strings.Cut(r.zone["rsa._domainkey.example.org"][0], "p=")
	header, body, _ := strings.Cut(testMessage, "\r\n\r\n")
	sub := with("i=joe@a.example.org")
	for _, tt := range []struct {
		what, tags, record string // record "" is the good one
		message            string // "" is testMessage
		status             Status
		reason             error
	}{
		{"t=s in the key record ignored", sub, "t=s; p=" + p, "", PermError, ErrDomain},
		{"s= of the key record ignored", goodTags, "s=tlsrpt; p=" + p, "", PermError, ErrKey},
		{"h=sha1 of the key record ignored", goodTags, "h=sha1; p=" + p, "", PermError, ErrKey},
		{"x= ignored", with("x=1799999100"), "", "", PermError, ErrExpired},
		{"x= before t= accepted", with("t=1800000200", "x=1800000100"), "", "", PermError, ErrExpired},
		{"t=-5 accepted", with("t=-5"), "", "", Neutral, ErrSyntax},
		{`l=0 taken for "no l="`, with("l=0"), "", "", Policy, ErrPartialBody},
		{"d= empty", with("d="), "", "", Neutral, ErrDomain},
		{"d=exam ple.com: white space taken out of a token", with("d=exam ple.org"), "", "", Neutral, ErrDomain},
		{"d=exam ple.com, folded", with("d=exam\r\n ple.org"), "", "", Neutral, ErrDomain},
		{"i=foo.example.com without @", with("i=foo.example.org"), "", "", Neutral, ErrIdentifier},
		{"i=a@evilexample.com for d=example.com", with("i=a@evilexample.org"), "", "", PermError, ErrIdentifier},
		{"any i= when it stands before d=", "v=1; i=a@evil.example; " + strings.TrimPrefix(goodTags, "v=1; "), "", "", PermError, ErrIdentifier},
		{"duplicate tags", with("d=example.org; d=example.org"), "", "", Neutral, ErrSyntax},
		{"duplicate tags, the second good", "s=x; " + goodTags, "", "", Neutral, ErrSyntax},
		{"=foo", goodTags + "; =foo", "", "", Neutral, ErrSyntax},
		{"a key record with v= not first", goodTags, "k=rsa; v=DKIM1; p=" + p, "", PermError, keyrecord.ErrSyntax},
		{"v=DKIM1x", goodTags, "v=DKIM1x; p=" + p, "", PermError, keyrecord.ErrSyntax},
		{"a key record with duplicate tags", goodTags, "p=" + p + "; p=" + p, "", PermError, keyrecord.ErrSyntax},
		{"a key record with =foo", goodTags, "=foo; p=" + p, "", PermError, keyrecord.ErrSyntax},
		{"Subject with NBSP matched Subject", with("h=from:subject:subject"), "", "Subject\u00a0: x\r\n" + testMessage, Pass, nil},
		{"l= with appended content", with("l=10"), "", "", Policy, ErrPartialBody},
		{"a second From behind a bare LF", goodTags, "", "X: a\nFrom : Eve <eve@example.com>\r\n" + testMessage, Policy, ErrUncoveredFrom},
		{"a second From behind a bare CR", goodTags, "", "X: a\rfrom: Eve <eve@example.com>\r\n" + testMessage, Policy, ErrUncoveredFrom},
		{"an empty line of bare LF, and a body", goodTags, "", "Y: z\r\nX: a\n\nSend it to me.\r\n" + testMessage, Policy, ErrPartialBody},
		{"an empty line behind a CRLF", goodTags, "", "X: a\r\n\nSend: it to me.\r\n" + testMessage, Policy, ErrPartialBody},
		{"an empty line behind a bare LF", goodTags, "", "X: a\n\r\n" + testMessage, Policy, ErrPartialBody},
		{"a bare LF that hides nothing", goodTags, "", "X: a\nb\r\n" + testMessage, Pass, nil},
		{"a second From below", goodTags, "", "From: Eve <eve@example.com>\r\n" + testMessage, Policy, ErrUncoveredFrom},
	} {
		record := tt.record
		if record == "" {
			record = "p=" + p
		}
		r.zone["rsa._domainkey.example.org"] = []string{record}
		message := tt.message
		if message == "" {
			message = testMessage
		}
		want(t, tt.what, r.verifyOne(t, craft(t, r.signer.Key, tt.tags, message)), tt.status, tt.reason)
	}
	r.zone["rsa._domainkey.example.org"] = []string{"p=" + p}

	// A field whose name only looks like one that is signed is another field:
	// it neither stands in for the real one, nor fills its place.
	signed := craft(t, r.signer.Key, with("h=from:subject:subject:keywords"), "Keywords: a\r\n"+testMessage)
	want(t, "names", r.verifyOne(t, signed), Pass, nil)
	for _, fake := range []string{"Subject\u00a0: Is dinner ready?", "\u017fubject: x", "Subject\v: x"} {
		want(t, fake, r.verifyOne(t, fake+"\r\n"+signed), Pass, nil)
		want(t, fake+" in place of Subject", r.verifyOne(t, strings.Replace(signed, "Subject: Is dinner ready?", fake, 1)), Fail, ErrSignature)
	}
	want(t, "<KELVIN SIGN>eywords in place of Keywords", r.verifyOne(t, strings.Replace(signed, "Keywords: a", "\u212aeywords: a", 1)), Fail, ErrSignature)

	for what, msg := range map[string]string{
		"junk lines in the header": strings.Replace(signed, "Date:", "junk\r\nDate:", 1), "a first line that begins with a space": " x: y\r\n" + signed,
	} {
		if results, err := Verify(context.Background(), strings.NewReader(msg), r.verifier); !errors.Is(err, ErrHeader) || len(results) > 0 {
			t.Errorf("%s: %v, %v", what, results, err)
		}
	}

	// A second From put on top of a signed message.
	forged := "From: Eve <eve@example.com>\r\n"
	res := r.verifyOne(t, forged+signed)
	want(t, "a second From on top", res, Policy, ErrUncoveredFrom)
	if n, total := res.Covered("From"); n != 1 || total != 2 {
		t.Errorf("%d of %d From fields are covered", n, total)
	}
	r.verifier.UncoveredFrom = true
	want(t, "UncoveredFrom", r.verifyOne(t, forged+signed), Pass, nil)
	want(t, "the default list oversigns", r.verifyOne(t, forged+r.sign(t, testMessage)), Fail, ErrSignature)
	r.verifier.UncoveredFrom = false

	// l= with appended content says how much.
	partial := r.verifyOne(t, craft(t, r.signer.Key, with("l=5", "c=simple/simple"), header+"\r\n\r\nHi.\r\n")+body)
	if partial.Status != Policy || partial.SignedOctets != 5 || partial.UnsignedOctets != int64(len(body)) {
		t.Errorf("%s, %d octets signed and %d not", partial.Status, partial.SignedOctets, partial.UnsignedOctets)
	}
}

// RSA keys of 1017 to 1023 bits, rounded up to octets, passed, and should not have.
func TestHazardRoundedKeySize(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0") // crypto/rsa's floor depends on the go line of the main module
	r := newRig(t)
	key := dkimtest.RSA(1023)
	rec := keyrecord.Record{Key: key.Public()}
	r.zone["rsa._domainkey.example.org"] = []string{rec.String()}
	res := r.verifyOne(t, craft(t, key, goodTags, testMessage))
	want(t, "1023 bits in 128 octets", res, PermError, ErrWeakKey)
	if key.Size() != 128 || res.KeyBits != 1023 {
		t.Errorf("%d octets, %d bits", key.Size(), res.KeyBits)
	}
}

// Failed, and should have passed.
func TestHazardFalseFailures(t *testing.T) {
	r := newRig(t)
	good := r.zone["rsa._domainkey.example.org"][0]
	_, p, _ := strings.Cut(good, "p=")
	key := dkimtest.RSA(1024)
	header, _, _ := strings.Cut(testMessage, "\r\n\r\n")
	for _, tt := range []struct{ what, tags, record, message string }{
		{"b= emptied by a pattern: z=Subject:Club=20night", with("z=Subject:Club=20night"), good, testMessage},
		{"b= emptied by a pattern: i=bob=20smith@", with("i=bob=20smith@example.org"), good, testMessage},
		{"b= emptied by a pattern: an unknown tag xb=", with("xb=AAAA"), good, testMessage},
		{"b= emptied by a pattern: b =", strings.Replace(goodTags, " b=B", " b =B", 1), good, testMessage},
		{"b= emptied by a pattern: b= first", "b=B; " + strings.TrimSuffix(goodTags, "; b=B"), good, testMessage},
		{"relaxed body of blank lines only", goodTags, good, header + "\r\n\r\n\r\n\r\n"},
		{"body of white space without a final CRLF", goodTags, good, header + "\r\n\r\n \t "},
		{"a body of one space and CRLF", goodTags, good, header + "\r\n\r\n \r\n"},
		{"Subject with white space before the colon", with("h=from:subject:subject"), good, strings.Replace(testMessage, "Subject:", "Subject \t:", 1)},
		{"key record s=*", goodTags, "s=*; p=" + p, testMessage},
		{"q=foo/bar:dns/txt", with("q=foo/bar:dns/txt"), good, testMessage},
		{"white space after the last semicolon", goodTags + "; \t", good, testMessage},
		{"white space after the last semicolon of a record", goodTags, good + " ; ", testMessage},
		{"TAB inside p=", goodTags, "p=" + p[:50] + "\t" + p[50:], testMessage},
		{"CRLF inside p=", goodTags, "p=" + p[:50] + "\r\n " + p[50:], testMessage},
		{"PKCS #1 keys", goodTags, "p=" + base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PublicKey(&key.PublicKey)), testMessage},
		{"k= absent", goodTags, "v=DKIM1; p=" + p, testMessage},
		{"d= and i= compared with case", with("d=Example.ORG", "i=joe@eXample.org"), good, testMessage},
		{"a=RSA-SHA256", with("a=RSA-SHA256"), good, testMessage},
		{"a body line over 998 octets", goodTags, good, header + "\r\n\r\n" + strings.Repeat("x ", 5000) + "\r\n"},
		{"a header line over 998 octets", with("h=from:x"), good, "X: " + strings.Repeat("y ", 5000) + "\r\n" + testMessage},
		{"two TXT records, the first not a DKIM key", goodTags, "v=spf1 -all|" + good, testMessage},
	} {
		r.zone["rsa._domainkey.example.org"] = strings.Split(tt.record, "|")
		signed := craft(t, key, tt.tags, tt.message)
		want(t, tt.what, r.verifyOne(t, signed), Pass, nil)
		// Chunk borders: CRLF split across two Writes, white space at a chunk's end.
		whole := describe(Verify(context.Background(), strings.NewReader(signed), r.verifier))
		if slow := describe(Verify(context.Background(), iotest.OneByteReader(strings.NewReader(signed)), r.verifier)); slow != whole {
			t.Errorf("%s, octet by octet: %s", tt.what, slow)
		}
	}
	for what, record := range map[string]string{
		"split TXT strings joined with a space": good[:40] + " " + good[40:],
		"several records joined into one":       good[:40] + "|" + good[40:],
	} {
		r.zone["rsa._domainkey.example.org"] = strings.Split(record, "|")
		res := r.verifyOne(t, craft(t, key, goodTags, testMessage))
		if joined := strings.Contains(record, " "+good[40:]); (res.Status == Pass) != joined {
			t.Errorf("%s: %s, %v", what, res.Status, res.Err) // white space inside p= does no harm
		}
	}
	r.zone["rsa._domainkey.example.org"] = []string{good}

	// Repeated fields hashed from the top when signing.
	r.signer.Headers = headerlist.MustParse("From:Received")
	signed := r.sign(t, "Received: top\r\nReceived: bottom\r\n"+testMessage)
	want(t, "the lower of two is signed", r.verifyOne(t, strings.Replace(signed, "Received: top", "Received: changed", 1)), Pass, nil)
	want(t, "the upper of two is not", r.verifyOne(t, strings.Replace(signed, "Received: bottom", "Received: changed", 1)), Fail, ErrSignature)

	// One signature with an unknown a= spoiled the result of the whole message.
	two := craft(t, key, with("a=foo-bar"), craft(t, key, goodTags, testMessage))
	if got := statuses(r.verify(t, two)); got != "[neutral pass]" || Overall(r.verify(t, two)) != Pass {
		t.Errorf("one with an unknown a=: %s", got)
	}
	// A signature that stands after ten bad ones was dropped without a word.
	eleven := craft(t, key, goodTags, testMessage)
	for range 10 {
		eleven = craft(t, key, with("h=from", "a=rsa-sha512"), eleven)
	}
	if results := r.verify(t, eleven); len(results) != 11 || results[10].Status != Pass {
		t.Errorf("after ten bad ones: %s", statuses(results))
	}
}

// Wrong kind of error.
func TestHazardErrorKinds(t *testing.T) {
	r := newRig(t)
	good := r.zone["rsa._domainkey.example.org"]
	signed := r.sign(t, testMessage)
	for _, tt := range []struct {
		what   string
		txt    []string
		err    error
		status Status
	}{
		{"a temporary DNSError wrapped with %w", nil, fmt.Errorf("resolver: %w", &net.DNSError{Err: "x", IsTemporary: true}), TempError},
		{"a cancelled context", nil, fmt.Errorf("resolver: %w", context.Canceled), TempError},
		{"an exceeded deadline", nil, fmt.Errorf("resolver: %w", context.DeadlineExceeded), TempError},
		{"NXDOMAIN", nil, fmt.Errorf("resolver: %w", &net.DNSError{Err: "x", IsNotFound: true}), PermError},
		{"a TXT that is no DKIM record", []string{"some text"}, nil, PermError},
		{"a key record of an unknown version", []string{strings.Replace(good[0], "DKIM1", "DKIM2", 1)}, nil, PermError},
	} {
		r.verifier.Resolver = resolverFunc(func(context.Context, string) ([]string, error) { return tt.txt, tt.err })
		if res := r.verifyOne(t, signed); res.Status != tt.status || !errors.Is(res.Err, ErrKey) {
			t.Errorf("%s: %s, %v; want %s", tt.what, res.Status, res.Err, tt.status)
		}
	}
	// One temporary error deferred a message that another signature had passed.
	r.verifier.Resolver = resolverFunc(func(ctx context.Context, name string) ([]string, error) {
		if strings.HasPrefix(name, "down.") {
			return nil, &net.DNSError{Err: "x", IsTimeout: true}
		}
		return r.zone.LookupTXT(ctx, name)
	})
	results := r.verify(t, craft(t, r.signer.Key, with("s=down", "h=from"), signed))
	if got := statuses(results); got != "[temperror pass]" || Overall(results) != Pass {
		t.Errorf("%s, overall %s", got, Overall(results))
	}
}

// Written wrongly.
func TestHazardWritten(t *testing.T) {
	r := newRig(t)
	s := *r.signer
	s.Domain = "example.com; l=0"
	if err := s.Validate(); !errors.Is(err, ErrDomain) {
		t.Errorf("Domain %q: %v", s.Domain, err)
	}

	// A nil header list signs neither Received, Return-Path nor other signatures.
	trace := "Return-Path: <joe@example.org>\r\nReceived: by x\r\nDKIM-Signature: v=1\r\nX-Long: " + strings.Repeat("y", 900) + "\r\n"
	results := r.verify(t, r.sign(t, trace+testMessage))
	want(t, "a nil list", results[0], Pass, nil)
	for _, name := range []string{"Received", "Return-Path", "DKIM-Signature"} {
		if n, _ := results[0].Covered(name); n > 0 {
			t.Errorf("%s is signed", name)
		}
	}
	if n, total := results[0].Covered("From"); n != 1 || total != 1 {
		t.Errorf("%d of %d From fields are signed", n, total)
	}
	checkLines(t, results[0].Signature.String(), 78)

	// l= larger than the body, written by a signer.
	s = *r.signer
	s.BodyLength = true
	for _, body := range []string{"", "\r\n", " \r\n\r\n", "a", "a  b\r\n\r\n"} {
		for _, c := range []canon.Algorithm{canon.Simple, canon.Relaxed} {
			s.Canon.Body = c
			res := r.verifyOne(t, signWith(t, "From: a@example.org\r\n\r\n"+body, &s))
			want(t, fmt.Sprintf("l= of %q", body), res, Pass, nil)
			if *res.Signature.Length != res.SignedOctets || res.UnsignedOctets != 0 {
				t.Errorf("l=%d of %q, %d octets signed", *res.Signature.Length, body, res.SignedOctets)
			}
		}
	}

	// A long i= is folded.
	s = *r.signer
	s.Identifier = strings.Repeat("long", 340) + "@example.org"
	res := r.verifyOne(t, signWith(t, testMessage, &s))
	want(t, "a long i=", res, Pass, nil)
	checkLines(t, res.Signature.String(), 78)

	// A failed signer does not pass the message on unsigned.
	failing := r.newSigner(t, "k", signFunc{dkimtest.RSA(1024), func([]byte) ([]byte, error) { return nil, errors.New("no") }})
	for _, src := range []io.Reader{strings.NewReader(testMessage), io.MultiReader(strings.NewReader(testMessage))} {
		var dst bytes.Buffer
		if err := Sign(context.Background(), &dst, src, SignerList{r.signer, failing}); err == nil || dst.Len() > 0 {
			t.Errorf("a failed signer: %v, %d octets written", err, dst.Len())
		}
	}

	// Signing LF text is refused: neither is CRLF text hashed, nor LF text sent.
	for _, local := range []string{strings.ReplaceAll(testMessage, "\r\n", "\n"), testMessage + "one\nline\r\n"} {
		var dst bytes.Buffer
		if err := Sign(context.Background(), &dst, strings.NewReader(local), r.signer); !errors.Is(err, ErrLineEnding) || dst.Len() > 0 {
			t.Errorf("LF: %v, %d octets written", err, dst.Len())
		}
	}

	// A milter that adds a space after the colon, or drops it, breaks simple:
	// the value begins with the space that was hashed.
	s = *r.signer
	s.Canon = canon.Pair{Header: canon.Simple, Body: canon.Simple}
	w := NewSignWriter(context.Background(), &s)
	io.WriteString(w, testMessage)
	sigs, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	name, value := sigs[0].Field()
	want(t, "name, colon, value", r.verifyOne(t, name+":"+value+"\r\n"+testMessage), Pass, nil)
	want(t, "a space more", r.verifyOne(t, name+": "+value+"\r\n"+testMessage), Fail, ErrSignature)
	want(t, "a space less", r.verifyOne(t, name+":"+strings.TrimPrefix(value, " ")+"\r\n"+testMessage), Fail, ErrSignature)
}

// Keys that cost: exponents up to 2^31-1 are the largest, and double the cost
// at most; 65,536 and 262,144 bits cost nothing, since they are not parsed.
func TestHazardCostlyKeys(t *testing.T) {
	r := newRig(t)
	signed := craft(t, r.signer.Key, goodTags, testMessage)
	for _, tt := range []struct {
		bits int
		e    int64
		ok   bool
	}{{8192, 65537, true}, {8192, 1<<31 - 1, true}, {8200, 65537, false}, {65_536, 65537, false}, {262_144, 65537, false}, {2048, 1<<31 + 1, false}} {
		n := make([]byte, tt.bits/8)
		n[0], n[len(n)-1] = 0x80, 1
		der, err := asn1.Marshal(struct{ N, E *big.Int }{new(big.Int).SetBytes(n), big.NewInt(tt.e)})
		if err != nil {
			t.Fatal(err)
		}
		r.zone["rsa._domainkey.example.org"] = []string{"p=" + base64.StdEncoding.EncodeToString(der)}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		res := r.verifyOne(t, signed)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
			t.Errorf("%d bits: %d octets allocated", tt.bits, used)
		}
		if status := map[bool]Status{true: Fail, false: PermError}[tt.ok]; res.Status != status {
			t.Errorf("%d bits, e=%d: %s, %v; want %s", tt.bits, tt.e, res.Status, res.Err, status)
		}
	}
}

// 200 signatures: 200 lookups. Ours: MaxSignatures at most, and one for each name.
func TestHazardLookups(t *testing.T) {
	r := newRig(t)
	lookups := make(chan string, 1000)
	r.verifier.Resolver = resolverFunc(func(_ context.Context, name string) ([]string, error) {
		lookups <- name
		return nil, nil
	})
	field := strings.TrimSuffix(craft(t, r.signer.Key, with("h=from"), testMessage), testMessage)
	for _, tt := range []struct{ names, want int }{{200, 10}, {3, 3}, {1, 1}} {
		var all strings.Builder
		for i := range 200 {
			all.WriteString(strings.Replace(field, "s=rsa", fmt.Sprintf("s=s%d", i%tt.names), 1))
		}
		results := r.verify(t, all.String()+testMessage)
		if len(results) != 200 || len(lookups) != tt.want {
			t.Errorf("%d results, %d lookups, want 200 and %d", len(results), len(lookups), tt.want)
		}
		if n := len(slices.DeleteFunc(results, func(r *Result) bool { return !errors.Is(r.Err, ErrTooMany) })); n != 190 {
			t.Errorf("%d are too many, want 190", n)
		}
		for len(lookups) > 0 {
			<-lookups
		}
	}
}

// A signature and a key record are the sender's: what an error repeats of them
// is short, so that a log stays readable.
func TestHazardErrorText(t *testing.T) {
	const most = 500 // octets
	check := func(what string, err error) {
		if err == nil || len(err.Error()) > most {
			t.Errorf("%s: %.200v, %d octets", what, err, len(fmt.Sprint(err)))
		}
	}
	for _, value := range []string{strings.Repeat("\u00fc", 20_000), strings.Repeat("-", 40_000), strings.Repeat("=00", 12_000), strings.Repeat("9", 40_000)} {
		for _, tag := range []string{"v", "a", "b", "bh", "c", "d", "h", "i", "l", "q", "s", "t", "x", "z"} {
			_, err := ParseSignature([]byte("DKIM-Signature: " + with(tag+"="+value)))
			if err == nil && (tag == "b" || tag == "h") {
				continue // base64, and a name
			}
			check(tag+"="+value[:4], err)
		}
	}
	for _, list := range []string{"%s", "%s=", "%[1]s=; %[1]s=", "%s=\x00"} {
		name := strings.Repeat("x", 20_000)
		_, err := ParseSignature([]byte("DKIM-Signature: " + fmt.Sprintf(list, name)))
		check(list, err)
	}
	r := newRig(t)
	signed := r.sign(t, testMessage)
	record := r.zone["rsa._domainkey.example.org"][0]
	for _, tag := range []string{"h=", "s="} {
		r.zone["rsa._domainkey.example.org"] = []string{strings.Replace(record, "v=DKIM1;", "v=DKIM1; "+tag+"x"+strings.Repeat(":x", 5000)+";", 1)}
		check("the key record's "+tag, r.verify(t, signed)[0].Err)
	}
}

// Whether the key is at hand or comes later, the error is the same: bare LF in
// the body is no cause of a header signature that fails.
func TestHazardHint(t *testing.T) {
	r := newRig(t)
	msg := strings.Replace(r.sign(t, testMessage), "Subject: ", "Subject: x", 1) + "bare\nLF\r\n"
	for _, resolver := range []keyrecord.Resolver{r.zone, struct{ keyrecord.Resolver }{r.zone}} {
		r.verifier.Resolver = resolver
		res := r.verify(t, msg)[0]
		want(t, fmt.Sprintf("%T", resolver), res, Fail, ErrSignature)
		if errors.Is(res.Err, ErrLineEnding) {
			t.Errorf("%T: %v", resolver, res.Err)
		}
	}
}

// RequireFields counts a field behind a bare LF, which no h= covers.
func TestHazardHiddenField(t *testing.T) {
	r := newRig(t)
	signed := r.sign(t, testMessage)
	for _, top := range []string{"X: a\nSubject: Send it to me\r\n", "X: a\rsubject :\r\n"} {
		r.verifier.RequireFields = nil
		want(t, top, r.verifyOne(t, top+signed), Pass, nil)
		r.verifier.RequireFields = []string{"Date", "Subject"}
		want(t, top+"required", r.verifyOne(t, top+signed), Policy, ErrPolicy)
		r.verifier.RequireFields = []string{"Date"}
		want(t, top+"not required", r.verifyOne(t, top+signed), Pass, nil)
	}
}
