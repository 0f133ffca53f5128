package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// A Mutant is one small break of one file.
type Mutant struct {
	File     string // relative to the module
	Line     int
	Func     string // "" outside of functions
	Operator string
	From, To string // the text that is replaced, and by what

	start, end int // octets of the file
	again      int // how many mutants before this one are named the same
}

// ID names the mutant without its line, so that an edit elsewhere in the file
// does not change it.
func (m *Mutant) ID() string {
	id := fmt.Sprintf("%s %s: %s -> %s", m.File, m.Func, oneLine(m.From), oneLine(m.To))
	if m.again > 0 {
		id += fmt.Sprintf(" #%d", m.again+1)
	}
	return id
}

func (m *Mutant) String() string {
	return fmt.Sprintf("%s:%d: %s: %s -> %s", m.File, m.Line, m.Operator, oneLine(m.From), oneLine(m.To))
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// Apply returns the source of the file with the mutant in it.
func (m *Mutant) Apply(source []byte) []byte {
	return slices.Concat(source[:m.start], []byte(m.To), source[m.end:])
}

// Mutants returns the mutants of a source file, in the order of their places.
// They all parse; some do not compile.
func Mutants(name string, source []byte) ([]Mutant, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	v := &visitor{name: name, source: source, fset: fset}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Body != nil {
				v.function = funcName(d)
				v.walk(d.Body, results(d.Type))
			}
		case *ast.GenDecl:
			if d.Tok == token.CONST || d.Tok == token.VAR {
				v.function = ""
				v.walk(d, nil)
			}
		}
	}
	slices.SortStableFunc(v.mutants, func(a, b Mutant) int { return a.start - b.start })
	seen := map[string]int{}
	for i := range v.mutants {
		m := &v.mutants[i]
		id := m.ID()
		m.again = seen[id]
		seen[id]++
	}
	return v.mutants, nil
}

func funcName(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return d.Name.Name
	}
	t := d.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name + "." + d.Name.Name
	}
	return d.Name.Name
}

// results returns the types that a function returns, "" where it is no name.
func results(t *ast.FuncType) []string {
	var list []string
	if t.Results == nil {
		return nil
	}
	for _, field := range t.Results.List {
		name := ""
		if id, ok := field.Type.(*ast.Ident); ok {
			name = id.Name
		}
		for range max(1, len(field.Names)) {
			list = append(list, name)
		}
	}
	return list
}

type visitor struct {
	name, function string
	source         []byte
	fset           *token.FileSet
	mutants        []Mutant
}

func (v *visitor) add(operator string, from, to token.Pos, text string) {
	start, end := v.fset.Position(from), v.fset.Position(to)
	v.mutants = append(v.mutants, Mutant{
		File: v.name, Line: start.Line, Func: v.function, Operator: operator,
		From: string(v.source[start.Offset:end.Offset]), To: text,
		start: start.Offset, end: end.Offset,
	})
}

func (v *visitor) text(n ast.Node) string {
	return string(v.source[v.fset.Position(n.Pos()).Offset:v.fset.Position(n.End()).Offset])
}

// walk adds the mutants below n, which is in a function with these results.
func (v *visitor) walk(n ast.Node, results []string) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			v.walk(n.Body, resultsOf(n))
			return false
		case *ast.IfStmt:
			v.condition(n.Cond)
			v.add("drop", n.Cond.Pos(), n.Cond.End(), "false && ("+v.text(n.Cond)+")")
		case *ast.ForStmt:
			if n.Cond != nil {
				v.condition(n.Cond)
			}
		case *ast.BinaryExpr:
			v.binary(n)
		case *ast.BasicLit:
			v.literal(n)
		case *ast.ExprStmt, *ast.IncDecStmt:
			v.add("drop", n.Pos(), n.End(), "")
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				v.add("drop", n.Pos(), n.End(), "")
			}
		case *ast.BranchStmt:
			if n.Tok == token.BREAK || n.Tok == token.CONTINUE {
				v.add("drop", n.Pos(), n.End(), "")
			}
		case *ast.ReturnStmt:
			v.returned(n, results)
		case *ast.GenDecl:
			return n.Tok != token.IMPORT && n.Tok != token.TYPE
		}
		return true
	})
}

func resultsOf(f *ast.FuncLit) []string { return results(f.Type) }

// condition negates a condition, unless comparing the other way does the same.
func (v *visitor) condition(cond ast.Expr) {
	if b, ok := cond.(*ast.BinaryExpr); ok && (b.Op == token.EQL || b.Op == token.NEQ) {
		return
	}
	v.add("negate", cond.Pos(), cond.End(), "!("+v.text(cond)+")")
}

var swaps = map[token.Token]struct {
	operator string
	to       token.Token
}{
	token.LSS: {"compare", token.LEQ}, token.LEQ: {"compare", token.LSS},
	token.GTR: {"compare", token.GEQ}, token.GEQ: {"compare", token.GTR},
	token.EQL: {"compare", token.NEQ}, token.NEQ: {"compare", token.EQL},
	token.LAND: {"logic", token.LOR}, token.LOR: {"logic", token.LAND},
	token.ADD: {"arithmetic", token.SUB}, token.SUB: {"arithmetic", token.ADD},
}

func (v *visitor) binary(b *ast.BinaryExpr) {
	if s, ok := swaps[b.Op]; ok {
		v.add(s.operator, b.OpPos, b.OpPos+token.Pos(len(b.Op.String())), s.to.String())
	}
}

// literal makes a number or an octet one greater.
func (v *visitor) literal(l *ast.BasicLit) {
	switch l.Kind {
	case token.INT:
		if n, err := strconv.ParseInt(l.Value, 0, 32); err == nil {
			v.add("constant", l.Pos(), l.End(), strconv.FormatInt(n+1, 10))
		}
	case token.CHAR:
		if c, _, _, err := strconv.UnquoteChar(l.Value[1:], '\''); err == nil && c < 0x7f {
			v.add("constant", l.Pos(), l.End(), strconv.QuoteRune(c+1))
		}
	}
}

// returned returns nil for an error, and the other truth.
func (v *visitor) returned(r *ast.ReturnStmt, results []string) {
	if len(r.Results) != len(results) || len(results) == 0 {
		return
	}
	for i, e := range r.Results {
		id, _ := e.(*ast.Ident)
		switch {
		case results[i] == "error" && (id == nil || id.Name != "nil"):
			v.add("error", e.Pos(), e.End(), "func() error { _ = "+v.text(e)+"; return nil }()")
		case results[i] == "bool" && id != nil && id.Name == "true":
			v.add("truth", e.Pos(), e.End(), "false")
		case results[i] == "bool" && id != nil && id.Name == "false":
			v.add("truth", e.Pos(), e.End(), "true")
		}
	}
}
