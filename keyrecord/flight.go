package keyrecord

import (
	"context"
	"errors"
	"time"
)

// A flight is a lookup under way. Once done is closed, entry and err are set:
// an entry for an answer, which includes "not found", or a temporary error.
type flight struct {
	done  chan struct{}
	ctx   context.Context // of the lookup
	entry *entry
	err   error
}

// wait joins the lookup of name that is under way, or starts one, and waits for
// it or the end of ctx. A fresh lookup joins none, and its answer takes the
// place of what older ones bring.
func (c *Cache) wait(ctx context.Context, name string, fresh bool) (*entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, temporary(name, err)
	}
	f, e := c.join(ctx, name, fresh)
	if e != nil {
		return e, nil
	}
	var left error
	select {
	case <-f.done:
		return f.entry, f.err
	case <-ctx.Done():
		left = ctx.Err()
	case <-f.ctx.Done():
		left = f.ctx.Err() // the resolver does not heed its context
	}
	select { // an answer that came at the same time is better
	case <-f.done:
		return f.entry, f.err
	default:
		return nil, temporary(name, left)
	}
}

// join returns the lookup to wait for, or what another one has brought since the
// caller looked.
func (c *Cache) join(ctx context.Context, name string, fresh bool) (*flight, *entry) {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !fresh {
		if e := c.live([]byte(name), now); e != nil {
			return nil, e
		}
		if f := c.flights[name]; f != nil {
			return f, nil
		}
	}
	return c.start(ctx, name), nil
}

// start begins a lookup. c.mu is held.
func (c *Cache) start(ctx context.Context, name string) *flight {
	ctx = context.WithoutCancel(ctx)
	cancel := func() {}
	if timeout := orDefault(c.Timeout, defaultTimeout); timeout > 0 {
		ctx, cancel = context.WithTimeout(ctx, timeout)
	}
	f := &flight{done: make(chan struct{}), ctx: ctx}
	if c.flights == nil {
		c.flights = make(map[string]*flight)
	}
	c.flights[name] = f
	c.stats.Lookups++
	go func() {
		defer cancel()
		c.fly(f, name)
	}()
	return f
}

// fly runs a lookup. Its answer is kept if nobody took the flight off the list
// meanwhile, as Flush does.
func (c *Cache) fly(f *flight, name string) {
	a, err := LookupAnswer(f.ctx, c.Resolver, name)
	now := c.now()
	if errors.Is(err, ErrTemporary) {
		f.err = err
	} else {
		f.entry = c.newEntry(name, a, err, now)
	}
	c.mu.Lock()
	if c.flights[name] == f {
		delete(c.flights, name)
		if f.entry != nil {
			c.keep(f.entry, now)
		}
	}
	if f.err != nil {
		c.stats.Failures++
	}
	c.mu.Unlock()
	close(f.done)
}

func (c *Cache) newEntry(name string, a Answer, err error, now time.Time) *entry {
	e := &entry{name: name, err: err}
	if err == nil {
		e.answer = a
		e.keys, e.err = parseAnswer(name, a)
	}
	e.expires = now.Add(c.lifetime(a.TTL, e.err == nil))
	return e
}
