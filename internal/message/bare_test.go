package message

import (
	"strings"
	"testing"

	"github.com/waxseal/waxseal/internal/dkimtest"
)

// Hides, in plain words: split the header at the line ends of a reader, and
// compare what it finds.
func hides(header, name string) bool {
	fields := func(lines []string) (n int) {
		for _, line := range lines {
			before, _, ok := strings.Cut(line, ":")
			if ok && strings.EqualFold(strings.TrimRight(before, " \t"), name) {
				n++
			}
		}
		return n
	}
	strict := strings.Split(header, "\r\n")
	lf := strings.Split(strings.ReplaceAll(header, "\r\n", "\n"), "\n")
	cr := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(header), "\n")
	return fields(lf) != fields(strict) || fields(cr) != fields(strict)
}

func TestHides(t *testing.T) {
	n := 0
	dkimtest.Exhaustive("f: \r\n", 8, func(s string) {
		var w Scanner
		w.Write([]byte("a:" + s + "\r\n\r\n"))
		if w.Close() != nil || w.Header.Len() == 0 {
			return
		}
		var header strings.Builder
		for i := range w.Header.Len() {
			header.Write(w.Header.Field(i))
		}
		n++
		if got, want := w.Header.Hides("F"), hides(header.String(), "F"); got != want {
			t.Fatalf("Hides of %q = %v, want %v", header.String(), got, want)
		}
	})
	if n < 10_000 {
		t.Errorf("%d headers", n)
	}
}

// HidesEnd, in plain words: a reader of lines that end in LF, with or without a
// CR before it, finds one that is empty.
func TestHidesEnd(t *testing.T) {
	n := 0
	dkimtest.Exhaustive("f: \r\n", 8, func(s string) {
		for _, first := range []string{"a:", "", "\n"} {
			var w Scanner
			w.Write([]byte(first + s + "\r\n\r\n"))
			if w.Close() != nil || w.Header.Len() == 0 {
				continue
			}
			want := false
			for line := range strings.Lines(string(w.Header.buf)) {
				want = want || line == "\n" || line == "\r\n"
			}
			n++
			if got := w.Header.HidesEnd(); got != want {
				t.Fatalf("HidesEnd of %q = %v, want %v", w.Header.buf, got, want)
			}
		}
	})
	if n < 10_000 {
		t.Errorf("%d headers", n)
	}
}
