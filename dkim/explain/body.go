package explain

import (
	"bytes"
	"crypto"
	"hash"

	"github.com/waxseal/waxseal/canon"
)

// A bodySearch looks for the body that has the hash of bh=.
type bodySearch struct {
	budget *budget
	body   []byte
	alg    canon.Algorithm
	kind   crypto.Hash
	length *int64 // l=
	want   []byte // bh=
	mime   *part  // of the message

	best  chain  // the shortest that was found
	data  []byte // what it makes of the body
	found bool
}

// run searches, and reports whether it found something. What takes one step
// comes before what takes two.
func (s *bodySearch) run() bool {
	if s.try(nil, s.body, s.alg); s.done(1) {
		return true
	}
	type made struct {
		chain chain
		data  []byte
	}
	var once []made // what one step makes
	table := hypotheses()
	for _, h := range table {
		for _, st := range s.steps(h, s.body) {
			data := apply(s.body, st.edits)
			c := chain{st}
			if s.try(c, data, s.alg); s.done(1) {
				return true
			}
			if len(s.body) <= maxPairs {
				once = append(once, made{c, data})
			}
		}
	}
	for _, h := range table {
		if h.search == nil {
			continue
		}
		if h.search(s, nil, s.body); s.done(1) {
			return true
		}
	}
	if s.found {
		return true
	}
	whole := s.mime
	for _, m := range once {
		s.mime = s.after(m.chain[0], whole)
		for _, h := range table {
			if h.cause == m.chain[0].cause {
				continue
			}
			for _, st := range s.steps(h, m.data) {
				if s.try(m.chain.with(st), apply(m.data, st.edits), s.alg); s.done(2) {
					return true
				}
			}
		}
	}
	s.mime = whole
	for _, h := range table {
		if h.search == nil {
			continue
		}
		for _, m := range once {
			if h.search(s, m.chain, m.data); s.done(2) {
				return true
			}
		}
	}
	return s.found
}

// after returns what the message is, as a part, once a step is undone.
func (s *bodySearch) after(st step, whole *part) *part {
	is := whole
	if st.cause == Wrapped {
		s.parts(s.body, func(p *part) {
			if p.body == st.edits[0].end {
				is = p
			}
		})
	}
	return is
}

// steps returns the steps by which a hypothesis changes data, within the budget.
func (s *bodySearch) steps(h hypothesis, data []byte) []step {
	if h.steps == nil || !s.budget.octets(len(data)) {
		return nil
	}
	list := h.steps(s, data)
	kept := list[:0]
	for _, st := range list {
		if len(st.edits) > 0 && len(st.edits) < maxEdits && s.budget.octets(len(data)) {
			kept = append(kept, st)
		}
	}
	return kept
}

// maxPairs bounds the octets of a body on which two transformations are tried
// one after the other: what the first makes is kept in memory.
const maxPairs = 1 << 20

// done reports whether something was found that takes at most so many steps.
func (s *bodySearch) done(steps int) bool { return s.found && len(s.best) <= steps }

func (s *bodySearch) keep(c chain, data []byte) {
	if !s.found || len(c) < len(s.best) {
		s.best, s.data, s.found = c, data, true
	}
}

// canonical returns the canonical form of a whole body.
func canonical(alg canon.Algorithm, body []byte) []byte {
	var buf bytes.Buffer
	buf.Grow(len(body) + 2)
	w := alg.NewBodyWriter(&buf)
	w.Write(body) // a bytes.Buffer takes all
	w.Close()
	return buf.Bytes()
}

func (s *bodySearch) matches(text []byte) bool {
	h := s.kind.New()
	h.Write(text)
	return bytes.Equal(h.Sum(nil), s.want)
}

// try looks whether data, or what it holds up to one of its line ends, has the
// hash: c is how data was made.
func (s *bodySearch) try(c chain, data []byte, alg canon.Algorithm) {
	if !s.budget.octets(2 * len(data)) {
		return
	}
	text := canonical(alg, data)
	if s.length != nil {
		if *s.length <= int64(len(text)) && s.matches(text[:*s.length]) {
			s.keep(c, data)
		}
		return
	}
	cut, ok := s.scan(s.kind.New(), text)
	switch {
	case !ok:
	case cut == len(text):
		s.keep(c, data)
	default:
		at := rawOffset(data, text, cut)
		c = c.with(step{Footer, "text after the end of what was signed", []edit{{at, len(data), ""}}})
		s.keep(c, data[:at])
	}
}

// scan writes text to h and returns where its hash, as the end of a body, is
// the one that is wanted: at the end of a line that is not blank.
func (s *bodySearch) scan(h hash.Hash, text []byte) (cut int, ok bool) {
	var sum [64]byte
	if len(text) == 0 || s.alg != canon.Relaxed {
		empty := text[:0]
		if s.alg != canon.Relaxed {
			empty = []byte("\r\n")
		}
		if s.matches(empty) {
			return 0, true
		}
	}
	for start := 0; start < len(text); {
		next := lineEnd(text, start)
		h.Write(text[start:next])
		if next-start > 2 || start == 0 && next == len(text) {
			if !s.budget.octets(sumOctets) {
				return 0, false
			}
			if bytes.Equal(h.Sum(sum[:0]), s.want) {
				return next, true
			}
		}
		start = next
	}
	return 0, false
}

// lineEnd returns where the line that begins at start ends, its CRLF included.
func lineEnd(text []byte, start int) int {
	for at := start; ; {
		lf := bytes.IndexByte(text[at:], '\n')
		if lf < 0 {
			return len(text)
		}
		at += lf + 1
		if at-2 >= start && text[at-2] == '\r' {
			return at
		}
	}
}

// rawOffset returns the offset in data of the line that begins at offset in
// text, its canonical form: canonicalization keeps lines, but for blank ones at
// the end.
func rawOffset(data, text []byte, offset int) int {
	at := 0
	for n := bytes.Count(text[:offset], []byte("\r\n")); n > 0; n-- {
		at = lineEnd(data, at)
	}
	return at
}

// endings tries how signers end a body that do not end it as RFC 6376 wants,
// and lines that end in LF.
func endings(s *bodySearch, c chain, data []byte) {
	if s.length != nil || !s.budget.octets(6*len(data)) {
		return
	}
	text := canonical(s.alg, data)
	trimmed := bytes.TrimSuffix(text, []byte("\r\n"))
	lf := bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	for _, t := range []struct {
		text   []byte
		cause  Cause
		detail string
	}{
		{trimmed, FinalCRLF, "the signer hashed the body without its final CRLF"},
		{data, FinalCRLF, "the signer hashed the body as it is, without canonicalization"},
		{append(bytes.Clone(text), "\r\n"...), FinalCRLF, "the signer hashed the body with one more CRLF at its end"},
		{lf, LineEndings, "the signer hashed lines that end in LF"},
		{bytes.TrimSuffix(lf, []byte("\n")), LineEndings, "the signer hashed lines that end in LF, without the last LF"},
		{bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")), LineEndings, "the signer hashed lines that end in LF, as they are"},
	} {
		if s.matches(t.text) {
			s.keep(c.with(step{t.cause, t.detail, nil}), data)
			return
		}
	}
}

// otherCanon tries the canonicalization that c= does not name.
func otherCanon(s *bodySearch, c chain, data []byte) {
	other := *s
	other.alg, other.found, other.best = otherAlgorithm(s.alg), false, nil
	detail := "the signer canonicalized the body by " + other.alg.String() + ", and c= says " + s.alg.String()
	if other.try(c.with(step{OtherCanon, detail, nil}), data, other.alg); other.found {
		s.keep(other.best, other.data)
	}
}

func otherAlgorithm(a canon.Algorithm) canon.Algorithm {
	if a == canon.Relaxed {
		return canon.Simple
	}
	return canon.Relaxed
}

// oneLine tries what a relay may have done to one line alone: each line in turn
// gets back a space at its end, or a dot at its start.
func oneLine(s *bodySearch, c chain, data []byte) {
	if s.length != nil {
		return
	}
	left := s.budget.left.Octets / searchShare
	for _, t := range []struct {
		cause  Cause
		detail string
		text   string
	}{
		{DotStuffing, "a dot at the start of a line, which was taken away", "."},
		{TrailingSpace, "a space at the end of a line, which was taken away", " "},
	} {
		if t.cause == TrailingSpace && s.alg == canon.Relaxed {
			continue
		}
		if !s.budget.octets(len(data)) {
			return
		}
		text := canonical(s.alg, data)
		h := s.kind.New()
		for start := 0; start < len(text); {
			next := lineEnd(text, start)
			at := start
			if t.cause == TrailingSpace {
				at = max(start, next-2)
			}
			cost := 2*(len(text)-start) + sumOctets
			if left -= int64(cost); left < 0 {
				s.budget.over = true
				return
			}
			if !s.budget.octets(cost) {
				return
			}
			g := clone(h)
			g.Write(text[start:at])
			g.Write([]byte(t.text))
			if _, ok := s.scan(g, text[at:]); ok {
				raw := rawOffset(data, text, start)
				if t.cause == TrailingSpace {
					raw = max(raw, lineEnd(data, raw)-2)
				}
				e := []edit{{raw, raw, t.text}}
				s.try(c.with(step{t.cause, t.detail, e}), apply(data, e), s.alg)
				return
			}
			h.Write(text[start:next])
			start = next
		}
	}
}
