package main

import (
	"path"
	"slices"
	"strings"
)

// An Equivalent is a break that no test can notice, and why.
type Equivalent struct {
	Mutant string // its ID
	Reason string
}

// Stale returns the rows about a package that name none of its mutants.
func Stale(table []Equivalent, dir string, mutants []Mutant) []Equivalent {
	var list []Equivalent
	for _, e := range table {
		file, _, _ := strings.Cut(e.Mutant, " ")
		if path.Dir(file) == dir && !slices.ContainsFunc(mutants, func(m Mutant) bool { return m.ID() == e.Mutant }) {
			list = append(list, e)
		}
	}
	return list
}

// Equivalents returns the table.
func Equivalents() []Equivalent {
	return []Equivalent{
		{"canon/body.go BodyWriter.Write: w.spaces == 0 -> false && (w.spaces == 0)", "Gathering a simple body too costs time, and changes no octet."},
		{"canon/body.go BodyWriter.holdTrailing: 8 -> 9", "The loop for single octets takes what that for eight leaves."},
		{"canon/body.go BodyWriter.reserve: > -> >=", "Octets are passed on a little earlier."},
		{"canon/field.go unfold: len(s)-i <= wordLen -> false && (len(s)-i <= wordLen)", "What is left is looked at octet by octet then."},
		{"canon/field.go perhapsFold: ' ' -> '!'", "It may find too much: foldBefore looks at what is there."},
		{"canon/span.go relax: < -> <=", "copyClean does the same as copyASCII."},
		{"canon/span.go relax: 0 -> 1 #4", "compact does the same, a little later."},
		{"canon/span.go relax: 0 -> 1 #5", "compact takes no octets or eight and more."},
		{"canon/span.go copyASCII: + -> - #7", "It may return a place too early: relax looks at what is there."},
		{"canon/span.go copyClean: + -> - #2", "It may return a place too early: relax looks at what is there."},
		{"canon/span.go firstOctet: 8 -> 9", "7, 15 and so on up to 63 are the same when 9 divides them."},
		{"canon/span.go relax: continue -> ", "White space behind a dense part is looked at at once, not in the next round."},
		{"dkim/feed.go feed.grow: 32 -> 33", "Pieces of another size give the same result."},
		{`dkim/signwriter.go SignWriter.start: tagErrorf("h", ErrFrom, "Headers does not choose From in this message") -> func() error { _ = tagErrorf("h", ErrFrom, "Headers does not choose From in this message"); return nil }()`,
			"Validate wants From in Headers, and the message has one by then."},
		{"internal/taglist/quotedprintable.go DecodeQP: 1 -> 2", "-2 is no digit, as -1 is none."},
		{`keyrecord/zone.go appendString: '~' -> '\x7f'`, "No value of a tag holds DEL."},
		{"keyrecord/keyrecord.go : 2 -> 3", "1065 and 1066 divided by 3 are the same."},
		{"keyrecord/rsa.go checkRSA: <= -> <", "A modulus of 0 is even, and refused for that."},
	}
}
