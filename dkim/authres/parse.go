package authres

import (
	"errors"
	"fmt"
	"strings"
)

// Parse reads an Authentication-Results field: the whole field, or its value
// alone, folded or not. Folds may end in CRLF or in LF.
//
// It takes the grammar of RFC 8601, section 2.2, with erratum 6026: CFWS with
// nested comments in all places, and white space between properties. Methods,
// results, property types and property names come back in lower case. Of the
// comments the first one behind a result, or else behind its reason, is kept.
// Beyond the grammar, the value of a property may have "/", "=" and "?" outside
// quotes, as many write header.b, and UTF-8 stands wherever a token does.
//
// Parse does not judge: a result, a method or a property type that is not
// registered comes back as it is, and so does an unknown version of a method.
// Result.Registered tells. Nor does it know whom to trust: Field.Trusted asks.
//
// The error is ErrSyntax, ErrVersion or ErrLimit, within a *ClauseError if it
// is about one part of the field. With ErrVersion the field that is returned
// has its ID and its Version alone; otherwise an error comes with no field.
//
// Time and memory are linear in the length of the field, which is at most 64
// KiB, with up to 256 results of 64 properties each.
func Parse(field string) (*Field, error) {
	s, err := fieldValue(field)
	if err != nil {
		return nil, err
	}
	if !isClean(s) {
		return nil, fmt.Errorf("%w: a control, or ill-formed UTF-8", ErrSyntax)
	}
	clause, rest, more := cutClause(s)
	f := &Field{}
	err = (&parser{s: clause}).id(f)
	if err == nil && !more {
		err = fmt.Errorf("%w: no results", ErrSyntax)
	}
	switch {
	case errors.Is(err, ErrVersion):
		return f, &ClauseError{0, err}
	case err != nil:
		return nil, &ClauseError{0, err}
	}
	for n := 1; more; n++ {
		clause, rest, more = cutClause(rest)
		if n == 1 && !more && isNone(clause) {
			break
		}
		if err := f.add(&parser{s: clause}); err != nil {
			return nil, &ClauseError{n, err}
		}
	}
	return f, nil
}

// ParseLenient reads what it can of a field that Parse may refuse. Besides what
// Parse takes, it takes
//
//   - a field without an authserv-id, as Microsoft writes; ID is then empty;
//   - no results, "none" without a ";" before it, and a ";" too many;
//   - properties behind the authserv-id, as Yahoo wrote, which are dropped;
//   - any value outside quotes, up to white space, ";", a quote or a parenthesis;
//   - a property without a type, like score=20: Type is then empty;
//   - reason= behind a property, and no space behind a quoted value;
//   - nothing behind the last "=" of a result, as an empty value;
//   - "_" in keywords, and characters that cannot stand in a field, as "?".
//
// A result that it cannot read is left out as a whole, and does not hide the
// others: they are in the field that is returned, and the error joins one
// *ClauseError for each that is not. The field is nil if the error is about
// the field as a whole or its authserv-id, but for ErrVersion, as with Parse.
func ParseLenient(field string) (*Field, error) {
	s, err := fieldValue(field)
	if err != nil {
		return nil, err
	}
	clause, rest, more := cutClause(clean(s))
	f := &Field{}
	if err := (&parser{s: clause, lenient: true}).id(f); errors.Is(err, ErrVersion) {
		return f, &ClauseError{0, err}
	} else if err != nil {
		f = &Field{}
		if f.add(&parser{s: clause, lenient: true}) != nil {
			return nil, &ClauseError{0, err}
		}
	}
	var errs []error
	for n := 1; more; n++ {
		if n > maxResults {
			return nil, fmt.Errorf("%w: more than %d results", ErrLimit, maxResults)
		}
		clause, rest, more = cutClause(rest)
		if isNone(clause) || isEmpty(clause) {
			continue
		}
		if err := f.add(&parser{s: clause, lenient: true}); err != nil {
			errs = append(errs, &ClauseError{n, err})
		}
	}
	return f, errors.Join(errs...)
}

// add reads a result and adds it to f.
func (f *Field) add(p *parser) error {
	if len(f.Results) == maxResults {
		return fmt.Errorf("%w: more than %d results", ErrLimit, maxResults)
	}
	r, err := p.result()
	if err != nil {
		return err
	}
	f.Results = append(f.Results, r)
	return nil
}

// fieldValue checks the length of a field, takes away its name, and joins its
// lines.
func fieldValue(field string) (string, error) {
	if len(field) > maxField {
		return "", errTooLong
	}
	if value, ok := cutName(field); ok {
		field = value
	}
	return unfold(field)
}

// unfold joins the lines of the value of a field.
func unfold(value string) (string, error) {
	value = strings.ReplaceAll(value, "\r\n", "\n")
	value = strings.TrimSuffix(value, "\n")
	for _, fold := range []string{"\n ", "\n\t"} {
		value = strings.ReplaceAll(value, fold, fold[1:])
	}
	if strings.ContainsAny(value, "\r\n") {
		return "", fmt.Errorf("%w: a line break that is no fold", ErrSyntax)
	}
	return value, nil
}

// cutName returns what stands behind the name of a field and its colon, which
// may have white space before it.
func cutName(field string) (value string, ok bool) {
	if len(field) < len(fieldName) || !strings.EqualFold(field[:len(fieldName)], fieldName) {
		return "", false
	}
	return strings.CutPrefix(strings.TrimLeft(field[len(fieldName):], " \t\r\n"), ":")
}

// cutClause returns s up to the first ";" outside quoted-strings and comments,
// and what follows it.
func cutClause(s string) (clause, rest string, found bool) {
	depth := 0
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && (quoted || depth > 0):
			i++
		case c == '"' && depth == 0:
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case c == ';' && depth == 0:
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}
