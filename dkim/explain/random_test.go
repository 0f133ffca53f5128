package explain_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/explain"
)

// race is set where the race detector runs.
var race bool

const tiny = `From: joe@example.org
To: suzie@example.net
Subject: dinner
Date: Wed, 4 Mar 2026 05:06:07 +0000
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Hi. 	Are you
.. hungry?
From Joe

`

// outside are the causes that lie in the signer, the key or the clock: none of
// them can be proved of a message that was signed well and then damaged.
var outside = []explain.Cause{explain.FinalCRLF, explain.SignatureSpacing, explain.Undigested, explain.KeyMismatch, explain.KeyRecord, explain.KeyType,
	explain.KeyTruncated, explain.KeyMissing, explain.KeyRevoked, explain.KeyRefused, explain.Expired, explain.Future}

// TestNoFalseProof: of 10,000 messages, undamaged or broken at random, nothing is
// proved that is not so. What is proved passes dkim.Verify, which knows nothing
// of the search, once it is undone.
func TestNoFalseProof(t *testing.T) {
	messages := 10_000
	if race || testing.Short() {
		messages /= 20
	}
	r := rand.New(rand.NewPCG(6376, 8463))
	var signed []string
	for _, c := range []string{ss, rr, "simple/relaxed", "relaxed/simple"} {
		for _, ed := range []bool{false, true} {
			s := newSigner(c, ed)
			signed = append(signed, string(sign(t, s, tiny)))
			s.BodyLength, s.CopyHeaders = true, !ed
			signed = append(signed, string(sign(t, s, tiny)))
		}
	}
	o := &explain.Options{Verifier: verifier(zone()), Budget: explain.Work{Octets: 40 << 10, Checks: 4}}
	passed, proved, open := 0, 0, 0
	for range messages {
		raw := signed[r.IntN(len(signed))]
		whole := r.IntN(8) == 0
		if !whole {
			for range 1 + r.IntN(2) {
				raw = broken(r, raw)
			}
		}
		reports, err := explain.Explain(context.Background(), []byte(raw), o)
		if err != nil {
			if whole || !errors.Is(err, dkim.ErrHeader) && !errors.Is(err, dkim.ErrLineEnding) {
				t.Fatalf("%v\n%q", err, raw)
			}
			continue
		}
		for i, report := range reports {
			if whole && (len(report.Findings) != 0 || report.Result.Status != dkim.Pass) {
				t.Fatalf("an undamaged message:\n%s%q", report, raw)
			}
			switch {
			case report.Result.Status == dkim.Pass:
				passed++
			case report.Proved():
				proved++
			default:
				open++
			}
			checkProof(t, report, i, raw)
		}
	}
	t.Logf("%d pass, %d proved, %d open", passed, proved, open)
	if passed == 0 || proved == 0 || open == 0 {
		t.Error("one kind of message was never made")
	}
}

// broken breaks a message somewhere.
func broken(r *rand.Rand, s string) string {
	at := r.IntN(len(s))
	n := 1 + r.IntN(min(12, len(s)-at))
	switch r.IntN(6) {
	case 0: // another octet
		return s[:at] + string([]byte{byte(r.IntN(256))}) + s[at+1:]
	case 1: // one that a relay may write
		return s[:at] + string(" \t\r\n.>="[r.IntN(7)]) + s[at:]
	case 2: // octets lost
		return s[:at] + s[at+n:]
	case 3: // octets doubled
		return s[:at+n] + s[at:]
	case 4: // a line lost
		lines := strings.SplitAfter(s, "\r\n")
		k := r.IntN(len(lines))
		return strings.Join(append(lines[:k:k], lines[k+1:]...), "")
	default: // two lines swapped
		lines := strings.SplitAfter(s, "\r\n")
		a, b := r.IntN(len(lines)), r.IntN(len(lines))
		lines[a], lines[b] = lines[b], lines[a]
		return strings.Join(lines, "")
	}
}

// checkProof checks that the proofs of report i of a message are good.
func checkProof(t *testing.T, report *explain.Report, i int, raw string) {
	t.Helper()
	header, body := false, false // something is proved of it
	for _, f := range report.Findings {
		header, body = header || f.Proof.Signature, body || f.Proof.BodyHash
		for _, cause := range outside {
			if f.Cause == cause && f.Proof.Proved() {
				t.Errorf("%s is proved, and it is not so:\n%s%q", cause, report, raw)
			}
		}
	}
	if report.Result.Status == dkim.Pass && len(report.Findings) != 0 || report.Result.Status != dkim.Pass && len(report.Findings) == 0 {
		t.Errorf("%s with %d findings:\n%s%q", report.Result.Status, len(report.Findings), report, raw)
	}
	if !header && !body {
		return
	}
	for _, f := range report.Findings {
		if f.Cause == explain.OtherCanon {
			return // c= was broken: the signature says another canonicalization than was used
		}
	}
	text := report.Repaired()
	if text == nil {
		text = []byte(raw)
	}
	v := verifier(zone())
	v.PartialBody = true
	results, err := dkim.Verify(context.Background(), bytes.NewReader(text), v)
	if err != nil || i >= len(results) {
		t.Errorf("repaired: %d results, %v\n%s%q", len(results), err, report, raw)
		return
	}
	got := results[i]
	if header && errors.Is(got.Err, dkim.ErrSignature) || report.Proved() && got.Status != dkim.Pass {
		t.Errorf("repaired: %s, %v\n%s%q\n%q", got.Status, got.Err, report, raw, text)
	}
	if body && !header && report.Header == explain.Intact && errors.Is(got.Err, dkim.ErrBodyHash) {
		t.Errorf("repaired: %s, %v\n%s%q\n%q", got.Status, got.Err, report, raw, text)
	}
}
