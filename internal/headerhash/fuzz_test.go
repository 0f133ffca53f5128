package headerhash

import (
	"slices"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/internal/message"
)

// FuzzSelect: the fields that h= chooses of any header are those of the rule
// written out, and Write writes them in that order.
func FuzzSelect(f *testing.F) {
	f.Add("From: a\r\nTo: b\r\nFrom : c\r\n d\r\n", "from:to:from:from", 1)
	f.Add("A: 1\r\na: 2\r\nA : 3\r\n", "a:A:b:a:a", -1)
	f.Add("", "from", 0)
	f.Fuzz(func(t *testing.T, fields, list string, self int) {
		if len(fields) > 2000 || len(list) > 200 {
			return // the rule written out is slow
		}
		s := new(message.Scanner)
		s.Write([]byte(fields + "\r\n"))
		if s.Close() != nil {
			return
		}
		h := &s.Header
		if n := h.Len(); n == 0 {
			self = -1
		} else if self %= n; self < 0 {
			self = -1
		}
		names := strings.Split(list, ":")
		for i := range names {
			if !ascii(names[i]) {
				return // strings.EqualFold folds more than ASCII
			}
		}
		var want []int
		used := map[int]bool{self: true}
		for _, name := range names {
			for i := h.Len() - 1; i >= 0; i-- {
				if !used[i] && strings.EqualFold(string(h.Name(i)), name) {
					used[i] = true
					want = append(want, i)
					break
				}
			}
		}
		var x Index
		x.Reset(h)
		var got []int
		x.Select(names, self, func(i int) { got = append(got, i) })
		if !slices.Equal(got, want) {
			t.Fatalf("%q of %q, self %d: %v, want %v", names, fields, self, got, want)
		}
		for _, a := range []canon.Algorithm{canon.Simple, canon.Relaxed} {
			var text []byte
			for _, i := range want {
				text = a.AppendField(text, h.Field(i))
			}
			text = a.AppendField(text, []byte("X: y"))
			var out strings.Builder
			x.Write(&out, Signature{a, names, self, []byte("X: y")}, nil)
			if out.String() != string(text) {
				t.Fatalf("%q of %q, self %d: wrote %q, want %q", names, fields, self, out.String(), text)
			}
		}
	})
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 })
}
