package bodyhash

import (
	"bytes"
	"crypto"
	"testing"

	"github.com/waxseal/waxseal/canon"
)

// FuzzSet: each of many hashes of one pass is that of the body canonicalized
// alone, cut anywhere, with any l=, and again when the Set is used anew.
func FuzzSet(f *testing.F) {
	f.Add([]byte("a  b \r\n\r\nc\r\n\r\n"), []byte{0, 1, 5, 255}, uint16(3))
	f.Add([]byte(""), []byte{255}, uint16(0))
	f.Add([]byte(" \r\n"), []byte{3, 3, 2}, uint16(1))
	f.Add(bytes.Repeat([]byte("line \t\r\n"), 300), []byte{200, 100, 255}, uint16(512))
	f.Fuzz(func(t *testing.T, body, lengths []byte, cut uint16) {
		if len(lengths) > 16 {
			lengths = lengths[:16]
		}
		var s Set
		for range 2 {
			s.Reset()
			type request struct {
				alg    canon.Algorithm
				length int64
				sum    *Sum
			}
			var requests []request
			for i, n := range lengths {
				r := request{canon.Simple, int64(n), nil}
				if i%2 == 1 {
					r.alg = canon.Relaxed
				}
				if n == 255 {
					r.length = Whole
				}
				r.sum = s.Add(r.alg, crypto.SHA256, r.length)
				requests = append(requests, r)
			}
			c := int(cut) % (len(body) + 1)
			s.Write(body[:c])
			s.Write(body[c:])
			s.Close()
			if s.Streams() > 2 || s.Empty() != (len(lengths) == 0) {
				t.Fatalf("%d streams for %v", s.Streams(), lengths)
			}
			for _, r := range requests {
				var canonical bytes.Buffer
				w := r.alg.NewBodyWriter(&canonical)
				w.Write(body)
				w.Close()
				h := crypto.SHA256.New()
				h.Write(canonical.Bytes()[:min(r.length, int64(canonical.Len()))])
				if want := h.Sum(nil); !bytes.Equal(r.sum.Digest, want) || r.sum.Total != int64(canonical.Len()) || r.sum.Length != r.length {
					t.Fatalf("%v l=%d of %q cut at %d: %+v, want %x of %d", r.alg, r.length, body, c, r.sum, want, canonical.Len())
				}
			}
		}
	})
}
