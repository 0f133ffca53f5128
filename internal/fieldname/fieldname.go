// Package fieldname compares the names of header fields, which have no case
// (RFC 5322, section 1.2.2; RFC 6376, section 3.5, h=), and hashes them for
// tables that hostile names do not slow down.
//
// Only ASCII letters have a case: what folds to one of them elsewhere, as U+212A
// KELVIN SIGN does to "k", is another name.
package fieldname

// Equal reports whether a and b are one name.
func Equal[A, B []byte | string](a A, b B) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c |= 0x20
	}
	return c
}
