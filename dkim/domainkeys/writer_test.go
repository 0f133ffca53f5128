package domainkeys

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/internal/dkimtest"
)

// TestAnyCut: whole, in two parts, and an octet at a time give the same.
func TestAnyCut(t *testing.T) {
	v := &Verifier{Resolver: testZone(t)}
	for _, c := range []Canon{Simple, NoFWS} {
		s := testSigner()
		s.Canon = c
		signed := sign(t, s, testMessage)
		for cut := range len(signed) + 1 {
			w := NewVerifyWriter(t.Context(), v)
			sw := NewSignWriter(t.Context(), s)
			for _, part := range []string{signed[:cut], signed[cut:]} {
				if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
					t.Fatalf("Write = %d, %v", n, err)
				}
			}
			at := max(0, cut-(len(signed)-len(testMessage)))
			for _, part := range []string{testMessage[:at], testMessage[at:]} {
				if n, err := sw.Write([]byte(part)); n != len(part) || err != nil {
					t.Fatalf("Write = %d, %v", n, err)
				}
			}
			if r, err := w.Finish(); err != nil || r.Status != Good {
				t.Fatalf("%v: cut at %d: %+v, %v", c, cut, r, err)
			}
			if sig, err := sw.Finish(); err != nil || sig.String()+testMessage != signed {
				t.Fatalf("%v: signing, cut at %d: %q, %v", c, at, sig, err)
			}
		}
		w := NewVerifyWriter(t.Context(), v)
		for i := range len(signed) {
			w.Write([]byte{signed[i]})
		}
		r, err := w.Finish()
		if err != nil || r.Status != Good {
			t.Errorf("%v: an octet at a time: %+v, %v", c, r, err)
		}
		w.Write([]byte("more"))
		if again, err := w.Finish(); again != r || err != nil {
			t.Errorf("%v: Finish again: %+v, %v", c, again, err)
		}
	}
}

func TestMessageErrors(t *testing.T) {
	for _, tt := range []struct {
		name, message string
		want          error
	}{
		{"empty", "", dkim.ErrHeader},
		{"no header", "\r\n\r\n", dkim.ErrHeader},
		{"a line that is no field", "From: a@example.org\r\nno field\r\n\r\n", dkim.ErrHeader},
		{"LF", strings.ReplaceAll(testMessage, "\r\n", "\n"), dkim.ErrLineEnding},
		{"too long", "X: " + strings.Repeat("a", 2<<20), dkim.ErrLimit},
	} {
		if r, err := Verify(t.Context(), strings.NewReader(tt.message), nil); r != nil || !errors.Is(err, tt.want) {
			t.Errorf("%s: Verify = %v, %v, want %v", tt.name, r, err, tt.want)
		}
		if s, err := Sign(t.Context(), strings.NewReader(tt.message), testSigner()); s != nil || !errors.Is(err, tt.want) {
			t.Errorf("%s: Sign = %v, %v, want %v", tt.name, s, err, tt.want)
		}
	}
	bare := strings.Replace(sign(t, testSigner(), testMessage), "Is  dinner", "Is\ndinner?", 1)
	if r := verify(t, &Verifier{Resolver: testZone(t)}, bare); r.Status != Bad || !strings.Contains(r.Err.Error(), "NewCRLFReader") {
		t.Errorf("a bare LF in the header: %+v", r)
	}
	for _, tt := range []struct {
		field  string
		status Status
		want   error
	}{
		{"X: a\nb\r\n", Good, nil},
		{"X: a\nFrom: Eve <eve@example.com>\r\n", Bad, ErrSender},
		{"X: a\rsender: Eve <eve@example.com>\r\n", Bad, ErrSender},
		{"Y: a\r\nX: a\n\nSend it to me.\r\n", BadFormat, dkim.ErrPartialBody},
	} {
		if r := verify(t, &Verifier{Resolver: testZone(t)}, tt.field+sign(t, testSigner(), testMessage)); r.Status != tt.status || !errors.Is(r.Err, tt.want) {
			t.Errorf("with %q on top: %q, %v", tt.field, r.Status, r.Err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Verify(ctx, strings.NewReader(testMessage), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := Sign(ctx, strings.NewReader(testMessage), testSigner()); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	broken := io.MultiReader(strings.NewReader(testMessage), errReader{})
	if _, err := Verify(t.Context(), broken, nil); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a reader that fails: %v", err)
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// TestCost: what a message costs grows with its octets and no faster, however
// many signatures, fields and names in h= there are. The work is counted in
// octets allocated.
func TestCost(t *testing.T) {
	zone := testZone(t)
	signature := "DomainKey-Signature: " + with() + "\r\n"
	for _, tt := range []struct {
		what string
		n    int // of the smallest input
		make func(n int) string
		want Status
	}{
		{"signatures", 2000, func(n int) string {
			return strings.Repeat("DomainKey-Signature: "+with("d=example.net")+"\r\n", n) + testMessage
		}, BadFormat},
		{"fields", 2000, func(n int) string {
			return "DomainKey-Signature: " + with("h=from"+strings.Repeat(":x", maxFields-1)) + "\r\n" + strings.Repeat("X: y\r\n", n) + testMessage
		}, Bad},
		{"names in h=", 1000, func(n int) string {
			return "DomainKey-Signature: " + with("h=from"+strings.Repeat(":x", n-1)) + "\r\n" + strings.Repeat("X: y\r\n", n) + testMessage
		}, Bad},
		{"blank lines", 1 << 20, func(n int) string { return signature + testMessage + strings.Repeat("\r\n", n) + "x" }, Bad},
		{"one field of folds", 20_000, func(n int) string {
			return signature + "X:" + strings.Repeat("\r\n y", n) + "\r\n" + testMessage
		}, Bad},
		{"a From of addresses", 1000, func(n int) string {
			return signature + strings.Replace(testMessage, "Joe <", strings.Repeat("a@b.example, ", n)+"Joe <", 1)
		}, BadFormat},
	} {
		for _, reordered := range []bool{false, true} {
			const slack = 256 << 10 // octets: buffers that grow by steps
			dkimtest.Linear(t, tt.what, tt.n, slack, func(n int) int64 {
				message := tt.make(n)
				return dkimtest.Allocated(func() {
					if r := verify(t, &Verifier{Resolver: zone, Reordered: reordered}, message); r.Status != tt.want {
						t.Errorf("%s: %q, want %q: %v", tt.what, r.Status, tt.want, r.Err)
					}
				})
			})
		}
	}
}

// FuzzVerify: no message makes Verify panic, is Good without a good signature,
// or depends on how it is cut; what is signed is Good.
func FuzzVerify(f *testing.F) {
	f.Add(testMessage, "c=simple; h=from", 3, false)
	f.Add("From: a@example.org\r\n\r\n", "c=nofws", 0, true)
	f.Add(" From: a@example.org\r\nSender: x\r\n\r\na\r", "h=from:sender", 20, true)
	f.Fuzz(func(t *testing.T, message, tags string, cut int, simple bool) {
		v := &Verifier{Resolver: testZone(t), Reordered: simple}
		m := "DomainKey-Signature: q=dns; s=s1; d=example.org; b=AAAA; " + tags + "\r\n" + message
		r, err := Verify(t.Context(), strings.NewReader(m), v)
		if err == nil && (r.Status == Good || r.Err == nil || r.AuthRes().Value == "pass" || !asValid(r)) {
			t.Fatalf("%q: %+v", m, r)
		}
		s := testSigner()
		if simple {
			s.Canon = Simple
		}
		sig, err := Sign(t.Context(), strings.NewReader(message), s)
		if err != nil {
			return
		}
		if r, err = Verify(t.Context(), strings.NewReader(sig.String()+message), v); err != nil || r.Status != Good {
			t.Fatalf("%q: signed, and then %+v, %v", message, r, err)
		}
		signed := sig.String() + message
		cut = int(uint(cut) % uint(len(signed)))
		w := NewVerifyWriter(t.Context(), v)
		w.Write([]byte(signed[:cut]))
		w.Write([]byte(signed[cut:]))
		if r, err := w.Finish(); err != nil || r.Status != Good {
			t.Fatalf("%q: cut at %d: %+v, %v", message, cut, r, err)
		}
	})
}

// asValid reports whether a Result can be written.
func asValid(r *Result) bool {
	a := r.AuthRes()
	return a.Registered() && a.Value != ""
}
