package waxseal_test

import (
	"bytes"
	"go/ast"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// layers has a row for each package: what it may import besides the standard
// library. A row names only packages of rows above it, so no import points up.
// An "internal" package of tests is below, and only tests may import it.
var layers = []struct {
	dir     string
	imports []string
}{
	// Leaves: the standard library alone, and how field names are compared.
	{"canon", nil},
	{"internal/fieldname", nil},
	{"headerlist", []string{"internal/fieldname"}},
	{"internal/message", []string{"internal/fieldname"}},
	{"internal/taglist", nil},
	// The two dependencies: one package for each use, and one place.
	{"internal/domain", []string{"golang.org/x/net/idna", "golang.org/x/net/publicsuffix"}},
	{"keyrecord", []string{"internal/taglist", "internal/domain", "golang.org/x/crypto/cryptobyte", "golang.org/x/crypto/cryptobyte/asn1"}},
	{"dkim/authres", []string{"internal/domain"}},
	{"adsp", []string{"dkim/authres", "internal/taglist", "internal/domain"}},
	{"internal/bodyhash", []string{"canon"}},
	{"internal/headerhash", []string{"canon", "internal/message", "internal/fieldname"}},
	{"dkim", []string{"keyrecord", "canon", "headerlist", "dkim/authres", "internal/headerhash", "internal/bodyhash", "internal/message", "internal/fieldname", "internal/taglist", "internal/domain"}},
	{"dkim/signtable", []string{"dkim", "keyrecord", "canon", "headerlist", "internal/fieldname", "internal/taglist", "internal/domain"}},
	{"dkim/explain", []string{"dkim", "keyrecord", "canon", "internal/message", "internal/fieldname", "internal/taglist"}},
	{"dkim/domainkeys", []string{"dkim", "keyrecord", "canon", "headerlist", "dkim/authres", "internal/message", "internal/fieldname", "internal/taglist", "internal/domain"}},
	{".", nil},
}

// testOnly are the packages that only tests import.
var testOnly = []string{"internal/dkimtest"}

func TestLayersPointDown(t *testing.T) {
	var above []string
	for _, row := range layers {
		for _, imp := range row.imports {
			if !strings.Contains(imp, ".") && !slices.Contains(above, imp) {
				t.Errorf("the row of %s names %s, which has no row above it", row.dir, imp)
			}
		}
		above = append(above, row.dir)
	}
}

func TestImports(t *testing.T) {
	for _, p := range packages(t) {
		if strings.HasPrefix(p.dir, "examples/") || slices.Contains(testOnly, p.dir) {
			for _, imp := range imports(p.files) {
				if isForeign(imp) || slices.Contains(testOnly, own(imp)) {
					t.Errorf("%s imports %s", p.dir, imp)
				}
			}
			continue
		}
		i := slices.IndexFunc(layers, func(row struct {
			dir     string
			imports []string
		}) bool {
			return row.dir == p.dir
		})
		if i < 0 {
			t.Errorf("%s has no row in layers; add one below what it imports", p.dir)
			continue
		}
		for _, imp := range imports(p.files) {
			name := imp
			if dir := own(imp); dir != "" {
				name = dir
			} else if !isForeign(imp) {
				continue
			}
			if !slices.Contains(layers[i].imports, name) {
				t.Errorf("%s imports %s, which its row in layers does not allow", p.dir, name)
			}
		}
	}
}

// Tests need no other module either.
func TestTestImports(t *testing.T) {
	allowed := []string{"golang.org/x/net/idna", "golang.org/x/net/publicsuffix", "golang.org/x/crypto/cryptobyte", "golang.org/x/crypto/cryptobyte/asn1"}
	for _, p := range packages(t) {
		for _, imp := range imports(p.tests) {
			if isForeign(imp) && !slices.Contains(allowed, imp) {
				t.Errorf("a test of %s imports %s", p.dir, imp)
			}
		}
	}
}

// The library is pure Go: no cgo, no unsafe, no assembly, no linkname.
func TestPureGo(t *testing.T) {
	for _, p := range packages(t) {
		for _, imp := range imports(p.files) {
			if imp == "C" || imp == "unsafe" {
				t.Errorf("%s imports %q", p.dir, imp)
			}
		}
		for _, f := range p.files {
			for _, group := range f.Comments {
				for _, c := range group.List {
					if strings.HasPrefix(c.Text, "//go:linkname") {
						t.Errorf("%s: %s", p.fset.Position(c.Pos()), c.Text)
					}
				}
			}
		}
	}
	if files := goList(t, "-f", "{{join .SFiles \" \"}} {{join .CFiles \" \"}} {{join .CgoFiles \" \"}} {{join .SysoFiles \" \"}}", "./..."); len(files) != 0 {
		t.Errorf("assembly, C or objects: %q", files)
	}
}

// TestModules pins what the module depends on: two modules, and what they
// bring, of which only golang.org/x/text is ever compiled. It skips, except
// where CI is set, if the graph cannot be had.
func TestModules(t *testing.T) {
	want := []string{
		modulePath,
		"golang.org/x/crypto",
		"golang.org/x/mod", // for the tests of x/text
		"golang.org/x/net",
		"golang.org/x/sync", // for the tests of x/text
		"golang.org/x/sys",
		"golang.org/x/term",
		"golang.org/x/text",
		"golang.org/x/tools", // for the tests of x/text
	}
	if err := exec.Command("go", "mod", "graph").Run(); err != nil && os.Getenv("CI") == "" {
		t.Skipf("go mod graph: %v: the go.mod files of the whole graph cannot be had, is there a network?", err)
	}
	if got := goList(t, "-m", "-f", "{{.Path}}", "all"); !slices.Equal(got, want) {
		t.Errorf("go list -m all gives %q, want %q", got, want)
	}
	direct := goList(t, "-m", "-f", "{{if not (or .Main .Indirect)}}{{.Path}}{{end}}", "all")
	if want := []string{"golang.org/x/crypto", "golang.org/x/net"}; !slices.Equal(direct, want) {
		t.Errorf("go.mod requires %q, want %q", direct, want)
	}
	compiled := goList(t, "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", "./...")
	slices.Sort(compiled)
	compiled = slices.Compact(compiled)
	if want := []string{modulePath, "golang.org/x/crypto", "golang.org/x/net", "golang.org/x/text"}; !slices.Equal(compiled, want) {
		t.Errorf("go list -deps ./... gives packages of %q, want %q", compiled, want)
	}
}

// goList returns the lines of go list.
func goList(t *testing.T, args ...string) []string {
	t.Helper()
	for _, name := range []string{"go.mod", "go.sum"} { // go test learns that the result depends on them
		if _, err := os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %q: %v\n%s", args, err, stderr.Bytes())
	}
	return strings.Fields(string(out))
}

// imports returns the import paths of files.
func imports(files []*ast.File) []string {
	var list []string
	for _, f := range files {
		for _, spec := range f.Imports {
			if s, err := strconv.Unquote(spec.Path.Value); err == nil && !slices.Contains(list, s) {
				list = append(list, s)
			}
		}
	}
	return list
}

// isForeign reports whether an import is neither of this module nor of the
// standard library, whose paths begin without a dot.
func isForeign(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return strings.Contains(first, ".") && own(importPath) == ""
}
