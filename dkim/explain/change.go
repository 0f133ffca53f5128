package explain

import (
	"bytes"
	"maps"
	"slices"

	"github.com/waxseal/waxseal/canon"
	mail "github.com/waxseal/waxseal/internal/message"
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

// headerLineEndings makes CRLF of each CR and LF that is not one, in all fields.
func headerLineEndings(s *headerSearch) []*change {
	c := &change{cause: LineEndings, detail: "header lines that end in LF or CR alone"}
	for k, field := range s.slots {
		if field < 0 {
			continue
		}
		raw := s.m.header.Field(field)
		if edits := bareEnds(raw, true); len(edits) > 0 {
			then := apply(raw, edits)
			c.patches = append(c.patches, patch{k, s.alg.AppendField(nil, then)})
			c.edits = append(c.edits, fieldEdit{field, then})
		}
	}
	if len(c.patches) == 0 {
		return nil
	}
	return []*change{c}
}

// headerWrapped takes the two fields that describe the body from a part: the
// message may have become one.
func headerWrapped(s *headerSearch) []*change {
	var list []*change
	for _, p := range s.m.parts {
		if p.depth == 0 || len(list) == maxMarks {
			continue
		}
		c := &change{cause: Wrapped, detail: "the fields of the header that describe the body"}
		for k, field := range s.slots {
			var name string
			for _, n := range []string{"Content-Type", "Content-Transfer-Encoding"} {
				if mail.EqualName(s.sig.Fields[k], n) {
					name = n
				}
			}
			_, value := p.field(s.m.bodyText(), name)
			if name == "" || field < 0 && value == "" {
				continue
			}
			var then []byte
			if value != "" {
				then = []byte(name + ":" + value + "\r\n")
			}
			if field < 0 && slices.ContainsFunc(s.slots[:k], func(f int) bool { return f >= 0 && mail.EqualName(s.m.header.Name(f), name) }) {
				continue // it is there, and h= asserts that it is not there once more
			}
			c.edits = append(c.edits, fieldEdit{field, then})
			text := then
			if then != nil {
				text = s.alg.AppendField(nil, then)
			}
			c.patches = append(c.patches, patch{k, text})
		}
		if len(c.patches) > 0 {
			list = append(list, c)
		}
	}
	return list
}

// signatureSpacing makes the own field as signers do that empty b= in a way of
// their own.
func signatureSpacing(s *headerSearch) []*change {
	raw := s.m.header.Field(s.self)
	own, value := emptied(raw)
	b := raw[value[0]:value[1]]
	first := b[:len(b)-len(bytes.TrimLeft(b, " \t\r\n"))]
	last := b[len(bytes.TrimRight(b, " \t\r\n")):]
	var list []*change
	for _, v := range []struct {
		text   []byte
		detail string
	}{
		{slices.Concat(own[:value[0]], first, own[value[0]:]), "the signer left white space after b= in what it signed"},
		{slices.Concat(own[:value[0]], last, own[value[0]:]), "the signer left white space after the value of b= in what it signed"},
		{slices.Concat(own[:value[0]], first, last, own[value[0]:]), "the signer left the white space around the value of b= in what it signed"},
		{slices.Concat(own[:value[0]], []byte(" "), own[value[0]:]), "the signer signed a space after b="},
		{slices.Concat(own, []byte("\r\n")), "the signer signed a CRLF at the end of the signature field"},
		{bytes.TrimSuffix(own, []byte(";")), "the signer signed the field without the semicolon at its end"},
		{raw[:len(raw)-len("\r\n")], "the signer signed the field with the value of b="},
		{nil, "the signer did not sign the signature field"},
	} {
		list = append(list, &change{cause: SignatureSpacing, detail: v.detail, rank: 1,
			patches: []patch{{len(s.slots), s.canonicalOwn(v.text)}}})
	}
	return list
}

// canonicalOwn is the canonical form of an own field, which can end in CRLF, or
// be none at all.
func (s *headerSearch) canonicalOwn(text []byte) []byte {
	if text == nil {
		return nil
	}
	return s.alg.AppendField(nil, text)
}

// otherHeaderCanon canonicalizes by the algorithm that c= does not name.
func otherHeaderCanon(s *headerSearch) []*change {
	other := otherAlgorithm(s.alg)
	c := &change{cause: OtherCanon, rank: 1,
		detail: "the signer canonicalized the header by " + other.String() + ", and c= says " + s.alg.String()}
	for k, text := range s.canonicalTexts(other) {
		c.patches = append(c.patches, patch{k, text})
	}
	return []*change{c}
}

// fieldsAdded takes out one field.
func fieldsAdded(s *headerSearch) []*change {
	const most = 128 // fields that are taken out; real signatures cover under 50
	var list []*change
	for i := range s.m.header.Len() {
		name := string(s.m.header.Name(i))
		if i == s.self || !s.listed[asciiLower(name)] || len(list) == most {
			continue
		}
		if !s.budget.octets(s.m.header.Size() + changeOctets) {
			break
		}
		c := s.reselected(s.choose(i, false))
		if len(c.patches) == 0 {
			continue
		}
		c.cause, c.detail, c.rank = FieldAdded, "the field "+name+", which was not there", 1
		text := canon.Relaxed.AppendField(nil, s.m.header.Field(i))
		for _, k := range s.byName[asciiLower(name)] {
			if k != i && bytes.Equal(canon.Relaxed.AppendField(nil, s.m.header.Field(k)), text) {
				c.cause, c.detail = FieldDuplicated, "the field "+name+", which was there once less"
			}
		}
		if containsFold(oftenAdded(), name) {
			c.rank = 0
		}
		c.edits = []fieldEdit{{i, nil}}
		list = append(list, c)
	}
	return list
}

func oftenAdded() []string {
	return []string{"Reply-To", "Sender", "Cc", "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Subject", "To", "Date",
		"Message-ID", "List-Id", "List-Unsubscribe", "List-Post"}
}

// fieldOrder takes fields of one name from the top down.
func fieldOrder(s *headerSearch) []*change {
	c := s.reselected(s.choose(-1, true))
	if len(c.patches) == 0 {
		return nil
	}
	c.cause, c.detail, c.rank = FieldOrder, "fields of one name, which changed places or were signed from the top down", 1
	for _, name := range slices.Sorted(maps.Keys(s.listed)) {
		all := s.byName[name]
		for n, k := range all {
			if then := s.m.header.Field(all[len(all)-1-n]); !bytes.Equal(then, s.m.header.Field(k)) {
				c.edits = append(c.edits, fieldEdit{k, then})
			}
		}
	}
	return []*change{c}
}

// reselected returns the change to other slots.
func (s *headerSearch) reselected(slots []int) *change {
	c := new(change)
	for k, field := range slots {
		if field == s.slots[k] {
			continue
		}
		var text []byte
		if field >= 0 {
			text = s.alg.AppendField(nil, s.m.header.Field(field))
		}
		if !bytes.Equal(text, s.texts[k]) {
			c.patches = append(c.patches, patch{k, text})
		}
	}
	return c
}

// fieldsRemoved puts in the fields of h= that the message has not, with values
// that can be guessed.
func fieldsRemoved(s *headerSearch) []*change {
	var list []*change
	done := map[string]bool{}
	for k, name := range s.sig.Fields {
		if s.slots[k] >= 0 || done[asciiLower(name)] {
			continue
		}
		done[asciiLower(name)] = true
		for _, value := range guesses(name, s.m) {
			c := s.fill(k, name, value)
			if !s.budget.octets(len(c.patches[0].text) + changeOctets) {
				return list
			}
			list = append(list, c)
		}
	}
	return list
}

func (s *headerSearch) fill(slot int, name, value string) *change {
	raw := []byte(properName(name) + ":" + value + "\r\n")
	return &change{cause: FieldRemoved, detail: "the field " + properName(name) + ", which is gone", rank: 1,
		patches: []patch{{slot, s.alg.AppendField(nil, raw)}}, edits: []fieldEdit{{-1, raw}}}
}

func containsFold(list []string, name string) bool {
	return slices.ContainsFunc(list, func(l string) bool { return mail.EqualName(l, name) })
}
