package adsp

import (
	"fmt"
	"strings"

	"github.com/waxseal/waxseal/internal/taglist"
)

// maxRecord bounds the octets of one record. Real ones have under 100.
const maxRecord = 4 << 10

// An Outbound is a value of o=: what a domain says of the mail it sends. The
// zero value is Relaxed.
type Outbound byte

// The names are MDaemon's.
const (
	Relaxed   Outbound = '~' // signs some; the default
	Strong    Outbound = '-' // signs all; a signature of any domain will do
	Exclusive Outbound = '!' // signs all, and itself: mailing lists break it
	Never     Outbound = '.' // sends no mail
	PerUser   Outbound = '^' // each user has a record, at <user>._policy._domainkey
)

// String returns the one character of o=.
func (o Outbound) String() string {
	if o == 0 {
		o = Relaxed
	}
	return string(rune(o))
}

func (o Outbound) known() bool {
	switch o {
	case Relaxed, Strong, Exclusive, Never, PerUser:
		return true
	}
	return false
}

// A Policy is a record with o=, of RFC 4870, section 3.6, or of
// draft-allman-dkim-ssp-00. The zero value is the policy of a domain that
// publishes none; so is a nil *Policy.
type Policy struct {
	Outbound Outbound // o=
	Testing  bool     // t=y: mail must not be treated worse for the sake of the record
	Notes    string   // n=, decoded: for people
	Report   string   // r=: an address for reports; nothing is sent to it
}

// ParsePolicy parses the text of a TXT record at "_domainkey" or
// "_policy._domainkey". All tags are optional; those that it does not know are
// ignored, and so are flags of t= but "y". Flags are separated by "|", as the
// drafts have it, or ":".
//
// An o= that is not one of the five is Relaxed. The tag dkim= of later drafts
// stands for o=, as DKIMproxy reads it: unknown is Relaxed, all is Strong,
// strict and discardable are Exclusive.
//
// An error wraps ErrSyntax: a malformed tag list, a tag that occurs twice, or
// a text above 4 KiB.
func ParsePolicy(txt string) (*Policy, error) {
	p, _, err := parsePolicy(txt, true)
	return p, err
}

// parsePolicy is ParsePolicy; speaks reports whether the text has a tag that
// makes it a policy, and not just any list of tags. dkim= counts with ssp.
func parsePolicy(txt string, ssp bool) (p *Policy, speaks bool, err error) {
	if len(txt) > maxRecord {
		return nil, false, fmt.Errorf("%w: %d octets, the limit is %d", ErrSyntax, len(txt), maxRecord)
	}
	p = &Policy{Outbound: Relaxed}
	if strings.Trim(txt, " \t") == "" {
		return p, false, nil // all tags are optional
	}
	tags, err := taglist.Parse(txt)
	if err != nil {
		return nil, false, fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	for _, t := range tags {
		switch t.Name {
		case "o":
			speaks = true
			if len(t.Value) == 1 && Outbound(t.Value[0]).known() {
				p.Outbound = Outbound(t.Value[0])
			}
		case "t":
			p.Testing = hasFlag(t.Value, "y")
		case "n":
			p.Notes = decodeNotes(t.Value)
		case "r":
			p.Report = strings.Clone(t.Value)
		}
	}
	if dkim, ok := tags.Get("dkim"); ok && ssp {
		speaks = true
		p.Outbound = successor(dkim)
	}
	return p, speaks, nil
}

// successor returns the o= that a value of dkim= came after.
func successor(dkim string) Outbound {
	switch {
	case equalFold(dkim, "all"):
		return Strong
	case equalFold(dkim, "strict"), equalFold(dkim, "discardable"):
		return Exclusive
	}
	return Relaxed
}

func hasFlag(value, flag string) bool {
	for f := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == '|' || r == ':' }) {
		if equalFold(taglist.TrimFWS(f), flag) {
			return true
		}
	}
	return false
}

// String returns the record as the text of a TXT record, as MDaemon writes it:
// "t=y; o=~;". ParsePolicy of the text returns an equal Policy.
//
// It returns "" for a Policy that has no such text: an Outbound that is not one
// of the five, a Report that would end its tag, or more than 4 KiB.
func (p *Policy) String() string {
	want := Policy{Outbound: Relaxed}
	if p != nil {
		want = *p
	}
	if want.Outbound == 0 {
		want.Outbound = Relaxed
	}
	var b []byte
	if want.Testing {
		b = append(b, "t=y; "...)
	}
	b = fmt.Appendf(b, "o=%v;", want.Outbound)
	if want.Notes != "" {
		b = append(appendNotes(append(b, " n="...), want.Notes), ';')
	}
	if want.Report != "" {
		b = fmt.Appendf(b, " r=%s;", want.Report)
	}
	if got, err := ParsePolicy(string(b)); err != nil || *got != want {
		return ""
	}
	return string(b)
}

// Rollout returns the two records of a domain that begins to sign: the one to
// publish while it tests, and the one that takes its place when all its mail is
// signed.
//
//	testing, enforcing := adsp.Rollout(adsp.Strong) // "t=y; o=~;" and "o=-;"
func Rollout(o Outbound) (testing, enforcing *Policy) {
	return &Policy{Outbound: Relaxed, Testing: true}, &Policy{Outbound: o}
}

// decodeNotes decodes quoted-printable that keeps its white space. A fold goes,
// and "=" without two hexadecimal digits stays as it is: RFC 4870 does not
// encode n=.
func decodeNotes(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '\r' || c == '\n' {
			continue
		}
		if c == '=' && len(s)-i > 2 {
			if d, err := taglist.DecodeQP(s[i : i+3]); err == nil && len(d) == 1 {
				c = d[0]
				i += 2
			}
		}
		b = append(b, c)
	}
	return string(b)
}

// appendNotes appends s in quoted-printable, with its inner spaces as they are.
func appendNotes(dst []byte, s string) []byte {
	for i := range len(s) {
		if s[i] == ' ' && i > 0 && i < len(s)-1 {
			dst = append(dst, ' ')
		} else {
			dst = taglist.AppendQP(dst, s[i:i+1], false)
		}
	}
	return dst
}

// equalFold compares a value with a word of ASCII, without case.
func equalFold(value, word string) bool {
	return len(value) == len(word) && strings.EqualFold(value, word)
}
