package adsp

import (
	"errors"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		id, txt string
		want    Practice
	}{
		{"5617-4.2.1-b", "dkim=unknown", Unknown},
		{"5617-4.2.1-b", "dkim=all", All},
		{"5617-4.2.1-b", "dkim=discardable", Discardable},
		{"5617-4.2.1-b, another word", "dkim=except-mlist", Unknown},
		{"5617-4.2.1-a, white space", "dkim \t=  all ", All},
		{"5617-4.2.1-c", "dkim=all; t=s", All},
		{"5617-4.2.1-c, at its end", "dkim=discardable ; ", Discardable},
		{"5617-4.1-b, joined by the resolver", "dkim=" + "all", All},
		{"6651-4-a: its tags are ignored", "dkim=all; ra=dkim-adsp-errors; rr=u", All},
		{"RFC 5234: literals without case", "dkim=ALL", All},
	} {
		if got, err := Parse(tt.txt); err != nil || got != tt.want {
			t.Errorf("%s: Parse(%q) = %q, %v, want %q", tt.id, tt.txt, got, err, tt.want)
		}
	}
	for _, tt := range []struct{ id, txt string }{
		{"5617-4.1-a, a fold", "dkim=all\r\n ; x=y"},
		{"5617-4.1-a, a line break", "dkim=all\n"},
		{"5617-4.2.1-a, white space first", " dkim=all"},
		{"5617-4.2.1-a, upper case", "DKIM=all"},
		{"5617-4.2.1-a, not first", "x=1; dkim=all"},
		{"5617-4.2.1-a, a longer tag", "dkimx=all"},
		{"5617-4.2.1-b, empty", "dkim="},
		{"5617-4.2.1-b, no word", "dkim=all-"},
		{"5617-4.2.1-b, two words", "dkim=all unknown"},
		{"no =", "dkim"},
		{"a tag twice", "dkim=all; dkim=all"},
		{"an empty tag", "dkim=all;;"},
		{"nothing", ""},
		{"an SPF record", "v=spf1 -all"},
		{"too long", "dkim=all; x=" + strings.Repeat("a", maxRecord)},
	} {
		if got, err := Parse(tt.txt); got != None || !errors.Is(err, ErrSyntax) {
			t.Errorf("%s: Parse(%.40q) = %q, %v, want ErrSyntax", tt.id, tt.txt, got, err)
		}
	}
}

func TestPracticeEvaluate(t *testing.T) {
	for _, tt := range []struct {
		id       string
		practice Practice
		author   string
		signers  []string
		want     string
	}{
		{"5617-2.7-a", All, "bob@a.example", []string{"x.example", "A.EXAMPLE"}, "pass"},
		{"5617-2.7-a, a parent", All, "bob@a.example", []string{"example"}, "fail"},
		{"5617-2.7-a, a subdomain", All, "bob@a.example", []string{"x.a.example"}, "fail"},
		{"5617-3.2-a", None, "a.example", []string{"a.example"}, "pass"},
		{"5617-3.2-a", Unknown, "a.example", []string{"a.example"}, "pass"},
		{"5617-3.2-a", Discardable, "a.example", []string{"a.example"}, "pass"},
		{"5617-5.4-a", Unknown, "bob@a.example", nil, "unknown"},
		{"5617-5.4-a", All, "bob@a.example", nil, "fail"},
		{"5617-5.4-a", Discardable, "bob@a.example", nil, "discard"},
		{"5617-5.4-a", None, "bob@a.example", nil, "none"},
		{"systems 5.2: a third party does not do for RFC 5617", All, "bob@a.example", []string{"b.example"}, "fail"},
		{"5617-6541-a: a delegation counts as the author's signature", All, "bob@a.example", []string{"b.example", "a.example"}, "pass"},
		{"another value is as unknown", "except-mlist", "bob@a.example", nil, "unknown"},
		{"no author", All, "", []string{""}, "fail"},
	} {
		if got := tt.practice.Evaluate(tt.author, tt.signers); got != tt.want {
			t.Errorf("%s: %q, author %q, signers %q: %q, want %q", tt.id, tt.practice, tt.author, tt.signers, got, tt.want)
		}
	}
}

func TestRecord(t *testing.T) {
	for p, want := range map[Practice]string{None: "", Unknown: "dkim=unknown", All: "dkim=all", Discardable: "dkim=discardable", "x; dkim=all": ""} {
		if got := p.Record(); got != want {
			t.Errorf("%q: Record() = %q, want %q", p, got, want)
		}
	}
}

// FuzzParse: what parses is one of the three, and its record parses to it.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"dkim=all", "dkim = discardable ;", "dkim=except-mlist; t=s", "dkim=all\r\n ;x=y", "DKIM=all", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, txt string) {
		p, err := Parse(txt)
		if err != nil {
			if p != None || !errors.Is(err, ErrSyntax) {
				t.Fatalf("%q: %q, %v", txt, p, err)
			}
			return
		}
		if again, err := Parse(p.Record()); p == None || err != nil || again != p {
			t.Fatalf("%q: %q, whose record %q is %q, %v", txt, p, p.Record(), again, err)
		}
	})
}
