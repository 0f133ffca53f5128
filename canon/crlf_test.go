package canon

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
)

// convert writes the pieces to a CRLF writer.
func convert(t testing.TB, pieces ...string) string {
	t.Helper()
	var out strings.Builder
	w := NewCRLFWriter(&out)
	for _, p := range pieces {
		if n, err := w.Write([]byte(p)); n != len(p) || err != nil {
			t.Fatalf("Write(%q) = %d, %v", p, n, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	return out.String()
}

// 6376-3.4-e, 6376-5-a
func TestCRLF(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", ""},
		{"a", "a"},
		{"a\nb\n", "a\r\nb\r\n"},
		{"a\r\nb\r\n", "a\r\nb\r\n"},
		{"a\rb\r", "a\r\nb\r\n"},
		{"\n\n", "\r\n\r\n"},
		{"\r\r", "\r\n\r\n"},
		{"\n\r", "\r\n\r\n"},
		{"\r\r\n", "\r\n\r\n"},
		{"\r\n\n", "\r\n\r\n"},
		{"a\r\n\rb", "a\r\n\r\nb"},
	}
	for _, tt := range tests {
		if got := convert(t, tt.in); got != tt.want {
			t.Errorf("writer: %q = %q, want %q", tt.in, got, tt.want)
		}
		got, err := io.ReadAll(NewCRLFReader(strings.NewReader(tt.in)))
		if string(got) != tt.want || err != nil {
			t.Errorf("reader: %q = %q, %v, want %q", tt.in, got, err, tt.want)
		}
		if ref := refCRLF(tt.in); ref != tt.want {
			t.Errorf("the reference gives %q for %q, want %q", ref, tt.in, tt.want)
		}
	}
}

func TestCRLFExhaustive(t *testing.T) {
	n := 8
	if raceEnabled || testing.Short() {
		n = 6
	}
	each("a\r\n", n, func(s string) {
		want := refCRLF(s)
		for i := range len(s) + 1 {
			if got := convert(t, s[:i], s[i:]); got != want {
				t.Fatalf("writer: %q, %q = %q, want %q", s[:i], s[i:], got, want)
			}
		}
		if got := convert(t, cut(s, 1)...); got != want {
			t.Fatalf("writer: %q, octet by octet = %q, want %q", s, got, want)
		}
		got, err := io.ReadAll(iotest.OneByteReader(NewCRLFReader(iotest.OneByteReader(strings.NewReader(s)))))
		if string(got) != want || err != nil {
			t.Fatalf("reader: %q = %q, %v, want %q", s, got, err, want)
		}
	})
}

// Long texts, with a line end at every place of the border between buffers.
func TestCRLFBorders(t *testing.T) {
	for _, end := range []string{"\n", "\r", "\r\n", "\n\n", "\r\r", "\r\n\r\n", "\n\r"} {
		for at := crlfSize - 5; at < crlfSize+3; at++ {
			in := strings.Repeat("x", at) + end + strings.Repeat("y", 10)
			if got, want := convert(t, in), refCRLF(in); got != want {
				t.Errorf("writer: %q at %d: differs at %d", end, at, differ(got, want))
			}
			got, err := io.ReadAll(NewCRLFReader(strings.NewReader(in)))
			if want := refCRLF(in); string(got) != want || err != nil {
				t.Errorf("reader: %q at %d: %v, differs at %d", end, at, err, differ(string(got), want))
			}
		}
	}
}

func TestCRLFReaders(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	wrap := map[string]func(io.Reader) io.Reader{
		"plain":   func(r io.Reader) io.Reader { return r },
		"one":     iotest.OneByteReader,
		"half":    iotest.HalfReader,
		"dataerr": iotest.DataErrReader,
	}
	for range 50 {
		in := randomBody(r, r.IntN(3*crlfSize))
		want := refCRLF(in)
		for name, f := range wrap {
			if err := iotest.TestReader(NewCRLFReader(f(strings.NewReader(in))), []byte(want)); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
}

func TestCRLFReaderError(t *testing.T) {
	boom := errors.New("boom")
	r := NewCRLFReader(io.MultiReader(strings.NewReader("a\nb\r"), iotest.ErrReader(boom)))
	got, err := io.ReadAll(r)
	if string(got) != "a\r\nb\r\n" || err != boom {
		t.Errorf("ReadAll = %q, %v", got, err)
	}
	if n, err := r.Read(make([]byte, 10)); n != 0 || err != boom {
		t.Errorf("Read again = %d, %v", n, err)
	}
}

// emptyReader returns neither octets nor an error.
type emptyReader struct{}

func (emptyReader) Read([]byte) (int, error) { return 0, nil }

func TestCRLFReaderNoProgress(t *testing.T) {
	r := NewCRLFReader(emptyReader{})
	if n, err := r.Read(make([]byte, 10)); n != 0 || err != io.ErrNoProgress {
		t.Errorf("Read = %d, %v", n, err)
	}
	if n, err := r.Read(nil); n != 0 || err != nil {
		t.Errorf("Read(nil) = %d, %v", n, err)
	}
}

func TestCRLFWriterError(t *testing.T) {
	boom := errors.New("boom")
	f := &failWriter{room: 3 * crlfSize, err: boom}
	w := NewCRLFWriter(f)
	text := bytes.Repeat([]byte("x"), 10*crlfSize)
	n, err := w.Write(text)
	if n != 3*crlfSize || err != boom {
		t.Errorf("Write = %d, %v", n, err)
	}
	calls := f.calls
	if n, err := w.Write(text); n != 0 || err != boom {
		t.Errorf("Write again = %d, %v", n, err)
	}
	if err := w.Close(); err != boom {
		t.Errorf("Close = %v", err)
	}
	if f.calls != calls {
		t.Errorf("%d Writes after the error", f.calls-calls)
	}
	if n, err := NewCRLFWriter(&failWriter{room: 1}).Write([]byte("ab")); n != 0 || err != io.ErrShortWrite {
		t.Errorf("short: Write = %d, %v", n, err)
	}
}

// closer fails when it is closed.
type closer struct {
	strings.Builder
	closed bool
}

func (c *closer) Close() error { c.closed = true; return nil }

func TestCRLFWriterClose(t *testing.T) {
	var out closer
	w := NewCRLFWriter(&out)
	w.Write([]byte("a\r"))
	for range 2 {
		if err := w.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
	}
	if n, err := w.Write([]byte("b")); n != 0 || err == nil {
		t.Errorf("Write after Close = %d, %v", n, err)
	}
	if out.String() != "a\r\n" || out.closed {
		t.Errorf("wrote %q, closed: %v", out.String(), out.closed)
	}
}

func FuzzCRLF(f *testing.F) {
	for _, s := range []string{"", "a\nb\r\nc\r", "\r\r\n\n", strings.Repeat("line\n", 500)} {
		f.Add(s, uint16(0))
		f.Add(s, uint16(100))
	}
	f.Fuzz(func(t *testing.T, in string, n uint16) {
		want := refCRLF(in)
		if got := convert(t, cut(in, 1+int(n))...); got != want {
			t.Errorf("writer: %q = %q, want %q", in, got, want)
		}
		if got := convert(t, want); got != want {
			t.Errorf("writer: %q = %q, want the same", want, got)
		}
		got, err := io.ReadAll(NewCRLFReader(iotest.HalfReader(strings.NewReader(in))))
		if string(got) != want || err != nil {
			t.Errorf("reader: %q = %q, %v, want %q", in, got, err, want)
		}
	})
}

func BenchmarkCRLF(b *testing.B) {
	crlf := textBody(1 << 20)
	for _, in := range []struct{ name, text string }{
		{"CRLF", crlf},
		{"LF", strings.ReplaceAll(crlf, "\r\n", "\n")},
		{"all-LF", strings.Repeat("\n", 1<<20)},
		{"all-CR", strings.Repeat("\r", 1<<20)},
	} {
		text := []byte(in.text)
		b.Run("op=write/text="+in.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				w := NewCRLFWriter(io.Discard)
				w.Write(text)
				w.Close()
			}
		})
		b.Run("op=read/text="+in.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			buf := make([]byte, 32<<10)
			for b.Loop() {
				r := NewCRLFReader(bytes.NewReader(text))
				for {
					if _, err := r.Read(buf); err != nil {
						break
					}
				}
			}
		})
	}
}

func ExampleNewCRLFReader() {
	file := strings.NewReader("Subject: a local file\n\nIts lines end in LF.\n")
	text, err := io.ReadAll(NewCRLFReader(file))
	fmt.Printf("%q %v\n", text, err)
	// Output: "Subject: a local file\r\n\r\nIts lines end in LF.\r\n" <nil>
}

func ExampleNewCRLFWriter() {
	var out strings.Builder
	w := NewCRLFWriter(&out)
	io.WriteString(w, "one\ntwo\r")
	io.WriteString(w, "\nthree\n") // the LF of a CRLF that was cut
	fmt.Println(w.Close())
	fmt.Printf("%q\n", out.String())
	// Output:
	// <nil>
	// "one\r\ntwo\r\nthree\r\n"
}
