package headerhash

import (
	"fmt"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/internal/dkimtest"
)

// Many fields of one name; h= of many names on as many fields; h= that names
// From many times; a field of many continuation lines: the octets that are
// hashed, and those that are allocated, grow no faster than the header.
func TestHazardLinear(t *testing.T) {
	repeat := func(s string, n int) []string {
		list := make([]string, n)
		for i := range list {
			list[i] = s
		}
		return list
	}
	for what, build := range map[string]func(n int) (fields string, names []string){
		"many fields of one name, one listed": func(n int) (string, []string) { return strings.Repeat("X: y\r\n", n), []string{"x"} },
		"many fields of one name, all listed": func(n int) (string, []string) { return strings.Repeat("X: y\r\n", n), repeat("x", n) },
		"From listed many times":              func(n int) (string, []string) { return "From: a\r\n", repeat("From", n) },
		"as many names as fields": func(n int) (string, []string) {
			var b strings.Builder
			names := make([]string, n)
			for i := range n {
				names[i] = fmt.Sprintf("X-%06d", i)
				fmt.Fprintf(&b, "%s: y\r\n", names[i])
			}
			return b.String(), names
		},
		"continuation lines": func(n int) (string, []string) {
			return "X: y" + strings.Repeat("\r\n z", n) + "\r\n", []string{"x", "x"}
		},
	} {
		for _, a := range []canon.Algorithm{canon.Simple, canon.Relaxed} {
			dkimtest.Linear(t, what, 2000, 64<<10, func(n int) int64 {
				fields, names := build(n)
				h := header(t, fields)
				var c dkimtest.Counter
				allocated := dkimtest.Allocated(func() {
					var x Index
					x.Reset(h)
					x.Write(&c, Signature{a, names, -1, []byte("DKIM-Signature: b=")}, nil)
				})
				if most := int64(len(fields) + 100); c.Octets > most || c.Calls > most/1024+1 {
					t.Errorf("%s: %d octets in %d calls, of %d", what, c.Octets, c.Calls, most)
				}
				return c.Octets + allocated
			})
		}
	}
}
