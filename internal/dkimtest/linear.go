package dkimtest

import (
	"runtime"
	"testing"
)

// Linear measures work for n, 2n and 4n, and fails the test if it grows faster
// than its input: if twice as much costs more than two and a half times, beyond
// the slack. Work is counted, in octets say, and not timed.
func Linear(t testing.TB, what string, n int, slack int64, work func(n int) int64) {
	t.Helper()
	work(n) // what is done once
	one, two, four := work(n), work(2*n), work(4*n)
	if two > 2*one+one/2+slack || four > 2*two+two/2+slack {
		t.Errorf("%s: %d for n=%d, %d for 2n, %d for 4n", what, one, n, two, four)
	}
}

// Allocated returns the octets that f allocates.
func Allocated(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// A Counter counts the octets and the calls of Write.
type Counter struct{ Octets, Calls int64 }

func (c *Counter) Write(p []byte) (int, error) {
	c.Octets += int64(len(p))
	c.Calls++
	return len(p), nil
}
