package domain

import (
	"errors"
	"strings"
	"testing"
)

func TestToASCII(t *testing.T) {
	l63 := strings.Repeat("a", 63)
	n253 := l63 + "." + l63 + "." + l63 + "." + strings.Repeat("b", 61)
	for _, tt := range []struct {
		id, in, want string
		err          error
	}{
		{"6376-3.5d-a", "example.com", "example.com", nil},
		{"6376-3.5d-a", "A.Example.COM", "a.example.com", nil},
		{"6376-3.5d-a", "a-b.1.x--y.com", "a-b.1.x--y.com", nil},
		{"6376-3.5d-a", "r3---sn.example", "r3---sn.example", nil},
		{"6376-3.5d-a", "com", "", ErrLabels},
		{"6376-3.5d-a", "localhost", "", ErrLabels},
		{"6376-3.5d-a", "", "", ErrLabels},
		{"6376-3.5d-a", "-a.com", "", ErrHyphen},
		{"6376-3.5d-a", "a-.com", "", ErrHyphen},
		{"6376-3.5d-a", "a..com", "", ErrEmpty},
		{"6376-3.5d-a", ".a.com", "", ErrEmpty},
		{"6376-3.5d-a", ".", "", ErrEmpty},
		{"6376-3.5d-b", "example.com.", "", ErrEmpty},
		{"6376-3.5d-b", "[192.0.2.1]", "", ErrCharacter},
		{"6376-3.5d-b", "_x.example.com", "", ErrCharacter},
		{"6376-3.5d-b", "example.com:25", "", ErrCharacter},
		{"6376-3.5d-b", "exam ple.com", "", ErrCharacter},
		{"6376-3.5d-b", "example.com; l=0", "", ErrCharacter},
		{"6376-3.5d-b", "example.com\r\n", "", ErrCharacter},
		{"6376-3.5d-b", "example.com\x00", "", ErrCharacter},
		{"6376-3.5d-d", "bücher.example", "xn--bcher-kva.example", nil},
		{"6376-3.5d-e", l63 + ".com", l63 + ".com", nil},
		{"6376-3.5d-e", l63 + "a.com", "", ErrLength},
		{"6376-3.5d-e", n253, n253, nil},
		{"6376-3.5d-e", n253 + "b", "", ErrLength},
		{"6376-3.5d-e", strings.Repeat("ü", 63) + ".example", "", ErrLength},
		{"6376-3.5d-e", strings.Repeat("ü.", 60) + "example", "", ErrLength},
		{"6376-3.5d-e", strings.Repeat("ü", 1<<20), "", ErrLength},
		{"6376-3.5d-e", strings.Repeat("a.", 1<<20), "", ErrLength},
		{"8616-3-b", "BÜCHER.Example", "xn--bcher-kva.example", nil},
		{"8616-3-b", "XN--BCHER-KVA.example", "xn--bcher-kva.example", nil},
		{"8616-3-b", "straße.example", "xn--strae-oqa.example", nil}, // IDNA2008, not "strasse"
		{"8616-3-b", "用户.example", "xn--zouo53b.example", nil},
		{"8616-3-b", "r3---sn.bücher.example", "r3---sn.xn--bcher-kva.example", nil},
		{"8616-3-b", "l·l.example", "xn--ll-0ea.example", nil},
		{"8616-5-i", "a\u200b.example", "", ErrIDNA},  // zero width space
		{"8616-5-i", "a\u00adb.example", "", ErrIDNA}, // soft hyphen
		{"8616-5-i", "ａ.example", "", ErrIDNA},        // full width
		{"8616-5-i", "a。b.example", "", ErrIDNA},      // ideographic full stop
		{"8616-5-i", "\u212aeywords.example", "", ErrIDNA},
		{"8616-5-i", "bu\u0308cher.example", "", ErrIDNA}, // not NFC
		{"8616-5-i", "☃.example", "", ErrIDNA},            // a symbol
		{"8616-5-i", "\u0308a.example", "", ErrIDNA},      // begins with a mark
		{"8616-5-i", "ab--ü.example", "", ErrIDNA},
		{"8616-5-i", "ü-.example", "", ErrHyphen},
		{"8616-5-i", "a\u200db.example", "", ErrIDNA}, // a joiner without its context
		{"8616-5-i", "xn--a.example", "", ErrIDNA},
		{"8616-5-i", "xn--.example", "", ErrHyphen},
		{"8616-5-i", "xn--abc-.example", "", ErrHyphen},
		{"8616-5-i", "xn--bcher-kva!.example", "", ErrCharacter},
		{"8616-5-i", "xn--a-ecp.example", "", ErrIDNA},             // a zero width space in Punycode
		{"8616-5-i", "xn--n3h.example", "", ErrIDNA},               // ☃
		{"8616-5-i", "xn--bcher-2pa.example", "", ErrIDNA},         // upper case in Punycode
		{"8616-5-i", "xn--99999999999999999.example", "", ErrIDNA}, // overflow
		{"8616-5-i", "b\xfccher.example", "", ErrIDNA},             // Latin-1
		{"8616-5-i", "א1.example", "xn--1-zhc.example", nil},
		{"8616-5-i", "1א.example", "", ErrIDNA},    // the Bidi rule
		{"8616-5-i", "1a.אב.example", "", ErrIDNA}, // of another label
	} {
		got, err := ToASCII(tt.in)
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: ToASCII(%+.80q) = %q, %v; want %q, %v", tt.id, tt.in, got, err, tt.want, tt.err)
		}
		if e := (*Error)(nil); err != nil && (!errors.As(err, &e) || e.Name != tt.in || len(err.Error()) > 1000) {
			t.Errorf("%s: ToASCII(%+.80q): %v is not an *Error for a log", tt.id, tt.in, err)
		}
		if again, err := ToASCII(got); tt.err == nil && (again != got || err != nil) {
			t.Errorf("%s: ToASCII(%q) = %q, %v: not the form it should be", tt.id, got, again, err)
		}
	}
}

func TestErrorNamesLabel(t *testing.T) {
	for in, want := range map[string]string{"a.b_c.example": "b_c", "a.-b.c": "-b", "bücher.a\u200b.example": "a\u200b", "a.xn--a.example": "xn--a"} {
		_, err := ToASCII(in)
		if e := (*Error)(nil); !errors.As(err, &e) || e.Label != want {
			t.Errorf("ToASCII(%+q) = %v, want the label %+q", in, err, want)
		}
	}
}

func TestSelectorToASCII(t *testing.T) {
	for _, tt := range []struct {
		id, in, want string
		err          error
	}{
		{"6376-3.5s-a", "s1", "s1", nil},
		{"6376-3.5s-a", "Foo.Bar", "foo.bar", nil},
		{"6376-3.5s-a", "2024-05", "2024-05", nil},
		{"6376-3.5s-a", "", "", ErrLabels},
		{"6376-3.5s-a", ".a", "", ErrEmpty},
		{"6376-3.5s-a", "a.", "", ErrEmpty},
		{"6376-3.5s-a", "a_b", "", ErrCharacter},
		{"6376-3.5s-b", "schlüssel", "xn--schlssel-95a", nil},
		{"8616-3-b", "xn--schlssel-95a", "xn--schlssel-95a", nil},
	} {
		got, err := SelectorToASCII(tt.in)
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: SelectorToASCII(%q) = %q, %v; want %q, %v", tt.id, tt.in, got, err, tt.want, tt.err)
		}
	}
}

func TestAtOrBelow(t *testing.T) {
	for _, tt := range []struct {
		id, sub, parent string
		below, equal    bool
	}{
		{"8616-5-h", "example.com", "example.com", true, true},
		{"8616-5-h", "EXAMPLE.com", "example.COM", true, true},
		{"8616-5-h", "bücher.example", "xn--bcher-kva.example", true, true},
		{"8616-5-h", "XN--bcher-kva.example", "BÜCHER.example", true, true},
		{"8616-5-h", "a.bücher.example", "xn--bcher-kva.example", true, false},
		{"8616-5-h", "a\u200b.example", "a.example", false, false},
		{"8616-5-h", "a\u200b.example", "a\u200b.example", false, false}, // refused: equals nothing
		{"8616-5-h", "\u212aeys.example", "keys.example", false, false},
		{"6376-3.5i-b", "a.example.com", "example.com", true, false},
		{"6376-3.5i-b", "a.b.example.com", "Example.com", true, false},
		{"6376-3.5i-b", "evilexample.com", "example.com", false, false},
		{"6376-3.5i-b", "example.com", "a.example.com", false, false},
		{"6376-3.5i-b", ".example.com", "example.com", false, false},
		{"6376-3.5i-b", "example.com", "", false, false},
		{"6376-3.5i-b", "example.com.", "", false, false},
		{"6376-3.5i-b", "", "example.com", false, false},
		{"6376-3.5i-b", "example[com", "example{com", false, false},
	} {
		if got := AtOrBelow(tt.sub, tt.parent); got != tt.below {
			t.Errorf("%s: AtOrBelow(%q, %q) = %v", tt.id, tt.sub, tt.parent, got)
		}
		if got := Equal(tt.sub, tt.parent); got != tt.equal {
			t.Errorf("%s: Equal(%q, %q) = %v", tt.id, tt.sub, tt.parent, got)
		}
	}
}

func TestPublicSuffix(t *testing.T) {
	for _, tt := range []struct {
		id, name string
		suffix   bool
		org      string
	}{
		{"6376-3.5d-f", "co.uk", true, "co.uk"},
		{"6376-3.5d-f", "com", true, "com"},
		{"6376-3.5d-f", "CO.UK", true, "co.uk"},
		{"6376-3.5d-f", "公司.cn", true, "xn--55qx5d.cn"},
		{"6376-3.5d-f", "foo.ck", true, "foo.ck"},
		{"6376-3.5d-f", "www.ck", false, "www.ck"},
		{"6376-3.5d-f", "github.io", false, "github.io"},
		{"6376-3.5d-f", "a.github.io", false, "a.github.io"},
		{"6376-3.5d-f", "x.a.github.io", false, "a.github.io"},
		{"6376-3.5d-f", "mail.example.co.uk", false, "example.co.uk"},
		{"6376-3.5d-f", "a.b.unlisted", false, "b.unlisted"},
		{"6376-3.5d-f", "unlisted", false, "unlisted"},
		{"6376-3.5d-f", "192.0.2.1", false, "192.0.2.1"},
		{"6376-3.5d-f", "a..com", false, "a..com"},
		{"6376-3.5d-f", "A.XN--85X722F.com.CN", false, "xn--85x722f.com.cn"},
		{"6376-3.5d-f", "com.XN--FIQS8S", false, "com.xn--fiqs8s"},
		{"6376-3.5d-f", "XN--FIQS8S", true, "xn--fiqs8s"},
		{"6376-3.5d-f", "a.xn--0.com", false, "xn--0.com"},
		{"6376-3.5d-f", strings.Repeat("a.", 126) + "com", false, strings.Repeat("a.", 126) + "com"},
		{"6376-3.5d-f", "", false, ""},
		{"8616-6-a", "Mail.Bücher.example", false, "xn--bcher-kva.example"},
	} {
		if got := IsPublicSuffix(tt.name); got != tt.suffix {
			t.Errorf("%s: IsPublicSuffix(%q) = %v", tt.id, tt.name, got)
		}
		if got := Organizational(tt.name); got != tt.org {
			t.Errorf("%s: Organizational(%q) = %q, want %q", tt.id, tt.name, got, tt.org)
		}
	}
}

func TestAllocs(t *testing.T) {
	name := "mail.example.com"
	if n := testing.AllocsPerRun(100, func() {
		_, _ = ToASCII(name)
		_, _ = SelectorToASCII("s1")
		_ = AtOrBelow("a.Mail.example.com", name) && Equal("MAIL.example.com", name)
	}); n != 0 {
		t.Errorf("%v allocations for names of lower-case ASCII", n)
	}
	name = "mail.xn--bcher-kva.example"
	if n := testing.AllocsPerRun(100, func() {
		_ = AtOrBelow(name, name) && IsPublicSuffix(name)
		_ = Organizational(name)
	}); n > 2 { // one for each search of the list; to check A-labels takes many
		t.Errorf("%v allocations for A-labels", n)
	}
}

func FuzzToASCII(f *testing.F) {
	for _, s := range []string{"example.com", "BÜCHER.example", "xn--bcher-kva.example", "a\u200b.example", "אב.example", "xn--a.b", "a..b", "İ.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		a, err := ToASCII(name)
		if err != nil {
			if e := (*Error)(nil); !errors.As(err, &e) {
				t.Fatalf("ToASCII(%q): %v is no *Error", name, err)
			}
			return
		}
		if again, err := ToASCII(a); again != a || err != nil {
			t.Fatalf("ToASCII(%q) = %q, but of that %q, %v", name, a, again, err)
		}
		if len(a) > maxName || checkLabels(a, 2) != nil || !isASCII(a) {
			t.Fatalf("ToASCII(%q) = %q is no name", name, a)
		}
		if !Equal(name, a) || !AtOrBelow("x."+name, a) || AtOrBelow(a, "x."+name) {
			t.Fatalf("%q and %q compare wrongly", name, a)
		}
	})
}

func BenchmarkToASCII(b *testing.B) {
	for name, in := range map[string]string{"ascii": "mail.example.com", "idna": "mail.bücher.example"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ToASCII(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
