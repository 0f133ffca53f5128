package headerlist

import "strings"

// An Entry is one name of a List, and how its fields are taken. The zero
// modifiers take one copy, and assert when there is none.
type Entry struct {
	Name     string // a field name of RFC 5322, without white space
	All      bool   // take every copy that is left, not one
	Optional bool   // list nothing when no copy is left
}

// String returns the entry as it stands in a list: Name, Name?, Name* or Name+.
func (e Entry) String() string {
	switch {
	case e.All && e.Optional:
		return e.Name + "+"
	case e.All:
		return e.Name + "*"
	case e.Optional:
		return e.Name + "?"
	}
	return e.Name
}

// A List says which fields of a message a signature covers, in the order in
// which they are hashed. It is read-only to this package, so goroutines may
// share one.
type List []Entry

// String returns the list in the syntax that Parse reads. Parse gives the same
// list back if Validate has nothing to say about it.
func (l List) String() string {
	var b strings.Builder
	for i, e := range l {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(e.String())
	}
	return b.String()
}

// Select returns the value of h=, a name an element, for a message whose field
// names are names, from top to bottom. The n-th element of one name stands for
// the n-th field of that name from the bottom, or for no field when there are
// fewer (RFC 6376, section 5.4.2).
//
// Names match as a whole and without regard to ASCII case, and are spelled in
// the result as the list spells them. The names given are without the white
// space that may stand before the colon of a field. Select does not check the
// names of the list: Validate does.
//
// The result may be empty, and may lack From: a signer refuses both. It has at
// most len(l)+len(names) elements, and time and memory are linear in those.
func (l List) Select(names []string) []string {
	// An element stands for the next field from the bottom, so the result
	// depends on how many copies are left and not on where they stand.
	var stack [256]int32 // room for lists of up to 64 entries
	t := newTable(l, stack[:])
	total := len(l)
	for _, name := range names {
		if e := t.find(name); e >= 0 {
			t.left[e]++
			total++
		}
	}

	h := make([]string, 0, total)
	for i, e := range l {
		left := &t.left[t.first[i]]
		take := *left
		if !e.All {
			take = min(take, 1)
		}
		for range take {
			h = append(h, e.Name)
		}
		if take == 0 && !e.Optional {
			h = append(h, e.Name) // no field: assert that there is none
		}
		*left -= take
	}
	return h
}

// Oversign returns a list that signs every copy of each name and asserts that
// there is no further one: Name+:Name for each.
func Oversign(names ...string) List {
	l := make(List, 0, 2*len(names))
	for _, name := range names {
		l = append(l, Entry{Name: name, All: true, Optional: true}, Entry{Name: name})
	}
	return l
}
