package domainkeys

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/internal/dkimtest"
)

// TestCorpusVerify verifies the DomainKeys messages of the corpus with the
// settings for archives. Its words are those of Mail::DKIM, with permerror for
// "invalid".
func TestCorpusVerify(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0")
	// Where RFC 4870 says another thing, and by which rule.
	rules := map[string]struct {
		status Status
		why    string
	}{
		"good_dk_2.dk":    {BadFormat, "4870-3.3-b: no q=, which must be present; bad_dk_3.dk has none either, and is invalid"},
		"dk_headers_2.dk": {Bad, "4870-3.1-a: Sender cannot be parsed, and the message shall fail"},
	}
	for _, c := range dkimtest.Corpus(t, "domainkeys-verify") {
		m := c.Message(t)
		v := &Verifier{Resolver: c.Resolver(), MinRSABits: 512}
		want := Good
		for _, e := range c.Expect {
			if *e == "permerror" {
				want = BadFormat
			}
		}
		if rule, ok := rules[c.ID]; ok {
			if want == rule.status {
				t.Errorf("%s: the rule %q is not needed", c.Name(), rule.why)
			}
			want = rule.status
		}
		strict, err := Verify(t.Context(), bytes.NewReader(m), v)
		if err != nil {
			t.Errorf("%s: %v", c.Name(), err)
			continue
		}
		loose := *v
		loose.Reordered, loose.Wildcards = true, true
		r, err := Verify(t.Context(), bytes.NewReader(m), &loose)
		if err != nil || r.Status != want {
			t.Errorf("%s: %q, %v, want %q; %s", c.Name(), r.Status, r.Err, want, c.Note)
		}
		// Without the two options, what needs them is Bad.
		switch c.ID {
		case "dk_headers_1.dk": // the fields are in another order than h=
			want = Bad
		case "good_dk_3.dk", "good_dk_4.dk": // g=jl*g
			want = Bad
		}
		if strict.Status != want {
			t.Errorf("%s, by the letter: %q, %v, want %q", c.Name(), strict.Status, strict.Err, want)
		}
	}
}

// TestCorpusSign makes the signatures that Mail::DKIM made.
func TestCorpusSign(t *testing.T) {
	for _, c := range dkimtest.Corpus(t, "domainkeys-sign") {
		var extra struct {
			Prefix string `json:"expect_sign_b_prefix"`
			Sign   struct{ Headers string }
		}
		c.Decode(t, &extra)
		key, err := dkim.ParseKey([]byte(c.Sign.PEM()))
		if err != nil {
			t.Fatal(err)
		}
		canon, ok := parseCanon(c.Sign.Canon)
		if !ok {
			t.Fatalf("%s: canon %q", c.Name(), c.Sign.Canon)
		}
		s := &Signer{Domain: c.Sign.Domain, Selector: c.Sign.Selector, Key: key, Canon: canon}
		if extra.Sign.Headers == "*" {
			s.Fields = []string{"from", "subject"} // of the fields there Mail::DKIM takes these
		}
		sig, err := Sign(t.Context(), bytes.NewReader(c.Message(t)), s)
		if err != nil {
			t.Errorf("%s: %v", c.Name(), err)
			continue
		}
		if b := base64.StdEncoding.EncodeToString(sig.Value); !strings.HasPrefix(b, extra.Prefix) || extra.Prefix == "" {
			t.Errorf("%s: b=%s, want %s...", c.Name(), b, extra.Prefix)
		}
	}
}
