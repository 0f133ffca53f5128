package canon

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

var algorithms = []Algorithm{Simple, Relaxed}

// body canonicalizes the pieces of a body.
func body(t testing.TB, a Algorithm, pieces ...string) string {
	t.Helper()
	var out strings.Builder
	w := a.NewBodyWriter(&out)
	writeAll(t, w, &out, pieces...)
	return out.String()
}

func writeAll(t testing.TB, w *BodyWriter, out *strings.Builder, pieces ...string) {
	t.Helper()
	for _, p := range pieces {
		if n, err := w.Write([]byte(p)); n != len(p) || err != nil {
			t.Fatalf("Write(%q) = %d, %v", p, n, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	if w.Len() != int64(out.Len()) {
		t.Fatalf("Len() = %d after %d octets", w.Len(), out.Len())
	}
}

// cut cuts s into strings of n octets.
func cut(s string, n int) []string {
	var pieces []string
	for ; len(s) > n; s = s[n:] {
		pieces = append(pieces, s[:n])
	}
	return append(pieces, s)
}

func TestBody(t *testing.T) {
	tests := []struct {
		id, in, simple, relaxed string
	}{
		{"6376-3.4.3-b 6376-3.4.4-d", "", "\r\n", ""},
		{"6376-3.4.3-b 6376-3.4.4-d", "\r\n", "\r\n", ""},
		{"6376-3.4.3-b 6376-3.4.4-d", "\r\n\r\n", "\r\n", ""},
		{"6376-3.4.3-d 6376-3.4.4-d", " \r\n", " \r\n", ""},
		{"6376-3.4.3-d 6376-3.4.4-b", " \r\n\r\n", " \r\n", ""},
		{"6376-3.4.4-d", "\r\n\t\r\n", "\r\n\t\r\n", ""},
		{"6376-3.4.4-a", "\r\n\r\n  \r\n", "\r\n\r\n  \r\n", ""},
		{"6376-3.4.4-f", "  ", "  \r\n", ""},
		{"6376-3.4.4-f", "\t", "\t\r\n", ""},
		{"6376-3.4.4-f", "\r\n ", "\r\n \r\n", ""},
		{"6376-3.4.3-c 6376-3.4.4-e", "a", "a\r\n", "a\r\n"},
		{"6376-3.4.3-c", "a\r\n", "a\r\n", "a\r\n"},
		{"6376-3.4.3-a", "a\r\n\r\n\r\n", "a\r\n", "a\r\n"},
		{"6376-3.4.3-e", "\r\na\r\n", "\r\na\r\n", "\r\na\r\n"},
		{"6376-3.4.3-e", "\r\na\r\n\r\nb\r\n", "\r\na\r\n\r\nb\r\n", "\r\na\r\n\r\nb\r\n"},
		{"6376-3.4.4-c", " a \t b \r\n\t\r\n\r\n", " a \t b \r\n\t\r\n", " a b\r\n"},
		{"6376-3.4.4-c", "\t\ta\r\n", "\t\ta\r\n", " a\r\n"},
		{"6376-3.4.4-c", "a\tb\r\n", "a\tb\r\n", "a b\r\n"},
		{"6376-3.4.4-a", "a\r\n \r\n", "a\r\n \r\n", "a\r\n"},
		{"6376-3.4.4-a", "a\r\n \t\r\n\r\n", "a\r\n \t\r\n", "a\r\n"},
		{"6376-3.4.4-a", "a\r\n \r\nb", "a\r\n \r\nb\r\n", "a\r\n\r\nb\r\n"},
		{"6376-3.4.4-b", "a \t\r\nb", "a \t\r\nb\r\n", "a\r\nb\r\n"},
		{"6376-3.4.4-b", "a ", "a \r\n", "a\r\n"},
		{"6376-3.4.5-a", " C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n"},
		{"6376-3.4.3-f", "a\rb\r\n", "a\rb\r\n", "a\rb\r\n"},
		{"6376-3.4.3-f", "a\nb\r\n", "a\nb\r\n", "a\nb\r\n"},
		{"6376-3.4.3-f", "a\n\n", "a\n\n\r\n", "a\n\n\r\n"},
		{"6376-3.4.3-f", "a\r", "a\r\r\n", "a\r\r\n"},
		{"6376-3.4.3-f", "a\r\r\n", "a\r\r\n", "a\r\r\n"},
		{"6376-3.4.3-f", "\r", "\r\r\n", "\r\r\n"},
		{"6376-3.4.3-f", "\n", "\n\r\n", "\n\r\n"},
		{"6376-3.4.3-f", "\n\r", "\n\r\r\n", "\n\r\r\n"},
		{"6376-3.4.4-h", "a  \rb\r\n", "a  \rb\r\n", "a \rb\r\n"},
		{"6376-3.4.4-h", "a  \nb\r\n", "a  \nb\r\n", "a \nb\r\n"},
		{"6376-3.4.4-h", "a  \r", "a  \r\r\n", "a \r\r\n"},
		{"6376-3.4.4-h", "\r\n \r", "\r\n \r\r\n", "\r\n \r\r\n"},
		{"6376-3.4.4-g", "a\x0bb\x0c \r\n", "a\x0bb\x0c \r\n", "a\x0bb\x0c\r\n"},
		{"6376-3.4.4-g", "\xa0a\xa0\r\n", "\xa0a\xa0\r\n", "\xa0a\xa0\r\n"},
		{"6376-3.4.4-g", "\u00a0\u00a0\r\n", "\u00a0\u00a0\r\n", "\u00a0\u00a0\r\n"},
		{"6376-3.4.4-g", "a\x00\x00 \x00\r\n", "a\x00\x00 \x00\r\n", "a\x00\x00 \x00\r\n"},
		{"6376-3.7-l", ".a\r\n..b\r\n", ".a\r\n..b\r\n", ".a\r\n..b\r\n"},
	}
	for _, tt := range tests {
		for _, a := range algorithms {
			want := tt.simple
			if a == Relaxed {
				want = tt.relaxed
			}
			if got := body(t, a, tt.in); got != want {
				t.Errorf("%s: %v body of %q = %q, want %q", tt.id, a, tt.in, got, want)
			}
			// 6376-3.4.3-g
			if got := body(t, a, cut(tt.in, 1)...); got != want {
				t.Errorf("%s: %v body of %q, octet by octet = %q, want %q", tt.id, a, tt.in, got, want)
			}
			if ref := refBody(a, tt.in); ref != want {
				t.Errorf("%s: the reference gives %q for %v and %q, want %q", tt.id, ref, a, tt.in, want)
			}
		}
	}
}

// The hashes were computed apart from this package.
func TestBodyHash(t *testing.T) {
	const (
		null = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" // 6376-3.4.4-d
		crlf = "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=" // 6376-3.4.3-b
	)
	tests := []struct{ in, simple, relaxed string }{
		{"", crlf, null},
		{"\r\n", crlf, null},
		{"\r\n\r\n", crlf, null},
		{" \r\n", "a99mtb8qROZYvqLuhmlasVCgbmAL9nzVzOJFrVSWLGE=", null},
		{"\r\n\r\n  \r\n", "5zl66KVxVg2Y+qMdUu6jP37SKNmfyIUQXXYodp28z0U=", null},
		{"  ", "kiExZrYGcSsjjbKRQOqqyHvid7aTsCAia9W8eEeIONU=", null},
		{"a", "jkYhN5eG70Kk/sFVzVJcKR3X2zwf3jR4Ui9PYcA/0b0=", "jkYhN5eG70Kk/sFVzVJcKR3X2zwf3jR4Ui9PYcA/0b0="},
		{"a\r\n", "jkYhN5eG70Kk/sFVzVJcKR3X2zwf3jR4Ui9PYcA/0b0=", "jkYhN5eG70Kk/sFVzVJcKR3X2zwf3jR4Ui9PYcA/0b0="},
		{"a\r\n\r\n\r\n", "jkYhN5eG70Kk/sFVzVJcKR3X2zwf3jR4Ui9PYcA/0b0=", "jkYhN5eG70Kk/sFVzVJcKR3X2zwf3jR4Ui9PYcA/0b0="},
		{"\r\na\r\n", "rtvXwfsWayOyDkkGziU2PZl7Kvy9Vio9qMCoQxoGcYc=", "rtvXwfsWayOyDkkGziU2PZl7Kvy9Vio9qMCoQxoGcYc="},
		{" a \t b \r\n\t\r\n\r\n", "TyqE09L550k7pczXCosRMscbJlypcvpPcO1UAwvkBYg=", "LVlqWrI8bvjK0Vjyw9hj94D/ip0k/tCu4i5W92ddeso="},
		{"a\r\n \r\n", "ZO3D7rdoCJvvsca7ByQ7rWtdZIR/wo1wyF+eBMjazgQ=", "jkYhN5eG70Kk/sFVzVJcKR3X2zwf3jR4Ui9PYcA/0b0="},
		{"a\r\n\r\nb\r\n", "zCIZgM59A4jZIcXrGIzhpoD2WhSv0BLiYnkKxFCegn8=", "zCIZgM59A4jZIcXrGIzhpoD2WhSv0BLiYnkKxFCegn8="},
		{" C \r\nD \t E\r\n\r\n\r\n", "NOeivbQlDH9TmNKJUw7D53wZfsk8YMZ/hTuVVwTgi8s=", "unak6JHq0wL+Q1HP7dW1tjBx9FLA6DffoZ0qrLwbbpo="},
		{"a\rb\r\n", "LyKRrVaOri6zT8fJNyWWbX0dJvvNQVCly5aCYrYNasE=", "LyKRrVaOri6zT8fJNyWWbX0dJvvNQVCly5aCYrYNasE="},
		{"a\nb\r\n", "CZCOWXbvVqHUlpngJvaSXBQ16goH5zAC0PHlq+eOhjQ=", "CZCOWXbvVqHUlpngJvaSXBQ16goH5zAC0PHlq+eOhjQ="},
		{"a\r", "mwPeYrgux0+KQmbIfBf9AZEK0RF5OSvfLSvZgGdx73g=", "mwPeYrgux0+KQmbIfBf9AZEK0RF5OSvfLSvZgGdx73g="},
		{"a\r\r\n", "mwPeYrgux0+KQmbIfBf9AZEK0RF5OSvfLSvZgGdx73g=", "mwPeYrgux0+KQmbIfBf9AZEK0RF5OSvfLSvZgGdx73g="},
		{"a  \rb\r\n", "F645oVX51B3Fq90rfr8e4A0sWr2ze4N5CZfgTH/NS3c=", "J8+Sl5OmW+swo0JmpzXquyUWwvboSqyXtt6LiX89sSs="},
		{"a\x0bb\x0c \r\n", "SkSElhqkojl0Yy51rfL1tSWatuHu3SWA0gtwfmDb5QY=", "czmIM0xe8iyo851BRq4KG7ws3lr8BM2qZg2ekbJQom0="},
		{"\xa0a\xa0\r\n", "9211X6ljvcFcwpSsEwm5+e6I6xR1FK5POAXFEzTuXKM=", "9211X6ljvcFcwpSsEwm5+e6I6xR1FK5POAXFEzTuXKM="},
		{".a\r\n..b\r\n", "qR4ajPLQ/n28lStQtvGYyHKqmkh4egWhwxA9y1fCi18=", "qR4ajPLQ/n28lStQtvGYyHKqmkh4egWhwxA9y1fCi18="},
	}
	for _, tt := range tests {
		for _, a := range algorithms {
			want := tt.simple
			if a == Relaxed {
				want = tt.relaxed
			}
			h := sha256.New()
			w := a.NewBodyWriter(h)
			w.Write([]byte(tt.in))
			w.Close()
			if got := base64.StdEncoding.EncodeToString(h.Sum(nil)); got != want {
				t.Errorf("%v body hash of %q = %s, want %s", a, tt.in, got, want)
			}
		}
	}
}

// The whole alphabet of the algorithms, cut at every point and octet by octet.
// Len works on what was gathered, so that a cut is a cut for add as well.
func TestBodyExhaustive(t *testing.T) {
	n := 7
	if raceEnabled || testing.Short() {
		n = 5
	}
	var w BodyWriter
	var out strings.Builder
	check := func(a Algorithm, want string, drain bool, pieces ...string) {
		out.Reset()
		w.Reset(a, &out)
		for _, p := range pieces {
			w.Write([]byte(p))
			if drain {
				w.Len()
			}
		}
		if w.Close(); out.String() != want {
			t.Fatalf("%v body of %q (drained: %v) = %q, want %q", a, pieces, drain, out.String(), want)
		}
	}
	each("a \t\r\n", n, func(s string) {
		for _, a := range algorithms {
			want := refBody(a, s)
			check(a, want, false, s)
			for i := range len(s) {
				check(a, want, true, s[:i], s[i:])
			}
			check(a, want, true, cut(s, 1)...)
		}
	})
}

// The places where the fast path goes from one step to another: every short
// string there, between text and between markup that needs work.
func TestBodyBorders(t *testing.T) {
	n := 4
	if raceEnabled || testing.Short() {
		n = 2
	}
	text := strings.Repeat("The quick brown fox jumps over the lazy dog.\r\n", 2*blockSize/46)
	html := strings.Repeat("  <td>\tx</td> \r\n", 2*blockSize/16)
	var w BodyWriter
	var out strings.Builder
	each("a \t\r\n", n, func(s string) {
		for _, around := range []string{text, html} {
			for _, border := range []int{8, 16, 32, 64, denseStep, directSize, gatherSize, blockSize} {
				for at := border - 3; at <= border+1; at++ {
					in := around[:at] + s + around[at:at+40]
					for _, a := range algorithms {
						out.Reset()
						w.Reset(a, &out)
						writeAll(t, &w, &out, in)
						if want := refBody(a, in); out.String() != want {
							t.Fatalf("%v body with %q at %d differs from the reference:\n got %q\nwant %q", a, s, at, out.String(), want)
						}
					}
				}
			}
		}
	})
}

// randomBody returns a body of about n octets: stretches of one kind, since
// an even mix would never leave the dense path.
func randomBody(r *rand.Rand, n int) string {
	var b strings.Builder
	words := []string{"a", " ", "  ", "\t", "\r\n", "\r", "\n", "word", "!", "\x1f", "\xa0", " \r\n", "\r\n\r\n", "\x00", "\x08", "0123456789abcdef"}
	for b.Len() < n {
		kinds := words[:1+r.IntN(len(words))]
		if r.IntN(2) == 0 {
			kinds = []string{words[r.IntN(len(words))], words[r.IntN(len(words))]}
		}
		skew := r.IntN(20)
		for stop := b.Len() + r.IntN(600); b.Len() < stop; {
			k := 0
			if r.IntN(20) >= skew {
				k = r.IntN(len(kinds))
			}
			b.WriteString(kinds[k])
		}
	}
	return b.String()
}

func TestBodyRandom(t *testing.T) {
	rounds := 3000
	if raceEnabled || testing.Short() {
		rounds = 100
	}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range rounds {
		in := randomBody(r, r.IntN(3*blockSize))
		var pieces []string
		for rest := in; rest != ""; {
			k := min(len(rest), 1+r.IntN(1<<r.IntN(16)))
			pieces = append(pieces, rest[:k])
			rest = rest[k:]
		}
		for _, a := range algorithms {
			want := refBody(a, in)
			if got := body(t, a, pieces...); got != want {
				t.Fatalf("round %d: %v body in %d pieces differs from the reference at %d", i, a, len(pieces), differ(got, want))
			}
		}
	}
}

func differ(a, b string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// Len depends on the octets, not on how they were cut.
func TestBodyLen(t *testing.T) {
	in := "  a \r\n\r\n b\t\r\n\r\r\n \n" + strings.Repeat("text  \r\n", 3000) + "\r\n \r"
	for _, a := range algorithms {
		var want []int64
		w := a.NewBodyWriter(&strings.Builder{})
		for i := range len(in) {
			want = append(want, w.Len())
			w.Write([]byte(in[i : i+1]))
		}
		for _, n := range []int{2, 3, 7, 64, 1000, blockSize, blockSize + 1} {
			w := a.NewBodyWriter(&strings.Builder{})
			at := 0
			for _, p := range cut(in, n) {
				if w.Len() != want[at] {
					t.Fatalf("%v, in pieces of %d: Len() = %d after %d octets, want %d", a, n, w.Len(), at, want[at])
				}
				w.Write([]byte(p))
				at += len(p)
			}
		}
	}
}

func TestBodyUnset(t *testing.T) {
	for _, a := range []Algorithm{0, 3, 255} {
		in := " a \r\n\r\n"
		if got, want := body(t, a, in), refBody(Simple, in); got != want {
			t.Errorf("%v body = %q, want %q", a, got, want)
		}
	}
}

// failWriter takes room octets, then fails. When short is set it says so by
// its count alone.
type failWriter struct {
	room  int
	err   error
	calls int
}

func (f *failWriter) Write(p []byte) (int, error) {
	f.calls++
	if len(p) > f.room {
		n := f.room
		f.room = 0
		return n, f.err
	}
	f.room -= len(p)
	return len(p), nil
}

func TestBodyWriteError(t *testing.T) {
	text := strings.Repeat("some text  \r\n", 20000)
	for _, a := range algorithms {
		for _, room := range []int{0, 1, 10000, 100000} {
			boom := errors.New("boom")
			f := &failWriter{room: room, err: boom}
			w := a.NewBodyWriter(f)
			var first error
			for _, p := range cut(text, 1000) {
				n, err := w.Write([]byte(p))
				if first == nil {
					first = err
				}
				if err != nil && n != 0 {
					t.Errorf("%v: Write = %d, %v", a, n, err)
				}
				if first != nil && err != first {
					t.Errorf("%v: Write failed with %v, then with %v", a, first, err)
				}
			}
			if first != boom {
				t.Fatalf("%v: Write = %v, want %v", a, first, boom)
			}
			calls := f.calls
			for range 2 {
				if err := w.Close(); err != boom {
					t.Errorf("%v: Close = %v, want %v", a, err, boom)
				}
			}
			if f.calls != calls {
				t.Errorf("%v: %d Writes after the error", a, f.calls-calls)
			}
		}
	}
}

func TestBodyCloseError(t *testing.T) {
	boom := errors.New("boom")
	for _, a := range algorithms {
		w := a.NewBodyWriter(&failWriter{err: boom})
		if n, err := w.Write([]byte("a")); n != 1 || err != nil {
			t.Fatalf("%v: Write = %d, %v", a, n, err)
		}
		for range 2 {
			if err := w.Close(); err != boom {
				t.Errorf("%v: Close = %v, want %v", a, err, boom)
			}
		}
	}
}

func TestBodyShortWrite(t *testing.T) {
	w := Simple.NewBodyWriter(&failWriter{room: 1})
	w.Write([]byte("abc"))
	if err := w.Close(); err == nil {
		t.Error("Close = nil after a short write")
	}
}

func TestBodyWriteAfterClose(t *testing.T) {
	for _, a := range algorithms {
		var out strings.Builder
		w := a.NewBodyWriter(&out)
		w.Write([]byte("a"))
		w.Close()
		if n, err := w.Write([]byte("b")); n != 0 || err == nil {
			t.Errorf("%v: Write after Close = %d, %v", a, n, err)
		}
		if err := w.Close(); err != nil {
			t.Errorf("%v: Close again = %v", a, err)
		}
		if out.String() != "a\r\n" || w.Len() != 3 {
			t.Errorf("%v: body = %q, Len() = %d", a, out.String(), w.Len())
		}
	}
}

// Reset drops all of the state.
func TestBodyReset(t *testing.T) {
	for _, before := range []string{"", "a", "\r\n\r\n", "x \t", "x\r\n \r", strings.Repeat("a  b", blockSize)} {
		for _, from := range algorithms {
			for _, to := range algorithms {
				for _, closed := range []bool{false, true} {
					var out strings.Builder
					w := from.NewBodyWriter(&failWriter{room: len(before) / 2, err: errors.New("boom")})
					w.Write([]byte(before))
					if closed {
						w.Close()
					}
					w.Reset(to, &out)
					writeAll(t, w, &out, "b \r\n")
					if want := refBody(to, "b \r\n"); out.String() != want {
						t.Errorf("%v after %v of %d octets: %q, want %q", to, from, len(before), out.String(), want)
					}
				}
			}
		}
	}
}

// countWriter counts.
type countWriter struct{ octets, writes int64 }

func (c *countWriter) Write(p []byte) (int, error) {
	c.octets += int64(len(p))
	c.writes++
	return len(p), nil
}

// 6376-3.4.4-i: what may be the end of the body is counted, not kept.
func TestBodyMemory(t *testing.T) {
	total := 64 << 20
	if raceEnabled || testing.Short() {
		total = 4 << 20
	}
	for _, unit := range []string{"\r\n", " ", " \r\n", "\t\r\n\r\n", "\r", "\n", "a  ", "a"} {
		chunk, end := []byte(strings.Repeat(unit, 64<<10/len(unit))), []byte("a")
		for _, a := range algorithms {
			var w BodyWriter
			var c countWriter
			allocs := testing.AllocsPerRun(2, func() { // one of the runtime, in both, is none a run
				c = countWriter{}
				w.Reset(a, &c)
				for n := 0; n < total; n += len(chunk) {
					w.Write(chunk)
				}
				w.Write(end)
				w.Close()
			})
			if allocs != 0 {
				t.Errorf("%v, %q: %v allocations for %d octets", a, unit, allocs, total)
			}
			if c.octets != w.Len() {
				t.Errorf("%v, %q: Len() = %d, wrote %d", a, unit, w.Len(), c.octets)
			}
		}
	}
}

// A hash costs time for each Write: there are few, however the body is cut.
func TestBodyGathers(t *testing.T) {
	text := strings.Repeat("Some text,  not all of it clean.\r\nAnd a line. \r\n", 10000)
	for _, a := range algorithms {
		for _, n := range []int{1, 64, 1000, directSize, blockSize, len(text)} {
			var c countWriter
			w := a.NewBodyWriter(&c)
			for _, p := range cut(text, n) {
				w.Write([]byte(p))
			}
			w.Close()
			if most := 2 + c.octets/(directSize/2); c.writes > most {
				t.Errorf("%v, in pieces of %d: %d Writes for %d octets, want at most %d", a, n, c.writes, c.octets, most)
			}
		}
	}
}

// A message in flight costs its header and 64 KB; this is the body's part.
func TestBodyWriterSize(t *testing.T) {
	if n := reflect.TypeFor[BodyWriter]().Size(); n > 8<<10+256 {
		t.Errorf("a BodyWriter has %d octets", n)
	}
}

// The caller's slice is the caller's again after Write.
func TestBodyWriterKeepsNothing(t *testing.T) {
	p := []byte(strings.Repeat("clean text\r\n", 1000))
	var out bytes.Buffer
	w := Relaxed.NewBodyWriter(&out)
	for range 3 {
		q := bytes.Clone(p)
		w.Write(q)
		clear(q)
	}
	w.Close()
	if want := strings.Repeat(string(p), 3); out.String() != want {
		t.Errorf("body differs at %d", differ(out.String(), want))
	}
}

func FuzzBody(f *testing.F) {
	for _, s := range []string{"", "  ", "a  \r\n\r\n b\t\r\n \r", "\r\r\n", strings.Repeat("ab  cd\r\n", 40)} {
		f.Add(s, uint16(3), uint8(0))
		f.Add(s, uint16(1), uint8(200))
	}
	f.Fuzz(func(t *testing.T, in string, n uint16, times uint8) {
		in += strings.Repeat(in, int(times)%64) // longer than a fuzzer likes to
		for _, a := range algorithms {
			want := refBody(a, in)
			if got := body(t, a, in); got != want {
				t.Errorf("%v body of %q = %q, want %q", a, in, got, want)
			}
			if got := body(t, a, cut(in, 1+int(n))...); got != want {
				t.Errorf("%v body of %q in pieces of %d = %q, want %q", a, in, 1+int(n), got, want)
			}
			// Once canonical, always canonical.
			if got := body(t, a, want); got != want {
				t.Errorf("%v body of %q = %q", a, want, got)
			}
		}
	})
}

func ExampleAlgorithm_NewBodyWriter() {
	body := " C \r\nD \t E\r\n\r\n\r\n" // RFC 6376, section 3.4.5

	h := sha256.New()
	w := Relaxed.NewBodyWriter(h)
	w.Write([]byte(body)) // or io.Copy, in any pieces
	if err := w.Close(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(w.Len(), base64.StdEncoding.EncodeToString(h.Sum(nil)))
	// Output: 9 unak6JHq0wL+Q1HP7dW1tjBx9FLA6DffoZ0qrLwbbpo=
}
