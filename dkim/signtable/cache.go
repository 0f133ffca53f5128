package signtable

import (
	"context"
	"errors"
	"sync"
	"time"
)

// A loader gets the value of a name. It is given what was kept before, though
// it has expired, or nil. The value or the error is kept for a while; not if
// that is zero or less.
type loader[V any] func(ctx context.Context, old *V) (v *V, keep time.Duration, err error)

// A cache keeps values and failures by name, and lets one caller load while
// those who want the same name wait. The zero cache is ready to use.
//
// Failures are counted and kept apart from values: a flood of names that do not
// exist pushes no value out.
type cache[V any] struct {
	mu      sync.Mutex
	values  lru[V]
	misses  lru[V]
	flights map[string]*flight[V]
	stats   KeyStats
}

// A flight is a load under way. After done is closed, v and err are set.
type flight[V any] struct {
	done chan struct{}
	v    *V
	err  error
	left bool // err is that the context of the loader ended
}

// errPanic is what waiters get whose loader panicked.
var errPanic = errors.New("the load panicked")

// get returns the value of a name, and loads it if need be. An end of ctx ends
// the wait for another's load; a load that ended with the context of another
// is made again.
func (c *cache[V]) get(ctx context.Context, name string, size int, now func() time.Time, load loader[V]) (*V, error) {
	waited := false
	for {
		f, old, e := c.join(name, now(), waited)
		switch {
		case e != nil:
			return e.value, e.err
		case old != nil:
			return c.lead(ctx, f, name, size, now, *old, load)
		}
		waited = true
		select {
		case <-f.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if !f.left || ctx.Err() != nil {
			return f.v, f.err
		}
	}
}

// join returns what is kept, or the load to wait for, or one to make, with a
// pointer to what was kept before.
func (c *cache[V]) join(name string, now time.Time, waited bool) (*flight[V], **V, *entry[V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var old *V
	if e := c.values.get(name); e != nil {
		if now.Before(e.until) {
			c.stats.Hits++
			return nil, nil, e
		}
		old = e.value
	}
	if e := c.misses.get(name); e != nil {
		if now.Before(e.until) {
			c.stats.NegativeHits++
			return nil, nil, e
		}
		c.misses.remove(name)
	}
	if !waited {
		c.stats.Misses++
	}
	if f := c.flights[name]; f != nil {
		return f, nil, nil
	}
	if c.flights == nil {
		c.flights = make(map[string]*flight[V])
	}
	f := &flight[V]{done: make(chan struct{}), err: errPanic}
	c.flights[name] = f
	c.stats.Loads++
	return f, &old, nil
}

// lead loads, and keeps what it gets unless somebody took the flight off the
// list meanwhile, as flush does.
func (c *cache[V]) lead(ctx context.Context, f *flight[V], name string, size int, now func() time.Time, old *V, load loader[V]) (*V, error) {
	var keep time.Duration
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		defer close(f.done)
		if f.err != nil {
			c.stats.Failures++
		}
		if c.flights[name] != f {
			return
		}
		delete(c.flights, name)
		if keep > 0 {
			c.keep(&entry[V]{name: name, value: f.v, err: f.err, until: now().Add(keep)}, size)
		}
	}()
	f.v, keep, f.err = load(ctx, old)
	f.left = f.err != nil && ctx.Err() != nil
	return f.v, f.err
}

// keep stores e. c.mu is held.
func (c *cache[V]) keep(e *entry[V], size int) {
	list := &c.values
	if e.err != nil {
		list = &c.misses
	}
	c.values.remove(e.name)
	c.misses.remove(e.name)
	if size < 0 {
		return
	}
	if list.len() >= size {
		list.removeOldest()
		c.stats.Evictions++
	}
	list.add(e)
}

// flush forgets every name, and the loads under way.
func (c *cache[V]) flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.values, c.misses, c.flights = lru[V]{}, lru[V]{}, nil
}

// forget is flush for one name.
func (c *cache[V]) forget(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.values.remove(name)
	c.misses.remove(name)
	delete(c.flights, name)
}

// An entry is what is kept under a name: value or err. It does not change, but
// for its place in the list.
type entry[V any] struct {
	name  string
	value *V
	err   error
	until time.Time

	prev, next *entry[V] // in the order of use
}

// An lru finds entries by name and knows which one was used least recently. The
// zero lru is empty.
type lru[V any] struct {
	byName map[string]*entry[V]
	root   *entry[V] // of a ring: root.next was used last
}

func (l *lru[V]) len() int { return len(l.byName) }

// get returns the entry of a name, and notes the use.
func (l *lru[V]) get(name string) *entry[V] {
	e := l.byName[name]
	if e != nil && l.root.next != e {
		l.unlink(e)
		l.link(e)
	}
	return e
}

// add adds an entry whose name is not there.
func (l *lru[V]) add(e *entry[V]) {
	if l.byName == nil {
		l.byName = make(map[string]*entry[V])
		l.root = &entry[V]{}
		l.root.prev, l.root.next = l.root, l.root
	}
	l.byName[e.name] = e
	l.link(e)
}

func (l *lru[V]) remove(name string) {
	if e := l.byName[name]; e != nil {
		delete(l.byName, name)
		l.unlink(e)
	}
}

func (l *lru[V]) removeOldest() {
	if l.len() > 0 {
		l.remove(l.root.prev.name)
	}
}

func (l *lru[V]) link(e *entry[V]) {
	e.prev, e.next = l.root, l.root.next
	e.prev.next, e.next.prev = e, e
}

func (l *lru[V]) unlink(e *entry[V]) {
	e.prev.next, e.next.prev = e.next, e.prev
	e.prev, e.next = nil, nil
}
