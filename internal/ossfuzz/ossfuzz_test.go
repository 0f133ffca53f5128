package main

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "../.."

// list prints a line for each package, as build.sh reads it.
func TestList(t *testing.T) {
	var out bytes.Buffer
	if err := run(&out, []string{"list", "-root", module}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if !slices.IsSorted(lines) {
		t.Errorf("not sorted:\n%s", out.String())
	}
	for _, want := range []struct{ dir, target string }{
		{"dkim", "FuzzVerify"}, {"dkim", "FuzzSign"}, {"canon", "FuzzCuts"}, {"internal/taglist", "FuzzOffsets"}, {"dkim/authres", "FuzzParse"},
	} {
		if !slices.ContainsFunc(lines, func(line string) bool {
			words := strings.Fields(line)
			return words[0] == want.dir && slices.Contains(words[1:], want.target)
		}) {
			t.Errorf("no %s of %s in\n%s", want.target, want.dir, out.String())
		}
	}
	if strings.Contains(out.String(), "internal/ossfuzz") || strings.Contains(out.String(), "internal/interop") {
		t.Errorf("a nested module is in\n%s", out.String())
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{nil, {"nothing"}, {"prepare"}, {"prepare", "-o", "x"}, {"prepare", "canon"}, {"seeds"}, {"list", "canon"}} {
		if err := run(io.Discard, args); err == nil {
			t.Errorf("%q is no error", args)
		}
	}
	if err := Prepare(module, t.TempDir(), "internal/dkimtest"); err == nil {
		t.Error("a package without targets is no error")
	}
}

// A zip has the seeds that a target adds, and those of testdata/fuzz.
func TestSeeds(t *testing.T) {
	dir := t.TempDir()
	if err := Seeds(fixture(t), dir, "p"); err != nil {
		t.Fatal(err)
	}
	z, err := zip.OpenReader(filepath.Join(dir, "p_FuzzBad_seed_corpus.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var seeds []string
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		seeds = append(seeds, string(data))
	}
	slices.Sort(seeds)
	if want := []string{"\x01good", "\x02committed"}; !slices.Equal(seeds, want) {
		t.Errorf("seeds %q, want %q", seeds, want)
	}
}

// The program that OSS-Fuzz runs, with a main of ours in place of libFuzzer's:
// it ends well on what is good, and badly on what is not.
func TestFuzzer(t *testing.T) {
	cc := compiler(t)
	copied, bin := t.TempDir(), t.TempDir()
	if err := Prepare(fixture(t), copied, "p"); err != nil {
		t.Fatal(err)
	}
	archive, program := filepath.Join(bin, "p.a"), filepath.Join(bin, "p")
	build := exec.Command("go", "build", "-buildmode=c-archive", "-tags=libfuzzer", "-ldflags=-X main.name=FuzzBad", "-o", archive, "./"+runDir)
	build.Dir = copied
	build.Env = append(os.Environ(), "CGO_ENABLED=1")
	command(t, build)
	command(t, exec.Command(cc, "-o", program, "testdata/main.c", archive, "-lpthread"))

	for _, test := range []struct {
		input string
		ok    bool
	}{{"\x01good", true}, {"", true}, {"\x07bad", true}, {"\x05bad", false}} {
		input := filepath.Join(bin, "input")
		if err := os.WriteFile(input, []byte(test.input), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(program, input, input).CombinedOutput() // twice: the target stays
		if (err == nil) != test.ok {
			t.Errorf("%q: %v\n%s", test.input, err, out)
		}
		if !test.ok && !bytes.Contains(out, []byte("5 is bad")) {
			t.Errorf("%q: no word of the test in\n%s", test.input, out)
		}
	}
}

func compiler(t *testing.T) string {
	t.Helper()
	cc, err := exec.Command("go", "env", "CC").Output()
	if err != nil {
		t.Fatal(err)
	}
	path, err := exec.LookPath(strings.TrimSpace(string(cc)))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%v; the script install installs it", err)
		}
		t.Skipf("%v; the script install installs it", err)
	}
	return path
}

func command(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
}

// fixture returns a module with one package, a program, and a target in it that
// fails for "bad" with 5.
func fixture(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module " + modulePath + "\n\ngo 1.26.0\n",
		"p/p.go": "package main\n\nfunc bad(n byte, s string) bool { return n == 5 && s == \"bad\" }\n\nfunc main() {}\n",
		"p/p_test.go": `package main

import "testing"

func FuzzBad(f *testing.F) {
	f.Add(byte(1), "good")
	f.Fuzz(func(t *testing.T, n byte, s string) {
		if bad(n, s) {
			t.Fatalf("%d is %s", n, s)
		}
	})
}
`,
		"p/other_test.go":             "package main_test\n\nimport \"testing\"\n\nfunc TestOther(*testing.T) {}\n",
		"q/q_test.go":                 "package q\n\nvar _ = undefined\n",
		"p/testdata/fuzz/FuzzBad/abc": "go test fuzz v1\nbyte('\\x02')\nstring(\"committed\")\n",
	} {
		if err := writeFile(filepath.Join(dir, name), []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"driver.go", "encode.go", "seeds.go"} {
		if err := copyFile(filepath.Join("driver", name), filepath.Join(dir, "internal/ossfuzz/driver", name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
