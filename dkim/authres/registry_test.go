package authres

import (
	"strings"
	"testing"
)

// TestRegistered has every result that a DKIM library reports: 8601-2.7-a,
// 8601-2.7.5-a, 8601-2.7.5-b, 8601-6.2-a.
func TestRegistered(t *testing.T) {
	words := strings.Fields("none pass fail policy neutral temperror permerror unknown discard nxdomain softfail hardfail invalid great Pass")
	for _, tt := range []struct{ method, want string }{
		{"dkim", "none pass fail policy neutral temperror permerror"},
		{"domainkeys", "none pass fail policy neutral temperror permerror"},
		{"dkim-adsp", "none pass fail temperror permerror unknown discard nxdomain"},
		{"dkim-atps", "none pass fail temperror permerror"},
		{"dmarc", "none pass fail temperror permerror"},
		{"spf", "none pass fail policy neutral temperror permerror softfail"},
		{"arc", "none pass fail"},
		{"iprev", "pass fail temperror permerror"},
		{"rrvs", "none pass fail temperror permerror unknown"},
		{"dnswl", "none pass temperror permerror"},
		{"DKIM", ""},
		{"x-dkim", ""},
	} {
		var got []string
		for _, w := range words {
			if (&Result{Method: tt.method, Value: w}).Registered() {
				got = append(got, w)
			}
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%s: registered results %q, want %q", tt.method, s, tt.want)
		}
	}
	for _, tt := range []struct {
		result Result
		want   bool
	}{
		{Result{Method: "dkim", Value: "pass", Version: 1}, true},
		{Result{Method: "dkim", Value: "pass", Version: 2}, false}, // 8601-P-i
		{Result{Method: "dkim", Value: "pass", Props: []Prop{{"header", "d", "x"}, {"policy", "any", "x"}}}, true},
		{Result{Method: "dkim", Value: "pass", Props: []Prop{{"header", "d", "x"}, {"foo", "bar", "1"}}}, false}, // 8601-P-k
	} {
		if got := tt.result.Registered(); got != tt.want {
			t.Errorf("Registered(%+v) = %v, want %v", tt.result, got, tt.want)
		}
	}
}
