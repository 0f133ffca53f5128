package waxseal_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/printer"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write api.txt anew")

const apiFile = "api.txt"

// TestAPI compares the exported API with api.txt, so that no change of it goes
// unseen.
func TestAPI(t *testing.T) {
	var lines []string
	for _, p := range packages(t) {
		if p.name != "" && p.name != "main" && !p.internal() {
			lines = append(lines, exported(p)...)
		}
	}
	slices.Sort(lines)
	got := strings.Join(lines, "\n") + "\n"
	if *update {
		if err := os.WriteFile(apiFile, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	data, err := os.ReadFile(apiFile)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	for _, line := range want {
		if !slices.Contains(lines, line) {
			t.Errorf("- %s", line)
		}
	}
	for _, line := range lines {
		if !slices.Contains(want, line) {
			t.Errorf("+ %s", line)
		}
	}
	if t.Failed() {
		t.Error("the exported API differs from api.txt: - is gone, + is new.\nIf that is on purpose, run \"go test -run TestAPI . -update\" and commit api.txt with the change.")
	} else if got != string(data) {
		t.Error("api.txt is not sorted; run \"go test -run TestAPI . -update\"")
	}
}

// TestExported tells that what goes into api.txt is all that is exported, and
// no more.
func TestExported(t *testing.T) {
	got := exported(parseSource(t, `package p
import "io"
const (
	A T = iota
	B
	c
	D, E = 1, "x"
)
var V, w int
var X = c
type T uint8
type S struct {
	F, g int
	io.Reader
	*hidden
	H func(a, b int, _ ...string) (n int, err error)
	In struct{ Y int; z int }
}
type hidden struct{ Z int }
type I interface { M(p []byte) error; m(); io.Closer; ~int | T }
type L = map[string][]chan<- int
type G[K comparable, W any] struct{ K K }
func (g *G[K, W]) Get(k K) (w W, ok bool) { return }
func (hidden) M() {}
func (s S) N(int) {}
func (s *S) p() {}
func Map[K comparable](m map[K]int, f func(x K)) {}
func init() {}
`))
	want := []string{
		`p: const A T`, `p: const B T`, `p: const D`, `p: const E`,
		`p: var V int`, `p: var X`,
		`p: type T uint8`,
		`p: type S struct`, `p: type S struct, F int`, `p: type S struct, io.Reader`,
		`p: type S struct, H func(int, int, ...string) (int, error)`, `p: type S struct, In struct { Y int; z int }`,
		`p: type I interface`, `p: type I interface, M([]byte) error`, `p: type I interface, io.Closer`, `p: type I interface, unexported methods`, `p: type I interface, ~int | T`,
		`p: type L = map[string][]chan<- int`,
		`p: type G[K comparable, W any] struct`, `p: type G[K comparable, W any] struct, K K`,
		`p: method (*G[K, W]) Get(K) (W, bool)`, `p: method (S) N(int)`,
		`p: func Map[K comparable](map[K]int, func(K))`,
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// exported returns the exported declarations of a package, one a line, without
// the names of parameters.
func exported(p *pkg) []string {
	a := &api{pkg: p}
	for _, f := range p.files {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				a.function(d)
			case *ast.GenDecl:
				a.general(d)
			}
		}
	}
	return a.lines
}

type api struct {
	pkg   *pkg
	lines []string
}

func (a *api) add(format string, args ...any) {
	a.lines = append(a.lines, a.pkg.dir+": "+fmt.Sprintf(format, args...))
}

func (a *api) function(d *ast.FuncDecl) {
	signature := strings.TrimPrefix(a.expr(unnamed(d.Type)), "func")
	if d.Recv == nil {
		if d.Name.IsExported() {
			a.add("func %s%s", d.Name, signature)
		}
		return
	}
	recv := a.expr(d.Recv.List[0].Type)
	if d.Name.IsExported() && ast.IsExported(strings.TrimLeft(recv, "*")) {
		a.add("method (%s) %s%s", recv, d.Name, signature)
	}
}

func (a *api) general(d *ast.GenDecl) {
	var last ast.Expr // the type of a constant whose line has none
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() {
				a.typ(s)
			}
		case *ast.ValueSpec:
			if s.Type != nil || s.Values != nil {
				last = s.Type
			}
			for _, name := range s.Names {
				switch {
				case !name.IsExported():
				case last != nil:
					a.add("%s %s %s", d.Tok, name, a.expr(last))
				default:
					a.add("%s %s", d.Tok, name)
				}
			}
		}
	}
}

func (a *api) typ(s *ast.TypeSpec) {
	name := s.Name.Name
	if s.TypeParams != nil {
		f := a.expr(&ast.FuncType{TypeParams: s.TypeParams, Params: &ast.FieldList{}})
		name += strings.TrimSuffix(strings.TrimPrefix(f, "func"), "()")
	}
	if s.Assign.IsValid() {
		a.add("type %s = %s", name, a.expr(s.Type))
		return
	}
	switch t := s.Type.(type) {
	case *ast.StructType:
		a.add("type %s struct", name)
		for _, f := range t.Fields.List {
			typ := a.expr(unnamed(f.Type))
			for _, n := range f.Names {
				if n.IsExported() {
					a.add("type %s struct, %s %s", name, n, typ)
				}
			}
			embedded := typ[strings.LastIndexByte(typ, '.')+1:]
			if len(f.Names) == 0 && ast.IsExported(strings.TrimLeft(embedded, "*")) {
				a.add("type %s struct, %s", name, typ)
			}
		}
	case *ast.InterfaceType:
		a.add("type %s interface", name)
		for _, f := range t.Methods.List {
			switch {
			case len(f.Names) == 0:
				a.add("type %s interface, %s", name, a.expr(f.Type))
			case f.Names[0].IsExported():
				a.add("type %s interface, %s%s", name, f.Names[0], strings.TrimPrefix(a.expr(unnamed(f.Type)), "func"))
			default:
				a.add("type %s interface, unexported methods", name)
			}
		}
	default:
		a.add("type %s %s", name, a.expr(unnamed(t)))
	}
}

var space = regexp.MustCompile(`\s+`)

// expr prints an expression on one line.
func (a *api) expr(e ast.Expr) string {
	var b strings.Builder
	if err := printer.Fprint(&b, token.NewFileSet(), e); err != nil {
		return err.Error()
	}
	text := strings.ReplaceAll(strings.TrimSpace(b.String()), "\n}", " }")
	text = strings.ReplaceAll(text, "{\n", "{ ")
	return space.ReplaceAllString(strings.ReplaceAll(text, "\n", "; "), " ")
}

// unnamed returns e without names of parameters and results.
func unnamed(e ast.Expr) ast.Expr {
	f, ok := e.(*ast.FuncType)
	if !ok {
		return e
	}
	return &ast.FuncType{TypeParams: f.TypeParams, Params: unnamedList(f.Params), Results: unnamedList(f.Results)}
}

func unnamedList(l *ast.FieldList) *ast.FieldList {
	if l == nil {
		return nil
	}
	out := &ast.FieldList{}
	for _, f := range l.List {
		for range max(1, len(f.Names)) {
			out.List = append(out.List, &ast.Field{Type: unnamed(f.Type)})
		}
	}
	return out
}
