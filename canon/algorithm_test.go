package canon

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestParsePair(t *testing.T) {
	tests := []struct {
		id, in string
		want   Pair
		err    error
	}{
		{"6376-3.4-a", "simple/simple", Pair{Simple, Simple}, nil},
		{"6376-3.4-a", "simple/relaxed", Pair{Simple, Relaxed}, nil},
		{"6376-3.4-a", "relaxed/simple", Pair{Relaxed, Simple}, nil},
		{"6376-3.4-a", "relaxed/relaxed", Pair{Relaxed, Relaxed}, nil},
		{"6376-3.4-b", "relaxed", Pair{Relaxed, Simple}, nil},
		{"6376-3.4-b", "simple", Pair{Simple, Simple}, nil},
		{"6376-3.2-n", "Relaxed/SIMPLE", Pair{Relaxed, Simple}, nil},
		{"6376-3.2-n", "rELAXED", Pair{Relaxed, Simple}, nil},
		{"6376-3.4-c", "nowsp/simple", Pair{}, ErrUnknown},
		{"6376-3.4-c", "simple/nofws", Pair{}, ErrUnknown},
		{"6376-3.4-c", "nowsp", Pair{}, ErrUnknown},
		{"6376-3.4-c", "x-1-y", Pair{}, ErrUnknown},
		{"6376-3.4-c", "simples", Pair{}, ErrUnknown},
		{"6376-3.4-c", "unset/unset", Pair{}, ErrUnknown},
		{"6376-3.5c-a", "", Pair{}, ErrSyntax},
		{"6376-3.5c-a", "/", Pair{}, ErrSyntax},
		{"6376-3.5c-a", "/simple", Pair{}, ErrSyntax},
		{"6376-3.5c-a", "simple/", Pair{}, ErrSyntax},
		{"6376-3.5c-a", "simple/simple/simple", Pair{}, ErrSyntax},
		{"6376-3.5c-a", "simple//simple", Pair{}, ErrSyntax},
		{"6376-3.5c-a", "nowsp/", Pair{}, ErrSyntax},
		{"6376-3.2-j", "relaxed / simple", Pair{}, ErrSyntax},
		{"6376-3.2-j", "relaxed /simple", Pair{}, ErrSyntax},
		{"6376-3.2-j", " relaxed", Pair{}, ErrSyntax},
		{"6376-3.2-j", "relaxed\r\n /simple", Pair{}, ErrSyntax},
		{"6376-3.5c-a", "1simple", Pair{}, ErrSyntax},
		{"6376-3.5c-a", "-simple", Pair{}, ErrSyntax},
		{"6376-3.5c-a", "simple-", Pair{}, ErrSyntax},
		{"6376-3.5c-a", "sim_ple", Pair{}, ErrSyntax},
		{"6376-3.5c-a", "@imple", Pair{}, ErrSyntax},
		{"6376-3.5c-a", "[imple", Pair{}, ErrSyntax},
		{"6376-3.5c-a", "\u017fimple", Pair{}, ErrSyntax}, // folds to "simple" in Unicode
	}
	for _, tt := range tests {
		got, err := ParsePair(tt.in)
		if got != tt.want || !errors.Is(err, tt.err) || err == nil && tt.err != nil {
			t.Errorf("%s: ParsePair(%q) = %v, %v, want %v, %v", tt.id, tt.in, got, err, tt.want, tt.err)
		}
	}
}

// An error repeats a bounded part of what a stranger wrote.
func TestParsePairLong(t *testing.T) {
	for in, want := range map[string]error{
		strings.Repeat("a", 1<<20):    ErrUnknown,
		strings.Repeat("\x00", 1<<20): ErrSyntax,
	} {
		_, err := ParsePair(in)
		if !errors.Is(err, want) || len(err.Error()) > 10*maxQuoted {
			t.Errorf("ParsePair of 1 MiB: %.200v, want %v", err, want)
		}
	}
}

// 6376-2.10-d: what is no hyphenated-word is a syntax error, and other words are
// unknown.
func TestParsePairWords(t *testing.T) {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	for c := range 256 {
		s := string([]byte{byte(c)})
		letter := strings.Contains(letters, s)
		inner := letter || strings.Contains("0123456789", s)
		for word, ok := range map[string]bool{s: letter, s + "a": letter, "a" + s: inner, "a" + s + "a": inner || s == "-" || s == "/"} {
			want := ErrUnknown
			if !ok {
				want = ErrSyntax
			}
			if _, err := ParsePair(word); !errors.Is(err, want) {
				t.Errorf("ParsePair(%q) = %v, want %v", word, err, want)
			}
		}
	}
}

func TestPairString(t *testing.T) {
	for _, h := range algorithms {
		for _, b := range algorithms {
			p := Pair{h, b}
			got, err := ParsePair(p.String())
			if got != p || err != nil {
				t.Errorf("ParsePair(%q) = %v, %v", p.String(), got, err)
			}
		}
	}
	if got := (Pair{0, 9}).String(); got != "unset/Algorithm(9)" {
		t.Errorf("String() = %q", got)
	}
}

func ExampleParsePair() {
	for _, c := range []string{"relaxed/relaxed", "relaxed", "nowsp"} {
		p, err := ParsePair(c)
		if errors.Is(err, ErrUnknown) {
			fmt.Println("ignored:", err)
			continue
		}
		fmt.Println(p, "- the body is", p.Body)
	}
	// Output:
	// relaxed/relaxed - the body is relaxed
	// relaxed/simple - the body is simple
	// ignored: canon: unknown canonicalization: "nowsp"
}
