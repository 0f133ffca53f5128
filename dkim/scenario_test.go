package dkim

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"flag"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/internal/headerhash"
	"github.com/waxseal/waxseal/internal/message"
	"github.com/waxseal/waxseal/keyrecord"
)

var update = flag.Bool("update", false, "write testdata/vectors.json and the want sections of testdata/*.txtar anew")

// TestScenarios verifies the messages of testdata/*.txtar, each whole and octet
// by octet.
func TestScenarios(t *testing.T) {
	for _, s := range dkimtest.Scenarios(t, "testdata") {
		t.Run(s.Name, func(t *testing.T) {
			v := &Verifier{Resolver: keyrecord.MapResolver(s.Zone), Time: atTestTime}
			got := describe(Verify(context.Background(), strings.NewReader(s.Message), v))
			if slow := describe(Verify(context.Background(), iotest.OneByteReader(strings.NewReader(s.Message)), v)); slow != got {
				t.Errorf("octet by octet:\n%swhole:\n%s", slow, got)
			}
			if *update {
				if err := s.Update(got); err != nil {
					t.Fatal(err)
				}
			} else if got != s.Want {
				t.Errorf("got:\n%swant:\n%s", got, s.Want)
			}
		})
	}
}

// describe writes results as the want sections have them.
func describe(results []*Result, err error) string {
	var b strings.Builder
	for _, r := range results {
		fmt.Fprintf(&b, "%s d=%s s=%s a=%s", r.Status, r.Signature.Domain, r.Signature.Selector, r.Signature.Algorithm)
		if r.Err != nil {
			fmt.Fprintf(&b, ": %v", r.Err)
		}
		b.WriteByte('\n')
	}
	if err != nil {
		fmt.Fprintf(&b, "error: %v\n", err)
	}
	return b.String()
}

// RFC 8463, A.3: the Ed25519 signature is made again, octet for octet, from its
// key of A.1; over the digest, not over the text (8463-3-a), and not with
// Ed25519ph (8463-3-b).
func TestRFC8463Signature(t *testing.T) {
	seed, _ := base64.StdEncoding.DecodeString("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
	key := ed25519.NewKeyFromSeed(seed)
	for _, s := range dkimtest.Scenarios(t, "testdata") {
		if s.Name != "rfc8463-A3" {
			continue
		}
		w := NewVerifyWriter(context.Background(), &Verifier{Resolver: keyrecord.MapResolver(s.Zone), Time: atTestTime})
		w.Write([]byte(s.Message))
		c := &w.checks[0]
		if !c.verified {
			t.Fatal(c.Err)
		}
		digest := w.headerDigest(c)
		got, err := key.Sign(nil, digest, crypto.Hash(0))
		if err != nil || string(got) != string(c.signature.Value) {
			t.Errorf("signed anew: %x, %v; want %x", got, err, c.signature.Value)
		}
		text := headerText(&w.work.scanner.Header, c)
		if !strings.HasPrefix(text, "from:Joe SixPack <joe@football.example.com>\r\nto:") || !strings.HasSuffix(text, "; b=") {
			t.Errorf("header text %q", text)
		}
		if ed25519.Verify(key.Public().(ed25519.PublicKey), []byte(text), c.signature.Value) {
			t.Error("the signature is over the undigested text")
		}
		ph, _ := key.Sign(nil, make([]byte, 64), crypto.SHA512)
		if ed25519SHA256.verify(key.Public(), digest, ph) == nil {
			t.Error("Ed25519ph verifies")
		}
		return
	}
	t.Fatal("no scenario rfc8463-A3")
}

// headerText returns what the header hash of c is of.
func headerText(h *message.Header, c *check) string {
	var x headerhash.Index
	x.Reset(h)
	var b strings.Builder
	s := &c.signature
	x.Write(&b, headerhash.Signature{
		Canon: s.Canon.Header, Fields: s.Fields, Self: c.field,
		Field: []byte(strings.TrimSuffix(s.raw[:s.value[0]]+s.raw[s.value[1]:], "\r\n")),
	}, nil)
	return b.String()
}
