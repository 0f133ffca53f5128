package authres

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// FuzzParse: Parse does not panic, has typed errors, takes less than
// ParseLenient and agrees with it, and what it returns can be written. A field
// that either of them reads as one of mx does not pass a StripReader.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"Authentication-Results: example.org 1; none",
		"example.com;\r\n\tdkim=pass (good \\( (x) signature) reason=\"a;b\" header.i=\"a b\"@example.com header.b=/a+=; spf=fail",
		"foo.example.net (foobar) 1 (baz); dkim (a) / 1 (b) = (c) fail policy (d) . (e) expired (f) = (g) 1362471462",
		"spf=pass (x) smtp.mailfrom=example.org;dmarc=pass action=none",
		"mx; none", "(a) \"m\\x\" 1 (b) ; dkim=pass", "MX. a=b; none", "a 2; dkim=pass", "( mx; dkim=pass", "bücher.example; dkim=pass header.i=joe (b) @bücher.example",
	} {
		f.Add(s)
	}
	files, err := filepath.Glob("testdata/*.txt") // what other software writes
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range strings.Split(string(data), "-- field --\n")[1:] {
			field, _, _ := strings.Cut(part, "-- want --\n")
			f.Add(strings.ReplaceAll(field, "\n", "\r\n"))
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := Parse(s)
		lenient, lenientErr := ParseLenient(s)
		for _, err := range []error{err, lenientErr} {
			if err != nil && !errors.Is(err, ErrSyntax) && !errors.Is(err, ErrLimit) && !errors.Is(err, ErrVersion) {
				t.Errorf("%q: untyped error %v", s, err)
			}
		}
		for _, field := range []*Field{got, lenient} {
			if field == nil {
				continue
			}
			field.Validate()
			if _, ok := cutName(s); field.Trusted("mx") {
				message := strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n")
				if !ok {
					message = fieldName + ": " + message
				}
				if out, err := io.ReadAll(NewStripReader(strings.NewReader(message), "mx")); err != nil || len(out) > 0 {
					t.Errorf("%q is read as one of mx, and stripped to %q, %v", message, out, err)
				}
			}
			written := field.String()
			checkLines(t, written)
			again, err := ParseLenient(written)
			if err == nil && len(again.Results) > len(field.Results) {
				t.Errorf("%q has %d results, and %d when written: %q", s, len(field.Results), len(again.Results), written)
			}
		}
		if err != nil {
			return
		}
		if lenientErr != nil || !reflect.DeepEqual(got, lenient) {
			t.Errorf("Parse(%q) = %+v, ParseLenient %+v, %v", s, got, lenient, lenientErr)
		}
		// What is written is what a reader gets; it changes no more.
		once, err := Parse(got.String())
		if err != nil && !errors.Is(err, ErrLimit) {
			t.Fatalf("Parse(%q): %v", got.String(), err)
		}
		if err == nil && once.Validate() == nil {
			if twice, err := Parse(once.String()); err != nil || !reflect.DeepEqual(once, twice) {
				t.Errorf("Parse(%q) = %+v, %v, want %+v", once.String(), twice, err, once)
			}
		}
	})
}

// FuzzField: whatever the members hold, String writes one field of lines that
// fit, without results, properties or versions of its own, and Validate says
// when Parse gives back what was written.
func FuzzField(f *testing.F) {
	f.Add("mx.example.com", 1, "dkim", "pass", 1, "good", "2048-bit key", "header", "i", `"a b"@example.com`, "header", "b", "/gCr")
	f.Add("a\r\nX: b", -1, "x=y; dkim", "pass; spf=pass", -1, "x\r\n\tdmarc=pass", ") ; dmarc=pass (", "header", "d", "x; spf=pass", "foo bar", "=", "\xff\u2028")
	f.Add("a;b", 9, "DKIM", "none", 0, `\`, `\`, "smtp", "mailfrom", "a b@example.com", "header", "i", "\"@x.example")
	f.Add("", 0, "dkim", "fail", 0, "a  b \t", " a  b ( \t", "policy", "x", "a@b@c", "header", "d", "bücher.example")
	f.Fuzz(func(t *testing.T, id string, version int, method, value string, methodVersion int, reason, comment,
		type1, name1, value1, type2, name2, value2 string) {
		in := &Field{ID: id, Version: version, Results: []Result{
			{Method: method, Value: value, Version: methodVersion, Reason: reason, Comment: comment, Props: []Prop{{type1, name1, value1}, {type2, name2, value2}}},
			{Method: "arc", Value: "none"},
		}}
		s := in.String()
		checkLines(t, s)
		if !strings.HasPrefix(s, "Authentication-Results:") {
			t.Errorf("String() = %q", s)
		}
		ascii := in.ASCII().String()
		checkLines(t, ascii)
		if !isASCII(ascii) || isASCII(id+reason+comment+value1+value2) && ascii != s {
			t.Errorf("String() = %q, with ASCII %q", s, ascii)
		}
		out, err := Parse(s)
		valid := in.Validate() == nil
		switch {
		case errors.Is(err, ErrVersion):
			if version == 1 || version <= 0 {
				t.Fatalf("Parse(%q): %v", s, err)
			}
			return
		case err != nil:
			t.Fatalf("Parse(%q): %v", s, err)
		case valid && !reflect.DeepEqual(out, in):
			t.Errorf("Parse(%q) = %+v, want %+v", s, out, in)
		}
		// The results that are there were given, in that order.
		want := in.Results
		if len(out.Results) == 1 {
			want = want[1:]
		}
		if len(out.Results) != len(want) || valid && len(want) != 2 {
			t.Fatalf("Parse(%q) = %+v from %+v", s, out, in)
		}
		for i, r := range out.Results {
			if r.Method != strings.ToLower(want[i].Method) || r.Value != strings.ToLower(want[i].Value) || len(r.Props) > len(want[i].Props) {
				t.Errorf("Parse(%q): result %+v from %+v", s, r, want[i])
			}
			for _, p := range r.Props {
				n := strings.ToLower(p.Type + "." + p.Name)
				if n != strings.ToLower(type1+"."+name1) && n != strings.ToLower(type2+"."+name2) {
					t.Errorf("Parse(%q): property %s from %+v", s, n, want[i])
				}
			}
		}
	})
}
