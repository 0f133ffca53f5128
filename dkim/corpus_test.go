package dkim

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/waxseal/waxseal/internal/dkimtest"
)

// TestCorpus verifies all messages of the corpus, with the strict defaults and
// with the settings for archives, and compares the results with what the source
// of each says, or, where it says nothing, with what most other verifiers say.
// What differs must be explained by a rule of corpusRules, and each rule, and
// each case that one names, must be needed.
func TestCorpus(t *testing.T) {
	cases := dkimtest.Corpus(t, "dkim-verify")
	used := map[string]bool{}
	for _, settings := range []string{"strict", "archive"} {
		if settings == "archive" {
			t.Setenv("GODEBUG", "rsa1024min=0") // what MinRSABits wants of a program
		}
		agree, byRule := 0, map[string]int{}
		for _, c := range cases {
			differences := verifyCase(t, c, settings == "archive")
			if len(differences) == 0 {
				agree++
			}
			for _, d := range differences {
				rule := d.rule()
				if rule == nil {
					t.Errorf("%s: %s", settings, d)
					continue
				}
				used[rule.name] = true
				used[rule.name+" "+c.Name()] = true
				byRule[rule.name]++
			}
		}
		t.Logf("%s: %d messages, %d agree; signatures that differ, by rule:", settings, len(cases), agree)
		for _, name := range slices.Sorted(maps.Keys(byRule)) {
			t.Logf("%s: %4d %s", settings, byRule[name], name)
		}
	}
	for _, rule := range corpusRules {
		if !used[rule.name] {
			t.Errorf("rule %q explains nothing: remove it", rule.name)
		}
		for _, name := range rule.cases {
			if !used[rule.name+" "+name] {
				t.Errorf("rule %q is not needed for %s: remove it there", rule.name, name)
			}
		}
	}
}

// A difference is a result that is not the one that is wanted.
type difference struct {
	c       *dkimtest.Case
	archive bool
	err     error   // of the message
	want    string  // a result word, or several if r is nil
	peers   bool    // others want it, not the source
	got     string  // result words
	r       *Result // nil if the message as a whole differs
}

func (d *difference) String() string {
	who := "the source"
	if d.peers {
		who = "most peers"
	}
	err := d.err
	if d.r != nil {
		err = d.r.Err
	}
	return fmt.Sprintf("%s: %s, %v; %s: %s (%s) %v", d.c.Name(), d.got, err, who, d.want, d.c.Note, d.c.Peers)
}

// rule returns the rule that explains the difference, or nil.
func (d *difference) rule() *corpusRule {
	for i := range corpusRules {
		r := &corpusRules[i]
		if (r.cases == nil || slices.Contains(r.cases, d.c.Name())) && r.explains(d) {
			return r
		}
	}
	return nil
}

// verifyCase verifies the message of a case, whole and in pieces.
func verifyCase(t *testing.T, c *dkimtest.Case, archive bool) []*difference {
	msg := c.Message(t)
	now := caseTime(c, msg)
	v := &Verifier{Resolver: c.Resolver(), Time: func() time.Time { return now }}
	if archive {
		v.MinRSABits, v.AllowSHA1, v.PartialBody, v.UncoveredFrom = 512, true, true, true
	}
	results, err := Verify(context.Background(), bytes.NewReader(msg), v)
	w := NewVerifyWriter(context.Background(), v)
	for piece := range slices.Chunk(msg, 7) {
		w.Write(piece)
	}
	if again, againErr := w.Finish(); describe(results, err) != describe(again, againErr) {
		t.Errorf("%s: whole:\n%sin pieces:\n%s", c.Name(), describe(results, err), describe(again, againErr))
	}

	if err != nil || c.Expect != nil && len(c.Expect) != len(results) {
		if err != nil && len(c.Expect) == 0 {
			return nil // nothing wanted of a message that is none
		}
		var want []string
		for _, word := range c.Expect {
			if word == nil {
				word = new(string)
			}
			want = append(want, *word)
		}
		return []*difference{{c: c, archive: archive, err: err, want: fmt.Sprint(want), got: statuses(results)}}
	}
	var all []*difference
	for i, r := range results {
		d := &difference{c: c, archive: archive, got: string(r.Status), r: r}
		if c.Expect != nil && c.Expect[i] != nil {
			d.want = *c.Expect[i]
		} else {
			d.want, d.peers = c.PeerMajority(i, len(results)), true
		}
		if d.want != "" && permanent(d.want) != permanent(d.got) {
			all = append(all, d)
		}
	}
	return all
}

// permanent makes one word of neutral and permerror: RFC 6376 has only
// PERMFAIL, and the table of StatusOf says which of the two is meant.
func permanent(word string) string {
	if word == string(Neutral) {
		return string(PermError)
	}
	return word
}

// caseTime returns when a message is verified: when its case says, else an hour
// after it was signed, but not after the corpus was made; a message of a time
// to come is meant to be one.
func caseTime(c *dkimtest.Case, msg []byte) time.Time {
	made := time.Date(2026, time.November, 22, 6, 0, 0, 0, time.UTC)
	if c.Time != nil {
		return time.Unix(*c.Time, 0)
	}
	var newest time.Time
	sigs, _ := Signatures(bytes.NewReader(msg)) // an error is for Verify to tell
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
