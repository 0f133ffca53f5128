package headerhash

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/internal/message"
)

func header(t testing.TB, fields string) *message.Header {
	t.Helper()
	s := new(message.Scanner)
	s.Write([]byte(fields + "\r\n"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return &s.Header
}

// Every header of up to five fields of three names, with every h= of up to
// four names and every position of the signature's own field, against the rule
// written out (6376-5.4.2-a, 6376-5.4.2-b, 6376-5.4.2-c, 6376-5.4.2-d, 6376-5.4.2-g, 6376-5.4.2-i).
func TestSelect(t *testing.T) {
	var x Index
	dkimtest.Exhaustive("aBc", 5, func(names string) {
		if names == "" {
			return
		}
		var fields strings.Builder
		for i := range len(names) {
			fmt.Fprintf(&fields, "%c: %d\r\n", names[i], i)
		}
		h := header(t, fields.String())
		x.Reset(h)
		dkimtest.Exhaustive("aBd", 3, func(list string) {
			want := strings.Split(list, "")
			for self := -1; self < len(names); self++ {
				var got []int
				x.Select(want, self, func(i int) { got = append(got, i) })
				if ref := reference(names, want, self); !slices.Equal(got, ref) {
					t.Fatalf("fields %s, h=%s, self %d: %v, want %v", names, list, self, got, ref)
				}
			}
		})
		for _, name := range []string{"A", "b", "c", "d", ""} {
			if got, want := x.Count(name), strings.Count(strings.ToLower(names), strings.ToLower(name)); name != "" && got != want {
				t.Fatalf("fields %s: Count(%s) = %d, want %d", names, name, got, want)
			}
		}
	})
}

// reference takes, for each name, the lowest field that has it and is not used.
func reference(names string, list []string, self int) (chosen []int) {
	used := map[int]bool{self: true}
	for _, name := range list {
		for i := len(names) - 1; i >= 0; i-- {
			if !used[i] && strings.EqualFold(names[i:i+1], name) {
				used[i] = true
				chosen = append(chosen, i)
				break
			}
		}
	}
	return chosen
}

// 6376-3.4.2-k, 6376-3.7-c, 6376-3.7-d: fields in the order of h=, each with its CRLF,
// then the signature's own without one.
func TestWrite(t *testing.T) {
	h := header(t, "To: b\r\nFrom \t:  a\r\n b\r\nTo: c\r\n")
	var x Index
	x.Reset(h)
	for _, tt := range []struct {
		sig  Signature
		want string
	}{
		{Signature{canon.Relaxed, []string{"from", "to", "cc", "TO"}, -1, []byte("DKIM-Signature: v=1;  b=")}, "from:a b\r\nto:c\r\nto:b\r\ndkim-signature:v=1; b="},
		{Signature{canon.Simple, []string{"to", "from"}, -1, []byte("DKIM-Signature: v=1;  b=")}, "To: c\r\nFrom \t:  a\r\n b\r\nDKIM-Signature: v=1;  b="},
		{Signature{canon.Simple, []string{"to"}, 2, nil}, "To: b\r\n"},
		{Signature{canon.Simple, nil, -1, nil}, ""},
	} {
		var b strings.Builder
		x.Write(&b, tt.sig, nil)
		if b.String() != tt.want {
			t.Errorf("%+v: %q, want %q", tt.sig, b.String(), tt.want)
		}
	}
	long := strings.Repeat("To: "+strings.Repeat("x", 3000)+"\r\n", 5)
	x.Reset(header(t, long))
	var b strings.Builder
	x.Write(&b, Signature{canon.Simple, []string{"to", "to", "to", "to", "to"}, -1, []byte("y")}, nil)
	if b.String() != long+"y" {
		t.Error("a header larger than the buffer")
	}
}

// An Index keeps its memory, and selecting allocates nothing, however many
// fields and names there are.
func TestAllocations(t *testing.T) {
	var fields strings.Builder
	var names []string
	for i := range 2000 {
		fmt.Fprintf(&fields, "X-%d: y\r\n", i%1000)
		names = append(names, fmt.Sprintf("x-%d", i%1000))
	}
	h := header(t, fields.String())
	var x Index
	x.Reset(h)
	if n := testing.AllocsPerRun(10, func() {
		x.Reset(h)
		x.Select(names, -1, func(int) {})
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
	runtime.KeepAlive(h)
}

func BenchmarkSelect(b *testing.B) {
	for _, n := range []int{20, 200, 2000} {
		b.Run(fmt.Sprintf("fields=%d", n), func(b *testing.B) {
			var fields strings.Builder
			var names []string
			for i := range n {
				fmt.Fprintf(&fields, "X-%d: y\r\n", i)
				names = append(names, fmt.Sprintf("x-%d", i))
			}
			h := header(b, fields.String())
			var x Index
			b.ReportAllocs()
			for b.Loop() {
				x.Reset(h)
				x.Select(names, -1, func(int) {})
			}
		})
	}
}
