package taglist

import (
	"errors"
	"strings"
	"testing"
)

// An error says which tag, where, and what is wrong there.
func TestErrorPlace(t *testing.T) {
	for _, tt := range []struct {
		text, tag string
		offset    int
		what      string
	}{
		{"", "", 0, "an empty tag"},
		{"a=x;;", "", 4, "an empty tag"},
		{"a=x; 1=y", "", 5, "starts with a letter"},
		{"a x", "a", 2, `want "="`},
		{"a\n=x", "", 1, "no fold"},
		{"a=x;b=\xff", "b", 6, "UTF-8"},
		{"a=\xc3", "a", 2, "UTF-8"},
		{"a=x\x00", "a", 3, "octet 0x00"},
		{"a=x\n", "a", 3, "octet 0x0a"},
		{"a=x \n", "a", 4, "no fold"},
		{"a=x \r\n", "a", 4, "no fold"},
		{"a=x\t\r", "a", 4, "no fold"},
		{"a=x\r\n \r\n ;", "a", 9, "no fold"},
		{"a=x;a=y", "a", 6, "duplicate"},
	} {
		_, err := Parse(tt.text)
		var e *Error
		if !errors.As(err, &e) || e.Tag != tt.tag || e.Offset != tt.offset || !strings.Contains(e.Error(), tt.what) {
			t.Errorf("Parse(%q): %#v, want tag %q, octet %d, %q", tt.text, err, tt.tag, tt.offset, tt.what)
		}
	}
}

// 6376-3.2-e: each octet as the first of a tag's name, and inside it.
func TestNameChars(t *testing.T) {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	for c := range 256 {
		first := strings.ContainsRune(letters, rune(c))
		if _, err := Parse(string([]byte{byte(c), '=', 'x'})); (err == nil) != first {
			t.Errorf("a name that starts with %q: %v", byte(c), err)
		}
		switch c {
		case ' ', '\t', '=':
			continue // the name ends before it
		}
		inner := first || strings.ContainsRune("0123456789_", rune(c))
		if _, err := Parse(string([]byte{'a', byte(c), '=', 'x'})); (err == nil) != inner {
			t.Errorf("a name with %q inside: %v", byte(c), err)
		}
	}
}

// 6376-2.10-d: a hyphenated-word, written out.
func TestHyphenatedWordOctets(t *testing.T) {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	for c := range 256 {
		s := string([]byte{byte(c)})
		letter := strings.Contains(letters, s)
		digit := strings.Contains("0123456789", s)
		for word, want := range map[string]bool{
			s: letter, s + "a": letter, "a" + s: letter || digit, "a" + s + "a": letter || digit || s == "-",
		} {
			if got := IsHyphenatedWord(word); got != want {
				t.Errorf("IsHyphenatedWord(%q) = %v", word, got)
			}
		}
	}
}

// What holds no white space and no "=" costs no memory.
func TestDecodeQPAllocs(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { DecodeQP("joe@example.com") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// 6376-2.11-d: what is written is dkim-safe-char, without what separates in z=
// and q=, and what must be encoded alone is.
func TestAppendQPOctets(t *testing.T) {
	for c := range 256 {
		s := string([]byte{byte(c)})
		plain := 0x21 <= c && c <= 0x7e && !strings.Contains(";=:|", s)
		if got := string(AppendQP(nil, s, false)); (got == s) != plain || !plain && len(got) != 3 {
			t.Errorf("AppendQP(%q) = %q", s, got)
		}
	}
	// 8616-5-b: U+FFFD that was written is UTF-8 like any other.
	if l, err := Parse("i=\ufffd@example.com"); err != nil || l[0].Value != "\ufffd@example.com" {
		t.Errorf("U+FFFD: %v, %v", l, err)
	}
}
