package taglist

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		id, text string
		want     string // name=value pairs joined by "|", or "" for an error
		err      error
	}{
		{"6376-2.8-a", "d=example.com\v;", "", ErrSyntax},
		{"6376-2.8-a", "a=rsa-sha256\f", "", ErrSyntax},
		{"6376-2.8-a", "\u00a0a=x", "", ErrSyntax},
		{"6376-2.8-b", "v =\t1", "v=1", nil},
		{"6376-2.8-b", "h=from\r\n :\r\n to", "h=from\r\n :\r\n to", nil},
		{"6376-2.8-b", "a=x\r\ny", "", ErrSyntax},
		{"6376-2.8-b", "a=x\r\n", "", ErrSyntax},
		{"6376-2.8-b", "a=x\ny", "", ErrSyntax},
		{"6376-2.8-b", "a=x\n y", "", ErrSyntax},
		{"6376-2.8-b", "a=x\r y", "", ErrSyntax},
		{"6376-2.8-c", "a=\r\n \r\n rsa-sha256", "", ErrSyntax},
		{"6376-2.8-c", "a\r\n \r\n =x", "", ErrSyntax},
		{"6376-2.8-c", "a=x\r\n \r\n ;b=y", "", ErrSyntax},
		{"6376-2.8-c", "a=x\r\n \r\n ", "", ErrSyntax},
		{"6376-2.8-c", "a=x;\r\n \r\n ", "", ErrSyntax},
		{"6376-2.8-c: repeated inside a value", "a=x\r\n \r\n\ty", "a=x\r\n \r\n\ty", nil},
		{"6376-2.8-c: repeated inside a value", "a=x\r\n \r\ny", "", ErrSyntax},
		{"6376-3.2-a", "v=1; a=x", "v=1|a=x", nil},
		{"6376-3.2-a", "v=1; a=x;", "v=1|a=x", nil},
		{"6376-3.2-b", "v=1;;a=x", "", ErrSyntax},
		{"6376-3.2-b", ";v=1", "", ErrSyntax},
		{"6376-3.2-b", "v=1;;", "", ErrSyntax},
		{"6376-3.2-c", "b=xx; ", "b=xx", nil},
		{"6376-3.2-c", "b=xx;\r\n ", "b=xx", nil},
		{"6376-3.2-c", "b=xx;\r\n", "", ErrSyntax},
		{"6376-3.2-d", "", "", ErrSyntax},
		{"6376-3.2-d", " ", "", ErrSyntax},
		{"6376-3.2-d", ";", "", ErrSyntax},
		{"6376-3.2-e", "1a=x", "", ErrSyntax},
		{"6376-3.2-e", "_a=x", "", ErrSyntax},
		{"6376-3.2-e", "a-b=x", "", ErrSyntax},
		{"6376-3.2-e", "=foo", "", ErrSyntax},
		{"6376-3.2-e", "x_1=y", "x_1=y", nil},
		{"6376-3.2-f", "v=1;V=2", "v=1|V=2", nil},
		{"6376-3.2-g", "v=1; foo; a=x", "", ErrSyntax},
		{"6376-3.2-g", "v=1 k=rsa", "v=1 k=rsa", nil}, // one tag; the value is for v= to refuse
		{"6376-3.2-h", "b=AA==", "b=AA==", nil},
		{"6376-3.2-h", "n=a=b", "n=a=b", nil},
		{"6376-3.2-i", " \r\n v\t=\r\n 1 ;a = rsa-sha256", "v=1|a=rsa-sha256", nil},
		{"6376-3.2-j", "d=exam ple.com", "d=exam ple.com", nil},
		{"6376-3.2-k", "s=a\x00b", "", ErrSyntax},
		{"6376-3.2-k", "n=a\x7fb", "", ErrSyntax},
		{"6376-3.2-k", "n=!:<~", "n=!:<~", nil},
		{"6376-3.2-l", "i=用户@example.com", "i=用户@example.com", nil},
		{"6376-3.2-l", "i=\xe9@example.com", "", ErrSyntax},
		{"8616-5-b", "i=\xc0\xaf@example.com", "", ErrSyntax},
		{"8616-5-b", "i=\xed\xa0\x80@example.com", "", ErrSyntax},
		{"8616-5-b", "i=\xf5\x80\x80\x80@example.com", "", ErrSyntax},
		{"6376-3.2-m", "d=a.com; d=a.com", "", ErrDuplicate},
		{"6376-3.2-m", "foo=1; foo=2", "", ErrDuplicate},
		{"6376-3.2-m", "p=x; p=", "", ErrDuplicate},
		{"6376-3.2-p", "c=; i= ;q=", "c=|i=|q=", nil},
		{"6376-3.2-r", "b=\r\n ; a=x", "b=|a=x", nil},
	} {
		got, err := Parse(tt.text)
		if !errors.Is(err, tt.err) {
			t.Errorf("%s: Parse(%q) = %v, want %v", tt.id, tt.text, err, tt.err)
			continue
		}
		if e := (*Error)(nil); err != nil {
			if !errors.As(err, &e) || e.Offset > len(tt.text) {
				t.Errorf("%s: Parse(%q): %#v is not an *Error with a place", tt.id, tt.text, err)
			}
			continue
		}
		var pairs []string
		for _, tag := range got {
			pairs = append(pairs, tag.Name+"="+tag.Value)
			if in := tt.text[tag.Start:tag.End]; TrimFWS(in) != tag.Value || tag.Start == 0 || tt.text[tag.Start-1] != '=' ||
				tag.End < len(tt.text) && tt.text[tag.End] != ';' {
				t.Errorf("%s: Parse(%q): %s= is said to stand at %q", tt.id, tt.text, tag.Name, in)
			}
		}
		if s := strings.Join(pairs, "|"); s != tt.want {
			t.Errorf("%s: Parse(%q) = %q, want %q", tt.id, tt.text, s, tt.want)
		}
	}
}

func TestGet(t *testing.T) {
	l, err := Parse("a=1; b=; A=3")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a": "1", "b": "", "A": "3"} {
		if v, ok := l.Get(name); !ok || v != want {
			t.Errorf("Get(%q) = %q, %v", name, v, ok)
		}
	}
	if v, ok := l.Get("B"); ok {
		t.Errorf("Get(B) = %q: names are case-sensitive", v)
	}
}

// 6376-3.2-u: hostile lists end in an error, at a bound.
func TestLimits(t *testing.T) {
	var many strings.Builder
	for i := range MaxTags + 1 {
		fmt.Fprintf(&many, "t%d=x;", i)
	}
	last := strings.LastIndex(strings.TrimSuffix(many.String(), ";"), ";")
	if l, err := Parse(many.String()[:last]); err != nil || len(l) != MaxTags {
		t.Errorf("%d tags: %d, %v", MaxTags, len(l), err)
	}
	for name, text := range map[string]string{
		"tags": many.String(),
		"long": "a=" + strings.Repeat("x", MaxLen-1),
		"1e6":  strings.Repeat("a=b;", 1e6),
	} {
		if _, err := Parse(text); !errors.Is(err, ErrLimit) {
			t.Errorf("%s: %v, want ErrLimit", name, err)
		}
	}
	if _, err := Parse("a=" + strings.Repeat("x", MaxLen-2)); err != nil {
		t.Errorf("a list of MaxLen: %v", err)
	}
	if _, err := Parse(strings.Repeat("a=b;", 1000)); !errors.Is(err, ErrDuplicate) {
		t.Errorf("a=b a thousand times: %v", err)
	}
}

func TestDecodeBase64(t *testing.T) {
	for _, tt := range []struct {
		id, in, want string
		ok           bool
	}{
		{"6376-2.10-a", "AB\r\n CD =\r\n =", "", false}, // "ABCD==": padding after a whole quantum
		{"6376-2.10-a", "YW\r\n Jj", "abc", true},
		{"6376-2.10-a", "Y Q\t=\r\n =", "a", true},
		{"6376-2.10-a", "", "", false},
		{"6376-2.10-a", "=", "", false},
		{"6376-2.10-b", "_-8=", "", false},
		{"6376-2.10-b", "AA==AA", "", false},
		{"6376-2.10-b", "A=A=", "", false},
		{"6376-2.10-b", "YQ===", "", false},
		{"6376-2.10-b", "YWJj=", "", false},
		{"6376-2.10-b", "@@", "", false},
		{"6376-2.10-c", "YQ", "a", true}, // the grammar makes padding optional
		{"6376-2.10-c", "YWI", "ab", true},
		{"6376-2.10-c", "Y", "", false},
		{"6376-3.5b-a", strings.Join(strings.Split("aGVsbG8=", ""), "\r\n\t"), "hello", true},
	} {
		got, err := DecodeBase64(tt.in)
		if tt.ok != (err == nil) || tt.ok && string(got) != tt.want || err != nil && !errors.Is(err, ErrSyntax) {
			t.Errorf("%s: DecodeBase64(%q) = %q, %v", tt.id, tt.in, got, err)
		}
	}
}

func TestDecodeQP(t *testing.T) {
	for _, tt := range []struct {
		id, in, want string
		ok           bool
	}{
		{"6376-2.11-a", "jo\r\n e@example.com", "joe@example.com", true},
		{"6376-2.11-b", "a=3bb", "", false},
		{"6376-2.11-c", "joe=\r\n @example.com", "", false},
		{"6376-2.11-c", "a=4@example.com", "", false},
		{"6376-2.11-c", "a=", "", false},
		{"6376-2.11-c", "a=4", "", false},
		{"6376-2.11-e", "a=2\r\n 0b", "a b", true},
		{"6376-2.11-g", "a=0D=0AX:=20y", "a\r\nX: y", true},
		{"6376-3.5i-c", "jo=65@example.com", "joe@example.com", true},
		{"8616-5-a", "用户@example.com", "用户@example.com", true},
	} {
		got, err := DecodeQP(tt.in)
		if tt.ok != (err == nil) || got != tt.want || err != nil && !errors.Is(err, ErrSyntax) {
			t.Errorf("%s: DecodeQP(%q) = %q, %v", tt.id, tt.in, got, err)
		}
	}
}

func TestAppendQP(t *testing.T) {
	for _, tt := range []struct {
		id, in string
		eai    bool
		want   string
	}{
		{"6376-2.11-b", ";", false, "=3B"},
		{"6376-2.11-d", "a b;c=\xe9\x7f", false, "a=20b=3Bc=3D=E9=7F"},
		{"6376-2.11-f", "!\"#$@[\\]^`{}~", false, "!\"#$@[\\]^`{}~"},
		{"6376-3.5z-b", "a|b", false, "a=7Cb"},
		{"6376-3.5z-c", " a\r\n\tb", false, "=20a=0D=0A=09b"},
		{"8616-5-a", "用户", false, "=E7=94=A8=E6=88=B7"},
		{"8616-5-a", "用户", true, "用户"},
		{"8616-5-b", "\xc0\xaf", true, "=C0=AF"},
	} {
		if got := string(AppendQP(nil, tt.in, tt.eai)); got != tt.want {
			t.Errorf("%s: AppendQP(%q, %v) = %q, want %q", tt.id, tt.in, tt.eai, got, tt.want)
		}
	}
}

func TestSplit(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want []string
	}{
		{"a", []string{"a"}},
		{"from\r\n :\r\n to", []string{"from", "to"}},
		{"a:b :\tc", []string{"a", "b", "c"}},
		{"", nil}, {"a:", nil}, {":a", nil}, {"a::b", nil}, {"a: :b", nil},
	} {
		got, err := Split(tt.in, ':')
		if !slices.Equal(got, tt.want) || (tt.want == nil) != errors.Is(err, ErrSyntax) {
			t.Errorf("Split(%q) = %q, %v", tt.in, got, err)
		}
	}
}

// 6376-2.10-d
func TestIsHyphenatedWord(t *testing.T) {
	for in, want := range map[string]bool{
		"x": true, "x-1": true, "sha256": true, "X--y": true,
		"": false, "-x": false, "x-": false, "1x": false, "a_b": false, "*": false, "é": false, "a b": false, "@": false,
	} {
		if got := IsHyphenatedWord(in); got != want {
			t.Errorf("IsHyphenatedWord(%q) = %v", in, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"v=1; a=rsa-sha256", "b=AA==;", " \r\n v\t=\r\n 1 ;a = x ; ", "a=\r\n \r\n b", "i=用户@x", "d=a;d=b", ";;", "a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := Parse(text)
		if err != nil {
			if e := (*Error)(nil); !errors.As(err, &e) {
				t.Fatalf("%v is no *Error", err)
			}
			return
		}
		// A list that is written back from its tags has the same tags.
		var b strings.Builder
		for _, tag := range l {
			fmt.Fprintf(&b, "%s=%s;", tag.Name, tag.Value)
		}
		again, err := Parse(b.String())
		if err != nil && !errors.Is(err, ErrLimit) {
			t.Fatalf("Parse(%q) after Parse(%q): %v", b.String(), text, err)
		}
		if err == nil && !slices.EqualFunc(l, again, func(a, b Tag) bool { return a.Name == b.Name && a.Value == b.Value }) {
			t.Fatalf("%v and %v differ", l, again)
		}
	})
}

func FuzzQP(f *testing.F) {
	f.Add("a b;c=\xe9\x7f", true)
	f.Add("用户@example.com", false)
	f.Fuzz(func(t *testing.T, s string, eai bool) {
		enc := string(AppendQP(nil, s, eai))
		if dec, err := DecodeQP(enc); err != nil || dec != s {
			t.Fatalf("DecodeQP(AppendQP(%q)) = %q, %v", s, dec, err)
		}
		if _, err := Parse("z=" + enc); err != nil && !errors.Is(err, ErrLimit) {
			t.Fatalf("%q is no tag value: %v", enc, err)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	text := "v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=s1; t=1700000000; h=From:From:To:Subject:Date:Message-ID; " +
		"bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=" + strings.Repeat("A", 344)
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	var dst List
	for b.Loop() {
		dst, _ = Append(dst[:0], text)
	}
}

func BenchmarkAppendBase64(b *testing.B) {
	value := strings.Repeat("ABCD", 18) + "\r\n " + strings.Repeat("abcd", 18) + "\r\n " + strings.Repeat("0123", 18) + "\r\n " + strings.Repeat("+/+/", 32)
	b.ReportAllocs()
	b.SetBytes(int64(len(value)))
	var dst []byte
	for b.Loop() {
		dst, _ = AppendBase64(dst[:0], value)
	}
}

// visibleLen against the rule written out: each octet at each place of a word
// and beyond it.
func TestVisibleLen(t *testing.T) {
	for n := range 20 {
		for at := range n {
			for c := range 256 {
				s := []byte(strings.Repeat("a", n))
				s[at] = byte(c)
				want := n
				if c < 0x21 || c > 0x7e {
					want = at
				}
				if got := visibleLen(string(s)); got != want {
					t.Fatalf("visibleLen(%q) = %d, want %d", s, got, want)
				}
			}
		}
	}
}

// BenchmarkParseFolds parses a value of many folds: MB/s is the same for all.
func BenchmarkParseFolds(b *testing.B) {
	for _, n := range []int{1000, 4000, 16000} {
		text := "a=x" + strings.Repeat("\r\n x", n) + "; b=y"
		b.Run(fmt.Sprintf("folds=%d", n), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
