package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const modulePath = "github.com/waxseal/waxseal"

// Targets returns the names of the fuzz targets of each package, by its folder
// in the module. Packages without any are left out.
func Targets(root string) (map[string][]string, error) {
	targets := map[string][]string{}
	err := walk(root, func(name string) error {
		if !strings.HasSuffix(name, "_test.go") || strings.Contains(name, "testdata/") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range f.Decls {
			if d, ok := d.(*ast.FuncDecl); ok && d.Recv == nil && strings.HasPrefix(d.Name.Name, "Fuzz") && takesF(d) {
				dir := filepath.ToSlash(filepath.Dir(name))
				targets[dir] = append(targets[dir], d.Name.Name)
			}
		}
		return nil
	})
	return targets, err
}

// takesF reports whether the only parameter of a function is a *testing.F.
func takesF(d *ast.FuncDecl) bool {
	if len(d.Type.Params.List) != 1 || len(d.Type.Params.List[0].Names) != 1 {
		return false
	}
	star, ok := d.Type.Params.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	sel, ok := star.X.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "F"
}

// walk calls f with the name of each file of the module, without those of
// nested modules and of hidden folders.
func walk(root string, f func(name string) error) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if !d.IsDir() {
			return f(filepath.ToSlash(name))
		}
		if name == "." {
			return nil
		}
		if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil || strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		return nil
	})
}
