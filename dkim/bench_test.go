package dkim

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

// benchHeader is a header as mail has it, of some 2 KB.
var benchHeader = "Return-Path: <bounce+12345@mail.example.org>\r\n" +
	"Received: from mail.example.org (mail.example.org [192.0.2.10])\r\n\tby mx.example.net with ESMTPS id 0123456789abcdef\r\n" +
	"\t(version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256);\r\n\tFri, 15 Jan 2027 07:59:59 +0000\r\n" +
	strings.Repeat("Received: from relay.example.org ([198.51.100.7]) by mail.example.org\r\n\twith ESMTPSA id abcdef; Fri, 15 Jan 2027 07:59:58 +0000\r\n", 3) +
	"From: \"The Example Newsletter\" <news@example.org>\r\nTo: Suzie Q <suzie@shopping.example.net>\r\nSubject: =?utf-8?Q?This_week=E2=80=99s_offers?= for you\r\n" +
	"Date: Fri, 15 Jan 2027 07:59:57 +0000\r\nMessage-ID: <20270115075957.12345.67890@mail.example.org>\r\nReply-To: news@example.org\r\n" +
	"MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n" +
	"List-Id: The Example Newsletter <news.example.org>\r\nList-Unsubscribe: <https://example.org/unsubscribe?u=0123456789abcdef>,\r\n <mailto:unsubscribe@example.org>\r\n" +
	"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nX-Mailer: Example 1.0\r\nX-Campaign: 2027-01-15\r\nPrecedence: bulk\r\n" +
	"Feedback-ID: 12345:67890:example\r\nX-Report-Abuse: abuse@example.org\r\n"

// benchBody returns a body of a kind and size, in octets.
func benchBody(kind string, size int) []byte {
	line := map[string]string{
		"text":   "The quick brown fox jumps over the lazy dog, and the dog sleeps on there.\r\n",
		"html":   "    <td align=3D\"left\" style=3D\"padding: 0  4px\">\t<a href=3D\"#\">x</a>  </td>\r\n",
		"qp":     "Gr=C3=BC=C3=9Fe aus der Ferne, und ein langer Satz, der umbrochen werden mu=C3=9F=\r\n",
		"base64": "VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVyIHRoZSBsYXp5IGRvZywgYW5kIHRoZSBkb2cg\r\n",
		"blank":  "\r\n",
		"spaces": "a \t b \t \r\n",
	}[kind]
	return bytes.Repeat([]byte(line), size/len(line)+1)[:size]
}

var benchBodies = []struct {
	kind, size string
	octets     int
}{
	{"text", "2K", 2 << 10}, {"text", "20K", 20 << 10}, {"html", "100K", 100 << 10}, {"qp", "100K", 100 << 10},
	{"base64", "1M", 1 << 20}, {"base64", "10M", 10 << 20}, {"spaces", "1M", 1 << 20}, {"blank", "1M", 1 << 20},
}

// benchCases runs bench for each canonicalization, algorithm, kind and size of
// body, with a message and what its signer makes of it. The benchmarks that use
// it have the same cases, so the ratio of BenchmarkVerify and
// BenchmarkVerifyFloor, say, is what DKIM costs beyond its cryptography.
func benchCases(b *testing.B, bench func(b *testing.B, s *Signer, v *Verifier, plain, signed []byte)) {
	for _, c := range []canon.Algorithm{canon.Relaxed, canon.Simple} {
		for _, alg := range []string{"rsa2048", "ed25519"} {
			s, v := benchRig(b, benchKeys()[alg], canon.Pair{Header: c, Body: c})
			for _, body := range benchBodies {
				b.Run(fmt.Sprintf("canon=%v/alg=%s/body=%s/size=%s", c, alg, body.kind, body.size), func(b *testing.B) {
					plain := []byte(benchHeader + "\r\n" + string(benchBody(body.kind, body.octets)))
					bench(b, s, v, plain, []byte(signWith(b, string(plain), s)))
				})
			}
		}
	}
}

// benchFloor is the cryptography alone, for a signed message: SHA-256 of the
// canonical body and header, and one signature.
func benchFloor(b *testing.B, c canon.Pair, key crypto.Signer, msg []byte, sign bool) {
	_, body, _ := bytes.Cut(msg, []byte("\r\n\r\n"))
	var canonical bytes.Buffer
	w := c.Body.NewBodyWriter(&canonical)
	w.Write(body)
	w.Close()
	v := NewVerifyWriter(context.Background(), &Verifier{Resolver: keyrecord.MapResolver{}})
	v.Write(msg)
	header := []byte(headerText(&v.work.scanner.Header, &v.checks[0]))
	digest := sha256.Sum256(header)
	var opts crypto.SignerOpts = crypto.SHA256
	if _, ok := key.(ed25519.PrivateKey); ok {
		opts = crypto.Hash(0)
	}
	sig, err := key.Sign(rand.Reader, digest[:], opts)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(msg)))
	b.ReportAllocs()
	for b.Loop() {
		sha256.Sum256(canonical.Bytes())
		digest = sha256.Sum256(header)
		if sign {
			key.Sign(rand.Reader, digest[:], opts)
			continue
		}
		switch pub := key.Public().(type) {
		case *rsa.PublicKey:
			rsa.VerifyPKCS1v15(pub, crypto.SHA256, digest[:], sig)
		case ed25519.PublicKey:
			ed25519.Verify(pub, digest[:], sig)
		}
	}
}

func benchKeys() map[string]crypto.Signer {
	return map[string]crypto.Signer{"rsa2048": dkimtest.RSA(2048), "ed25519": dkimtest.Ed25519(1)}
}

// benchRig returns a signer and a Verifier with a Cache that has its key.
func benchRig(b *testing.B, key crypto.Signer, c canon.Pair) (*Signer, *Verifier) {
	r := newRig(b)
	s := r.newSigner(b, "bench", key)
	s.Canon = c
	return s, &Verifier{Resolver: &keyrecord.Cache{Resolver: r.zone}, Time: atTestTime}
}

func benchVerify(b *testing.B, v *Verifier, msg []byte, n int) {
	src := bytes.NewReader(msg)
	b.SetBytes(int64(len(msg)))
	b.ReportAllocs()
	for b.Loop() {
		src.Reset(msg)
		results, err := Verify(context.Background(), src, v)
		if err != nil || len(results) != n || results[n-1].Status != Pass {
			b.Fatal(describe(results, err))
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	benchCases(b, func(b *testing.B, _ *Signer, v *Verifier, _, signed []byte) { benchVerify(b, v, signed, 1) })
}

func BenchmarkVerifyFloor(b *testing.B) {
	benchCases(b, func(b *testing.B, s *Signer, _ *Verifier, _, signed []byte) {
		benchFloor(b, s.Canon, s.Key, signed, false)
	})
}

func BenchmarkSign(b *testing.B) {
	benchCases(b, func(b *testing.B, s *Signer, _ *Verifier, plain, _ []byte) {
		src := bytes.NewReader(plain)
		b.SetBytes(int64(len(plain)))
		b.ReportAllocs()
		for b.Loop() {
			src.Reset(plain)
			if err := Sign(context.Background(), io.Discard, src, s); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkSignFloor(b *testing.B) {
	benchCases(b, func(b *testing.B, s *Signer, _ *Verifier, _, signed []byte) {
		benchFloor(b, s.Canon, s.Key, signed, true)
	})
}

// BenchmarkSignatures verifies messages with many signatures of one kind.
func BenchmarkSignatures(b *testing.B) {
	c := canon.Pair{Header: canon.Relaxed, Body: canon.Relaxed}
	s, v := benchRig(b, dkimtest.RSA(2048), c)
	v.MaxSignatures = 50
	body := benchHeader + "\r\n" + string(benchBody("base64", 1<<20))
	field := strings.TrimSuffix(signWith(b, body, s), body)
	for _, n := range []int{1, 5, 10, 50} {
		b.Run(fmt.Sprintf("signatures=%d", n), func(b *testing.B) {
			benchVerify(b, v, []byte(strings.Repeat(field, n)+body), n)
		})
	}
}

// BenchmarkFields verifies messages with many fields.
func BenchmarkFields(b *testing.B) {
	c := canon.Pair{Header: canon.Relaxed, Body: canon.Relaxed}
	s, v := benchRig(b, dkimtest.RSA(2048), c)
	for _, n := range []int{20, 200, 2000} {
		msg := strings.Repeat("X-Field: some value of an ordinary field\r\n", n-20) + benchHeader + "\r\n" + string(benchBody("text", 2<<10))
		b.Run(fmt.Sprintf("fields=%d", n), func(b *testing.B) {
			benchVerify(b, v, []byte(signWith(b, msg, s)), 1)
		})
	}
}

// BenchmarkWrites streams 1 GB through each writer in Writes of 4 KB.
func BenchmarkWrites(b *testing.B) {
	const total = 1 << 30
	c := canon.Pair{Header: canon.Relaxed, Body: canon.Relaxed}
	s, v := benchRig(b, dkimtest.RSA(2048), c)
	signed := signWith(b, benchHeader+"\r\n", s)
	block := benchBody("text", 4096)
	for _, op := range []struct {
		name string
		new  func() finisher
	}{
		{"verify", func() finisher { return finishVerify{NewVerifyWriter(context.Background(), v)} }},
		{"sign", func() finisher { return finishSign{NewSignWriter(context.Background(), s)} }},
	} {
		b.Run("op="+op.name+"/size=1G", func(b *testing.B) {
			b.SetBytes(total)
			b.ReportAllocs()
			for b.Loop() {
				w := op.new()
				io.WriteString(w, signed)
				for range total / len(block) {
					w.Write(block)
				}
				if err := w.finish(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
