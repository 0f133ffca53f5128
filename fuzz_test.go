package waxseal_test

import (
	"path/filepath"
	"regexp"
	"testing"
)

var fuzzTarget = regexp.MustCompile(`(?m)^func Fuzz\w+\(f \*testing\.F\)`)

// Every package that has code has a fuzz target.
func TestFuzzTargets(t *testing.T) {
	for _, row := range layers {
		if row.dir == "." {
			continue
		}
		tests, err := filepath.Glob(filepath.Join(row.dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, name := range tests {
			n += len(fuzzTarget.FindAllString(read(t, name), -1))
		}
		if n == 0 {
			t.Errorf("%s has no fuzz target", row.dir)
		}
	}
}
