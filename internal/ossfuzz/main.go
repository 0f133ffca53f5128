// Ossfuzz makes the fuzz targets of waxseal ready for OSS-Fuzz. The script
// build.sh calls it.
//
//	go run . list                    # the packages that have targets, and these
//	go run . prepare -o DIR PACKAGE  # a copy of the module that builds as a fuzzer
//	go run . seeds -o DIR            # seed-corpus zips for all targets
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "ossfuzz:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, args []string) error {
	usage := errors.New("want list, prepare or seeds; the comment of the program says more")
	if len(args) == 0 {
		return usage
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	root := flags.String("root", "../..", "`folder` of the module")
	dir := flags.String("o", "", "`folder` to write to")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	switch command := args[0]; {
	case command == "list" && flags.NArg() == 0:
		targets, err := Targets(*root)
		for _, p := range slices.Sorted(maps.Keys(targets)) {
			fmt.Fprintln(out, p, strings.Join(targets[p], " "))
		}
		return err
	case command == "prepare" && flags.NArg() == 1 && *dir != "":
		return Prepare(*root, *dir, flags.Arg(0))
	case command == "seeds" && flags.NArg() == 0 && *dir != "":
		targets, err := Targets(*root)
		if err != nil {
			return err
		}
		for _, p := range slices.Sorted(maps.Keys(targets)) {
			if err := Seeds(*root, *dir, p); err != nil {
				return fmt.Errorf("%s: %w", p, err)
			}
		}
		return nil
	}
	return usage
}

// Seeds writes the seeds of a package's targets to a folder, a zip file each.
func Seeds(root, dir, pkg string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "ossfuzz")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	if err := Prepare(root, scratch, pkg); err != nil {
		return err
	}
	cmd := exec.Command("go", "run", "./"+runDir, dir)
	cmd.Dir = scratch
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, output)
	}
	return nil
}
