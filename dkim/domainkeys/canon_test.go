package domainkeys

import (
	"crypto/sha1"
	"hash"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/internal/dkimtest"
)

// canonical is the slow reading of section 3.4.2: what is hashed for a body and
// the empty line before it.
func canonical(c Canon, body string) string {
	lines := strings.Split(body, "\r\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	out, blank := "", "\r\n"
	for _, line := range lines {
		if c == NoFWS {
			line = strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "").Replace(line)
		}
		if line == "" {
			blank += "\r\n"
			continue
		}
		out += blank + line + "\r\n"
		blank = ""
	}
	return out
}

// A text keeps what is written to it, where a hash is wanted.
type text struct {
	hash.Hash
	strings.Builder
}

func (t *text) Write(p []byte) (int, error) { return t.Builder.Write(p) }
func (t *text) Reset()                      { t.Builder.Reset() }

// TestBody has every short body, cut at every place, against canonical:
// 4870-3.4.2.1-a, 4870-3.4.2.1-b, 4870-3.4.2.2-a.
func TestBody(t *testing.T) {
	for _, c := range []Canon{Simple, NoFWS} {
		var out text
		run := func(parts ...string) string {
			out.Reset()
			w := newBodyWriter(&out, c)
			for _, p := range parts {
				w.Write([]byte(p))
			}
			w.Close()
			return out.String()
		}
		dkimtest.Exhaustive("a \r\n", 7, func(body string) {
			want := canonical(c, body)
			for cut := range len(body) + 1 {
				if got := run(body[:cut], body[cut:]); got != want {
					t.Fatalf("%v: %q + %q: %q, want %q", c, body[:cut], body[cut:], got, want)
				}
			}
			if got := run(strings.Split(body, "")...); got != want {
				t.Fatalf("%v: %q, an octet at a time: %q, want %q", c, body, got, want)
			}
		})
		long := strings.Repeat("\r\n", 10_000) + "a\v" + strings.Repeat(" b\r\n", 5_000) + strings.Repeat("\r\n", 10_000)
		if got := run(long); got != canonical(c, long) {
			t.Errorf("%v: a long body differs", c)
		}
	}
}

func TestField(t *testing.T) {
	for _, tt := range []struct {
		id          string
		canon       Canon
		field, want string
	}{
		{"4870-3.4.2.2-a", NoFWS, "Subject: a b\r\n", "Subject:ab\r\n"},
		{"4870-3.4.2.2-a, folds, and the case of the name", NoFWS, "SubJect :\ta\r\n \t b\r\n\tc \r\n", "SubJect:abc\r\n"},
		{"4870-3.4.2.2-a, no other controls", NoFWS, "A:\v\f\x00\xa0\r\n", "A:\v\f\x00\xa0\r\n"},
		{"4870-3.4.2.2-a, bare CR and LF", NoFWS, "A: b\rc\nd\r\n", "A:bcd\r\n"},
		{"4870-3.4.2.1-a", Simple, "SubJect :\ta\r\n \t b\r\n", "SubJect :\ta\r\n \t b\r\n"},
	} {
		if got := tt.canon.appendField([]byte("x"), []byte(tt.field)); string(got) != "x"+tt.want {
			t.Errorf("%s: %q, want %q", tt.id, got, "x"+tt.want)
		}
	}
	for c, want := range map[Canon]string{Simple: "simple", NoFWS: "nofws", 0: "", 9: ""} {
		if c.String() != want {
			t.Errorf("Canon(%d) is %q, want %q", c, c, want)
		}
	}
}

func BenchmarkBody(b *testing.B) {
	body := []byte(strings.Repeat("We lost the game. Are you hungry yet? And a bit more, to fill the line up.\r\n", 1<<14))
	for _, c := range []Canon{Simple, NoFWS} {
		b.Run(c.String(), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				w := newBodyWriter(sha1.New(), c)
				w.Write(body)
				w.Close()
			}
		})
	}
	b.Run("floor", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			sha1.New().Write(body)
		}
	})
}
