package explain_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/explain"
)

// big returns a signed message of ten megabytes of text or base64, whose body
// was then damaged.
func big(t testing.TB, kind string) []byte {
	size := 10 << 20
	if race || testing.Short() {
		size = 1 << 20
	}
	line := "The quick brown fox jumps over the lazy dog, and so it does each day. 0123\n"
	if kind == "base64" {
		line = strings.Repeat("QUJD", 19) + "\n"
	}
	head, _, _ := strings.Cut(plain, "\n\n")
	if kind == "base64" {
		head = strings.Replace(head, "8bit", "base64", 1)
	}
	return sign(t, newSigner(rr, false), head+"\n\n"+strings.Repeat(line, size/len(line)))
}

var bigDamages = []struct {
	name, kind string
	hurt       func([]byte) []byte
	cause      explain.Cause
}{
	{"a footer", "text", func(raw []byte) []byte { return append(raw, footer...) }, explain.Footer},
	{"LF", "text", func(raw []byte) []byte { return bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")) }, explain.LineEndings},
	{"one octet of text", "text", func(raw []byte) []byte { raw[len(raw)/2] ^= 1; return raw }, explain.BodyChanged},
	{"one octet of base64", "base64", func(raw []byte) []byte { raw[len(raw)/2] ^= 1; return raw }, explain.BodyChanged},
	{"blank lines", "text", func(raw []byte) []byte {
		head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
		return append(head, "\r\n\r\n"+strings.Repeat("\r\n", 5<<20)+"."...)
	}, explain.BodyChanged},
	{"bare line feeds", "text", func(raw []byte) []byte {
		head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
		return append(head, "\r\n\r\n"+strings.Repeat("\n", 10<<20)...)
	}, explain.BodyChanged},
	{"short lines", "text", func(raw []byte) []byte {
		head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
		return append(head, "\r\n\r\n"+strings.Repeat(".\r\n", 10<<20/3)...)
	}, explain.BodyChanged},
}

// TestBig: a message of 10 MB is explained within its budget, whose octets a
// machine works off in well under a second: see BenchmarkBig.
func TestBig(t *testing.T) {
	for _, d := range bigDamages {
		t.Run(d.name, func(t *testing.T) {
			raw := d.hurt(big(t, d.kind))
			r := explainOne(t, raw, &explain.Options{Verifier: verifier(zone())})
			if got := causes(r); len(got) == 0 || got[0] != d.cause || r.Proved() != (d.cause != explain.BodyChanged) {
				t.Errorf("%q, want %q\n%s", got, d.cause, r)
			}
			if r.Spent.Octets > 256<<20 || r.Spent.Checks > 4096 {
				t.Errorf("%+v", r.Spent)
			}
			t.Logf("%+v", r.Spent)
		})
	}
}

func BenchmarkBig(b *testing.B) {
	for _, d := range bigDamages {
		raw := d.hurt(big(b, d.kind))
		b.Run(d.name, func(b *testing.B) {
			o := &explain.Options{Verifier: verifier(zone())}
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				explainOne(b, raw, o)
			}
		})
	}
}

// TestBudget: what is spent is never more than what is allowed, for a hostile
// message too, and one that ends early says so.
func TestBudget(t *testing.T) {
	raw := string(sign(t, newSigner(ss, true), plain))
	many := func(line string, n int) string { return strings.Repeat(line, n) }
	for _, test := range []struct {
		name string
		raw  string
	}{
		{"a changed message", inHeader(replace("dinner", "supper"))(inBody(replace("game", "match"))(raw))},
		{"many fields", many("Subject: x\r\n", 3000) + raw},
		{"a field of many folds", strings.Replace(raw, "Subject: ", "Subject:"+many("\r\n a", 20_000)+" ", 1)},
		{"many borders", raw + many("--=_border\r\n\r\n<body></body>\r\n", 3000)},
		{"many signatures", many(raw[:strings.Index(raw, "Received:")], 50) + inBody(replace("game", "match"))(raw)},
	} {
		for _, work := range []explain.Work{{Octets: 1, Checks: 1}, {Octets: 1 << 20, Checks: 10}, {Octets: 16 << 20, Checks: 100}} {
			t.Run(fmt.Sprintf("%s, %d", test.name, work.Octets), func(t *testing.T) {
				reports, err := explain.Explain(context.Background(), []byte(test.raw), &explain.Options{Verifier: verifier(zone()), Budget: work})
				if err != nil {
					t.Fatal(err)
				}
				var spent explain.Work
				for _, r := range reports {
					spent.Octets += r.Spent.Octets
					spent.Checks += r.Spent.Checks
				}
				if spent.Octets > work.Octets || spent.Checks > work.Checks {
					t.Errorf("spent %+v of %+v", spent, work)
				}
				first := causes(reports[0])
				if over := first[len(first)-1] == explain.OutsideBudget; work.Octets == 1 && !over {
					t.Errorf("%q", first)
				}
			})
		}
	}
}

// A header that takes a long search leaves enough for the body.
func TestBudgetOfBody(t *testing.T) {
	raw := inHeader(replace("dinner", "supper"))(string(sign(t, newSigner(ss, true), plain)))
	r := explainOne(t, []byte(raw+footer), &explain.Options{Verifier: verifier(zone()), Budget: explain.Work{Octets: 1 << 20}})
	if got := causes(r); !slices.Equal(got, []explain.Cause{explain.HeaderChanged, explain.Footer, explain.OutsideBudget}) {
		t.Errorf("%q\n%s", got, r)
	}
}

// Signatures that need no lookup to be refused have no limit in dkim.Verify, and
// one here.
func TestManySignatures(t *testing.T) {
	s := newSigner(rr, false)
	s.Lifetime = time.Hour
	raw := string(sign(t, s, plain))
	raw = strings.Repeat(raw[:strings.Index(raw, "Received:")], 99) + raw
	v := &dkim.Verifier{Resolver: zone(), Time: func() time.Time { return now.Add(24 * time.Hour) }}
	reports, err := explain.Explain(context.Background(), []byte(raw), &explain.Options{Verifier: v})
	if err != nil || len(reports) != 100 {
		t.Fatal(len(reports), err)
	}
	if first, last := causes(reports[0]), causes(reports[99]); !slices.Equal(first, []explain.Cause{explain.Expired}) || !slices.Equal(last, []explain.Cause{explain.OutsideBudget}) ||
		reports[99].Spent != (explain.Work{}) {
		t.Errorf("%q, %q", first, last)
	}
}

// A context that has ended ends the search.
func TestContext(t *testing.T) {
	raw := inBody(replace("game", "match"))(string(sign(t, newSigner(rr, false), plain)))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	reports, err := explain.Explain(ctx, []byte(raw), &explain.Options{Verifier: verifier(zone())})
	if err != nil || len(reports) != 1 || reports[0].Spent != (explain.Work{}) {
		t.Errorf("%v %v", reports, err)
	}
}
