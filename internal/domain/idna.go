package domain

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// profile validates U-labels and does not map: NFC, the code points of UTS 46,
// the joiner rules of RFC 5892, and the Bidi rule of RFC 5893. Hyphens are for
// checkULabel: a profile would also refuse "r3---x", which is an ASCII label.
var profile = idna.New(idna.ValidateForRegistration(), idna.CheckHyphens(false))

// idnaToASCII converts a name that has passed checkLabels.
func idnaToASCII(name string) (string, error) {
	if !utf8.ValidString(name) {
		return "", &Error{name, "", fmt.Errorf("%w: not well-formed UTF-8", ErrIDNA)}
	}
	lower := toLower(name)
	out, err := profile.ToASCII(lower)
	if err != nil && len(out) > maxName {
		return "", &Error{name, "", fmt.Errorf("%w: %d octets as A-labels, the limit is %d", ErrLength, len(out), maxName)}
	}
	// Walk the labels side by side: to name the one at fault, and for what the profile leaves open.
	in, got := lower, out
	for more := true; more; {
		var label, ascii string
		label, in, more = strings.Cut(in, ".")
		ascii, got, _ = strings.Cut(got, ".")
		if why := checkULabel(label, ascii); why != nil {
			return "", &Error{name, label, why}
		}
	}
	if err != nil { // of the name as a whole: the Bidi rule
		return "", &Error{name, "", fmt.Errorf("%w: %v", ErrIDNA, err)}
	}
	return out, nil
}

// checkULabel checks one label and the A-label that IDNA made of it.
func checkULabel(label, ascii string) error {
	u := label
	switch {
	case strings.HasPrefix(label, "xn--"):
		if ascii != label {
			return fmt.Errorf("%w: it does not encode to itself", ErrIDNA)
		}
		var err error
		if u, err = idna.Punycode.ToUnicode(label); err != nil {
			return fmt.Errorf("%w: %v", ErrIDNA, err)
		}
	case isASCII(label):
		return nil
	}
	if len(ascii) > maxLabel {
		return fmt.Errorf("%w: %d octets as an A-label, the limit is %d", ErrLength, len(ascii), maxLabel)
	}
	if u[0] == '-' || u[len(u)-1] == '-' {
		return ErrHyphen
	}
	if r := []rune(u); len(r) > 3 && r[2] == '-' && r[3] == '-' {
		return fmt.Errorf("%w: hyphens in the third and fourth place", ErrIDNA) // RFC 5891, section 4.2.3.1
	}
	for _, r := range u {
		if r >= utf8.RuneSelf && !allowed(r) {
			return fmt.Errorf("%w: %U is not allowed", ErrIDNA, r)
		}
	}
	if _, err := profile.ToASCII(label); err != nil {
		return fmt.Errorf("%w: %v", ErrIDNA, err)
	}
	return nil
}

// allowed reports whether IDNA2008 has a use for r in a label. The profile
// follows UTS 46, which also lets symbols pass ("☃"): RFC 5892 wants letters,
// marks, digits and a few exceptions (sections 2.1, 2.6 and 2.8).
func allowed(r rune) bool {
	switch r {
	case 0x00B7, 0x0375, 0x05F3, 0x05F4, 0x06FD, 0x06FE, 0x0F0B, 0x200C, 0x200D, 0x3007, 0x30FB:
		return true
	}
	return unicode.In(r, unicode.L, unicode.M, unicode.Nd)
}

// toLower lowers each letter, but never to ASCII from beyond it: that would make
// the Kelvin sign a "k".
func toLower(s string) string {
	return strings.Map(func(r rune) rune {
		if l := unicode.ToLower(r); r < utf8.RuneSelf || l >= utf8.RuneSelf {
			return l
		}
		return r
	}, s)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
