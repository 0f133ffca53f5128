package domainkeys

import (
	"context"
	"crypto"
	"crypto/rsa"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

func TestSign(t *testing.T) {
	v := &Verifier{Resolver: testZone(t)}
	withSender := "Sender: ann@example.org\r\n" + testMessage
	signed := sign(t, testSigner(), testMessage)
	listed := *testSigner()
	listed.Fields = []string{"From", "SUBJECT", "Received", "X-None"}
	all := *testSigner()
	all.Fields = []string{"*"}
	partly := sign(t, &listed, testMessage)
	elsewhere := *testSigner()
	elsewhere.Domain = "example.net"
	for _, tt := range []struct {
		id      string
		signer  *Signer
		message string
		h       string
		err     error
	}{
		{"all fields, no h=", testSigner(), testMessage, "", nil},
		{"h= of all fields, in their order", &all, testMessage, "Received:Received:From:To:Subject", nil},
		{"h= of some", &listed, testMessage, "Received:Received:From:Subject", nil},
		{"h= of all, with Sender", &all, withSender, "Sender:Received:Received:From:To:Subject", nil},
		{"4870-3.3-i: h= without Sender", &listed, withSender, "", ErrUncovered},
		{"4870-3.1-a: the domain of Sender counts", testSigner(), "Sender: ann@example.net\r\n" + testMessage, "", dkim.ErrDomain},
		{"another domain", &elsewhere, testMessage, "", dkim.ErrDomain},
		{"no border of a label", testSigner(), strings.Replace(testMessage, "mail.example", "evilexample", 1), "", dkim.ErrDomain},
		{"3.1: two From fields", testSigner(), "From: a@example.org\r\n" + testMessage, "", ErrSender},
		{"3.1: Sender malformed", testSigner(), "Sender: x\r\n" + testMessage, "", ErrSender},
		{"3.1: no From field", testSigner(), "Sender: ann@example.org\r\n\r\n", "", ErrSender},
		{"3.5.2: signed already", testSigner(), signed, "", ErrSigned},
		{"3.5.2: signed already, in another way", testSigner(), "DomainKey-Signature: x\r\n" + testMessage, "", ErrSigned},
		{"3.5.2: signed, and a list has added Sender", testSigner(), "Sender: list@example.org\r\n" + signed, "", nil},
		{"3.5.2: the same, below, and h= is without", testSigner(), strings.Replace(partly, "\r\nTo:", "\r\nSender: list@example.org\r\nTo:", 1), "", nil},
		{"3.5.2: Sender was signed", testSigner(), sign(t, testSigner(), withSender), "", ErrSigned},
		{"bare LF in the body", testSigner(), testMessage + "a\n", "", dkim.ErrLineEnding},
		{"bare CR at the end", testSigner(), testMessage + "a\r", "", dkim.ErrLineEnding},
		{"bare LF in the header", testSigner(), "X: a\nb\r\n" + testMessage, "", dkim.ErrLineEnding},
		{"no field name", testSigner(), "X\x80: a\r\n" + testMessage, "", dkim.ErrHeader},
		{"NUL", testSigner(), "X: \x00\r\n" + testMessage, "", dkim.ErrHeader},
		{"a name that h= cannot hold", &all, "X;Y: a\r\n" + testMessage, "", dkim.ErrLimit},
		{"a name that h= cannot hold, and no h=", testSigner(), "X;Y: a\r\n" + testMessage, "", nil},
		{"a name too long for a line", &all, strings.Repeat("x", maxLine+1) + ": a\r\n" + testMessage, "", dkim.ErrLimit},
		{"a name that just fits", &all, strings.Repeat("x", maxLine) + ": a\r\n" + testMessage, strings.Repeat("x", maxLine) + ":Received:Received:From:To:Subject", nil},
		{"too many names", &all, strings.Repeat("X: a\r\n", maxFields) + testMessage, "", dkim.ErrLimit},
		{"names too long together", &all, strings.Repeat("X-"+strings.Repeat("x", 900)+": a\r\n", 70) + testMessage, "", dkim.ErrLimit},
	} {
		for _, c := range []Canon{0, Simple, NoFWS} {
			s := *tt.signer
			s.Canon = c
			sig, err := Sign(t.Context(), strings.NewReader(tt.message), &s)
			if !errors.Is(err, tt.err) || (sig == nil) != (err != nil) {
				t.Errorf("%s: Sign = %v, %v, want %v", tt.id, sig, err, tt.err)
			}
			if sig == nil {
				continue
			}
			if got := strings.Join(sig.Fields, ":"); got != tt.h || c != 0 && sig.Canon != c || c == 0 && sig.Canon != NoFWS {
				t.Errorf("%s: h=%s, c=%v, want %s, %v", tt.id, got, sig.Canon, tt.h, c)
			}
			if r := verify(t, v, sig.String()+tt.message); r.Status != Good || !equal(r.Signature, sig) {
				t.Errorf("%s: %v: %q, %v", tt.id, c, r.Status, r.Err)
			}
			for line := range strings.Lines(sig.String()) {
				if len(line) > 1000 {
					t.Errorf("%s: a line of %d octets", tt.id, len(line))
				}
			}
		}
	}
}

func TestSignerValidate(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*Signer)
		want   error
	}{
		{"good", func(s *Signer) {}, nil},
		{"no domain", func(s *Signer) { s.Domain = "" }, dkim.ErrDomain},
		{"a tag in the domain", func(s *Signer) { s.Domain = "example.com; l=0" }, dkim.ErrDomain},
		{"a public suffix", func(s *Signer) { s.Domain = "co.uk" }, dkim.ErrDomain},
		{"no selector", func(s *Signer) { s.Selector = "" }, dkim.ErrSyntax},
		{"no key", func(s *Signer) { s.Key = nil }, dkim.ErrKey},
		{"an Ed25519 key", func(s *Signer) { s.Key = dkimtest.Ed25519(1) }, keyrecord.ErrKeyType},
		{"a weak key", func(s *Signer) { s.Key = dkimtest.RSA(1023) }, dkim.ErrWeakKey},
		{"an unknown Canon", func(s *Signer) { s.Canon = 3 }, dkim.ErrAlgorithm},
		{"no field name", func(s *Signer) { s.Fields = []string{"from", "a b"} }, dkim.ErrSyntax},
		{"an empty name", func(s *Signer) { s.Fields = []string{""} }, dkim.ErrSyntax},
	} {
		s := testSigner()
		tt.change(s)
		if err := s.Validate(); !errors.Is(err, tt.want) {
			t.Errorf("%s: Validate = %v, want %v", tt.name, err, tt.want)
		}
		if sig, err := Sign(t.Context(), strings.NewReader(testMessage), s); !errors.Is(err, tt.want) || tt.want != nil && sig != nil {
			t.Errorf("%s: Sign = %v, %v, want %v", tt.name, sig, err, tt.want)
		}
	}
	if err := (*Signer)(nil).Validate(); !errors.Is(err, dkim.ErrNoSigner) {
		t.Errorf("nil: %v", err)
	}
	s := testSigner()
	name, err := s.KeyName()
	if r, err2 := s.Record(); name != "s1._domainkey.example.org" || err != nil || err2 != nil || r.String() != testZone(t)[name][0] {
		t.Errorf("KeyName = %q, %v; Record = %v, %v", name, err, r, err2)
	}
}

type sourceFunc func(context.Context, string) (*Signer, error)

func (f sourceFunc) SignerFor(ctx context.Context, sender string) (*Signer, error) {
	return f(ctx, sender)
}

func TestSignerSource(t *testing.T) {
	asked := ""
	source := sourceFunc(func(_ context.Context, sender string) (*Signer, error) {
		asked = sender
		return testSigner(), nil
	})
	if _, err := Sign(t.Context(), strings.NewReader("Sender: ann@example.org\r\n"+testMessage), source); err != nil || asked != "ann@example.org" {
		t.Errorf("asked for %q, %v", asked, err)
	}
	none := sourceFunc(func(context.Context, string) (*Signer, error) { return nil, nil })
	if s, err := Sign(t.Context(), strings.NewReader(testMessage), none); s != nil || !errors.Is(err, dkim.ErrNoSigner) {
		t.Errorf("no signer: %v, %v", s, err)
	}
	w := NewSignWriter(t.Context(), none)
	w.Write([]byte(testMessage))
	for range 2 {
		if s, err := w.Finish(); s != nil || err != nil {
			t.Errorf("no signer: %v, %v", s, err)
		}
	}
	w.Write([]byte("more"))
	failing := sourceFunc(func(context.Context, string) (*Signer, error) { return nil, io.ErrUnexpectedEOF })
	if _, err := Sign(t.Context(), strings.NewReader(testMessage), failing); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a source that fails: %v", err)
	}
	if _, err := Sign(t.Context(), strings.NewReader(testMessage), nil); !errors.Is(err, dkim.ErrNoSigner) {
		t.Errorf("no source: %v", err)
	}
}

// A remote key is a crypto.Signer that is no *rsa.PrivateKey.
type remoteKey struct {
	crypto.Signer
	sign func(digest []byte) ([]byte, error)
}

func (k remoteKey) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if opts.HashFunc() != crypto.SHA1 {
		return nil, errors.New("want SHA-1")
	}
	return k.sign(digest)
}

type contextKey struct{ remoteKey }

type markKey struct{}

func (k contextKey) SignContext(ctx context.Context, rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if ctx.Value(markKey{}) == nil {
		return nil, errors.New("not the caller's context")
	}
	return k.Sign(rand, digest, opts)
}

func TestRemoteKey(t *testing.T) {
	key := dkimtest.RSA(1024)
	s := testSigner()
	good := remoteKey{key, func(digest []byte) ([]byte, error) { return rsa.SignPKCS1v15(nil, key, crypto.SHA1, digest) }}
	s.Key = good
	if r := verify(t, &Verifier{Resolver: testZone(t)}, sign(t, s, testMessage)); r.Status != Good {
		t.Errorf("%q, %v", r.Status, r.Err)
	}
	for _, tt := range []struct {
		name string
		sign func([]byte) ([]byte, error)
		want error
	}{
		{"a key that fails", func([]byte) ([]byte, error) { return nil, io.ErrUnexpectedEOF }, io.ErrUnexpectedEOF},
		{"a key that lies", func([]byte) ([]byte, error) { return make([]byte, 128), nil }, dkim.ErrKey},
	} {
		s.Key = remoteKey{key, tt.sign}
		if sig, err := Sign(t.Context(), strings.NewReader(testMessage), s); sig != nil || !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, %v, want %v", tt.name, sig, err, tt.want)
		}
	}
	s.Key = contextKey{good}
	ctx := context.WithValue(t.Context(), markKey{}, true)
	if _, err := Sign(ctx, strings.NewReader(testMessage), s); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	w := NewSignWriter(ctx, testSigner())
	w.Write([]byte(testMessage))
	cancel()
	if sig, err := w.Finish(); sig != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v, %v", sig, err)
	}
}

// TestLineEnds: a bare CR or LF is found wherever the body is cut.
func TestLineEnds(t *testing.T) {
	for body, good := range map[string]bool{"a\r\nb\r\n": true, "\r\n": true, "": true, "a\rb\r\n": false, "a\nb": false, "\r\r\n": false, "\r": false, "\n": false} {
		for cut := range len(body) + 1 {
			var l lineEnds
			l.check([]byte(body[:cut]))
			l.check(nil)
			l.check([]byte(body[cut:]))
			if err := l.finish(); (err == nil) != good || err != nil && !errors.Is(err, dkim.ErrLineEnding) {
				t.Errorf("%q + %q: %v", body[:cut], body[cut:], err)
			}
		}
	}
}

// Signing is the same however many times, and changes nothing in the Signer.
func TestSignerIsReadOnly(t *testing.T) {
	s := testSigner()
	s.Fields = []string{"*"}
	first := sign(t, s, testMessage)
	if again := sign(t, s, testMessage); again != first || !slices.Equal(s.Fields, []string{"*"}) || s.Canon != 0 {
		t.Errorf("%q, then %q, %+v", first, again, s)
	}
}
