package interop

import (
	"slices"
	"testing"
)

// TestLimits finds rows that TestPeers would never come to.
func TestLimits(t *testing.T) {
	for _, l := range Limits() {
		if !slices.Contains(Peers(), l.Peer) {
			t.Errorf("%v: no such peer", l)
		}
		if l.Outcome == "" || l.Outcome == "pass" || l.Reason == "" {
			t.Errorf("%v: want an outcome that is not pass, and a reason", l)
		}
	}
}

func TestApplies(t *testing.T) {
	c := Case{"exim", Signs, "rsa-sha256", "simple/relaxed", "200 fields"}
	for _, test := range []struct {
		limit Case
		want  bool
	}{
		{Case{}, true},
		{c, true},
		{Case{Peer: "exim", Canon: "simple/*"}, true},
		{Case{Canon: "*/simple"}, false},
		{Case{Canon: "simple"}, false},
		{Case{Peer: "rspamd"}, false},
		{Case{Direction: Verifies}, false},
		{Case{Algorithm: "ed25519-sha256"}, false},
		{Case{Shape: "[^2]*"}, false},
		{Case{Shape: "["}, false},
	} {
		if got := (Limit{Case: test.limit}).Applies(c); got != test.want {
			t.Errorf("%v applies to %v: %v, want %v", test.limit, c, got, test.want)
		}
	}
}
