package authres

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestUniqueB(t *testing.T) {
	for _, tt := range []struct {
		what     string
		in, want []string
	}{
		{"6008-4-a", []string{"oINEO8hgn/gnunsg"}, []string{"oINEO8hg"}},
		{"6008-4-b: ten in common", []string{"0123456789abcdef", "0123456789ABCDEF"}, []string{"0123456789a", "0123456789A"}},
		{"6008-4-b: the closest one counts", []string{"aaaaaaaaaaaaX1", "aaaaaaaaYYYYYY", "aaaaaaaaaaaaX2", "bbbbbbbbbbbbbb"},
			[]string{"aaaaaaaaaaaaX1", "aaaaaaaaY", "aaaaaaaaaaaaX2", "bbbbbbbb"}},
		{"6008-4-c", []string{"abc="}, []string{"abc="}},
		{"6008-4-d: copied", []string{"0123456789", "0123456789", "x123456789"}, []string{"0123456789", "0123456789", "x1234567"}},
		{"one begins with the other", []string{"0123456789", "0123456789ab"}, []string{"0123456789", "0123456789a"}},
		{"6008-4-e: case", []string{"oINEO8hgn", "oineo8hgn"}, []string{"oINEO8hg", "oineo8hg"}},
		{"6008-4-f", []string{"oIN\r\n EO8hg n"}, []string{"oINEO8hg"}},
		{"6008-4-f: white space only", []string{"0 12345678", "01\t2345678"}, []string{"012345678", "012345678"}},
		{"empty", []string{"", ""}, []string{"", ""}},
		{"none", nil, []string{}},
	} {
		if got := UniqueB(tt.in); !slices.Equal(got, tt.want) {
			t.Errorf("%s: UniqueB(%q) = %q, want %q", tt.what, tt.in, got, tt.want)
		}
	}
}

// FuzzUniqueB checks the rule itself, for every pair of values.
func FuzzUniqueB(f *testing.F) {
	f.Add("0123456789a,0123456789b,0123456789,x")
	f.Add("aaaaaaaaa,aaaaaaaaa,a a,\r\n")
	f.Fuzz(func(t *testing.T, s string) {
		values := strings.Split(s, ",")
		if len(values) > 100 {
			return
		}
		b := UniqueB(values)
		for i := range values {
			whole := removeFWS(values[i])
			if !strings.HasPrefix(whole, b[i]) || len(b[i]) < min(8, len(whole)) {
				t.Errorf("%q: header.b=%q", whole, b[i])
			}
			unique := func(prefix string) bool {
				for j := range values {
					if j != i && strings.HasPrefix(removeFWS(values[j]), prefix) {
						return false
					}
				}
				return true
			}
			if b[i] != whole && !unique(b[i]) {
				t.Errorf("UniqueB(%q): %q is not unique", values, b[i])
			}
			if len(b[i]) > 8 && unique(b[i][:len(b[i])-1]) {
				t.Errorf("UniqueB(%q): %q is longer than it need be", values, b[i])
			}
		}
	})
}

func TestConsistent(t *testing.T) {
	r := func(method, value, b string) Result {
		return Result{Method: method, Value: value, Props: []Prop{{"header", "d", "x"}, {"header", "b", b}}}
	}
	for _, tt := range []struct {
		what string
		in   []Result
		want []int // that stay
		pass []int // that stay with ConsistentPass
	}{
		{"6008-4-g, 6008-6.2-a", []Result{r("dkim", "pass", "a"), r("dkim", "fail", "a"), r("dkim", "pass", "b")}, []int{2}, []int{0, 2}},
		{"the failure first", []Result{r("dkim", "fail", "a"), r("dkim", "pass", "a")}, nil, []int{1}},
		{"three", []Result{r("dkim", "pass", "a"), r("dkim", "fail", "a"), r("dkim", "pass", "a"), r("dkim", "fail", "a")}, nil, []int{0, 2}},
		{"two failures", []Result{r("dkim", "fail", "a"), r("dkim", "permerror", "a")}, nil, nil},
		{"the same twice", []Result{r("dkim", "pass", "a"), r("dkim", "pass", "a")}, []int{0, 1}, []int{0, 1}},
		{"6008-4-e: case", []Result{r("dkim", "pass", "oINEO8hg"), r("dkim", "fail", "oineo8hg")}, []int{0, 1}, []int{0, 1}},
		{"another method", []Result{r("dkim", "pass", "a"), r("domainkeys", "fail", "a")}, []int{0, 1}, []int{0, 1}},
		{"no header.b", []Result{{Method: "spf", Value: "pass"}, {Method: "spf", Value: "fail"}}, []int{0, 1}, []int{0, 1}},
		{"none", nil, nil, nil},
	} {
		for _, f := range []struct {
			name string
			got  []Result
			want []int
		}{{"Consistent", Consistent(tt.in), tt.want}, {"ConsistentPass", ConsistentPass(tt.in), tt.pass}} {
			var got []string
			for _, r := range f.got {
				got = append(got, fmt.Sprint(r))
			}
			var want []string
			for _, i := range f.want {
				want = append(want, fmt.Sprint(tt.in[i]))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %s gives %v, want %v", tt.what, f.name, got, want)
			}
		}
	}
}

// 6008-4-i: a prefix is unique among all the results of a message, whatever
// field they go to.
func TestUniqueBFields(t *testing.T) {
	b := UniqueB([]string{"0123456789a", "0123456789b", "0123456789c"})
	seen := map[string]bool{}
	for _, results := range [][]string{b[:1], b[1:]} {
		f := &Field{ID: "mx.example.com"}
		for _, v := range results {
			f.Results = append(f.Results, Result{Method: "dkim", Value: "pass", Props: []Prop{{"header", "b", v}}})
		}
		read, err := Parse(f.String())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range read.Results {
			if v := r.Props[0].Value; seen[v] || len(v) != 11 {
				t.Errorf("header.b=%s is not unique, or not as short as it can be", v)
			}
			seen[r.Props[0].Value] = true
		}
	}
}
