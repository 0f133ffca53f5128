package domainkeys

import (
	"context"
	"fmt"
	"time"

	"github.com/waxseal/waxseal/keyrecord"
)

// A lookup is the search for the keys of a signature.
type lookup struct {
	answer
	pending chan answer     // nil when the answer is there; has room for it, so that nobody need wait
	ctx     context.Context // ends with the time for the lookup
}

// An answer is what keyrecord.Lookup returns.
type answer struct {
	keys *keyrecord.Keys
	err  error
}

func startLookup(ctx context.Context, v *Verifier, s *Signature) *lookup {
	if keys, ok, err := keyrecord.Peek(v.Resolver, s.Selector, s.Domain); ok {
		return &lookup{answer: answer{keys, err}}
	}
	timeout := v.LookupTimeout
	if timeout <= 0 {
		timeout = 10 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	pending := make(chan answer, 1)
	go func(resolver keyrecord.Resolver, selector, domain string) {
		defer cancel()
		keys, err := keyrecord.Lookup(ctx, resolver, selector, domain)
		pending <- answer{keys, err}
	}(v.Resolver, s.Selector, s.Domain)
	return &lookup{pending: pending, ctx: ctx}
}

// wait waits until the answer is there, or the time for it has passed.
func (l *lookup) wait() (*keyrecord.Keys, error) {
	if l.pending == nil {
		return l.keys, l.err
	}
	select {
	case l.answer = <-l.pending:
	case <-l.ctx.Done():
		select {
		case l.answer = <-l.pending: // it came in time
		default:
			l.answer = answer{nil, fmt.Errorf("%w: %w", keyrecord.ErrTemporary, l.ctx.Err())}
		}
	}
	l.pending = nil
	return l.keys, l.err
}
