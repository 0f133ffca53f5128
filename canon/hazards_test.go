package canon

import (
	"strings"
	"testing"

	"github.com/waxseal/waxseal/internal/dkimtest"
)

// Bodies and fields that cost other software minutes: the octets written, the
// calls of Write and the octets allocated grow no faster than the input.
// Body of bare CRLFs, simple: blank lines kept and re-appended.
func TestHazardLinearBody(t *testing.T) {
	for what, unit := range map[string]string{
		"bare CRLFs": "\r\n", "blank lines between text": "\r\n\r\n\r\na", "white space": " \t", "lines of white space": " \r\n",
		"bare CR": "\r", "bare LF": "\n", "CR CR LF": "\r\r\n", "one line": "x",
	} {
		for _, a := range algorithms {
			for _, piece := range []int{1 << 20, 1000, 1} {
				n := 20_000
				block := []byte(strings.Repeat(unit, 4*n))
				run := func(n int) (c dkimtest.Counter) {
					w := a.NewBodyWriter(&c)
					for rest := block[:n*len(unit)]; len(rest) > 0; {
						k := min(piece, len(rest))
						w.Write(rest[:k])
						rest = rest[k:]
					}
					w.Close()
					if c.Octets > int64(n*len(unit)+2) {
						t.Errorf("%s, %v: %d octets of %d", what, a, c.Octets, n*len(unit))
					}
					return c
				}
				name := what + ", " + a.String()
				dkimtest.Linear(t, name+": octets", n, 100, func(n int) int64 { return run(n).Octets })
				dkimtest.Linear(t, name+": calls", n, 100, func(n int) int64 { return run(n).Calls })
				dkimtest.Linear(t, name+": memory", n, 256<<10, func(n int) int64 { return dkimtest.Allocated(func() { run(n) }) })
			}
		}
	}
}

// One header field of 80,000 continuation lines; a field of 1 MiB.
func TestHazardLinearField(t *testing.T) {
	for what, unit := range map[string]string{
		"continuation lines": "\r\n a", "continuation lines of white space": "\r\n \t", "white space": " ", "text": "x", "bare CR": "\r", "CRLF without white space": "\r\n",
	} {
		for _, a := range algorithms {
			dst := make([]byte, 0, 1<<20)
			field := []byte("X:" + strings.Repeat(unit, 80_000))
			dkimtest.Linear(t, what+", "+a.String(), 20_000, 64<<10, func(n int) int64 {
				in := field[:2+n*len(unit)]
				var out int
				allocated := dkimtest.Allocated(func() { out = len(a.AppendField(dst, in)) })
				if out > len(in) {
					t.Errorf("%s, %v: %d octets of %d", what, a, out, len(in))
				}
				return allocated + int64(out)
			})
		}
	}
}

// Failed, and should have passed: blank lines only, white space without a final
// CRLF, a space and CRLF; chunk borders inside a CRLF and after white space.
func TestHazardBodies(t *testing.T) {
	for in, want := range map[string]string{
		"\r\n\r\n": "", "  \t": "", " \r\n": "", "a \r\n": "a\r\n", "a \tb\r\n\r\n": "a b\r\n",
	} {
		for at := range len(in) + 1 {
			if got := body(t, Relaxed, in[:at], in[at:]); got != want {
				t.Errorf("%q cut at %d: %q, want %q", in, at, got, want)
			}
		}
	}
}
