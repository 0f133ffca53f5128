package headerlist

import "github.com/waxseal/waxseal/internal/fieldname"

// A table finds the entries of a list by name, with open addressing and at
// most half full. A seed of its own keeps strangers from choosing names that
// collide.
type table struct {
	list  List
	seed  fieldname.Seed
	slots []int32 // index of the first entry of a name, plus one; zero is free
	first []int32 // for an entry, the first entry of the same name
	left  []int32 // for the first entry of a name: copies that are not taken
}

// newTable returns the table of l. It lies in space, which is zero, if that is
// large enough.
func newTable(l List, space []int32) table {
	size := 1
	for size < 2*len(l) {
		size *= 2
	}
	if need := size + 2*len(l); need > len(space) {
		space = make([]int32, need)
	}
	t := table{
		list:  l,
		seed:  fieldname.NewSeed(),
		slots: space[:size],
		first: space[size:][:len(l)],
		left:  space[size+len(l):][:len(l)],
	}
	for i, e := range l {
		if i > 0 && e.Name == l[i-1].Name { // as Oversign lists them
			t.first[i] = t.first[i-1]
			continue
		}
		slot := t.slot(e.Name)
		if t.slots[slot] == 0 {
			t.slots[slot] = int32(i + 1)
		}
		t.first[i] = t.slots[slot] - 1
	}
	return t
}

// find returns the first entry of a name, or -1.
func (t *table) find(name string) int32 {
	return t.slots[t.slot(name)] - 1
}

// slot returns the slot that holds name, or the free one where it belongs.
func (t *table) slot(name string) int {
	k := fieldname.KeyOf(name)
	mask := uint64(len(t.slots) - 1)
	for slot := fieldname.Hash(t.seed, k, name) & mask; ; slot = (slot + 1) & mask {
		if t.slots[slot] == 0 {
			return int(slot)
		}
		have := t.list[t.slots[slot]-1].Name
		if fieldname.Match(k, name, fieldname.KeyOf(have), have) {
			return int(slot)
		}
	}
}
