package interop

import (
	"bytes"
	"crypto"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/dkim"
)

func TestShrink(t *testing.T) {
	octets := choices(1, 7)
	octets[30] = 0xaa
	tried := 0
	got := Shrink(octets, 10_000, func(o []byte) bool {
		tried++
		return bytes.Contains(o, []byte{0xaa})
	})
	if string(got) != "\xaa" || tried > 10_000 {
		t.Errorf("%x after %d tries, want aa", got, tried)
	}
	// What stands behind a place stays there.
	got = Shrink(octets, 10_000, func(o []byte) bool { return len(o) > 30 && o[30] == 0xaa })
	if want := append(make([]byte, 30), 0xaa); !bytes.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
	tried = 0
	if got := Shrink(octets, 3, func([]byte) bool { tried++; return false }); !bytes.Equal(got, octets) || tried != 3 {
		t.Errorf("%x after %d tries", got, tried)
	}
}

// The plainest sample is a signature that is right, and so is every sample that
// nothing was done to.
func TestGenerate(t *testing.T) {
	zone, err := Zone()
	if err != nil {
		t.Fatal(err)
	}
	for _, octets := range [][]byte{nil, choices(1, 0), {255, 3, 17}} {
		a, err := Generate(octets)
		b, err2 := Generate(octets)
		if err != nil || err2 != nil || a.Message != b.Message {
			t.Errorf("%x: %v, %v, or two samples of the same choices", octets, err, err2)
		}
	}
	s, err := Generate(nil)
	if err != nil {
		t.Fatal(err)
	}
	results, err := dkim.Verify(t.Context(), strings.NewReader(s.Message), &dkim.Verifier{Resolver: zone})
	if err != nil || len(results) != 1 || results[0].Status != dkim.Pass {
		t.Errorf("the plainest sample: %v, %v", results, err)
	}
	// Each key is in the zone with each record, and what is no record is not.
	for _, algorithm := range []string{"rsa-sha256", "ed25519-sha256"} {
		for i, text := range records {
			txt, ok := zone[selector(algorithm, i)+"._domainkey.example.com"]
			if ok != (text != "") || ok && (strings.Contains(txt[0], "=P") || strings.Contains(txt[0], "=K") || strings.Contains(txt[0], "= P")) {
				t.Errorf("%s, record %d %q: %q", algorithm, i, text, txt)
			}
		}
	}
}

// What craft signs is what waxseal verifies, whatever stands around the value of b=.
func TestCraft(t *testing.T) {
	zone, err := Zone()
	if err != nil {
		t.Fatal(err)
	}
	const message = "From: Joe <joe@example.com>\r\nTo: a\r\nto : b\r\n c\r\n\r\n body\r\n\r\n"
	for algorithm, key := range map[string]crypto.Signer{"rsa-sha256": keyFor("rsa-sha256"), "ed25519-sha256": keyFor("ed25519-sha256")} {
		for _, tags := range []string{
			"b=B; bh=BH; h=from:to", " b=B\r\n ;\r\n\tbh=BH; h=from : to:to:to", "xb=y; z=Subject:b=20x; bh=BH; h=To:From; l=3; b=B;\r\n ",
		} {
			for _, c := range []string{"", "; c=relaxed", "; c=simple/relaxed", "; c=relaxed/relaxed"} {
				signed, err := craft(key, "v=1; a="+algorithm+"; d=example.com; s="+selector(algorithm, 0)+c+"; "+tags, message)
				if err != nil {
					t.Fatal(err)
				}
				results, err := dkim.Verify(t.Context(), strings.NewReader(signed), &dkim.Verifier{Resolver: zone, PartialBody: true})
				if err != nil || len(results) != 1 || results[0].Status != dkim.Pass {
					t.Errorf("%q: %v, %v", signed, results[0].Err, err)
				}
			}
		}
	}
}

// An explanation is about the peer, the reason and the message that it names.
func TestExplains(t *testing.T) {
	s := &Sample{Has: []string{"x"}}
	passed, failed := &Verdict{Peer: "exim", Word: "fail", Reason: "why"}, &Verdict{Peer: "exim", Err: dkim.ErrBodyHash, Word: "pass"}
	for _, tt := range []struct {
		row            Difference
		passed, failed bool
	}{
		{Difference{}, true, false},
		{Difference{Peer: "exim", Has: "x", Theirs: "fail why"}, true, false},
		{Difference{Peer: "rspamd"}, false, false},
		{Difference{Has: "y"}, false, false},
		{Difference{Theirs: "other"}, false, false},
		{Difference{Err: dkim.ErrBodyHash}, false, true},
		{Difference{Err: dkim.ErrBodyHash, Peer: "rspamd"}, false, false},
		{Difference{Err: dkim.ErrBodyHash, Has: "y"}, false, false},
		{Difference{Err: dkim.ErrSignature}, false, false},
	} {
		if got, got2 := tt.row.Explains(s, passed), tt.row.Explains(s, failed); got != tt.passed || got2 != tt.failed {
			t.Errorf("%+v: %v and %v, want %v and %v", tt.row, got, got2, tt.passed, tt.failed)
		}
	}
	if !passed.Differs() || !failed.Differs() || (&Verdict{Word: "pass"}).Differs() || (&Verdict{Err: dkim.ErrKey, Word: "fail"}).Differs() {
		t.Error("Differs")
	}
}
