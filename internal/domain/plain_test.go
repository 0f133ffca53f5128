package domain

import (
	"strings"
	"testing"
)

// What isPlain lets pass is what the long way returns as it is, and it lets pass
// every name of small letters, digits and single inner hyphens that is right.
func TestIsPlain(t *testing.T) {
	check := func(name string) {
		for min := 1; min <= 3; min++ {
			right := len(name) <= maxName && checkLabels(name, min) == nil && classify(name) == 0
			want := right && !strings.Contains(name, "--") // those are left to the long way
			if got := isPlain(name, min); got != want {
				t.Fatalf("isPlain(%q, %d) = %v, want %v", name, min, got, want)
			}
		}
	}
	var try func(s string)
	try = func(s string) {
		check(s)
		if len(s) < 6 {
			for _, c := range "a0-.A_\x80" {
				try(s + string([]byte{byte(c)}))
			}
		}
	}
	try("")
	for c := range 256 {
		for i := range 7 {
			check("abc.def"[:i] + string([]byte{byte(c)}) + "abc.def"[i:])
		}
	}
	label := strings.Repeat("a", maxLabel)
	for _, name := range []string{label, label + "a", label + ".b", label + "a.b", "b." + label, "b." + label + "a",
		strings.Repeat(label+".", 3) + label[:61], strings.Repeat(label+".", 3) + label[:62]} {
		check(name)
	}
}
