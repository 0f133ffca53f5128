package signtable

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"
)

// ErrMacro reports a template with a macro that is unknown, malformed, not
// allowed where it stands, or has no value for the message.
var ErrMacro = errors.New("bad macro")

// vars are the values of the macros. Those but sender and key are domain names
// that were checked, or empty.
type vars struct {
	d, s         string
	senderDomain string
	keyDomain    string
	sender, key  string // not in a path
}

// The places where macros can stand.
const (
	inDomain = 1 << iota
	inPath
	inIdentity
)

// macro returns the value of a macro, and where it may stand.
func (v *vars) macro(name string) (value string, places int) {
	switch name {
	case "d":
		return v.d, inPath | inIdentity
	case "s":
		return v.s, inPath | inIdentity
	case "senderdomain":
		return v.senderDomain, inDomain | inPath | inIdentity
	case "keydomain":
		return v.keyDomain, inDomain | inPath | inIdentity
	case "sender":
		return quoteAddress(v.sender), inIdentity
	case "key":
		return v.key, inIdentity
	}
	return "", 0
}

// expand replaces the macros of a template.
func (v *vars) expand(template string, place int) (string, error) {
	text, rest, found := strings.Cut(template, "%")
	if !found {
		return template, nil
	}
	out := make([]byte, 0, len(template)+64)
	for {
		out = append(out, text...)
		if !found {
			return string(out), nil
		}
		if after, ok := strings.CutPrefix(rest, "%"); ok {
			out = append(out, '%')
			rest = after
		} else {
			body, after, ok := strings.Cut(rest, "}")
			name, opened := strings.CutPrefix(body, "{")
			if !ok || !opened {
				return "", fmt.Errorf("%w in %q: a %% begins %%{name} or %%%%", ErrMacro, template)
			}
			value, places := v.macro(name)
			switch {
			case places == 0:
				return "", fmt.Errorf("%w in %q: %%{%.40s} is unknown", ErrMacro, template, name)
			case places&place == 0:
				return "", fmt.Errorf("%w in %q: %%{%s} cannot stand here", ErrMacro, template, name)
			case value == "":
				return "", fmt.Errorf("%w in %q: %%{%s} has no value for this message", ErrMacro, template, name)
			}
			out = append(out, value...)
			rest = after
		}
		text, rest, found = strings.Cut(rest, "%")
	}
}

// quoteAddress quotes the local part of an address where it needs quotes.
func quoteAddress(address string) string {
	for i := range len(address) {
		switch c := address[i]; {
		case 'a' <= c|0x20 && c|0x20 <= 'z', '0' <= c && c <= '9', c >= 0x80, strings.IndexByte("@.-_+=", c) >= 0:
			continue
		}
		return quoted(address)
	}
	if strings.Count(address, "@") > 1 {
		return quoted(address)
	}
	return address
}

func quoted(address string) string {
	s := (&mail.Address{Address: address}).String()
	return strings.TrimSuffix(strings.TrimPrefix(s, "<"), ">")
}
