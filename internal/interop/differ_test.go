package interop

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/keyrecord"
)

const usualSamples = 12_000

var (
	samples = flag.Int("samples", usualSamples, "number of generated messages; a program that is slow gets a part of them")
	seed    = flag.Uint64("seed", 1, "decides which messages are generated")
	found   = flag.String("found", "", "`folder` for messages that nothing explains; empty is one of the test")
)

// share is one sample in how many a peer gets.
func share(p Peer) int {
	switch p {
	case msgauthName:
		return 1
	case "exim", "rspamd":
		return 100 // slow: a process for each message, or a request
	}
	return 12
}

const msgauthName Peer = "go-msgauth"

// TestDifferences compares what waxseal says of generated messages with what each
// peer says. What the table of differences does not explain fails, and so does a
// row of it that explains nothing, but for rows about programs, which get few.
func TestDifferences(t *testing.T) {
	var mu sync.Mutex
	used := map[int]bool{}
	ran := 0
	peers := append([]Peer{msgauthName}, Peers()...)
	t.Cleanup(func() {
		if t.Failed() || ran < len(peers) || *samples != usualSamples || *seed != 1 {
			return
		}
		for i, row := range Differences() {
			if !used[i] && (row.Peer == "" || row.Peer == msgauthName) {
				t.Errorf("a row that explains nothing: %+v", row)
			}
		}
	})
	for _, p := range peers {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			d := newDiffer(t, p)
			d.run(t, *samples/share(p))
			mu.Lock()
			defer mu.Unlock()
			ran++
			for row := range d.used {
				used[row] = true
			}
		})
	}
}

// A differ compares waxseal with one peer.
type differ struct {
	peer     Peer
	zone     keyrecord.MapResolver
	verify   func(message []byte) (word, reason string)
	tries    int         // to make a message plainer
	used     map[int]int // how often a row of the table explains
	pass     int         // samples that both pass
	unlike   int
	problems map[string]bool
}

// newDiffer starts the peer's verifier. The test skips if it is not installed.
func newDiffer(t *testing.T, p Peer) *differ {
	t.Helper()
	zone, err := Zone()
	if err != nil {
		t.Fatal(err)
	}
	d := &differ{peer: p, zone: zone, used: map[int]int{}, problems: map[string]bool{}, tries: 400}
	if p == msgauthName {
		d.verify = func(message []byte) (word, reason string) { return Msgauth(zone, message) }
		return d
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*peerTime) // t.Context ends before the verifier does
	t.Cleanup(cancel)
	if _, err := p.Version(ctx); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%v; the program install installs it", err)
		}
		t.Skipf("%v; the program install installs it", err)
	}
	name := filepath.Join(t.TempDir(), "zone.json")
	if err := os.WriteFile(name, d.zoneFile(t), 0o644); err != nil {
		t.Fatal(err)
	}
	verifier, err := p.Verifier(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := verifier.Close(); err != nil && !t.Failed() {
			t.Error(err)
		}
	})
	d.verify = func(message []byte) (word, reason string) {
		word, reason, err := verifier.Verify(message)
		if errors.Is(err, ErrRefused) {
			return Refused, err.Error()
		}
		if err != nil {
			t.Fatal(err)
		}
		return word, reason
	}
	return d
}

// zoneFile returns the zone as the programs of peers read it.
func (d *differ) zoneFile(t *testing.T) []byte {
	t.Helper()
	zone := map[string]string{}
	for name, txt := range d.zone {
		zone[name] = txt[0]
	}
	data, err := json.MarshalIndent(zone, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (d *differ) run(t *testing.T, n int) {
	for i := range n {
		octets := choices(*seed, i)
		s, v, row := d.compare(t, octets)
		switch {
		case !v.Differs():
			if v.Err == nil {
				d.pass++
			}
		case row >= 0:
			d.used[row]++
			d.unlike++
		default:
			d.problem(t, &s, octets)
		}
		if len(d.problems) == 10 {
			t.Fatal("too many: the other samples are left out")
		}
	}
	t.Logf("%d samples: both pass %d; they differ about %d as the table says", n, d.pass, d.unlike)
	if d.pass < n/10 {
		t.Errorf("both pass %d of %d samples: too few", d.pass, n)
	}
}

// choices returns the choices for the nth sample.
func choices(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	octets := make([]byte, 20+r.IntN(140))
	for i := range octets {
		octets[i] = byte(r.Uint32())
	}
	return octets
}

// compare returns the sample for some choices, the verdict on it, and the row that
// explains a difference, or -1.
func (d *differ) compare(t *testing.T, octets []byte) (s Sample, v Verdict, row int) {
	s, err := Generate(octets)
	if err != nil {
		t.Fatal(err)
	}
	results, err := dkim.Verify(t.Context(), strings.NewReader(s.Message),
		&dkim.Verifier{Resolver: d.zone, PartialBody: true, UncoveredFrom: true, PublicSuffix: true})
	switch {
	case err != nil:
		v.Err = err
	case len(results) == 1:
		v.Err = results[0].Err
	default:
		t.Fatalf("%d results for %q", len(results), s.Message)
	}
	v.Peer = d.peer
	v.Word, v.Reason = d.verify([]byte(s.Message))
	if v.Differs() {
		for i, row := range Differences() {
			if row.Explains(&s, &v) {
				return s, v, i
			}
		}
	}
	return s, v, -1
}

// problem fails the test with the plainest sample that is like s, and writes it
// with what reproduces the difference: the message, the zone, and what was said.
func (d *differ) problem(t *testing.T, s *Sample, octets []byte) {
	t.Helper()
	_, first, _ := d.compare(t, octets)
	octets = Shrink(octets, d.tries, func(octets []byte) bool {
		_, v, row := d.compare(t, octets)
		return v.Differs() && row < 0 && (v.Err == nil) == (first.Err == nil)
	})
	plain, v, _ := d.compare(t, octets)
	// Of those that are alike one is enough.
	if like := fmt.Sprint(v.Err == nil, v.Word, plain.Has); d.problems[like] {
		t.Fail()
		return
	} else {
		d.problems[like] = true
	}
	text := fmt.Sprintf("waxseal: %v\n%s: %s, %s\nthe message has %q\nchoices: %x\n", v.Err, d.peer, v.Word, v.Reason, plain.Has, octets)
	dir := *found
	if dir == "" {
		dir = t.ArtifactDir()
	}
	name := filepath.Join(dir, fmt.Sprintf("%s-%x", d.peer, sum(octets)[:6]))
	for _, f := range []struct {
		suffix string
		data   []byte
	}{{".eml", []byte(plain.Message)}, {".txt", []byte(text)}, {".json", d.zoneFile(t)}} {
		if err := os.WriteFile(name+f.suffix, f.data, 0o644); err != nil {
			t.Error(err)
		}
	}
	t.Errorf("%s%q\nwritten to %s.eml; shortened from a message that has %q", text, plain.Message, name, s.Has)
}
