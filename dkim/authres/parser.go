package authres

import (
	"fmt"
	"strings"
)

// A parser reads one clause of a field, which has no folds.
type parser struct {
	s       string // the clause
	pos     int
	lenient bool
}

// id reads the authserv-id and the version.
func (p *parser) id(f *Field) error {
	if _, err := p.cfws(); err != nil {
		return err
	}
	is := isTokenByte
	if p.lenient {
		is = isLenientIDByte
	}
	var err error
	if f.ID, err = p.value(is); err != nil {
		return err
	}
	spaced, err := p.cfws()
	if err != nil {
		return err
	}
	if p.done() || p.lenient && isNone(p.s[p.pos:]) {
		return nil
	}
	if !spaced {
		return p.unexpected("behind the authserv-id")
	}
	if p.lenient && isLetter(p.peek()) {
		return p.skipProps()
	}
	if f.Version, err = p.version(); err != nil {
		return err
	}
	if _, err := p.cfws(); err != nil {
		return err
	}
	if !p.done() && !(p.lenient && isNone(p.s[p.pos:])) {
		return p.unexpected("behind the version")
	}
	if f.Version != 1 {
		return fmt.Errorf("%w: %d", ErrVersion, f.Version)
	}
	return nil
}

// skipProps passes over properties.
func (p *parser) skipProps() error {
	for !p.done() {
		if _, err := p.prop(); err != nil {
			return err
		}
		if _, err := p.cfws(); err != nil {
			return err
		}
	}
	return nil
}

// isNone reports whether a clause says "none", which is no result.
func isNone(clause string) bool {
	p := parser{s: clause}
	if _, err := p.cfws(); err != nil {
		return false
	}
	word, err := p.keyword()
	return err == nil && word == "none" && isEmpty(p.s[p.pos:])
}

// isEmpty reports whether a clause has white space and comments only.
func isEmpty(clause string) bool {
	p := parser{s: clause}
	_, err := p.cfws()
	return err == nil && p.done()
}

// result reads a resinfo, without the ";" before it.
func (p *parser) result() (Result, error) {
	var r Result
	if err := p.method(&r); err != nil {
		return r, err
	}
	comment, spaced, err := p.comments()
	if err != nil {
		return r, err
	}
	r.Comment = comment
	hasReason := false
	for !p.done() {
		if !spaced && !(p.lenient && p.s[p.pos-1] == '"') {
			return r, p.unexpected("in a result")
		}
		prop, err := p.prop()
		if err != nil {
			return r, err
		}
		switch {
		case prop.Type == "" && prop.Name == "reason" && !hasReason && (p.lenient || len(r.Props) == 0):
			r.Reason = prop.Value
			hasReason = true
		case prop.Type == "" && !p.lenient:
			return r, fmt.Errorf("%w: %s= has no property type", ErrSyntax, prop.Name)
		case len(r.Props) == maxProps:
			return r, fmt.Errorf("%w: more than %d properties", ErrLimit, maxProps)
		default:
			r.Props = append(r.Props, prop)
		}
		if comment, spaced, err = p.comments(); err != nil {
			return r, err
		}
		if r.Comment == "" && len(r.Props) == 0 {
			r.Comment = comment // behind the reason, where OpenDKIM has it
		}
	}
	return r, nil
}

// method reads method [ "/" version ] "=" result.
func (p *parser) method(r *Result) error {
	if _, err := p.cfws(); err != nil {
		return err
	}
	var err error
	if r.Method, err = p.keyword(); err != nil {
		return err
	}
	slash, err := p.char('/')
	if err != nil {
		return err
	}
	if slash {
		if r.Version, err = p.version(); err != nil {
			return err
		}
		if r.Version == 0 {
			return fmt.Errorf("%w: method version 0", ErrSyntax)
		}
	}
	if err := p.equals(); err != nil {
		return err
	}
	r.Value, err = p.keyword()
	return err
}

// prop reads a propspec, or a reasonspec as a Prop without a Type.
func (p *parser) prop() (Prop, error) {
	word, err := p.keyword()
	if err != nil {
		return Prop{}, err
	}
	dot, err := p.char('.')
	if err != nil {
		return Prop{}, err
	}
	if !dot {
		if err := p.equals(); err != nil {
			return Prop{}, err
		}
		if p.lenient && p.done() {
			return Prop{Name: word}, nil
		}
		value, err := p.value(p.bytes(isTokenByte))
		return Prop{Name: word, Value: value}, err
	}
	name, err := p.keyword()
	if err != nil {
		return Prop{}, err
	}
	if err := p.equals(); err != nil {
		return Prop{}, err
	}
	if p.lenient && p.done() {
		return Prop{Type: word, Name: name}, nil
	}
	value, err := p.pvalue()
	return Prop{word, name, value}, err
}

// pvalue reads a value, a domain name or an address.
func (p *parser) pvalue() (string, error) {
	is := p.bytes(isPvalueByte)
	quoted := p.peek() == '"'
	s, err := p.value(is)
	if err != nil {
		return "", err
	}
	if quoted || strings.IndexByte(s, '@') < 0 {
		// It may be a local part: look for "@", with CFWS before it.
		q := *p
		if _, err := q.cfws(); err != nil || q.peek() != '@' {
			return s, nil
		}
		at, err := q.value(is)
		if err != nil {
			return "", err
		}
		*p = q
		if quoted {
			s = requote(s)
		}
		if !p.lenient && !isAt(at) {
			return "", fmt.Errorf("%w: %.64q is no address", ErrSyntax, s+at)
		}
		return s + at, nil
	}
	if at := strings.IndexByte(s, '@'); !p.lenient && !isAt(s[at:]) {
		return "", fmt.Errorf("%w: %.64q is no address", ErrSyntax, s)
	}
	return s, nil
}

// isAt reports whether s, which begins with "@", has something else behind it.
func isAt(s string) bool {
	return len(s) > 1 && strings.IndexByte(s[1:], '@') < 0
}
