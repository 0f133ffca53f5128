package dkim

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/internal/domain"
)

// HAZARDS, "Cost that an attacker sets": what an input costs grows with its
// size and no faster. The work is counted in octets allocated, not timed: the
// costs that were seen in other software all came with allocations.
func TestLinearCost(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	r := newRig(t)
	r.verifier.PartialBody = true
	header, body, _ := strings.Cut(testMessage, "\r\n\r\n")
	signature := func(tags string) string {
		return strings.Replace(craft(t, r.signer.Key, tags, testMessage), testMessage, "", 1)
	}
	for _, tt := range []struct {
		what string
		n    int // of the smallest input
		make func(n int) string
	}{
		{"a body of CRLF", 1 << 20, func(n int) string {
			return signature(with("c=simple/simple")) + header + "\r\n\r\n" + strings.Repeat("\r\n", n)
		}},
		{"a body of white space", 1 << 20, func(n int) string {
			return signature(goodTags) + header + "\r\n\r\n" + strings.Repeat(" \t", n)
		}},
		{"one field of many continuation lines", 20_000, func(n int) string {
			return signature(with("h=from:x")) + "X:" + strings.Repeat("\r\n a", n) + "\r\n" + testMessage
		}},
		{"many fields of one name", 2000, func(n int) string {
			return signature(with("h=from:x:x:x:x:x")) + strings.Repeat("X: y\r\n", n) + testMessage
		}},
		{"h= of many names, on as many fields", 1000, func(n int) string {
			var fields, names strings.Builder
			for i := range n {
				fmt.Fprintf(&fields, "X%d: y\r\n", i)
				fmt.Fprintf(&names, ":X%d", i)
			}
			return signature(with("h=from"+names.String())) + fields.String() + testMessage
		}},
		{"h= that names From many times", 1000, func(n int) string {
			return signature(with("h=from"+strings.Repeat(":from", n))) + testMessage
		}},
		{"z=", 10_000, func(n int) string { return signature(with("z=X:"+strings.Repeat("=20", n))) + testMessage }},
		{"an unknown tag", 10_000, func(n int) string { return signature(with("foo="+strings.Repeat("x", n))) + testMessage }},
		{"z= beyond the limit", 60_000, func(n int) string { return signature(with("z=X:"+strings.Repeat("=20", n))) + testMessage }},
		{"empty tags", 50_000, func(n int) string { return "DKIM-Signature: " + strings.Repeat("a=b;", n) + "\r\n" + testMessage }},
		{"many signatures", 250, func(n int) string { return strings.Repeat(signature(goodTags), n) + testMessage }},
		{"many signatures with l=", 250, func(n int) string {
			var all strings.Builder
			for i := range n {
				all.WriteString(signature(with(fmt.Sprintf("l=%d", i%40))))
			}
			return all.String() + header + "\r\n\r\n" + strings.Repeat(body, 1000)
		}},
		{"many signatures with long U-labels", 250, func(n int) string {
			d := strings.Repeat("\u00fc", 40) + "." + strings.Repeat("\u00fc", 40) + ".example"
			return strings.Repeat(signature(with("d="+d, "i=a@"+d)), n) + testMessage
		}},
		{"a long From", 5_000, func(n int) string {
			return strings.Repeat(signature(goodTags), 11) + "From: " + strings.Repeat("a@example.org,", n) + "b@example.org\r\n\r\n"
		}},
	} {
		const slack = 256 << 10 // octets: buffers that grow by doubling
		for verb, newWriter := range map[string]func() finisher{
			"verify": func() finisher { return finishVerify{NewVerifyWriter(context.Background(), r.verifier)} },
			"sign":   func() finisher { return finishSign{NewSignWriter(context.Background(), r.signer)} },
		} {
			dkimtest.Linear(t, verb+" "+tt.what, tt.n, slack, func(n int) int64 {
				msg := []byte(tt.make(n))
				runtime.GC()
				runtime.GC() // the second empties the pool: the memory of an earlier message would hide what this one takes
				return dkimtest.Allocated(func() {
					w := newWriter()
					w.Write(msg)
					w.finish()
				})
			})
		}
	}
}

// HAZARDS: the body is hashed once for each kind, however many signatures and
// lengths there are.
func TestOneBodyPass(t *testing.T) {
	r := newRig(t)
	r.verifier.MaxSignatures = 500
	r.verifier.PartialBody = true
	msg := ""
	for i := range 500 {
		c := []string{"relaxed/relaxed", "relaxed/simple"}[i%2]
		msg += strings.TrimSuffix(craft(t, r.signer.Key, with("h=from", "c="+c, fmt.Sprintf("l=%d", i%40)), testMessage), testMessage)
	}
	msg += testMessage
	w := NewVerifyWriter(context.Background(), r.verifier)
	io.WriteString(w, msg)
	if n := w.work.body.Streams(); n != 2 {
		t.Errorf("%d passes over the body, want 2", n)
	}
	results, err := w.Finish()
	if err != nil || len(results) != 500 {
		t.Fatal(len(results), err)
	}
	for i, res := range results {
		want(t, fmt.Sprint(i), res, Pass, nil)
	}
}

// The heap does not grow with the body, however it is written.
func TestConstantMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	const size, most = 64 << 20, 1 << 20 // octets
	r := newRig(t)
	header, _, _ := strings.Cut(testMessage, "\r\n\r\n")
	for _, line := range []string{"The quick  brown fox jumps over the lazy dog, again.\t\r\n", "\r\n", "   ", "x"} {
		block := []byte(strings.Repeat(line, 4096/len(line)))
		signed := r.sign(t, testMessage)
		for name, w := range map[string]finisher{
			"verify": finishVerify{NewVerifyWriter(context.Background(), r.verifier)},
			"sign":   finishSign{NewSignWriter(context.Background(), SignerList{r.signer, r.newSigner(t, "ed", dkimtest.Ed25519(1))})},
		} {
			io.WriteString(w, signed[:strings.Index(signed, header)]+header+"\r\n\r\n")
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			for n := 0; n < size; n += len(block) {
				w.Write(block)
			}
			runtime.ReadMemStats(&after)
			if grown := after.TotalAlloc - before.TotalAlloc; grown > most {
				t.Errorf("%s, lines %q: %d octets allocated for a body of %d", name, line, grown, size)
			}
			if err := w.finish(); err != nil {
				t.Errorf("%s, lines %q: %v", name, line, err)
			}
		}
	}
}

// A finisher is a VerifyWriter or a SignWriter.
type finisher interface {
	io.Writer
	finish() error
}

type finishVerify struct{ *VerifyWriter }

func (w finishVerify) finish() error {
	_, err := w.Finish()
	return err
}

type finishSign struct{ *SignWriter }

func (w finishSign) finish() error {
	_, err := w.Finish()
	return err
}

// To convert U-labels takes most of the time of a signature that is not
// verified, so d= and i= are converted once each.
func TestDomainConversions(t *testing.T) {
	const bh = "bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
	allocs := func(changes ...string) float64 {
		field := []byte("DKIM-Signature: " + with(append(changes, bh, "b=AAAA")...))
		if _, err := ParseSignature(field); err != nil {
			t.Fatal(err)
		}
		return testing.AllocsPerRun(10, func() { ParseSignature(field) })
	}
	const u = "b\u00fccher.example"
	none, one, both := allocs("d=example.org"), allocs("d="+u), allocs("d="+u, "i=@"+u)
	conversion := testing.AllocsPerRun(10, func() { domain.ToASCII(u) })
	if one-none > conversion+2 || both-one > conversion+2 || conversion < 5 {
		t.Errorf("%v allocations without U-labels, %v with some in d=, %v in i= too; a conversion has %v", none, one, both, conversion)
	}
}
