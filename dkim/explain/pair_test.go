package explain_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/explain"
)

// TestPairs: 200 random pairs of damages to one message are told apart, each
// with proof.
func TestPairs(t *testing.T) {
	const pairs = 200
	r := rand.New(rand.NewPCG(10, 2026))
	for n := 0; n < pairs; {
		a, b := damages[r.IntN(len(damages))], damages[r.IntN(len(damages))]
		if strings.HasSuffix(a.name, "everywhere") {
			a, b = b, a // what changes all line ends comes last
		}
		if a.cause == b.cause || apart(a, b) || apart(b, a) || a.text != b.text || a.canon != b.canon {
			continue
		}
		raw := string(sign(t, newSigner(a.canon, false), a.text))
		once := a.hurt(raw)
		hurt := b.hurt(once)
		if hurt == once || hurt == b.hurt(raw) {
			continue // one did not leave to the other what it damages
		}
		n++
		report := explainOne(t, []byte(hurt), &explain.Options{Verifier: verifier(zone())})
		got := causes(report)
		for _, cause := range []explain.Cause{a.cause, b.cause} {
			if !slices.Contains(got, cause) {
				t.Errorf("%s, then %s: %q\n%s", a.name, b.name, got, report)
			}
		}
		if !report.Proved() {
			t.Errorf("%s, then %s: not proved:\n%s", a.name, b.name, report)
		} else if s := status(t, report.Repaired(), verifier(zone())); s != dkim.Pass {
			t.Errorf("%s, then %s: repaired: %s", a.name, b.name, s)
		}
	}
}

// apart reports whether two damages are not tried together: nobody encodes a
// multipart as a whole, and a lost dot and a banner leave no trace, each of which
// takes a search of all lines, so that both would take its square.
func apart(a, b damage) bool {
	return a.cause == explain.Wrapped && b.cause == explain.Reencoded || a.name == "a dot lost" && b.cause == explain.Banner
}
