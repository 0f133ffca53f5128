package message

import (
	"bytes"
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

func TestBareLineEnd(t *testing.T) {
	for in, want := range map[string]int{
		"": -1, "a": -1, "a\r\nb\r\n": -1, "\r\n\r\n": -1, "a\r": -1,
		"a\nb": 1, "\n": 0, "a\rb": 1, "\r\r\n": 0, "a\r\n\n": 3, "a\r\nb\rc\r\n": 4, "a\n\r\n": 1, "a\r\n\r": -1,
	} {
		if got := BareLineEnd([]byte(in)); got != want {
			t.Errorf("BareLineEnd(%q) = %d, want %d", in, got, want)
		}
	}
}

// slowBareLineEnd is BareLineEnd, by the rule written out.
func slowBareLineEnd(b []byte) int {
	for i, c := range b {
		if c == '\r' && i+1 < len(b) && b[i+1] != '\n' || c == '\n' && (i == 0 || b[i-1] != '\r') {
			return i
		}
	}
	return -1
}

func checkBareLineEnd(t *testing.T, b []byte) {
	t.Helper()
	want := slowBareLineEnd(b)
	if got := BareLineEnd(b); got != want {
		t.Fatalf("BareLineEnd(%q) = %d, want %d", b, got, want)
	}
	if n := pairedASCII(b); n > len(b) || want >= 0 && n > want || slowBareLineEnd(b[n:]) != max(-1, want-n) {
		t.Fatalf("pairedASCII(%q) = %d, and the first bare CR or LF is at %d", b, n, want)
	}
}

func TestBareLineEndExhaustive(t *testing.T) {
	most := 0
	var try func(s []byte)
	try = func(s []byte) {
		checkBareLineEnd(t, s)
		if len(s) < most {
			for _, c := range []byte("a\r\n") {
				try(append(s, c))
			}
		}
	}
	// Behind many lines of one length the next ones are guessed.
	for _, line := range []string{"", "\r\n", "a\r\n", "aa\r\n", "aaaa\r\n"} {
		lines := strings.Repeat(line, 6)
		most = len(lines) + 8
		try(append(make([]byte, 0, most), lines...))
	}
}

// Every short string at every offset of the steps, in text and in what looks
// like text at its begin; octets near CR and LF and beyond ASCII are in it.
func TestBareLineEndOffsets(t *testing.T) {
	text := strings.Repeat("a line\r\n\r\nand another\r\n", 50)
	if !isText([]byte(text)) {
		t.Fatal("text is none")
	}
	for _, before := range []string{"", strings.Repeat("x", 40), text} {
		dkimtest.Exhaustive("a\r\n\x0b\x0c\x8a\x8d\xff", 3, func(s string) {
			for at := range 34 {
				in := before + strings.Repeat("x", at) + s
				checkBareLineEnd(t, []byte(in))
				checkBareLineEnd(t, []byte(in+strings.Repeat("y", 40)+"\r\n"))
			}
		})
	}
}

func FuzzBareLineEnd(f *testing.F) {
	f.Add([]byte("a\r\nbc\r\n\r\n\r"), uint8(0))
	f.Add([]byte("a line\r\nand \xc3\xa9 more\r\n"), uint8(200))
	f.Add([]byte("\n\xff\r"), uint8(40))
	f.Fuzz(func(t *testing.T, b []byte, times uint8) {
		for _, in := range [][]byte{b, append(bytes.Repeat([]byte("ab\r\nc\r\n"), 130+int(times)), b...), bytes.Repeat(b, int(times))} {
			checkBareLineEnd(t, in)
		}
	})
}
