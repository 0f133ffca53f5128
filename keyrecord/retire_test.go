package keyrecord_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"testing"

	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

func TestRevocation(t *testing.T) {
	for _, notes := range []string{"", "rotated; see https://example.org/dkim"} {
		text := keyrecord.Revocation(notes).String()
		rec, err := keyrecord.Parse(text)
		if err != nil || !rec.Revoked() || rec.Notes != notes {
			t.Errorf("%q: %q is %+v, %v", notes, text, rec, err)
		}
	}
}

type failing struct{}

func (failing) LookupTXT(context.Context, string) ([]string, error) {
	return nil, errors.New("no answer")
}

func TestRetired(t *testing.T) {
	key, other := dkimtest.Ed25519(1), dkimtest.Ed25519(2)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	record := func(k crypto.Signer) string {
		rec, err := keyrecord.New(k.Public())
		if err != nil {
			t.Fatal(err)
		}
		return rec.String()
	}
	at := func(txt ...string) keyrecord.Resolver {
		return keyrecord.MapResolver{"s1._domainkey.example.org": txt}
	}
	for _, tt := range []struct {
		what string
		r    keyrecord.Resolver
		key  crypto.Signer
		want error
	}{
		{"in DNS", at(record(key)), key, keyrecord.ErrPublished},
		{"in DNS beside a revoked one", at("v=DKIM1; p=", record(key)), key, keyrecord.ErrPublished},
		{"revoked", at("v=DKIM1; p="), key, nil},
		{"gone", keyrecord.MapResolver{}, key, nil},
		{"another key", at(record(other)), key, nil},
		{"RSA", at(record(other)), dkimtest.RSA(1024), nil},
		{"DNS does not answer", failing{}, key, keyrecord.ErrTemporary},
		{"a record that others may read", at("v=DKIM1; k=x; p=AAAA"), key, keyrecord.ErrKeyType},
		{"EC", at("v=DKIM1; p="), ec, keyrecord.ErrKeyType},
		{"nil", at("v=DKIM1; p="), nil, keyrecord.ErrKeyType},
		{"nil RSA", at("v=DKIM1; p="), (*rsa.PrivateKey)(nil), keyrecord.ErrKeyType},
		{"empty Ed25519", at("v=DKIM1; p="), ed25519.PrivateKey{}, keyrecord.ErrKeyType},
	} {
		text, err := keyrecord.Retired(context.Background(), tt.r, "s1", "example.org", tt.key)
		if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) || err != nil && text != nil {
			t.Errorf("%s: %v, want %v", tt.what, err, tt.want)
		}
		if err != nil {
			continue
		}
		block, rest := pem.Decode(text)
		got, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil || len(rest) > 0 || !bytes.Contains(text, []byte("s1._domainkey.example.org")) {
			t.Errorf("%s: %s: %v", tt.what, text, err)
		} else if !got.(interface{ Equal(crypto.PrivateKey) bool }).Equal(tt.key) {
			t.Errorf("%s: another key", tt.what)
		}
	}
	if _, err := keyrecord.Retired(context.Background(), at(), "a b", "example.org", key); !errors.Is(err, keyrecord.ErrNotFound) {
		t.Error(err)
	}
}

func ExampleRevocation() {
	fmt.Println(keyrecord.ZoneLine("s1", "example.org", keyrecord.Revocation("replaced by s2")))
	// Output: s1._domainkey.example.org. IN TXT ( "v=DKIM1; n=replaced=20by=20s2; p=" )
}
