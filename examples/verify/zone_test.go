package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

func TestParseZone(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     map[string][]string
	}{
		{"empty", "", nil},
		{"comments and blank lines", "; a\n\n  ; b\n\t\n;", nil},
		{"name and type", `a.example TXT "x"`, map[string][]string{"a.example": {"x"}}},
		{"class and TTL", "a. 300 IN TXT \"x\"\nb. IN 1h TXT \"y\"\nc. in txt \"z\"\n", map[string][]string{"a": {"x"}, "b": {"y"}, "c": {"z"}}},
		{"strings are joined", `a. TXT "x " "y" z`, map[string][]string{"a": {"x yz"}}},
		{"strings without white space between", `a. TXT "x""y"`, map[string][]string{"a": {"xy"}}},
		{"parentheses", "a. TXT ( \"x\" ; one\n\t\"y\" ; two\n) ; three\nb. TXT \"z\"", map[string][]string{"a": {"xy"}, "b": {"z"}}},
		{"two records", "a. TXT x\na. TXT y\n", map[string][]string{"a": {"x", "y"}}},
		{"owner left out", "a. TXT x\n  TXT y\n", map[string][]string{"a": {"x", "y"}}},
		{"owner left out, of another type", "a. A 192.0.2.1\n TXT y\n", map[string][]string{"a": {"y"}}},
		{"other types", "@ IN SOA ns. root. 1 2 3 4 5\na. MX 10 mx.\na. TXT x\n", map[string][]string{"a": {"x"}}},
		{"origin", "$TTL 300\n$ORIGIN Example.org.\ns1._domainkey TXT x\n@ TXT y\nb. TXT z\n$ORIGIN sub\na TXT w\n",
			map[string][]string{"s1._domainkey.example.org": {"x"}, "example.org": {"y"}, "b": {"z"}, "a.sub.example.org": {"w"}}},
		{"case", "A.Example. TXT \"X\"", map[string][]string{"a.example": {"X"}}},
		{"escapes", `a. TXT "\"\\\065\009;(" \;b\ c`, map[string][]string{"a": {"\"\\A\t;(;b c"}}},
		{"empty string", `a. TXT ""`, map[string][]string{"a": {""}}},
		{"CRLF", "a. TXT x\r\nb. TXT ( \"y\"\r\n )\r\n", map[string][]string{"a": {"x"}, "b": {"y"}}},
	} {
		got, err := parseZone(tt.in)
		if err != nil || !maps.EqualFunc(map[string][]string(got), tt.want, slices.Equal) {
			t.Errorf("%s: %q, %v, want %q", tt.name, got, err, tt.want)
		}
	}
}

func TestParseZoneErrors(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"open quotes", "\na. TXT \"x\n\"", "2: quotes"},
		{"open quotes at the end", `a. TXT "x`, "1: quotes"},
		{"open parenthesis", "a. TXT ( x\n\n", "3: quotes or parentheses"},
		{"closing parenthesis", "a. TXT x )", "1: a parenthesis"},
		{"no owner", " TXT x", "1: a record without a name"},
		{"quoted owner", `"a" TXT x`, "1: a quoted string"},
		{"no string", "\n\na. TXT\n", "3: a TXT record without a string"},
		{"include", "$INCLUDE other", `1: "$INCLUDE"`},
		{"origin without a name", "$ORIGIN", `1: "$ORIGIN"`},
		{"key without quotes", "a. TXT v=DKIM1; p=", "1: put the text of a record in quotes"},
		{"escape above 255", `a. TXT \256`, `1: a "\"`},
		{"escape of two digits", `a. TXT \12`, `1: a "\"`},
		{"escape at the end", `a. TXT \`, `1: a "\"`},
		{"escape of a line end", "a. TXT \\\n", `1: a "\"`},
	} {
		got, err := parseZone(tt.in)
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: %q, %v, want %q", tt.name, got, err, tt.want)
		}
	}
}

// What keyrecord.ZoneLine prints is read, in one string or several.
func TestZoneLine(t *testing.T) {
	long, err := keyrecord.New(dkimtest.RSA(8192).Public())
	if err != nil {
		t.Fatal(err)
	}
	short, err := keyrecord.New(dkimtest.Ed25519(1).Public())
	if err != nil {
		t.Fatal(err)
	}
	short.Notes = `a "quote", a \ and é; and more`
	zone := keyrecord.ZoneLine("s1", "example.org", long) + "\n" + keyrecord.ZoneLine("s2", "example.org", short)
	got, err := parseZone(zone)
	want := keyrecord.MapResolver{"s1._domainkey.example.org": {long.String()}, "s2._domainkey.example.org": {short.String()}}
	if err != nil || !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("parseZone(%q) = %q, %v, want %q", zone, got, err, want)
	}
}

// FuzzParseZone: nothing panics, and what is parsed is parsed again from the
// records written out.
func FuzzParseZone(f *testing.F) {
	f.Add("$ORIGIN example.org.\ns1._domainkey 300 IN TXT ( \"v=DKIM1; \" ; key\n \"p=\\065\" )\n TXT y\n")
	f.Add("a. TXT \"x\" \\\"\n@ A 192.0.2.1\n")
	f.Fuzz(func(t *testing.T, zone string) {
		got, err := parseZone(zone)
		if err != nil {
			return
		}
		var b strings.Builder
		for name, txt := range got {
			for _, s := range txt {
				b.WriteString(quote(name, true) + " TXT " + quote(s, false) + "\n")
			}
		}
		again, err := parseZone(b.String())
		if err != nil || !maps.EqualFunc(got, again, slices.Equal) {
			t.Errorf("%q gives %q; written as %q that gives %q, %v", zone, got, b.String(), again, err)
		}
	})
}

// quote writes every octet of s as \DDD, a name with a final dot and a text in quotes.
func quote(s string, name bool) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteString(`\` + string([]byte{'0' + s[i]/100, '0' + s[i]/10%10, '0' + s[i]%10}))
	}
	if name {
		return b.String() + "."
	}
	return `"` + b.String() + `"`
}
