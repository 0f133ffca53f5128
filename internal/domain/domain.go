// Package domain checks and compares the domain names of a signature: d=, s=,
// the domain of i=, and the names that a key record is found under.
//
// Names come in as a message or a configuration spells them, with U-labels
// ("bücher.example") or A-labels ("xn--bcher-kva.example"), and go out as DNS
// wants them:
//
//	ascii, err := domain.ToASCII("Bücher.example") // "xn--bcher-kva.example"
//	domain.AtOrBelow("mail.xn--bcher-kva.example", "bücher.example") // true
//
// It is the only package that knows IDNA (RFC 5890 to 5893) and the public
// suffix list. All functions are safe for concurrent use, and take time linear
// in the length of the names, which is bounded.
package domain

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	maxLabel = 63  // octets of a label in DNS (RFC 1035, section 2.3.4)
	maxName  = 253 // octets of a name without its final dot: 255 on the wire

	// maxInput bounds the octets that are given to IDNA. A character of UTF-8
	// has at most four octets, and none costs less than one octet in an A-label.
	maxInput = utf8.UTFMax * maxName
)

var (
	// ErrLabels reports a name with too few labels: "com", or nothing.
	ErrLabels = errors.New("too few labels")
	// ErrEmpty reports an empty label: two dots in a row, or one at either end.
	ErrEmpty = errors.New("empty label")
	// ErrCharacter reports what is neither a letter nor a digit nor a hyphen.
	ErrCharacter = errors.New("character not allowed")
	// ErrHyphen reports a label with a hyphen at its start or end.
	ErrHyphen = errors.New("hyphen at the border of a label")
	// ErrLength reports a label above 63 octets or a name above 253.
	ErrLength = errors.New("too long")
	// ErrIDNA reports a label that IDNA2008 does not allow.
	ErrIDNA = errors.New("not a valid internationalized label")
)

// An Error says which label of a name is refused, and why.
type Error struct {
	Name  string // as given
	Label string // the label at fault; empty if it is the whole name
	Err   error  // wraps one of the sentinels of this package
}

func (e *Error) Error() string {
	if e.Label == "" {
		return fmt.Sprintf("domain name %s: %v", quote(e.Name), e.Err)
	}
	return fmt.Sprintf("domain name %s, label %s: %v", quote(e.Name), quote(e.Label), e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// quote quotes a name for a log, and shortens what is too long to be one.
func quote(s string) string {
	if len(s) > maxName {
		return fmt.Sprintf("%+q...", s[:maxLabel])
	}
	return fmt.Sprintf("%+q", s)
}

// ToASCII returns name in lower case with A-labels. The name is a Domain of
// RFC 5321, section 4.1.2, as d= takes it: two labels or more, each of letters,
// digits and inner hyphens. An underscore, a final dot, an address literal and
// a port are refused. An error is an *Error.
//
// A label beyond ASCII has to be a U-label of IDNA2008 (RFC 5890, section
// 2.3.2.1), but for upper case, which is lowered. No other mapping of UTS 46 is
// done: where that drops a zero width space, turns a full-width letter into
// ASCII or takes an ideographic full stop for a dot, the label is refused. Nor
// does a letter beyond ASCII become an ASCII one, as the Kelvin sign would. An
// A-label has to be the one form of a U-label.
//
// A name that is in this form already is returned as it is, without allocation.
func ToASCII(name string) (string, error) { return toASCII(name, 2) }

// SelectorToASCII is ToASCII for a selector (s=): one label or more, by the
// same rules. RFC 6376, section 3.1, takes its labels from RFC 5321, so that an
// underscore is refused here too.
func SelectorToASCII(sel string) (string, error) { return toASCII(sel, 1) }

func toASCII(name string, min int) (string, error) {
	if isPlain(name, min) {
		return name, nil
	}
	class := classify(name)
	if class&beyondASCII != 0 {
		if len(name) > maxInput {
			return "", &Error{name, "", fmt.Errorf("%w: %d octets", ErrLength, len(name))}
		}
	} else if len(name) > maxName {
		return "", &Error{name, "", fmt.Errorf("%w: %d octets, the limit is %d", ErrLength, len(name), maxName)}
	}
	if err := checkLabels(name, min); err != nil {
		return "", err
	}
	switch {
	case class == 0:
		return name, nil
	case class == upperCase:
		return strings.ToLower(name), nil
	}
	return idnaToASCII(name)
}

// isPlain reports whether a name is in this form, as nearly all are, and has min
// labels. It may say no where another look says yes: it leaves A-labels, and what
// looks like them, to those who know them.
func isPlain(name string, min int) bool {
	start, labels := 0, 1 // of the last label
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		case i == start || name[i-1] == '-':
			return false
		case c == '.' && i-start <= maxLabel:
			start = i + 1
			labels++
		case c != '-':
			return false
		}
	}
	n := len(name)
	return labels >= min && start < n && n-start <= maxLabel && n <= maxName && name[n-1] != '-'
}

// What classify found in a name. A name with neither has ASCII labels in lower case.
const (
	upperCase   = 1 << iota
	beyondASCII // an octet that is not ASCII
	aLabel      // a label that begins with xn--
)

func classify(name string) (class uint8) {
	for i := range len(name) {
		switch c := name[i]; {
		case c >= utf8.RuneSelf:
			class |= beyondASCII
		case 'A' <= c && c <= 'Z':
			class |= upperCase
		case c == '-' && (i == 3 || i > 3 && name[i-4] == '.') && name[i-1] == '-' && name[i-2]|0x20 == 'n' && name[i-3]|0x20 == 'x':
			class |= aLabel
		}
	}
	return class
}

// checkLabels checks the syntax of every label, and that there are min of them.
func checkLabels(name string, min int) error {
	if name == "" {
		return &Error{name, "", fmt.Errorf("%w: it is empty", ErrLabels)}
	}
	n := 0
	for rest, more := name, true; more; n++ {
		var label string
		label, rest, more = strings.Cut(rest, ".")
		if err := checkLabel(label); err != nil {
			return &Error{name, label, err}
		}
	}
	if n < min {
		return &Error{name, "", fmt.Errorf("%w: want %d or more", ErrLabels, min)}
	}
	return nil
}

func checkLabel(label string) error {
	if label == "" {
		return ErrEmpty
	}
	ascii := true
	for i := range len(label) {
		switch c := label[i]; {
		case 'a' <= c|0x20 && c|0x20 <= 'z', '0' <= c && c <= '9', c == '-':
		case c >= utf8.RuneSelf:
			ascii = false
		default:
			return fmt.Errorf("%w: %q", ErrCharacter, c)
		}
	}
	if ascii && len(label) > maxLabel {
		return fmt.Errorf("%w: %d octets, the limit is %d", ErrLength, len(label), maxLabel)
	}
	if label[0] == '-' || label[len(label)-1] == '-' {
		return ErrHyphen
	}
	return nil
}
