package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
)

// hostile are messages that a stranger makes costly: each has a part that
// grows with n. Their signatures have a key, and do not verify.
var hostile = []struct {
	name string
	n    int
	make func(n int) string
}{
	{"continuation lines in one field", 20_000, func(n int) string {
		return forged("from:x", "") + "X:" + strings.Repeat("\r\n a", n) + "\r\n" + hostileRest
	}},
	{"fields of one name", 2000, func(n int) string {
		return forged("from"+strings.Repeat(":x", 1000), "") + strings.Repeat("X: y\r\n", n) + hostileRest
	}},
	{"names in h=, and fields", 1000, func(n int) string {
		var names, fields strings.Builder
		for i := range n {
			fmt.Fprintf(&names, ":X%d", i)
			fmt.Fprintf(&fields, "X%d: y\r\n", i)
		}
		return forged("from"+names.String(), "") + fields.String() + hostileRest
	}},
	{"times From in h=", 1000, func(n int) string { return forged("from"+strings.Repeat(":from", n), "") + hostileRest }},
	{"octets in z=", 15_000, func(n int) string { return forged("from", " z=X:"+strings.Repeat("=20", n/3)+";") + hostileRest }},
	{"octets in an unknown tag", 15_000, func(n int) string { return forged("from", " foo="+strings.Repeat("x", n)+";") + hostileRest }},
	{"folds in a tag", 3500, func(n int) string { return forged("from", " foo=x"+strings.Repeat("\r\n x", n)+";") + hostileRest }},
	{"signatures", 125, func(n int) string { return strings.Repeat(forged("from", ""), n) + hostileRest }},
}

const hostileRest = "From: joe@example.org\r\n\r\nHi.\r\n"

// forged returns a signature that does not verify.
func forged(fields, tags string) string {
	return "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=" + signingDomain + "; s=" + selector + ";" + tags +
		" h=" + fields + "; bh=" + strings.Repeat("A", 43) + "=; b=" + strings.Repeat("A", 342) + "==\r\n"
}

// hostile measures how the cost of such messages grows.
func (r *runner) hostile() (*section, error) {
	const target = 5
	s := &section{title: "Hostile messages", text: `
What a message costs that a stranger makes, with n of something and with 4 n: four times as much, where the
cost is linear. Limits refuse most of what is larger.`,
		head: []string{"message", "n", "waxseal, n, µs", "waxseal, 4 n, µs", "4 n / n", "target", "met"}}
	z, err := newZone(signer(keys("RSA-2048"), canon.Relaxed))
	if err != nil {
		return nil, err
	}
	for _, h := range hostile {
		row := "hostile " + h.name
		if !r.wants(row) {
			continue
		}
		n := max(1, min(h.n, r.largest))
		times, err := r.meter.measure(
			side{name: "n", do: z.refuses([]byte(h.make(n)))},
			side{name: "4 n", do: z.refuses([]byte(h.make(4 * n)))})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", row, err)
		}
		q := ratios(times[1], times[0])
		s.add(append([]string{row, fmt.Sprint(n), micros(times[0]), micros(times[1]), q.String()}, s.atMost(target, q.median, fmt.Sprint(target))...)...)
	}
	return s, nil
}

// refuses verifies a message whose signatures all fail.
func (z *zone) refuses(msg []byte) operation {
	src := bytes.NewReader(nil)
	return func() error {
		src.Reset(msg)
		results, err := dkim.Verify(context.Background(), src, z.verifier)
		if err != nil || len(results) == 0 || dkim.Overall(results) == dkim.Pass {
			return fmt.Errorf("%d results, %s, %w", len(results), dkim.Overall(results), err)
		}
		return nil
	}
}
