package headerhash

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/canon"
)

// What an Index writes for a signature does not depend on those before it, of the
// same header or of another: it is what a new Index writes.
func TestWriteAgain(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 7))
	names := []string{"From", "To", "DKIM-Signature", "dkim-signature", "X"}
	lists := [][]string{{"from"}, {"From", "To"}, {"from", "to"}, {"To", "From"}, {"From", "X", "X"}, {"DKIM-Signature", "From"}, {"from", "dkim-signature", "dkim-signature"}, {}, nil}
	var x Index
	reused := 0
	for range 2000 {
		var fields strings.Builder
		n := 1 + rng.IntN(6)
		for i := range n {
			fields.WriteString(names[rng.IntN(len(names))] + ": " + strings.Repeat(string(rune('a'+i)), 1+rng.IntN(1500)) + "\r\n")
		}
		h := header(t, fields.String())
		x.Reset(h)
		for range 8 {
			sig := Signature{canon.Relaxed, lists[rng.IntN(len(lists))], rng.IntN(n+1) - 1, []byte("DKIM-Signature: b=")}
			if rng.IntN(4) == 0 {
				sig.Canon = canon.Simple
			}
			if x.fits(sig) {
				reused++
			}
			var fresh Index
			fresh.Reset(h)
			var got, want strings.Builder
			x.Write(&got, sig, nil)
			fresh.Write(&want, sig, nil)
			if got.String() != want.String() {
				t.Fatalf("%q of %q, self %d, again: %q, want %q", sig.Fields, fields.String(), sig.Self, got.String(), want.String())
			}
		}
	}
	if reused < 100 {
		t.Errorf("%d times something was kept", reused)
	}
}

// One field is canonicalized once for many signatures that choose it, whatever
// its size is, and a header with one signature keeps nothing.
func TestKeep(t *testing.T) {
	for fields, want := range map[string]bool{
		"DKIM-Signature: a\r\nFrom: b\r\n":                                                      false,
		"DKIM-Signature: a\r\ndkim-signature: c\r\nFrom: b\r\n":                                 true,
		"DKIM-Signature: a\r\nDKIM-Signature: c\r\nFrom: " + strings.Repeat("b", 5000) + "\r\n": false,
	} {
		var x Index
		x.Reset(header(t, fields))
		x.Write(new(strings.Builder), Signature{canon.Relaxed, []string{"from"}, 0, nil}, nil)
		next := Signature{canon.Relaxed, []string{"from"}, 1, nil}
		if got := x.fits(next); got != want {
			t.Errorf("%.60q: kept %v, want %v", fields, got, want)
		}
		if x.Forget(); x.fits(next) {
			t.Errorf("%.60q: kept when the header is forgotten", fields)
		}
	}
}
