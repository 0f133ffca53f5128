package dkim

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/headerlist"
	"github.com/waxseal/waxseal/internal/dkimtest"
)

// 6376-3.4-a, 6376-3.4-f, 6376-3.5a-d, 8463-5-a: what is signed verifies, with
// every canonicalization and option, and the message is not changed (6376-3.4-d).
func TestRoundTrip(t *testing.T) {
	r := newRig(t)
	r.newSigner(t, "ed", dkimtest.Ed25519(1))
	messages := []string{
		testMessage,
		"From: a@example.org\r\n",
		"From: a@example.org\r\n\r\n",
		"From: a@example.org\r\n\r\n\r\n\r\n",
		"From: a@example.org\r\n\r\nno final line end",
		"FROM \t: a@example.org\r\nX-Long:\r\n folded \r\n\t and folded\r\nSubject: \r\n\r\n \t \r\n",
		"From: \xe4@example.org\r\nReceived: 1\r\nReceived: 2\r\nSubject: x\r\nSubject: y\r\n\r\n\x00\xff\r\n.\r\n",
	}
	for _, key := range []crypto.Signer{r.signer.Key, dkimtest.Ed25519(1)} {
		for _, header := range []canon.Algorithm{0, canon.Simple, canon.Relaxed} {
			for _, body := range []canon.Algorithm{0, canon.Simple, canon.Relaxed} {
				for i, msg := range messages {
					s := &Signer{Domain: "example.org", Selector: "rsa", Key: key, Time: atTestTime, Canon: canon.Pair{Header: header, Body: body}}
					if _, ok := key.(ed25519.PrivateKey); ok {
						s.Selector = "ed"
					}
					s.BodyLength = i%2 == 0
					s.CopyHeaders = i%3 == 0
					signed := signWith(t, msg, s)
					if !strings.HasSuffix(signed, msg) || !strings.HasPrefix(signed, "DKIM-Signature: v=1; a=") {
						t.Fatalf("signed: %q", signed)
					}
					res := r.verifyOne(t, signed)
					want(t, fmt.Sprintf("%s %v/%v %q", s.Selector, header, body, msg), res, Pass, nil)
					chosen := canon.Pair{Header: cmp.Or(header, canon.Relaxed), Body: cmp.Or(body, canon.Relaxed)}
					if res.Signature.Canon != chosen {
						t.Errorf("c=%v, want %v", res.Signature.Canon, chosen)
					}
					// 6376-2.10-c: base64 is padded.
					for _, name := range []string{"bh", "b"} {
						value := strings.Join(strings.Fields(tag(res.Signature.String(), name)), "")
						if _, err := base64.StdEncoding.DecodeString(value); err != nil {
							t.Errorf("%s=%s: %v", name, value, err)
						}
					}
				}
			}
		}
	}
}

// What the field looks like: 6376-3.5l-h, 6376-3.5t-d, 6376-5-j, 6376-5-l and the
// options that add tags.
func TestSignedField(t *testing.T) {
	for _, tt := range []struct {
		what string
		set  func(*Signer)
		want string // up to bh=, unfolded
	}{
		{"the default", func(*Signer) {}, "v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=rsa; t=1800000000; " +
			"h=From:From:To:To:Cc:Subject:Subject:Date:Date:Message-ID:Message-ID:Reply-To:Content-Type;"},
		{"options", func(s *Signer) {
			s.Canon = canon.Pair{Header: canon.Simple, Body: canon.Simple}
			s.Headers = headerlist.MustParse("From:Subject?:Cc?")
			s.Identifier = "joe+a;b@mail.example.org"
			s.Lifetime = 36 * time.Hour
			s.BodyLength = true
		}, "v=1; a=rsa-sha256; c=simple/simple; d=example.org; i=joe+a=3Bb@mail.example.org; s=rsa; t=1800000000; x=1800129600; l=57; h=From:Subject;"},
		{"6376-3.5i-g: no local part", func(s *Signer) {
			s.Identifier = "@example.org"
			s.Headers = headerlist.MustParse("From")
		}, "v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; i=@example.org; s=rsa; t=1800000000; h=From;"},
		{"6376-3.5z-b, 6376-3.5z-c: z= of what h= selects", func(s *Signer) {
			s.Headers = headerlist.MustParse("From:Subject")
			s.CopyHeaders = true
		}, "v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=rsa; t=1800000000; h=From:Subject; " +
			"z=From:=20Joe=20<joe@example.org>|Subject:=20Is=20dinner=20ready?;"},
		{"8616-5-d, 6376-3.5d-d, 6376-3.5s-b: A-labels", func(s *Signer) {
			s.Domain, s.Selector = "Bücher.example", "schlüssel"
			s.Identifier = "joerg@a.bücher.example"
			s.Headers = headerlist.MustParse("From")
		}, "v=1; a=rsa-sha256; c=relaxed/relaxed; d=xn--bcher-kva.example; i=joerg@a.xn--bcher-kva.example; s=xn--schlssel-95a; t=1800000000; h=From;"},
		{"8616-5-c: U-labels", func(s *Signer) {
			s.Domain, s.Selector, s.Identifier = "bücher.example", "schlüssel", "用户@bücher.example"
			s.Internationalized = true
			s.Headers = headerlist.MustParse("From")
		}, "v=1; a=rsa-sha256; c=relaxed/relaxed; d=bücher.example; i=用户@bücher.example; s=schlüssel; t=1800000000; h=From;"},
		{"6376-2.11-d: UTF-8 outside an internationalized message", func(s *Signer) {
			s.Identifier = "用@example.org"
			s.Headers = headerlist.MustParse("From")
		}, "v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; i==E7=94=A8@example.org; s=rsa; t=1800000000; h=From;"},
	} {
		r := newRig(t)
		tt.set(r.signer)
		rec, _ := r.signer.Record()
		name, err := r.signer.KeyName()
		if err != nil {
			t.Fatal(err)
		}
		r.zone[name] = []string{rec.String()}
		signed := r.sign(t, testMessage)
		res := r.verifyOne(t, signed)
		want(t, tt.what, res, Pass, nil)
		field := res.Signature.String()
		if !strings.HasPrefix(signed, field) {
			t.Errorf("%s: String() = %q is not what was written", tt.what, field)
		}
		unfold := strings.NewReplacer("\r\n", "", " ", "")
		if text := unfold.Replace(strings.TrimPrefix(field, "DKIM-Signature:")); !strings.HasPrefix(text, unfold.Replace(tt.want)) {
			t.Errorf("%s:\n got %s\nwant %s", tt.what, text, tt.want)
		}
		checkLines(t, field, 78)
		if h, v := res.Signature.Field(); h+":"+v+"\r\n" != field {
			t.Errorf("%s: Field() = %q, %q", tt.what, h, v)
		}
	}
}

// checkLines checks that no line of a field is too long or of white space only
// (6376-5-l, 6376-2.8-c, 6376-3.2-r).
func checkLines(t *testing.T, field string, most int) {
	t.Helper()
	for line := range strings.SplitSeq(strings.TrimSuffix(field, "\r\n"), "\r\n") {
		if len(line) > most || strings.Trim(line, " \t") == "" {
			t.Errorf("a line of %d octets: %q", len(line), line)
		}
	}
}

// 6376-5-l, HAZARDS: long names, keys, identities and lists fold.
func TestFolding(t *testing.T) {
	r := newRig(t)
	r.newSigner(t, "big", dkimtest.RSA(8192))
	var header strings.Builder
	var names []string
	for i := range 200 {
		name := fmt.Sprintf("X-%s-%d", strings.Repeat("y", i%70), i)
		names = append(names, name)
		fmt.Fprintf(&header, "%s: %s\r\n", name, strings.Repeat("ä =;|:", i%20))
	}
	long := strings.TrimSuffix(strings.Repeat(strings.Repeat("d", 60)+".", 3), ".") + ".example.org"
	for i := range 90 { // the b= starts in every column
		s := &Signer{Domain: "example.org", Selector: "big", Key: dkimtest.RSA(8192), Time: atTestTime, CopyHeaders: true,
			Headers: headerlist.MustParse("From:" + strings.Join(names, ":")), Identifier: strings.Repeat("i", i+1) + "@" + long}
		if i > 2 {
			s.Selector, s.Key, s.CopyHeaders, s.Headers = "rsa", r.signer.Key, false, headerlist.MustParse("From")
		}
		signed := signWith(t, header.String()+testMessage, s)
		res := r.verifyOne(t, signed)
		want(t, "folded", res, Pass, nil)
		checkLines(t, res.Signature.String(), 78)
		if res.Signature.Identifier != s.Identifier {
			t.Errorf("i=%q", res.Signature.Identifier)
		}
		for j, c := range res.Signature.Copied {
			if j > 0 && c.Value != " "+strings.Repeat("ä =;|:", (j-1)%20) {
				t.Errorf("copy %d: %q", j, c)
			}
		}
	}
	// What cannot be folded stands alone.
	s := &Signer{Domain: long, Selector: "s", Key: r.signer.Key, Headers: headerlist.MustParse("From:X-" + strings.Repeat("y", 254)), Time: atTestTime}
	w := NewSignWriter(context.Background(), s)
	io.WriteString(w, testMessage)
	sigs, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	checkLines(t, sigs[0].String(), 998)
}

// 6376-5-j: the written field is the hashed one, but for b=.
func TestFieldIsHashed(t *testing.T) {
	r := newRig(t)
	r.signer.Canon = canon.Pair{Header: canon.Simple, Body: canon.Simple}
	r.signer.Headers = headerlist.MustParse("From")
	signed := r.sign(t, testMessage)
	end := strings.Index(signed, "\r\nFrom:")
	at := strings.LastIndex(signed[:end], "b=") + 2
	text := "From: Joe <joe@example.org>\r\n" + signed[:at]
	sig := r.verifyOne(t, signed).Signature
	// 6376-3.7-o: the digest, in binary, with an independent call.
	if err := rsa.VerifyPKCS1v15(&dkimtest.RSA(1024).PublicKey, crypto.SHA256, sum(crypto.SHA256, []byte(text)), sig.Value); err != nil {
		t.Error(err)
	}
}

// Several signers: 6376-5-n, 6376-5-o, 8463-6-a, 6376-5-k.
func TestSigners(t *testing.T) {
	r := newRig(t)
	ed := r.newSigner(t, "ed", dkimtest.Ed25519(1))
	signed := signWith(t, testMessage, SignerList{r.signer, ed})
	if got := statuses(r.verify(t, signed)); got != "[pass pass]" {
		t.Error(got)
	}
	results := r.verify(t, signed)
	if results[0].Signature.Selector != "rsa" || results[1].Signature.Selector != "ed" {
		t.Error("the order of the signers is not kept")
	}
	again := signWith(t, signed, r.newSigner(t, "third", dkimtest.Ed25519(2)))
	if !strings.HasSuffix(again, signed) || statuses(r.verify(t, again)) != "[pass pass pass]" {
		t.Error("signed again")
	}
	twin := *ed
	twin.Selector = "RSA"
	err := Sign(context.Background(), io.Discard, strings.NewReader(testMessage), SignerList{r.signer, &twin})
	var se *SignerError
	if !errors.As(err, &se) || se.Signer != &twin || !strings.Contains(err.Error(), "selector") {
		t.Errorf("one selector for two keys: %v", err)
	}
}

type sourceFunc func(context.Context, *Header) ([]*Signer, error)

func (f sourceFunc) SignersFor(ctx context.Context, h *Header) ([]*Signer, error) { return f(ctx, h) }

func TestSignerSource(t *testing.T) {
	r := newRig(t)
	var dst bytes.Buffer
	none := sourceFunc(func(context.Context, *Header) ([]*Signer, error) { return nil, nil })
	if err := Sign(context.Background(), &dst, strings.NewReader(testMessage), none); !errors.Is(err, ErrNoSigner) || dst.Len() > 0 {
		t.Errorf("no signer: %v, %d octets", err, dst.Len())
	}
	w := NewSignWriter(context.Background(), none)
	io.WriteString(w, testMessage)
	if s, err := w.Finish(); s != nil || err != nil {
		t.Errorf("no signer: %v, %v", s, err)
	}
	if err := Sign(context.Background(), &dst, strings.NewReader(testMessage), nil); !errors.Is(err, ErrNoSigner) {
		t.Errorf("nil source: %v", err)
	}
	errTable := errors.New("table")
	failing := sourceFunc(func(context.Context, *Header) ([]*Signer, error) { return nil, errTable })
	if err := Sign(context.Background(), &dst, strings.NewReader(testMessage), failing); !errors.Is(err, errTable) || dst.Len() > 0 {
		t.Errorf("failing source: %v", err)
	}
	bySender := sourceFunc(func(_ context.Context, h *Header) ([]*Signer, error) {
		d, err := h.Sender()
		if err != nil || d != r.signer.Domain {
			return nil, fmt.Errorf("%q, %v", d, err)
		}
		return []*Signer{r.signer}, nil
	})
	want(t, "by sender", r.verifyOne(t, signWith(t, testMessage, bySender)), Pass, nil)
}

// What a Signer refuses, at start-up and in Finish, with nothing written.
func TestValidate(t *testing.T) {
	ec, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	even := *dkimtest.RSA(1024)
	even.E = 65536
	for _, tt := range []struct {
		what   string
		set    func(*Signer)
		reason error
		words  string
	}{
		{"nil key", func(s *Signer) { s.Key = nil }, ErrKey, "nil"},
		{"typed nil key", func(s *Signer) { s.Key = (*rsa.PrivateKey)(nil) }, ErrKey, "nil"},
		{"empty Ed25519 key", func(s *Signer) { s.Key = ed25519.PrivateKey(nil) }, ErrKey, "nil"},
		{"nil pointer to an Ed25519 key", func(s *Signer) { s.Key = (*ed25519.PrivateKey)(nil) }, ErrKey, "nil"},
		{"EC key", func(s *Signer) { s.Key = ec }, ErrKey, "DKIM has RSA and Ed25519"},
		{"8301-3.2-a: 512 bits", func(s *Signer) { s.Key = dkimtest.RSA(512) }, ErrWeakKey, "RFC 8301"},
		{"6376-5-p: 1023 bits", func(s *Signer) { s.Key = dkimtest.RSA(1023) }, ErrWeakKey, "RFC 8301"},
		{"even exponent", func(s *Signer) { s.Key = &even }, ErrKey, "exponent"},
		{"empty selector", func(s *Signer) { s.Selector = "" }, ErrSyntax, "s="},
		{"selector with a semicolon", func(s *Signer) { s.Selector = "a; l=0" }, ErrSyntax, "s="},
		{"empty domain", func(s *Signer) { s.Domain = "" }, ErrDomain, "d="},
		{"HAZARDS: d= with a semicolon", func(s *Signer) { s.Domain = "example.com; l=0" }, ErrDomain, "d="},
		{"d= with a line break", func(s *Signer) { s.Domain = "example.com\r\nX: y" }, ErrDomain, "d="},
		{"6376-3.5d-f: public suffix", func(s *Signer) { s.Domain = "co.uk" }, ErrDomain, "public suffix"},
		{"a name too long for DNS", func(s *Signer) {
			s.Selector = strings.TrimSuffix(strings.Repeat(strings.Repeat("s", 60)+".", 4), ".")
		}, ErrSyntax, "s="},
		{"6376-3.5i-g: i= outside d=", func(s *Signer) { s.Identifier = "a@example.com" }, ErrIdentifier, "i="},
		{"i= outside d=, suffix only", func(s *Signer) { s.Identifier = "a@evilexample.org" }, ErrDomain, "i="},
		{"i= without @", func(s *Signer) { s.Identifier = "example.org" }, ErrIdentifier, "@"},
		{"i= with a line break", func(s *Signer) { s.Identifier = "a\r\nb@example.org" }, ErrIdentifier, "i="},
		{"6376-3.5x-b: no lifetime", func(s *Signer) { s.Lifetime = time.Millisecond }, ErrExpired, "x="},
		{"negative lifetime", func(s *Signer) { s.Lifetime = -time.Hour }, ErrExpired, "x="},
		{"6376-5-d: h= without From", func(s *Signer) { s.Headers = headerlist.MustParse("To:Subject") }, ErrFrom, "From"},
		{"6376-3.2-t: a name with a semicolon", func(s *Signer) { s.Headers = headerlist.List{{Name: "From"}, {Name: "X;Y"}} }, headerlist.ErrSyntax, "h="},
		{"an empty list", func(s *Signer) { s.Headers = headerlist.List{} }, headerlist.ErrSyntax, "h="},
		{"unknown canonicalization", func(s *Signer) { s.Canon.Body = 9 }, ErrAlgorithm, "c="},
	} {
		r := newRig(t)
		tt.set(r.signer)
		err := r.signer.Validate()
		if !errors.Is(err, tt.reason) || !strings.Contains(err.Error(), tt.words) {
			t.Errorf("%s: Validate() = %v, want %v and %q", tt.what, err, tt.reason, tt.words)
		}
		var dst bytes.Buffer
		var se *SignerError
		err = Sign(context.Background(), &dst, strings.NewReader(testMessage), r.signer)
		if !errors.Is(err, tt.reason) || !errors.As(err, &se) || se.Signer != r.signer || dst.Len() > 0 {
			t.Errorf("%s: Sign = %v, %d octets written", tt.what, err, dst.Len())
		}
	}
	if err := newRig(t).signer.Validate(); err != nil {
		t.Errorf("a good signer: %v", err)
	}
	if err := (*Signer)(nil).Validate(); !errors.Is(err, ErrNoSigner) {
		t.Errorf("nil signer: %v", err)
	}
	if err := Sign(context.Background(), io.Discard, strings.NewReader(testMessage), SignerList{nil}); !errors.Is(err, ErrNoSigner) {
		t.Errorf("a list with nil: %v", err)
	}
}

// Messages that are not signed: 6376-5-a, 6376-5-e, 6376-5-t, and those of "Bad input".
func TestUnsignable(t *testing.T) {
	r := newRig(t)
	for _, tt := range []struct {
		what, msg string
		reason    error
		words     string
	}{
		{"empty", "", ErrHeader, "empty"},
		{"no header", "\r\nbody\r\n", ErrHeader, "no header"},
		{"body only", "hello\r\n", ErrHeader, "hello"},
		{"no end of line", "From: a@example.org", ErrHeader, "CRLF"},
		{"6376-5-t: a line without colon", "junk\r\n" + testMessage, ErrHeader, "junk"},
		{"a name that is none", "X Y: z\r\n" + testMessage, ErrHeader, "X Y"},
		{"an mbox line", "From joe@example.org Mon Jan  1 00:00:00 2001\r\n" + testMessage, ErrHeader, "From joe"},
		{"a name beyond ASCII", "Sübject: z\r\n" + testMessage, ErrHeader, "field name"},
		{"NUL in the header", "X: \x00\r\n" + testMessage, ErrHeader, "NUL"},
		{"6376-5-a: LF", strings.ReplaceAll(testMessage, "\r\n", "\n"), ErrLineEnding, "canon.NewCRLFReader"},
		{"LF in the header", "X: y\nz\r\n" + testMessage, ErrLineEnding, "canon.NewCRLFReader"},
		{"LF in the body", testMessage + "a\nb\r\n", ErrLineEnding, "canon.NewCRLFReader"},
		{"CR in the body", testMessage + "a\rb\r\n", ErrLineEnding, "octet 58 of the body"},
		{"CR CR LF", testMessage + "a\r\r\n", ErrLineEnding, "octet 58 of the body"},
		{"CR at the end", testMessage + "a\r", ErrLineEnding, "octet 58 of the body"},
		{"LF first in the body", "From: a@example.org\r\n\r\n\n", ErrLineEnding, "octet 0 of the body"},
		{"6376-5-e: no From", strings.Replace(testMessage, "From:", "Form:", 1), ErrFrom, "0 From"},
		{"6376-5-e: two From", "From: b@example.org\r\n" + testMessage, ErrFrom, "2 From"},
		{"a header over the limit", strings.Repeat("X: y\r\n", 200_000) + testMessage, ErrLimit, "header"},
	} {
		for _, whole := range []bool{true, false} {
			var dst bytes.Buffer
			src := io.Reader(strings.NewReader(tt.msg))
			if !whole {
				src = iotest.OneByteReader(src)
			}
			err := Sign(context.Background(), &dst, src, r.signer)
			if !errors.Is(err, tt.reason) || !strings.Contains(fmt.Sprint(err), tt.words) || dst.Len() > 0 {
				t.Errorf("%s: %v, want %v and %q; %d octets written", tt.what, err, tt.reason, tt.words, dst.Len())
			}
			if !isMessageError(err) {
				t.Errorf("%s: %v is no MessageError", tt.what, err)
			}
		}
	}
}

func isMessageError(err error) bool {
	var me *MessageError
	return errors.As(err, &me)
}

// A reader or writer that fails is told, and nothing is written before all is
// signed. None of that is the fault of the message.
func TestSignFailures(t *testing.T) {
	r := newRig(t)
	errBroken := errors.New("broken")
	choose := sourceFunc(func(context.Context, *Header) ([]*Signer, error) { return nil, ErrFrom })
	noFrom := *r.signer
	noFrom.Headers = headerlist.MustParse("To")
	for _, source := range []SignerSource{choose, &noFrom, SignerList{nil}, SignerList{}} {
		if err := Sign(context.Background(), io.Discard, strings.NewReader(testMessage), source); err == nil || isMessageError(err) {
			t.Errorf("%v is an error of the message", err)
		}
	}
	if err := Sign(context.Background(), io.Discard, iotest.ErrReader(errBroken), r.signer); isMessageError(err) {
		t.Errorf("%v is an error of the message", err)
	}
	for at := range len(testMessage) {
		var dst bytes.Buffer
		src := io.MultiReader(strings.NewReader(testMessage[:at]), iotest.ErrReader(errBroken))
		if err := Sign(context.Background(), &dst, src, r.signer); !errors.Is(err, errBroken) || dst.Len() > 0 {
			t.Fatalf("a reader that fails at %d: %v, %d octets written", at, err, dst.Len())
		}
	}
	signed := r.sign(t, testMessage)
	for at := range len(signed) {
		for _, src := range []io.Reader{strings.NewReader(testMessage), io.MultiReader(strings.NewReader(testMessage))} {
			if err := Sign(context.Background(), &limitedWriter{at, errBroken}, src, r.signer); !errors.Is(err, errBroken) {
				t.Fatalf("a writer that fails at %d: %v", at, err)
			}
			if err := Sign(context.Background(), &limitedWriter{at, nil}, src, r.signer); err == nil {
				t.Fatalf("a writer that writes %d octets and no more: no error", at)
			}
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := Sign(ctx, io.Discard, strings.NewReader(testMessage), r.signer); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// A limitedWriter fails after n octets.
type limitedWriter struct {
	n   int
	err error
}

func (w *limitedWriter) Write(p []byte) (int, error) {
	if len(p) <= w.n {
		w.n -= len(p)
		return len(p), nil
	}
	n := w.n
	w.n = 0
	return n, w.err
}

// A file is read twice, from where it stands; one that changed is an error.
func TestSignFile(t *testing.T) {
	r := newRig(t)
	path := filepath.Join(t.TempDir(), "message")
	if err := os.WriteFile(path, []byte("skipped"+testMessage), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	f.Seek(7, io.SeekStart)
	var dst strings.Builder
	if err := Sign(context.Background(), &dst, f, r.signer); err != nil {
		t.Fatal(err)
	}
	if dst.String() != r.sign(t, testMessage) {
		t.Errorf("signed: %q", dst.String())
	}
	for _, changed := range []string{
		strings.Replace(testMessage, "Joe.", "Jim.", 1), testMessage + "more\r\n", testMessage[:len(testMessage)-4], "",
	} {
		src := &changingSeeker{strings.NewReader(testMessage), changed}
		if err := Sign(context.Background(), io.Discard, src, r.signer); !errors.Is(err, errChanged) {
			t.Errorf("changed to %q: %v", changed, err)
		}
	}
	// A pipe is an *os.File that cannot seek.
	pr, pw, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		io.WriteString(pw, testMessage)
		pw.Close()
	}()
	dst.Reset()
	if err := Sign(context.Background(), &dst, pr, r.signer); err != nil || dst.String() != r.sign(t, testMessage) {
		t.Errorf("from a pipe: %v, %q", err, dst.String())
	}
}

// A changingSeeker reads other octets after it went back.
type changingSeeker struct {
	src  *strings.Reader
	next string
}

func (c *changingSeeker) Read(p []byte) (int, error) { return c.src.Read(p) }

func (c *changingSeeker) Seek(offset int64, whence int) (int64, error) {
	if whence == io.SeekStart {
		c.src = strings.NewReader(c.next)
	}
	return c.src.Seek(offset, whence)
}

// 6376-5-r: keys that are not of the standard library, with and without a context.
func TestOpaqueKeys(t *testing.T) {
	for _, key := range []crypto.Signer{dkimtest.RSA(1024), dkimtest.Ed25519(1)} {
		r := newRig(t)
		opaque := &opaqueKey{key: key}
		s := r.newSigner(t, "opaque", opaque)
		want(t, "opaque", r.verifyOne(t, signWith(t, testMessage, s)), Pass, nil)
		if opaque.octets != 32 {
			t.Errorf("%d octets to sign", opaque.octets)
		}
		_, isRSA := key.(*rsa.PrivateKey)
		if (opaque.opts.HashFunc() == crypto.SHA256) != isRSA {
			t.Errorf("options %v for %T", opaque.opts, key)
		}
		// One that signs with something else, or fails, signs nothing.
		opaque.wrong = true
		var dst bytes.Buffer
		if err := Sign(context.Background(), &dst, strings.NewReader(testMessage), s); !errors.Is(err, ErrKey) || dst.Len() > 0 {
			t.Errorf("a wrong signature: %v", err)
		}
		opaque.err = errors.New("the service is down")
		err := Sign(context.Background(), &dst, strings.NewReader(testMessage), SignerList{r.signer, s})
		var se *SignerError
		if !errors.Is(err, opaque.err) || !errors.As(err, &se) || se.Signer != s || dst.Len() > 0 {
			t.Errorf("a failing key: %v, %d octets written", err, dst.Len())
		}
	}
}

type opaqueKey struct {
	key    crypto.Signer
	octets int
	opts   crypto.SignerOpts
	wrong  bool
	err    error
}

func (k *opaqueKey) Public() crypto.PublicKey { return k.key.Public() }

func (k *opaqueKey) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	k.octets, k.opts = len(digest), opts
	if k.err != nil {
		return nil, k.err
	}
	sig, err := k.key.Sign(rand, digest, opts)
	if k.wrong {
		sig[0] ^= 1
	}
	return sig, err
}

// Keys that take a context run side by side, and see the context.
func TestContextSigner(t *testing.T) {
	r := newRig(t)
	type key struct{}
	var meet sync.WaitGroup
	meet.Add(3)
	var list SignerList
	for i := range 3 {
		list = append(list, r.newSigner(t, fmt.Sprintf("s%d", i), &contextKey{dkimtest.Ed25519(byte(i)), func(ctx context.Context) error {
			if ctx.Value(key{}) != "here" {
				t.Error("another context")
			}
			meet.Done()
			meet.Wait() // for the others: one after the other they would wait for ever
			return nil
		}}))
	}
	list = slices.Insert(list, 1, r.signer)
	var dst strings.Builder
	if err := Sign(context.WithValue(context.Background(), key{}, "here"), &dst, strings.NewReader(testMessage), list); err != nil {
		t.Fatal(err)
	}
	results := r.verify(t, dst.String())
	if got := statuses(results); got != "[pass pass pass pass]" || results[1].Signature.Selector != "rsa" || results[3].Signature.Selector != "s2" {
		t.Error(got)
	}
	errA, errB := errors.New("a"), errors.New("b")
	list[0].Key.(*contextKey).check = func(context.Context) error { return errA }
	list[2].Key.(*contextKey).check = func(context.Context) error { return errB }
	list[3].Key.(*contextKey).check = func(context.Context) error { return nil }
	err := Sign(context.Background(), io.Discard, strings.NewReader(testMessage), list)
	if !errors.Is(err, errA) || !errors.Is(err, errB) {
		t.Errorf("both errors are told: %v", err)
	}
}

// A key that panics does so when the keys that take a context are done: a server
// that recovers uses their memory for the next message.
func TestSignPanic(t *testing.T) {
	r := newRig(t)
	begun := make(chan bool)
	var ended atomic.Bool
	remote := &contextKey{dkimtest.Ed25519(1), func(context.Context) error {
		begun <- true
		for range 10_000 {
			runtime.Gosched()
		}
		ended.Store(true)
		return nil
	}}
	local := &funcKey{dkimtest.Ed25519(2), func() { <-begun; panic("no token") }}
	defer func() {
		if why := recover(); why != "no token" || !ended.Load() {
			t.Errorf("%v; the other key is done: %v", why, ended.Load())
		}
	}()
	err := Sign(context.Background(), io.Discard, strings.NewReader(testMessage), SignerList{r.newSigner(t, "a", remote), r.newSigner(t, "b", local)})
	t.Error(err)
}

// A writer whose key or source panicked says so, and not that nobody signs.
func TestFinishAfterPanic(t *testing.T) {
	r := newRig(t)
	key := &funcKey{dkimtest.Ed25519(2), func() { panic("no token") }}
	source := sourceFunc(func(context.Context, *Header) ([]*Signer, error) { panic("no table") })
	for _, signers := range []SignerSource{r.newSigner(t, "a", key), source} {
		w := NewSignWriter(context.Background(), signers)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			io.WriteString(w, testMessage)
			w.Finish()
		}()
		if signatures, err := w.Finish(); err == nil || len(signatures) > 0 {
			t.Errorf("%d signatures, %v", len(signatures), err)
		}
	}
}

type funcKey struct {
	crypto.Signer
	before func()
}

func (k *funcKey) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	k.before()
	return k.Signer.Sign(rand, digest, opts)
}

type contextKey struct {
	crypto.Signer
	check func(context.Context) error
}

func (k *contextKey) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("Sign is called")
}

func (k *contextKey) SignContext(ctx context.Context, rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if err := k.check(ctx); err != nil {
		return nil, err
	}
	return k.Signer.Sign(rand, digest, opts)
}

// Any way of cutting a message into Writes gives the same signatures.
func TestSignWrites(t *testing.T) {
	r := newRig(t)
	wantField := strings.TrimSuffix(r.sign(t, testMessage), testMessage)
	for cut := range len(testMessage) {
		w := NewSignWriter(context.Background(), r.signer)
		io.WriteString(w, testMessage[:cut])
		io.WriteString(w, testMessage[cut:])
		sigs, err := w.Finish()
		if err != nil || len(sigs) != 1 || sigs[0].String() != wantField {
			t.Fatalf("cut at %d: %v, %v", cut, sigs, err)
		}
		again, err := w.Finish()
		if err != nil || !slices.Equal(sigs, again) {
			t.Fatalf("Finish again: %v, %v", again, err)
		}
	}
	// 6376-3.5i-a holds for what Finish returns, too.
	w := NewSignWriter(context.Background(), r.signer)
	io.WriteString(w, testMessage)
	sigs, _ := w.Finish()
	if s := sigs[0]; s.Identifier != "@example.org" || len(s.Value) != 128 || !s.Time.Equal(testTime) {
		t.Errorf("%+v", s)
	}
}

// 6376-5-f, 6376-5-g, 6376-5-i: the default list.
func TestDefaultHeaders(t *testing.T) {
	l := DefaultHeaders()
	oversigned := []string{"From", "To", "Cc", "Subject", "Date", "Message-ID", "Reply-To", "Content-Type"}
	signed := []string{"MIME-Version", "Content-Transfer-Encoding", "Content-ID", "Content-Description", "Sender", "In-Reply-To", "References",
		"Resent-Date", "Resent-From", "Resent-Sender", "Resent-To", "Resent-Cc", "Resent-Message-ID",
		"List-Id", "List-Help", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Subscribe", "List-Post", "List-Owner", "List-Archive"}
	if got, want := strings.Join(l.Select(nil), ":"), strings.Join(oversigned, ":"); got != want {
		t.Errorf("of no fields h=%s, want %s", got, want)
	}
	all := append(slices.Concat(oversigned, signed), "Return-Path", "Received", "DKIM-Signature", "Comments", "Keywords", "Bcc", "Authentication-Results", "X-Other")
	var want []string
	for _, name := range oversigned {
		want = append(want, name, name, name)
	}
	for _, name := range signed {
		want = append(want, name, name)
	}
	if got := l.Select(append(all, all...)); !slices.Equal(got, want) {
		t.Errorf("of two fields each h=%s, want %s", got, want)
	}
	l[0].Name = "X"
	if DefaultHeaders()[0].Name != "From" {
		t.Error("the list is shared")
	}
	if err := DefaultHeaders().Validate(); err != nil {
		t.Error(err)
	}
}

// A Signature that a caller makes up ends no tag and no line.
func TestStringIsSafe(t *testing.T) {
	evil := "x; d=evil.example\r\nFrom: eve"
	l := int64(3)
	s := &Signature{Algorithm: evil, Domain: evil, Selector: evil, Identifier: evil, Fields: []string{evil, evil}, Query: []string{evil},
		Length: &l, Other: []Tag{{"y", evil}, {evil, "y"}}, Copied: []CopiedField{{evil, evil}}, Value: []byte("v"), BodyHash: []byte("h"),
		Time: time.Unix(-5, 0), Expiration: time.Unix(5, 0)}
	text := s.String()
	if strings.Count(text, ";") != 14 || strings.Contains(text, "\nFrom") || !strings.HasSuffix(text, "b=dg==\r\n") || !strings.Contains(text, "t=0;") {
		t.Errorf("%q has %d semicolons", text, strings.Count(text, ";"))
	}
}

func TestAligned(t *testing.T) {
	for _, tt := range []struct {
		d, author       string
		strict, relaxed bool
	}{
		{"example.org", "example.org", true, true},
		{"EXAMPLE.org", "example.ORG", true, true},
		{"example.org", "mail.example.org", false, true},
		{"a.example.org", "b.example.org", false, true},
		{"example.org", "example.com", false, false},
		{"example.co.uk", "other.co.uk", false, false},
		{"evilexample.org", "example.org", false, false},
		{"xn--bcher-kva.example", "bücher.example", true, true}, // 8616-6-a
		{"xn--bcher-kva.example", "mail.Bücher.example", false, true},
		{"", "", true, true},
		{"", "example.org", false, false},
	} {
		s := &Signature{Domain: tt.d}
		if s.Aligned(tt.author, true) != tt.strict || s.Aligned(tt.author, false) != tt.relaxed {
			t.Errorf("d=%s, author %s: strict %v, relaxed %v", tt.d, tt.author, s.Aligned(tt.author, true), s.Aligned(tt.author, false))
		}
	}
}
