package dkim

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

// testTime is when the tests take place.
var testTime = time.Unix(1_800_000_000, 0)

func atTestTime() time.Time { return testTime }

const testMessage = "From: Joe <joe@example.org>\r\n" +
	"To: Suzie <suzie@example.net>\r\n" +
	"Subject: Is dinner ready?\r\n" +
	"Date: Fri, 11 Jul 2003 21:00:37 -0700\r\n" +
	"Message-ID: <1@example.org>\r\n" +
	"\r\n" +
	"Hi.\r\n" +
	"\r\n" +
	"We lost  the game. \t Are you hungry yet?\r\n" +
	"\r\n" +
	"Joe.\r\n"

// A rig has a signer with an RSA key for example.org, the zone with its
// record, and a verifier; tests change what they test.
type rig struct {
	signer   *Signer
	zone     keyrecord.MapResolver
	verifier *Verifier
}

func newRig(t testing.TB) *rig {
	r := &rig{zone: keyrecord.MapResolver{}}
	r.signer = r.newSigner(t, "rsa", dkimtest.RSA(1024))
	r.verifier = &Verifier{Resolver: r.zone, Time: atTestTime}
	return r
}

// newSigner returns a signer for example.org, and publishes its record.
func (r *rig) newSigner(t testing.TB, selector string, key crypto.Signer) *Signer {
	t.Helper()
	s := &Signer{Domain: "example.org", Selector: selector, Key: key, Time: atTestTime}
	rec, err := s.Record()
	if err != nil {
		t.Fatal(err)
	}
	r.zone[selector+"._domainkey.example.org"] = []string{rec.String()}
	return s
}

// sign returns the message with its signatures in front.
func (r *rig) sign(t testing.TB, message string) string {
	t.Helper()
	return signWith(t, message, r.signer)
}

func signWith(t testing.TB, message string, signers SignerSource) string {
	t.Helper()
	var b strings.Builder
	if err := Sign(context.Background(), &b, strings.NewReader(message), signers); err != nil {
		t.Fatalf("Sign: %v", err)
	}
	return b.String()
}

// verify returns the results for a message.
func (r *rig) verify(t testing.TB, message string) []*Result {
	t.Helper()
	results, err := Verify(context.Background(), strings.NewReader(message), r.verifier)
	if err != nil {
		t.Fatalf("Verify: %v", err)
	}
	return results
}

// verifyOne returns the only result for a message.
func (r *rig) verifyOne(t testing.TB, message string) *Result {
	t.Helper()
	results := r.verify(t, message)
	if len(results) != 1 {
		t.Fatalf("%d results, want 1", len(results))
	}
	return results[0]
}

// want checks a result's status and reason.
func want(t testing.TB, what string, r *Result, status Status, reason error) {
	t.Helper()
	if r.Status != status || !errors.Is(r.Err, reason) || (status == Pass) != (r.Err == nil) {
		t.Errorf("%s: %s, %v; want %s, %v", what, r.Status, r.Err, status, reason)
	}
}

// statuses returns the status words of results.
func statuses(results []*Result) string {
	var words []string
	for _, r := range results {
		words = append(words, string(r.Status))
	}
	return fmt.Sprint(words)
}
