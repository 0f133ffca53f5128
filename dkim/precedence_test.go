package dkim

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

// 6376-6.1-a: which reason is told depends neither on when a resolver answers
// (at once, before the rest of the header's Write, within the body, after the
// message, out of order) nor on how the message is cut into Writes.
func TestPrecedenceCuts(t *testing.T) {
	r := newRig(t)
	r.zone["revoked._domainkey.example.org"] = []string{"p="}
	r.newSigner(t, "ed", dkimtest.Ed25519(1))
	// Each of four signatures has several faults, or none.
	build := func(l string) string {
		msg := testMessage
		for _, tags := range []string{
			with("h=from", l),
			with("h=from", "s=ed", "a=ed25519-sha256", "l=9"),
			with("h=from:subject", "s=revoked", "l=99"),
			with("h=from", "d=co.uk", "s=revoked"),
		} {
			key := r.signer.Key
			if strings.Contains(tags, "ed25519") {
				key = dkimtest.Ed25519(1)
			}
			msg = craft(t, key, tags, msg)
		}
		return msg
	}
	for what, msg := range map[string]string{
		"untouched":        build("l=54"),
		"l= too long":      build("l=99"),
		"body changed":     strings.Replace(build("l=9"), "Hi.", "Ho.", 1),
		"header changed":   strings.Replace(build("l=99"), "Joe <joe", "Jim <joe", 1),
		"all changed":      strings.NewReplacer("Joe <joe", "Jim <joe", "Hi.", "Ho.").Replace(build("l=9")),
		"a second From":    "From: eve@example.com\r\n" + build("l=54"),
		"body cut off":     strings.TrimSuffix(build("l=54"), "Joe.\r\n"),
		"with bare LF":     strings.Replace(build("l=54"), "Hi.\r\n", "Hi.\n", 1),
		"no body":          strings.SplitAfter(build("l=9"), "\r\n\r\n")[0],
		"header cut short": strings.TrimSuffix(strings.SplitAfter(build("l=9"), "\r\n\r\n")[0], "\r\n"),
	} {
		synctest.Test(t, func(t *testing.T) {
			var whole string
			header := strings.Index(msg, "From: Joe")
			resolvers := map[string]keyrecord.Resolver{"at hand": r.zone, "in the cache": &keyrecord.Cache{Resolver: r.zone}}
			for _, name := range []string{"rsa", "ed", "revoked"} {
				keyrecord.Lookup(t.Context(), resolvers["in the cache"], name, "example.org")
			}
			for _, delays := range [][3]int{{0, 0, 0}, {1, 1, 1}, {2, 1, 0}, {0, 1, 2}, {7, 0, 3}, {0, 7, 0}} {
				resolvers[fmt.Sprintf("after %v", delays)] = resolverFunc(func(ctx context.Context, name string) ([]string, error) {
					delay := delays[strings.IndexByte("re.", name[0])+strings.Count(name[:3], "v")]
					select {
					case <-time.After(time.Duration(delay) * time.Second):
						return r.zone.LookupTXT(ctx, name)
					case <-ctx.Done():
						return nil, ctx.Err()
					}
				})
			}
			for answers, resolver := range resolvers {
				r.verifier.Resolver = resolver
				for _, cuts := range [][]int{nil, {1}, {header}, {len(msg) - 60}, {len(msg) - 1}, {header, header + 40, len(msg) - 30, len(msg) - 3}} {
					w := NewVerifyWriter(context.Background(), r.verifier)
					at := 0
					for _, cut := range append(cuts, len(msg)) {
						if cut < at {
							continue
						}
						w.Write([]byte(msg[at:cut]))
						time.Sleep(time.Second) // of the bubble: no time passes
						at = cut
					}
					got := describe(w.Finish())
					if whole == "" {
						whole = got
					}
					if got != whole {
						t.Errorf("%s, answers %s, cut at %v:\n%swant:\n%s", what, answers, cuts, got, whole)
					}
				}
			}
			if n := strings.Count(whole, "\n"); n != 4 {
				t.Errorf("%s: %d results:\n%s", what, n, whole)
			}
		})
	}
}

// The message waits for no answer longer than LookupTimeout, and not at all if
// its body took that long; an answer that is there when it ends counts.
func TestLateAnswer(t *testing.T) {
	r := newRig(t)
	signed := r.sign(t, testMessage)
	for _, tt := range []struct {
		answers, body time.Duration
		want          Status
	}{
		{time.Second, time.Minute, Pass}, {9 * time.Second, 0, Pass}, {9 * time.Second, time.Hour, Pass},
		{11 * time.Second, 0, TempError}, {11 * time.Second, time.Hour, Pass}, {time.Hour, time.Minute, TempError},
	} {
		synctest.Test(t, func(t *testing.T) {
			r.verifier.Resolver = resolverFunc(func(ctx context.Context, name string) ([]string, error) {
				time.Sleep(tt.answers) // whatever ctx says
				return r.zone.LookupTXT(context.Background(), name)
			})
			w := NewVerifyWriter(context.Background(), r.verifier)
			cut := len(signed) - 20
			w.Write([]byte(signed[:cut]))
			time.Sleep(tt.body)
			w.Write([]byte(signed[cut:]))
			start := time.Now()
			results, err := w.Finish()
			if d := time.Since(start); d > max(0, min(tt.answers, 10*time.Second)-tt.body) {
				t.Errorf("an answer after %v, a body of %v: Finish took %v", tt.answers, tt.body, d)
			}
			if err != nil || len(results) != 1 || results[0].Status != tt.want {
				t.Errorf("an answer after %v, a body of %v: %s, %v; want %s", tt.answers, tt.body, fmt.Sprint(statuses(results)), err, tt.want)
			}
			time.Sleep(2 * time.Hour) // the lookup ends
		})
	}
}
