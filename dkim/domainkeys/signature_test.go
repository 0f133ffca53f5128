package domainkeys

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/dkim"
)

// The example of section 3.3.
const rfcField = "DomainKey-Signature: a=rsa-sha1; s=brisbane; d=example.net;\r\n" +
	" c=simple; q=dns;\r\n" +
	" b=dzdVyOfAKCdLXdJOc9G2q8LoXSlEniSbav+yuU4zGeeruD00lszZ\r\n" +
	"   VoG4ZHRNiYzR;\r\n"

// with returns a good tag list with some tags replaced, added or, without "=",
// left out.
func with(tags ...string) string {
	good := []string{"a=rsa-sha1", "q=dns", "c=nofws", "s=s1", "d=example.org", "b=AAAA"}
	for _, tag := range tags {
		name, _, ok := strings.Cut(tag, "=")
		good = slices.DeleteFunc(good, func(s string) bool { return strings.HasPrefix(s, name+"=") })
		if ok {
			good = append(good, tag)
		}
	}
	return strings.Join(good, "; ")
}

func TestParseSignature(t *testing.T) {
	s, err := ParseSignature([]byte(rfcField))
	if err != nil || s.Canon != Simple || s.Domain != "example.net" || s.Selector != "brisbane" || s.Fields != nil || len(s.Value) != 48 || s.String() != rfcField {
		t.Errorf("section 3.3: %+v, %v", s, err)
	}
	if name, err := s.KeyName(); name != "brisbane._domainkey.example.net" || err != nil {
		t.Errorf("KeyName = %q, %v", name, err)
	}
	if name, value := s.Field(); name != fieldName || value != strings.TrimSuffix(strings.TrimPrefix(rfcField, fieldName+":"), "\r\n") {
		t.Errorf("Field = %q, %q", name, value)
	}
	for _, tt := range []struct {
		id, tags string
		want     error
	}{
		{"good", with(), nil},
		{"4870-A-a, an empty value, an unknown tag", with("n=", "x=a b = c"), nil},
		{"4870-A-a, white space around tokens", " " + strings.NewReplacer("=", " = ", ";", "\r\n\t;").Replace(with()) + " ;\r\n ", nil},
		{"4870-A-a, two letters", with("aa=1"), dkim.ErrSyntax},
		{"4870-A-a, an upper-case letter", with("A=1"), dkim.ErrSyntax},
		{"4870-A-a, a duplicate", with() + "; a=rsa-sha1", dkim.ErrSyntax},
		{"4870-A-a, beyond ASCII", with("n=ü"), dkim.ErrSyntax},
		{"4870-A-a, a control", with("n=\x01"), dkim.ErrSyntax},
		{"no =", with() + "; n", dkim.ErrSyntax},
		{"4870-3.3-a, no a=", with("a"), nil},
		{"4870-3.3-a, another", with("a=rsa-sha256"), dkim.ErrAlgorithm},
		{"4870-3.3-a, values are case-sensitive", with("a=RSA-SHA1"), dkim.ErrAlgorithm},
		{"4870-3.3-b, no b=", with("b"), dkim.ErrMissing},
		{"4870-3.3-b, no c=", with("c"), dkim.ErrMissing},
		{"4870-3.3-b, no d=", with("d"), dkim.ErrMissing},
		{"4870-3.3-b, no q=", with("q"), dkim.ErrMissing},
		{"4870-3.3-b, no s=", with("s"), dkim.ErrMissing},
		{"4870-3.3-c, simple", with("c=simple"), nil},
		{"4870-3.3-c, relaxed", with("c=relaxed"), dkim.ErrAlgorithm},
		{"4870-3.3-c, a slash", with("c=simple/simple"), dkim.ErrAlgorithm},
		{"4870-3.3-c, empty", with("c="), dkim.ErrAlgorithm},
		{"4870-3.3-d", with("q=dns/txt"), dkim.ErrQuery},
		{"4870-3.3-d, empty", with("q="), dkim.ErrQuery},
		{"d= empty", with("d="), dkim.ErrDomain},
		{"d= with white space", with("d=exam ple.org"), dkim.ErrDomain},
		{"s= empty", with("s="), dkim.ErrSyntax},
		{"s= of two labels", with("s=a.b"), nil},
		{"b= empty", with("b="), dkim.ErrSyntax},
		{"b= not base64", with("b=A"), dkim.ErrSyntax},
		{"b= with white space", with("b=A A\r\n A\tA"), nil},
		{"h= with white space, in a name too", with("h=from : mess\r\n age-id"), nil},
		{"h= empty", with("h="), dkim.ErrSyntax},
		{"h= with an empty name", with("h=from::to"), dkim.ErrSyntax},
		{"h= too long", with("h=" + strings.Repeat("a:", maxFields) + "a"), dkim.ErrLimit},
		{"h= at the limit", with("h=" + strings.Repeat("a:", maxFields-1) + "a"), nil},
		{"too long", with("n=" + strings.Repeat("a", 64<<10)), dkim.ErrLimit},
		{"empty", "", dkim.ErrSyntax},
	} {
		s, err := ParseSignature([]byte("DomainKey-Signature: " + tt.tags + "\r\n"))
		e := (*dkim.TagError)(nil)
		if s == nil || !errors.Is(err, tt.want) || err != nil && !errors.As(err, &e) {
			t.Errorf("%s: %.80q: %v, want %v", tt.id, tt.tags, err, tt.want)
		}
		if want := BadFormat; err != nil && StatusOf(err) != want {
			t.Errorf("%s: %.80q: status %q, want %q", tt.id, tt.tags, StatusOf(err), want)
		}
	}
	if s, _ := ParseSignature([]byte("domainkey-SIGNATURE \t: " + with("h=from : mess\r\n age-id"))); !slices.Equal(s.Fields, []string{"from", "message-id"}) {
		t.Errorf("h= is %q", s.Fields)
	}
	for _, field := range []string{"", "DomainKey-Signature", "DKIM-Signature: " + with()} {
		if _, err := ParseSignature([]byte(field)); !errors.Is(err, dkim.ErrSyntax) {
			t.Errorf("%q: %v", field, err)
		}
	}
}

func TestString(t *testing.T) {
	s := &Signature{Value: make([]byte, 128), Canon: NoFWS, Domain: "mail.example.org", Selector: "brisbane",
		Fields: strings.Split("Received:From:To:Subject:Date:Message-ID:MIME-Version:Content-Type:X-A-Field-With-Quite-A-Long-Name", ":")}
	got := s.String()
	for line := range strings.Lines(got) {
		if len(line) > maxColumns+2 {
			t.Errorf("a line of %d octets: %q", len(line), line)
		}
	}
	again, err := ParseSignature([]byte(got))
	if err != nil || !equal(again, s) {
		t.Errorf("%q: %+v, %v", got, again, err)
	}
	evil := &Signature{Value: []byte{1}, Canon: Simple, Domain: "example.org; s=x\r\nTo: y", Selector: "s", Fields: []string{"a; d=b"}}
	if got := evil.String(); strings.Count(got, ";") != strings.Count(s.String(), ";") || strings.Contains(got, "\nTo") {
		t.Errorf("a caller wrote %q", got)
	}
}

func equal(a, b *Signature) bool {
	return string(a.Value) == string(b.Value) && a.Canon == b.Canon && a.Domain == b.Domain && a.Selector == b.Selector && slices.Equal(a.Fields, b.Fields)
}

// FuzzParseSignature: what parses says the same when it is written anew.
func FuzzParseSignature(f *testing.F) {
	for _, s := range []string{rfcField, with(), with("h=from:to"), with("b=AA==", "c=simple"), "aa=1", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, tags string) {
		field := "DomainKey-Signature:" + strings.TrimPrefix(tags, "DomainKey-Signature:")
		s, err := ParseSignature([]byte(field))
		if s == nil || s.String() != field {
			t.Fatalf("%q: String() = %q", field, s)
		}
		if err != nil {
			if e := (*dkim.TagError)(nil); !errors.As(err, &e) || StatusOf(err) != BadFormat {
				t.Fatalf("%q: %v", field, err)
			}
			return
		}
		again := *s
		again.raw = ""
		for _, name := range s.Fields {
			if safe(name) != name {
				return // no field has such a name
			}
		}
		s2, err := ParseSignature([]byte(again.String()))
		if errors.Is(err, dkim.ErrLimit) {
			return // it has grown by folding
		}
		if err != nil || !equal(s, s2) {
			t.Fatalf("%q, written anew as %q: %+v, %v", field, again.String(), s2, err)
		}
	})
}
