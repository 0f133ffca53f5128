package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/headerlist"
)

// A runner measures one section after another.
type runner struct {
	config
	meter    meter
	progress io.Writer
}

// wants reports whether a row is to be measured, and says so.
func (r *runner) wants(row string) bool {
	if r.run != nil && !r.run.MatchString(row) {
		return false
	}
	fmt.Fprintln(r.progress, row)
	return true
}

// A sample is a kind of body and a size, with the targets for it.
type sample struct {
	name, kind    string
	octets        int
	verify, sign  float64 // ratios to the floor; 0 is none
	verifyStretch float64
	short         bool // h= is short
}

var samples = []sample{
	{"2K text", "text", 2 << 10, 1.15, 1.05, 0, false},
	{"2K text, short h=", "text", 2 << 10, 1.15, 1.05, 0, true},
	{"20K text", "text", 20 << 10, 1.20, 1.05, 0, false},
	{"20K text, short h=", "text", 20 << 10, 1.20, 1.05, 0, true},
	{"100K HTML", "html", 100 << 10, 1.45, 1.05, 1.30, false},
	{"100K quoted-printable", "qp", 100 << 10, 0, 1.05, 0, false},
	{"1M base64", "base64", 1 << 20, 1.10, 1.10, 0, false},
	{"10M base64", "base64", 10 << 20, 1.10, 1.15, 0, false},
}

// sampleOf returns the sample of a name.
func sampleOf(name string) sample {
	for _, s := range samples {
		if s.name == name {
			return s
		}
	}
	panic("no sample " + name)
}

// Targets of allocations.
const (
	verifyAllocations = 14
	verifyOctets      = 3 << 10
	signAllocations   = 6
)

// shortHeaders is what many systems sign; waxseal's default list names every
// field twice, so that none can be added.
var shortHeaders = headerlist.MustParse("From:To:Subject:Date:Message-ID:Reply-To:MIME-Version:Content-Type:List-Unsubscribe:List-Unsubscribe-Post:Feedback-ID")

// with returns the signer for a sample.
func (s sample) with(signer dkim.Signer) *dkim.Signer {
	if s.short {
		signer.Headers = shortHeaders
	}
	return &signer
}

// message returns an unsigned message.
func (r *runner) message(s sample) []byte {
	return append([]byte(header+"\r\n"), body(s.kind, min(s.octets, r.largest))...)
}

var ratioHead = []string{"message", "floor, µs", "waxseal / floor", "go-msgauth / floor", "target", "met", "allocations", "octets", "go-msgauth's", "octets", "target", "met"}

// verify measures verification.
func (r *runner) verify() (*section, error) {
	s := &section{title: "Verify", head: ratioHead, text: `
One signature, of the fields of waxseal's default list: 42 names in h=. "Short h=" has 11, as many
systems have. Allocations, and their octets, are those of one verification.`}
	for _, k := range []struct {
		canon canon.Algorithm
		alg   string
	}{{canon.Relaxed, "RSA-2048"}, {canon.Relaxed, "Ed25519"}, {canon.Simple, "RSA-2048"}} {
		signer := signer(keys(k.alg), k.canon)
		z, err := newZone(signer)
		if err != nil {
			return nil, err
		}
		for _, size := range samples {
			row := fmt.Sprintf("verify %v %s %s", k.canon, k.alg, size.name)
			if !r.wants(row) {
				continue
			}
			msg, err := seal(r.message(size), size.with(*signer))
			if err != nil {
				return nil, err
			}
			f, err := newFloor(msg, signer.Key)
			if err != nil {
				return nil, err
			}
			one := wish{signatures: 1}
			err = r.ratioRow(s, row, size.verify, size.verifyStretch, f.verify, z.waxseal(msg, one), z.msgauth(msg, one), verifyAllocations, verifyOctets)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", row, err)
			}
		}
	}
	return s, nil
}

// sign measures signing.
func (r *runner) sign() (*section, error) {
	s := &section{title: "Sign", head: ratioHead, text: `
Sign writes the signed message to io.Discard. Both libraries sign the same fields. Allocations, and their octets, are those of one signature.`}
	for _, alg := range []string{"RSA-2048", "Ed25519"} {
		signer := signer(keys(alg), canon.Relaxed)
		for _, size := range samples {
			row := fmt.Sprintf("sign relaxed %s %s", alg, size.name)
			if !r.wants(row) {
				continue
			}
			msg, signer := r.message(size), size.with(*signer)
			signed, err := seal(msg, signer)
			if err != nil {
				return nil, err
			}
			f, err := newFloor(signed, signer.Key)
			if err != nil {
				return nil, err
			}
			fields, err := signedFields(signed)
			if err != nil {
				return nil, err
			}
			err = r.ratioRow(s, row, size.sign, 0, f.sign, waxsealSign(msg, signer), msgauthSign(msg, signer, fields), signAllocations, 0)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", row, err)
			}
		}
	}
	return s, nil
}

// signedFields returns h= of the first signature of a message.
func signedFields(msg []byte) ([]string, error) {
	results, err := dkim.Signatures(bytes.NewReader(msg))
	if err != nil {
		return nil, err
	}
	return results[0].Signature.Fields, nil
}

// ratioRow measures a row of verify or sign. Targets of zero are none.
func (r *runner) ratioRow(s *section, row string, target, stretch float64, floor, waxseal, msgauth operation, maxAllocs, maxOctets float64) error {
	times, err := r.meter.measure(side{name: "floor", do: floor}, side{name: "waxseal", do: waxseal}, side{name: "go-msgauth", do: msgauth})
	if err != nil {
		return err
	}
	allocs, octets, err := allocations(waxseal)
	if err != nil {
		return err
	}
	theirAllocs, theirOctets, err := allocations(msgauth)
	if err != nil {
		return err
	}
	q := ratios(times[1], times[0])
	cells := []string{row, micros(times[0]), q.String(), ratios(times[2], times[0]).String()}
	if target == 0 {
		cells = append(cells, noTarget...)
	} else {
		text := fmt.Sprintf("%.2f", target)
		if stretch > 0 {
			text += fmt.Sprintf(", better %.2f", stretch)
		}
		cells = append(cells, s.atMost(target, q.median, text)...)
	}
	cells = append(cells, fmt.Sprintf("%.0f", allocs), size(octets), fmt.Sprintf("%.0f", theirAllocs), size(theirOctets))
	text, met := fmt.Sprintf("%.0f", maxAllocs), allocs < maxAllocs+.5
	if maxOctets > 0 {
		text, met = text+", "+size(maxOctets), met && octets <= maxOctets
	}
	s.add(append(cells, s.judge("at most "+text, met)...)...)
	return nil
}

// signatures measures messages with several signatures.
func (r *runner) signatures() (*section, error) {
	s := &section{title: "Many signatures", text: `
Signatures by selectors of their own, relaxed, on a message of 1 MB of base64. "Each more" is what
a signature after the first adds, over one RSA verification: to parse it and to hash the header for it is in it.`,
		head: []string{"message", "waxseal, µs", "go-msgauth, µs", "each more, waxseal / RSA", "each more, go-msgauth / RSA", "target", "met"}}
	for _, name := range []string{"signatures", "signatures, short h="} {
		if r.wants(name) {
			if err := r.signatureRows(s, name, sample{short: name != "signatures"}); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return s, nil
}

func (r *runner) signatureRows(s *section, name string, h sample) error {
	const target = 1.10
	counts := []int{1, 5, 10, maxSignatures}
	first := h.with(*signer(keys("RSA-2048"), canon.Relaxed))
	z, err := newZone(first)
	if err != nil {
		return err
	}
	plain := r.message(sampleOf("1M base64"))
	var signers []*dkim.Signer
	for i := range maxSignatures {
		more := *first
		more.Selector = fmt.Sprintf("s%d", i+1)
		signers = append(signers, &more)
	}
	one, err := seal(plain, first)
	if err != nil {
		return err
	}
	f, err := newFloor(one, first.Key)
	if err != nil {
		return err
	}
	digest := headerDigest(f)
	sides := []side{{name: "RSA", do: func() error { return f.verifyDigest(digest) }}}
	for _, n := range counts {
		msg, err := seal(plain, signers[:n]...)
		if err != nil {
			return err
		}
		want := wish{signatures: n}
		sides = append(sides, side{name: fmt.Sprint("waxseal ", n), do: z.waxseal(msg, want)}, side{name: fmt.Sprint("go-msgauth ", n), do: z.msgauth(msg, want)})
	}
	times, err := r.meter.measure(sides...)
	if err != nil {
		return err
	}
	more := func(at, n int) quartiles {
		var list []float64
		base := times[2-at%2] // the same library's, with one signature
		for i := range min(len(times[at]), len(base)) {
			list = append(list, (times[at][i]-base[i])/float64(n-1)/times[0][i])
		}
		return quartilesOf(list)
	}
	for i, n := range counts {
		wax, auth := 1+2*i, 2+2*i
		cells := []string{fmt.Sprintf("%s %d", name, n), micros(times[wax]), micros(times[auth])}
		if n == 1 {
			cells = append(append(cells, "-", "-"), noTarget...)
		} else {
			q := more(wax, n)
			cells = append(append(cells, q.String(), more(auth, n).String()), s.atMost(target, q.median, fmt.Sprintf("%.2f", target))...)
		}
		s.add(cells...)
	}
	return nil
}

// fields measures messages with long headers.
func (r *runner) fields() (*section, error) {
	s := &section{title: "Many fields", text: `
A message of 2 KB of text, relaxed, with more fields that are not signed, in front of the others.`,
		head: []string{"message", "floor, µs", "waxseal / floor", "go-msgauth / floor", "target", "met"}}
	signer := signer(keys("RSA-2048"), canon.Relaxed)
	z, err := newZone(signer)
	if err != nil {
		return nil, err
	}
	for _, n := range []int{headerFields, 200, 2000} {
		row := fmt.Sprintf("fields %d", n)
		if !r.wants(row) {
			continue
		}
		msg, err := seal(append([]byte(strings.Repeat("X-Field: some value of an ordinary field\r\n", n-headerFields)), r.message(sampleOf("2K text"))...), signer)
		if err != nil {
			return nil, err
		}
		f, err := newFloor(msg, signer.Key)
		if err != nil {
			return nil, err
		}
		want := wish{signatures: 1}
		times, err := r.meter.measure(side{name: "floor", do: f.verify}, side{name: "waxseal", do: z.waxseal(msg, want)}, side{name: "go-msgauth", do: z.msgauth(msg, want)})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", row, err)
		}
		q := ratios(times[1], times[0])
		target := noTarget
		if n == headerFields {
			limit := sampleOf("2K text").verify
			target = s.atMost(limit, q.median, fmt.Sprintf("%.2f", limit))
		}
		s.add(append([]string{row, micros(times[0]), q.String(), ratios(times[2], times[0]).String()}, target...)...)
	}
	return s, nil
}

// micros gives a median in microseconds.
func micros(nanoseconds []float64) string {
	us := quartilesOf(nanoseconds).median / 1000
	if us < 100 {
		return fmt.Sprintf("%.1f", us)
	}
	return fmt.Sprintf("%.0f", us)
}

// size gives a number of octets.
func size(octets float64) string {
	switch {
	case octets < 1000:
		return fmt.Sprintf("%.0f B", octets)
	case octets < 100<<10:
		return fmt.Sprintf("%.1f KB", octets/(1<<10))
	case octets < 1<<20:
		return fmt.Sprintf("%.0f KB", octets/(1<<10))
	}
	return fmt.Sprintf("%.1f MB", octets/(1<<20))
}
