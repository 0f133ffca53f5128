package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// write makes a module with a package p, whose test is not strict, and its break.
func write(t *testing.T, test string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":      "module example.org/m\n\ngo 1.26.0\n",
		"p/p.go":      "package p\n\nfunc Abs(n int) int {\n\tif n < 0 {\n\t\treturn -n\n\t}\n\treturn n\n}\n",
		"p/p_test.go": "package p\n\nimport \"testing\"\n\n" + test,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const test = `func Test(t *testing.T) {
	if Abs(2) != 2 {
		t.Error("2")
	}
	if !testing.Short() && Abs(-2) != 2 {
		t.Error("-2")
	}
}
`

func TestRun(t *testing.T) {
	root := write(t, test)
	var out bytes.Buffer
	err := run(t.Context(), &out, []string{"-root", root, "-v", "p"})
	if err == nil || !strings.Contains(err.Error(), "not well: p") {
		t.Errorf("error %v", err)
	}
	// The mutants are: negate and drop the condition, < to <=, 0 to 1. The last two
	// change nothing for 2 and -2; and only the long tests notice the second.
	for _, want := range []string{
		"killed p/p.go:4: negate: n < 0 -> !(n < 0): p\n",
		"killed p/p.go:4: drop: n < 0 -> false && (n < 0): p\n",
		"survived p/p.go:4: compare: < -> <=\n\tp/p.go Abs: < -> <=\n",
		"survived p/p.go:4: constant: 0 -> 1\n",
		"p: 2 of 4 breaks noticed, 50.0 %: 2 killed, 0 timed out, 2 survived; 0 change nothing, 0 do not compile\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	out.Reset()
	if err := run(t.Context(), &out, []string{"-root", root, "-want", "50", "-match", "dr[o]p:", "p"}); err != nil ||
		out.String() != "p: 1 of 1 breaks noticed, 100.0 %: 1 killed, 0 timed out, 0 survived; 0 change nothing, 0 do not compile\n" {
		t.Errorf("-match: %v\n%s", err, out.String())
	}
	out.Reset()
	if err := run(t.Context(), &out, []string{"-root", root, "-list", "-n", "1", "p"}); err != nil || strings.Count(out.String(), "\n") != 2 {
		t.Errorf("-list: %v\n%s", err, out.String())
	}
}

func TestRunErrors(t *testing.T) {
	for _, tt := range []struct {
		what, test string
		args       []string
		want       string
	}{
		{"tests that fail by themselves", "func Test(t *testing.T) { t.Error(\"by itself\") }\n", []string{"p"}, "by itself"},
		{"tests that do not compile", "func Test(t *testing.T) { unknown }\n", []string{"p"}, "undefined: unknown"},
		{"no such package", test, []string{"q"}, "no Go source"},
		{"no such flag", test, []string{"-x"}, "-x"},
		{"no regexp", test, []string{"-match", "(", "p"}, "missing closing"},
	} {
		if err := run(t.Context(), new(bytes.Buffer), append([]string{"-root", write(t, tt.test)}, tt.args...)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.what, err, tt.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run(ctx, new(bytes.Buffer), []string{"-root", write(t, test), "p"}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// What the table has is not run, what does not compile counts for nothing, and
// what does not end is noticed.
func TestOutcomes(t *testing.T) {
	root := write(t, test)
	all, err := Source(root, "p")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	r := &Runner{Root: root, Scratch: t.TempDir(), Out: &out, Timeout: time.Minute}
	for _, m := range all {
		r.Table = append(r.Table, Equivalent{m.ID(), "a test"})
	}
	if percent, err := r.Package(t.Context(), "p", all); percent != 100 || err != nil || !strings.Contains(out.String(), "0 of 0 breaks noticed, 100.0 %: 0 killed, 0 timed out, 0 survived; 4 change nothing") {
		t.Errorf("%v, %v\n%s", percent, err, out.String())
	}
	broken := all[0]
	broken.To = "n"
	if outcome, dir, err := r.Test(t.Context(), &broken, []string{"p"}); outcome != Invalid || dir != "p" || err != nil {
		t.Errorf("does not compile: %s, %s, %v", outcome, dir, err)
	}
	r.Timeout = 1 // a nanosecond: no test ends
	if outcome, dir, err := r.Test(t.Context(), &all[0], []string{"p"}); outcome != TimedOut || dir != "p" || err != nil {
		t.Errorf("does not end: %s, %s, %v", outcome, dir, err)
	}
	broken.File = "p/no.go"
	if _, _, err := r.Test(t.Context(), &broken, []string{"p"}); err == nil {
		t.Error("a file that is not there is no error")
	}
}

// A few breaks of waxseal itself, always the same, so that the runner is known to
// work on it.
func TestModule(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), &out, []string{"-n", "4", "-want", "75", "internal/taglist"}); err != nil {
		t.Errorf("%v\n%s", err, out.String())
	}
}
