package main

import (
	"bytes"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
)

// Prefix returns what the names of a package's fuzzers begin with.
func Prefix(dir string) string { return strings.ReplaceAll(dir, "/", "_") + "_" }

// runDir is the folder of the program that runs the targets, in the copy.
const runDir = "internal/ossfuzz/run"

// Prepare writes a copy of the module to out, in which the tests of one package
// are part of it and those of others are missing, with a program in runDir that
// runs its fuzz targets. Built for libFuzzer, with the tag libfuzzer, the program
// is that engine's target, named by the variable main.name; else it writes seeds.
func Prepare(root, out, dir string) error {
	targets, err := Targets(root)
	if err != nil {
		return err
	}
	if len(targets[dir]) == 0 {
		return fmt.Errorf("no fuzz targets in %q", dir)
	}
	if err := walk(root, func(name string) error {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return err
		}
		test := strings.HasSuffix(name, "_test.go")
		if path.Dir(name) == dir && strings.HasSuffix(name, ".go") {
			clause, at, err := packageName(data)
			if err != nil {
				return err
			}
			if test && strings.HasSuffix(clause, "_test") {
				return nil // of a package of its own, that has no targets
			}
			if clause == "main" { // which nobody can import
				data = slices.Concat(data[:at], []byte("program"), data[at+len(clause):])
			}
			if test {
				name = strings.TrimSuffix(name, "_test.go") + "_testing.go"
			}
		} else if test {
			return nil
		}
		return writeFile(filepath.Join(out, name), data)
	}); err != nil {
		return err
	}
	for _, name := range []string{"driver.go", "encode.go", "seeds.go"} {
		if err := copyFile(filepath.Join(root, "internal/ossfuzz/driver", name), filepath.Join(out, "internal/ossfuzz/driver", name)); err != nil {
			return err
		}
	}
	for name, text := range map[string]string{"targets.go": targetsText, "seeds.go": seedsText, "libfuzzer.go": libFuzzerText} {
		var b bytes.Buffer
		err := template.Must(template.New(name).Parse(text)).Execute(&b, struct {
			Module, Dir, Prefix string
			Targets             []string
		}{modulePath, dir, Prefix(dir), targets[dir]})
		if err != nil {
			return err
		}
		if err := writeFile(filepath.Join(out, runDir, name), b.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// packageName returns the name in a file's package clause, and its offset.
func packageName(source []byte) (name string, at int, err error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", source, parser.PackageClauseOnly)
	if err != nil {
		return "", 0, err
	}
	return f.Name.Name, fset.Position(f.Name.Pos()).Offset, nil
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return writeFile(to, data)
}

func writeFile(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o644)
}

const targetsText = `package main

import (
	"testing"

	target "{{.Module}}/{{.Dir}}"
)

func targets() []testing.InternalFuzzTarget {
	return []testing.InternalFuzzTarget{
{{- range .Targets}}
		{Name: "{{.}}", Fn: target.{{.}}},
{{- end}}
	}
}
`

const seedsText = `//go:build !libfuzzer

package main

import (
	"fmt"
	"os"
	"path/filepath"

	"{{.Module}}/internal/ossfuzz/driver"
)

func main() {
	if err := write(); err != nil {
		fmt.Fprintln(os.Stderr, "seeds:", err)
		os.Exit(1)
	}
}

func write() error {
	if len(os.Args) != 2 {
		return fmt.Errorf("want a folder for the seeds of {{.Dir}}")
	}
	out, err := filepath.Abs(os.Args[1])
	if err != nil {
		return err
	}
	if err := os.Chdir("{{.Dir}}"); err != nil {
		return err
	}
	return driver.WriteSeeds(out, "{{.Prefix}}", targets())
}
`

const libFuzzerText = `//go:build libfuzzer

package main

// #include <stddef.h>
// #include <stdint.h>
import "C"

import (
	"sync"
	"unsafe"

	"{{.Module}}/internal/ossfuzz/driver"
)

var name string // of the target; the linker sets it

var worker = sync.OnceValue(func() *driver.Worker {
	w, err := driver.Start(name, targets())
	if err != nil {
		panic(err)
	}
	return w
})

//export LLVMFuzzerTestOneInput
func LLVMFuzzerTestOneInput(data *C.uint8_t, size C.size_t) C.int {
	if err := worker().Run(C.GoBytes(unsafe.Pointer(data), C.int(size))); err != nil {
		panic(err)
	}
	return 0
}

func main() {}
`
