package explain_test

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/explain"
)

// What is written for comparison has the hashes of the signature, where the
// message is as it was signed.
func TestWriters(t *testing.T) {
	for _, c := range []string{ss, rr} {
		for _, l := range []bool{false, true} {
			s := newSigner(c, false)
			s.BodyLength = l
			raw := string(sign(t, s, plain))
			if l {
				raw += footer
			}
			v := verifier(zone())
			v.PartialBody = true
			r := explainOne(t, []byte(raw), &explain.Options{Verifier: v})
			var header, body bytes.Buffer
			if err := r.WriteHeader(&header); err != nil {
				t.Fatal(err)
			}
			if err := r.WriteBody(&body); err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(body.Bytes())
			if !bytes.Equal(sum[:], r.Result.Signature.BodyHash) || !bytes.Equal(sum[:], r.Hashes.Body) {
				t.Errorf("%s, l= %v: body hash %x, of\n%q", c, l, sum, body.String())
			}
			if got := canonicalBodyOf(raw, c); r.Hashes.BodyOctets != int64(len(got)) {
				t.Errorf("%d octets of body, want %d", r.Hashes.BodyOctets, len(got))
			}
			sum = sha256.Sum256(header.Bytes())
			if !bytes.Equal(sum[:], r.Hashes.Header) {
				t.Errorf("header hash %x, want %x", sum, r.Hashes.Header)
			}
			if !strings.HasSuffix(header.String(), "b=") || r.Result.Status != dkim.Pass {
				t.Errorf("%s\n%q", r, header.String())
			}
		}
	}
}

func canonicalBodyOf(raw, c string) string {
	_, body, _ := strings.Cut(raw, "\r\n\r\n")
	if c == ss {
		return simple(body)
	}
	return relaxed(body)
}

// An RSA signature tells which hash was signed, so that two implementations can
// be compared; and that the key made it.
func TestSignedHash(t *testing.T) {
	raw := string(sign(t, newSigner(rr, false), plain))
	good := explainOne(t, []byte(raw), &explain.Options{Verifier: verifier(zone())})
	r := explainOne(t, []byte(inHeader(replace("dinner", "supper"))(raw)), &explain.Options{Verifier: verifier(zone())})
	if !r.KeyFits || !bytes.Equal(r.Hashes.Signed, good.Hashes.Header) || bytes.Equal(r.Hashes.Header, good.Hashes.Header) {
		t.Errorf("fits %v\nsigned %x\nheader %x\nwas    %x", r.KeyFits, r.Hashes.Signed, r.Hashes.Header, good.Hashes.Header)
	}
	ed := explainOne(t, []byte(inHeader(replace("dinner", "supper"))(string(sign(t, newSigner(rr, true), plain)))), &explain.Options{Verifier: verifier(zone())})
	if ed.KeyFits || ed.Hashes.Signed != nil {
		t.Errorf("Ed25519: fits %v, signed %x", ed.KeyFits, ed.Hashes.Signed)
	}
}

// TestPlace: the place is that of the change, in the message as it was given.
func TestPlace(t *testing.T) {
	raw := string(sign(t, newSigner(rr, false), plain))
	for _, test := range []struct {
		name string
		hurt func(string) string
		want func(hurt string, f explain.Finding) bool
	}{
		{"a footer", func(s string) string { return s + footer }, func(hurt string, f explain.Finding) bool {
			span := f.Spans[0]
			return hurt[span.Offset:span.Offset+span.Length] == footer && f.Where.Field == "" && f.Where.Line == strings.Count(hurt[:span.Offset], "\n")+1
		}},
		{"a subject tag", replace("\nSubject: ", "\nSubject: [list] "), func(hurt string, f explain.Finding) bool {
			span := f.Spans[0]
			return f.Where.Field == "Subject" && strings.Trim(hurt[span.Offset:span.Offset+span.Length], " ") == "[list]" &&
				strings.HasPrefix(strings.TrimSpace(f.Where.Excerpt), "[list] Is dinner")
		}},
		{"a field added", func(s string) string { return strings.Replace(s, "\r\nTo:", "\r\nReply-To: x@example.com\r\nTo:", 1) }, func(hurt string, f explain.Finding) bool {
			span := f.Spans[0]
			return hurt[span.Offset:span.Offset+span.Length] == "Reply-To: x@example.com\r\n"
		}},
		{"LF and a subject tag", both(replace("\nSubject: ", "\nSubject: [list] "), replace("\r\n", "\n")), func(hurt string, f explain.Finding) bool {
			return f.Cause != explain.SubjectTag || f.Where.Field == "Subject" && f.Where.Line == strings.Count(hurt[:strings.Index(hurt, "[list]")], "\n")+1
		}},
	} {
		hurt := test.hurt(raw)
		r := explainOne(t, []byte(hurt), &explain.Options{Verifier: verifier(zone())})
		for _, f := range r.Findings {
			if len(f.Spans) == 0 || !test.want(hurt, f) {
				t.Errorf("%s: %+v\n%s", test.name, f, r)
			}
		}
	}
}

// TestHostileText: whatever a message holds, the text of a report has no control
// codes for a terminal, no HTML, and no octets that are not UTF-8.
func TestHostileText(t *testing.T) {
	evil := "\x1b[2J\x1b]0;owned\x07<script>alert(1)</script>&lt;\xff\xfe\u202e\u2066\u0085\x9b31m\b\x00"
	raw := string(sign(t, newSigner(rr, false), plain))
	hurt := []string{
		raw + evil + footer,
		strings.Replace(raw, "\nSubject: ", "\nSubject: "+evil+"] ", 1),
		strings.Replace(raw, "d=example.org", "d="+evil, 1),
		strings.Replace(raw, "s=r;", "s="+evil+";", 1),
		strings.Replace(raw, "v=1;", "v=1; "+evil+"=;", 1),
		strings.Replace(raw, "d=example.org", "d=<b>.example.org", 1),
		"From " + evil + "\r\n" + raw,
		strings.Replace(raw, "From:", "Fr"+evil+": x\r\nFrom:", 1),
	}
	z := zone()
	z["r._domainkey.example.org"] = []string{"v=DKIM1; p=" + evil, `v=DKIM1; k=` + evil + `; p=abcd`}
	for _, resolver := range []dkim.Verifier{{Resolver: zone(), Time: clock}, {Resolver: z, Time: clock}} {
		for _, text := range hurt {
			reports, err := explain.Explain(t.Context(), []byte(text), &explain.Options{Verifier: &resolver, Selectors: []string{"<i>"}})
			if err != nil {
				continue
			}
			for _, r := range reports {
				checkText(t, r.String(), "\n")
				for _, f := range r.Findings {
					checkText(t, f.Detail+f.Where.Excerpt+f.Where.Field+f.Advice+f.Proof.String(), "")
				}
			}
		}
	}
}

func checkText(t *testing.T, text, allowed string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("not UTF-8: %q", text)
	}
	for _, c := range text {
		if !unicode.IsPrint(c) && !strings.ContainsRune(allowed, c) || strings.ContainsRune("<>&", c) {
			t.Errorf("%q in %q", c, text)
		}
	}
}

// TestExcerpt: an excerpt is short, and keeps numbers and addresses to itself.
func TestExcerpt(t *testing.T) {
	raw := string(sign(t, newSigner(rr, false), plain)) + "Your code is 123456, joe.sixpack@example.org, and much more text follows here than is shown.\r\n"
	r := explainOne(t, []byte(raw), &explain.Options{Verifier: verifier(zone())})
	got := r.Findings[0].Where.Excerpt
	if want := "Your code is ######, ***********@example"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// The cause of each Finding has its word and its sentence.
func TestString(t *testing.T) {
	raw := append(sign(t, newSigner(rr, false), plain), footer...)
	r := explainOne(t, raw, &explain.Options{Verifier: verifier(zone())})
	text := r.String()
	for _, want := range []string{"fail: signature of example.org, selector r\n", "footer: ", "line ", "proved: with footer undone, bh= matches\n", "Stop the list"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for state, want := range map[explain.State]string{explain.Unchecked: "unchecked", explain.Intact: "intact", explain.Explained: "explained", explain.Open: "open"} {
		if state.String() != want {
			t.Errorf("%q", state.String())
		}
	}
	if r.Header != explain.Intact || r.Body != explain.Explained {
		t.Errorf("%v, %v", r.Header, r.Body)
	}
}
