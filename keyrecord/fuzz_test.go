package keyrecord

import (
	"context"
	"crypto/ed25519"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// FuzzLookup: whatever stands in DNS, Lookup, Peek and a Cache say the same;
// they return key records, as many as are allowed, or an error of the table; and
// Check finds the key that the records hold and no other.
func FuzzLookup(f *testing.F) {
	f.Add("v=DKIM1; p="+appendixC, "s1", "example.org")
	f.Add("v=spf1 -all\x00v=DKIM1; k=ed25519; p="+appendixA2+"\x00p=", "s1", "example.org")
	f.Add(strings.Repeat("p=\x00", 40), "bücher", "bücher.example")
	f.Add("", "a..b", "")
	f.Add("v=DKIM1; k=rsa; p=AAAA\x00v=DKIM2", "s", "x")
	other := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public()
	f.Fuzz(func(t *testing.T, zone, selector, domain string) {
		var txt []string
		if zone != "" {
			txt = strings.Split(zone, "\x00")
		}
		ctx := context.Background()
		keys, err := Lookup(ctx, answer(nil, txt...), selector, domain)
		cache := &Cache{Resolver: answer(nil, txt...)}
		again, err2 := Lookup(ctx, cache, selector, domain)
		if !sameLookup(keys, err, again, err2) {
			t.Fatalf("%q: %+v, %v; cached %+v, %v", txt, keys, err, again, err2)
		}
		peeked, ok, err3 := Peek(cache, selector, domain)
		if ok && !sameLookup(keys, err, peeked, err3) {
			t.Fatalf("%q: %+v, %v; Peek %+v, %v", txt, keys, err, peeked, err3)
		}
		if name, nameErr := Name(selector, domain); nameErr == nil {
			mapped, err4 := Lookup(ctx, MapResolver{name: txt}, selector, domain)
			if (err4 == nil) != (err == nil) || err == nil && !reflect.DeepEqual(mapped.Records, keys.Records) {
				t.Fatalf("%q: %+v, %v; MapResolver %+v, %v", txt, keys, err, mapped, err4)
			}
		} else if !errors.Is(err, ErrNotFound) {
			t.Fatalf("%q and %q make no name, but %v", selector, domain, err)
		}
		if err != nil {
			if keys != nil || !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrSyntax) && !errors.Is(err, ErrKeyType) && !errors.Is(err, ErrKeySize) {
				t.Fatalf("%q: %+v, %v", txt, keys, err)
			}
			return
		}
		if len(keys.Records) == 0 || len(keys.Records) > min(maxKeys, len(txt)) {
			t.Fatalf("%d records of %d", len(keys.Records), len(txt))
		}
		held := false
		for _, r := range keys.Records {
			if r.Revoked() != (r.Key == nil) {
				t.Fatalf("%q: %+v", txt, r)
			}
			if r.Revoked() {
				continue
			}
			if err := Check(ctx, answer(nil, txt...), selector, domain, r.Key); err != nil {
				t.Fatalf("%q: Check of its own key: %v", txt, err)
			}
			held = held || equalKeys(r.Key, other)
		}
		if err := Check(ctx, answer(nil, txt...), selector, domain, other); held != (err == nil) {
			t.Fatalf("%q: Check of another key: %v", txt, err)
		}
	})
}

func sameLookup(a *Keys, err error, b *Keys, err2 error) bool {
	if err != nil || err2 != nil {
		return err != nil && err2 != nil && err.Error() == err2.Error()
	}
	return reflect.DeepEqual(a, b)
}
