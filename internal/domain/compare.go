package domain

// Equal reports whether a and b are one name: without regard to case, and to
// whether a label is a U-label or an A-label (RFC 8616, section 5). Names of
// ASCII are compared as they are and cost no allocation; a name beyond ASCII
// that ToASCII refuses equals none.
func Equal(a, b string) bool {
	a, b, ok := comparable(a, b)
	return ok && equalFold(a, b)
}

// AtOrBelow reports whether sub equals parent, or ends with it at the border of
// a label, by the comparison of Equal: "a.example.com" is below "example.com",
// and "evilexample.com" is not. Nothing is below the empty name.
func AtOrBelow(sub, parent string) bool {
	sub, parent, ok := comparable(sub, parent)
	if !ok {
		return false
	}
	border := len(sub) - len(parent) - 1
	if border > 0 && parent != "" && sub[border] == '.' {
		sub = sub[border+1:]
	}
	return equalFold(sub, parent)
}

// comparable gives names beyond ASCII their A-labels.
func comparable(a, b string) (string, string, bool) {
	for _, name := range []*string{&a, &b} {
		if isASCII(*name) {
			continue
		}
		ascii, err := toASCII(*name, 1)
		if err != nil {
			return a, b, false
		}
		*name = ascii
	}
	return a, b, true
}

// equalFold compares without regard to the case of ASCII letters.
func equalFold(a, b string) bool {
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
		c += 'a' - 'A'
	}
	return c
}
