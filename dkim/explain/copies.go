package explain

import (
	"bytes"

	"github.com/waxseal/waxseal/dkim"
)

// A Copy compares one field that z= has with the field that the message has.
// The values are what the sender and the relays wrote: nothing in them is made
// safe to print.
type Copy struct {
	Name   string
	Then   string // what followed the colon when the message was signed, by z=
	Now    string // and what follows it now, folds included; "" when the field is gone
	Gone   bool
	Differ bool // the canonical forms differ, or the field is gone
}

// matchCopies returns, for each field of z=, the field of the message that h=
// would have chosen for it, from the bottom up, or -1.
func (s *headerSearch) matchCopies() []int {
	used := map[string]int{}
	match := make([]int, len(s.sig.Copied))
	for i := len(s.sig.Copied) - 1; i >= 0; i-- {
		name := asciiLower(s.sig.Copied[i].Name)
		match[i] = -1
		if all := s.byName[name]; used[name] < len(all) {
			match[i] = all[len(all)-1-used[name]]
		}
		used[name]++
	}
	return match
}

// compareCopies compares z= with the message.
func (s *headerSearch) compareCopies() []Copy {
	m, sig := s.m, s.sig
	var list []Copy
	for i, field := range s.matchCopies() {
		z := sig.Copied[i]
		c := Copy{Name: z.Name, Then: z.Value, Gone: field < 0, Differ: true}
		if field >= 0 {
			c.Now = string(bytes.TrimSuffix(m.header.Value(field), []byte("\r\n")))
			c.Differ = !bytes.Equal(sig.Canon.Header.AppendField(nil, m.header.Field(field)), sig.Canon.Header.AppendField(nil, copied(z)))
		}
		list = append(list, c)
	}
	return list
}

// copied is a field of z= as it was.
func copied(z dkim.CopiedField) []byte { return []byte(z.Name + ":" + z.Value + "\r\n") }

// fromCopies returns the changes that make the header what z= says it was.
func (s *headerSearch) fromCopies() []*change {
	left := map[string][]int{} // of z=; the last one is next
	for i, z := range s.sig.Copied {
		name := asciiLower(z.Name)
		left[name] = append(left[name], i)
	}
	var list []*change
	if len(s.sig.Copied) == 0 {
		return nil
	}
	for k, name := range s.sig.Fields {
		at := -1
		if of := left[asciiLower(name)]; len(of) > 0 {
			at = of[len(of)-1]
			left[asciiLower(name)] = of[:len(of)-1]
		}
		if !s.budget.octets(changeOctets) {
			return nil
		}
		field := s.slots[k]
		switch {
		case at < 0 && field < 0:
		case at < 0:
			c := s.reselected(s.choose(field, false))
			c.cause, c.detail, c.edits = FieldAdded, "the field "+name+", which z= does not have", []fieldEdit{{field, nil}}
			list = append(list, c)
		case field < 0:
			list = append(list, s.fill(k, s.sig.Copied[at].Name, s.sig.Copied[at].Value))
		default:
			raw, then := s.m.header.Field(field), copied(s.sig.Copied[at])
			if text := s.alg.AppendField(nil, then); !bytes.Equal(text, s.texts[k]) {
				list = append(list, &change{cause: difference(raw, then), detail: "the field " + name + ", by z=",
					patches: []patch{{k, text}}, edits: []fieldEdit{{field, then}}})
			}
		}
	}
	return list
}
