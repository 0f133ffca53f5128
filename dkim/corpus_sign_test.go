package dkim

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/headerlist"
	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

// TestCorpusSign signs the messages of the corpus with the keys and settings of
// the source. The source's own signature, where it is known as a whole, must
// verify; since RSA and Ed25519 signatures are made without a random number,
// that is to make it again. The signature made here cannot be the same, for its
// tags stand in another order, but must sign the same, and verify.
func TestCorpusSign(t *testing.T) {
	// These cannot be signed, for the source neither.
	unsigned := map[string]error{
		"opendkim/t-test144": ErrKey, // the key is broken
		"opendkim/t-test146": ErrKey,
		"opendkim/t-test148": ErrDomain, // i= is outside of d=
		"opendkim/t-test150": ErrWeakKey,
		"opendkim/t-test86":  ErrFrom, // there are two
		"opendkim/t-test154": ErrFrom,
		// The corpus does not have these messages.
		"jhawthorn-dkim/test_defaults": ErrHeader, "jhawthorn-dkim/test_overrides": ErrHeader,
		"jhawthorn-dkim/test_expire": ErrHeader, "jhawthorn-dkim/test_identity": ErrHeader,
		"rfc/sign-rfc6376": ErrHeader,
	}
	signed := 0
	for _, c := range dkimtest.Corpus(t, "dkim-sign") {
		msg, err := io.ReadAll(canon.NewCRLFReader(bytes.NewReader(c.Raw(t))))
		if err != nil {
			t.Fatal(err)
		}
		key, err := ParseKey([]byte(c.Sign.PEM()))
		if reason, ok := unsigned[c.Name()]; ok {
			delete(unsigned, c.Name())
			if err == nil {
				_, err = signCorpus(&Signer{
					Domain: cmp.Or(c.Sign.Domain, "example.org"), Selector: cmp.Or(c.Sign.Selector, "s"), Identifier: c.Sign.Identity, Key: key,
				}, msg)
			}
			if !errors.Is(err, reason) || c.ExpectSignatureValue != "" {
				t.Errorf("%s: signing: %v, want %v", c.Name(), err, reason)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.Name(), err)
			continue
		}
		wanted := wantedSignature(t, c, key, string(msg))
		verifyCorpusSignature(t, c, key, wanted.String()+string(msg), wanted)
		signed++
		made := signAs(t, c, key, msg, wanted)
		verifyCorpusSignature(t, c, key, made.String()+string(msg), made)
		if !slices.EqualFunc(made.Fields, wanted.Fields, strings.EqualFold) {
			t.Errorf("%s: h=%s, want %s", c.Name(), made.Fields, wanted.Fields)
		}
		if wanted.algorithm == made.algorithm && !bytes.Equal(made.BodyHash, wanted.BodyHash) {
			t.Errorf("%s: bh=%x, want %x", c.Name(), made.BodyHash, wanted.BodyHash)
		}
	}
	for name := range unsigned {
		t.Errorf("there is no case %s", name)
	}
	t.Logf("%d signatures of the sources verify, and so do those that are made in their place", signed)
}

// wantedSignature returns the signature of the source.
func wantedSignature(t *testing.T, c *dkimtest.Case, key crypto.Signer, msg string) *Signature {
	t.Helper()
	field := c.ExpectSignatureHeader
	switch {
	case c.ExpectSignatureValue != "":
		field = "DKIM-Signature: " + c.ExpectSignatureValue
	case c.ExpectB != "":
		// The tags of Mail::DKIM in their order. It signs the fields that it
		// knows, from the top.
		header, _, _ := strings.Cut(msg, "\r\n\r\n")
		h := ""
		for line := range strings.Lines(strings.ToLower(header)) {
			name, _, _ := strings.Cut(line, ":")
			if name != "comment" {
				h += ":" + name
			}
		}
		field, _, _ = strings.Cut(craft(t, key, "v=1; a="+c.Sign.Algorithm+"; c="+c.Sign.Canon+"; d="+c.Sign.Domain+
			"; h="+h[1:]+"; s="+c.Sign.Selector+"; bh=BH; b=B", msg), "\r\n")
		if !strings.Contains(field, c.ExpectB) {
			t.Errorf("%s: %s does not have %s", c.Name(), field, c.ExpectB)
		}
	}
	s, err := ParseSignature([]byte(strings.TrimSuffix(field, "\r\n") + "\r\n"))
	if err != nil {
		t.Fatalf("%s: %q: %v", c.Name(), field, err)
	}
	return s
}

// signAs signs a message as the source of a case did.
func signAs(t *testing.T, c *dkimtest.Case, key crypto.Signer, msg []byte, as *Signature) *Signature {
	t.Helper()
	s := &Signer{
		Domain: as.Domain, Selector: as.Selector, Key: key, Canon: as.Canon,
		BodyLength: as.Length != nil, CopyHeaders: as.Copied != nil,
	}
	if as.Identifier != "@"+as.Domain {
		s.Identifier = as.Identifier
	}
	for _, name := range as.Fields {
		s.Headers = append(s.Headers, headerlist.Entry{Name: name})
	}
	if !as.Time.IsZero() {
		s.Time = func() time.Time { return as.Time }
		if !as.Expiration.IsZero() {
			s.Lifetime = as.Expiration.Sub(as.Time)
		}
	}
	made, err := signCorpus(s, msg)
	if err != nil {
		t.Fatalf("%s: %v", c.Name(), err)
	}
	if !made.Expiration.Equal(as.Expiration) || (made.Length == nil) != (as.Length == nil) || as.Length != nil && *made.Length != *as.Length {
		t.Errorf("%s: made %s as %s", c.Name(), made, as)
	}
	return made
}

func signCorpus(s *Signer, msg []byte) (*Signature, error) {
	w := NewSignWriter(context.Background(), s)
	w.Write(msg)
	made, err := w.Finish()
	if err != nil {
		return nil, err
	}
	return made[0], nil
}

// verifyCorpusSignature verifies the upper signature of a message.
func verifyCorpusSignature(t *testing.T, c *dkimtest.Case, key crypto.Signer, msg string, s *Signature) {
	t.Helper()
	rec, err := keyrecord.New(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	name, err := s.KeyName()
	if err != nil {
		t.Fatal(err)
	}
	now := s.Time
	v := &Verifier{
		Resolver:  keyrecord.MapResolver{name: {rec.String()}},
		AllowSHA1: true, PartialBody: true, UncoveredFrom: true,
		Time: func() time.Time { return now },
	}
	if now.IsZero() {
		v.Time = time.Now
	}
	results, err := Verify(context.Background(), strings.NewReader(msg), v)
	if err != nil || len(results) == 0 || results[0].Status != Pass {
		t.Errorf("%s: %s%v", c.Name(), describe(results, err), s)
	}
}
