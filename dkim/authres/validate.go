package authres

import (
	"fmt"
	"strings"
)

// Validate returns an error if String would not write the field as it is, or
// if the registry does not have a result for its method. If it returns nil,
// Parse of String gives an equal field. A method that is not registered is not
// an error (RFC 8601, section 2.7.6).
//
// The error is a *ClauseError, or ErrLimit for too many results or a field
// that is too long.
func (f *Field) Validate() error {
	if len(f.Results) > maxResults {
		return fmt.Errorf("%w: %d results, more than %d", ErrLimit, len(f.Results), maxResults)
	}
	if err := f.validateID(); err != nil {
		return &ClauseError{0, err}
	}
	for i := range f.Results {
		if err := f.Results[i].validate(); err != nil {
			return &ClauseError{i + 1, err}
		}
	}
	if n := len(f.String()); n > maxField {
		return fmt.Errorf("%w: %d octets, more than %d", ErrLimit, n, maxField)
	}
	return nil
}

func (f *Field) validateID() error {
	switch {
	case f.ID == "":
		return fmt.Errorf("%w: there is none", ErrSyntax)
	case f.Version != 0 && f.Version != 1:
		return fmt.Errorf("%w: %d", ErrVersion, f.Version)
	}
	return validateText("authserv-id", f.ID, quotedSpecials)
}

func (r *Result) validate() error {
	if len(r.Props) > maxProps {
		return fmt.Errorf("%w: %d properties, more than %d", ErrLimit, len(r.Props), maxProps)
	}
	if r.Version < 0 || r.Version > maxVersion {
		return fmt.Errorf("%w: method version %d", ErrSyntax, r.Version)
	}
	if err := validateKeywords(r.Method, r.Value); err != nil {
		return err
	}
	if known, ok := r.registered(); known && !ok {
		return fmt.Errorf("%w: %s=%s", ErrResult, r.Method, r.Value)
	}
	if err := validateText("comment", r.Comment, commentSpecials); err != nil {
		return err
	}
	if err := validateText("reason", r.Reason, quotedSpecials); err != nil {
		return err
	}
	for i := range r.Props {
		p := &r.Props[i]
		if err := validateKeywords(p.Type, p.Name); err != nil {
			return err
		}
		if err := validateText(p.Type+"."+p.Name, p.Value, quotedSpecials); err != nil {
			return err
		}
		if local, host, ok := p.address(p.Value); ok && local+"@"+host != p.Value {
			return fmt.Errorf("%w: the local part of %.64q needs quotes", ErrSyntax, p.Value)
		}
	}
	return nil
}

func validateKeywords(words ...string) error {
	for _, s := range words {
		if len(s) > maxKeyword {
			return fmt.Errorf("%w: a keyword has %d octets, more than %d", ErrLimit, len(s), maxKeyword)
		}
		if !isKeyword(s) || s != strings.ToLower(s) {
			return fmt.Errorf("%w: %.64q is not a keyword in lower case", ErrSyntax, s)
		}
	}
	return nil
}

// validateText returns an error if s holds what cannot be written, or is too
// long with special escaped and a delimiter at both ends.
func validateText(what, s, special string) error {
	if !isClean(s) {
		return fmt.Errorf("%w: %s %.64q holds what cannot be written", ErrSyntax, what, s)
	}
	if n := escapedLen(s, special) + 2; n > maxValue {
		return fmt.Errorf("%w: %s of %d octets, more than %d", ErrLimit, what, n, maxValue)
	}
	return nil
}
