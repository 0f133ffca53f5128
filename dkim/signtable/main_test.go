package signtable

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

var testTime = time.Unix(1_800_000_000, 0)

func atTestTime() time.Time { return testTime }

// keyFile returns a file with a key in PEM.
func keyFile(key crypto.Signer) *fstest.MapFile {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	return &fstest.MapFile{Data: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})}
}

func message(header string) string {
	return header + "To: suzie@example.net\r\nSubject: hello\r\n\r\nHi.\r\n"
}

// sign returns the signatures for a message with the given fields on top.
func sign(t testing.TB, source dkim.SignerSource, header string) ([]*dkim.Signature, error) {
	t.Helper()
	w := dkim.NewSignWriter(context.Background(), source)
	if _, err := w.Write([]byte(message(header))); err != nil {
		t.Fatal(err)
	}
	return w.Finish()
}

// describe returns d=, s= and i= of signatures: "example.com/s1/@example.com".
func describe(signatures []*dkim.Signature) string {
	var words []string
	for _, s := range signatures {
		word := s.Domain + "/" + s.Selector
		if s.Identifier != "@"+s.Domain {
			word += "/" + s.Identifier
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// publish puts the records of signers into a zone.
func publish(t testing.TB, zone keyrecord.MapResolver, selector, domain string, pub crypto.PublicKey) {
	t.Helper()
	rec, err := keyrecord.New(pub)
	if err != nil {
		t.Fatal(err)
	}
	zone[selector+"._domainkey."+domain] = []string{rec.String()}
}

// verify returns the best result of the signatures on a message.
func verify(t testing.TB, zone keyrecord.Resolver, signatures []*dkim.Signature, header string) dkim.Status {
	t.Helper()
	var b strings.Builder
	for _, s := range signatures {
		b.WriteString(s.String())
	}
	v := &dkim.Verifier{Resolver: zone, Time: atTestTime}
	results, err := dkim.Verify(context.Background(), strings.NewReader(b.String()+message(header)), v)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Status != dkim.Pass {
			t.Logf("%s/%s: %v", r.Signature.Domain, r.Signature.Selector, r.Err)
			return r.Status
		}
	}
	return dkim.Overall(results)
}

// A clock is a time that tests move.
type clock struct{ now time.Time }

func (c *clock) time() time.Time     { return c.now }
func (c *clock) add(d time.Duration) { c.now = c.now.Add(d) }
func newClock() *clock               { return &clock{testTime} }
func rsaKey() crypto.Signer          { return dkimtest.RSA(1024) }
func edKey(n byte) crypto.Signer     { return dkimtest.Ed25519(n) }
func one(r Rule) map[string][]Rule   { return map[string][]Rule{"example.com": {r}} }
func exampleKeys() *KeyCache {
	return &KeyCache{FS: fstest.MapFS{"example.com/s1.key": keyFile(edKey(1))}}
}
func fromExample(local string) string { return "From: " + local + "@example.com\r\n" }
