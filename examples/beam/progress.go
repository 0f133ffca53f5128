package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"golang.org/x/term"
)

const namespace = "waxseal" // of the counters of Beam

// totals are how many messages were read, names looked up in DNS and messages verified.
type totals struct{ messages, lookups, verified atomic.Int64 }

// here counts the work of this process: all of it if the runner is in it, and none
// if not. Beam makes its own values of a DoFn, so there is no other place for it.
var here totals

func (t *totals) add(name string, n int64) {
	switch name {
	case "messages":
		t.messages.Add(n)
	case "lookups":
		t.lookups.Add(n)
	case "verified":
		t.verified.Add(n)
	}
}

func (t *totals) String() string {
	return fmt.Sprintf("%d messages read, %d keys looked up in DNS, %d messages verified", t.messages.Load(), t.lookups.Load(), t.verified.Load())
}

// count counts one, for Beam and for the progress.
func count(ctx context.Context, name string) {
	beam.NewCounter(namespace, name).Inc(ctx, 1)
	here.add(name, 1)
}

// watch shows how far the work is on a terminal, and nothing elsewhere, until
// stop is called.
func watch(w io.Writer) (stop func()) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return func() {}
	}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(time.Second / 10)
		defer tick.Stop()
		for {
			fmt.Fprintf(w, "\r%s\x1b[K", here.bar())
			select {
			case <-end:
				fmt.Fprint(w, "\r\x1b[K")
				return
			case <-tick.C:
			}
		}
	}()
	return func() { close(end); <-ended }
}

// bar is a line about the step that is under way. All messages are read before
// the first is verified.
func (t *totals) bar() string {
	read, done := t.messages.Load(), t.verified.Load()
	if done == 0 {
		return fmt.Sprintf("reading: %d messages, %d lookups", read, t.lookups.Load())
	}
	const width = 30
	full := int(min(done*width/max(read, 1), width))
	return fmt.Sprintf("verifying [%s%s] %d of %d", strings.Repeat("#", full), strings.Repeat(".", width-full), done, read)
}
