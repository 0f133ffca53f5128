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
		if strings.HasSuffix(a.name, "everywhere") || a.cause == explain.MboxLine {
			a, b = b, a // what changes the message as a whole comes last
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

// apart reports whether two damages are not tried together.
func apart(a, b damage) bool {
	switch {
	case a.cause == explain.Wrapped && b.body || a.cause == explain.Wrapped && b.cause == explain.Reencoded:
		return true // what is done outside the part is undone with it, and nobody encodes a multipart as a whole
	case a.name == "a dot lost" && b.cause == explain.Banner:
		return true // no trace is left, and each takes a search of all lines: both take its square
	case a.name == "a footer in both parts" && b.name == "a banner in HTML":
		return true // likewise: three insertions
	case a.cause == explain.SignatureField && (b.body || b.cause == explain.Reencoded):
		return true // nothing is left that tells a good body
	case a.cause == explain.Reencoded && b.cause == explain.LineEndings:
		return true // decoding undoes both
	case a.cause == explain.SubjectTag && b.cause == explain.FieldDuplicated:
		return true // taking out the one that was changed undoes both
	case a.name == "another type of a field removed" && (b.cause == explain.Reencoded || b.cause == explain.Wrapped):
		return true // the field that they change is not there
	}
	return false
}
