package fieldname

import (
	"bytes"
	"testing"
)

// FuzzMatch: names match if they are equal once ASCII letters are lower-case,
// and then they have one hash.
func FuzzMatch(f *testing.F) {
	f.Add("From", []byte("fROM"))
	f.Add("List-Unsubscribe-Post", []byte("list-unsubscribe-pOst"))
	f.Add("\u212aey", []byte("key"))
	f.Add("", []byte{})
	f.Fuzz(func(t *testing.T, a string, b []byte) {
		lowerASCII := func(s []byte) []byte {
			s = bytes.Clone(s)
			for i, c := range s {
				if 'A' <= c && c <= 'Z' {
					s[i] = c - 'A' + 'a'
				}
			}
			return s
		}
		same := bytes.Equal(lowerASCII([]byte(a)), lowerASCII(b))
		ka, kb := KeyOf(a), KeyOf(b)
		if Equal(a, b) != same || Match(ka, a, kb, b) != same {
			t.Fatalf("%q and %q: Equal %v, Match %v, want %v", a, b, Equal(a, b), Match(ka, a, kb, b), same)
		}
		if seed := NewSeed(); same && Hash(seed, ka, a) != Hash(seed, kb, b) {
			t.Fatalf("%q and %q have two hashes", a, b)
		}
		if l := string(lowerASCII([]byte(a))); !Match(ka, a, KeyOf(l), l) {
			t.Fatalf("%q does not match %q", a, l)
		}
	})
}
