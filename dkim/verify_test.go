package dkim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

// A changeRow is a message that is signed, and then changed.
type changeRow struct {
	id, tags, msg string
	old, new      string
	status        Status
	reason        error
}

func changeRows() []changeRow {
	multi := "Received: a\r\nReceived: b\r\nReceived: c\r\n" + testMessage
	return []changeRow{
		{"6376-3.7-a, 6376-3.5bh-b", goodTags, testMessage, "Hi.", "Ho.", Fail, ErrBodyHash},
		{"6376-6.1.3-b", goodTags, testMessage, "dinner", "lunch", Fail, ErrSignature},
		{"6376-3.7-i", goodTags, testMessage, "t=1799999000", "t=1799999001", Fail, ErrSignature},
		{"6376-3.2-o", goodTags, testMessage, "; bh=", "; foo=bar; bh=", Fail, ErrSignature},
		{"6376-3.7-g: bh= is hashed", goodTags, testMessage, "bh=", "bh= ", Fail, ErrSignature},
		{"6376-3.7-b: folding of bh=, relaxed", with("bh=BH"), testMessage, "; b=", ";  b=", Pass, nil},
		{"6376-3.5b-a: folding of b=", goodTags, testMessage, "; b=", "; b=\r\n\t ", Pass, nil},
		{"6376-3.4.1-a", with("c=simple/simple"), testMessage, "Subject: Is", "Subject:  Is", Fail, ErrSignature},
		{"6376-3.4.1-c", with("c=simple/simple"), testMessage, "Subject: Is", "SUBJECT: Is", Fail, ErrSignature},
		{"6376-3.4.1-b", with("c=simple/simple"), testMessage, "; s=", ";\r\n s=", Fail, ErrSignature},
		{"6376-3.4.2-a, 6376-3.4.2-b, 6376-3.4.2-c, 6376-3.4.2-e, 6376-5.4.2-g, 6376-5.4.2-h", goodTags, testMessage, "Subject: Is dinner", "SUBJECT \t:\r\n  Is \t dinner", Pass, nil},
		{"6376-3.4.2-a", goodTags, testMessage, "Is dinner", "is dinner", Fail, ErrSignature},
		{"6376-3.4.4-c", goodTags, testMessage, "lost  the game. \t Are", "lost \t the game.   Are", Pass, nil},
		{"6376-3.4.4-a", goodTags, testMessage, "Joe.\r\n", "Joe. \t\r\n \r\n\r\n", Pass, nil},
		{"6376-3.4.4-e", goodTags, testMessage, "Joe.\r\n", "Joe.", Pass, nil},
		{"6376-3.4.3-a", with("c=relaxed/simple"), testMessage, "Joe.\r\n", "Joe.\r\n\r\n\r\n", Pass, nil},
		{"6376-3.4.3-c", with("c=relaxed/simple"), testMessage, "Joe.\r\n", "Joe.", Pass, nil},
		{"6376-3.4.3-d", with("c=relaxed/simple"), testMessage, "Joe.\r\n", "Joe.\r\n \r\n", Fail, ErrBodyHash},
		{"6376-3.7-m", goodTags, testMessage, "Joe.\r\n", "Joe.\r\nFooter\r\n", Fail, ErrBodyHash},
		{"6376-3.7-l", goodTags, testMessage + ".a\r\n", "\r\n.a", "\r\n..a", Fail, ErrBodyHash},

		{"6376-5.4.2-a", with("h=from:received"), multi, "Received: a\r\n", "", Pass, nil},
		{"6376-5.4.2-a", with("h=from:received"), multi, "Received: c\r\n", "", Fail, ErrSignature},
		{"6376-5.4.2-b", with("h=from:received:received"), multi, "Received: a\r\n", "", Pass, nil},
		{"6376-5.4.2-b", with("h=from:received:received"), multi, "Received: b\r\n", "", Fail, ErrSignature},
		{"6376-5.4.2-b", with("h=from:received:received"), multi, "Received: b\r\nReceived: c\r\n", "Received: c\r\nReceived: b\r\n", Fail, ErrSignature},
		{"6376-5.4.2-c", with("h=received:from:received"), multi, "Received: a\r\n", "", Pass, nil},
		{"6376-5.4.2-d", with("h=from:cc"), testMessage, "Cc", "Cc", Pass, nil},
		{"6376-5.4.2-e", with("h=from:from"), testMessage, "From: ", "From:\r\nFrom: ", Fail, ErrSignature},
		{"6376-5.4.2-e", with("h=from:cc"), testMessage, "Subject: ", "Cc:\r\nSubject: ", Fail, ErrSignature},
		{"6376-5.4.2-f", with("h=from:subject"), testMessage, "Subject: Is", "Subject: x\r\nSubject: Is", Pass, nil},
		{"6376-5.4.2-f", with("h=from:subject"), testMessage, "Date: ", "Subject: x\r\nDate: ", Fail, ErrSignature},
		{"6376-5.4.2-l", with("z=Subject:=20Is=20dinner=20ready?"), testMessage, "\r\nSubject: Is dinner", "\r\nSubject: Was dinner", Fail, ErrSignature},
		{"6376-3.5z-e", with("z=Subject:x"), testMessage, "z=Subject:x", "z=Subject:y", Fail, ErrSignature},
		{"6376-5.4.2-m", goodTags, testMessage, "From: Joe", "From x@y Mon Jan 01 00:00:00 2001\r\nFrom: Joe", Pass, nil},
		{"6376-2.8-a: HAZARDS: Subject with NBSP is another field", goodTags, testMessage, "Date: ", "Subject\u00a0: x\r\nDate: ", Pass, nil},
		{"8616-5-g: HAZARDS: the Kelvin sign is no k", with("h=from:keywords:keywords"), "Keywords: a\r\n" + testMessage, "Date: ", "\u212aeywords: x\r\nDate: ", Pass, nil},

		{"6376-5-e, 6376-6.1-n: a second From on top", goodTags, testMessage, "From: Joe", "From: Eve <eve@example.com>\r\nFrom: Joe", Policy, ErrUncoveredFrom},
		{"8616-5-f", with("d=xn--bcher-kva.example"), testMessage, "d=xn--bcher-kva.example", "d=bücher.example", Fail, ErrSignature},
	}
}

// TestChanges signs a message, changes it, and verifies.
func TestChanges(t *testing.T) {
	r := newRig(t)
	for _, tt := range changeRows() {
		r.zone["rsa._domainkey.xn--bcher-kva.example"] = r.zone["rsa._domainkey.example.org"]
		signed := craft(t, r.signer.Key, tt.tags, tt.msg)
		changed := strings.Replace(signed, tt.old, tt.new, 1)
		if tt.new != tt.old && changed == signed {
			t.Fatalf("%s: nothing to change", tt.id)
		}
		want(t, tt.id+": before", r.verifyOne(t, signed), Pass, nil)
		want(t, fmt.Sprintf("%s: %q for %q", tt.id, tt.new, tt.old), r.verifyOne(t, changed), tt.status, tt.reason)
	}
}

// 6376-5.4.2-i, 6376-5.4.2-j, 6376-3.7-g: a signature that covers another one.
func TestCoveredSignature(t *testing.T) {
	r := newRig(t)
	inner := craft(t, r.signer.Key, goodTags, testMessage)
	both := craft(t, r.signer.Key, with("h=from:dkim-signature"), inner)
	if got := statuses(r.verify(t, both)); got != "[pass pass]" {
		t.Fatal(got)
	}
	// The signature on top is never the one that it names, also where it stands below.
	top, rest, _ := strings.Cut(both, "\r\n")
	for field := range strings.SplitSeq(rest, "\r\n") {
		if strings.HasPrefix(field, "From:") {
			below := strings.Replace(rest, field+"\r\n", top+"\r\n"+field+"\r\n", 1)
			if got := statuses(r.verify(t, below)); got != "[pass pass]" {
				t.Errorf("below: %s", got)
			}
		}
	}
	at := strings.LastIndex(both, "; b=") + len("; b=")
	changed := both[:at] + "AAAA" + both[at+4:]
	if got := statuses(r.verify(t, changed)); got != "[fail fail]" {
		t.Errorf("b= of the covered signature changed: %s", got)
	}
}

// A lengthRow is a body that is signed with l=, what was appended to it, and
// what the Result says of it.
type lengthRow struct {
	id, tags, body, appended string
	signed, unsigned         int64
	strict, partial          Status
}

func lengthRows() []lengthRow {
	return []lengthRow{
		{"6376-3.5l-g", with("l=5"), "abc\r\n", "footer\r\n", 5, 8, Policy, Pass},
		{"6376-3.5l-j", with("c=simple/simple", "l=3"), "a\r\n\r\n", "footer\r\n", 3, 10, Policy, Pass},
		{"6376-3.5l-c", with("l=5"), "a  b\r\n", "", 5, 0, Pass, Pass},
		{"6376-3.5l-d", with("l=6"), "abc\r\n", "", 5, 0, PermError, PermError},
		{"6376-3.5l-e", with("l=0"), "abc\r\n", "", 0, 5, Policy, Pass},
		{"6376-3.5l-e: nothing unsigned", with("l=0"), "", "", 0, 0, Pass, Pass},
		{"6376-3.5l-f", with("l=1"), "ab\r\n", "", 1, 3, Policy, Pass},
		{"6376-3.5l-f: inside a CRLF", with("l=3"), "ab\r\n", "x", 3, 4, Policy, Pass},
		{"6376-3.5l-c: no l=", goodTags, "abc\r\n", "", 5, 0, Pass, Pass},
	}
}

func TestBodyLength(t *testing.T) {
	r := newRig(t)
	for _, tt := range lengthRows() {
		header, _, _ := strings.Cut(testMessage, "\r\n\r\n")
		signed := craft(t, r.signer.Key, tt.tags, header+"\r\n\r\n"+tt.body) + tt.appended
		for partial, status := range map[bool]Status{false: tt.strict, true: tt.partial} {
			r.verifier.PartialBody = partial
			res := r.verifyOne(t, signed)
			if res.Status != status || res.SignedOctets != tt.signed || res.UnsignedOctets != tt.unsigned {
				t.Errorf("%s (PartialBody %v): %s, %v, %d signed and %d not; want %s, %d and %d",
					tt.id, partial, res.Status, res.Err, res.SignedOctets, res.UnsignedOctets, status, tt.signed, tt.unsigned)
			}
		}
	}
}

// 6376-6.1-n: which copies of a field are covered.
func TestCovered(t *testing.T) {
	r := newRig(t)
	r.verifier.UncoveredFrom = true
	msg := "Subject: added\r\nFrom: Eve <eve@example.com>\r\n" + testMessage
	res := r.verifyOne(t, craft(t, r.signer.Key, with("h=from:subject:cc:date:date"), msg))
	want(t, "UncoveredFrom", res, Pass, nil)
	for field, n := range map[string][2]int{
		"Subject": {1, 2}, "FROM": {1, 2}, "cc": {0, 0}, "Date": {1, 1}, "To": {0, 1}, "DKIM-Signature": {0, 1}, "": {0, 0}, "Sub": {0, 0},
	} {
		if signed, total := res.Covered(field); signed != n[0] || total != n[1] {
			t.Errorf("Covered(%q) = %d, %d; want %d, %d", field, signed, total, n[0], n[1])
		}
	}
}

func TestPolicies(t *testing.T) {
	errNo := errors.New("no")
	for _, tt := range []struct {
		what   string
		set    func(*Verifier)
		tags   string
		status Status
		reason error
	}{
		{"6376-6.1-m: required and signed", func(v *Verifier) { v.RequireFields = []string{"subject", "Date"} }, goodTags, Pass, nil},
		{"6376-6.1-m: required and absent", func(v *Verifier) { v.RequireFields = []string{"Cc"} }, goodTags, Pass, nil},
		{"6376-6.1-m: required and not signed", func(v *Verifier) { v.RequireFields = []string{"subject"} }, with("h=from"), Policy, ErrPolicy},
		{"a function", func(v *Verifier) { v.Policy = func(*Signature, *Header) error { return errNo } }, goodTags, Policy, errNo},
		{"a function that passes", func(v *Verifier) { v.Policy = func(*Signature, *Header) error { return nil } }, goodTags, Pass, nil},
		{"a function's temporary error is still policy", func(v *Verifier) {
			v.Policy = func(*Signature, *Header) error { return keyrecord.ErrTemporary }
		}, goodTags, Policy, keyrecord.ErrTemporary},
		{"6376-3.5d-f: a public suffix that is accepted has no key here", func(v *Verifier) { v.PublicSuffix = true }, with("d=co.uk"), PermError, keyrecord.ErrNotFound},
		{"AllowSHA1", func(v *Verifier) { v.AllowSHA1 = true }, with("a=rsa-sha1"), Pass, nil},
		{"6376-3.5x-e: no skew", func(v *Verifier) { v.Skew = -1 }, with("x=1799999999"), PermError, ErrExpired},
		{"6376-3.5x-c: no skew, now", func(v *Verifier) { v.Skew = -1 }, with("x=1800000000"), Pass, nil},
		{"6376-3.5x-e: an hour", func(v *Verifier) { v.Skew = time.Hour }, with("x=1799999100"), Pass, nil},
		{"6376-3.5x-d: at the time of receipt", func(v *Verifier) {
			v.Time = func() time.Time { return time.Unix(1_799_999_000, 0) }
		}, with("x=1799999100"), Pass, nil},
	} {
		r := newRig(t)
		tt.set(r.verifier)
		want(t, tt.what, r.verifyOne(t, craft(t, r.signer.Key, tt.tags, testMessage)), tt.status, tt.reason)
	}
}

// The Policy function sees the signature and the header.
func TestPolicyArguments(t *testing.T) {
	r := newRig(t)
	r.verifier.Policy = func(s *Signature, h *Header) error {
		from, err := h.From()
		if s.Domain != "example.org" || !slices.Equal(from, []string{"example.org"}) || err != nil {
			return fmt.Errorf("d=%s, From %q, %v", s.Domain, from, err)
		}
		return nil
	}
	want(t, "policy", r.verifyOne(t, r.sign(t, testMessage)), Pass, nil)
}

// 6376-6.1-a, DESIGN: precedence is fixed, whatever the timing of lookups.
func TestPrecedence(t *testing.T) {
	r := newRig(t)
	r.zone["weak._domainkey.example.org"] = []string{"p="}
	badBody := func(s string) string { return strings.Replace(s, "Hi.", "Ho.", 1) }
	badHeader := func(s string) string { return strings.Replace(s, "dinner", "lunch", 1) }
	for _, tt := range []struct {
		what, msg string
		reason    error
	}{
		{"syntax before policy", craft(t, r.signer.Key, with("c=x", "d=co.uk"), testMessage), ErrAlgorithm},
		{"policy before key", craft(t, r.signer.Key, with("d=co.uk"), testMessage), ErrPolicy},
		{"key before signature", badHeader(craft(t, r.signer.Key, with("s=weak"), testMessage)), keyrecord.ErrRevoked},
		{"6376-3.7-n: signature before body hash", badHeader(badBody(r.sign(t, testMessage))), ErrSignature},
		{"length before body hash", badBody(craft(t, r.signer.Key, with("l=99"), testMessage)), ErrBodyLength},
		{"body hash before partial body", badBody(craft(t, r.signer.Key, with("l=9"), testMessage)), ErrBodyHash},
	} {
		for _, resolver := range []keyrecord.Resolver{r.zone, resolverFunc(r.zone.LookupTXT), &keyrecord.Cache{Resolver: r.zone}} {
			r.verifier.Resolver = resolver
			for _, chunk := range []int{1, 1 << 20} {
				w := NewVerifyWriter(context.Background(), r.verifier)
				for p := range slices.Chunk([]byte(tt.msg), chunk) {
					w.Write(p)
				}
				results, err := w.Finish()
				if err != nil || len(results) != 1 || !errors.Is(results[0].Err, tt.reason) {
					t.Errorf("%s with %T: %v, %v; want %v", tt.what, resolver, results, err, tt.reason)
				}
				if e := results[0].Err; (errors.Is(e, ErrSignature) || errors.Is(e, ErrKey)) && results[0].SignedOctets != -1 {
					t.Errorf("%s with %T: %d octets", tt.what, resolver, results[0].SignedOctets)
				}
			}
		}
	}
}

// Lookups that answer late, early and out of order do not change the results.
func TestLookupOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		var msg = testMessage
		for i := range 4 {
			s := r.newSigner(t, fmt.Sprintf("s%d", i), dkimtest.Ed25519(byte(i)))
			msg = signWith(t, msg, s)
		}
		r.zone["s1._domainkey.example.org"] = nil
		for _, delays := range [][]int{{0, 0, 0, 0}, {4, 3, 2, 1}, {1, 2, 3, 4}, {0, 99, 0, 1}, {99, 0, 99, 0}} {
			r.verifier.Resolver = resolverFunc(func(ctx context.Context, name string) ([]string, error) {
				select {
				case <-time.After(time.Duration(delays[name[1]-'0']) * time.Second):
					return r.zone.LookupTXT(ctx, name)
				case <-ctx.Done():
					return nil, ctx.Err()
				}
			})
			wantStatuses := []string{"pass", "pass", "permerror", "pass"} // s3 is on top
			for i, d := range delays {
				if d > 10 {
					wantStatuses[3-i] = "temperror"
				}
			}
			if got, want := statuses(r.verify(t, msg)), fmt.Sprint(wantStatuses); got != want {
				t.Errorf("delays %v: %s, want %s", delays, got, want)
			}
		}
	})
}

// A resolver that never answers, and does not look at its context, cannot stop
// Finish.
func TestDeafResolver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		signed := r.sign(t, testMessage)
		release := make(chan struct{})
		r.verifier.Resolver = resolverFunc(func(context.Context, string) ([]string, error) {
			<-release
			return nil, nil
		})
		r.verifier.LookupTimeout = time.Second
		start := time.Now()
		want(t, "no answer", r.verifyOne(t, signed), TempError, context.DeadlineExceeded)
		if d := time.Since(start); d != time.Second {
			t.Errorf("took %v", d)
		}
		ctx, cancel := context.WithCancel(context.Background())
		w := NewVerifyWriter(ctx, r.verifier)
		io.WriteString(w, signed)
		cancel()
		results, err := w.Finish()
		if err != nil {
			t.Fatal(err)
		}
		want(t, "cancelled", results[0], TempError, context.Canceled)
		close(release)
	})
}

// An endless source has its message in one Write after the other.
type endless struct{ cancel func() }

func (e endless) Read([]byte) (int, error) { panic("it writes itself") }

func (e endless) WriteTo(w io.Writer) (n int64, err error) {
	for {
		m, err := io.WriteString(w, testMessage)
		if n += int64(m); err != nil {
			return n, err
		}
		e.cancel()
	}
}

// A context that has ended already ends no reading of what is in memory: the
// signature tells of it.
func TestContextEndedBefore(t *testing.T) {
	r := newRig(t)
	signed := r.sign(t, testMessage)
	r.verifier.Resolver = resolverFunc(func(ctx context.Context, _ string) ([]string, error) { return nil, ctx.Err() })
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, src := range []io.Reader{strings.NewReader(signed), bytes.NewReader([]byte(signed)), bytes.NewBufferString(signed)} {
		results, err := Verify(ctx, src, r.verifier)
		if err != nil {
			t.Fatalf("%T: %v", src, err)
		}
		want(t, fmt.Sprintf("%T", src), results[0], TempError, context.Canceled)
	}
}

// The end of the context ends the reading, also of a source that writes itself.
func TestContextEndsReading(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(context.Background())
	if _, err := Verify(ctx, endless{cancel}, r.verifier); !errors.Is(err, context.Canceled) {
		t.Errorf("Verify: %v", err)
	}
	ctx, cancel = context.WithCancel(context.Background())
	if err := Sign(ctx, io.Discard, endless{cancel}, r.signer); !errors.Is(err, context.Canceled) {
		t.Errorf("Sign: %v", err)
	}
}

// 6376-3.6.2-h, 6376-3.6.2-i, 8301-3.1-e, 6376-3.5i-e, 6376-3.5a-b: what is looked up.
func TestLookupCount(t *testing.T) {
	r := newRig(t)
	var names []string
	var mu sync.Mutex
	r.verifier.Resolver = resolverFunc(func(ctx context.Context, name string) ([]string, error) {
		mu.Lock()
		names = append(names, name)
		mu.Unlock()
		return r.zone.LookupTXT(ctx, name)
	})
	msg := testMessage
	for i := range 1000 {
		msg = strings.Replace(craft(t, dkimtest.Ed25519(1), with("a=ed25519-sha256", fmt.Sprintf("s=s%d", i)), testMessage), testMessage, "", 1) + msg
	}
	results := r.verify(t, msg)
	if len(results) != 1000 || len(names) != 10 {
		t.Errorf("%d results, %d lookups", len(results), len(names))
	}
	for i, res := range results {
		if i < 10 {
			want(t, fmt.Sprint(i), res, PermError, keyrecord.ErrNotFound)
		} else {
			want(t, fmt.Sprint(i), res, Policy, ErrTooMany)
		}
	}

	names = nil
	msg = testMessage
	for range 5 {
		msg = craft(t, r.signer.Key, with("h=from", "i=@sub.example.org"), msg)
	}
	if got := statuses(r.verify(t, msg)); got != "[pass pass pass pass pass]" || len(names) != 1 {
		t.Errorf("%s with the lookups %q", got, names)
	}
	for _, tags := range []string{with("a=rsa-sha512"), with("a=rsa-sha1"), with("v=2"), with("d=a..b"), with("q=http/x"), with("x=1"), with("d=co.uk"), with("h=to")} {
		names = nil
		if r.verify(t, craft(t, r.signer.Key, tags, testMessage)); len(names) != 0 {
			t.Errorf("%s: lookups %q", tags, names)
		}
	}
}

// 6376-6.1-d: no more than MaxSignatures are verified, and those aligned with
// From come first.
func TestMaxSignatures(t *testing.T) {
	r := newRig(t)
	msg := r.sign(t, testMessage) // the lowest
	for i := range 20 {
		msg = craft(t, dkimtest.Ed25519(1), with("a=ed25519-sha256", fmt.Sprintf("d=x%d.example", i), "h=from"), msg)
	}
	results := r.verify(t, msg)
	want(t, "aligned, below twenty others", results[20], Pass, nil)
	want(t, "the first", results[0], PermError, keyrecord.ErrNotFound)
	want(t, "the tenth other", results[9], Policy, ErrTooMany)
	r.verifier.MaxSignatures = 21
	for i, res := range r.verify(t, msg) {
		if errors.Is(res.Err, ErrTooMany) {
			t.Errorf("signature %d of 21: %v", i, res.Err)
		}
	}
}

// 6376-6.1-b, 6376-6.1-c, 6376-6.1-e, 6376-6.1-f, 8301-3.1-g, HAZARDS "one bad signature".
func TestOverall(t *testing.T) {
	r := newRig(t)
	good := craft(t, r.signer.Key, goodTags, testMessage)
	for tags, status := range map[string]Status{
		with("a=rsa-sha1"): PermError, with("a=foo-bar"): Neutral, with("d"): PermError, with("d=co.uk"): Policy, ";;": Neutral,
	} {
		bad := craft(t, r.signer.Key, tags, testMessage)
		badOnTop := strings.Replace(bad, testMessage, "", 1) + good
		badBelow := strings.Replace(good, testMessage, "", 1) + bad
		if got, want := statuses(r.verify(t, badOnTop)), fmt.Sprintf("[%s pass]", status); got != want {
			t.Errorf("%s on top: %s, want %s", tags, got, want)
		}
		if got, want := statuses(r.verify(t, badBelow)), fmt.Sprintf("[pass %s]", status); got != want {
			t.Errorf("%s below: %s, want %s", tags, got, want)
		}
		if got := Overall(r.verify(t, badOnTop)); got != Pass {
			t.Errorf("%s: overall %s", tags, got)
		}
	}
	for _, tt := range []struct{ in, want Status }{{"", None}, {"pass fail", Pass}, {"fail temperror", TempError}, {"temperror pass", Pass},
		{"neutral permerror", PermError}, {"permerror policy", Policy}, {"policy fail neutral", Fail}, {"neutral", Neutral}} {
		var results []*Result
		for word := range strings.FieldsSeq(string(tt.in)) {
			results = append(results, &Result{Status: Status(word)})
		}
		if got := Overall(results); got != tt.want {
			t.Errorf("Overall(%s) = %s, want %s", tt.in, got, tt.want)
		}
	}
	if results := r.verify(t, testMessage); len(results) != 0 || Overall(results) != None {
		t.Errorf("unsigned: %v", results)
	}
}

// 6376-3.6.1t-b: t=y is reported, and the verdict stays.
func TestTesting(t *testing.T) {
	r := newRig(t)
	name := "rsa._domainkey.example.org"
	r.zone[name][0] = strings.Replace(r.zone[name][0], "; p=", "; t=y; p=", 1)
	signed := r.sign(t, testMessage)
	good, bad := r.verifyOne(t, signed), r.verifyOne(t, strings.Replace(signed, "Hi.", "Ho.", 1))
	if good.Status != Pass || !good.Testing || good.Effective() != Pass {
		t.Errorf("good: %s, testing %v, effective %s", good.Status, good.Testing, good.Effective())
	}
	if bad.Status != Fail || !bad.Testing || bad.Effective() != None {
		t.Errorf("bad: %s, testing %v, effective %s", bad.Status, bad.Testing, bad.Effective())
	}
	bad.Testing = false
	if bad.Effective() != Fail {
		t.Errorf("without t=y: effective %s", bad.Effective())
	}
}

// DNSSEC's word on the record reaches the Result.
func TestAuthentic(t *testing.T) {
	r := newRig(t)
	signed := r.sign(t, testMessage)
	for _, authentic := range []bool{true, false} {
		r.verifier.Resolver = authenticResolver{r.zone, authentic}
		if res := r.verifyOne(t, signed); res.Status != Pass || res.Authentic != authentic {
			t.Errorf("%s, authentic %v; want %v", res.Status, res.Authentic, authentic)
		}
	}
}

type authenticResolver struct {
	keyrecord.MapResolver
	authentic bool
}

func (r authenticResolver) LookupAnswer(ctx context.Context, name string) (keyrecord.Answer, error) {
	txt, err := r.LookupTXT(ctx, name)
	return keyrecord.Answer{TXT: txt, Authentic: r.authentic, TTL: time.Minute}, err
}

// TestBadInput: no input is a panic or a wrong pass; each gives an error that
// tells what to do, or a Result with a reason.
func TestBadInput(t *testing.T) {
	r := newRig(t)
	signed := r.sign(t, testMessage)
	header, body, _ := strings.Cut(signed, "\r\n\r\n")
	for _, tt := range []struct {
		what, msg string
		err       error  // of the message
		status    Status // of its only signature
		reason    error
		words     string // in the text of the error
	}{
		{"empty", "", ErrHeader, "", nil, "empty"},
		{"begins with CRLF", "\r\n" + signed, ErrHeader, "", nil, "no header"},
		{"begins with CRLF CRLF", "\r\n\r\n", ErrHeader, "", nil, "no header"},
		{"body only", "Hi there.\r\n", ErrHeader, "", nil, "no colon"},
		{"junk line", "junk\r\n" + signed, ErrHeader, "", nil, `"junk"`},
		{"first line begins with a space", " " + signed, ErrHeader, "", nil, "no field"},
		{"bare LF", strings.ReplaceAll(signed, "\r\n", "\n"), ErrLineEnding, "", nil, "canon.NewCRLFReader"},
		{"bare CR", strings.ReplaceAll(signed, "\r\n", "\r"), ErrLineEnding, "", nil, "canon.NewCRLFReader"},
		{"no end of line", header, ErrHeader, "", nil, "without CRLF"},
		{"a header over the limit", strings.Repeat("X: y\r\n", 200_000) + signed, ErrLimit, "", nil, "1048576"},
		{"too many fields", strings.Repeat("X:\r\n", 10_001) + signed, ErrLimit, "", nil, "10000"},
		{"a field over the limit", "X:" + strings.Repeat("y", 600_000) + "\r\n" + signed, ErrLimit, "", nil, "524288"},

		{"header only", header + "\r\n", nil, Fail, ErrBodyHash, ""},
		{"header and blank line", header + "\r\n\r\n", nil, Fail, ErrBodyHash, ""},
		{"bare LF in the body", header + "\r\n\r\n" + strings.ReplaceAll(body, "\r\n", "\n"), nil, Fail, ErrBodyHash, "canon.NewCRLFReader"},
		{"bare LF in the header", strings.Replace(signed, "ready?", "read\ny?", 1), nil, Fail, ErrSignature, "canon.NewCRLFReader"},
		{"bare LF at the end of a line of the header", strings.Replace(signed, "ready?", "ready?\n", 1), nil, Fail, ErrSignature, "canon.NewCRLFReader"},
		{"bare CR in the body", strings.Replace(signed, "Hi.", "Hi.\r", 1), nil, Fail, ErrBodyHash, "canon.NewCRLFReader"},
		{"NUL and 8-bit in the body", strings.Replace(signed, "Hi.", "Hi.\x00\xff", 1), nil, Fail, ErrBodyHash, ""},
		{"NUL and 8-bit in the header", strings.Replace(signed, "ready?", "\x00\xff", 1), nil, Fail, ErrSignature, ""},
		{"6376-3.5h-e: no From", strings.Replace(signed, "From: Joe", "Form: Joe", 1), nil, PermError, ErrFrom, "no From field"},
		{"a signature of 64 KiB", strings.Replace(signed, "; h=", "; z=X:"+strings.Repeat("y", 64<<10)+"; h=", 1), nil, Policy, ErrLimit, "65536"},
		{"65 tags", strings.Replace(signed, "v=1;", "v=1;"+manyTags(60), 1), nil, Policy, ErrLimit, "64 tags"},
		{"4,097 names", strings.Replace(signed, " h=From", " h=From"+strings.Repeat(":x", 4096), 1), nil, Policy, ErrLimit, "4096"},
	} {
		for _, src := range []io.Reader{strings.NewReader(tt.msg), iotest.OneByteReader(strings.NewReader(tt.msg))} {
			results, err := Verify(context.Background(), src, r.verifier)
			if !errors.Is(err, tt.err) || err != nil && !strings.Contains(err.Error(), tt.words) {
				t.Errorf("%s: error %v, want %v and %q", tt.what, err, tt.err, tt.words)
			}
			if isMessageError(err) != (tt.err != nil) {
				t.Errorf("%s: %T", tt.what, err)
			}
			if tt.err != nil {
				if len(results) != 0 {
					t.Errorf("%s: an error and %d results", tt.what, len(results))
				}
				continue
			}
			if len(results) != 1 {
				t.Errorf("%s: %d results", tt.what, len(results))
				continue
			}
			want(t, tt.what, results[0], tt.status, tt.reason)
			if errors.Is(results[0].Err, ErrLineEnding) != strings.Contains(tt.words, "CRLF") {
				t.Errorf("%s: %v", tt.what, results[0].Err)
			}
			if !strings.Contains(results[0].Err.Error(), tt.words) {
				t.Errorf("%s: %v does not say %q", tt.what, results[0].Err, tt.words)
			}
		}
	}

	errBroken := errors.New("broken")
	for at := range len(signed) {
		src := io.MultiReader(strings.NewReader(signed[:at]), iotest.ErrReader(errBroken))
		if results, err := Verify(context.Background(), src, r.verifier); !errors.Is(err, errBroken) || results != nil {
			t.Fatalf("a reader that fails at %d: %v, %v", at, results, err)
		}
	}
}

func manyTags(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, " t%d=x;", i)
	}
	return b.String()
}

// A body line of 100 MB is data.
func TestLongLine(t *testing.T) {
	r := newRig(t)
	header, _, _ := strings.Cut(testMessage, "\r\n\r\n")
	msg := header + "\r\n\r\n" + strings.Repeat("x", 100<<20) + "\r\n"
	want(t, "100 MB", r.verifyOne(t, r.sign(t, msg)), Pass, nil)
}

// Any way of cutting a message into Writes gives the same results.
func TestWrites(t *testing.T) {
	r := newRig(t)
	ed := r.newSigner(t, "ed", dkimtest.Ed25519(1))
	ed.BodyLength = true
	msg := signWith(t, testMessage, SignerList{r.signer, ed}) + "\r\nmore\r\n"
	whole := describe(Verify(context.Background(), strings.NewReader(msg), r.verifier))
	for cut := range len(msg) {
		w := NewVerifyWriter(context.Background(), r.verifier)
		w.Write([]byte(msg[:cut]))
		w.Write(nil)
		w.Write([]byte(msg[cut:]))
		if got := describe(w.Finish()); got != whole {
			t.Fatalf("cut at %d: %swhole: %s", cut, got, whole)
		}
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		w := NewVerifyWriter(context.Background(), r.verifier)
		for p := msg; p != ""; {
			n := min(len(p), rnd.IntN(40))
			w.Write([]byte(p[:n]))
			p = p[n:]
		}
		if got := describe(w.Finish()); got != whole {
			t.Fatalf("%swhole: %s", got, whole)
		}
		// Finish again, and octets after it, change nothing.
		w.Write([]byte("more"))
		if got := describe(w.Finish()); got != whole {
			t.Fatalf("again: %s", got)
		}
	}
}

// The Header of a writer, for signed and unsigned mail.
func TestWriterHeader(t *testing.T) {
	for _, msg := range []string{testMessage, newRig(t).sign(t, testMessage)} {
		w := NewVerifyWriter(context.Background(), newRig(t).verifier)
		io.WriteString(w, msg)
		if _, err := w.Finish(); err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		var names []string
		for name, field := range w.Header().Fields() {
			names = append(names, name)
			all.Write(field)
		}
		if !strings.HasPrefix(msg, all.String()) || !slices.Contains(names, "Message-ID") {
			t.Errorf("fields %q", names)
		}
		if from, err := w.Header().From(); err != nil || !slices.Equal(from, []string{"example.org"}) {
			t.Errorf("From() = %q, %v", from, err)
		}
	}
}

// 50 messages at once with one Verifier and one Cache; no goroutine is left.
func TestConcurrent(t *testing.T) {
	before := runtime.NumGoroutine()
	r := newRig(t)
	signed := r.sign(t, testMessage)
	var lookups atomic.Int32
	cache := &keyrecord.Cache{Resolver: resolverFunc(func(ctx context.Context, name string) ([]string, error) {
		lookups.Add(1)
		return r.zone.LookupTXT(ctx, name)
	})}
	r.verifier.Resolver = cache
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			msg := signed
			if i%2 == 1 {
				msg = strings.Replace(msg, "Hi.", "Ho.", 1)
			}
			results, err := Verify(context.Background(), strings.NewReader(msg), r.verifier)
			if err != nil || len(results) != 1 || (results[0].Status == Pass) != (i%2 == 0) {
				t.Errorf("message %d: %v, %v", i, results, err)
			}
		})
	}
	wg.Wait()
	if n := lookups.Load(); n != 1 {
		t.Errorf("%d lookups, want 1", n)
	}
	waitForGoroutines(t, before)
}

// A writer that is dropped, and a reader that fails, leave no goroutine.
func TestNoGoroutineLeft(t *testing.T) {
	before := runtime.NumGoroutine()
	r := newRig(t)
	signed := r.sign(t, testMessage)
	r.verifier.Resolver = resolverFunc(func(ctx context.Context, name string) ([]string, error) {
		<-ctx.Done()
		return nil, &net.DNSError{IsTimeout: true}
	})
	r.verifier.LookupTimeout = 10 * time.Millisecond
	for range 20 {
		io.WriteString(NewVerifyWriter(context.Background(), r.verifier), signed)
		io.WriteString(NewSignWriter(context.Background(), r.signer), testMessage)
		Verify(context.Background(), io.MultiReader(strings.NewReader(signed), iotest.ErrReader(io.ErrClosedPipe)), r.verifier)
	}
	waitForGoroutines(t, before)
}

func waitForGoroutines(t *testing.T, before int) {
	t.Helper()
	for range 1000 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond) // a goroutine that has done its work ends soon
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

func TestSignatures(t *testing.T) {
	r := newRig(t)
	msg := craft(t, r.signer.Key, with("d"), craft(t, r.signer.Key, goodTags, testMessage))
	results, err := Signatures(io.MultiReader(strings.NewReader(msg), iotest.ErrReader(errors.New("not to be read"))))
	if err != nil || len(results) != 2 {
		t.Fatalf("%v, %v", results, err)
	}
	if results[0].Status != "" || !errors.Is(results[0].Err, ErrMissing) || results[1].Status != "" || results[1].Err != nil || results[1].Signature.Domain != "example.org" {
		t.Errorf("%+v, %+v", results[0], results[1])
	}
	if _, err := Signatures(strings.NewReader("A: b\n\nc")); !errors.Is(err, ErrLineEnding) || !isMessageError(err) {
		t.Errorf("LF: %v", err)
	}
	if _, err := Signatures(iotest.ErrReader(io.ErrClosedPipe)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a reader that fails: %v", err)
	}
}
