package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/signtable"
)

// Stats are what the console command signing_stats prints. The zero value, as
// after "signing_stats reset", has no counts.
type stats struct {
	mu     sync.Mutex
	scopes map[string]*counts
}

type counts struct {
	time                      time.Duration
	signed, failed, processed int
}

// each calls f for the scopes of a message: all, domain, binding, and both.
func (s *stats) each(domain, binding string, f func(*counts)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.scopes == nil {
		s.scopes = map[string]*counts{}
	}
	for _, scope := range slices.Compact([]string{"Global", "Domain " + domain, "Binding " + binding, "Binding " + binding + " Domain " + domain}) {
		if s.scopes[scope] == nil {
			s.scopes[scope] = new(counts)
		}
		f(s.scopes[scope])
	}
}

// signed is the Table.Observe.
func (s *stats) signed(e signtable.Event) {
	s.each(e.Values["domain"], e.Values["binding"], func(c *counts) {
		if c.time += e.Duration; e.Err != nil {
			c.failed++
		} else {
			c.signed++
		}
	})
}

// count is a table that counts the messages, those not to be signed too.
func (s *stats) count(t *signtable.Table, values map[string]string) dkim.SignerSource {
	return sourceFunc(func(ctx context.Context, h *dkim.Header) ([]*dkim.Signer, error) {
		own := maps.Clone(values)
		own["domain"], _ = h.Sender()
		s.each(own["domain"], own["binding"], func(c *counts) { c.processed++ })
		return t.For(signtable.Request{Values: own}).SignersFor(ctx, h)
	})
}

type sourceFunc func(context.Context, *dkim.Header) ([]*dkim.Signer, error)

// SignersFor calls f.
func (f sourceFunc) SignersFor(ctx context.Context, h *dkim.Header) ([]*dkim.Signer, error) {
	return f(ctx, h)
}

func (s *stats) print(w io.Writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, scope := range slices.Sorted(maps.Keys(s.scopes)) {
		c := s.scopes[scope]
		fmt.Fprintf(w, "%s: DKIM: AccumulatedSigningTime: %.3f TotalMessagesSigned: %d FailedSigningAttempts: %d TotalMessagesProcessed: %d\n",
			scope, c.time.Seconds(), c.signed, c.failed, c.processed)
	}
}
