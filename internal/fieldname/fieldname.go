// Package fieldname compares the names of header fields, which have no case
// (RFC 5322, section 1.2.2; RFC 6376, section 3.5, h=), and hashes them for
// tables that hostile names do not slow down.
//
// Only ASCII letters have a case: what folds to one of them elsewhere, as U+212A
// KELVIN SIGN does to "k", is another name.
package fieldname

// Equal reports whether a and b are one name.
func Equal[A, B []byte | string](a A, b B) bool {
	n := len(a)
	if n != len(b) {
		return false
	}
	if n < 8 {
		return short(a) == short(b)
	}
	for i := 0; i < n-8; i += 8 {
		if lowered(load(a, i)) != lowered(load(b, i)) {
			return false
		}
	}
	return lowered(load(a, n-8)) == lowered(load(b, n-8))
}
