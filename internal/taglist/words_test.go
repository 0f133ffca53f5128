package taglist

import (
	"slices"
	"strings"
	"testing"
)

// SplitVisible is Split and IsVisible, for any elements, wherever they lie in
// the words that are looked at.
func TestSplitVisible(t *testing.T) {
	check := func(value string) {
		list, err := Split(value, ':')
		want := err == nil && !slices.ContainsFunc(list, func(s string) bool { return !IsVisible(s) })
		got, ok := SplitVisible(value, ':')
		if ok != want || ok && !slices.Equal(got, list) {
			t.Fatalf("SplitVisible(%q) = %q, %v; Split = %q, %v", value, got, ok, list, err)
		}
	}
	var try func(s string, n int)
	try = func(s string, n int) {
		for _, pad := range []string{"", "x", "xxx:yyyyyy", "xxxxxxxx", "From:xxxxx"} {
			check(pad + s)
			check(s + pad)
			check(pad + s + pad)
		}
		if n == 0 {
			return
		}
		for _, c := range "a: \r\n\x7f\x01" {
			try(s+string(c), n-1)
		}
	}
	try("", 5)
	for c := range 256 {
		for i := range 20 {
			check(strings.Repeat("a", i) + string([]byte{byte(c)}) + strings.Repeat("b", 20-i))
		}
	}
}

// SplitVisible allocates the list, and nothing else.
func TestSplitVisibleAllocs(t *testing.T) {
	value := strings.Repeat("From:\r\n To:", 20) + "Subject"
	if n := testing.AllocsPerRun(100, func() { SplitVisible(value, ':') }); n > 1 {
		t.Errorf("%v allocations", n)
	}
}
