package authres

import (
	"strings"
	"testing"
)

// Written wrongly: what a sender chose came out as a result of its own.
func TestHazardForgedResults(t *testing.T) {
	for what, r := range map[string]Result{
		`reason="x; spf=pass"`:                     {Method: "dkim", Value: "fail", Reason: "x; spf=pass"},
		"(see; dmarc=pass)":                        {Method: "dkim", Value: "fail", Comment: "see; dmarc=pass"},
		"a folded d= wrote a forged line":          {Method: "dkim", Value: "fail", Props: []Prop{{"header", "d", "a.example\r\n dmarc=pass"}}},
		"CR and LF raw in a reason":                {Method: "dkim", Value: "fail", Reason: "x\r\nAuthentication-Results: mx; dmarc=pass"},
		`\ and " not escaped in a reason`:          {Method: "dkim", Value: "fail", Reason: `x\"; dmarc=pass`},
		`\ and ) not escaped in a comment`:         {Method: "dkim", Value: "fail", Comment: `x\); dmarc=pass (`},
		"/ and = not quoted in header.b":           {Method: "dkim", Value: "fail", Props: []Prop{{"header", "b", "a/b=;dmarc=pass"}}},
		"a quote that is not closed in header.i":   {Method: "dkim", Value: "fail", Props: []Prop{{"header", "i", `"@a.example; dmarc=pass`}}},
		"a NUL, and other controls":                {Method: "dkim", Value: "fail", Reason: "x\x00\x1b;dmarc=pass"},
		"a comment inside a value":                 {Method: "dkim", Value: "fail", Props: []Prop{{"header", "s", "s1 (x) dmarc=pass"}}},
		"a line separator of Unicode in a comment": {Method: "dkim", Value: "fail", Comment: "x\u2028dmarc=pass"},
	} {
		text := (&Field{ID: "mx.example.net", Results: []Result{r}}).String()
		for line := range strings.SplitSeq(strings.TrimSuffix(text, "\r\n"), "\r\n") {
			if !strings.HasPrefix(line, "Authentication-Results: ") && !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "\t") {
				t.Errorf("%s: a line of its own: %q", what, line)
			}
		}
		if strings.ContainsAny(strings.ReplaceAll(text, "\r\n", ""), "\r\n\x00\x1b\u2028") {
			t.Errorf("%s: controls in %q", what, text)
		}
		f, err := Parse(text)
		if err != nil || len(f.Results) != 1 || f.Results[0].Method != "dkim" || f.Results[0].Value != "fail" || len(f.Results[0].Props) != len(r.Props) {
			t.Errorf("%s: %q is parsed as %+v, %v", what, text, f, err)
		}
	}
	// The parser does not see results inside of quotes and comments either.
	for _, text := range []string{
		`mx; dkim=fail reason="x; spf=pass"`, `mx; dkim=fail (see; dmarc=pass)`, `mx; dkim=fail (a (b; c=d) \) ; e=f)`, `mx; dkim=fail header.b="a/b=; spf=pass"`,
	} {
		if f, err := Parse("Authentication-Results: " + text); err != nil || len(f.Results) != 1 {
			t.Errorf("%s: %+v, %v", text, f, err)
		}
	}
}
