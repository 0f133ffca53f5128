package keyrecord

import (
	"strings"
	"testing"

	"github.com/waxseal/waxseal/internal/dkimtest"
)

// TestCorpus parses the key records of the corpus. One source has records whose
// p= is no base64, since it does not look at p=; they get a key here.
func TestCorpus(t *testing.T) {
	good, err := New(dkimtest.RSA(1024).Public())
	if err != nil {
		t.Fatal(err)
	}
	key := strings.TrimPrefix(good.String(), "v=DKIM1; p=")

	// These parse, against the word of the source.
	parse := map[string]struct {
		why string
		is  func(*Record) bool
	}{
		"james-jdkim/keyrecord-6":       {"a revoked key is a record (RFC 6376, section 3.6.1)", (*Record).Revoked},
		"james-jdkim/granularity-bad-0": {"g= is unknown to RFC 6376, whatever it holds", hasGranularity(`*\+test`)},
		"james-jdkim/granularity-bad-1": {"g= is unknown to RFC 6376, whatever it holds", hasGranularity("*test*")},
	}
	for _, c := range dkimtest.Corpus(t, "keyrecord") {
		record := c.Record
		for _, filler := range []string{"p=XXXXXXXX=", "p=XXXXXX="} {
			if strings.Contains(record, filler) {
				if _, err := Parse(record); err == nil {
					t.Errorf("%s: %q is base64", c.Name(), filler)
				}
				record = strings.Replace(record, filler, "p="+key, 1)
			}
		}
		r, err := Parse(record)
		if c.Granularity != nil { // what matches it is of no use any more
			if want, ok := granularity(record); err != nil || ok != (r.Granularity != nil) || ok && *r.Granularity != want {
				t.Errorf("%s: %v, %v; want g=%q, %t", c.Name(), r, err, want, ok)
			}
			continue
		}
		if rule, ok := parse[c.Name()]; ok {
			delete(parse, c.Name())
			if err != nil || !rule.is(r) || c.ExpectRecord != "permerror" {
				t.Errorf("%s: %v, %v; want it to parse: %s", c.Name(), r, err, rule.why)
			}
		} else if (err == nil) != (c.ExpectRecord == "ok") {
			t.Errorf("%s: Parse(%q) = %v, %v; want %s (%s)", c.Name(), record, r, err, c.ExpectRecord, c.Note)
		}
	}
	for name := range parse {
		t.Errorf("there is no case %s", name)
	}
}

func hasGranularity(g string) func(*Record) bool {
	return func(r *Record) bool { return r.Granularity != nil && *r.Granularity == g }
}

// granularity returns the value of g= in a record as the corpus has them.
func granularity(record string) (value string, ok bool) {
	for tag := range strings.SplitSeq(record, "; ") {
		if value, ok := strings.CutPrefix(tag, "g="); ok {
			return value, true
		}
	}
	return "", false
}
