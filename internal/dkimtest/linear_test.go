package dkimtest

import "testing"

// A recorder is a test that only notes whether it failed.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Errorf(string, ...any) { r.failed = true }

func TestLinear(t *testing.T) {
	for what, tt := range map[string]struct {
		work   func(n int) int64
		failed bool
	}{
		"constant":  {func(int) int64 { return 5 }, false},
		"linear":    {func(n int) int64 { return int64(7 * n) }, false},
		"quadratic": {func(n int) int64 { return int64(n * n) }, true},
		"late":      {func(n int) int64 { return int64(n * max(1, n/200)) }, true},
	} {
		r := &recorder{TB: t}
		if Linear(r, what, 100, 10, tt.work); r.failed != tt.failed {
			t.Errorf("%s: failed is %v", what, r.failed)
		}
	}
	var kept []byte
	if n := Allocated(func() { kept = make([]byte, 1<<20) }); n < int64(len(kept)) || n > 2<<20 {
		t.Errorf("Allocated = %d", n)
	}
}
