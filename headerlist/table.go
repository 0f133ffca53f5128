package headerlist

import "hash/maphash"

// A table finds the entries of a list by name, with open addressing and at
// most half full. A seed of its own keeps strangers from choosing names that
// collide.
type table struct {
	list  List
	seed  maphash.Seed
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
		seed:  maphash.MakeSeed(),
		slots: space[:size],
		first: space[size:][:len(l)],
		left:  space[size+len(l):][:len(l)],
	}
	for i, e := range l {
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
	var buf [64]byte // longer than the names of real mail
	mask := len(t.slots) - 1
	slot := int(maphash.Bytes(t.seed, appendFold(buf[:0], name))) & mask
	for t.slots[slot] != 0 && !equalFold(t.list[t.slots[slot]-1].Name, name) {
		slot = (slot + 1) & mask
	}
	return slot
}

// appendFold appends s to dst, folded.
func appendFold(dst []byte, s string) []byte {
	for i := range len(s) {
		dst = append(dst, fold(s[i]))
	}
	return dst
}

// equalFold reports whether a and b are equal when folded.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if fold(a[i]) != fold(b[i]) {
			return false
		}
	}
	return true
}

// fold returns an ASCII letter in lower case and anything else as it is:
// U+212A KELVIN SIGN is no "k" in a field name.
func fold(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
