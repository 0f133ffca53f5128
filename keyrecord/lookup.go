package keyrecord

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Keys are the key records at one name. They may be shared: read only.
type Keys struct {
	Records []*Record // one or more, the revoked ones too; in the order of the answer
	// TTL is what the resolver gave with the answer; negative if it does not
	// know. It does not shrink while a Cache keeps the Keys.
	TTL       time.Duration
	Authentic bool // DNSSEC vouched for them
}

// Lookup looks up the key records of a selector and domain; a nil r is
// net.DefaultResolver. The name is looked up with a final dot.
//
// Of the TXT records at the name, all that parse as key records are returned;
// what does not, as an SPF record under a wildcard, does no harm beside one that
// does. At most 32 TXT records are looked at, and 8 key records returned.
//
// Errors wrap ErrNotFound when the name has no TXT record, or selector and
// domain make no name; ErrSyntax, ErrKeyType or ErrKeySize when none of its
// records is a key, for the one that comes closest; and ErrTemporary with the
// cause when the resolver failed, or ctx ended. A revoked key is no error here.
//
// With a *Cache that has the answer, Lookup neither waits nor allocates.
func Lookup(ctx context.Context, r Resolver, selector, domain string) (*Keys, error) {
	var buf [maxName]byte
	name, err := appendName(buf[:0], selector, domain)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	if c, ok := r.(*Cache); ok {
		if e := c.hit(name, true); e != nil {
			return e.keys, e.err
		}
		e, err := c.wait(ctx, string(name), false)
		if err != nil {
			return nil, err
		}
		return e.keys, e.err
	}
	a, err := LookupAnswer(ctx, r, string(name))
	if err != nil {
		return nil, err
	}
	return parseAnswer(string(name), a)
}

// Peek is Lookup for those who must not wait: ok reports whether the answer,
// Keys or an error, was at hand. It is with a MapResolver, with a Cache that
// keeps the answer, and when selector and domain make no name. With a Cache and
// names of lower-case ASCII it does not allocate.
func Peek(r Resolver, selector, domain string) (k *Keys, ok bool, err error) {
	var buf [maxName]byte
	name, err := appendName(buf[:0], selector, domain)
	if err != nil {
		return nil, true, fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	switch r := r.(type) {
	case *Cache:
		if e := r.hit(name, false); e != nil {
			return e.keys, true, e.err
		}
	case MapResolver:
		a, err := LookupAnswer(context.Background(), r, string(name))
		if err == nil {
			k, err = parseAnswer(string(name), a)
		}
		return k, true, err
	}
	return nil, false, nil
}

// parseAnswer finds the key records in an answer.
func parseAnswer(name string, a Answer) (*Keys, error) {
	k := &Keys{TTL: a.TTL, Authentic: a.Authentic}
	var failure error
	closest := -1
	for _, txt := range a.TXT[:min(len(a.TXT), maxTXT)] {
		r, err := Parse(txt)
		if err != nil {
			if n := closeness(txt, err); n > closest {
				closest, failure = n, err
			}
			continue
		}
		if k.Records = append(k.Records, r); len(k.Records) == maxKeys {
			break
		}
	}
	if k.Records == nil {
		return nil, fmt.Errorf("%s: %w", name, failure)
	}
	return k, nil
}

// closeness ranks the text of a record that Parse refused with err: what is
// wrong with a key record is of more use than that another record is none.
func closeness(txt string, err error) int {
	switch {
	case errors.Is(err, ErrKeyType), errors.Is(err, ErrKeySize):
		return 2
	case strings.HasPrefix(txt, "v=DKIM1"):
		return 1
	}
	return 0
}
