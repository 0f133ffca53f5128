package keyrecord

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"math/big"
	"reflect"
	"strings"
	"testing"
)

func TestNew(t *testing.T) {
	edKey := ed25519.PublicKey(strings.Repeat("k", 32))
	for _, tt := range []struct {
		id  string
		pub any
		err error
	}{
		{"8301-3.2-a", rsaOf(1023), ErrKeySize},
		{"8301-3.2-a", rsaOf(1024), nil},
		{"8301-3.2-d", rsaOf(8192), nil},
		{"8301-3.2-d", rsaOf(8193), ErrKeySize},
		{"6376-3.6.1k-g", &rsa.PublicKey{N: rsaOf(2048).N, E: 2}, ErrSyntax},
		{"6376-3.6.1k-g", &rsa.PublicKey{}, ErrSyntax},
		{"6376-3.6.1k-g", &rsa.PublicKey{N: big.NewInt(-1), E: 3}, ErrSyntax},
		{"6376-3.6.1k-g", (*rsa.PublicKey)(nil), ErrSyntax},
		{"8463-4.2-a", edKey, nil},
		{"8463-4.2-a", edKey[:31], ErrSyntax},
		{"8463-4.2-a", ed25519.PublicKey(nil), ErrSyntax},
		{"6376-3.6.1k-c", &edKey, ErrKeyType},
		{"6376-3.6.1k-c", *rsaOf(2048), ErrKeyType},
		{"6376-3.6.1k-c", &ecdsa.PublicKey{}, ErrKeyType},
		{"6376-3.6.1k-c", nil, ErrKeyType},
	} {
		r, err := New(tt.pub)
		if !errors.Is(err, tt.err) || (r == nil) != (tt.err != nil) {
			t.Errorf("%s: New(%T) = %v, %v; want %v", tt.id, tt.pub, r, err, tt.err)
		}
		if r == nil {
			continue
		}
		if again, err := Parse(r.String()); err != nil || !equalKeys(again.Key, tt.pub) {
			t.Errorf("%s: %q does not parse to the same key: %v", tt.id, r, err)
		}
	}
	if _, err := New(rsaOf(1023)); !strings.Contains(err.Error(), "RFC 8301") {
		t.Errorf("%q does not name RFC 8301", err)
	}
}

func TestString(t *testing.T) {
	parse := func(txt string) *Record {
		r, err := Parse(txt)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	edKey := parse("k=ed25519; p=" + appendixA2).Key
	g := func(s string) *string { return &s }
	for _, tt := range []struct {
		id   string
		r    *Record
		want string
	}{
		{"6376-3.6.1x-a", parse("k=rsa; p=" + erratum6674), "v=DKIM1; p=" + appendixC},
		{"6376-3.6.1x-b", &Record{Key: edKey, Flags: []string{"s"}}, "v=DKIM1; k=ed25519; t=s; p=" + appendixA2},
		{"8463-4.2-c", &Record{Key: edKey}, "v=DKIM1; k=ed25519; p=" + appendixA2},
		{"6376-3.6.1p-b", &Record{}, "v=DKIM1; p="},
		{"6376-3.6.1x-a", &Record{
			Key: edKey, Hashes: []string{"sha256"}, Services: []string{"email", "*"}, Flags: []string{"y", "s"}, Granularity: g("joe*"), Notes: "a note; of two",
		}, "v=DKIM1; h=sha256; k=ed25519; s=email:*; t=y:s; g=joe*; n=a=20note=3B=20of=20two; p=" + appendixA2},
		{"6376-3.6.1x-a", &Record{Flags: []string{}}, "v=DKIM1; p="},
		{"6376-3.6.1g-a", &Record{Granularity: g("")}, "v=DKIM1; g=; p="},
		{"6376-3.6.1n-a", &Record{Notes: "\r\nü\x00"}, "v=DKIM1; n==0D=0A=C3=BC=00; p="},
		// What has no text: nothing gets in by way of a value.
		{"6376-3.6.1-a", &Record{Flags: []string{"y; p=" + appendixC}}, ""},
		{"6376-3.6.1-a", &Record{Flags: []string{"y:s"}}, ""},
		{"6376-3.6.1-a", &Record{Flags: []string{""}}, ""},
		{"6376-3.6.1-a", &Record{Flags: []string{" y"}}, ""},
		{"6376-3.6.1-a", &Record{Hashes: []string{"*"}}, ""},
		{"6376-3.6.1-a", &Record{Services: []string{"é"}}, ""},
		{"6376-3.6.1-a", &Record{Granularity: g("a; t=s")}, ""},
		{"6376-3.6.1-a", &Record{Granularity: g("a; p=x")}, ""},
		{"6376-3.6.1-a", &Record{Granularity: g(" a")}, ""},
		{"6376-3.6.1-a", &Record{Granularity: g("a\n")}, ""},
		{"6376-3.6.1-a", &Record{Key: "a string"}, ""},
		{"6376-3.6.1-a", &Record{Key: rsaOf(8193)}, ""},
		{"6376-3.6.1-a", &Record{Notes: strings.Repeat("x", maxRecord)}, ""},
		{"6376-3.6.1-a", nil, ""},
	} {
		got := tt.r.String()
		if got != tt.want {
			t.Errorf("%s: %+v prints as %q, want %q", tt.id, tt.r, got, tt.want)
		}
		if got == "" || tt.r.Flags != nil && len(tt.r.Flags) == 0 {
			continue
		}
		if again, err := Parse(got); err != nil || !reflect.DeepEqual(again, tt.r) {
			t.Errorf("%s: Parse(%q) = %+v, %v; want %+v", tt.id, got, again, err, tt.r)
		}
	}
}

func TestName(t *testing.T) {
	l63 := strings.Repeat("a", 63)
	d := l63 + "." + l63 + "." + strings.Repeat("b", 63) // 191 octets
	for _, tt := range []struct{ id, selector, domain, want string }{
		{"6376-3.6.2-a", "foo.bar", "example.com", "foo.bar._domainkey.example.com"},
		{"6376-3.6.2-k", "FOO", "Example.COM", "foo._domainkey.example.com"},
		{"8616-3-b", "schlüssel", "bücher.example", "xn--schlssel-95a._domainkey.xn--bcher-kva.example"},
		{"6376-3.5d-e", strings.Repeat("s", 253-12-191), d, strings.Repeat("s", 253-12-191) + "._domainkey." + d},
		{"6376-3.5d-e", strings.Repeat("s", 254-12-191), d, ""},
		{"6376-3.5d-e", l63 + "a", "example.com", ""},
		{"6376-3.5s-a", "", "example.com", ""},
		{"6376-3.5s-a", ".a", "example.com", ""},
		{"6376-3.5s-a", "a_b", "example.com", ""},
		{"6376-3.5d-a", "s1", "", ""},
		{"6376-3.5d-a", "s1", "com", ""},
		{"6376-3.5d-b", "s1", "example.com.", ""},
		{"8616-5-i", "s1", "a\u200b.example", ""},
	} {
		got, err := Name(tt.selector, tt.domain)
		if got != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("%s: Name(%q, %q) = %q, %v; want %q", tt.id, tt.selector, tt.domain, got, err, tt.want)
		}
	}
}

// unquote reads back what stands in the quotes of a zone line, string by string.
func unquote(t *testing.T, line string) (out []string) {
	t.Helper()
	_, rest, ok := strings.Cut(line, " IN TXT ( ")
	rest, end := strings.CutSuffix(rest, ")")
	if !ok || !end {
		t.Fatalf("no parentheses in %q", line)
	}
	for rest != "" {
		var b []byte
		i := 1
		for ; rest[i] != '"'; i++ {
			c := rest[i]
			if c < ' ' || c > '~' {
				t.Fatalf("octet %#x in %q", c, line)
			}
			if c == '\\' {
				if i++; '0' <= rest[i] && rest[i] <= '9' {
					c = 100*(rest[i]-'0') + 10*(rest[i+1]-'0') + rest[i+2] - '0'
					i += 2
				} else {
					c = rest[i]
				}
			}
			b = append(b, c)
		}
		if rest[0] != '"' || rest[i+1] != ' ' || len(b) > 255 {
			t.Fatalf("bad string in %q", line)
		}
		out, rest = append(out, string(b)), rest[i+2:]
	}
	return out
}

func TestZoneLine(t *testing.T) {
	g := `"\` + "\r\n ü;"
	g = strings.TrimSuffix(g, ";")
	for _, tt := range []struct {
		id      string
		r       *Record
		strings int
	}{
		{"8463-4.2-c", &Record{Key: ed25519.PublicKey(strings.Repeat("k", 32))}, 1},
		{"6376-3.6.1x-a", &Record{Key: rsaOf(1024)}, 1},
		{"6376-3.6.1x-a", &Record{Key: rsaOf(2048)}, 2},
		{"6376-3.6.1x-a", &Record{Key: rsaOf(8192)}, 6},
		{"6376-3.6.1x-a", &Record{Notes: strings.Repeat("x", 255-len("v=DKIM1; n=; p="))}, 1},
		{"6376-3.6.1x-a", &Record{Notes: strings.Repeat("x", 256-len("v=DKIM1; n=; p="))}, 2},
		{"6376-3.6.2-j", &Record{Granularity: &g, Notes: `"\;`}, 1},
	} {
		line := ZoneLine("S1", "Example.org", tt.r)
		if !strings.HasPrefix(line, "s1._domainkey.example.org. IN TXT ( \"v=DKIM1; ") {
			t.Errorf("%s: ZoneLine = %q", tt.id, line)
			continue
		}
		got := unquote(t, line)
		if len(got) != tt.strings || strings.Join(got, "") != tt.r.String() {
			t.Errorf("%s: %d strings %q, want %d of %q", tt.id, len(got), got, tt.strings, tt.r)
		}
	}
}

// What cannot be published is a comment: a zone that takes it in loads nothing.
func TestZoneLineRefused(t *testing.T) {
	rec := &Record{Key: rsaOf(2048)}
	for _, line := range []string{
		ZoneLine("s1\n@ IN A 192.0.2.1", "example.org", rec),
		ZoneLine("s1", "example.org. IN A 192.0.2.1\n", rec),
		ZoneLine("s1", "bü\r\ncher.example", rec),
		ZoneLine("", "", rec),
		ZoneLine("s1", "example.org", &Record{Flags: []string{"y\n@ IN A 192.0.2.1"}}),
		ZoneLine("s1", "example.org", nil),
		ZoneLine("s1", "example.org", &Record{Notes: strings.Repeat("x", maxRecord)}),
	} {
		if !strings.HasPrefix(line, "; no key record: ") || strings.ContainsAny(line, "\r\n") {
			t.Errorf("ZoneLine = %q, want a comment", line)
		}
	}
}

func FuzzZoneLine(f *testing.F) {
	f.Add("s1", "example.org", "y", "joe*", "a note")
	f.Add("s1\n", "bücher.example", "y;", "\"\\\r\n x", strings.Repeat("\"", 300))
	f.Fuzz(func(t *testing.T, selector, domain, flag, granularity, notes string) {
		r := &Record{Flags: []string{flag}, Granularity: &granularity, Notes: notes}
		line := ZoneLine(selector, domain, r)
		if strings.ContainsAny(line, "\r\n") {
			t.Fatalf("%q is more than a line", line)
		}
		if strings.HasPrefix(line, ";") {
			return
		}
		again, err := Parse(strings.Join(unquote(t, line), ""))
		if err != nil || !reflect.DeepEqual(again, r) {
			t.Fatalf("%q parses to %+v, %v; want %+v", line, again, err, r)
		}
	})
}
