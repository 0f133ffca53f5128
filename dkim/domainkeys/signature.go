package domainkeys

import (
	"errors"
	"fmt"
	"strings"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/internal/domain"
	"github.com/waxseal/waxseal/internal/fieldname"
	"github.com/waxseal/waxseal/internal/message"
	"github.com/waxseal/waxseal/internal/taglist"
	"github.com/waxseal/waxseal/keyrecord"
)

const (
	fieldName = "DomainKey-Signature"
	algorithm = "rsa-sha1" // the only value of a=
	query     = "dns"      // the only value of q=

	// maxFields bounds the names in h=. Real signatures list under 100.
	maxFields = 4096
)

// A Signature is a DomainKey-Signature field (RFC 4870, section 3.3). Its a= is
// rsa-sha1 and its q= dns: there are no others.
type Signature struct {
	Value    []byte   // b=, decoded
	Canon    Canon    // c=
	Domain   string   // d=, as written
	Fields   []string // h=, as written; nil when it is absent: all fields below the signature
	Selector string   // s=, as written

	raw    string // the field, its CRLF included, when it was parsed or signed
	domain string // d= in lower case
}

// ParseSignature parses one DomainKey-Signature field, from its name to its last
// CRLF, which may be missing. The error is a *dkim.TagError with the errors of
// package dkim: ErrSyntax, ErrMissing, ErrAlgorithm (a=, c=), ErrQuery,
// ErrDomain or ErrLimit. With an error it returns the signature as far as it
// could be parsed, for logs.
func ParseSignature(field []byte) (*Signature, error) {
	s := &Signature{raw: string(field)}
	name, value, ok := strings.Cut(s.raw, ":")
	if !ok || !fieldname.Equal(strings.TrimRight(name, " \t"), fieldName) {
		return s, tagErrorf("", dkim.ErrSyntax, "not a %s field", fieldName)
	}
	tags, err := taglist.Parse(strings.TrimSuffix(value, "\r\n"))
	if err != nil {
		reason, e := dkim.ErrSyntax, (*taglist.Error)(nil)
		if errors.Is(err, taglist.ErrLimit) {
			reason = dkim.ErrLimit
		}
		tag := ""
		if errors.As(err, &e) {
			tag = e.Tag
		}
		return s, tagErrorf(tag, reason, "%v", err)
	}
	return s, s.parseTags(tags)
}

func (s *Signature) parseTags(tags taglist.List) error {
	for _, t := range tags { // appendix A
		if len(t.Name) != 1 || t.Name[0] < 'a' || t.Name[0] > 'z' {
			return tagErrorf(t.Name, dkim.ErrSyntax, "a tag is one lower-case letter")
		}
		if strings.IndexFunc(t.Value, func(r rune) bool { return r > '~' }) >= 0 {
			return tagErrorf(t.Name, dkim.ErrSyntax, "the value is not ASCII")
		}
	}
	for _, tag := range [...]string{"d", "s", "b", "c", "q"} {
		if _, ok := tags.Get(tag); !ok {
			return &dkim.TagError{Tag: tag, Err: dkim.ErrMissing}
		}
	}
	for _, t := range tags {
		if err := s.parseTag(t.Name, t.Value); err != nil {
			return err
		}
	}
	return nil
}

func (s *Signature) parseTag(name, value string) (err error) {
	switch name {
	case "a":
		if value != algorithm {
			return tagErrorf("a", dkim.ErrAlgorithm, "%.40q, want %s", value, algorithm)
		}
	case "b":
		if s.Value, err = taglist.DecodeBase64(value); err != nil {
			return tagErrorf("b", dkim.ErrSyntax, "%v", err)
		}
	case "c":
		var ok bool
		if s.Canon, ok = parseCanon(value); !ok {
			return tagErrorf("c", dkim.ErrAlgorithm, "%.40q, want simple or nofws", value)
		}
	case "d":
		if s.domain, err = domain.ToASCII(value); err != nil {
			return &dkim.TagError{Tag: "d", Err: fmt.Errorf("%w: %w: %v", dkim.ErrSyntax, dkim.ErrDomain, err)}
		}
		s.Domain = value
	case "h":
		return s.parseFields(value)
	case "q":
		if value != query {
			return tagErrorf("q", dkim.ErrQuery, "%.40q, want %s", value, query)
		}
	case "s":
		if _, err := domain.SelectorToASCII(value); err != nil {
			return tagErrorf("s", dkim.ErrSyntax, "%v", err)
		}
		s.Selector = value
	}
	return nil
}

// parseFields parses h=, in which white space is ignored, also in a name.
func (s *Signature) parseFields(value string) (err error) {
	if n := strings.Count(value, ":") + 1; n > maxFields {
		return tagErrorf("h", dkim.ErrLimit, "%d names, the limit is %d", n, maxFields)
	}
	value = strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "").Replace(value)
	fields, err := taglist.Split(value, ':')
	if err != nil {
		return tagErrorf("h", dkim.ErrSyntax, "%v", err)
	}
	s.Fields = fields
	return nil
}

// lists reports whether h= names a field.
func (s *Signature) lists(field string) bool {
	for _, f := range s.Fields {
		if fieldname.Equal(f, field) {
			return true
		}
	}
	return false
}

// covers reports whether s, which is field self of a header, signs field i.
func (s *Signature) covers(h *message.Header, self, i int) bool {
	return i > self && (s.Fields == nil || s.lists(string(h.Name(i))))
}

// KeyName returns the name of the DNS record that holds the key:
// "brisbane._domainkey.example.net".
func (s *Signature) KeyName() (string, error) { return keyrecord.Name(s.Selector, s.Domain) }

func tagErrorf(tag string, reason error, format string, args ...any) error {
	return &dkim.TagError{Tag: tag, Err: fmt.Errorf("%w: "+format, append([]any{reason}, args...)...)}
}
