package headerlist

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	long := strings.Repeat("n", maxName)
	for _, tt := range []struct {
		in   string
		want List
	}{
		{"From", List{{Name: "From"}}},
		{"From?", List{{Name: "From", Optional: true}}},
		{"From*", List{{Name: "From", All: true}}},
		{"From+", List{{Name: "From", All: true, Optional: true}}},
		{"Received+:X-Example*:From:Subject?:Received", List{
			{Name: "Received", All: true, Optional: true}, {Name: "X-Example", All: true},
			{Name: "From"}, {Name: "Subject", Optional: true}, {Name: "Received"}}},
		{"from:FROM", List{{Name: "from"}, {Name: "FROM"}}}, // 6376-3.5h-d
		// Every octet of ftext but ";", and modifiers inside a name.
		{"!\"#$%&'()*+,-./09<=>?@AZ[\\]^_`az{|}~", List{{Name: "!\"#$%&'()*+,-./09<=>?@AZ[\\]^_`az{|}~"}}},
		{"X?Y*Z+W", List{{Name: "X?Y*Z+W"}}},
		{"X??", List{{Name: "X?", Optional: true}}},
		{"??", List{{Name: "?", Optional: true}}},
		{long + "*", List{{Name: long, All: true}}},
	} {
		got, err := Parse(tt.in)
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("Parse(%q) = %+v, %v, want %+v", tt.in, got, err, tt.want)
			continue
		}
		if s := got.String(); s != tt.in {
			t.Errorf("Parse(%q).String() = %q", tt.in, s)
		}
		if err := got.Validate(); err != nil {
			t.Errorf("Parse(%q).Validate() = %v", tt.in, err)
		}
	}
}

func TestParseError(t *testing.T) {
	long := strings.Repeat("n", maxName+1)
	for _, tt := range []struct {
		in     string
		want   error
		index  int // -1: the error is not about one entry
		offset int
	}{
		{"", ErrSyntax, -1, 0}, // 6376-3.5h-a
		{":", ErrSyntax, 0, 0},
		{"From:", ErrSyntax, 1, 5}, // 6376-3.5h-a
		{":From", ErrSyntax, 0, 0}, // 6376-3.5h-a
		{"From::To", ErrSyntax, 1, 5},
		{"?", ErrSyntax, 0, 0},
		{"From:+:To", ErrSyntax, 1, 5},
		{"From:Fr om", ErrSyntax, 1, 5}, // 6376-3.5h-c
		{"From :To", ErrSyntax, 0, 0},
		{"From: To", ErrSyntax, 1, 5},
		{"From:\r\n\tTo", ErrSyntax, 1, 5},
		{"From\t", ErrSyntax, 0, 0},
		{"From:X-\u00fc", ErrSyntax, 1, 5},      // 6376-3.5h-c
		{"From:\u212aeywords", ErrSyntax, 1, 5}, // KELVIN SIGN
		{"From:Subject\u00a0", ErrSyntax, 1, 5},
		{"From:X;Y", ErrSyntax, 1, 5}, // 6376-3.2-t
		{"From;l=0", ErrSyntax, 0, 0},
		{"From\x00", ErrSyntax, 0, 0},
		{"From\x7f", ErrSyntax, 0, 0},
		{"To?:" + long, ErrLimit, 1, 4},
		{strings.Repeat("a:", maxEntries) + "a", ErrLimit, -1, 0},
	} {
		got, err := Parse(tt.in)
		checkError(t, tt.in, err, tt.want, tt.index, tt.offset)
		if got != nil {
			t.Errorf("Parse(%.40q) = %v with an error", tt.in, got)
		}
	}
	if l, err := Parse(strings.Repeat("a:", maxEntries-1) + "a"); err != nil || len(l) != maxEntries {
		t.Errorf("Parse of %d entries: %d, %v", maxEntries, len(l), err)
	}
}

func TestValidate(t *testing.T) {
	for _, tt := range []struct {
		list   List
		want   error
		index  int
		offset int
	}{
		{nil, ErrSyntax, -1, 0},
		{List{}, ErrSyntax, -1, 0},
		{List{{}}, ErrSyntax, 0, 0},
		{List{{Name: "To", All: true}, {Name: "From\r\nX"}}, ErrSyntax, 1, 4},
		{List{{Name: "To"}, {Name: "a:b"}}, ErrSyntax, 1, 3},
		{List{{Name: "X*"}}, ErrSyntax, 0, 0},
		{List{{Name: "Subject "}}, ErrSyntax, 0, 0},
		{List{{Name: strings.Repeat("n", maxName+1)}}, ErrLimit, 0, 0},
		{make(List, maxEntries+1), ErrLimit, -1, 0},
	} {
		checkError(t, tt.list.String(), tt.list.Validate(), tt.want, tt.index, tt.offset)
	}
	if err := Oversign("From", "To").Validate(); err != nil {
		t.Errorf("Validate of an oversigning list: %v", err)
	}
}

// checkError checks the reason of err and the place that it names.
func checkError(t *testing.T, in string, err, want error, index, offset int) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%.40q: error %v, want %v", in, err, want)
		return
	}
	var e *EntryError
	switch ok := errors.As(err, &e); {
	case ok != (index >= 0):
		t.Errorf("%.40q: error %#v, names an entry: %v", in, err, ok)
	case ok && (e.Index != index || e.Offset != offset || !strings.HasPrefix(in[offset:], e.Entry) || len(e.Entry) > maxQuoted):
		t.Errorf("%.40q: error is about entry %d, %q at %d, want %d at %d", in, e.Index, e.Entry, e.Offset, index, offset)
	}
}

func TestMustParse(t *testing.T) {
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, ErrSyntax) {
			t.Errorf("MustParse of a bad list panics with %v", err)
		}
	}()
	MustParse("From:")
}

// FuzzParse: what Parse takes is what String writes, and Validate agrees.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "From", "Received+:X-Example*:From:Subject?:Received", "??:*+", "a::b", "a;b", "a b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l, err := Parse(s)
		if err != nil {
			if !errors.Is(err, ErrSyntax) && !errors.Is(err, ErrLimit) {
				t.Errorf("Parse(%q): untyped error %v", s, err)
			}
			return
		}
		if got := l.String(); got != s {
			t.Errorf("Parse(%q).String() = %q", s, got)
		}
		if err := l.Validate(); err != nil {
			t.Errorf("Parse(%q).Validate() = %v", s, err)
		}
	})
}

// FuzzValidate: a list that Validate takes comes back from its string.
func FuzzValidate(f *testing.F) {
	f.Add("From", false, true, "X?", true, false)
	f.Add("X?", false, false, "", true, true)
	f.Add("a:b", false, false, "c;d", true, true)
	f.Fuzz(func(t *testing.T, a string, aAll, aOpt bool, b string, bAll, bOpt bool) {
		l := List{{a, aAll, aOpt}, {b, bAll, bOpt}}
		got, err := Parse(l.String())
		same := err == nil && slices.Equal(got, l)
		if err := l.Validate(); (err == nil) != same {
			t.Errorf("Validate(%+v) = %v, but Parse(%q) = %+v", l, err, l.String(), got)
		}
		l.Select([]string{a, b})
	})
}
