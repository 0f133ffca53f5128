package canon

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// slowRelax is what relax does, octet by octet.
func slowRelax(b []byte) []byte {
	var out []byte
	for i, c := range b {
		if isWSP(c) {
			if rest := b[i+1:]; isWSP(rest[0]) || bytes.HasPrefix(rest, []byte("\r\n")) {
				continue
			}
			c = ' '
		}
		out = append(out, c)
	}
	return out
}

// checkRelax checks relax, and the steps that it may be in when it comes to b.
func checkRelax(t *testing.T, b []byte) {
	t.Helper()
	dst := make([]byte, len(b)+spare) // and no more
	want := slowRelax(b)
	if got := dst[:relax(dst, b)]; !bytes.Equal(got, want) {
		t.Fatalf("relax(%q) = %q, want %q", b, got, want)
	}
	for name, clean := range map[string]func(dst, b []byte) int{"copyASCII": copyASCII, "copyClean": copyClean} {
		clear(dst)
		k := clean(dst, b)
		if !bytes.Equal(dst[:k], b[:k]) || !bytes.HasPrefix(want, b[:k]) {
			t.Fatalf("%s(%q) = %d, and copied %q; the canonical form is %q", name, b, k, dst[:k], want)
		}
		if k > 0 && k < len(b) && isWSP(b[k-1]) && isWSP(b[k]) {
			t.Fatalf("%s(%q) = %d, within white space", name, b, k)
		}
	}
}

// specials need work, or look as if they did.
var specials = []string{
	" ", "  ", "\t", " \t", "\t ", " \r\n", "\t\r\n", " \r", "\r\n ", "\r\n\t", " \n", "! !", " !  ", "\x08", " \x01", "\xa0", " \xe2", "\x89\t",
	strings.Repeat(" ", 9), strings.Repeat("\t", 33), strings.Repeat(" ", 40) + "\t\t \r\n",
	strings.Repeat(" \t", 13), strings.Repeat("\t ", 9) + "\r\n",
}

// One special at every offset of bodies that are longer and shorter than each
// step, in text of each kind; and two in a body of some steps.
func TestRelaxOffsets(t *testing.T) {
	step := 1
	if raceEnabled || testing.Short() {
		step = 7
	}
	for _, fill := range []string{"x", "\xd0", "x ", "\xd0 "} {
		for n := 0; n < 110; n += step {
			text := strings.Repeat(fill, n/len(fill)+1)[:n] + "."
			for at := range n {
				for _, s := range specials {
					checkRelax(t, []byte("."+text[:at]+s+text[at:]))
				}
			}
		}
	}
	if step > 1 {
		return
	}
	text := strings.Repeat("x", 70) + "."
	for first := range 70 {
		for second := first; second < 70; second++ {
			for _, s := range specials {
				for _, s2 := range specials {
					checkRelax(t, []byte("."+text[:first]+s+text[first:second]+s2+text[second:]))
				}
			}
		}
	}
}

// Any two octets, beside each other and with one between them, in the first and
// the last place of a word: borrows go from one to the other.
func TestRelaxPairs(t *testing.T) {
	step := 1
	if raceEnabled || testing.Short() {
		step = 7
	}
	b := bytes.Repeat([]byte("x"), 60)
	for c := 0; c < 256; c += step {
		for d := range 256 {
			for _, at := range []int{8, 15, 32, 56, 58} {
				for gap := 1; gap <= 2 && at+gap < len(b)-1; gap++ {
					b[at], b[at+gap] = byte(c), byte(d)
					b[at-1] = ' '
					checkRelax(t, b)
					b[at-1] = 'x'
					checkRelax(t, b)
					b[at], b[at+gap] = 'x', 'x'
				}
			}
		}
	}
}

// White space among control characters, and among any octets: dense enough for
// compact, and not.
func TestRelaxRandom(t *testing.T) {
	rounds := 30_000
	if raceEnabled || testing.Short() {
		rounds = 1000
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range rounds {
		b := make([]byte, 2+r.IntN(500))
		below, dense := 1<<r.IntN(9), r.IntN(16)
		for i := range b {
			if b[i] = byte(r.IntN(below)); r.IntN(16) < dense {
				b[i] = " \t\r\n"[r.IntN(4)]
			}
		}
		b[0], b[len(b)-1] = '.', '.'
		checkRelax(t, b)
	}
}

// checkCompact checks compact for the first 16 octets of b. What it leaves to be
// read stands for the run that it stopped in.
func checkCompact(t *testing.T, b []byte) {
	t.Helper()
	dst := make([]byte, len(b)+spare)
	read, written := compact(dst, b, 16)
	if read != 16 {
		t.Fatalf("compact(%q) reads %d octets", b, read)
	}
	if got, want := slices.Concat(dst[:written], slowRelax(b[read:])), slowRelax(b); !bytes.Equal(got, want) {
		t.Fatalf("compact(%q) = %q", b, dst[:written])
	}
}

// compact, with every short string across the border of two words, and with any
// two octets behind white space.
func TestCompact(t *testing.T) {
	n := 7
	if raceEnabled || testing.Short() {
		n = 5
	}
	each("a \t\r\n", n, func(s string) {
		for at := range 9 {
			checkCompact(t, []byte(strings.Repeat("x", at)+s+strings.Repeat("x", 40)))
		}
	})
	for c := range 256 {
		for d := range 256 {
			for at := 5; at < 8; at++ {
				b := bytes.Repeat([]byte("x"), 40)
				b[at], b[at+1], b[at+2] = ' ', byte(c), byte(d)
				checkCompact(t, b)
			}
		}
	}
}
