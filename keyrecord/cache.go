package keyrecord

import (
	"context"
	"strings"
	"sync"
	"time"
)

const (
	defaultSize        = 2048
	defaultMaxTTL      = time.Hour
	defaultNegativeTTL = 5 * time.Minute
	defaultTimeout     = 10 * time.Second

	// maxKept bounds the octets of one answer that is kept, and so the memory of
	// a Cache that strangers fill. Real answers stay under 2 KiB.
	maxKept = maxRecord

	// maxKeptStrings bounds the strings of such an answer: those of its records,
	// and the words in them. Each takes memory beside its text, 16 octets and
	// more, and a stranger can send thousands of short ones. Real answers have
	// under ten.
	maxKeptStrings = 256
)

// A Cache is a Resolver that keeps the answers of another, with their records
// parsed: Lookup and Peek return them without an allocation. The zero Cache is
// ready to use. It is safe for concurrent use, and must not be copied; the
// fields are not to be changed once it is in use.
//
// When many ask for one name at the same time, there is one lookup. It runs in
// a goroutine that ends with it, under Timeout and the values of the first
// context, but is not cancelled with it: whoever leaves early gets an error that
// wraps ErrTemporary and the reason, and the others still get the answer.
//
// An answer with keys is kept for its TTL, or MaxTTL if that is less or the
// resolver knows no TTL. "Not found", and records of which none is a key, are
// kept for NegativeTTL at most. A temporary failure is never kept, nor are
// answers of more than 16 KiB, or of more than 256 strings, the words of the
// records counted. If the Cache is full, the name that was asked for
// least recently goes.
type Cache struct {
	Resolver    Resolver         // nil is net.DefaultResolver
	Size        int              // names; zero is 2048, negative keeps none
	MaxTTL      time.Duration    // zero is 1 hour, negative keeps no keys
	NegativeTTL time.Duration    // zero is 5 minutes, negative keeps no failures
	Timeout     time.Duration    // of one lookup; zero is 10 seconds, negative is none
	Time        func() time.Time // nil is time.Now

	mu      sync.Mutex
	entries lru
	flights map[string]*flight
	stats   Stats
}

// Stats counts what a Cache did since its start, but for Size.
type Stats struct {
	Size         int    // names that are kept now, the expired ones too
	Hits         uint64 // queries for which the Cache had keys
	NegativeHits uint64 // queries for which it had "not found", or TXT records without a key
	Misses       uint64 // queries that had to wait, also for the lookup of another
	Lookups      uint64 // calls of the Resolver, those of Check among them
	Failures     uint64 // lookups that failed temporarily
	Evictions    uint64 // names that went because the Cache was full
}

// Stats returns the counts so far.
func (c *Cache) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.stats
	s.Size = c.entries.len()
	return s
}

// Flush forgets every name. An answer to a lookup that is under way goes to
// those who wait for it, and is not kept.
func (c *Cache) Flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries = lru{}
	c.flights = nil
}

// Forget forgets one name, as Name returns it; case and a final dot do not
// matter. Flush describes what that means for a lookup under way.
func (c *Cache) Forget(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := cacheKey(name)
	c.entries.remove(key)
	delete(c.flights, key)
}

// LookupTXT returns the TXT records of name, which need not be key records. A
// name is taken as complete, with or without its final dot.
func (c *Cache) LookupTXT(ctx context.Context, name string) ([]string, error) {
	a, err := c.LookupAnswer(ctx, name)
	return a.TXT, err
}

// LookupAnswer is LookupTXT with what is left of the time that the answer is
// kept. The strings are shared: read only.
func (c *Cache) LookupAnswer(ctx context.Context, name string) (Answer, error) {
	key := cacheKey(name)
	e := c.hit([]byte(key), true)
	if e == nil {
		var err error
		if e, err = c.wait(ctx, key, false); err != nil {
			return Answer{}, err
		}
	}
	if e.answer.TXT == nil {
		return Answer{}, e.err
	}
	a := e.answer
	a.TTL = max(0, e.expires.Sub(c.now()))
	return a, nil
}

func cacheKey(name string) string {
	name = strings.TrimSuffix(name, ".")
	if !isASCII(name) { // no name of DNS: do not make it one, as lowering the Kelvin sign would
		return name
	}
	return strings.ToLower(name)
}

func (c *Cache) now() time.Time {
	if c.Time != nil {
		return c.Time()
	}
	return time.Now()
}

// hit returns what is kept under name, which is in the form of cacheKey, or nil.
// It counts the miss of a caller that goes on to wait.
func (c *Cache) hit(name []byte, waits bool) *entry {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.live(name, now)
	switch {
	case e == nil && waits:
		c.stats.Misses++
	case e == nil:
	case e.err != nil:
		c.stats.NegativeHits++
	default:
		c.stats.Hits++
	}
	return e
}

// live returns the entry of name unless it has expired. c.mu is held.
func (c *Cache) live(name []byte, now time.Time) *entry {
	e := c.entries.get(name)
	if e != nil && !now.Before(e.expires) {
		c.entries.remove(e.name)
		return nil
	}
	return e
}

// keep stores e, or drops what was there if e is not to be kept. c.mu is held.
func (c *Cache) keep(e *entry, now time.Time) {
	limit := orDefault(c.Size, defaultSize)
	c.entries.remove(e.name)
	if limit < 0 || !e.fits() || !e.expires.After(now) {
		return
	}
	if c.entries.len() >= limit {
		c.entries.removeOldest()
		c.stats.Evictions++
	}
	c.entries.add(e)
}

// lifetime returns how long an answer is kept; nothing is at zero or below.
func (c *Cache) lifetime(ttl time.Duration, keys bool) time.Duration {
	limit := orDefault(c.MaxTTL, defaultMaxTTL)
	if !keys {
		limit = orDefault(c.NegativeTTL, defaultNegativeTTL)
	}
	if ttl < 0 {
		return limit
	}
	return min(ttl, limit)
}

// orDefault returns v, or d if v is zero.
func orDefault[T int | time.Duration](v, d T) T {
	if v == 0 {
		return d
	}
	return v
}
