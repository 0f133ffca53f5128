package canon

import (
	"bytes"
	"strings"
	"testing"
)

// FuzzCuts: however a body is cut into Writes, and whatever a writer did before,
// it writes the same octets and counts them; and the octets given to Write stay
// as they are. Sizes has the length of each piece, over and over; an octet of
// more than 127 stands for 64 times as much, so that pieces pass the size of the
// writer's own memory.
func FuzzCuts(f *testing.F) {
	for _, s := range []string{"", " \r\n", "a \t\r\n\r\n b\r\n\r\n", "\r\r\n\n \r\n", "C \r\nD \t E\r\n\r\n\r\n", strings.Repeat("ab  cd\r\n", 40)} {
		f.Add(s, []byte{1}, uint8(0))
		f.Add(s, []byte{0, 1, 3, 2}, uint8(40))
		f.Add(s, []byte{130, 5, 200}, uint8(250))
	}
	f.Fuzz(func(t *testing.T, in string, sizes []byte, times uint8) {
		if len(in) > 4096 {
			in = in[:4096]
		}
		in = strings.Repeat(in, 1+int(times)%32)
		for _, a := range algorithms {
			want := refBody(a, in)
			var out bytes.Buffer
			w := a.NewBodyWriter(&out)
			for range 2 {
				out.Reset()
				rest := []byte(in)
				for i := 0; len(rest) > 0; i++ {
					n := len(rest)
					if len(sizes) > 0 {
						n = int(sizes[i%len(sizes)])
						if n > 127 {
							n = 64 * (n - 127)
						}
						if n = min(n, len(rest)); n == 0 && i >= len(sizes) {
							n = 1 // it must end
						}
					}
					if wrote, err := w.Write(rest[:n]); wrote != n || err != nil {
						t.Fatalf("Write of %d octets = %d, %v", n, wrote, err)
					}
					rest = rest[n:]
				}
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
				if out.String() != want || w.Len() != int64(len(want)) {
					t.Fatalf("%v body of %q in pieces of %v = %q, counted %d, want %q", a, in, sizes, out.String(), w.Len(), want)
				}
				w.Reset(a, &out)
			}
		}
	})
}

// FuzzFieldOnce: a canonical field is its own canonical form, AppendField
// appends, leaves the field as it was, and ends it with CRLF if it ended so.
func FuzzFieldOnce(f *testing.F) {
	for _, s := range []string{"", ":", "A: X\r\n", "SUBJect : AbC\r\n\t d \r\n", "B \t: Y\t\r\n\tZ  \r\n", "No colon", "a:\r\n \r\n", "\r\n\r\n ", "\xc3\xa9 : x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		for _, a := range algorithms {
			field := []byte(in)
			got := string(a.AppendField([]byte("before"), field))
			once, ok := strings.CutPrefix(got, "before")
			if !ok || string(field) != in {
				t.Fatalf("%v: %q appended = %q, and the field is %q", a, in, got, field)
			}
			if want := refField(a, in); once != want {
				t.Fatalf("%v: %q = %q, want %q", a, in, once, want)
			}
			if strings.HasSuffix(in, "\r\n") && !strings.HasSuffix(once, "\r\n") {
				t.Fatalf("%v: %q = %q", a, in, once)
			}
		}
	})
}
