package keyrecord

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/waxseal/waxseal/internal/dkimtest"
)

// Lookups that went wrong in other DKIM software, in words.
func TestHazardLookups(t *testing.T) {
	for _, tt := range []struct {
		what string
		r    fake
		err  error
	}{
		{"a resolver that answers (nil, nil) was dereferenced", answer(nil), ErrNotFound},
		{"a temporary DNSError wrapped with %w was permanent", answer(fmt.Errorf("x: %w", &net.DNSError{IsTemporary: true})), ErrTemporary},
		{"a cancelled context was permanent", answer(context.Canceled), ErrTemporary},
		{"an exceeded deadline was permanent", answer(context.DeadlineExceeded), ErrTemporary},
		{"NXDOMAIN was temporary", answer(&net.DNSError{IsNotFound: true}), ErrNotFound},
		{"a TXT that is no DKIM record was temporary", answer(nil, "v=spf1 -all"), ErrSyntax},
		{"a key record of an unknown version was temporary", answer(nil, "v=DKIM2; p="+appendixC), ErrSyntax},
		{"two TXT records, the first not a DKIM key", answer(nil, "v=spf1 -all", good), nil},
		{"several records joined into one", answer(nil, good[:50], good[50:]), ErrSyntax},
		{"k=, split between strings that a space joined", answer(nil, "v=DKIM1; k=r sa; p="+appendixC), ErrSyntax},
		{"v= not first", answer(nil, "k=rsa; v=DKIM1; p="+appendixC), ErrSyntax},
		{"v=DKIM1x", answer(nil, "v=DKIM1x; p="+appendixC), ErrSyntax},
		{"s=*, TAB and CRLF inside p=, white space after the last semicolon",
			answer(nil, "s=*; p="+appendixC[:9]+"\t"+appendixC[9:20]+"\r\n "+appendixC[20:]+" ; "), nil},
		{"PKCS #1 keys", answer(nil, "p="+erratum6674), nil},
	} {
		for _, r := range []Resolver{tt.r, &Cache{Resolver: tt.r}} {
			k, err := Lookup(t.Context(), r, "s1", "example.org")
			if !errors.Is(err, tt.err) || (err == nil) != (k != nil) || errors.Is(err, ErrTemporary) != (tt.err == ErrTemporary) {
				t.Errorf("%s: %T: %v, %v; want %v", tt.what, r, k, err, tt.err)
			}
		}
	}
}

// The cost of a record grows no faster than its length, and ends at a bound.
func TestHazardLinearRecord(t *testing.T) {
	for what, build := range map[string]func(n int) string{
		"notes":               func(n int) string { return "n=" + strings.Repeat("=20", n) + "; p=" },
		"white space in p=":   func(n int) string { return "p=" + appendixC[:9] + strings.Repeat(" \t", n) + appendixC[9:] },
		"words in h=":         func(n int) string { return "h=" + strings.Repeat("a:", n) + "a; p=" },
		"tags":                func(n int) string { return strings.Repeat("a=b;", n) },
		"an unknown tag":      func(n int) string { return "foo=" + strings.Repeat("x ", n) + "x; p=" },
		"p= beyond every key": func(n int) string { return "p=" + strings.Repeat("AAAA", n) },
	} {
		dkimtest.Linear(t, what, 1000, 32<<10, func(n int) int64 {
			txt := build(n)
			return dkimtest.Allocated(func() {
				if r, err := Parse(txt); r != nil && err != nil {
					t.Errorf("%s: %v, %v", what, r, err)
				}
			})
		})
	}
}

// What a Cache keeps is bounded for strangers who choose the answers: thousands
// of short strings, or of words in a record, take far more memory than they have
// octets.
func TestHazardCacheMemory(t *testing.T) {
	words := func(n int) string { return strings.Replace(good, "; ", "; h=sha256"+strings.Repeat(":a", n-1)+"; ", 1) }
	for _, tt := range []struct {
		what string
		txt  []string
		kept bool
	}{
		{"256 strings", append([]string{good}, make([]string, maxKeptStrings-1)...), true},
		{"257 strings", append([]string{good}, make([]string, maxKeptStrings)...), false},
		{"255 words", []string{words(maxKeptStrings - 1)}, true},
		{"256 words", []string{words(maxKeptStrings)}, false},
		{"the words of all tags", []string{words(86) + "; s=email" + strings.Repeat(":a", 85) + "; t=a" + strings.Repeat(":a", 85)}, false},
		{"the words of all records", []string{words(128), words(128)}, false},
		{"257 strings and no key", make([]string, maxKeptStrings+1), false},
	} {
		r := new(counted)
		r.set(nil, time.Hour, tt.txt...)
		c := &Cache{Resolver: r}
		first := lookup(t, c)
		if second := lookup(t, c); (r.count() == 1) != tt.kept || fmt.Sprint(first) != fmt.Sprint(second) {
			t.Errorf("%s: asked %d times, %v and %v", tt.what, r.count(), first, second)
		}
		if n := c.Stats().Size; n > 1 || n == 1 != tt.kept {
			t.Errorf("%s: %d names", tt.what, n)
		}
	}
}
