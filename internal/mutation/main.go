// Mutation breaks packages of waxseal in small ways, one at a time, and shows
// which tests notice. It is for those who change the tests.
//
//	go run . [flags] [package...]
//
// A package is a folder of the module. Without any, it takes those that decide
// what a signature is worth: canon, internal/taglist, keyrecord and dkim. For
// each break it runs the tests of the package, and then, if they pass, those of
// dkim. A break that changes nothing anybody can see has a row, with the reason,
// in the table of equivalents; it counts for nothing.
//
// It ends with an error if less than the share of -want is noticed, and if a row
// of the table names a break that is not there.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "mutation:", err)
		os.Exit(1)
	}
}

// Packages returns the folders that are tested where none is named.
func Packages() []string { return []string{"canon", "internal/taglist", "keyrecord", "dkim"} }

func run(ctx context.Context, out io.Writer, args []string) error {
	flags := flag.NewFlagSet("mutation", flag.ContinueOnError)
	root := flags.String("root", "../..", "`folder` of the module")
	n := flags.Int("n", 0, "number of breaks of each package; 0 is all")
	seed := flags.Uint64("seed", 1, "decides which, if -n is not 0")
	want := flags.Float64("want", 95, "percent that must be noticed")
	verbose := flags.Bool("v", false, "print what is noticed too")
	match := flags.String("match", "", "only breaks of whose place or name this `regexp` matches a part")
	list := flags.Bool("list", false, "print the breaks, and test none")
	if err := flags.Parse(args); err != nil {
		return err
	}
	only, err := regexp.Compile(*match)
	if err != nil {
		return err
	}
	abs, err := filepath.Abs(*root)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "mutation")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)

	packages := flags.Args()
	if len(packages) == 0 {
		packages = Packages()
	}
	r := &Runner{Root: abs, Scratch: scratch, Table: Equivalents(), Out: out, Verbose: *verbose}
	var failed []string
	for _, dir := range packages {
		all, err := Source(abs, dir)
		if err != nil {
			return err
		}
		for _, e := range Stale(r.Table, dir, all) {
			fmt.Fprintf(out, "no such break: %s\n", e.Mutant)
			failed = append(failed, dir)
		}
		sample := Sample(slices.DeleteFunc(all, func(m Mutant) bool {
			return !only.MatchString(m.String() + "\n" + m.ID())
		}), *n, *seed)
		if *list {
			for i := range sample {
				fmt.Fprintf(out, "%s\n\t%s\n", &sample[i], sample[i].ID())
			}
			continue
		}
		percent, err := r.Package(ctx, dir, sample)
		if err != nil {
			return err
		}
		if percent < *want {
			failed = append(failed, dir)
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("not well: %s", strings.Join(slices.Compact(failed), ", "))
	}
	return nil
}

// testsFor returns the packages whose tests are to notice a break of one.
func testsFor(root, dir string) []string {
	if _, err := os.Stat(filepath.Join(root, "dkim")); err != nil || dir == "dkim" {
		return []string{dir}
	}
	return []string{dir, "dkim"}
}

// Package tests mutants of a package, prints what came out, and returns how many
// percent were noticed.
func (r *Runner) Package(ctx context.Context, dir string, mutants []Mutant) (float64, error) {
	tests := testsFor(r.Root, dir)
	r.Timeout = 10 * time.Minute
	usual, err := r.Time(ctx, tests)
	if err != nil {
		return 0, err
	}
	r.Timeout = time.Minute + 5*usual // a busy machine is not a break that is noticed
	count := map[Outcome]int{}
	for i := range mutants {
		m := &mutants[i]
		outcome, by := Equal, ""
		if !slices.ContainsFunc(r.Table, func(e Equivalent) bool { return e.Mutant == m.ID() }) {
			if outcome, by, err = r.Test(ctx, m, tests); err != nil {
				return 0, fmt.Errorf("%s: %w", m, err)
			}
		}
		count[outcome]++
		switch {
		case outcome == Survived:
			fmt.Fprintf(r.Out, "%s %s\n\t%s\n", outcome, m, m.ID())
		case r.Verbose && outcome != Invalid:
			fmt.Fprintf(r.Out, "%s %s: %s\n", outcome, m, by)
		}
	}
	noticed := count[Killed] + count[TimedOut]
	total := noticed + count[Survived]
	percent := 100.0
	if total > 0 {
		percent = 100 * float64(noticed) / float64(total)
	}
	fmt.Fprintf(r.Out, "%s: %d of %d breaks noticed, %.1f %%: %d killed, %d timed out, %d survived; %d change nothing, %d do not compile\n",
		dir, noticed, total, percent, count[Killed], count[TimedOut], count[Survived], count[Equal], count[Invalid])
	return percent, nil
}
