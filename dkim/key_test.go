package dkim

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/internal/dkimtest"
)

func TestParseKey(t *testing.T) {
	rsaKey, edKey := dkimtest.RSA(1024), dkimtest.Ed25519(7)
	der := func(key any) []byte {
		b, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	inPEM := func(kind string, b []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}))
	}
	b64 := base64.StdEncoding.EncodeToString
	pkcs1 := x509.MarshalPKCS1PrivateKey(rsaKey)
	for what, data := range map[string]string{
		"rsa, PKCS #8":              inPEM("PRIVATE KEY", der(rsaKey)),
		"rsa, PKCS #1":              inPEM("RSA PRIVATE KEY", pkcs1),
		"rsa, text before the PEM":  "a comment\n" + inPEM("RSA PRIVATE KEY", pkcs1),
		"rsa, base64 of PKCS #8":    b64(der(rsaKey)),
		"rsa, base64 of PKCS #1":    b64(pkcs1)[:64] + "\r\n " + b64(pkcs1)[64:] + "\n",
		"ed25519, PKCS #8":          inPEM("PRIVATE KEY", der(edKey)),
		"ed25519, base64 of PKCS 8": b64(der(edKey)),
		"ed25519, seed":             b64(edKey.Seed()) + "\n",
	} {
		key, err := ParseKey([]byte(data))
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		switch k := key.(type) {
		case *rsa.PrivateKey:
			if !k.Equal(rsaKey) || !strings.HasPrefix(what, "rsa") {
				t.Errorf("%s: another key", what)
			}
		case ed25519.PrivateKey:
			if !k.Equal(edKey) || !strings.HasPrefix(what, "ed25519") {
				t.Errorf("%s: another key", what)
			}
		}
	}
	ec, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	public, _ := x509.MarshalPKIXPublicKey(rsaKey.Public())
	for words, data := range map[string]string{
		"neither PEM nor base64": "hello, world",
		"neither PEM":            "",
		"neither a PKCS":         b64([]byte("hello, world")),
		"DKIM has":               inPEM("PRIVATE KEY", der(ec)),
		`"PUBLIC KEY"`:           inPEM("PUBLIC KEY", public),
		"openssl pkey":           inPEM("ENCRYPTED PRIVATE KEY", pkcs1),
		"encrypted":              "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n",
		"octets":                 strings.Repeat("A", 65<<10),
	} {
		key, err := ParseKey([]byte(data))
		if !errors.Is(err, ErrKey) || key != nil || !strings.Contains(strings.ReplaceAll(err.Error(), "PUBLIC KEY", `"PUBLIC KEY"`), words) {
			t.Errorf("%.60q: %v, %v; want %q", data, key, err, words)
		}
	}
}
