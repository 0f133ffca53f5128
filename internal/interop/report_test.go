package interop

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// A report is what came out for one peer.
type report struct {
	peer     Peer
	version  string
	limits   []Limit // of the peer
	outcomes []outcome
}

type outcome struct {
	Case
	word, reason string
	limit        int // the index of the limit that explains it, or -1
}

func newReport(p Peer, version string) *report {
	r := &report{peer: p, version: version}
	for _, l := range Limits() {
		if l.Peer == p {
			r.limits = append(r.limits, l)
		}
	}
	return r
}

func (r *report) add(k Case, word, reason string) {
	limit := slices.IndexFunc(r.limits, func(l Limit) bool { return l.Applies(k) })
	r.outcomes = append(r.outcomes, outcome{k, word, reason, limit})
}

// problems returns what the table of limits does not explain, and rows of it
// that are not true.
func (r *report) problems() []string {
	var problems []string
	used := make([]bool, len(r.limits))
	for _, o := range r.outcomes {
		want := "pass"
		if o.limit >= 0 {
			used[o.limit] = true
			want = r.limits[o.limit].Outcome
		}
		if o.word != want {
			problems = append(problems, fmt.Sprintf("%v: %s (%s), want %s", o.Case, o.word, o.reason, want))
		}
	}
	for i, l := range r.limits {
		if !used[i] {
			problems = append(problems, fmt.Sprintf("a limit without a case: %v", l))
		}
	}
	return problems
}

// document returns INTEROP.md.
func document(reports []*report) string {
	var b strings.Builder
	b.WriteString(`# Interoperability

Each peer verifies what waxseal signs, and waxseal verifies what each peer
signs: every shape of message, with RSA (2048 bits) and Ed25519 keys, and with
the four canonicalizations. Where a message passes, it is changed, in a signed
field and at the end of the body, and must fail. This file is written by

    internal/interop/install
    (cd internal/interop && go test -run TestPeers -update)

and the shapes and the limits of peers are in internal/interop. A number is how
many of the four canonicalizations pass, where not all do; the limits that
explain the others follow it.

| peer | version |
| --- | --- |
`)
	for _, r := range reports {
		fmt.Fprintf(&b, "| %s | %s |\n", r.peer, r.version)
	}
	for _, r := range reports {
		r.write(&b)
	}
	b.WriteString(differences())
	return b.String()
}

// differences returns the part of INTEROP.md about generated messages.
func differences() string {
	var b strings.Builder
	b.WriteString(`
## Generated messages

TestDifferences makes up messages, many of them wrong in some way, with signatures
that are right but for that, and asks waxseal, the peers and go-msgauth. Where one
passes a message that another does not, there is a row in the table of
differences; what no row explains fails the test, and is written down as short as
it can be made. More of them, or others, are tested by

    (cd internal/interop && go test -run TestDifferences -samples 100000 -seed 2)

waxseal does not pass, and a peer does:

`)
	for _, d := range Differences() {
		if d.Err != nil {
			fmt.Fprintf(&b, "- %s%s\n", about(d.Has), d.Reason)
		}
	}
	b.WriteString("\nwaxseal passes, and a peer does not:\n\n")
	for _, p := range append([]Peer{"", msgauthName}, Peers()...) {
		for _, d := range Differences() {
			if d.Err == nil && d.Peer == p {
				fmt.Fprintf(&b, "- %s%s\n", about(d.Has), d.Reason)
			}
		}
	}
	return b.String()
}

// TestDocument finds a table that has changed since INTEROP.md was written.
func TestDocument(t *testing.T) {
	data, err := os.ReadFile("../../INTEROP.md")
	if err != nil {
		t.Fatal(err)
	}
	if !*update && !strings.HasSuffix(string(data), differences()) {
		t.Error("INTEROP.md lacks the differences as they are; write it anew")
	}
}

func (r *report) write(b *strings.Builder) {
	fmt.Fprintf(b, "\n## %s %s\n\n", r.peer, r.version)
	fmt.Fprintf(b, "| shape | verifies RSA | verifies Ed25519 | signs RSA | signs Ed25519 |\n| --- | --- | --- | --- | --- |\n")
	for _, shape := range Shapes() {
		fmt.Fprintf(b, "| %s |", shape.Name)
		for _, d := range []Direction{Verifies, Signs} {
			for _, algorithm := range algorithms {
				fmt.Fprintf(b, " %s |", r.cell(d, algorithm, shape.Name))
			}
		}
		b.WriteByte('\n')
	}
	for i, reason := range r.reasons() {
		if i == 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(b, "%d. %s\n", i+1, reason)
	}
}

// reasons returns the reasons of the limits, each once.
func (r *report) reasons() []string {
	var reasons []string
	for _, l := range r.limits {
		if !slices.Contains(reasons, l.Reason) {
			reasons = append(reasons, l.Reason)
		}
	}
	return reasons
}

// cell sums up the canonicalizations of one shape.
func (r *report) cell(d Direction, algorithm, shape string) string {
	passed, total := 0, 0
	reasons := r.reasons()
	var why []int
	for _, o := range r.outcomes {
		if o.Direction != d || o.Algorithm != algorithm || o.Shape != shape {
			continue
		}
		total++
		if o.word == "pass" {
			passed++
		}
		if o.limit >= 0 {
			if n := 1 + slices.Index(reasons, r.limits[o.limit].Reason); !slices.Contains(why, n) {
				why = append(why, n)
			}
		}
	}
	if passed == total {
		return "pass"
	}
	slices.Sort(why)
	return fmt.Sprintf("%d %v", passed, why)
}

// about begins the line of a row.
func about(has string) string {
	switch {
	case has == "":
		return ""
	case strings.Contains(has, "="):
		return "`" + strings.Trim(fmt.Sprintf("%+q", has), `"`) + "`: "
	}
	return has + ": "
}
