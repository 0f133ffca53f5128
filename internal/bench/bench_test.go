package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
)

// tiny measures everything, and nothing well.
func tiny(run string) config {
	return config{rounds: 1, batch: time.Microsecond, most: 1, largest: 3 << 10, stream: 256 << 10, flights: 2, run: regexp.MustCompile(run)}
}

func report(t *testing.T, c config) string {
	t.Helper()
	var out bytes.Buffer
	if err := c.report(&out, io.Discard, "go run ."); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// rows returns the first cells of the tables of a report.
func rows(text string) []string {
	var list []string
	for line := range strings.Lines(text) {
		if cells := strings.Split(line, "|"); len(cells) > 2 {
			list = append(list, strings.TrimSpace(cells[1]))
		}
	}
	return list
}

// Every section has its rows, and no cell is empty or not a number.
func TestReport(t *testing.T) {
	got := report(t, tiny(""))
	for _, title := range []string{"Verify", "Sign", "Many signatures", "Many fields", "Any body", "Hostile messages", "Two cores", "Memory"} {
		if !strings.Contains(got, "\n## "+title+"\n") {
			t.Errorf("no section %q", title)
		}
	}
	for _, bad := range []string{"NaN", "Inf", "%!", "|  |"} {
		if strings.Contains(got, bad) {
			t.Errorf("the report has %q", bad)
		}
	}
	for _, row := range []string{"verify relaxed Ed25519 100K HTML", "sign relaxed RSA-2048 10M base64", "signatures 50", "fields 2000", "body simple CRLF alone"} {
		if !slices.Contains(rows(got), row) {
			t.Errorf("no row %q", row)
		}
	}
	yes, no := len(regexp.MustCompile(`\| yes +\|`).FindAllString(got, -1)), len(regexp.MustCompile(`\| no +\|`).FindAllString(got, -1))
	if all := fmt.Sprintf("%d of %d targets are met", yes, yes+no); yes+no < 60 || !strings.Contains(got, all) {
		t.Errorf("the report does not say that %s", all)
	}
}

// BENCHMARKS.md has a row for each that there is, and the notes.
func TestFile(t *testing.T) {
	file, err := os.ReadFile("../../BENCHMARKS.md")
	if err != nil {
		t.Fatal(err)
	}
	have := rows(string(file))
	for _, row := range rows(report(t, tiny(""))) {
		if strings.Trim(row, "-") != "" && !strings.HasPrefix(row, "memory ") && !slices.Contains(have, row) {
			t.Errorf("BENCHMARKS.md has no row %q: write it anew", row)
		}
	}
	if !bytes.HasSuffix(file, []byte(notes)) {
		t.Error("BENCHMARKS.md does not end in notes.md")
	}
}

// -run chooses rows, and a section without any is left out.
func TestRun(t *testing.T) {
	got := report(t, tiny("^verify simple .* 2K text$"))
	if !slices.Equal(rows(got)[2:], []string{"verify simple RSA-2048 2K text"}) {
		t.Errorf("rows %q", rows(got))
	}
	if strings.Contains(got, "## Sign") {
		t.Error("there is a section without rows")
	}
}

// The floor is what the signature signs: it refuses another body, header and
// key, and so is no cheaper than it has to be.
func TestFloor(t *testing.T) {
	r := runner{config: tiny("")}
	for _, alg := range []string{"RSA-2048", "Ed25519"} {
		for _, c := range []canon.Algorithm{canon.Simple, canon.Relaxed} {
			s := signer(keys(alg), c)
			msg, err := seal(r.message(samples[2]), s)
			if err != nil {
				t.Fatal(err)
			}
			f, err := newFloor(msg, s.Key)
			if err != nil {
				t.Fatalf("%s, %v: %v", alg, c, err)
			}
			if err := errors.Join(f.verify(), f.sign()); err != nil {
				t.Errorf("%s, %v: %v", alg, c, err)
			}
			for _, changed := range [][]byte{
				append(bytes.Clone(msg), "x\r\n"...),
				bytes.Replace(msg, []byte("Subject: "), []byte("Subject: x"), 1),
			} {
				if _, err := newFloor(changed, s.Key); err == nil {
					t.Errorf("%s, %v: a floor of a changed message", alg, c)
				}
			}
		}
	}
}

// What is measured is checked: a message that does not verify ends it.
func TestOperationsFail(t *testing.T) {
	r := runner{config: tiny("")}
	s := signer(keys("RSA-2048"), canon.Relaxed)
	z, err := newZone(s)
	if err != nil {
		t.Fatal(err)
	}
	good, err := seal(r.message(samples[0]), s)
	if err != nil {
		t.Fatal(err)
	}
	bad := append(bytes.Clone(good), "x\r\n"...)
	one := wish{signatures: 1}
	for name, do := range map[string]func(msg []byte, want wish) operation{"waxseal": z.waxseal, "go-msgauth": z.msgauth} {
		for what, err := range map[string]error{
			"a good message":                  do(good, one)(),
			"a bad body, which is looked for": do(bad, badBody)(),
		} {
			if err != nil {
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
		for what, err := range map[string]error{
			"a bad body":                      do(bad, one)(),
			"a good body, and a bad expected": do(good, badBody)(),
			"one signature, and two expected": do(good, wish{signatures: 2})(),
		} {
			if err == nil {
				t.Errorf("%s: %s: no error", name, what)
			}
		}
	}
	s.Domain = "example.com; x"
	if waxsealSign(good, s)() == nil {
		t.Error("waxseal signs for a bad domain")
	}
}

// Both libraries sign the same fields.
func TestSameFields(t *testing.T) {
	r := runner{config: tiny("")}
	s := signer(keys("Ed25519"), canon.Relaxed)
	plain := r.message(samples[0])
	signed, err := seal(plain, s)
	if err != nil {
		t.Fatal(err)
	}
	fields, err := signedFields(signed)
	if err != nil {
		t.Fatal(err)
	}
	w, err := msgauthSigner(s, fields)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(plain)
	if err := w.finish(); err != nil {
		t.Fatal(err)
	}
	if len(fields) < 20 || !slices.Contains(fields, "From") {
		t.Errorf("h= is %q", fields)
	}
}

// The sides take turns, in changing order, as often as they are to, and one
// that is slow stops early.
func TestMeter(t *testing.T) {
	var order string
	fake := func(name string, each time.Duration) side {
		return side{name: name, per: 2, remote: func(n int) (time.Duration, error) {
			order += name
			return time.Duration(n) * each, nil
		}}
	}
	m := meter{rounds: 4, batch: time.Millisecond, most: time.Second}
	times, err := m.measure(fake("a", time.Millisecond), fake("b", 600*time.Millisecond), side{name: "c"})
	if err != nil {
		t.Fatal(err)
	}
	if want := "ab" + "ab" + "ba" + "a" + "a"; order != want { // the first two to count
		t.Errorf("order %q, want %q", order, want)
	}
	if want := [][]float64{{5e5, 5e5, 5e5, 5e5}, {3e8, 3e8}, nil}; !slices.EqualFunc(times, want, slices.Equal) {
		t.Errorf("times %v, want %v", times, want)
	}
	if _, err := m.measure(side{name: "x", do: func() error { return errFloor }}); !errors.Is(err, errFloor) {
		t.Errorf("error %v", err)
	}
}

func TestQuartiles(t *testing.T) {
	for _, tt := range []struct {
		sample []float64
		want   quartiles
		text   string
	}{
		{[]float64{1}, quartiles{1, 1, 1}, "1.00 (1.00 to 1.00)"},
		{[]float64{5, 1, 3, 2, 4}, quartiles{2, 3, 4}, "3.00 (2.00 to 4.00)"},
		{[]float64{10, 20}, quartiles{12.5, 15, 17.5}, "15.0 (12.5 to 17.5)"},
		{[]float64{100, 300}, quartiles{150, 200, 250}, "200 (150 to 250)"},
	} {
		if got := quartilesOf(tt.sample); got != tt.want || got.String() != tt.text {
			t.Errorf("quartilesOf(%v) = %v, want %s", tt.sample, got, tt.text)
		}
	}
	if q := ratios([]float64{2, 9}, []float64{4, 3, 1}); q.low != .5+.25*2.5 || q.high != .5+.75*2.5 {
		t.Errorf("ratios %v", q)
	}
	if q := quartilesOf(nil); !math.IsNaN(q.median) {
		t.Errorf("quartiles of nothing: %v", q)
	}
}

func TestSection(t *testing.T) {
	s := &section{title: "T", text: "\nText.", head: []string{"µ", "target", "met"}}
	s.add(append([]string{"1"}, s.atMost(2, 2, "2")...)...)
	s.add(append([]string{"12"}, s.atLeast(2, 1, "2")...)...)
	s.add(append([]string{"3"}, noTarget...)...)
	var b strings.Builder
	s.write(&b)
	const want = "\n## T\n\nText.\n\n" +
		"| µ  | target     | met |\n| -- | ---------- | --- |\n| 1  | at most 2  | yes |\n| 12 | at least 2 | no  |\n| 3  | -          | -   |\n"
	if b.String() != want || s.met != 1 || s.targets != 2 {
		t.Errorf("%d of %d, %s, want %s", s.met, s.targets, b.String(), want)
	}
}

// Bodies are of the size that their name says, whole lines, and not all alike.
func TestBodies(t *testing.T) {
	for _, s := range samples {
		const most = 10_000
		got := body(s.kind, most)
		if len(got) > most || len(got) < most-400 || !bytes.HasSuffix(got, []byte("\r\n")) {
			t.Errorf("%s: %d octets, want %d", s.name, len(got), most)
		}
		if !bytes.Equal(got, body(s.kind, most)) {
			t.Errorf("%s: another body each time", s.name)
		}
	}
	if n := strings.Count(header, "\r\n") - strings.Count(header, "\r\n ") - strings.Count(header, "\r\n\t"); n != headerFields {
		t.Errorf("the header has %d fields", n)
	}
	for _, a := range awkward {
		if n := len(awkwardBody(a.part, 1000)); n != 1000 {
			t.Errorf("%s: %d octets", a.name, n)
		}
	}
}

// A hostile message costs what it is meant to: its signature reaches the
// cryptography, and fails there.
func TestHostile(t *testing.T) {
	z, err := newZone(signer(keys("RSA-2048"), canon.Relaxed))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range hostile {
		for _, n := range []int{h.n, 4 * h.n} {
			results, err := dkim.Verify(t.Context(), strings.NewReader(h.make(n)), z.verifier)
			if err != nil || len(results) == 0 || !errors.Is(results[0].Err, dkim.ErrSignature) {
				t.Errorf("%s, %d: %v, %v", h.name, n, results[0].Err, err)
			}
		}
	}
}

func TestQuoted(t *testing.T) {
	if got := quoted([]string{"-short", "-run", "^a 'b'"}); !slices.Equal(got, []string{"-short", "-run", `'^a '\''b'\'''`}) {
		t.Errorf("%q", got)
	}
}

// allocations counts what one operation allocates.
func TestAllocations(t *testing.T) {
	var keep []byte
	count, octets, err := allocations(func() error {
		keep = make([]byte, 1<<20)
		return nil
	})
	if err != nil || count < 1 || count > 2 || octets < 1<<20 || octets > 1.1*(1<<20) || len(keep) == 0 {
		t.Errorf("%v allocations, %v octets, %v", count, octets, err)
	}
	if _, _, err := allocations(func() error { return dkim.ErrLimit }); !errors.Is(err, dkim.ErrLimit) {
		t.Error(err)
	}
}

// growth sees memory that is kept.
func TestGrowth(t *testing.T) {
	var keep bytes.Buffer
	block := bytes.Repeat([]byte("x"), 4096)
	for _, tt := range []struct {
		w        io.Writer
		low, top float64
	}{{io.Discard, 0, 2 << 20}, {&keep, 8 << 20, math.Inf(1)}} {
		got, err := growth(func() (stream, error) { return stream{tt.w, func() error { return nil }}, nil }, nil, block, 16<<20)
		if err != nil || got < tt.low || got > tt.top {
			t.Errorf("%v octets, %v; want %v to %v", got, err, tt.low, tt.top)
		}
	}
}

// All peers are measured, and what goes wrong in one is told in its words.
func TestPeers(t *testing.T) {
	for _, p := range peerList {
		if _, err := p.version(); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
	c := tiny("^peers .* 2K")
	c.peers = true
	if got := rows(report(t, c)); !slices.Equal(got[2:], []string{"peers verify 2K text", "peers sign 2K text"}) {
		t.Errorf("rows %q", got)
	}

	r := runner{config: c}
	s := signer(keys("RSA-2048"), canon.Relaxed)
	z, err := newZone(s)
	if err != nil {
		t.Fatal(err)
	}
	msg, err := seal(r.message(samples[0]), s)
	if err != nil {
		t.Fatal(err)
	}
	args, err := z.peerFiles(t.TempDir(), s, msg, append(msg, "x\r\n"...))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range peerList {
		program, err := p.start(args...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := program.side("verify").run(1); err == nil || !strings.HasPrefix(err.Error(), p.name+": exit status ") {
			t.Errorf("%s verifies another body: %v", p.name, err)
		}
	}
}
