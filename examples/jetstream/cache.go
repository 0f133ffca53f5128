package main

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/waxseal/waxseal/keyrecord"
)

const (
	maxTTL      = time.Hour // of keys
	negativeTTL = 5 * time.Minute
)

// A sharedKeys is a resolver that keeps the answers of another in a bucket, so
// that what one worker has looked up the others need not. It keeps no temporary
// failure. A bucket that fails is passed by.
type sharedKeys struct {
	bucket jetstream.KeyValue
	dns    keyrecord.Resolver
}

// A sharedAnswer is a value of the bucket.
type sharedAnswer struct {
	TXT       []string  `json:"txt"` // none: the name has none
	Expires   time.Time `json:"expires"`
	Authentic bool      `json:"authentic"`
}

// LookupTXT returns the TXT records of name.
func (s *sharedKeys) LookupTXT(ctx context.Context, name string) ([]string, error) {
	a, err := s.LookupAnswer(ctx, name)
	return a.TXT, err
}

// LookupAnswer returns the TXT records of name, none and no error if it has none.
func (s *sharedKeys) LookupAnswer(ctx context.Context, name string) (keyrecord.Answer, error) {
	key := strings.TrimSuffix(name, ".") // letters, digits, "-", "_" and ".": a key of a bucket has no others
	if entry, err := s.bucket.Get(ctx, key); err == nil {
		var kept sharedAnswer
		if json.Unmarshal(entry.Value(), &kept) == nil {
			if left := time.Until(kept.Expires); left > 0 {
				return keyrecord.Answer{TXT: kept.TXT, TTL: left, Authentic: kept.Authentic}, nil
			}
		}
	}
	a, err := keyrecord.LookupAnswer(ctx, s.dns, name)
	if err != nil && !errors.Is(err, keyrecord.ErrNotFound) {
		return a, err // temporary: the next one asks again
	}
	limit := maxTTL
	if err != nil {
		limit = negativeTTL
	}
	if a.TTL < 0 || a.TTL > limit {
		a.TTL = limit
	}
	value, err := json.Marshal(sharedAnswer{a.TXT, time.Now().Add(a.TTL), a.Authentic})
	if err == nil && a.TTL > 0 {
		s.bucket.Put(ctx, key, value) // if that fails, others ask DNS
	}
	return a, nil
}
