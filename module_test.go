package waxseal_test

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

const modulePath = "github.com/waxseal/waxseal"

// A pkg is the source of one package of this module.
type pkg struct {
	dir   string // "." for the root
	name  string
	fset  *token.FileSet
	files []*ast.File // of the package on this system, without its tests
	tests []*ast.File
}

// packages parses the packages of this module, in the order of their folders.
// It reads the files itself, so that go test knows what a cached result
// depends on. Nested modules, testdata and hidden folders are left out.
func packages(t *testing.T) []*pkg {
	t.Helper()
	var list []*pkg
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !d.IsDir():
			return nil
		case name != "." && (strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_") || d.Name() == "testdata" || exists(filepath.Join(name, "go.mod"))):
			return fs.SkipDir
		}
		p, err := parseFolder(name)
		if p != nil {
			list = append(list, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 {
		t.Fatal("no packages here")
	}
	return list
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// parseFolder returns nil for a folder without Go files.
func parseFolder(name string) (*pkg, error) {
	entries, err := os.ReadDir(name)
	if err != nil {
		return nil, err
	}
	p := &pkg{dir: filepath.ToSlash(name), fset: token.NewFileSet()}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") {
			continue
		}
		if ok, err := build.Default.MatchFile(name, e.Name()); err != nil || !ok {
			continue
		}
		f, err := parser.ParseFile(p.fset, filepath.Join(name, e.Name()), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		if strings.HasSuffix(e.Name(), "_test.go") {
			p.tests = append(p.tests, f)
			continue
		}
		p.name = f.Name.Name
		p.files = append(p.files, f)
	}
	if p.files == nil && p.tests == nil {
		return nil, nil
	}
	return p, nil
}

// parseSource returns a package of one file, for tests of these tests.
func parseSource(t *testing.T, source string) *pkg {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "p.go", source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return &pkg{dir: "p", name: f.Name.Name, fset: fset, files: []*ast.File{f}}
}

// internal reports whether the package is for this module alone.
func (p *pkg) internal() bool {
	return p.dir == "internal" || strings.HasPrefix(p.dir, "internal/") || strings.Contains(p.dir, "/internal/")
}

// own returns the folder of a package of this module, and "" for another import.
func own(importPath string) string {
	if importPath == modulePath {
		return "."
	}
	dir, ok := strings.CutPrefix(importPath, modulePath+"/")
	if !ok {
		return ""
	}
	return path.Clean(dir)
}
