package main

import (
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strings"
	"testing"
)

const source = `package p

import "errors"

const limit = 3

type T struct{ n int }

func (t *T) Next(c byte) (bool, error) {
	for t.n < limit {
		t.n++
		if c == 'a' {
			continue
		}
		if t.n >= 1 && c != 0 {
			return true, nil
		}
	}
	t.n = t.n + 1
	return false, errors.New("no")
}
`

func TestMutants(t *testing.T) {
	mutants, err := Mutants("p/p.go", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range mutants {
		m := &mutants[i]
		got = append(got, m.ID())
		if _, err := parser.ParseFile(token.NewFileSet(), "p.go", m.Apply([]byte(source)), 0); err != nil {
			t.Errorf("%s: %v", m, err)
		}
		if m.From == m.To {
			t.Errorf("%s changes nothing", m)
		}
	}
	want := []string{
		"p/p.go : 3 -> 4",
		"p/p.go T.Next: t.n < limit -> !(t.n < limit)",
		"p/p.go T.Next: < -> <=",
		"p/p.go T.Next: t.n++ -> ",
		"p/p.go T.Next: c == 'a' -> false && (c == 'a')",
		"p/p.go T.Next: == -> !=",
		"p/p.go T.Next: 'a' -> 'b'",
		"p/p.go T.Next: continue -> ",
		"p/p.go T.Next: t.n >= 1 && c != 0 -> !(t.n >= 1 && c != 0)",
		"p/p.go T.Next: t.n >= 1 && c != 0 -> false && (t.n >= 1 && c != 0)",
		"p/p.go T.Next: >= -> >",
		"p/p.go T.Next: 1 -> 2",
		"p/p.go T.Next: && -> ||",
		"p/p.go T.Next: != -> ==",
		"p/p.go T.Next: 0 -> 1",
		"p/p.go T.Next: true -> false",
		"p/p.go T.Next: t.n = t.n + 1 -> ",
		"p/p.go T.Next: + -> -",
		"p/p.go T.Next: 1 -> 2 #2",
		"p/p.go T.Next: false -> true",
		`p/p.go T.Next: errors.New("no") -> func() error { _ = errors.New("no"); return nil }()`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if s := mutants[1].String(); s != "p/p.go:10: negate: t.n < limit -> !(t.n < limit)" {
		t.Errorf("String() = %q", s)
	}
	if _, err := Mutants("p.go", []byte("no Go")); err == nil {
		t.Error("a file that is no Go is no error")
	}
}

func TestSample(t *testing.T) {
	all := make([]Mutant, 100)
	for i := range all {
		all[i].Line = i
	}
	a, b, c := Sample(all, 10, 1), Sample(all, 10, 1), Sample(all, 10, 2)
	byLine := func(x, y Mutant) int { return x.Line - y.Line }
	if len(a) != 10 || !slices.IsSortedFunc(a, byLine) || !slices.Equal(a, b) || slices.Equal(a, c) {
		t.Errorf("samples %v, %v and %v", a, b, c)
	}
	if got := Sample(all, 0, 1); len(got) != 100 {
		t.Errorf("all: %d", len(got))
	}
	if got := Sample(all, 200, 1); len(got) != 100 {
		t.Errorf("200: %d", len(got))
	}
}

// Each row of the table says why, and is there once. That it names a break that
// is there is for the program to say: who renames a function need not know it.
func TestEquivalents(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range Equivalents() {
		file, _, _ := strings.Cut(e.Mutant, " ")
		if e.Reason == "" || seen[e.Mutant] || !slices.Contains(Packages(), path.Dir(file)) {
			t.Errorf("%q: twice, without a reason, or about no package that is tested", e.Mutant)
		}
		seen[e.Mutant] = true
	}
	all, err := Source("../..", "canon")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, m := range all {
		if seen[m.ID()] {
			rows++
		}
	}
	if stale := Stale(Equivalents(), "canon", all); rows == 0 || len(stale) > 0 {
		t.Errorf("%d rows about canon; about no break: %v", rows, stale)
	}
	if stale := Stale([]Equivalent{{"canon/no.go f: a -> b", "x"}, {"dkim/no.go f: a -> b", "x"}}, "canon", nil); len(stale) != 1 {
		t.Errorf("Stale = %v", stale)
	}
}
