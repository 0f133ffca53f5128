package bodyhash

import (
	"bytes"
	"crypto"
	_ "crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"math/rand/v2"
	"testing"

	"github.com/waxseal/waxseal/canon"
)

// The rows of "l= on canonical bodies" of the computed vectors: 6376-3.5l-c, 6376-3.5l-e, 6376-3.5l-f, 6376-3.5l-j.
func TestLengths(t *testing.T) {
	for _, tt := range []struct {
		body   string
		alg    canon.Algorithm
		length int64
		total  int64
		bh     string
	}{
		{"abc\r\n", canon.Simple, 0, 5, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},
		{"abc\r\n", canon.Relaxed, 0, 5, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},
		{"abc\r\n", canon.Simple, 1, 5, "ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs="},
		{"abc\r\n", canon.Simple, 3, 5, "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="},
		{"abc\r\n", canon.Simple, 4, 5, "4q9ks4u68lt00emZ0nNwveA/YrYS9Do/j1SChwee934="},
		{"abc\r\n", canon.Simple, 5, 5, "VSuraGTHp7aaUC7RhUuSRcDhow8AiqoLKB2mJYX9sCU="},
		{"a  b\r\n", canon.Relaxed, 5, 5, "SuEZjyiTjUp1XHpGpmLw9XKayjy3FMrk431guExO6cw="},
		{"a\r\n\r\nfooter\r\n", canon.Simple, 3, 13, "jkYhN5eG70Kk/sFVzVJcKR3X2zwf3jR4Ui9PYcA/0b0="},
		{"a\r\n\r\nfooter\r\n", canon.Relaxed, 3, 13, "jkYhN5eG70Kk/sFVzVJcKR3X2zwf3jR4Ui9PYcA/0b0="},
		{"abc\r\n", canon.Simple, 6, 5, "VSuraGTHp7aaUC7RhUuSRcDhow8AiqoLKB2mJYX9sCU="}, // the caller sees Total < Length
		{"", canon.Simple, Whole, 2, "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY="},
		{"", canon.Relaxed, Whole, 0, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},
	} {
		var s Set
		sum := s.Add(tt.alg, crypto.SHA256, tt.length)
		s.Write([]byte(tt.body))
		s.Close()
		s.Close() // does no harm
		if got := base64.StdEncoding.EncodeToString(sum.Digest); got != tt.bh || sum.Total != tt.total {
			t.Errorf("%q %v l=%d: bh %s, %d octets; want %s, %d", tt.body, tt.alg, tt.length, got, sum.Total, tt.bh, tt.total)
		}
	}
}

// Many requests in any order give what each gives alone, however the body is
// cut, and again when the Set is used for another message.
func TestShared(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var s Set
	for round := range 20 {
		s.Reset()
		body := make([]byte, rnd.IntN(40_000))
		for i := range body {
			body[i] = "abcdefgh \t\r\n"[rnd.IntN(12)]
		}
		type request struct {
			alg    canon.Algorithm
			hash   crypto.Hash
			length int64
		}
		sums := map[request]*Sum{}
		for range 30 {
			r := request{canon.Simple, crypto.SHA256, int64(rnd.IntN(len(body) + 2))}
			if rnd.IntN(2) == 0 {
				r.alg = canon.Relaxed
			}
			if rnd.IntN(4) == 0 {
				r.hash = crypto.SHA1
			}
			if rnd.IntN(4) == 0 {
				r.length = Whole
			}
			sum := s.Add(r.alg, r.hash, r.length)
			if old := sums[r]; old != nil && old != sum {
				t.Fatalf("%v: a second Sum for one request", r)
			}
			sums[r] = sum
		}
		for p := body; len(p) > 0; {
			n := min(len(p), 1+rnd.IntN(5000))
			s.Write(p[:n])
			p = p[n:]
		}
		s.Close()
		if s.Empty() || len(s.streams) > 4 {
			t.Fatalf("%d streams", len(s.streams))
		}
		for r, sum := range sums {
			var c bytes.Buffer
			w := r.alg.NewBodyWriter(&c)
			w.Write(body)
			w.Close()
			h := r.hash.New()
			h.Write(c.Bytes()[:min(r.length, int64(c.Len()))])
			if want := h.Sum(nil); !bytes.Equal(sum.Digest, want) || sum.Total != int64(c.Len()) {
				t.Fatalf("round %d, %v: %x of %d, want %x of %d", round, r, sum.Digest, sum.Total, want, c.Len())
			}
		}
	}
}

func TestReuse(t *testing.T) {
	var s Set
	first := s.Add(canon.Simple, crypto.SHA256, Whole)
	s.Write([]byte("a\r\n"))
	s.Close()
	if w := sha256.Sum256([]byte("a\r\n")); !bytes.Equal(first.Digest, w[:]) {
		t.Errorf("%x, want %x", first.Digest, w)
	}
	s.Reset()
	if !s.Empty() {
		t.Error("not empty after Reset")
	}
	second := s.Add(canon.Simple, crypto.SHA256, Whole)
	s.Write([]byte("b\r\n"))
	s.Close()
	if w := sha256.Sum256([]byte("b\r\n")); !bytes.Equal(second.Digest, w[:]) {
		t.Errorf("after Reset: %x, want %x", second.Digest, w)
	}
}
