package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// A bar shows how far long work is: on a terminal, and nowhere else.
type bar struct {
	w    io.Writer // nil if it is no terminal
	what string
	last time.Time
}

func newBar(w io.Writer, what string) *bar {
	b := &bar{what: what}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		b.w = w
	}
	return b
}

// show draws the bar, ten times a second at most.
func (b *bar) show(done, total int) {
	if b.w == nil || total <= 0 || time.Since(b.last) < time.Second/10 {
		return
	}
	b.last = time.Now()
	const width = 30
	full := min(done*width/total, width)
	fmt.Fprintf(b.w, "\r%s [%s%s] %d of %d\x1b[K", b.what, strings.Repeat("#", full), strings.Repeat(".", width-full), done, total)
}

// clear takes the bar away, for what is printed next.
func (b *bar) clear() {
	if b.w != nil && !b.last.IsZero() {
		fmt.Fprint(b.w, "\r\x1b[K")
	}
}
