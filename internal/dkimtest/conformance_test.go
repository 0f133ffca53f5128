package dkimtest

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write CONFORMANCE.md anew")

const root = "../.."

// TestConformance reads the ids of requirements out of all tests: each row of
// testdata/requirements.txt that a test is to prove is named by one, each
// choice is documented, and CONFORMANCE.md says so. Write that anew with
//
//	go test ./internal/dkimtest -run TestConformance -update
func TestConformance(t *testing.T) {
	rows, err := Requirements()
	if err != nil {
		t.Fatal(err)
	}
	tests := testsByID(t)
	docs := documentation(t, "dkim/doc.go") + documentation(t, "keyrecord/keyrecord.go")
	for _, r := range rows {
		proved := len(tests[r.ID]) > 0
		switch {
		case r.How == Choice && !strings.Contains(docs, r.Why):
			t.Errorf("%s: the documentation of dkim and keyrecord does not say %q", r.ID, r.Why)
		case (r.How == Test || r.How == Choice) && !proved:
			t.Errorf("%s (%s): no test names it", r.ID, r.Text)
		case (r.How == Caller || r.How == Fact) && proved:
			t.Errorf("%s is tested in %s; say so in testdata/requirements.txt", r.ID, tests[r.ID])
		}
	}
	for id, where := range tests {
		if !slices.ContainsFunc(rows, func(r Requirement) bool { return r.ID == id }) {
			t.Errorf("%s names %s, which is no requirement", where, id)
		}
	}
	want := conformance(rows, tests)
	path := filepath.Join(root, "CONFORMANCE.md")
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("CONFORMANCE.md is stale (%v); run: go test ./internal/dkimtest -run TestConformance -update", err)
	}
}

// conformance writes CONFORMANCE.md.
func conformance(rows []Requirement, tests map[string][]string) []byte {
	count := map[Meeting]int{}
	for _, r := range rows {
		count[r.How]++
	}
	binding := count[Test] + count[Choice]
	covered := 0
	for _, r := range rows {
		if (r.How == Test || r.How == Choice) && len(tests[r.ID]) > 0 {
			covered++
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `# Conformance

What RFC 6376 with its errata, RFC 8301, RFC 8463, RFC 8616, RFC 8601 as far as
a DKIM library writes and reads it, and RFC 6008 ask for, and the tests that prove it. An id is the RFC, a section, and a letter; tests name the ids
that they prove, so that a search for one finds them all.

Of %d requirements, %d bind a library; %d of these (%d %%) are proved by tests. %d are
choices, where the text is open: the documentation of package dkim, under
"Deviations and choices", or of package keyrecord says what was chosen. %d bind who uses a library, %d nobody.

Written by

	go test ./internal/dkimtest -run TestConformance -update

from internal/dkimtest/testdata/requirements.txt and the tests; without -update
that command fails when a requirement is not proved any more.
`, len(rows), binding, covered, 100*covered/max(1, binding), count[Choice], count[Caller], count[Fact])
	rfc := ""
	for _, r := range rows {
		if name, _, _ := strings.Cut(r.ID, "-"); name != rfc {
			rfc = name
			fmt.Fprintf(&b, "\n## RFC %s\n\n| id | section | binds | asks for | where |\n|---|---|---|---|---|\n", rfc)
		}
		var where string
		switch r.How {
		case Test:
			where = strings.Join(tests[r.ID], ", ")
		case Choice:
			where = fmt.Sprintf("choice: %q: %s", r.Why, strings.Join(tests[r.ID], ", "))
		case Caller:
			where = "not for a library: " + r.Why
		case Fact:
			where = "nothing to do: " + r.Why
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", r.ID, r.Section, r.Binds, cell(r.Text), cell(where))
	}
	return b.Bytes()
}

// cell escapes what would end a cell.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// documentation returns the package comment of a file, its lines joined.
func documentation(t *testing.T, file string) string {
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(f.Doc.Text()), " ") + "\n"
}

var requirementID = regexp.MustCompile(`\b(6376|8301|8463|8616|8601|6008)-([0-9A-Z][0-9A-Za-z]*(\.[0-9A-Za-z]+)*)-[a-z]\b`)

// testsByID returns, for each id, the tests that name it, as
// "canon.TestBody", sorted.
func testsByID(t *testing.T) map[string][]string {
	dirs := map[string][]string{} // the test files of a package
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && path != root {
			_, err := os.Stat(filepath.Join(path, "go.mod"))
			if err == nil || strings.HasPrefix(e.Name(), ".") || e.Name() == "testdata" || e.Name() == "dkimtest" {
				return filepath.SkipDir
			}
		}
		if strings.HasSuffix(path, "_test.go") {
			dirs[filepath.Dir(path)] = append(dirs[filepath.Dir(path)], path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string][]string{}
	for dir, files := range dirs {
		p, err := readTests(files)
		if err != nil {
			t.Fatal(err)
		}
		rel, err := filepath.Rel(root, dir)
		if err != nil {
			t.Fatal(err)
		}
		for name, ids := range p.ids {
			for _, id := range ids {
				where := p.testsOf(name)
				if len(where) == 0 {
					t.Errorf("%s: %s stands in %q, which no test uses", rel, id, name)
				}
				for _, w := range where {
					tests[id] = append(tests[id], filepath.ToSlash(rel)+"."+w)
				}
			}
		}
	}
	for id, where := range tests {
		slices.Sort(where)
		tests[id] = slices.Compact(where)
	}
	return tests
}

// A testPackage holds what the test files of a folder declare. Methods are
// named as Type.Method.
type testPackage struct {
	users map[string][]string // of each name: the functions that use it
	ids   map[string][]string // of each function or variable: the ids in it, and in its comment
}

// readTests reads the test files of a folder.
func readTests(files []string) (*testPackage, error) {
	p := &testPackage{users: map[string][]string{}, ids: map[string][]string{}}
	set := token.NewFileSet()
	packages := map[string][]*ast.File{}
	for _, file := range files {
		f, err := parser.ParseFile(set, file, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		packages[f.Name.Name] = append(packages[f.Name.Name], f)
	}
	for name, files := range packages {
		// What is declared outside the test files is of no interest, and an error.
		info := &types.Info{Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}
		config := types.Config{Error: func(error) {}, Importer: noImporter{}}
		config.Check(name, set, files, info)
		for _, f := range files {
			if err := p.read(set, f, info); err != nil {
				return nil, err
			}
		}
	}
	return p, nil
}

// A noImporter imports nothing.
type noImporter struct{}

func (noImporter) Import(path string) (*types.Package, error) {
	return nil, fmt.Errorf("%s is not imported", path)
}

// read reads a file.
func (p *testPackage) read(set *token.FileSet, f *ast.File, info *types.Info) error {
	file := set.Position(f.Pos()).Filename
	src, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	type part struct {
		name     string
		from, to token.Pos
	}
	var parts []part
	add := func(id *ast.Ident, doc *ast.CommentGroup, n ast.Node) {
		from := n.Pos()
		if doc != nil {
			from = doc.Pos()
		}
		name := globalName(info.Defs[id])
		if name == "" { // it is declared twice, by build tags
			name = id.Name
		}
		parts = append(parts, part{name, from, n.End()})
		ast.Inspect(n, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				if used := globalName(info.Uses[id]); used != "" && used != name {
					p.users[used] = append(p.users[used], name)
				}
			}
			return true
		})
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			add(d.Name, d.Doc, d)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if v, ok := spec.(*ast.ValueSpec); ok {
					add(v.Names[0], d.Doc, d)
				}
			}
		}
	}
	for _, at := range requirementID.FindAllIndex(src, -1) {
		pos := set.File(f.Pos()).Pos(at[0])
		name := filepath.Base(file) // outside every declaration
		for _, d := range parts {
			if d.from <= pos && pos < d.to {
				name = d.name
			}
		}
		p.ids[name] = append(p.ids[name], string(src[at[0]:at[1]]))
	}
	return nil
}

// globalName returns the name of a function, a method, or a variable or
// constant of a package; "" for all else.
func globalName(o types.Object) string {
	switch {
	case o == nil || o.Pkg() == nil:
		return ""
	case o.Parent() == o.Pkg().Scope():
		return o.Name()
	}
	f, ok := o.(*types.Func)
	if !ok {
		return ""
	}
	typ := f.Signature().Recv().Type()
	if ptr, ok := typ.(*types.Pointer); ok {
		typ = ptr.Elem()
	}
	if named, ok := typ.(*types.Named); ok {
		return named.Obj().Name() + "." + f.Name()
	}
	return ""
}

// testsOf returns the tests that a name is, or that use it, by other names too.
func (p *testPackage) testsOf(name string) (tests []string) {
	seen := map[string]bool{}
	for names := []string{name}; len(names) > 0; names = names[1:] {
		switch n := names[0]; {
		case seen[n]:
		case isTest(n):
			tests = append(tests, n)
		default:
			names = append(names, p.users[n]...)
		}
		seen[names[0]] = true
	}
	return tests
}

func isTest(name string) bool {
	return strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz") || strings.HasPrefix(name, "Example")
}

func TestRequirementID(t *testing.T) {
	for text, want := range map[string]string{
		"6376-3.5i-b": "6376-3.5i-b", "(8463-A-a)": "8463-A-a", "6376-5-a, 6376-6.1.3-d": "6376-5-a 6376-6.1.3-d",
		"8601-2.7-b:": "8601-2.7-b", "5617-3-a": "", "16376-5-a": "", "6376-5": "", "6376-3.6.1h-b:": "6376-3.6.1h-b", "8301-3.2-h,": "8301-3.2-h",
	} {
		if got := strings.Join(requirementID.FindAllString(text, -1), " "); got != want {
			t.Errorf("in %q: %q, want %q", text, got, want)
		}
	}
}

// A table belongs to the tests that use it, by functions and methods too, and
// not to those that call something else by its name.
func TestReadTests(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x_test.go")
	const id = "6376-" + "9.9-a"
	src := `package x

import ("errors"; "testing")

type maker struct{ rows int }

func (m maker) errors() { rows() } // it uses the table
func rows() string { return "` + id + `" }
func all(m maker) { m.errors() }

func TestDirect(t *testing.T) { rows() }
func TestMethod(t *testing.T) { all(maker{}) }
func TestLocal(t *testing.T) { rows := 1; _ = rows; _ = maker{rows: 2}.rows }
func TestImport(t *testing.T) { _ = errors.New("") }
`
	if err := os.WriteFile(file, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := readTests([]string{file})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for name, ids := range p.ids {
		if !slices.Equal(ids, []string{id}) {
			t.Errorf("ids of %s: %q", name, ids)
		}
		got = append(got, p.testsOf(name)...)
	}
	if slices.Sort(got); !slices.Equal(got, []string{"TestDirect", "TestMethod"}) {
		t.Errorf("tests: %q", got)
	}
}
