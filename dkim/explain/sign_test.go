package explain_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/explain"
	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

// now is when the messages of the tests are signed and verified.
var now = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func clock() time.Time { return now }

// newSigner returns a signer of example.org: by RSA with selector "r", by Ed25519
// with selector "e".
func newSigner(c string, ed bool) *dkim.Signer {
	pair, err := canon.ParsePair(c)
	if err != nil {
		panic(err)
	}
	s := &dkim.Signer{Domain: "example.org", Selector: "r", Key: dkimtest.RSA(1024), Canon: pair, Time: clock}
	if ed {
		s.Selector, s.Key = "e", dkimtest.Ed25519(1)
	}
	return s
}

// zone has the keys of newSigner, and another of each type at "r2" and "e2".
func zone() keyrecord.MapResolver {
	z := keyrecord.MapResolver{}
	for selector, key := range map[string]crypto.Signer{
		"r": dkimtest.RSA(1024), "e": dkimtest.Ed25519(1), "r2": dkimtest.RSA(1536), "e2": dkimtest.Ed25519(2),
	} {
		record, err := keyrecord.New(key.Public())
		if err != nil {
			panic(err)
		}
		z[selector+"._domainkey.example.org"] = []string{record.String()}
	}
	return z
}

func verifier(z keyrecord.Resolver) *dkim.Verifier {
	return &dkim.Verifier{Resolver: z, Time: clock}
}

// sign returns a message, given with LF, signed and with CRLF.
func sign(t testing.TB, s *dkim.Signer, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := dkim.Sign(context.Background(), &out, strings.NewReader(dkimtest.CRLF(text)), s); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// explainOne explains a message that has one signature.
func explainOne(t testing.TB, raw []byte, o *explain.Options) *explain.Report {
	t.Helper()
	reports, err := explain.Explain(context.Background(), raw, o)
	if err != nil || len(reports) != 1 {
		t.Fatalf("Explain: %d reports, %v", len(reports), err)
	}
	return reports[0]
}

// status verifies a message that has one signature.
func status(t testing.TB, raw []byte, v *dkim.Verifier) dkim.Status {
	t.Helper()
	results, err := dkim.Verify(context.Background(), bytes.NewReader(raw), v)
	if err != nil || len(results) != 1 {
		t.Fatalf("Verify: %d results, %v", len(results), err)
	}
	return results[0].Status
}

// A faulty signer signs as RFC 6376 does not want it.
type faulty struct {
	canon      string // of c=; the octets are canonicalized by it too
	fields     string // h=
	b          string // the value of b= as it is signed
	tail       string // the rest of the field, after b=
	ed         bool
	undigested bool
	body       func(string) string    // what is hashed, given the body
	header     func(...string) string // what is signed, given the canonical fields, the own one last
}

// sign returns a signed message.
func (f faulty) sign(t testing.TB, text string) []byte {
	t.Helper()
	text = dkimtest.CRLF(text)
	head, body, _ := strings.Cut(text, "\r\n\r\n")
	pair, err := canon.ParsePair(f.canon)
	if err != nil {
		t.Fatal(err)
	}
	if f.fields == "" {
		f.fields = "from:to:subject:date"
	}
	hashed := canonicalBody(pair.Body, body)
	if f.body != nil {
		hashed = f.body(body)
	}
	sum := sha256.Sum256([]byte(hashed))
	algorithm, selector := "rsa-sha256", "r"
	if f.ed {
		algorithm, selector = "ed25519-sha256", "e"
	}
	own := "DKIM-Signature: v=1; a=" + algorithm + "; c=" + f.canon + "; d=example.org; s=" + selector + ";\r\n h=" + f.fields +
		";\r\n bh=" + base64.StdEncoding.EncodeToString(sum[:]) + ";\r\n b="
	var fields []string
	byName := map[string][]string{}
	for _, field := range strings.SplitAfter(head+"\r\n", "\r\n") {
		if name, _, ok := strings.Cut(field, ":"); ok {
			byName[strings.ToLower(name)] = append(byName[strings.ToLower(name)], field)
		}
	}
	for _, name := range strings.Split(f.fields, ":") {
		if all := byName[name]; len(all) > 0 {
			fields = append(fields, string(pair.Header.AppendField(nil, []byte(all[len(all)-1]))))
			byName[name] = all[:len(all)-1]
		}
	}
	fields = append(fields, string(pair.Header.AppendField(nil, []byte(own+f.b+f.tail))))
	signed := strings.Join(fields, "")
	if f.header != nil {
		signed = f.header(fields...)
	}
	var sig []byte
	digest := sha256.Sum256([]byte(signed))
	switch {
	case f.undigested:
		sig, err = dkimtest.Ed25519(1).Sign(nil, []byte(signed), crypto.Hash(0))
	case f.ed:
		sig, err = dkimtest.Ed25519(1).Sign(nil, digest[:], crypto.Hash(0))
	default:
		sig, err = rsa.SignPKCS1v15(rand.Reader, dkimtest.RSA(1024), crypto.SHA256, digest[:])
	}
	if err != nil {
		t.Fatal(err)
	}
	value := base64.StdEncoding.EncodeToString(sig)
	if f.b != "" && strings.TrimSpace(f.b) == "" {
		value = f.b + value
	}
	return []byte(own + value + f.tail + "\r\n" + text)
}

func canonicalBody(a canon.Algorithm, body string) string {
	var b bytes.Buffer
	w := a.NewBodyWriter(&b)
	w.Write([]byte(body))
	w.Close()
	return b.String()
}
