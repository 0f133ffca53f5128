package keyrecord

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// A counted is a resolver that counts, and waits where it is told to. Its
// answer can change, and is the one of the time it was asked.
type counted struct {
	mu     sync.Mutex
	answer Answer
	err    error
	calls  int
	wait   time.Duration
	deaf   bool // to its context
}

func (r *counted) set(err error, ttl time.Duration, txt ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer, r.err = Answer{txt, ttl, true}, err
}

func (r *counted) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls
}

func (r *counted) LookupTXT(ctx context.Context, name string) ([]string, error) {
	a, err := r.LookupAnswer(ctx, name)
	return a.TXT, err
}

func (r *counted) LookupAnswer(ctx context.Context, _ string) (Answer, error) {
	r.mu.Lock()
	r.calls++
	a, err, wait := r.answer, r.err, r.wait
	r.mu.Unlock()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	if r.deaf {
		<-timer.C
		return a, err
	}
	select {
	case <-timer.C:
		return a, err
	case <-ctx.Done():
		return Answer{}, ctx.Err()
	}
}

func lookup(t *testing.T, c *Cache) error {
	t.Helper()
	_, err := Lookup(t.Context(), c, "s1", "example.org")
	return err
}

// Each row asks, lets some time pass and asks again.
func TestCacheLifetime(t *testing.T) {
	notFound := &net.DNSError{IsNotFound: true}
	for _, tt := range []struct {
		name  string
		cache *Cache
		ttl   time.Duration
		err   error
		txt   string
		kept  time.Duration // up to this, but not at it; zero is not at all
	}{
		{"TTL", &Cache{}, time.Minute, nil, good, time.Minute},
		{"MaxTTL", &Cache{}, 24 * time.Hour, nil, good, time.Hour},
		{"MaxTTL set", &Cache{MaxTTL: time.Second}, time.Minute, nil, good, time.Second},
		{"no TTL known", &Cache{}, -1, nil, good, time.Hour},
		{"TTL 0", &Cache{}, 0, nil, good, 0},
		{"keep no keys", &Cache{MaxTTL: -1}, time.Minute, nil, good, 0},
		{"Size 1", &Cache{Size: 1}, time.Minute, nil, good, time.Minute},
		{"keep no names", &Cache{Size: -1}, time.Minute, nil, good, 0},
		{"not found", &Cache{}, 0, notFound, "", 5 * time.Minute},
		{"not found set", &Cache{NegativeTTL: time.Second}, 0, ErrNotFound, "", time.Second},
		{"no strings", &Cache{}, time.Minute, nil, "", time.Minute},
		{"no strings, long TTL", &Cache{}, time.Hour, nil, "", 5 * time.Minute},
		{"keep no failures", &Cache{NegativeTTL: -1}, -1, notFound, "", 0},
		{"malformed", &Cache{}, time.Hour, nil, "v=DKIM1; p=!", 5 * time.Minute},
		{"temporary", &Cache{}, time.Hour, io.EOF, "", 0},
		{"temporary DNSError", &Cache{}, time.Hour, fmt.Errorf("x: %w", &net.DNSError{IsTemporary: true}), "", 0},
		{"canceled", &Cache{}, time.Hour, context.Canceled, "", 0},
		{"16 KiB", &Cache{}, time.Hour, nil, good + "; n=" + strings.Repeat("x", maxKept-4-len(good)), time.Hour},
		{"above 16 KiB", &Cache{}, time.Hour, nil, good + "; n=" + strings.Repeat("x", maxKept-3-len(good)), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			now := time.Unix(1e9, 0)
			r := new(counted)
			if tt.txt != "" {
				r.set(tt.err, tt.ttl, tt.txt)
			} else {
				r.set(tt.err, tt.ttl)
			}
			c := tt.cache
			c.Resolver, c.Time = r, func() time.Time { return now }
			first := lookup(t, c)
			if tt.kept > 0 {
				now = now.Add(tt.kept - 1)
				if err := lookup(t, c); r.calls != 1 || err != first {
					t.Errorf("asked %d times before it expired: %v, first %v", r.calls, err, first)
				}
				if _, ok, err := Peek(c, "s1", "example.org"); !ok || err != first {
					t.Errorf("Peek: %v, %v", ok, err)
				}
				now = now.Add(1)
			}
			if _, ok, _ := Peek(c, "s1", "example.org"); ok {
				t.Errorf("Peek finds what has expired")
			}
			lookup(t, c)
			if r.calls != 2 {
				t.Errorf("asked %d times, want 2", r.calls)
			}
		})
	}
}

func TestCacheEviction(t *testing.T) {
	r := new(counted)
	r.set(nil, -1, good)
	c := &Cache{Resolver: r, Size: 3}
	ask := func(selectors string, hits bool) {
		t.Helper()
		for _, s := range strings.Split(selectors, "") {
			if _, ok, _ := Peek(c, s, "example.org"); ok != hits {
				t.Errorf("%s is kept: %v, want %v", s, ok, hits)
			}
			if _, err := Lookup(t.Context(), c, s, "example.org"); err != nil {
				t.Error(err)
			}
		}
	}
	ask("abc", false)
	ask("abca", true) // b is the oldest
	ask("d", false)
	ask("cad", true)
	ask("b", false)
	ask("adb", true)
	ask("c", false)
	if s := c.Stats(); s.Size != 3 || s.Evictions != 3 || s.Lookups != 6 || s.Misses != 6 || s.Failures != 0 {
		t.Errorf("%+v", s)
	}
	c.Forget("A._domainkey.Example.ORG.") // gone already
	c.Forget("D._domainkey.Example.ORG.")
	if s := c.Stats(); s.Size != 2 {
		t.Errorf("Forget: %+v", s)
	}
	ask("bc", true)
	ask("d", false)
	c.Flush()
	if s := c.Stats(); s.Size != 0 {
		t.Errorf("Flush: %+v", s)
	}
	ask("bcd", false)
	ask("bcd", true)
}

func TestCacheStats(t *testing.T) {
	r := new(counted)
	c := &Cache{Resolver: r}
	r.set(io.EOF, 0)
	lookup(t, c)
	r.set(ErrNotFound, 0)
	lookup(t, c)
	lookup(t, c)
	c.Flush()
	r.set(nil, -1, good)
	for range 4 {
		lookup(t, c)
	}
	Peek(c, "s1", "example.org")
	Peek(c, "s2", "example.org") // not at hand, and not a miss
	want := Stats{Size: 1, Hits: 4, NegativeHits: 1, Misses: 3, Lookups: 3, Failures: 1}
	if got := c.Stats(); got != want {
		t.Errorf("Stats = %+v, want %+v", got, want)
	}
}

// A Cache is a Resolver for other records too.
func TestCacheAnswers(t *testing.T) {
	now := time.Unix(1e9, 0)
	r := new(counted)
	r.set(nil, time.Minute, "dkim=all", "x")
	c := &Cache{Resolver: r, Time: func() time.Time { return now }}
	for _, name := range []string{"_adsp._domainkey.example.org", "_adsp._domainkey.Example.ORG."} {
		a, err := c.LookupAnswer(t.Context(), name)
		if err != nil || strings.Join(a.TXT, " ") != "dkim=all x" || !a.Authentic || r.calls != 1 {
			t.Errorf("LookupAnswer(%q) = %+v, %v", name, a, err)
		}
	}
	now = now.Add(20 * time.Second)
	if a, _ := c.LookupAnswer(t.Context(), "_adsp._domainkey.example.org"); a.TTL != 40*time.Second {
		t.Errorf("TTL %v after 20 s of 60", a.TTL)
	}
	r.set(&net.DNSError{IsNotFound: true}, 0)
	for range 2 {
		txt, err := c.LookupTXT(t.Context(), "other.example")
		if d := (*net.DNSError)(nil); txt != nil || !errors.Is(err, ErrNotFound) || !errors.As(err, &d) {
			t.Errorf("LookupTXT = %q, %v", txt, err)
		}
	}
	r.set(nil, 0) // no strings and no error: for a reader who knows only package net too
	txt, err := c.LookupTXT(t.Context(), "empty.example")
	if d := (*net.DNSError)(nil); txt != nil || !errors.Is(err, ErrNotFound) || !errors.As(err, &d) || !d.IsNotFound {
		t.Errorf("LookupTXT = %q, %v", txt, err)
	}
	r.set(io.EOF, 0)
	if txt, err := c.LookupTXT(t.Context(), "third.example"); txt != nil || !errors.Is(err, ErrTemporary) {
		t.Errorf("LookupTXT = %q, %v", txt, err)
	}
	if r.calls != 4 {
		t.Errorf("asked %d times, want 4", r.calls)
	}
	if got := cacheKey("\u212aey.example."); got != "\u212aey.example" {
		t.Errorf("the Kelvin sign became ASCII: %q", got)
	}
}

func TestCacheAllocs(t *testing.T) {
	c := &Cache{Resolver: MapResolver{keyName: {good}}}
	_ = lookup(t, c)
	_, _ = Lookup(t.Context(), c, "s2", "example.org") // not found
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() {
		for _, s := range []string{"s1", "s2"} {
			k, err := Lookup(ctx, c, s, "example.org")
			k2, ok, err2 := Peek(c, s, "example.org")
			if !ok || k != k2 || err != err2 || (k == nil) != (s == "s2") {
				t.Error("not kept")
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations for hits", n)
	}
}

func TestCacheConcurrent(t *testing.T) {
	c := &Cache{Resolver: MapResolver{keyName: {good}}, Size: 2, MaxTTL: time.Microsecond}
	rec, err := Parse(good)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 200 {
				s := fmt.Sprintf("s%d", (i+j)%4)
				_, err := Lookup(t.Context(), c, s, "example.org")
				if (s == "s1") != (err == nil) || errors.Is(err, ErrTemporary) {
					t.Errorf("%s: %v", s, err)
				}
				switch j % 50 {
				case 0:
					c.Flush()
				case 1:
					c.Forget(keyName)
				case 2:
					if err := Check(t.Context(), c, "s1", "example.org", rec.Key); err != nil {
						t.Error(err)
					}
				case 3:
					if s := c.Stats(); s.Size > 2 {
						t.Errorf("%+v", s)
					}
				case 4:
					Peek(c, s, "example.org")
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkCacheHit(b *testing.B) {
	c := &Cache{Resolver: MapResolver{keyName: {good}}}
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Lookup(ctx, c, "s1", "example.org"); err != nil {
			b.Fatal(err)
		}
	}
}
