package headerlist

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// TestSelect has the vectors of Momentum's documentation, then ours.
func TestSelect(t *testing.T) {
	const (
		worked  = "Received+:X-Example*:From:Subject?:Received"
		bundled = "From:Subject:Date:To:MIME-Version?:Content-Type?"
	)
	for _, tt := range []struct{ list, message, want string }{
		{worked, "Received Received From Subject", "Received:Received:X-Example:From:Subject:Received"},
		{worked, "From", "X-Example:From:Received"},
		{worked, "Received Received Received X-Example X-Example From",
			"Received:Received:Received:X-Example:X-Example:From:Received"},
		{worked, "Received From From Subject Subject", "Received:X-Example:From:Subject:Received"},
		{bundled, "From To Subject Date", "From:Subject:Date:To"},
		{bundled, "From Subject MIME-Version Content-Type", "From:Subject:Date:To:MIME-Version:Content-Type"},
		{"From:From", "From", "From:From"},
		{"From:From", "From From", "From:From"},
		{"From?:From?", "From", "From"},
		{"Received*:Received*", "Received Received", "Received:Received:Received"},
		{"Received+:Received+", "Received Received", "Received:Received"},
		{"X*:X", "X X", "X:X:X"},
		{"X:X*", "X X X", "X:X:X"},
		{"X:X+", "X", "X"},
		{"X+", "", ""},
		{"X?", "", ""},
		{"X*", "", "X"},
		{"X", "", "X"},

		{"X+", "X X", "X:X"},
		{"X*", "X X", "X:X"},
		{"X+:X", "X X", "X:X:X"}, // what Oversign makes
		{"Received:From:Received", "Received Received From", "Received:From:Received"}, // 6376-5.4.2-c
		{"FROM:subject?", "from Subject", "FROM:subject"},                              // 6376-5.4.2-g
		{"X+:x", "x X", "X:X:x"},           // spelled as the list does
		{"From?", "X-From From-X", ""},     // 6376-5.4.2-h: the whole name
		{"keywords?", "\u212aeywords", ""}, // KELVIN SIGN is no k
		{"s?", "\u017f", ""},               // nor is U+017F LONG S an s
		{"From", "X Y Z", "From"},          // fields that the list does not name
	} {
		got := MustParse(tt.list).Select(strings.Fields(tt.message))
		if s := strings.Join(got, ":"); s != tt.want {
			t.Errorf("Parse(%q).Select(%q) = %q, want %q", tt.list, tt.message, s, tt.want)
		}
	}
	if got := MustParse("Subject?").Select([]string{"Subject ", "Subject\t", "Subject\u00a0"}); len(got) != 0 {
		t.Errorf("a name with white space matches: %q", got)
	}
	if got := List(nil).Select([]string{"From"}); len(got) != 0 {
		t.Errorf("an empty list selects %q", got)
	}
}

// TestSelectLiteral: Select of a list that Parse would refuse does not panic.
func TestSelectLiteral(t *testing.T) {
	l := List{{}, {Name: "a:b", All: true}, {Name: "\r\n", Optional: true}, {Name: strings.Repeat("x", 1000)}}
	want := []string{"", "a:b", "a:b", strings.Repeat("x", 1000)}
	if got := l.Select([]string{"A:B", "a:b", strings.Repeat("X", 1000)}); !slices.Equal(got, want) {
		t.Errorf("Select = %q, want %q", got, want)
	}
}

// reference is the evaluation as Momentum's documentation has it: it keeps the
// copies of each name and returns, for each name that it emits, the index of
// the field, or -1 for no field.
func reference(l List, names []string) (h []string, fields []int) {
	remaining := map[string][]int{} // top to bottom
	for i, name := range names {
		remaining[strings.ToLower(name)] = append(remaining[strings.ToLower(name)], i)
	}
	for _, e := range l {
		copies := remaining[strings.ToLower(e.Name)]
		take := len(copies)
		if !e.All {
			take = min(take, 1)
		}
		for range take {
			h = append(h, e.Name)
			fields = append(fields, copies[len(copies)-1])
			copies = copies[:len(copies)-1]
		}
		if take == 0 && !e.Optional {
			h = append(h, e.Name)
			fields = append(fields, -1)
		}
		remaining[strings.ToLower(e.Name)] = copies
	}
	return h, fields
}

// chosen reads h= as a verifier does, from the bottom up (6376-5.4.2-a, 6376-5.4.2-b, 6376-5.4.2-d).
func chosen(h, names []string) (fields []int) {
	used := make([]bool, len(names))
	for _, name := range h {
		field := -1
		for i := len(names) - 1; i >= 0; i-- {
			if !used[i] && strings.EqualFold(names[i], name) {
				field = i
				used[i] = true
				break
			}
		}
		fields = append(fields, field)
	}
	return fields
}

func checkSelect(t *testing.T, l List, names []string) {
	t.Helper()
	got := l.Select(names)
	want, fields := reference(l, names)
	if !slices.Equal(got, want) {
		t.Fatalf("%q.Select(%q) = %q, want %q", l.String(), names, got, want)
	}
	if c := chosen(got, names); !slices.Equal(c, fields) {
		t.Fatalf("%q.Select(%q) = %q, which covers %v, want %v", l.String(), names, got, c, fields)
	}
}

// 6376-5.4.2-k: what is chosen is always the lowest fields of a name; there is
// no entry for an upper one alone.
func TestSelectBottom(t *testing.T) {
	names := []string{"Received", "Received", "From", "Received"}
	for _, e := range []Entry{{Name: "Received"}, {Name: "Received", All: true}, {Name: "Received", Optional: true}, {Name: "Received", All: true, Optional: true}} {
		fields := chosen(List{e}.Select(names), names)
		for i, f := range fields {
			if want := []int{3, 1, 0, -1}[i]; f != want {
				t.Errorf("%+v chooses the fields %v", e, fields)
			}
		}
		if len(fields) == 0 {
			t.Errorf("%+v chooses none", e)
		}
	}
}

// sequences calls f with every sequence of up to n elements of alphabet.
func sequences[T any](alphabet []T, n int, f func([]T)) {
	var extend func(s []T)
	extend = func(s []T) {
		f(s)
		if len(s) == n {
			return
		}
		for _, a := range alphabet {
			extend(append(s, a))
		}
	}
	extend(make([]T, 0, n))
}

// TestSelectExhaustive compares Select with the reference for every list of up
// to three entries and every message of up to five fields.
func TestSelectExhaustive(t *testing.T) {
	var entries []Entry
	for _, name := range []string{"A", "b"} {
		for _, all := range []bool{false, true} {
			entries = append(entries, Entry{name, all, false}, Entry{name, all, true})
		}
	}
	sequences(entries, 3, func(l []Entry) {
		sequences([]string{"a", "B", "c"}, 5, func(names []string) {
			checkSelect(t, l, names)
		})
	})
}

// FuzzSelect compares Select with the reference, and with the rules that hold
// for any list.
func FuzzSelect(f *testing.F) {
	f.Add("Received+:X-Example*:From:Subject?:Received", "Received,Received,From,Subject")
	f.Add("X*:x+:X?:X", "X,x,X")
	f.Fuzz(func(t *testing.T, list, message string) {
		l, err := Parse(list)
		if err != nil || len(l) > 100 || len(message) > 1000 {
			return
		}
		for i := range len(message) {
			if message[i] >= 0x80 {
				return // the reference folds more than ASCII
			}
		}
		checkSelect(t, l, strings.Split(message, ","))
	})
}

// 6376-5-h: once more than a field is there.
func TestOversign(t *testing.T) {
	if got, want := strings.Join(Oversign("From", "Cc").Select([]string{"From", "To", "from"}), ":"), "From:From:From:Cc"; got != want {
		t.Errorf("oversigned h=%s, want %s", got, want)
	}
	if got, want := Oversign("From", "To").String(), "From+:From:To+:To"; got != want {
		t.Errorf("Oversign = %q, want %q", got, want)
	}
	if got := Oversign(); len(got) != 0 {
		t.Errorf("Oversign() = %v", got)
	}
}

// TestSelectLinear measures the octets that Select allocates: four times the
// input may cost little more than four times as much.
func TestSelectLinear(t *testing.T) {
	distinct := func(n int) []string {
		names := make([]string, n)
		for i := range names {
			names[i] = fmt.Sprintf("X-Field-%d", i)
		}
		return names
	}
	same := func(n int) []string { return slices.Repeat([]string{"From"}, n) }
	list := func(names []string, e Entry) List {
		l := make(List, len(names))
		for i, name := range names {
			e.Name = name
			l[i] = e
		}
		return l
	}
	for _, tt := range []struct {
		what string
		n    int
		in   func(n int) (List, []string)
	}{
		{"8,000 names on 8,000 fields", 8000, func(n int) (List, []string) { return list(distinct(n), Entry{}), distinct(n) }},
		{"From 100,000 times", 100_000, func(n int) (List, []string) { return list(same(n), Entry{}), same(n) }},
		{"one entry takes all", 100_000, func(n int) (List, []string) { return MustParse("From*"), same(n) }},
		{"all at once, then again", 100_000, func(n int) (List, []string) { return list(same(n), Entry{All: true}), same(n) }},
		{"fields that are not listed", 100_000, func(n int) (List, []string) { return MustParse("From+"), distinct(n) }},
	} {
		var cost [3]uint64
		for i, n := range []int{tt.n / 4, tt.n / 2, tt.n} {
			l, names := tt.in(n)
			cost[i] = allocated(func() { l.Select(names) })
		}
		for i := 1; i < len(cost); i++ {
			if cost[i] > 3*cost[i-1]+4096 {
				t.Errorf("%s: a quarter, a half and all of it allocate %d octets", tt.what, cost)
				break
			}
		}
		if limit := uint64(400 * tt.n); cost[2] > limit {
			t.Errorf("%s: allocates %d octets, want at most %d", tt.what, cost[2], limit)
		}
	}
}

// TestSelectAllocs: a list of ordinary size costs its result and nothing else.
func TestSelectAllocs(t *testing.T) {
	l := Oversign("From", "To", "Subject", "Date", "Message-ID")
	names := []string{"Received", "From", "To", "Subject", "Date"}
	if n := testing.AllocsPerRun(100, func() { l.Select(names) }); n > 1 {
		t.Errorf("Select makes %v allocations, want 1", n)
	}
}

// allocated returns the octets that f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func BenchmarkSelect(b *testing.B) {
	l := MustParse("From+:From:To+:To:Cc+:Cc:Subject+:Subject:Date+:Date:Message-ID+:Message-ID:Reply-To+:Reply-To:MIME-Version+:Content-Type+:Content-Type")
	names := strings.Fields("Return-Path Delivered-To Received Received Received Received From To Subject Date Message-ID MIME-Version Content-Type X-Mailer")
	b.ReportAllocs()
	for b.Loop() {
		l.Select(names)
	}
}

func BenchmarkSelect8000(b *testing.B) {
	names := make([]string, 8000)
	l := make(List, len(names))
	for i := range names {
		names[i] = fmt.Sprintf("X-Field-%d", i)
		l[i].Name = names[i]
	}
	b.ReportAllocs()
	for b.Loop() {
		l.Select(names)
	}
}
