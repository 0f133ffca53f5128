package main

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/waxseal/waxseal/keyrecord"
)

// TestLoad holds 200 sessions open at once, each in the middle of a message, and
// then lets all of them finish. Memory is bounded by the sessions, not by what they
// send.
func TestLoad(t *testing.T) {
	const sessions, size = 200, 512 << 10
	z := &zone{keys: keyrecord.MapResolver{}}
	author := z.signer(t, "example.org")
	var passed atomic.Int32
	next := startSink(t, func(r io.Reader) error {
		if statuses := verify(t, z, r); statuses != "pass pass" {
			t.Errorf("statuses %s", statuses)
		}
		passed.Add(1)
		return nil
	})
	relay := startRelay(t, z, next, true)
	body := strings.Repeat(strings.Repeat("x", 78)+"\r\n", size/80)

	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	var half, all sync.WaitGroup
	finish := make(chan struct{})
	half.Add(sessions)
	for i := range sessions {
		all.Go(func() {
			signed := sign(t, fmt.Sprintf("From: joe@example.org\r\nSubject: %d\r\n\r\n%s", i, body), author)
			head := strings.TrimSuffix(signed, body)
			signed = "" // only the body is kept, which all share
			c := dial(t, relay)
			c.reply()
			c.data("ann@local.test")
			io.WriteString(c.conn, head)
			io.WriteString(c.conn, body[:len(body)/2])
			half.Done()
			<-finish
			io.WriteString(c.conn, body[len(body)/2:])
			if reply := c.say("."); !strings.HasPrefix(reply, "250 ") {
				t.Errorf("%d: %s", i, reply)
			}
		})
	}
	half.Wait() // each has got 354
	held := heap() - before
	close(finish)
	all.Wait()
	if n := passed.Load(); n != sessions {
		t.Errorf("%d messages passed on, want %d", n, sessions)
	}
	t.Logf("%d sessions: %d KiB each, in the middle of %d KiB", sessions, held/sessions>>10, size>>10)
	if limit := int64(sessions * size / 4); held > limit {
		t.Errorf("%d octets held for %d sessions, want at most %d", held, sessions, limit)
	}
}
