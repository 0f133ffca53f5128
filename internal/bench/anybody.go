package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	msgauth "github.com/emersion/go-msgauth/dkim"
	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
)

// awkward are bodies that canonicalization has most to do with: each is
// repeated, but "random", which is drawn from these octets.
var awkward = []struct{ name, part string }{
	{"CRLF alone", "\r\n"},
	{"space", " "},
	{"tab", "\t"},
	{"space, tab", " \t"},
	{"x", "x"},
	{"x, space", "x "},
	{"x, 2 spaces", "x  "},
	{"x, CRLF", "x\r\n"},
	{"space, CRLF", " \r\n"},
	{"x, space, CRLF", "x \r\n"},
	{"x, space, tab, x, tab, space, CRLF", "x \tx\t \r\n"},
	{"x, 2 CRLF", "x\r\n\r\n"},
	{"7 x, 2 spaces", "xxxxxxx  "},
	{"30 x, 2 spaces", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx  "},
	{"CR", "\r"},
	{"LF", "\n"},
	{"x, CR", "x\r"},
	{"CR, CRLF", "\r\r\n"},
	{"random x, space, tab, CR, LF", ""},
}

// awkwardOctets is small enough for those who take quadratic time.
const awkwardOctets = 2 << 20

func awkwardBody(part string, octets int) []byte {
	if part != "" {
		return bytes.Repeat([]byte(part), octets/len(part)+1)[:octets]
	}
	rng := rand.New(rand.NewPCG(6376, 8601))
	buf := make([]byte, octets)
	for i := range buf {
		buf[i] = "x \t\r\n"[rng.IntN(5)]
	}
	return buf
}

// anyBody measures throughput on awkward bodies.
func (r *runner) anyBody() (*section, error) {
	const target = 500 // MB/s
	s := &section{title: "Any body", text: fmt.Sprintf(`
MB/s (of 1,000,000 octets) of verification with RSA-2048, the hash included. A body of
%d MB repeats its part. "In 64" is in Writes, or Reads for go-msgauth, of 64 octets. The signature's
header verifies and its body hash does not match. What takes more than 2 s is given up.`, awkwardOctets>>20),
		head: []string{"body", "waxseal, in 64", "waxseal, in 4096", "go-msgauth, in 64", "in 4096", "target", "met"}}
	for _, c := range []canon.Algorithm{canon.Relaxed, canon.Simple} {
		signer := signer(keys("RSA-2048"), c)
		z, err := newZone(signer)
		if err != nil {
			return nil, err
		}
		head, err := sealHeader(signer)
		if err != nil {
			return nil, err
		}
		for _, a := range awkward {
			row := fmt.Sprintf("body %v %s", c, a.name)
			if !r.wants(row) {
				continue
			}
			body := awkwardBody(a.part, min(awkwardOctets, r.largest))
			msg := append(bytes.Clone(head), body...)
			var sides []side
			for _, n := range []int{64, 4096} {
				sides = append(sides, side{name: fmt.Sprint("waxseal in ", n), do: z.waxsealWrites(msg, n)})
			}
			for _, n := range []int{64, 4096} {
				do := z.msgauthReads(msg, n)
				if err := do(); errors.Is(err, errSlow) {
					do = nil
				}
				sides = append(sides, side{name: fmt.Sprint("go-msgauth in ", n), do: do})
			}
			times, err := r.meter.measure(sides...)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", row, err)
			}
			cells := []string{row}
			var slowest float64
			for i, t := range times {
				if t == nil {
					cells = append(cells, fmt.Sprintf("under %.1f", float64(len(body))/1e6/slow.Seconds()))
					continue
				}
				q := quartilesOf(rates(t, len(body)))
				if i == 0 || i == 1 && q.median < slowest {
					slowest = q.median
				}
				cells = append(cells, fmt.Sprintf("%.0f (%.0f to %.0f)", q.median, q.low, q.high))
			}
			s.add(append(cells, s.atLeast(target, slowest, fmt.Sprint(target))...)...)
		}
	}
	return s, nil
}

// rates turns nanoseconds for a number of octets into MB/s.
func rates(times []float64, octets int) []float64 {
	var list []float64
	for _, t := range times {
		list = append(list, float64(octets)*1000/t)
	}
	return list
}

var badBody = wish{signatures: 1, badBody: true}

// waxsealWrites verifies a message in Writes of n octets.
func (z *zone) waxsealWrites(msg []byte, n int) operation {
	return func() error {
		w := dkim.NewVerifyWriter(context.Background(), z.verifier)
		for rest := msg; len(rest) > 0; {
			m, _ := w.Write(rest[:min(n, len(rest))])
			rest = rest[m:]
		}
		results, err := w.Finish()
		return checkWaxseal(results, err, badBody)
	}
}

// msgauthReads verifies a message in Reads of n octets.
func (z *zone) msgauthReads(msg []byte, n int) operation {
	return func() error {
		results, err := msgauth.VerifyWithOptions(&pieces{src: *bytes.NewReader(msg), n: n, start: time.Now()}, z.options)
		return checkMsgauth(results, err, badBody)
	}
}

// pieces reads at most n octets at a time, and no longer than the time that a
// slow reader gets.
type pieces struct {
	src   bytes.Reader
	n     int
	start time.Time
	reads int
}

const slow = 2 * time.Second // for 2 MB: under 1 MB/s

var errSlow = errors.New("too slow")

func (p *pieces) Read(b []byte) (int, error) {
	if p.reads++; p.reads%64 == 0 && time.Since(p.start) > slow {
		return 0, errSlow
	}
	return p.src.Read(b[:min(len(b), p.n)])
}

// cores measures what a message costs when two are verified at a time.
func (r *runner) cores() (*section, error) {
	const target, messages = 1.10, 20
	s := &section{title: "Two cores", text: `
CPU time of a message of 20 KB of text while two are verified at a time, on two cores, over that of one at
a time. That of the floor says what the cores take from each other.`,
		head: []string{"message", "floor, 2 / 1", "waxseal, 2 / 1", "go-msgauth, 2 / 1", "target", "met"}}
	if !r.wants("two cores") {
		return s, nil
	}
	signer := signer(keys("RSA-2048"), canon.Relaxed)
	z, err := newZone(signer)
	if err != nil {
		return nil, err
	}
	msg, err := seal(r.message(sampleOf("20K text")), signer)
	if err != nil {
		return nil, err
	}
	f, err := newFloor(msg, signer.Key)
	if err != nil {
		return nil, err
	}
	defer procs(2)()
	var sides []side
	for _, l := range []struct {
		name string
		new  func() operation
	}{
		{"floor", func() operation { return f.verify }},
		{"waxseal", func() operation { return z.waxseal(msg, wish{signatures: 1}) }},
		{"go-msgauth", func() operation { return z.msgauth(msg, wish{signatures: 1}) }},
	} {
		for n := 1; n <= 2; n++ {
			sides = append(sides, side{name: fmt.Sprint(l.name, " ", n), do: together(n, messages, l.new), per: n * messages})
		}
	}
	times, err := r.meter.measure(sides...)
	if err != nil {
		return nil, err
	}
	q := ratios(times[3], times[2])
	s.add(append([]string{"20K text", ratios(times[1], times[0]).String(), q.String(), ratios(times[5], times[4]).String()},
		s.atMost(target, q.median, fmt.Sprintf("%.2f", target))...)...)
	return s, nil
}

// together does several operations at a time, a number of times each.
func together(operations, times int, newOperation func() operation) operation {
	var list []operation
	for range operations {
		list = append(list, newOperation())
	}
	return func() error {
		errs := make(chan error, len(list))
		for _, do := range list {
			go func() {
				for range times {
					if err := do(); err != nil {
						errs <- err
						return
					}
				}
				errs <- nil
			}()
		}
		var first error
		for range list {
			if err := <-errs; first == nil {
				first = err
			}
		}
		return first
	}
}
