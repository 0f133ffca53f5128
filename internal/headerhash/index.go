// Package headerhash feeds the header of a message to the hash that a
// signature signs: the fields that h= names, then the signature's own field
// (RFC 6376, sections 3.7 and 5.4.2).
package headerhash

import (
	"slices"

	"github.com/waxseal/waxseal/internal/fieldname"
	"github.com/waxseal/waxseal/internal/message"
)

// An Index finds the fields of one header by name, from the bottom up, in
// time that does not depend on how many there are. It is built once for a
// message and serves all its signatures, one after the other.
type Index struct {
	header *message.Header
	seed   fieldname.Seed // so that a sender cannot choose names that collide
	slots  []int32        // a hash table of names: 1 + the index in names, or 0
	names  []name
	above  []int32 // for each field, the next one upwards that has its name, or -1
	round  int32   // of Select: cursors of an older round start anew
	last   kept    // of Write
}

// A name is one field name, in any case.
type name struct {
	key    fieldname.Key
	bottom int32 // the last field of that name
	count  int32
	cursor int32 // where the next listing continues, in round
	round  int32
}

// Reset makes x an index of h, and keeps its memory.
func (x *Index) Reset(h *message.Header) {
	x.last.fields = nil
	if x.seed == (fieldname.Seed{}) {
		x.seed = fieldname.NewSeed()
	}
	x.header, x.names, x.round = h, slices.Grow(x.names[:0], min(h.Len(), 64)), 0
	size := 16
	for size < 2*h.Len() {
		size *= 2
	}
	if cap(x.slots) < size {
		x.slots = make([]int32, size)
	}
	x.slots = x.slots[:size]
	clear(x.slots)
	if cap(x.above) < h.Len() {
		x.above = make([]int32, h.Len())
	}
	x.above = x.above[:h.Len()]
	for i := range h.Len() {
		k := fieldname.KeyOf(h.Name(i))
		slot := find(x, k, h.Name(i))
		if *slot == 0 {
			if len(x.names) == cap(x.names) {
				x.names = slices.Grow(x.names, len(x.names)) // append adds a quarter, and copies more
			}
			x.names = append(x.names, name{key: k, bottom: -1})
			*slot = int32(len(x.names))
		}
		n := &x.names[*slot-1]
		x.above[i] = n.bottom
		n.bottom = int32(i)
		n.count++
	}
}

// find returns the slot of a field name, whose key is k. The slot is empty if no
// field has the name.
func find[N []byte | string](x *Index, k fieldname.Key, field N) *int32 {
	mask := uint64(len(x.slots) - 1)
	for at := fieldname.Hash(x.seed, k, field) & mask; ; at = (at + 1) & mask {
		slot := &x.slots[at]
		if *slot == 0 {
			return slot
		}
		n := &x.names[*slot-1]
		if fieldname.Match(k, field, n.key, x.header.Name(int(n.bottom))) {
			return slot
		}
	}
}

// Count returns how many fields have the given name, compared without case.
func (x *Index) Count(field string) int {
	if slot := *find(x, fieldname.KeyOf(field), field); slot != 0 {
		return int(x.names[slot-1].count)
	}
	return 0
}

// bottom returns the index of the lowest field of a name that the header has.
func (x *Index) bottom(name []byte) int {
	return int(x.names[*find(x, fieldname.KeyOf(name), name)-1].bottom)
}

// Forget forgets the header, and keeps the memory.
func (x *Index) Forget() { x.header, x.last.fields = nil, nil }

// Select calls use with the index of each field that the names of h= choose,
// in the order of h=: for each listing of a name the next field of that name,
// from the bottom up (section 5.4.2). A name that is used up chooses nothing.
// Field self, the signature that is being processed, is never chosen; -1 if
// the message does not hold it.
func (x *Index) Select(fields []string, self int, use func(field int)) {
	x.round++
	slot, last := int32(0), ""
	for _, field := range fields {
		if !fieldname.Equal(field, last) { // signers list a name twice in a row to oversign it
			slot, last = *find(x, fieldname.KeyOf(field), field), field
		}
		if slot == 0 {
			continue
		}
		n := &x.names[slot-1]
		if n.round != x.round {
			n.round, n.cursor = x.round, n.bottom
		}
		if n.cursor >= 0 && int(n.cursor) == self {
			n.cursor = x.above[self]
		}
		if n.cursor >= 0 {
			use(int(n.cursor))
			n.cursor = x.above[n.cursor]
		}
	}
}
