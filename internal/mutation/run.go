package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// An Outcome says what the tests made of a mutant.
type Outcome string

const (
	Killed   Outcome = "killed"   // a test failed
	TimedOut Outcome = "timeout"  // the tests did not end: noticed too
	Survived Outcome = "survived" // all tests passed
	Invalid  Outcome = "invalid"  // it does not compile, and counts for nothing
	Equal    Outcome = "equal"    // the table of equivalents has it, and it counts for nothing
)

// maxMemory bounds what a mutant that never stops allocating takes, in KiB, of
// address space.
const maxMemory = 6 << 20

// A Runner runs tests on mutants of one module. The files of the module stay
// as they are: the compiler is told to read another file in place of one.
type Runner struct {
	Root    string        // of the module
	Scratch string        // a folder for what is built
	Timeout time.Duration // of one run of a package's tests
	Table   []Equivalent
	Out     io.Writer
	Verbose bool // print what is noticed too

	output *bytes.Buffer // of tests, while nothing is broken
}

// Source returns the mutants of a package: of all its files, but for tests.
func Source(root, dir string) ([]Mutant, error) {
	paths, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
	if err != nil {
		return nil, err
	}
	var all []Mutant
	for _, path := range paths { // sorted by Glob
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		mutants, err := Mutants(filepath.ToSlash(filepath.Join(dir, filepath.Base(path))), source)
		if err != nil {
			return nil, err
		}
		all = append(all, mutants...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no Go source in %s", dir)
	}
	return all, nil
}

// Sample returns n of the mutants, in their order; the seed decides which. It
// returns all if n is 0.
func Sample(mutants []Mutant, n int, seed uint64) []Mutant {
	if n == 0 || n >= len(mutants) {
		return mutants
	}
	order := rand.New(rand.NewPCG(seed, 0)).Perm(len(mutants))[:n]
	slices.Sort(order)
	sample := make([]Mutant, n)
	for i, j := range order {
		sample[i] = mutants[j]
	}
	return sample
}

// modes are the flags of the runs of a package's tests: those that take seconds
// first, then, on what survived them, all.
var modes = [...]string{"-test.short", "-test.short=false"}

// Test runs the tests of the packages on a mutant, one package after another,
// until one notices. It returns which. A nil mutant is the module as it is.
func (r *Runner) Test(ctx context.Context, m *Mutant, packages []string) (Outcome, string, error) {
	overlay, err := r.overlay(m)
	if err != nil {
		return "", "", err
	}
	for i, mode := range modes {
		for _, dir := range packages {
			binary := filepath.Join(r.Scratch, strings.ReplaceAll(dir, "/", "_")+".test")
			if i == 0 {
				if ok, err := r.build(ctx, overlay, binary, dir); !ok {
					return Invalid, dir, err
				}
			}
			if outcome, err := r.test(ctx, binary, dir, mode); outcome != Survived || err != nil {
				return outcome, dir, err
			}
		}
	}
	return Survived, "", nil
}

// Time returns how long the tests of the packages take on the module as it is. An
// error means that they fail.
func (r *Runner) Time(ctx context.Context, packages []string) (time.Duration, error) {
	begin := time.Now()
	r.output = new(bytes.Buffer)
	outcome, dir, err := r.Test(ctx, nil, packages)
	if err == nil && outcome != Survived {
		err = fmt.Errorf("without a break, the tests of %s end with: %s\n%s", dir, outcome, r.output)
	}
	r.output = nil
	return time.Since(begin), err
}

// overlay writes the mutant's file, and what tells the compiler of it. It returns
// the name of that.
func (r *Runner) overlay(m *Mutant) (string, error) {
	replace := map[string]string{}
	if m != nil {
		path := filepath.Join(r.Root, m.File)
		source, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		replace[path] = filepath.Join(r.Scratch, "mutant.go")
		if err := os.WriteFile(replace[path], m.Apply(source), 0o644); err != nil {
			return "", err
		}
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	name := filepath.Join(r.Scratch, "overlay.json")
	return name, os.WriteFile(name, data, 0o644)
}

// build builds the tests of one package. It returns false if they do not compile.
func (r *Runner) build(ctx context.Context, overlay, binary, dir string) (bool, error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", overlay, "-o", binary, "./"+dir)
	cmd.Dir = r.Root
	if r.output != nil {
		cmd.Stderr = r.output
	}
	err := cmd.Run()
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return false, nil
	}
	return err == nil, err
}

// test runs the tests of one package.
func (r *Runner) test(ctx context.Context, binary, dir, mode string) (Outcome, error) {
	timed, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	limited := fmt.Sprintf(`ulimit -v %d; exec "$0" "$@"`, maxMemory)
	cmd := exec.CommandContext(timed, "sh", "-c", limited, binary, mode, "-test.failfast")
	cmd.Dir = filepath.Join(r.Root, dir)
	if r.output != nil {
		cmd.Stdout, cmd.Stderr = r.output, r.output
	}
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return Survived, nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	case timed.Err() != nil:
		return TimedOut, nil
	case errors.As(err, &exit):
		return Killed, nil
	}
	return "", err
}
