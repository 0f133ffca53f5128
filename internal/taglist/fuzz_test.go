package taglist

import (
	"bytes"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"
)

// FuzzOffsets: the offsets of tags say where the values are, so that emptying a
// value between them leaves the other tags as they were; and Append is Parse.
func FuzzOffsets(f *testing.F) {
	for _, s := range []string{"v=1; b = AA\r\n == ; c=", "b=", " a = b ;\r\n ", "z=Subject:b=20night;b=x;xb=y"} {
		f.Add(s, uint8(0))
		f.Add(s, uint8(1))
	}
	f.Fuzz(func(t *testing.T, text string, which uint8) {
		l, err := Parse(text)
		if err != nil || len(l) == 0 {
			return
		}
		for i, tag := range l {
			if tag.Start > tag.End || tag.End > len(text) || TrimFWS(text[tag.Start:tag.End]) != tag.Value || text[tag.Start-1] != '=' {
				t.Fatalf("Parse(%q): tag %d is %+v", text, i, tag)
			}
			if tag.End < len(text) && text[tag.End] != ';' {
				t.Fatalf("Parse(%q): tag %d ends at %d", text, i, tag.End)
			}
		}
		if again, err := Append(slices.Clip(l), text); err != nil || !slices.Equal(again[len(l):], l) {
			t.Fatalf("Append(%q) = %v, %v, want %v", text, again, err, l)
		}
		at := int(which) % len(l)
		emptied, err := Parse(text[:l[at].Start] + text[l[at].End:])
		if err != nil || len(emptied) != len(l) {
			t.Fatalf("%q with tag %d emptied: %v, %v", text, at, emptied, err)
		}
		for i, tag := range emptied {
			want := l[i].Value
			if i == at {
				want = ""
			}
			if tag.Name != l[i].Name || tag.Value != want {
				t.Fatalf("%q with tag %d emptied: tag %d is %+v", text, at, i, tag)
			}
		}
	})
}

// FuzzBase64: white space changes nothing, encoding/base64 agrees where it can
// be asked, and what was encoded comes back.
func FuzzBase64(f *testing.F) {
	for _, s := range []string{"", "A", "AA", "AA==", "AA=", "AAA=", "A A\r\n\tA A", "====", "AAAA=A", strings.Repeat("ABCD", 40), "é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		got, err := DecodeBase64(value)
		bare := stripFWS(value)
		if again, err2 := DecodeBase64(bare); (err == nil) != (err2 == nil) || !bytes.Equal(got, again) {
			t.Fatalf("%q: %x, %v; without white space %x, %v", value, got, err, again, err2)
		}
		if err != nil && !errors.Is(err, ErrSyntax) {
			t.Fatalf("%q: untyped error %v", value, err)
		}
		encoding := base64.StdEncoding
		if !strings.Contains(bare, "=") {
			encoding = base64.RawStdEncoding // padding may be left out
		}
		if want, wantErr := encoding.DecodeString(bare); bare != "" && ((err == nil) != (wantErr == nil) || err == nil && !bytes.Equal(got, want)) {
			t.Fatalf("%q: %x, %v; encoding/base64 %x, %v", value, got, err, want, wantErr)
		}
		if value != "" {
			again, err := AppendBase64([]byte("x"), base64.StdEncoding.EncodeToString([]byte(value)))
			if err != nil || string(again) != "x"+value {
				t.Fatalf("%q encoded and decoded: %q, %v", value, again, err)
			}
		}
	})
}

// FuzzWords: Split gives back what was joined, and takes white space for nothing.
func FuzzWords(f *testing.F) {
	f.Add("from:to :\r\n subject")
	f.Add("a::b")
	f.Add(" : ")
	f.Fuzz(func(t *testing.T, value string) {
		words, err := Split(value, ':')
		if err != nil {
			if !errors.Is(err, ErrSyntax) {
				t.Fatalf("%q: untyped error %v", value, err)
			}
			if !slices.ContainsFunc(strings.Split(value, ":"), func(s string) bool { return strings.Trim(s, " \t\r\n") == "" }) {
				t.Fatalf("Split(%q): %v", value, err)
			}
			return
		}
		for _, w := range words {
			if w == "" || w != strings.Trim(w, " \t\r\n") || strings.Contains(w, ":") {
				t.Fatalf("Split(%q) = %q", value, words)
			}
		}
		if again, err := Split(strings.Join(words, "\r\n :\t"), ':'); err != nil || !slices.Equal(again, words) {
			t.Fatalf("Split(%q) = %q, joined again %q, %v", value, words, again, err)
		}
	})
}
