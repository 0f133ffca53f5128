package dkim

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/internal/domain"
	"github.com/waxseal/waxseal/internal/fieldname"
	"github.com/waxseal/waxseal/internal/taglist"
)

// maxFields bounds the names in h=. Real signatures list under 100.
const maxFields = 4096

// ParseSignature parses one DKIM-Signature field, from its name to its last
// CRLF, which may be missing. It checks all that can be checked without the
// message, the key and the time; the error is a *TagError.
//
// With an error it returns the signature as far as it could be parsed, for logs.
func ParseSignature(field []byte) (*Signature, error) {
	s := new(Signature)
	_, err := s.parse(string(field), nil)
	return s, err
}

// parse parses a raw field into s. Value and BodyHash are appended to, and tags
// is memory to use, which it returns, perhaps grown.
func (s *Signature) parse(raw string, tags taglist.List) (taglist.List, error) {
	s.raw = raw
	name, value, ok := strings.Cut(raw, ":")
	if !ok || !equalName(strings.TrimRight(name, " \t"), fieldName) {
		return tags, tagErrorf("", ErrSyntax, "not a DKIM-Signature field")
	}
	offset := len(name) + 1
	tags, err := taglist.Append(tags[:0], strings.TrimSuffix(value, "\r\n"))
	if err != nil {
		return tags, tagListError(err)
	}
	for _, t := range tags {
		if t.Name == "b" {
			s.value = [2]int{offset + t.Start, offset + t.End}
		}
	}
	return tags, s.parseTags(tags)
}

const fieldName = "DKIM-Signature"

// tagListError turns an error of package taglist into one of this package.
func tagListError(err error) error {
	reason, tag := ErrSyntax, ""
	if errors.Is(err, taglist.ErrLimit) {
		reason = ErrLimit
	}
	if e := (*taglist.Error)(nil); errors.As(err, &e) {
		tag = e.Tag
	}
	return &TagError{tag, &taggedError{reason, err}}
}

// A taggedError adds a reason of this package to an error of another.
type taggedError struct{ reason, err error }

func (e *taggedError) Error() string   { return e.err.Error() }
func (e *taggedError) Unwrap() []error { return []error{e.reason, e.err} }

// parseTags reads the tags, and stops at the first that is wrong. What names
// the signature is read first, so that a log can name a bad one.
func (s *Signature) parseTags(list taglist.List) error {
	names := s.parseNames(list)
	version, ok := list.Get("v")
	switch {
	case !ok:
		return &TagError{"v", ErrMissing}
	case version != "1":
		return tagErrorf("v", ErrVersion, "%.40q, want 1", version)
	}
	s.Version = 1
	for _, tag := range [...]string{"d", "s", "a", "b", "bh", "h"} {
		if _, ok := list.Get(tag); !ok {
			return &TagError{tag, ErrMissing}
		}
	}
	if names != nil {
		return names
	}
	s.Identifier, s.host = "@"+s.Domain, s.domain
	s.Canon = canon.Pair{Header: canon.Simple, Body: canon.Simple}
	for i := range list {
		if err := s.parseTag(list[i].Name, list[i].Value); err != nil {
			return err
		}
	}
	return s.checkTogether()
}

// parseNames reads d=, s= and a= of those that are there.
func (s *Signature) parseNames(list taglist.List) error {
	var err error
	if d, ok := list.Get("d"); ok {
		if s.domain, err = domain.ToASCII(d); err != nil {
			return &TagError{"d", fmt.Errorf("%w: %w: %v", ErrSyntax, ErrDomain, err)}
		}
		s.Domain = d
	}
	if sel, ok := list.Get("s"); ok {
		if s.selector, err = domain.SelectorToASCII(sel); err != nil {
			return tagErrorf("s", ErrSyntax, "%v", err)
		}
		s.Selector = sel
	}
	if a, ok := list.Get("a"); ok {
		if s.algorithm, err = parseAlgorithm(a); err != nil {
			return err
		}
		s.Algorithm = a
	}
	return nil
}

// parseTag reads one tag.
func (s *Signature) parseTag(name, value string) error {
	switch name {
	case "v", "d", "s", "a":
		return nil // they are read before the others
	case "b":
		return s.parseValue(value)
	case "bh":
		return s.parseBodyHash(value)
	case "c":
		return s.parseCanon(value)
	case "h":
		return s.parseFields(value)
	case "i":
		return s.parseIdentifier(value)
	case "l":
		return s.parseLength(value)
	case "q":
		return s.parseQuery(value)
	case "t":
		return s.parseTime(value)
	case "x":
		return s.parseExpiration(value)
	case "z":
		return s.parseCopied(value)
	}
	s.Other = append(s.Other, Tag{name, value})
	return nil
}

func (s *Signature) parseValue(v string) (err error) {
	if s.Value, err = taglist.AppendBase64(s.Value, v); err != nil {
		return tagErrorf("b", ErrSyntax, "%v", err)
	}
	return nil
}

func (s *Signature) parseBodyHash(v string) (err error) {
	if s.BodyHash, err = taglist.AppendBase64(s.BodyHash, v); err != nil {
		return tagErrorf("bh", ErrSyntax, "%v", err)
	}
	if want := s.algorithm.hash.Size(); len(s.BodyHash) != want {
		return tagErrorf("bh", ErrSyntax, "%d octets, want %d for %s", len(s.BodyHash), want, s.Algorithm)
	}
	return nil
}

func (s *Signature) parseCanon(v string) (err error) {
	s.Canon, err = canon.ParsePair(v)
	if errors.Is(err, canon.ErrUnknown) {
		return tagErrorf("c", ErrAlgorithm, "%v", err)
	}
	if err != nil {
		return tagErrorf("c", ErrSyntax, "%v", err)
	}
	return nil
}

func (s *Signature) parseFields(v string) (err error) {
	if n := strings.Count(v, ":") + 1; n > maxFields {
		return tagErrorf("h", ErrLimit, "%d names, the limit is %d", n, maxFields)
	}
	ok := false
	if s.Fields, ok = taglist.SplitVisible(v, ':'); ok {
		return nil // visible characters but ":" and ";" make a field name
	}
	// Something is wrong with it: what?
	if s.Fields, err = taglist.Split(v, ':'); err != nil {
		return tagErrorf("h", ErrSyntax, "%v", err)
	}
	for _, name := range s.Fields {
		if !taglist.IsVisible(name) {
			return tagErrorf("h", ErrSyntax, "%.40q is no field name", name)
		}
	}
	return nil
}

func (s *Signature) parseIdentifier(v string) error {
	id, err := taglist.DecodeQP(v)
	if err == nil {
		s.host, err = checkIdentifier(id)
	}
	if err != nil {
		return &TagError{"i", fmt.Errorf("%w: %w: %v", ErrSyntax, ErrIdentifier, err)}
	}
	s.Identifier = id
	return nil
}

// checkIdentifier checks that id is [ Local-part ] "@" domain-name, and returns
// the domain in A-labels and lower case.
func checkIdentifier(id string) (host string, err error) {
	at := strings.LastIndexByte(id, '@')
	if at < 0 {
		return "", fmt.Errorf("%.40q has no @", id)
	}
	if at > 0 && !isLocalPart(id[:at]) {
		return "", fmt.Errorf("%.40q is not the local part of an address", id[:at])
	}
	return domain.ToASCII(id[at+1:])
}

func (s *Signature) parseLength(v string) error {
	const most = 76 // digits, by the grammar
	if !isDigits(v, most) {
		return tagErrorf("l", ErrSyntax, "%.40q, want 1 to %d digits", v, most)
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n == math.MaxInt64 {
		return tagErrorf("l", ErrBodyLength, "no body has %.40s octets", v)
	}
	s.Length = &n
	return nil
}

func (s *Signature) parseQuery(v string) (err error) {
	if s.Query, err = taglist.Split(v, ':'); err != nil {
		return tagErrorf("q", ErrSyntax, "%v", err)
	}
	known := false
	for _, q := range s.Query {
		method, option, hasOption := strings.Cut(q, "/")
		_, qpErr := taglist.DecodeQP(option)
		if !taglist.IsHyphenatedWord(method) || hasOption && option == "" || qpErr != nil {
			return tagErrorf("q", ErrSyntax, "%.40q is no query method", q)
		}
		known = known || equalName(q, "dns/txt")
	}
	if !known {
		return tagErrorf("q", ErrQuery, "%.40q has no dns/txt", v)
	}
	return nil
}

func (s *Signature) parseTime(v string) (err error) {
	s.Time, err = parseSeconds("t", v)
	return err
}

func (s *Signature) parseExpiration(v string) (err error) {
	s.Expiration, err = parseSeconds("x", v)
	return err
}

func parseSeconds(tag, v string) (time.Time, error) {
	const most = 12 // digits, by the grammar
	if !isDigits(v, most) {
		return time.Time{}, tagErrorf(tag, ErrSyntax, "%.40q, want 1 to %d digits", v, most)
	}
	n, _ := strconv.ParseInt(v, 10, 64) // 12 digits fit
	return time.Unix(n, 0), nil
}

func (s *Signature) parseCopied(v string) error {
	s.Copied = make([]CopiedField, 0, strings.Count(v, "|")+1)
	for part := range strings.SplitSeq(v, "|") {
		name, value, ok := strings.Cut(part, ":")
		name = unfold(taglist.TrimFWS(name))
		if !ok || !isFieldName(name) {
			return tagErrorf("z", ErrSyntax, "%.40q is no copied field", part)
		}
		value, err := taglist.DecodeQP(value)
		if err != nil {
			return tagErrorf("z", ErrSyntax, "copy of %s: %v", name, err)
		}
		s.Copied = append(s.Copied, CopiedField{name, value})
	}
	return nil
}

// checkTogether checks what concerns several tags, whatever their order.
func (s *Signature) checkTogether() error {
	if s.listed("From") == 0 {
		return &TagError{"h", ErrFrom}
	}
	if !domain.AtOrBelow(s.host, s.domain) {
		return &TagError{"i", fmt.Errorf("%w: %w: %q is not at or below %q", ErrDomain, ErrIdentifier, s.host, s.domain)}
	}
	if !s.Time.IsZero() && !s.Expiration.IsZero() && !s.Expiration.After(s.Time) {
		return tagErrorf("x", ErrExpired, "x=%d is not after t=%d", s.Expiration.Unix(), s.Time.Unix())
	}
	return nil
}

// unfold removes the folds of s. OpenDKIM folds z= at any place, in names too.
func unfold(s string) string {
	before, after, ok := strings.Cut(s, "\r\n")
	if !ok {
		return s
	}
	var b strings.Builder
	for ; ok; before, after, ok = strings.Cut(after, "\r\n") {
		b.WriteString(before)
		after = strings.TrimLeft(after, " \t")
	}
	b.WriteString(before)
	return b.String()
}

func isDigits(s string, most int) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != "" && len(s) <= most
}

// isFieldName reports whether s can stand in h=: the ftext of RFC 5322 without
// ";", which would end the tag.
func isFieldName(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f || s[i] == ':' || s[i] == ';' {
			return false
		}
	}
	return s != ""
}

// isLocalPart reports whether s can be the local part of an identifier: a
// quoted string of RFC 5321, section 4.1.2, or text without controls and "@".
// Of such text RFC 5321 wants some quoted, space and ";" for instance, but
// signers write it as it is and nothing hangs on it.
func isLocalPart(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	if s[0] == '"' {
		return len(s) >= 2 && s[len(s)-1] == '"' && isQuoted(s[1:len(s)-1])
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f || s[i] == '@' {
			return false
		}
	}
	return true
}

// isQuoted reports whether s can stand between the quotes of a quoted string.
func isQuoted(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			if i++; i == len(s) || s[i] < ' ' || s[i] > '~' {
				return false
			}
		case c < ' ' || c == 0x7f || c == '"':
			return false
		}
	}
	return true
}

// equalName compares header field names, and keywords, without case in ASCII.
func equalName(a, b string) bool { return fieldname.Equal(a, b) }
