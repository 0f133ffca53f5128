// Package driver runs fuzz targets of Go tests for an engine that is not Go's,
// and writes their seeds for it. It is for programs that [ossfuzz prepare]
// makes.
//
// It stands in for the part of go test that is below package testing, so that
// the targets run as they are, with a *testing.F of Go's own: testing.MainStart
// takes the type deps here. Go does not promise that its methods stay as they
// are (they are those of Go 1.26); if they change, this package stops compiling.
//
// [ossfuzz prepare]: https://pkg.go.dev/github.com/waxseal/waxseal/internal/ossfuzz
package driver

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"testing"
	"time"
)

// An entry is one input, as package testing has it.
type entry = struct {
	Parent     string
	Path       string
	Data       []byte
	Values     []any
	Generation int
	IsSeed     bool
}

// deps is what package testing asks for. Functions are set as they are needed.
type deps struct {
	corpus func(dir string, types []reflect.Type) error    // told of the folder with seeds
	seeds  func(seeds []entry, types []reflect.Type) error // told of those that were added
	worker func(run func(entry) error) error               // runs one input after another
}

func (d *deps) CoordinateFuzzing(_ time.Duration, _ int64, _ time.Duration, _ int64, _ int, seeds []entry, types []reflect.Type, _, _ string) error {
	return d.seeds(seeds, types)
}

func (d *deps) ReadCorpus(dir string, types []reflect.Type) ([]entry, error) {
	if d.corpus == nil {
		return nil, nil
	}
	return nil, d.corpus(dir, types)
}

func (d *deps) CheckCorpus(values []any, types []reflect.Type) error {
	if len(values) != len(types) {
		return fmt.Errorf("%d values for %d arguments", len(values), len(types))
	}
	for i, v := range values {
		if reflect.TypeOf(v) != types[i] {
			return fmt.Errorf("value %d is of type %T, want %v", i, v, types[i])
		}
	}
	return nil
}

func (d *deps) RunFuzzWorker(run func(entry) error) error { return d.worker(run) }

func (d *deps) MatchString(pattern, s string) (bool, error) { return regexp.MatchString(pattern, s) }

func (d *deps) ImportPath() string                          { return "" }
func (d *deps) ModulePath() string                          { return "" }
func (d *deps) SetPanicOnExit0(bool)                        {}
func (d *deps) StartCPUProfile(io.Writer) error             { return nil }
func (d *deps) StopCPUProfile()                             {}
func (d *deps) StartTestLog(io.Writer)                      {}
func (d *deps) StopTestLog() error                          { return nil }
func (d *deps) WriteProfileTo(string, io.Writer, int) error { return nil }
func (d *deps) ResetCoverage()                              {}
func (d *deps) SnapshotCoverage()                           {}

func (d *deps) InitRuntimeCoverage() (mode string, tearDown func(string, string) (string, error), snapcov func() float64) {
	return "", nil, nil
}

// fuzz runs go test -fuzz of one target.
func fuzz(d *deps, target testing.InternalFuzzTarget, worker bool) error {
	m := testing.MainStart(d, nil, nil, []testing.InternalFuzzTarget{target}, nil)
	if err := flag.CommandLine.Parse([]string{ // never those of the engine
		"-test.run=^$", "-test.fuzz=^" + target.Name + "$", "-test.fuzzcachedir=.", fmt.Sprintf("-test.fuzzworker=%v", worker),
	}); err != nil {
		return err
	}
	if code := m.Run(); code != 0 {
		return fmt.Errorf("%s ended with exit code %d", target.Name, code)
	}
	return nil
}

// A Worker runs one target on inputs.
type Worker struct {
	types []reflect.Type
	in    chan []any
	out   chan error
}

// Start starts the target of that name. The Worker lives as long as the process.
func Start(name string, targets []testing.InternalFuzzTarget) (*Worker, error) {
	for _, target := range targets {
		if target.Name != name {
			continue
		}
		w := &Worker{in: make(chan []any), out: make(chan error)}
		d := &deps{
			seeds: func(_ []entry, types []reflect.Type) error {
				w.types = types
				return nil
			},
			worker: func(run func(entry) error) error {
				for values := range w.in {
					w.out <- run(entry{Values: values})
				}
				return nil
			},
		}
		if err := fuzz(d, target, false); err != nil {
			return nil, err
		}
		if w.types == nil {
			return nil, fmt.Errorf("%s does not call F.Fuzz", name)
		}
		go func() {
			err := fuzz(d, target, true)
			w.out <- errors.Join(errors.New("the worker ended"), err)
		}()
		return w, nil
	}
	return nil, fmt.Errorf("no target %q", name)
}

// Run runs the target on an input of the engine. An error is what a test that
// fails prints.
func (w *Worker) Run(data []byte) error {
	values, err := Decode(data, w.types)
	if err != nil {
		return err
	}
	select {
	case w.in <- values:
		return <-w.out
	case err := <-w.out:
		return err
	}
}
