package message

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
)

// scan writes the pieces, and returns the raw fields and the body.
func scan(pieces ...string) (fields []string, body string, err error) {
	var s Scanner
	var b strings.Builder
	for _, p := range pieces {
		if rest, done := s.Write([]byte(p)); done {
			b.Write(rest)
		}
	}
	err = s.Close()
	for i := range s.Len() {
		fields = append(fields, string(s.Field(i)))
	}
	return fields, b.String(), err
}

func TestScanner(t *testing.T) {
	for _, tt := range []struct {
		what, in string
		fields   []string
		body     string
		err      error
	}{
		{"plain", "A: b\r\nC: d\r\n\r\nbody", []string{"A: b\r\n", "C: d\r\n"}, "body", nil},
		{"header only", "A: b\r\n", []string{"A: b\r\n"}, "", nil},
		{"no body", "A: b\r\n\r\n", []string{"A: b\r\n"}, "", nil},
		{"body of CRLF", "A: b\r\n\r\n\r\n", []string{"A: b\r\n"}, "\r\n", nil},
		{"folded", "A: b\r\n\tc\r\n d\r\nE:\r\n\r\n", []string{"A: b\r\n\tc\r\n d\r\n", "E:\r\n"}, "", nil},
		{"line of white space is a fold", "A: b\r\n \r\nE:\r\n\r\n", []string{"A: b\r\n \r\n", "E:\r\n"}, "", nil},
		{"6376-5.4.2-h: white space before the colon", "A \t: b\r\n\r\n", []string{"A \t: b\r\n"}, "", nil},
		{"8-bit and NUL", "A: \x00\xff\r\n\r\n\x00\xff", []string{"A: \x00\xff\r\n"}, "\x00\xff", nil},
		{"a name that is not ftext stays a field", "Sub ject\xa0: x\r\n\r\n", []string{"Sub ject\xa0: x\r\n"}, "", nil},
		{"bare LF and CR inside a field are data", "A: b\nc\rd\r\n\r\n", []string{"A: b\nc\rd\r\n"}, "", nil},
		{"LF LF after a CRLF is data", "A: b\r\nB: \n\nc\r\n\r\n", []string{"A: b\r\n", "B: \n\nc\r\n"}, "", nil},

		{"empty", "", nil, "", ErrHeader},
		{"begins with CRLF", "\r\nbody", nil, "body", ErrHeader},
		{"begins with CRLF CRLF", "\r\n\r\nbody", nil, "\r\nbody", ErrHeader},
		{"body only", "hello", nil, "", ErrHeader},
		{"body only, a line", "hello\r\n\r\n", nil, "", ErrHeader},
		{"junk line", "A: b\r\njunk\r\nC: d\r\n\r\n", nil, "", ErrHeader},
		{"no name", ": b\r\n\r\n", nil, "", ErrHeader},
		{"no name", " : b\r\n\r\n", nil, "", ErrHeader},
		{"first line begins with a space", " A: b\r\n\r\n", nil, "", ErrHeader},
		{"colon on the next line", "A\r\n : b\r\n\r\n", nil, "", ErrHeader},
		{"unterminated", "A: b", nil, "", ErrHeader},
		{"unterminated", "A: b\r\nC: d", nil, "", ErrHeader},
		{"unterminated", "A: b\r\n\r", nil, "", ErrHeader},

		{"LF", "A: b\n\nbody\n", nil, "", ErrLineEnding},
		{"LF, header only", "A: b\nC: d\n", nil, "", ErrLineEnding},
		{"LF, CRLF in the body", "A: b\n\nbody\r\n\r\nmore", nil, "more", ErrLineEnding},
		{"CR", "A: b\r\rbody\r", nil, "", ErrLineEnding},
	} {
		fields, body, err := scan(tt.in)
		if !slices.Equal(fields, tt.fields) || body != tt.body || !errors.Is(err, tt.err) {
			t.Errorf("%s: scan(%q) = %q, %q, %v", tt.what, tt.in, fields, body, err)
		}
	}
}

func TestHeader(t *testing.T) {
	var s Scanner
	s.Write([]byte("From: a\r\nSubject \t:  x: y \r\n\tz\r\nfROM: b\r\n\u212aey: k\r\n\r\n"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if n, v := string(s.Name(1)), string(s.Value(1)); n != "Subject" || v != "  x: y \r\n\tz" {
		t.Errorf("field 1: %q, %q", n, v)
	}
	if got := slices.Collect(s.All("FROM")); !slices.Equal(got, []int{0, 2}) {
		t.Errorf("All(FROM) = %v", got)
	}
	if got := slices.Collect(s.All("key")); got != nil {
		t.Errorf("the Kelvin sign is no k: %v", got)
	}
	s.Reset()
	if body, done := s.Write([]byte("A: b\r\n\r\nx")); !done || string(body) != "x" || s.Len() != 1 {
		t.Errorf("after Reset: %q, %v, %d fields", body, done, s.Len())
	}
}

func TestLimits(t *testing.T) {
	field := "A:" + strings.Repeat("x", 996) + "\r\n"
	for _, tt := range []struct {
		what, in string
		err      error
	}{
		{"header at the limit", strings.Repeat(field, MaxHeader/1000) + "B:" + strings.Repeat("x", MaxHeader%1000-4) + "\r\n\r\n", nil},
		{"header over the limit", strings.Repeat(field, MaxHeader/1000+1) + "\r\n", ErrLimit},
		{"a line that never ends", strings.Repeat("x", 2*MaxHeader), ErrLimit},
		{"LF that never ends", strings.Repeat("a: b\n\n", MaxHeader/4), ErrLineEnding},
		{"field at the limit", "A:" + strings.Repeat("x", MaxField-4) + "\r\n\r\n", nil},
		{"field over the limit", "A:" + strings.Repeat("x", MaxField-3) + "\r\n\r\n", ErrLimit},
		{"80,000 continuation lines", "A:\r\n" + strings.Repeat(" x\r\n", 80_000) + "\r\n", nil},
		{"fields at the limit", strings.Repeat("A:\r\n", MaxFields) + "\r\n", nil},
		{"fields over the limit", strings.Repeat("A:\r\n", MaxFields+1) + "\r\n", ErrLimit},
	} {
		for _, size := range []int{len(tt.in), 4096} {
			var s Scanner
			for p := range slices.Chunk([]byte(tt.in), size) {
				s.Write(p)
			}
			if err := s.Close(); !errors.Is(err, tt.err) {
				t.Errorf("%s: %v, want %v", tt.what, err, tt.err)
			}
			if s.Size() > MaxHeader+4 {
				t.Errorf("%s: %d octets kept", tt.what, s.Size())
			}
		}
	}
}

// Any way of cutting a message into Writes gives the same fields and body.
func TestCuts(t *testing.T) {
	alphabet := "a:\r\n "
	var try func(s string)
	try = func(s string) {
		fields, body, err := scan(s)
		for cut := range len(s) {
			f2, b2, err2 := scan(s[:cut], s[cut:])
			if !slices.Equal(fields, f2) || body != b2 || (err == nil) != (err2 == nil) || err != nil && err.Error() != err2.Error() {
				t.Fatalf("%q cut at %d: %q, %q, %v; whole: %q, %q, %v", s, cut, f2, b2, err2, fields, body, err)
			}
		}
		if err == nil && strings.Join(fields, "") != s[:len(strings.Join(fields, ""))] {
			t.Fatalf("%q: fields %q do not begin it", s, fields)
		}
		if len(s) < 7 {
			for _, c := range alphabet {
				try(s + string(c))
			}
		}
	}
	try("")
}

func FuzzScanner(f *testing.F) {
	f.Add([]byte("A: b\r\n c\r\nD:\r\n\r\nbody"), uint(5))
	f.Add([]byte("\r\n"), uint(1))
	f.Add([]byte("A: b\n\n"), uint(2))
	f.Fuzz(func(t *testing.T, msg []byte, cut uint) {
		var whole, cutUp Scanner
		body, _ := whole.Write(msg)
		err := whole.Close()
		c := int(cut % uint(len(msg)+1))
		body2, _ := cutUp.Write(msg[:c])
		rest, _ := cutUp.Write(msg[c:])
		err2 := cutUp.Close()
		if !bytes.Equal(body, slices.Concat(body2, rest)) || whole.Len() != cutUp.Len() || (err == nil) != (err2 == nil) {
			t.Fatalf("%q cut at %d: %v, %v", msg, c, err, err2)
		}
		var all []byte
		for i := range whole.Len() {
			if !bytes.Equal(whole.Field(i), cutUp.Field(i)) {
				t.Fatalf("field %d: %q, %q", i, whole.Field(i), cutUp.Field(i))
			}
			all = append(all, whole.Field(i)...)
		}
		if err == nil && !bytes.HasPrefix(msg, all) {
			t.Fatalf("the fields of %q are %q", msg, all)
		}
	})
}
