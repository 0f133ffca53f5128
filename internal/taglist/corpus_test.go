package taglist

import (
	"errors"
	"testing"

	"github.com/waxseal/waxseal/internal/dkimtest"
)

// TestCorpus parses the tag lists of the corpus.
func TestCorpus(t *testing.T) {
	// These are malformed, against the word of the source.
	malformed := map[string]string{
		"james-jdkim/taglist-0":  "section 3.2: a tag-list has a tag-spec",
		"james-jdkim/taglist-19": "section 2.8: a fold is one CRLF, with white space after it",
	}
	for _, c := range dkimtest.Corpus(t, "taglist") {
		list, err := Parse(c.TagList)
		if why, ok := malformed[c.Name()]; ok {
			delete(malformed, c.Name())
			if !errors.Is(err, ErrSyntax) || !c.ExpectValid {
				t.Errorf("%s: Parse(%q) = %v, %v; want a syntax error: %s", c.Name(), c.TagList, list, err, why)
			}
			continue
		}
		if (err == nil) != c.ExpectValid {
			t.Errorf("%s: Parse(%q) = %v, %v; want valid=%t", c.Name(), c.TagList, list, err, c.ExpectValid)
		}
		for name, want := range c.ExpectTags {
			if got, ok := list.Get(name); !ok || got != want {
				t.Errorf("%s: %s= is %q, %t; want %q", c.Name(), name, got, ok, want)
			}
		}
	}
	for name := range malformed {
		t.Errorf("there is no case %s", name)
	}
}
