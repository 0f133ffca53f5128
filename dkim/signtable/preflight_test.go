package signtable

import (
	"context"
	"crypto"
	"errors"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/keyrecord"
)

// A zone is a resolver that tests change.
type zone struct {
	keyrecord.MapResolver
	err   error
	asked int
}

func (z *zone) LookupTXT(ctx context.Context, name string) ([]string, error) {
	z.asked++
	if z.err != nil {
		return nil, z.err
	}
	return z.MapResolver.LookupTXT(ctx, name)
}

var errDNS = errors.New("no answer")

// rotating returns a table that goes from s1 to s2, with the zone and the clock.
func rotating(t *testing.T) (*Table, *zone, *clock) {
	z := &zone{MapResolver: keyrecord.MapResolver{}}
	publish(t, z.MapResolver, "s1", "example.com", edKey(1).Public())
	now := newClock()
	return &Table{
		Default: Rule{KeyPath: "%{d}/%{s}.key"},
		Senders: one(Rule{Selector: "s2", NotBefore: testTime.Add(time.Hour), Fallback: &Rule{Selector: "s1", NotAfter: testTime.Add(1000 * time.Hour)}}),
		Keys: &KeyCache{FS: fstest.MapFS{
			"example.com/s1.key": keyFile(edKey(1)),
			"example.com/s2.key": keyFile(edKey(2)),
		}, Time: now.time},
		Preflight: &Preflight{Resolver: z, Time: now.time},
		Time:      now.time,
	}, z, now
}

// The whole way of a rotation, and what may go wrong on it.
func TestRotation(t *testing.T) {
	table, z, now := rotating(t)
	for _, s := range []struct {
		what  string
		do    func()
		want  string
		err   error
		asked int
	}{
		{"before the new key's time", func() {}, "example.com/s1", nil, 1},
		{"the answer is kept", func() {}, "example.com/s1", nil, 0},
		{"its time has come, but its record has not: the answer of the older is over", func() { now.add(time.Hour) }, "example.com/s1", nil, 2},
		{"nor has it a minute later", func() { now.add(time.Minute) }, "example.com/s1", nil, 1},
		{"another key is published", func() {
			publish(t, z.MapResolver, "s2", "example.com", edKey(3).Public())
			now.add(time.Minute)
		}, "example.com/s1", nil, 1},
		{"the right one is, but nobody looks yet", func() { publish(t, z.MapResolver, "s2", "example.com", edKey(2).Public()) }, "example.com/s1", nil, 0},
		{"it is seen", func() { now.add(time.Minute) }, "example.com/s2", nil, 1},
		{"DNS is down, the answer is kept", func() { z.err = errDNS }, "example.com/s2", nil, 0},
		{"DNS is down, the answer has expired: what was good stays", func() { now.add(time.Hour) }, "example.com/s2", nil, 1},
		{"revoked by mistake", func() {
			z.err = nil
			z.MapResolver["s2._domainkey.example.com"] = []string{"v=DKIM1; p="}
			now.add(time.Hour)
		}, "example.com/s1", nil, 2},
		{"both are gone", func() {
			z.MapResolver = keyrecord.MapResolver{}
			now.add(time.Hour)
		}, "", keyrecord.ErrNotFound, 2},
		{"both are gone, and known to be", func() {}, "", keyrecord.ErrNotFound, 0},
		{"flushed", func() {
			publish(t, z.MapResolver, "s1", "example.com", edKey(1).Public())
			table.Preflight.Flush()
		}, "example.com/s1", nil, 2},
		{"the older key's time is over", func() { now.add(1000 * time.Hour) }, "", keyrecord.ErrNotFound, 1},
	} {
		s.do()
		before := z.asked
		sigs, err := sign(t, table, fromExample("joe"))
		if got := describe(sigs); got != s.want || !errors.Is(err, s.err) || (err == nil) != (s.err == nil) || z.asked-before != s.asked {
			t.Errorf("%s: %q, %v, %d lookups; want %q, %v, %d", s.what, got, err, z.asked-before, s.want, s.err, s.asked)
		}
	}
}

// A schedule without a successor ends without an error: nobody signs.
func TestSchedule(t *testing.T) {
	now := newClock()
	table := &Table{Senders: one(Rule{Selector: "s1", Key: edKey(1), NotBefore: testTime.Add(time.Hour), NotAfter: testTime.Add(2 * time.Hour)}), Time: now.time}
	for _, want := range []string{"", "example.com/s1", ""} {
		sigs, err := sign(t, table, fromExample("joe"))
		if got := describe(sigs); got != want || err != nil {
			t.Errorf("%v: %q, %v; want %q", now.now, got, err, want)
		}
		now.add(time.Hour)
	}
}

// The new key falls back while its file cannot be read, too.
func TestFallbackOfFiles(t *testing.T) {
	table, _, now := rotating(t)
	table.Preflight = nil
	now.add(time.Hour)
	var events []Event
	table.Observe = func(e Event) { events = append(events, e) }
	keys := table.Keys.(*KeyCache).FS.(fstest.MapFS)
	delete(keys, "example.com/s2.key")
	sigs, err := sign(t, table, fromExample("joe"))
	if describe(sigs) != "example.com/s1" || err != nil {
		t.Errorf("%s, %v", describe(sigs), err)
	}
	if len(events) != 2 || !errors.Is(events[0].Err, fs.ErrNotExist) || !events[0].Fallback || events[0].Selector != "s2" || events[1].Err != nil || events[1].Selector != "s1" {
		t.Errorf("events: %+v", events)
	}
	delete(keys, "example.com/s1.key")
	table.Keys.(*KeyCache).Flush()
	if _, err := sign(t, table, fromExample("joe")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestPreflightErrors(t *testing.T) {
	ctx := context.Background()
	z := &zone{MapResolver: keyrecord.MapResolver{}}
	publish(t, z.MapResolver, "s1", "example.com", edKey(1).Public())
	z.MapResolver["bad._domainkey.example.com"] = []string{"v=spf1 -all"}
	p := &Preflight{Resolver: z, Retry: -1, TTL: -1}
	for _, tt := range []struct {
		selector string
		key      crypto.Signer
		want     error
	}{
		{"s1", edKey(1), nil},
		{"s1", edKey(2), keyrecord.ErrMismatch},
		{"s2", edKey(1), keyrecord.ErrNotFound},
		{"bad", edKey(1), keyrecord.ErrSyntax},
		{"s 1", edKey(1), dkim.ErrDomain},
		{"s1", nil, dkim.ErrKey},
	} {
		err := p.Check(ctx, &dkim.Signer{Domain: "example.com", Selector: tt.selector, Key: tt.key})
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.selector, err, tt.want)
		}
	}
	z.err = errDNS
	s := &dkim.Signer{Domain: "example.com", Selector: "s1", Key: edKey(1)}
	if err := p.Check(ctx, s); !errors.Is(err, keyrecord.ErrTemporary) || !errors.Is(err, errDNS) {
		t.Errorf("one that was never good, without DNS: %v", err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	kept := &Preflight{Resolver: z}
	z.err = ended.Err()
	if err := kept.Check(ended, s); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	z.err = nil
	if err := kept.Check(ctx, s); err != nil {
		t.Errorf("the end of a context was kept: %v", err)
	}
	// A key that takes the place of one that was good is asked for anew.
	s.Key = edKey(2)
	if err := kept.Check(ctx, s); !errors.Is(err, keyrecord.ErrMismatch) {
		t.Error(err)
	}
}

// Many messages of a new signer ask once; a lookup that takes too long ends.
func TestPreflightWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z := &hanging{}
		p := &Preflight{Resolver: z}
		s := &dkim.Signer{Domain: "example.com", Selector: "s1", Key: edKey(1)}
		start := time.Now()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if err := p.Check(context.Background(), s); !errors.Is(err, keyrecord.ErrTemporary) || !strings.HasPrefix(err.Error(), "preflight") {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if took := time.Since(start); z.asked != 1 || took != defaultPreflightTimeout {
			t.Errorf("%d lookups, %v", z.asked, took)
		}
	})
}

type hanging struct{ asked int }

func (h *hanging) LookupTXT(ctx context.Context, _ string) ([]string, error) {
	h.asked++
	<-ctx.Done()
	return nil, ctx.Err()
}

// Observe hears of what was made, what failed, and what was never begun.
func TestObserve(t *testing.T) {
	values := map[string]string{"binding": "b1"}
	now := newClock()
	step := func() time.Time { now.add(time.Millisecond); return now.now }
	var got []Event
	table := &Table{
		Senders: map[string][]Rule{
			"example.com": {{Selector: "s1", Key: edKey(1)}, {Selector: "s2", Key: edKey(2)}},
			"a.example":   {{Selector: "s1", KeyPath: "none"}},
			"b.example":   {{Selector: "s1", Key: edKey(1), BodyOctets: 1 << 20}},
		},
		Keys:    &KeyCache{FS: fstest.MapFS{}},
		Observe: func(e Event) { got = append(got, e) },
		Time:    step,
	}
	for _, tt := range []struct {
		from string
		want []string
		err  error
		took time.Duration
	}{
		{"joe@example.com", []string{"example.com/s1", "example.com/s2"}, nil, 2 * time.Millisecond},
		{"joe@a.example", []string{"a.example/s1"}, fs.ErrNotExist, 0},
		{"joe@b.example", []string{"b.example/s1"}, dkim.ErrBodyLength, time.Millisecond},
		{"joe@example.net", nil, nil, 0},
	} {
		got = nil
		sign(t, table.For(Request{Values: values}), "From: "+tt.from+"\r\n")
		var names []string
		for _, e := range got {
			names = append(names, e.Domain+"/"+e.Selector)
			if !errors.Is(e.Err, tt.err) || (e.Err == nil) != (tt.err == nil) || e.Duration != tt.took || e.Values["binding"] != "b1" || e.Fallback {
				t.Errorf("%s: %+v", tt.from, e)
			}
		}
		if strings.Join(names, " ") != strings.Join(tt.want, " ") {
			t.Errorf("%s: %q, want %q", tt.from, names, tt.want)
		}
	}
}

// Optional signs for whoever has a key; what else is wrong stays an error.
func TestOptional(t *testing.T) {
	fsys := fstest.MapFS{"a.example/s1.key": keyFile(edKey(1)), "b.example/s1.key": {Data: []byte("x")}}
	table := &Table{
		Default: Rule{Selector: "s1", KeyPath: "%{d}/%{s}.key", Optional: On},
		Senders: map[string][]Rule{".": {{}}, "c.example": {{Optional: Off}}},
		Keys:    &KeyCache{FS: fsys},
	}
	for _, tt := range []struct {
		domain, want string
		err          error
	}{
		{"a.example", "a.example/s1", nil},
		{"none.example", "", nil},
		{"b.example", "", dkim.ErrKey},
		{"c.example", "", fs.ErrNotExist},
	} {
		sigs, err := sign(t, table, "From: joe@"+tt.domain+"\r\n")
		if got := describe(sigs); got != tt.want || !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
			t.Errorf("%s: %q, %v", tt.domain, got, err)
		}
	}
}
