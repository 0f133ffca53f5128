package dkim

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/headerlist"
	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

// measure returns the allocations of one run of f, and their octets: the least
// of a few runs, since the runtime may allocate for itself.
func measure(f func()) (allocs float64, octets int64) {
	f() // fills pools and caches
	octets = math.MaxInt64
	for range 5 {
		octets = min(octets, dkimtest.Allocated(f))
	}
	return testing.AllocsPerRun(5, f), octets
}

// What a message may allocate, whatever its size. Of the allocations, crypto/rsa
// makes nine in a verification, of 1.4 KB, and two in a signature. A result keeps
// the names of all fields, its own field and the list of h=.
func TestAllocationBudget(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes pools forget")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // which would empty the pools
	r := newRig(t)
	rsa, ed := r.newSigner(t, "rsa2048", dkimtest.RSA(2048)), r.newSigner(t, "ed", dkimtest.Ed25519(1))
	short := *rsa // signs what many systems sign
	short.Headers = headerlist.MustParse("From:To:Subject:Date:Message-ID:Reply-To:MIME-Version:Content-Type:List-Unsubscribe:List-Unsubscribe-Post:Feedback-ID")
	ctx := context.Background()
	v := &Verifier{Resolver: &keyrecord.Cache{Resolver: r.zone}, Time: atTestTime}
	for _, tt := range []struct {
		name           string
		signer         *Signer
		verify, sign   float64 // allocations
		push           float64 // of a SignWriter, whose Signatures the caller keeps
		verifyO, signO int64   // octets
	}{
		{"RSA", rsa, 14, 6, 10, 3800, 3000},
		{"RSA, a short h=", &short, 14, 6, 10, 3500, 2000},
		{"Ed25519", ed, 5, 5, 9, 2300, 2000},
	} {
		for _, size := range []int{0, 20 << 10, 1 << 20} {
			plain := []byte(benchHeader + "\r\n" + string(benchBody("html", size)))
			signed := []byte(signWith(t, string(plain), tt.signer))
			text := string(signed)
			src, str := bytes.NewReader(nil), strings.NewReader("")
			for _, op := range []struct {
				name   string
				allocs float64
				octets int64
				do     func() error
			}{
				{"Verify", tt.verify, tt.verifyO, func() error {
					src.Reset(signed)
					return passed(Verify(ctx, src, v))
				}},
				{"Verify, of a string", tt.verify, tt.verifyO, func() error {
					str.Reset(text)
					return passed(Verify(ctx, str, v))
				}},
				{"VerifyWriter", tt.verify + 4, tt.verifyO + 3<<10, func() error { // it keeps the header
					w := NewVerifyWriter(ctx, v)
					w.Write(signed)
					return passed(w.Finish())
				}},
				{"Sign", tt.sign, tt.signO, func() error {
					src.Reset(plain)
					return Sign(ctx, io.Discard, src, tt.signer)
				}},
				{"SignWriter", tt.push, tt.signO + 3<<10, func() error {
					w := NewSignWriter(ctx, tt.signer)
					w.Write(plain)
					_, err := w.Finish()
					return err
				}},
			} {
				var err error
				allocs, octets := measure(func() { err = op.do() })
				if err != nil {
					t.Fatalf("%s, %s, %d octets: %v", op.name, tt.name, size, err)
				}
				t.Logf("%s, %s, a body of %d octets: %v allocations, %d octets", op.name, tt.name, size, allocs, octets)
				if allocs > op.allocs || octets > op.octets {
					t.Errorf("%s, %s, a body of %d octets: %v allocations, %d octets; the budget is %v, %d", op.name, tt.name, size, allocs, octets, op.allocs, op.octets)
				}
			}
		}
	}
}

func passed(results []*Result, err error) error {
	if err != nil || len(results) != 1 || results[0].Status != Pass {
		return fmt.Errorf("%v, %w", results, err)
	}
	return nil
}
