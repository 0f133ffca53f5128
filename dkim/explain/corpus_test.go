package explain_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/explain"
	"github.com/waxseal/waxseal/internal/dkimtest"
)

// TestCorpus explains the messages of the corpus that do not pass, and logs what
// is found. Every one has a cause, and what is proved passes dkim.Verify once it
// is undone.
func TestCorpus(t *testing.T) {
	proved, stated, partly, open := 0, 0, 0, 0
	for _, c := range dkimtest.Corpus(t, "dkim-verify") {
		raw := c.Message(t)
		at := corpusTime(c, raw)
		v := dkim.Verifier{Resolver: c.Resolver(), Time: func() time.Time { return at }}
		reports, err := explain.Explain(context.Background(), raw, &explain.Options{Verifier: &v})
		if err != nil {
			continue // no message
		}
		for i, r := range reports {
			if (r.Result.Status == dkim.Pass) != (len(r.Findings) == 0) {
				t.Errorf("%s: %s with %d findings", c.Name(), r.Result.Status, len(r.Findings))
			}
			if len(r.Findings) == 0 {
				continue
			}
			some, all := false, true
			var words []string
			for _, f := range r.Findings {
				word := string(f.Cause)
				switch {
				case f.Proof.Proved():
					word += "!"
					some = true
				case f.Proof.Stated:
				default:
					word += "?"
					all = false
				}
				words = append(words, word)
			}
			kind := ""
			switch {
			case r.Proved():
				kind, proved = "proved", proved+1
			case all:
				kind, stated = "stated", stated+1
			case some:
				kind, partly = "partly", partly+1
			default:
				kind, open = "open", open+1
			}
			t.Logf("%s %s #%d: %s", kind, c.Name(), i, strings.Join(words, " "))
			if text := r.Repaired(); text != nil && r.Proved() && !slices.ContainsFunc(r.Findings, signerFault) {
				v.PartialBody = true
				results, err := dkim.Verify(context.Background(), bytes.NewReader(text), &v)
				if err != nil || len(results) != len(reports) || results[i].Status != dkim.Pass {
					t.Errorf("%s: repaired: %v, %v\n%s", c.Name(), results, err, r)
				}
			}
		}
	}
	if proved < 220 {
		t.Errorf("%d are proved; it was 228", proved)
	}
	t.Logf("%d signatures do not pass: %d proved, %d stated, %d in part, %d open", proved+stated+partly+open, proved, stated, partly, open)
}

// signerFault reports whether a cause lies outside the message.
func signerFault(f explain.Finding) bool {
	switch f.Cause {
	case explain.SignatureSpacing, explain.OtherCanon, explain.FinalCRLF, explain.Undigested, explain.KeyMismatch, explain.KeyRecord, explain.KeyType, explain.KeyMissing,
		explain.KeyRevoked, explain.KeyTruncated, explain.KeyRefused, explain.Expired, explain.Future, explain.Refused, explain.LineEndings:
		return true
	}
	return false
}

// corpusTime returns when a message is verified, as package dkim has it: when
// its case says, else an hour after it was signed.
func corpusTime(c *dkimtest.Case, raw []byte) time.Time {
	made := time.Date(2026, time.November, 22, 6, 0, 0, 0, time.UTC)
	if c.Time != nil {
		return time.Unix(*c.Time, 0)
	}
	var newest time.Time
	sigs, _ := dkim.Signatures(bytes.NewReader(raw)) // an error is for Explain to tell
	for _, r := range sigs {
		if r.Signature.Time.After(newest) {
			newest = r.Signature.Time
		}
	}
	if newest.IsZero() || newest.After(made) {
		return made
	}
	return newest.Add(time.Hour)
}
