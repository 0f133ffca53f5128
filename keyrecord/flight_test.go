package keyrecord

import (
	"context"
	"crypto"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// 6376-3.6.2-i: many waiters, one lookup.
func TestCacheOneLookup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &counted{wait: time.Second}
		r.set(nil, -1, good)
		c := &Cache{Resolver: r}
		var got atomic.Int32
		for i := range 100 {
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+i%2)*600*time.Millisecond)
				defer cancel()
				k, err := Lookup(ctx, c, "s1", "example.org")
				switch {
				case i%2 == 0 && errors.Is(err, ErrTemporary) && errors.Is(err, context.DeadlineExceeded): // left early
				case i%2 == 1 && err == nil && len(k.Records) == 1:
				default:
					t.Errorf("waiter %d: %v, %v", i, k, err)
				}
				got.Add(1)
			}()
		}
		time.Sleep(600 * time.Millisecond)
		synctest.Wait()
		if got.Load() != 50 {
			t.Errorf("%d left before the answer, want 50", got.Load())
		}
		time.Sleep(400 * time.Millisecond)
		synctest.Wait()
		if got.Load() != 100 || r.count() != 1 {
			t.Errorf("%d have answers, after %d lookups", got.Load(), r.count())
		}
		if s := c.Stats(); s.Lookups != 1 || s.Misses != 100 || s.Size != 1 {
			t.Errorf("%+v", s)
		}
	}) // which fails if a goroutine is left
}

// The first one to ask leaves, and the lookup goes on.
func TestCacheLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &counted{wait: time.Second}
		r.set(nil, -1, good)
		c := &Cache{Resolver: r}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, cancel)
		if _, err := Lookup(ctx, c, "s1", "example.org"); !errors.Is(err, ErrTemporary) || !errors.Is(err, context.Canceled) {
			t.Errorf("who left got %v", err)
		}
		if _, err := Lookup(ctx, c, "s2", "example.org"); !errors.Is(err, ErrTemporary) || r.count() != 1 {
			t.Errorf("a lookup for a context that has ended: %v, %d lookups", err, r.count())
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if _, ok, err := Peek(c, "s1", "example.org"); !ok || err != nil {
			t.Errorf("the answer was not kept: %v, %v", ok, err)
		}
		if _, err := Lookup(ctx, c, "s1", "example.org"); err != nil || r.count() != 1 {
			t.Errorf("a hit for a context that has ended: %v", err)
		}
	})
}

// The context of a lookup ends with it, and so does its timer.
func TestCacheContext(t *testing.T) {
	type key struct{}
	synctest.Test(t, func(t *testing.T) {
		var ctx context.Context
		c := &Cache{Resolver: fake(func(c context.Context, _ string) ([]string, error) {
			ctx = c
			return []string{good}, c.Err()
		})}
		if _, err := Lookup(context.WithValue(t.Context(), key{}, 1), c, "s1", "example.org"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if ctx.Err() == nil || ctx.Value(key{}) != 1 {
			t.Errorf("after the lookup its context is %v, with the value %v", ctx.Err(), ctx.Value(key{}))
		}
	})
}

func TestCacheTimeout(t *testing.T) {
	for _, tt := range []struct {
		cache *Cache
		deaf  bool
		want  time.Duration
	}{
		{&Cache{}, false, 10 * time.Second},
		{&Cache{}, true, 10 * time.Second},
		{&Cache{Timeout: time.Second}, false, time.Second},
		{&Cache{Timeout: time.Second}, true, time.Second},
		{&Cache{Timeout: -1}, false, time.Hour}, // none: the answer comes
	} {
		synctest.Test(t, func(t *testing.T) {
			r := &counted{wait: time.Hour, deaf: tt.deaf}
			r.set(nil, -1, good)
			c := tt.cache
			c.Resolver = r
			start := time.Now()
			err := lookup(t, c)
			if d := time.Since(start); d != tt.want || errors.Is(err, ErrTemporary) != (tt.want != time.Hour) {
				t.Errorf("Timeout %v, deaf %v: %v after %v", c.Timeout, tt.deaf, err, d)
			}
			if tt.deaf { // no second goroutine while the first one hangs
				if err := lookup(t, c); !errors.Is(err, ErrTemporary) || r.count() != 1 {
					t.Errorf("%v, %d lookups", err, r.count())
				}
			}
			time.Sleep(time.Hour)
		})
	}
}

// An answer from before Flush or Forget is not kept, and who asks after it does
// not get it.
func TestCacheFlushDuringLookup(t *testing.T) {
	for name, drop := range map[string]func(*Cache){
		"Flush":  (*Cache).Flush,
		"Forget": func(c *Cache) { c.Forget(keyName) },
	} {
		synctest.Test(t, func(t *testing.T) {
			r := &counted{wait: time.Second}
			r.set(nil, -1, "p=")
			c := &Cache{Resolver: r}
			revoked := func(want bool) {
				k, err := Lookup(t.Context(), c, "s1", "example.org")
				if err != nil || k.Records[0].Revoked() != want {
					t.Errorf("%s: %v, %v; want revoked %v", name, k, err, want)
				}
			}
			go revoked(true)
			time.Sleep(500 * time.Millisecond)
			r.set(nil, -1, good)
			drop(c)
			go revoked(false)
			time.Sleep(600 * time.Millisecond) // the first answer is there
			if _, ok, _ := Peek(c, "s1", "example.org"); ok {
				t.Errorf("%s: the stale answer was kept", name)
			}
			time.Sleep(time.Second)
			revoked(false)
			if r.count() != 2 {
				t.Errorf("%s: %d lookups, want 2", name, r.count())
			}
		})
	}
}

// Check asks past what is kept, and what it hears is kept; a lookup that began
// before does not take its place.
func TestCacheCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &counted{wait: time.Second}
		c := &Cache{Resolver: r}
		rec, err := Parse(good)
		if err != nil {
			t.Fatal(err)
		}
		check := func(pub crypto.PublicKey) error { return Check(t.Context(), c, "s1", "example.org", pub) }

		r.set(ErrNotFound, 0)
		if err := lookup(t, c); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
		r.set(nil, -1, good) // it has been published
		if err := lookup(t, c); !errors.Is(err, ErrNotFound) {
			t.Errorf("not kept: %v", err)
		}
		if err := check(rec.Key); err != nil {
			t.Errorf("Check trusts the negative answer: %v", err)
		}
		if err := lookup(t, c); err != nil || r.count() != 2 {
			t.Errorf("Check's answer is not kept: %v, %d lookups", err, r.count())
		}

		r.set(io.EOF, 0)
		if err := check(rec.Key); !errors.Is(err, ErrTemporary) {
			t.Errorf("Check trusts what is kept: %v", err)
		}
		if err := lookup(t, c); err != nil {
			t.Errorf("a failure displaced the answer: %v", err)
		}

		r.set(nil, 0, good)
		if err := check(rec.Key); err != nil {
			t.Error(err)
		}
		if _, ok, _ := Peek(c, "s1", "example.org"); ok {
			t.Error("what an answer that is not to be kept replaces is kept")
		}

		r.set(nil, -1, "p=")
		go lookup(t, c) // an old answer on its way
		synctest.Wait()
		r.mu.Lock()
		r.wait = 2 * time.Second
		r.mu.Unlock()
		r.set(nil, 0, good) // and a new one, not to be kept
		if err := check(rec.Key); err != nil {
			t.Error(err)
		}
		if _, ok, _ := Peek(c, "s1", "example.org"); ok {
			t.Error("kept with a TTL of zero")
		}
	})
}
