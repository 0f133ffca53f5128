package explain

import (
	"bytes"
	"maps"
	"slices"

	"github.com/waxseal/waxseal/canon"
)

// A change is one thing that is undone in a header.
type change struct {
	cause   Cause
	detail  string
	rank    int // 0 is what is tried first
	class   int // of the same change in several fields; 0 is none
	patches []patch
	edits   []fieldEdit // where the field of a patch changes, at the index of the patch
	also    *change     // what else is undone in the same fields: its cause and detail
}

// A patch is another canonical text of a slot.
type patch struct {
	slot int
	text []byte
}

// A fieldEdit replaces a field of the message, removes it (text is nil), or
// puts one on top of the header (field is -1).
type fieldEdit struct {
	field int
	text  []byte
}

// causes are those of a change, that which was done last first.
func (c *change) causes() []Cause {
	if c.also == nil {
		return []Cause{c.cause}
	}
	return []Cause{c.also.cause, c.cause}
}

// overlap reports whether both changes are of one slot.
func overlap(a, b *change) bool {
	for _, p := range a.patches {
		for _, q := range b.patches {
			if p.slot == q.slot {
				return true
			}
		}
	}
	return false
}

// distinct removes changes that change nothing, and those that do what one
// before them does.
func (s *headerSearch) distinct(changes []*change) []*change {
	seen := map[string]bool{}
	var kept []*change
	for _, c := range changes {
		var id []byte
		same := true
		for _, p := range c.patches {
			same = same && bytes.Equal(p.text, s.texts[p.slot])
			id = append(id, byte(p.slot), byte(p.slot>>8))
			if p.text == nil {
				id = append(id, 0)
			}
			id = append(append(id, p.text...), '\n', '\n')
		}
		if !same && !seen[string(id)] && s.budget.octets(len(id)) {
			seen[string(id)] = true
			kept = append(kept, c)
		}
	}
	return kept
}

// classes joins what was done to several fields in the same way.
func (s *headerSearch) classes(changes []*change) []*change {
	byClass := map[int]*change{}
	var order []*change
	for _, c := range changes {
		if c.class == noClass {
			continue
		}
		all := byClass[c.class]
		if all == nil {
			all = &change{cause: c.cause, detail: c.detail + ", and others alike", class: c.class}
			byClass[c.class] = all
			order = append(order, all)
		}
		if !overlap(all, c) {
			all.patches = append(all.patches, c.patches...)
			all.edits = append(all.edits, c.edits...)
		}
	}
	return slices.DeleteFunc(order, func(c *change) bool { return len(c.patches) < 2 })
}

// maxVaried bounds the octets of a field whose spelling is varied: each
// variant is a copy of it.
const maxVaried = 16 << 10

const (
	// maxChanges bounds what is tried of one header: a real one has some 2,000.
	maxChanges = 1 << 14
	// changeOctets is what a change costs besides its octets.
	changeOctets = 256
)

// changes returns all that may have happened to the header.
func (s *headerSearch) changes() []*change {
	var list []*change
	for _, h := range hypotheses() {
		if h.header != nil {
			list = append(list, h.header(s)...)
		}
	}
	own := len(s.slots)
	for k, field := range append(s.slots[:own:own], s.self) {
		if field < 0 {
			continue
		}
		for _, other := range s.variants(k, s.m.header.Field(field)) {
			if len(list) == maxChanges {
				return list
			}
			list = append(list, s.respelled(k, field, s.m.header.Field(field), other))
		}
	}
	return list
}

// variants returns spellings that the field of a slot may have had, given one,
// within the budget.
func (s *headerSearch) variants(slot int, raw []byte) []variant {
	if len(raw) > maxVaried {
		return nil
	}
	v := &varier{m: s.m, raw: raw}
	v.read()
	v.listed = v.name
	if slot < len(s.slots) {
		v.listed = s.sig.Fields[slot]
	}
	for _, h := range hypotheses() {
		if h.field != nil && (!h.simple || s.alg == canon.Simple) {
			h.field(v)
		}
	}
	if !s.budget.octets(v.octets + changeOctets*len(v.list)) {
		return nil
	}
	return v.list
}

// respelled is the change of the field of a slot, or of a part of another change, to another spelling.
func (s *headerSearch) respelled(slot, field int, now []byte, then variant) *change {
	name, _, _ := bytes.Cut(now, []byte(":"))
	c := &change{cause: difference(now, then.raw), detail: "the field " + string(name), rank: then.rank, class: then.class,
		edits: []fieldEdit{{field, then.raw}}}
	text := then.raw
	if slot == len(s.slots) {
		text, _ = emptied(text)
		c.rank = max(1, c.rank)
	}
	c.patches = []patch{{slot, s.alg.AppendField(nil, text)}}
	return c
}

// again returns what else may have happened to the fields that c changes.
func (s *headerSearch) again(c *change) []*change {
	var list []*change
	var all map[int]*change // by class
	if c.class != noClass && len(c.patches) > 1 {
		all = map[int]*change{}
	}
	for i, e := range c.edits {
		if e.text == nil || i >= len(c.patches) {
			continue
		}
		slot := c.patches[i].slot
		for _, other := range s.variants(slot, e.text) {
			if other.rank == maxRank {
				continue
			}
			second := s.respelled(slot, e.field, e.text, other)
			if second.cause == c.cause || bytes.Equal(second.patches[0].text, c.patches[i].text) {
				continue
			}
			if all != nil && second.class != noClass {
				if all[second.class] == nil {
					all[second.class] = &change{cause: c.cause, detail: c.detail, also: &change{cause: second.cause, detail: second.detail}}
				}
				twice := all[second.class]
				twice.patches, twice.edits = append(twice.patches, second.patches...), append(twice.edits, second.edits...)
			}
			twice := second.over(c)
			twice.class = second.class
			list = append(list, twice)
		}
	}
	for _, class := range slices.Sorted(maps.Keys(all)) {
		twice := all[class].over(c)
		twice.class = class
		list = append(list, twice)
	}
	return list
}

// over returns the two changes in one: c where both change a slot.
func (c *change) over(first *change) *change {
	both := &change{cause: c.cause, detail: c.detail, also: c.also}
	if both.also == nil {
		both.also = &change{cause: first.cause, detail: first.detail}
	}
	both.patches, both.edits = slices.Clone(c.patches), slices.Clone(c.edits)
	for i, p := range first.patches {
		if slices.ContainsFunc(c.patches, func(q patch) bool { return q.slot == p.slot }) {
			continue
		}
		both.patches = append(both.patches, p)
		if i < len(first.edits) {
			both.edits = append(both.edits, first.edits[i])
		}
	}
	return both
}
