package explain

import (
	"bytes"
	"maps"
	"slices"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/internal/fieldname"
)

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
				if fieldname.Equal(s.sig.Fields[k], n) {
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
			if field < 0 && slices.ContainsFunc(s.slots[:k], func(f int) bool { return f >= 0 && fieldname.Equal(s.m.header.Name(f), name) }) {
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

// fieldsAdded takes out one field.
func fieldsAdded(s *headerSearch) []*change {
	const most = 128 // fields that are taken out; real signatures cover under 50
	var list []*change
	for _, i := range s.slots { // without a field that is not chosen, h= chooses the same
		if i < 0 || len(list) == most {
			continue
		}
		name := string(s.m.header.Name(i))
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
	return slices.ContainsFunc(list, func(l string) bool { return fieldname.Equal(l, name) })
}
