package explain

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/ed25519"
	"hash"
	"slices"
	"strings"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/internal/taglist"
)

// A headerSearch looks for the header that b= was made over.
type headerSearch struct {
	budget *budget
	m      *message
	sig    *dkim.Signature
	self   int // the field of the signature
	alg    canon.Algorithm
	hash   crypto.Hash
	body   []byte // the hash of the body as it is
	keys   []signingKey

	byName map[string][]int // the fields of each name, from the top down, without the own one
	listed map[string]bool  // the names in h=

	slots  []int       // for each name in h=, the field that it chooses, or -1
	texts  [][]byte    // canonical, for each of slots, then for the signature's own field
	before []hash.Hash // the running hash before each of texts

	scratch [][]byte // of text

	found   []*change // what was undone; nil when nothing had to be
	foundBy *signingKey
	ok      bool
	raw     bool // Ed25519 over the octets, not over their hash
}

// A signingKey is a key, with the digest that it signed where that can be read.
type signingKey struct {
	key
	signed []byte
}

func newHeaderSearch(b *budget, r *Report, keys []key) *headerSearch {
	sig, kind := r.sig, r.Hashes.kind
	s := selectHeader(r.message, sig, r.self)
	s.budget, s.hash, s.body = b, kind, r.Hashes.Body
	for _, k := range keys {
		signed := k.signedDigest(kind, sig.Value)
		if _, ok := k.public.(ed25519.PublicKey); ok || signed != nil {
			s.keys = append(s.keys, signingKey{k, signed})
		}
	}
	h := kind.New()
	for _, text := range s.texts {
		s.before = append(s.before, clone(h))
		h.Write(text)
	}
	return s
}

// selectHeader chooses what a signature signs of a message.
func selectHeader(m *message, sig *dkim.Signature, self int) *headerSearch {
	s := &headerSearch{m: m, sig: sig, self: self, alg: sig.Canon.Header, byName: map[string][]int{}, listed: map[string]bool{}}
	for i := range m.header.Len() {
		if i != self {
			name := asciiLower(string(m.header.Name(i)))
			s.byName[name] = append(s.byName[name], i)
		}
	}
	for _, name := range sig.Fields {
		s.listed[asciiLower(name)] = true
	}
	s.slots = s.choose(-1, false)
	s.texts = s.canonicalTexts(s.alg)
	return s
}

// clone returns a copy of a running hash, which those of the standard library can make.
func clone(h hash.Hash) hash.Hash {
	c, err := h.(hash.Cloner).Clone()
	if err != nil {
		panic(err) // SHA-1 and SHA-256 have no such error
	}
	return c
}

// choose returns the field that each name of h= chooses when field without is
// not there: from the bottom up, or from the top down.
func (s *headerSearch) choose(without int, topDown bool) []int {
	used := map[string]int{}
	slots := make([]int, len(s.sig.Fields))
	for k, name := range s.sig.Fields {
		slots[k] = -1
		name = asciiLower(name)
		all := s.byName[name]
		for n := used[name]; n < len(all); n++ {
			i := all[n]
			if !topDown {
				i = all[len(all)-1-n]
			}
			used[name] = n + 1
			if i != without {
				slots[k] = i
				break
			}
		}
	}
	return slots
}

// asciiLower makes ASCII letters small: others that fold to them are others.
func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

func (s *headerSearch) canonicalTexts(alg canon.Algorithm) [][]byte {
	texts := make([][]byte, len(s.slots)+1)
	for k, field := range s.slots {
		if field >= 0 {
			texts[k] = alg.AppendField(nil, s.m.header.Field(field))
		}
	}
	own, _ := emptied(s.m.header.Field(s.self))
	texts[len(s.slots)] = alg.AppendField(nil, own)
	return texts
}

// emptied returns a signature field with the value of b= taken out, without
// the CRLF at its end, and where the value was.
func emptied(raw []byte) (own []byte, value [2]int) {
	raw = bytes.TrimSuffix(raw, []byte("\r\n"))
	colon := bytes.IndexByte(raw, ':') + 1
	list, _ := taglist.Parse(string(raw[colon:]))
	for _, t := range list {
		if t.Name == "b" {
			value = [2]int{colon + t.Start, colon + t.End}
		}
	}
	if value[1] == 0 {
		return raw, value
	}
	return slices.Concat(raw[:value[0]], raw[value[1]:]), value
}

// text returns what is hashed from slot on, with changes made.
func (s *headerSearch) text(slot int, changes ...*change) []byte {
	texts := append(s.scratch[:0], s.texts[slot:]...)
	for _, c := range changes {
		for _, p := range c.patches {
			texts[p.slot-slot] = p.text
		}
	}
	s.scratch = texts
	return bytes.Join(texts, nil)
}

// digest returns the hash of the header with changes made, within the budget.
func (s *headerSearch) digest(changes ...*change) ([]byte, bool) {
	first := len(s.texts) - 1
	for _, c := range changes {
		for _, p := range c.patches {
			first = min(first, p.slot)
		}
	}
	text := s.text(first, changes...)
	const slotOctets = 16 // what a slot costs
	if !s.budget.octets(len(text) + sumOctets + slotOctets*(len(s.texts)-first)) {
		return nil, false
	}
	h := clone(s.before[first])
	h.Write(text)
	return h.Sum(nil), true
}

// try looks whether b= was made over the header with changes made.
func (s *headerSearch) try(keys []signingKey, undigested bool, changes ...*change) bool {
	if s.ok {
		return true
	}
	digest, ok := s.digest(changes...)
	if !ok {
		return false
	}
	for i := range keys {
		k := &keys[i]
		if k.signed != nil {
			if !bytes.Equal(k.signed, digest) {
				continue
			}
		} else if !s.budget.check() {
			return false
		}
		good, raw := k.verifies(s.hash, digest, s.sig.Value), false
		if !good && undigested && k.signed == nil && s.budget.check() {
			good = k.verifies(s.hash, s.text(0, changes...), s.sig.Value)
			raw = good
		}
		if good {
			s.found, s.foundBy, s.ok, s.raw = changes, k, true, raw
			return true
		}
	}
	return false
}

// run searches, and reports whether it found something.
func (s *headerSearch) run() bool {
	if len(s.keys) == 0 || s.try(s.keys, true) {
		return s.ok
	}
	copies := s.fromCopies()
	if len(copies) > 0 && s.try(s.keys, false, copies...) {
		return true
	}
	changes := append(copies, s.changes()...)
	slices.SortStableFunc(changes, func(a, b *change) int { return cmp.Compare(a.rank, b.rank) })
	changes = s.distinct(changes)
	first := s.keys[:1]
	classes := s.classes(changes)
	if s.tryAll(first, changes) || s.tryAll(first, classes) || s.tryAll(s.keys[1:], changes) {
		return true
	}
	const likely = 1 // of the sum of two ranks
	changes = append(classes, changes...)
	return s.tryTwo(first, changes, 0, likely) || s.tryTwice(first, changes, classes) || s.tryThree(first, changes) ||
		s.tryTwo(first, changes, likely+1, 2*maxRank)
}

// maxRank is the rank of what is tried last.
const maxRank = 2

func (s *headerSearch) tryAll(keys []signingKey, changes []*change) bool {
	for _, c := range changes {
		if len(keys) > 0 && s.try(keys, true, c) {
			return true
		}
	}
	return false
}

// tryTwo tries two changes at once whose ranks have a sum of low to high: the
// likely ones with each other, then with the others.
func (s *headerSearch) tryTwo(keys []signingKey, changes []*change, low, high int) bool {
	ofRank := func(rank int) []*change {
		start := slices.IndexFunc(changes, func(c *change) bool { return c.rank >= rank })
		if start < 0 {
			return nil
		}
		end := slices.IndexFunc(changes, func(c *change) bool { return c.rank > rank })
		if end < 0 {
			end = len(changes)
		}
		return changes[start:end]
	}
	for sum := low; sum <= high; sum++ {
		for rank := max(0, sum-maxRank); 2*rank <= sum; rank++ {
			others := ofRank(sum - rank)
			for i, a := range ofRank(rank) {
				if sum == 2*rank {
					others = ofRank(rank)[i+1:]
				}
				for _, b := range others {
					if overlap(a, b) {
						continue
					}
					if s.try(keys, false, a, b) {
						return true
					}
					if s.budget.over {
						return false
					}
				}
			}
		}
	}
	return false
}

// tryTwice tries two changes to one field, and one to a field with one to all
// fields, which classes are.
func (s *headerSearch) tryTwice(keys []signingKey, changes, classes []*change) bool {
	for _, b := range changes {
		if b.rank == maxRank {
			continue
		}
		for _, twice := range s.again(b) {
			if s.try(keys, false, twice) {
				return true
			}
			for _, all := range classes {
				if all.class == twice.class && s.try(keys, false, twice.over(all)) {
					return true
				}
			}
			if s.budget.over {
				return false
			}
		}
	}
	return false
}

// tryThree tries three of what is likely, as mailing lists do to a header.
func (s *headerSearch) tryThree(keys []signingKey, changes []*change) bool {
	n := 0
	for n < len(changes) && changes[n].rank == 0 {
		n++
	}
	const most = 40 // likely changes: 9,880 triples
	changes = changes[:min(n, most)]
	for i, a := range changes {
		for k, b := range changes[i+1:] {
			if overlap(a, b) {
				continue
			}
			for _, c := range changes[i+1+k+1:] {
				if overlap(a, c) || overlap(b, c) {
					continue
				}
				if s.try(keys, false, a, b, c) {
					return true
				}
				if s.budget.over {
					return false
				}
			}
		}
	}
	return false
}
