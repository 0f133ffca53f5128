package fieldname

import (
	"fmt"
	"math/rand/v2"
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

// Names that a counter makes fill a table as names at random do, whatever the
// seed is: in one that is half full, a name is found in 1.5 steps.
func TestSpread(t *testing.T) {
	const n, slots = 1000, 1 << 11
	rng := rand.New(rand.NewPCG(1, 2))
	for _, format := range []string{"%04x", "X-%d", "aaaaaaaa%04xaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaa%04xaaaaaaaaaa", "%04xaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaa%04x", "x%013b"} {
		names := make([]string, n)
		for i := range names {
			names[i] = fmt.Sprintf(format, i)
		}
		for range 1000 {
			seed := Seed{rng.Uint64(), rng.Uint64()}
			var used [slots]bool
			steps := 0
			for _, name := range names {
				at := Hash(seed, KeyOf(name), name) % slots
				for steps++; used[at]; steps++ {
					at = (at + 1) % slots
				}
				used[at] = true
			}
			if steps > 3*n {
				t.Fatalf("%s, seed %x: %d steps for %d names", format, seed, steps, n)
			}
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
