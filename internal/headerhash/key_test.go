package headerhash

import (
	"fmt"
	"strings"
	"testing"
)

// Names of any length are one name if they differ in the case of ASCII letters
// alone, whichever octet of them it is (6376-5.4.2-g).
func TestNames(t *testing.T) {
	for n := 1; n <= 40; n++ {
		name := strings.Repeat("x", n)
		var x Index
		x.Reset(header(t, name+": v\r\n"))
		for i := range n {
			for c := range 256 {
				other := name[:i] + string([]byte{byte(c)}) + name[i+1:]
				want := 0
				if c == 'x' || c == 'X' {
					want = 1
				}
				if got := x.Count(other); got != want {
					t.Fatalf("%q among the fields %q: %d", other, name, got)
				}
			}
		}
		if x.Count(name+"x") != 0 || x.Count(name[1:]) != 0 {
			t.Errorf("a name of another length than %d is found", n)
		}
	}
}

// As does each octet of the header's name.
func TestNamesOfFields(t *testing.T) {
	for n := 1; n <= 40; n++ {
		for c := byte('!'); c < 0x7f; c++ {
			if c == ':' {
				continue
			}
			for i := range n {
				name := strings.Repeat("a", i) + string([]byte{c}) + strings.Repeat("z", n-1-i)
				lower, upper := strings.ToLower(name), strings.ToUpper(name)
				var x Index
				x.Reset(header(t, name+": v\r\n"+upper+": w\r\n"))
				if got := x.Count(lower); got != 2 {
					t.Fatalf("%q in any case: %d fields, want 2", name, got)
				}
			}
		}
	}
}

// Names that share their ends, or all but their ends, are found in a few steps:
// the table spreads them.
func TestSpread(t *testing.T) {
	const n = 4000
	for _, format := range []string{"%04x", "aaaaaaaa%04xaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaa%04xaaaaaaaaaa", "%04xaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaa%04x"} {
		var fields strings.Builder
		for i := range n {
			fmt.Fprintf(&fields, format+": v\r\n", i)
		}
		var x Index
		x.Reset(header(t, fields.String()))
		longest, run := 0, 0
		for _, s := range x.slots {
			if run++; s == 0 {
				run = 0
			}
			longest = max(longest, run)
		}
		if most := 100; longest > most { // some 30 for a table that is half full
			t.Errorf("%s: %d slots in use in a row", format, longest)
		}
	}
}
