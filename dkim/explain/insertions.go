package explain

import (
	"bytes"
	"hash"

	"github.com/waxseal/waxseal/canon"
)

const (
	// maxInserted is how many lines a gateway may have put above or within a
	// body, where that is tried without regard to the cost: a banner in HTML has
	// 10 to 40.
	maxInserted = 60
	// maxBorders bounds the places of a body between which an insertion is
	// looked for: a running hash of 200 octets is kept for each.
	maxBorders = 4096
	// maxMarks bounds the boundaries before which a footer is looked for.
	maxMarks = 16
	// maxWithin bounds the octets of an insertion that begins or ends within a line.
	maxWithin = 4096
	// searchShare is the part, one of so many, of the octets that are left that
	// one search of a quadratic cost may take.
	searchShare = 4
)

// An insertionSearch looks for text that was put into a body.
type insertionSearch struct {
	*bodySearch
	text    []byte // canonical
	borders []int  // offsets in text where an insertion may begin or end
	marks   []int  // of borders: those before a boundary or the end of an HTML body
	tops    []int  // of borders: those after the start of an HTML body
	hashes  []hash.Hash
}

// insertions looks for text that was put into data above or within: at the
// top, before a boundary, before two boundaries, or, with what a share of the
// budget allows, between any two lines.
func insertions(s *bodySearch, c chain, data []byte) {
	if s.length != nil || !s.budget.octets(2*len(data)) {
		return
	}
	in := &insertionSearch{bodySearch: s, text: canonical(s.alg, data)}
	in.split()
	if !in.prefixes() {
		return
	}
	left := s.budget.left.Octets / searchShare
	limit := func(n int) bool {
		if left -= int64(n); left < 0 {
			s.budget.over = true
			return false
		}
		return s.budget.octets(n)
	}
	use := func(cuts ...[2]int) bool {
		edits := make([]edit, len(cuts))
		for i, cut := range cuts {
			edits[i] = edit{in.raw(data, cut[0]), in.raw(data, cut[1]), ""}
		}
		st := step{Banner, "text that was put in", edits}
		rest := in.text[cuts[len(cuts)-1][1]:]
		if cuts[0][0] > 0 && (bytes.HasPrefix(rest, []byte("--")) || bytes.HasPrefix(rest, []byte("</"))) {
			st.cause, st.detail = Footer, "text that was put in at the end of a part"
		}
		before := s.found
		s.try(c.with(st), apply(data, edits), s.alg)
		return s.found && !before || s.done(len(c)+1)
	}
	if in.top(limit, use) || in.beforeMarks(limit, use) || in.beforeTwoMarks(limit, use) ||
		in.withinBefore(limit, use) || in.withinAfter(limit, use) {
		return
	}
	in.anywhere(limit, use)
}

// split finds the borders of lines, and those within a line of HTML at which
// gateways put their text.
func (in *insertionSearch) split() {
	mark := func() {
		if n := len(in.borders) - 1; len(in.marks) < maxMarks && (len(in.marks) == 0 || in.marks[len(in.marks)-1] < n) {
			in.marks = append(in.marks, n)
		}
	}
	for start := 0; start < len(in.text) && len(in.borders) < maxBorders; {
		next := lineEnd(in.text, start)
		line := in.text[start:next]
		in.borders = append(in.borders, start)
		if bytes.HasPrefix(line, []byte("--")) {
			mark()
		}
		if at := indexFold(line, "<body"); at >= 0 {
			if end := bytes.IndexByte(line[at:], '>'); end >= 0 && at+end+1 < len(line) {
				in.borders = append(in.borders, start+at+end+1)
				in.tops = append(in.tops, len(in.borders)-1)
			}
		}
		if at := indexFold(line, "</body"); at >= 0 && start+at >= in.borders[len(in.borders)-1] {
			if start+at > in.borders[len(in.borders)-1] {
				in.borders = append(in.borders, start+at)
			}
			mark()
		}
		start = next
	}
}

// indexFold is bytes.Index without case, in ASCII; find is lower-case.
func indexFold(s []byte, find string) int {
	for at := 0; ; at++ {
		k := bytes.IndexByte(s[at:], find[0])
		if k < 0 {
			return -1
		}
		at += k
		if len(s)-at < len(find) {
			return -1
		}
		if string(bytes.ToLower(s[at:at+len(find)])) == find {
			return at
		}
	}
}

// prefixes keeps a running hash for each border.
func (in *insertionSearch) prefixes() bool {
	if !in.budget.octets(len(in.text)) {
		return false
	}
	h := in.kind.New()
	at := 0
	for _, b := range in.borders {
		h.Write(in.text[at:b])
		at = b
		in.hashes = append(in.hashes, clone(h))
	}
	return true
}

// without reports whether the text without [border i, border j) has the hash.
func (in *insertionSearch) without(i, j int) bool {
	h := clone(in.hashes[i])
	h.Write(in.text[in.borders[j]:])
	return bytes.Equal(h.Sum(nil), in.want)
}

// raw returns the offset in data of an offset in the text: canonicalization
// keeps lines, and of a line all but runs of white space.
func (in *insertionSearch) raw(data []byte, offset int) int {
	start := bytes.LastIndex(in.text[:offset], []byte("\r\n")) + 2
	if start == 1 { // there is none
		start = 0
	}
	at := rawOffset(data, in.text, start)
	for ; start < offset && at < len(data); start++ {
		at++
		if in.alg == canon.Relaxed && in.text[start] == ' ' {
			for at < len(data) && (data[at] == ' ' || data[at] == '\t') {
				at++
			}
		}
	}
	return at
}

// top looks for a banner at the top of the body, or of a part of it, with or
// without a footer at the end.
func (in *insertionSearch) top(limit func(int) bool, use func(...[2]int) bool) bool {
	starts := []int{0}
	for k, b := range in.borders {
		blank := bytes.HasPrefix(in.text[b:], []byte("\r\n"))
		if blank && k+1 < len(in.borders) && len(in.marks) > 0 && len(starts) < maxMarks {
			starts = append(starts, k+1) // the start of a part, perhaps
		}
	}
	for _, i := range starts {
		for j := i + 1; j < len(in.borders) && j <= i+maxInserted; j++ {
			tail := in.text[in.borders[j]:]
			if !limit(len(tail) + sumOctets) {
				return false
			}
			h := clone(in.hashes[i])
			ok := false
			if i == 0 {
				var cut int
				cut, ok = in.scan(h, tail)
				ok = ok && cut > 0
			} else {
				h.Write(tail)
				ok = bytes.Equal(h.Sum(nil), in.want)
			}
			if ok && use([2]int{in.borders[i], in.borders[j]}) {
				return true
			}
		}
	}
	return false
}

// beforeMarks looks for text before a boundary, or before the end of HTML.
func (in *insertionSearch) beforeMarks(limit func(int) bool, use func(...[2]int) bool) bool {
	for m := len(in.marks) - 1; m >= 0; m-- {
		j := in.marks[m]
		for i := j - 1; i >= 0 && i >= j-maxInserted; i-- {
			if !limit(len(in.text) - in.borders[j] + sumOctets) {
				return false
			}
			if in.without(i, j) && use([2]int{in.borders[i], in.borders[j]}) {
				return true
			}
		}
	}
	return false
}

// beforeTwoMarks looks for text before two boundaries: gateways put a footer
// into the plain text and into the HTML of a message.
func (in *insertionSearch) beforeTwoMarks(limit func(int) bool, use func(...[2]int) bool) bool {
	const most = 24 // lines of each
	for m := 0; m+1 < len(in.marks); m++ {
		for n := m + 1; n < len(in.marks) && n <= m+3; n++ {
			j1, j2 := in.marks[m], in.marks[n]
			for i1 := j1 - 1; i1 >= 0 && i1 >= j1-most; i1-- {
				g := clone(in.hashes[i1])
				first := max(j1+1, j2-most)
				if !limit(in.borders[first] - in.borders[j1]) {
					return false
				}
				g.Write(in.text[in.borders[j1]:in.borders[first]])
				for i2 := first; i2 < j2; i2++ {
					if !limit(len(in.text) - in.borders[j2] + sumOctets) {
						return false
					}
					end := clone(g)
					end.Write(in.text[in.borders[j2]:])
					if bytes.Equal(end.Sum(nil), in.want) &&
						use([2]int{in.borders[i1], in.borders[j1]}, [2]int{in.borders[i2], in.borders[j2]}) {
						return true
					}
					g.Write(in.text[in.borders[i2]:in.borders[i2+1]])
				}
			}
		}
	}
	return false
}

// withinBefore looks for text before a boundary or the end of HTML that begins
// within a line: HTML has lines of any length.
func (in *insertionSearch) withinBefore(limit func(int) bool, use func(...[2]int) bool) bool {
	for m := len(in.marks) - 1; m >= 0; m-- {
		end := in.borders[in.marks[m]]
		first := in.marks[m]
		for first > 0 && end-in.borders[first] < maxWithin {
			first--
		}
		if !limit(end - in.borders[first]) {
			return false
		}
		h := clone(in.hashes[first])
		for at := in.borders[first]; at < end; at++ {
			if end-at <= maxWithin {
				if !limit(len(in.text) - end + sumOctets) {
					return false
				}
				g := clone(h)
				g.Write(in.text[end:])
				if bytes.Equal(g.Sum(nil), in.want) && use([2]int{at, end}) {
					return true
				}
			}
			h.Write(in.text[at : at+1])
		}
	}
	return false
}

// withinAfter looks for text after the start of HTML that ends within a line.
func (in *insertionSearch) withinAfter(limit func(int) bool, use func(...[2]int) bool) bool {
	for _, top := range in.tops {
		start := in.borders[top]
		for end := start + 1; end < len(in.text) && end-start <= maxWithin; end++ {
			if !limit(len(in.text) - end + sumOctets) {
				return false
			}
			g := clone(in.hashes[top])
			g.Write(in.text[end:])
			if bytes.Equal(g.Sum(nil), in.want) && use([2]int{start, end}) {
				return true
			}
		}
	}
	return false
}

// anywhere looks for text between any two borders, the short ones first.
func (in *insertionSearch) anywhere(limit func(int) bool, use func(...[2]int) bool) bool {
	for n := 1; n < len(in.borders); n++ {
		for i := 0; i+n < len(in.borders); i++ {
			if !limit(len(in.text) - in.borders[i+n] + sumOctets) {
				return false
			}
			if in.without(i, i+n) && use([2]int{in.borders[i], in.borders[i+n]}) {
				return true
			}
		}
	}
	return false
}
