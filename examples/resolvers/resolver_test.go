package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

// counter counts the lookups that reach a resolver.
type counter struct {
	keyrecord.AnswerResolver
	n int
}

func (c *counter) LookupAnswer(ctx context.Context, name string) (keyrecord.Answer, error) {
	c.n++
	return c.AnswerResolver.LookupAnswer(ctx, name)
}

// TestUnbound looks keys up over unbound.
func TestUnbound(t *testing.T) {
	dir, names := zones(t)
	address, stop := unbound(t, dir, names...)
	ctx := context.Background()
	resolver := &Resolver{Servers: []string{address}, TrustAD: true}

	t.Run("Verify", func(t *testing.T) {
		for _, tt := range []struct {
			domain, selector string
			status           dkim.Status
			authentic        bool
			err              error
			says             string
		}{
			{"signed.example", "s1", dkim.Pass, true, nil, ""},
			{"signed.example", "notes", dkim.Pass, true, nil, ""},
			{"signed.example", "near", dkim.Pass, true, nil, ""},
			{"signed.example", "away", dkim.Pass, false, nil, ""},
			{"signed.example", "large", dkim.Pass, true, nil, ""},
			{"plain.example", "s1", dkim.Pass, false, nil, ""},
			{"bogus.example", "s1", dkim.TempError, false, keyrecord.ErrTemporary, "DNSSEC Bogus"},
			{"expired.example", "s1", dkim.TempError, false, keyrecord.ErrTemporary, "SERVFAIL, "},
			{"signed.example", "nodata", dkim.PermError, false, keyrecord.ErrNotFound, "nodata._domainkey.signed.example"},
			{"signed.example", "nosuch", dkim.PermError, false, keyrecord.ErrNotFound, "nosuch._domainkey.signed.example"},
		} {
			results, err := dkim.Verify(ctx, strings.NewReader(signed(t, tt.domain, tt.selector)), &dkim.Verifier{Resolver: resolver})
			if err != nil || len(results) != 1 {
				t.Fatalf("%s %s: %v, %v", tt.selector, tt.domain, results, err)
			}
			r := results[0]
			if r.Status != tt.status || r.Authentic != tt.authentic || !errors.Is(r.Err, tt.err) || tt.err != nil && !strings.Contains(r.Err.Error(), tt.says) {
				t.Errorf("%s %s: %s, authentic %t, %v; want %s, %t, %v %s",
					tt.selector, tt.domain, r.Status, r.Authentic, r.Err, tt.status, tt.authentic, tt.err, tt.says)
			}
		}
	})

	t.Run("TTL", func(t *testing.T) {
		for _, tt := range []struct {
			name string
			n    int           // records
			most time.Duration // the zone's TTL; the server counts it down
		}{
			{"s1._domainkey.signed.example.", 1, 300 * time.Second},
			{"near._domainkey.signed.example.", 1, 30 * time.Second},
			{"away._domainkey.signed.example.", 1, 60 * time.Second},
			{"large._domainkey.signed.example.", 2, 300 * time.Second},
			{"nosuch._domainkey.signed.example.", 0, 120 * time.Second},
			{"nodata._domainkey.signed.example", 0, 120 * time.Second},
		} {
			a, err := resolver.LookupAnswer(ctx, tt.name)
			if err != nil || len(a.TXT) != tt.n || a.TTL > tt.most || a.TTL < tt.most/2 {
				t.Errorf("%s: %d records for %v, %v; want %d for %v", tt.name, len(a.TXT), a.TTL, err, tt.n, tt.most)
			}
		}
	})

	// The answer of two records, one of an RSA key of 8192 bits, has to come by TCP.
	t.Run("Truncated", func(t *testing.T) {
		query := new(dns.Msg).SetQuestion("large._domainkey.signed.example.", dns.TypeTXT)
		query.SetEdns0(udpSize, false)
		response, err := dns.Exchange(query, address)
		if err != nil || !response.Truncated {
			t.Errorf("by UDP: %v, %v; want an answer that is cut short", response, err)
		}
	})

	t.Run("Escapes", func(t *testing.T) {
		txt, err := resolver.LookupTXT(ctx, "raw._domainkey.signed.example.")
		if err != nil || len(txt) != 1 || txt[0] != notes {
			t.Errorf("%q, %v, want %q", txt, err, notes)
		}
		keys, err := keyrecord.Lookup(ctx, resolver, "notes", "signed.example")
		if err != nil || keys.Records[0].Notes != notes {
			t.Errorf("%v, %v, want n= %q", keys, err, notes)
		}
	})

	t.Run("Untrusted", func(t *testing.T) {
		keys, err := keyrecord.Lookup(ctx, &Resolver{Servers: []string{address}}, "s1", "signed.example")
		if err != nil || keys.Authentic {
			t.Errorf("authentic %t, %v; want false: nobody trusts the server", keys.Authentic, err)
		}
	})

	// A cache asks again when the TTL is over, and not before.
	t.Run("Cache", func(t *testing.T) {
		now := time.Now()
		asked := &counter{AnswerResolver: resolver}
		cache := &keyrecord.Cache{Resolver: asked, Time: func() time.Time { return now }}
		for _, tt := range []struct {
			selector string
			later    time.Duration
			want     int
		}{
			{"near", 0, 1}, {"near", 10 * time.Second, 1}, {"near", 21 * time.Second, 2}, // 30 s, less what unbound counted down
			{"nosuch", 0, 3}, {"nosuch", 50 * time.Second, 3}, {"nosuch", 71 * time.Second, 4}, // 120 s
		} {
			now = now.Add(tt.later)
			keys, err := keyrecord.Lookup(ctx, cache, tt.selector, "signed.example")
			if asked.n != tt.want || (err == nil) != (tt.selector == "near") || err == nil && !keys.Authentic {
				t.Errorf("%s after %v more: %d lookups, %v, want %d", tt.selector, tt.later, asked.n, err, tt.want)
			}
		}
	})

	t.Run("Check", func(t *testing.T) {
		if err := keyrecord.Check(ctx, resolver, "s1", "signed.example", dkimtest.Ed25519(1).Public()); err != nil {
			t.Error(err)
		}
		if err := keyrecord.Check(ctx, resolver, "s1", "signed.example", dkimtest.Ed25519(2).Public()); !errors.Is(err, keyrecord.ErrMismatch) {
			t.Errorf("another key: %v", err)
		}
		if err := keyrecord.Check(ctx, resolver, "s1", "bogus.example", dkimtest.Ed25519(1).Public()); !errors.Is(err, keyrecord.ErrTemporary) {
			t.Errorf("bogus: %v", err)
		}
	})

	t.Run("Program", func(t *testing.T) {
		for _, tt := range []struct {
			domain, server string
			status         int
			want           string
		}{
			{"signed.example", address, 0, "pass d=signed.example s=s1 dnssec=yes\n"},
			{"plain.example", address, 0, "pass d=plain.example s=s1 dnssec=no\n"},
			{"bogus.example", address, 1, "temperror d=bogus.example s=s1 dnssec=no "},
		} {
			var out, errs strings.Builder
			status := run(ctx, []string{"-server", tt.server}, strings.NewReader(signed(t, tt.domain, "s1")), &out, &errs)
			if status != tt.status || !strings.HasPrefix(out.String(), tt.want) || strings.Count(out.String(), "\n") != 1 || errs.Len() != 0 {
				t.Errorf("%s: status %d, %q, %q; want %d, %q", tt.domain, status, &out, &errs, tt.status, tt.want)
			}
		}
	})

	t.Run("README", func(t *testing.T) { testREADME(t, address, signed(t, "signed.example", "s1")) })

	t.Run("Stopped", func(t *testing.T) {
		stop()
		if _, err := keyrecord.Lookup(ctx, resolver, "s1", "signed.example"); !errors.Is(err, keyrecord.ErrTemporary) || !strings.Contains(err.Error(), address) {
			t.Errorf("%v, want a temporary error that names %s", err, address)
		}
	})
}
