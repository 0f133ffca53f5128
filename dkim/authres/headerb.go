package authres

import (
	"slices"
	"strings"
)

const minB = 8 // characters of b= that identify a signature (RFC 6008, section 4)

// UniqueB returns, for each value of a b= tag, what header.b says about it (RFC
// 6008, section 4): the first eight characters, or as many as tell it from all
// the other values. A value that is shorter, that another one begins with, or
// that is there twice is returned whole. White space and folds inside a value
// do not count.
//
// Give it all the signatures of a message at once, if the results go to
// several fields too. It sorts, so it takes n log n comparisons for n values.
func UniqueB(values []string) []string {
	b := make([]string, len(values))
	order := make([]int, len(values))
	for i, v := range values {
		b[i] = removeFWS(v)
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return strings.Compare(b[i], b[j]) })

	// The value that has most in common with another one is its neighbour.
	need := make([]int, len(values))
	for i := range order {
		need[order[i]] = minB
		if i > 0 {
			n := commonPrefix(b[order[i-1]], b[order[i]]) + 1
			need[order[i-1]] = max(need[order[i-1]], n)
			need[order[i]] = max(need[order[i]], n)
		}
	}
	for i := range b {
		b[i] = b[i][:min(need[i], len(b[i]))]
	}
	return b
}

func removeFWS(s string) string {
	if !strings.ContainsAny(s, " \t\r\n") {
		return s
	}
	return strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "").Replace(s)
}

func commonPrefix(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// Consistent returns the results without those that contradict each other:
// different values of one method for the same header.b (RFC 6008, section 4).
// Give it the results of one authserv-id. Characters of header.b are compared
// with case. An attacker who copies a signature and breaks the copy can so
// make a reader ignore both; the message is then as good as unsigned. See
// ConsistentPass.
func Consistent(results []Result) []Result {
	return consistent(results, "")
}

// ConsistentPass is Consistent, but keeps pass where it is contradicted: who
// breaks a copy of a signature gets a failure in this way, and hardly ever a
// pass, so a cautious reader may drop the failure alone (RFC 6008, section 6.2).
func ConsistentPass(results []Result) []Result {
	return consistent(results, "pass")
}

// consistent leaves out results that contradict each other, except those whose
// value is keep.
func consistent(results []Result, keep string) []Result {
	type signature struct{ method, b string }
	value := make(map[signature]string) // "" after a contradiction
	for _, r := range results {
		for _, b := range r.headerB() {
			s := signature{r.Method, b}
			if old, ok := value[s]; ok && old != r.Value {
				value[s] = ""
			} else {
				value[s] = r.Value
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(results), func(r Result) bool {
		return r.Value != keep && slices.ContainsFunc(r.headerB(), func(b string) bool {
			return value[signature{r.Method, b}] != r.Value
		})
	})
}

// headerB returns the values of header.b: one, if the writer knew what it did.
func (r *Result) headerB() []string {
	var b []string
	for _, p := range r.Props {
		if p.Type == "header" && p.Name == "b" {
			b = append(b, p.Value)
		}
	}
	return b
}
