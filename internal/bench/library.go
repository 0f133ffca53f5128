package main

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/waxseal/waxseal/canon"
	waxseal "github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

const (
	signingDomain = "example.org"
	selector      = "s1"
)

// maxSignatures is the most that a message here has.
const maxSignatures = 50

// keys are the keys that a name of an algorithm stands for.
func keys(algorithm string) crypto.Signer {
	if algorithm == "Ed25519" {
		return dkimtest.Ed25519(1)
	}
	return dkimtest.RSA(2048)
}

// signer returns a Signer of waxseal.
func signer(key crypto.Signer, c canon.Algorithm) *waxseal.Signer {
	return &waxseal.Signer{Domain: signingDomain, Selector: selector, Key: key, Canon: both(c)}
}

// A zone has the key of a signer, for both libraries.
type zone struct {
	txt      string
	verifier *waxseal.Verifier
	options  *dkim.VerifyOptions
}

// newZone publishes one key under all the selectors s1 to s50.
func newZone(s *waxseal.Signer) (*zone, error) {
	record, err := s.Record()
	if err != nil {
		return nil, err
	}
	z := &zone{txt: record.String()}
	names := keyrecord.MapResolver{}
	for i := range maxSignatures {
		names[fmt.Sprintf("s%d._domainkey.%s", i+1, signingDomain)] = []string{z.txt}
	}
	z.verifier = &waxseal.Verifier{Resolver: &keyrecord.Cache{Resolver: names}, MaxSignatures: maxSignatures}
	z.options = &dkim.VerifyOptions{LookupTXT: func(string) ([]string, error) { return []string{z.txt}, nil }}
	return z, nil
}

// A wish is what a verification should give.
type wish struct {
	signatures int
	badBody    bool // the body hash does not match, and everything else is right
}

// waxseal verifies a message with waxseal.
func (z *zone) waxseal(msg []byte, want wish) operation {
	src := bytes.NewReader(nil)
	return func() error {
		src.Reset(msg)
		results, err := waxseal.Verify(context.Background(), src, z.verifier)
		return checkWaxseal(results, err, want)
	}
}

func checkWaxseal(results []*waxseal.Result, err error, want wish) error {
	if err != nil {
		return err
	}
	if len(results) != want.signatures {
		return fmt.Errorf("%d results, want %d", len(results), want.signatures)
	}
	for _, r := range results {
		if want.badBody != errors.Is(r.Err, waxseal.ErrBodyHash) || !want.badBody && r.Status != waxseal.Pass {
			return fmt.Errorf("verify: %s: %w", r.Status, r.Err)
		}
	}
	return nil
}

// msgauth verifies a message with go-msgauth.
func (z *zone) msgauth(msg []byte, want wish) operation {
	src := bytes.NewReader(nil)
	return func() error {
		src.Reset(msg)
		results, err := dkim.VerifyWithOptions(src, z.options)
		return checkMsgauth(results, err, want)
	}
}

func checkMsgauth(results []*dkim.Verification, err error, want wish) error {
	if err != nil {
		return err
	}
	if len(results) != want.signatures {
		return fmt.Errorf("%d results, want %d", len(results), want.signatures)
	}
	for _, r := range results {
		if want.badBody != (r.Err != nil && strings.Contains(r.Err.Error(), "body hash")) || !want.badBody && r.Err != nil {
			return fmt.Errorf("verify: %w", r.Err)
		}
	}
	return nil
}

// waxsealSign signs a message with waxseal.
func waxsealSign(msg []byte, s *waxseal.Signer) operation {
	src := bytes.NewReader(nil)
	return func() error {
		src.Reset(msg)
		return waxseal.Sign(context.Background(), io.Discard, src, s)
	}
}

// msgauthSign signs a message with go-msgauth, the same fields of it.
func msgauthSign(msg []byte, s *waxseal.Signer, fields []string) operation {
	options := msgauthOptions(s, fields)
	src := bytes.NewReader(nil)
	return func() error {
		src.Reset(msg)
		return dkim.Sign(io.Discard, src, options)
	}
}

func msgauthOptions(s *waxseal.Signer, fields []string) *dkim.SignOptions {
	return &dkim.SignOptions{
		Domain: s.Domain, Selector: s.Selector, Signer: s.Key, HeaderKeys: fields,
		HeaderCanonicalization: dkim.Canonicalization(s.Canon.Header.String()), BodyCanonicalization: dkim.Canonicalization(s.Canon.Body.String()),
	}
}
