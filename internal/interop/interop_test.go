package interop

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/headerlist"
	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

var update = flag.Bool("update", false, "write INTEROP.md")

// peerTime bounds the tests of one peer: they take less than a minute.
const peerTime = 5 * time.Minute

var (
	canons     = [...]string{"relaxed/relaxed", "relaxed/simple", "simple/relaxed", "simple/simple"}
	algorithms = [...]string{"rsa-sha256", "ed25519-sha256"}
)

// TestPeers has every peer verify what waxseal signs, and waxseal what every
// peer signs, and both refuse what was changed after.
func TestPeers(t *testing.T) {
	reports := make([]*report, len(Peers()))
	t.Cleanup(func() { // after all peers
		if *update {
			write(t, reports)
		}
	})
	for i, p := range Peers() {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			reports[i] = testPeer(t, p)
		})
	}
}

// write writes INTEROP.md, if there is a report of every peer.
func write(t *testing.T, reports []*report) {
	if t.Failed() || slices.Contains(reports, nil) {
		t.Error("INTEROP.md is not written: a peer failed, or was skipped")
		return
	}
	if err := os.WriteFile("../../INTEROP.md", []byte(document(reports)), 0o644); err != nil {
		t.Error(err)
	}
}

// A bench is a peer, and what it works on.
type bench struct {
	*report
	dir      string // has ALGORITHM.pem and zone.json
	zone     keyrecord.MapResolver
	keys     map[string]crypto.Signer // by algorithm
	verifier *Process
}

func testPeer(t *testing.T, p Peer) *report {
	ctx, cancel := context.WithTimeout(t.Context(), peerTime)
	defer cancel()
	version, err := p.Version(ctx)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%v; the program install installs it", err)
		}
		t.Skipf("%v; the program install installs it", err)
	}
	b := &bench{
		report: newReport(p, version),
		dir:    t.TempDir(),
		zone:   keyrecord.MapResolver{},
		keys:   map[string]crypto.Signer{"rsa-sha256": dkimtest.RSA(2048), "ed25519-sha256": dkimtest.Ed25519(1)},
	}
	b.publish(t)
	b.verifier, err = p.Verifier(ctx, filepath.Join(b.dir, "zone.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, algorithm := range algorithms {
		for _, c := range canons {
			b.run(ctx, t, algorithm, c)
		}
	}
	if err := b.verifier.Close(); err != nil {
		t.Error(err)
	}
	for _, problem := range b.problems() {
		t.Error(problem)
	}
	return b.report
}

// publish writes the keys and the zone. The selectors are named as algorithms.
func (b *bench) publish(t *testing.T) {
	zone := map[string]string{}
	for algorithm, key := range b.keys {
		s := b.signer(algorithm, "")
		rec, err := s.Record()
		if err != nil {
			t.Fatal(err)
		}
		name, err := s.KeyName()
		if err != nil {
			t.Fatal(err)
		}
		b.zone[name], zone[name] = []string{rec.String()}, rec.String()
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		block := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
		if err := os.WriteFile(filepath.Join(b.dir, algorithm+".pem"), block, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	data, err := json.Marshal(zone)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.dir, "zone.json"), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

const signingDomain = "example.com"

func (b *bench) signer(algorithm, c string) *dkim.Signer {
	pair, _ := canon.ParsePair(c) // empty: the default
	return &dkim.Signer{
		Domain: signingDomain, Selector: algorithm, Key: b.keys[algorithm], Canon: pair,
		// what the shapes have many of
		Headers: append(dkim.DefaultHeaders(), headerlist.MustParse("Received+:Comments+:Keywords+:X-Field+")...),
	}
}

// run asks for all shapes in both directions.
func (b *bench) run(ctx context.Context, t *testing.T, algorithm, c string) {
	signer, err := b.peer.Signer(ctx, filepath.Join(b.dir, algorithm+".pem"), signingDomain, algorithm, c, algorithm)
	if err != nil {
		t.Fatal(err)
	}
	ours := b.signer(algorithm, c)
	for _, shape := range Shapes() {
		message := []byte(shape.Message)

		var signed bytes.Buffer
		if err := dkim.Sign(ctx, &signed, bytes.NewReader(message), ours); err != nil {
			t.Fatalf("%s %s %s: %v", algorithm, c, shape.Name, err)
		}
		b.exchange(ctx, t, Case{b.peer, Verifies, algorithm, c, shape.Name}, signed.Bytes(), b.theirVerdict)

		theirs, err := signer.Sign(message)
		k := Case{b.peer, Signs, algorithm, c, shape.Name}
		switch {
		case errors.Is(err, ErrRefused):
			b.add(k, Refused, err.Error())
		case err != nil:
			t.Fatal(err)
		default:
			b.exchange(ctx, t, k, theirs, b.ourVerdict)
		}
	}
	if err := signer.Close(); err != nil {
		t.Error(err)
	}
}

// exchange records what verify says of a signed message and, if that is pass,
// checks that it fails the message when it is changed.
func (b *bench) exchange(ctx context.Context, t *testing.T, k Case, signed []byte, verify verdict) {
	outcome, reason := verify(ctx, t, signed)
	b.add(k, outcome, reason)
	if outcome != string(dkim.Pass) {
		return
	}
	changedFrom := bytes.Replace(signed, []byte("From: Joe"), []byte("From: Jim"), 1)
	if bytes.Equal(changedFrom, signed) {
		t.Fatalf("%v: no Joe in From", k)
	}
	if outcome, _ := verify(ctx, t, changedFrom); outcome != string(dkim.Fail) {
		t.Errorf("%v, From changed: %s, want fail", k, outcome)
	}
	longer := append(bytes.Clone(signed), "more\r\n"...)
	if outcome, _ := verify(ctx, t, longer); outcome != string(dkim.Fail) {
		t.Errorf("%v, body changed: %s, want fail", k, outcome)
	}
}

// A verdict verifies a message with one signature.
type verdict func(ctx context.Context, t *testing.T, signed []byte) (outcome, reason string)

func (b *bench) theirVerdict(_ context.Context, t *testing.T, signed []byte) (outcome, reason string) {
	word, reason, err := b.verifier.Verify(signed)
	if errors.Is(err, ErrRefused) {
		return Refused, err.Error()
	}
	if err != nil {
		t.Fatal(err)
	}
	return word, reason
}

func (b *bench) ourVerdict(ctx context.Context, t *testing.T, signed []byte) (outcome, reason string) {
	results, err := dkim.Verify(ctx, bytes.NewReader(signed), &dkim.Verifier{Resolver: b.zone})
	if err != nil || len(results) != 1 {
		t.Fatalf("%d results, %v, want one, for %q", len(results), err, signed)
	}
	return string(results[0].Status), fmt.Sprint(results[0].Err)
}
