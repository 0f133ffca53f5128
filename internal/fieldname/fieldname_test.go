package fieldname

import (
	"fmt"
	"strings"
	"testing"
)

// Names of any length are one name if they differ in the case of ASCII letters
// alone, whichever octet of them it is, and one name has one hash (6376-5.4.2-g).
func TestNames(t *testing.T) {
	seed := NewSeed()
	for n := 1; n <= 40; n++ {
		for _, octet := range []byte("xX@`[{-\x00\xc1") {
			name := strings.Repeat("n", n)
			for i := range n {
				a := name[:i] + string([]byte{octet}) + name[i+1:]
				for c := range 256 {
					b := []byte(name[:i] + string([]byte{byte(c)}) + name[i+1:])
					want := octet == byte(c) || (octet|0x20 == 'x') && (c|0x20 == 'x')
					ka, kb := KeyOf(a), KeyOf(b)
					if Equal(a, b) != want || Match(ka, a, kb, b) != want {
						t.Fatalf("%q and %q: Equal %v, Match %v, want %v", a, b, Equal(a, b), Match(ka, a, kb, b), want)
					}
					if same := Hash(seed, ka, a) == Hash(seed, kb, b); same != want {
						t.Fatalf("%q and %q: one hash: %v", a, b, same)
					}
				}
			}
		}
	}
}

// Names of different lengths are different, also those of the same letters.
func TestLengths(t *testing.T) {
	seed := NewSeed()
	for n := range 40 {
		for m := range 40 {
			a, b := strings.Repeat("a", n), strings.Repeat("A", m)
			ka, kb := KeyOf(a), KeyOf(b)
			if want := n == m; Equal(a, b) != want || Match(ka, a, kb, b) != want || (Hash(seed, ka, a) == Hash(seed, kb, b)) != want {
				t.Errorf("%d and %d octets: Equal %v, Match %v", n, m, Equal(a, b), Match(ka, a, kb, b))
			}
		}
	}
}

// Any case of all letters, in names of letters alone.
func TestLetters(t *testing.T) {
	const all = "abcdefghijklmnopqrstuvwxyz"
	for n := range len(all) + 1 {
		if a, b := all[:n], strings.ToUpper(all[len(all)-n:]); !Match(KeyOf(a), a, KeyOf(strings.ToUpper(a)), strings.ToUpper(a)) ||
			!Match(KeyOf(b), b, KeyOf(strings.ToLower(b)), strings.ToLower(b)) {
			t.Errorf("%q or %q is not itself in another case", a, b)
		}
	}
}

// Names that share their ends, or all but their ends, spread over the buckets of
// a table: of 1,000 names in 16,000 buckets most are alone.
func TestSpread(t *testing.T) {
	const n, buckets = 1000, 1 << 14
	for _, format := range []string{"%04x", "aaaaaaaa%04xaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaa%04xaaaaaaaaaa", "%04xaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaa%04x"} {
		seed := NewSeed()
		used := map[uint64]bool{}
		for i := range n {
			name := fmt.Sprintf(format, i)
			used[Hash(seed, KeyOf(name), name)%buckets] = true
		}
		if len(used) < n*9/10 {
			t.Errorf("%s: %d names in %d buckets", format, n, len(used))
		}
	}
}

// Names whose last words differ by what their lengths do: the one does not make
// up for the other.
func TestHashLengths(t *testing.T) {
	for _, names := range [][2]string{
		{strings.Repeat("a", 17), strings.Repeat("a", 16) + string(rune('a'^17^24)) + "aaaaaaa"},
		{"aaaaaaaa", "aaaaaaaa" + string(rune('a'^8^16)) + "aaaaaaa"},
	} {
		seed := NewSeed()
		if a, b := names[0], names[1]; Hash(seed, KeyOf(a), a) == Hash(seed, KeyOf(b), b) {
			t.Errorf("%q and %q have one hash", a, b)
		}
	}
}

// Each seed gives hashes of its own.
func TestSeeds(t *testing.T) {
	hashes := map[uint64]bool{}
	for range 100 {
		hashes[Hash(NewSeed(), KeyOf("From"), "From")] = true
	}
	if len(hashes) < 100 {
		t.Errorf("100 seeds, %d hashes", len(hashes))
	}
}
