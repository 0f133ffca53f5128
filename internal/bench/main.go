// Program bench measures what waxseal adds to the cost of the cryptography of
// DKIM, beside other DKIM software, and writes BENCHMARKS.md to its standard
// output. It is a module of its own, so that nobody who imports waxseal meets
// what it compares with.
//
//	go run . -short           # a few minutes
//	go run . >../../BENCHMARKS.md
//	go run . -run '^verify .* 100K'
//	./install && go run . -peers
//
// Everything is measured against the floor: SHA-256 of the canonical body,
// SHA-256 of the canonical header, and one operation with the key. A row is
// measured in rounds. In each round the floor, waxseal and go-msgauth take
// their turns, in another order each time, and their CPU times are divided
// within the round; the table has the median and the quartiles of these
// ratios. So what else the machine does, and changes of its clock, touch both
// sides of a ratio alike.
package main

import (
	"bufio"
	_ "embed"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"runtime"
	"strings"
	"time"
)

// A config says how long and how much to measure.
type config struct {
	rounds  int
	batch   time.Duration  // CPU time of one turn
	most    time.Duration  // CPU time of all turns of one side in one row; a slow side gets fewer rounds
	largest int            // octets of a body
	stream  int64          // octets of the body that is streamed
	flights int            // messages at a time
	peers   bool           // run other programs too
	run     *regexp.Regexp // rows to measure
}

var (
	fullRun  = config{rounds: 31, batch: 10 * time.Millisecond, most: 2 * time.Second, largest: math.MaxInt, stream: 1 << 30, flights: 1000}
	shortRun = config{rounds: 9, batch: 10 * time.Millisecond, most: 500 * time.Millisecond, largest: math.MaxInt, stream: 64 << 20, flights: 200}
)

func main() {
	short := flag.Bool("short", false, "measure for about a minute: fewer rounds, and 64 MB where the full run streams 1 GB")
	peers := flag.Bool("peers", false, "run the programs in the folder peers too; ./install installs what they need")
	rounds := flag.Int("rounds", 0, "`number` of rounds of each row (default 31, or 9 with -short)")
	run := flag.String("run", "", "measure only the rows whose name matches the `regexp`")
	flag.Parse()
	c := fullRun
	if *short {
		c = shortRun
	}
	if *rounds > 0 {
		c.rounds = *rounds
	}
	c.peers = *peers
	var err error
	if c.run, err = regexp.Compile(*run); err == nil && flag.NArg() > 0 {
		err = fmt.Errorf("no arguments, please: %q", flag.Args())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	command := strings.Join(append([]string{"go run ."}, quoted(os.Args[1:])...), " ")
	if err := c.report(os.Stdout, os.Stderr, command); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// quoted quotes what a shell would change.
func quoted(args []string) []string {
	var list []string
	for _, a := range args {
		if strings.Trim(a, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-=./_,:") != "" {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		list = append(list, a)
	}
	return list
}

// report measures, and writes what comes out to w, and what it is about to do
// to progress.
func (c config) report(w, progress io.Writer, command string) error {
	start := time.Now()
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, intro, command, machine(), clockName)
	defer procs(1)() // so that goroutines of the garbage collector do not look for work
	r := &runner{config: c, progress: progress, meter: meter{c.rounds, c.batch, c.most}}
	sections := []func() (*section, error){r.memory, r.verify, r.sign, r.signatures, r.fields, r.anyBody, r.hostile, r.cores}
	if c.peers {
		sections = append(sections, r.peers)
	}
	var list []*section
	for _, measure := range sections {
		s, err := measure()
		if err != nil {
			return err
		}
		list = append(list, s)
	}
	list = append(list[1:], list[0]) // memory is measured while the process is small, and told last
	met, all := 0, 0
	for _, s := range list {
		met, all = met+s.met, all+s.targets
	}
	fmt.Fprintf(out, "%d of %d targets are met.\n", met, all)
	for _, s := range list {
		s.write(out)
	}
	if c.run == nil || c.run.String() == "" {
		out.WriteString(notes)
	}
	fmt.Fprintf(progress, "%.0f s\n", time.Since(start).Seconds())
	return out.Flush()
}

// notes are what a maintainer made of the numbers.
//
//go:embed notes.md
var notes string

const intro = `# Benchmarks

Written by, in internal/bench,

    %s

on %s.

Times are %s. The floor is SHA-256 of the canonical body, SHA-256 of
the canonical header, and one operation with the key, all by the standard library. A ratio is
given as its median over rounds, and its quartiles; both sides of a ratio are measured
in the same round, in turns. Keys are RSA-2048 unless a row says Ed25519, and waxseal finds them
in its keyrecord.Cache; go-msgauth, which has none, gets the text of the record from memory. Both
get the same messages. A header has 20 fields in 2 KB; sizes are those of bodies. Targets are those
that the project has set itself: "-" is where it has set none.

`

// machine describes the computer, without its name.
func machine() string {
	cpu := "a CPU that this system does not name"
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if m := regexp.MustCompile(`(?m)^model name\s*: (.*)$`).FindSubmatch(info); m != nil {
			cpu = string(m[1])
		}
	}
	return fmt.Sprintf("%d cores of %s, %s, %s/%s", runtime.NumCPU(), cpu, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
