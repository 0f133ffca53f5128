package dkim

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/internal/taglist"
)

// String returns the field with its CRLF, in lines of at most 78 octets where
// its parts allow it. A signature that was parsed or signed is returned as it
// was, octet for octet; change nothing in it.
func (s *Signature) String() string {
	if s.raw != "" {
		return s.raw
	}
	var f folder
	f.signature(s)
	f.value(s.Value)
	return string(f.buf)
}

// Field returns the name and the value of the field, without the CRLF at its
// end, for a milter: the value begins with the space that follows the colon,
// which simple canonicalization hashes.
func (s *Signature) Field() (name, value string) {
	name, value, _ = strings.Cut(s.String(), ":")
	return name, strings.TrimSuffix(value, "\r\n")
}

const maxColumns = 78 // octets in a line (RFC 5322, section 2.1.1)

// A folder writes a field and folds it.
type folder struct {
	buf  []byte
	line int    // where the current line begins
	eai  bool   // UTF-8 stays as it is
	text []byte // memory for a value
}

// signature begins anew, and writes the field of s up to "b=", which comes last
// so that it can be filled in.
func (f *folder) signature(s *Signature) {
	const enough = 1 << 10 // octets, of most
	f.buf = append(slices.Grow(f.buf[:0], enough), fieldName+":"...)
	f.line, f.eai = 0, s.eai
	f.tag("v", "1")
	f.tag("a", safe(s.Algorithm))
	if s.Canon != (canon.Pair{}) {
		f.tag("c", s.Canon.Header.String(), "/", s.Canon.Body.String())
	}
	f.tag("d", safe(s.Domain))
	if s.Identifier != "" {
		f.encoded("i", s.Identifier)
	}
	f.tag("s", safe(s.Selector))
	if s.Query != nil {
		f.list("q", s.Query)
	}
	if !s.Time.IsZero() {
		f.number("t", seconds(s.Time))
	}
	if !s.Expiration.IsZero() {
		f.number("x", seconds(s.Expiration))
	}
	if s.Length != nil {
		f.number("l", *s.Length)
	}
	f.list("h", s.Fields)
	for _, t := range s.Other {
		f.tag(safe(t.Name), safe(t.Value))
	}
	if len(s.Copied) > 0 {
		f.copied(s.Copied)
	}
	f.text = base64.StdEncoding.AppendEncode(f.text[:0], s.BodyHash)
	f.begin("bh", len(f.text))
	f.buf = append(f.buf, f.text...)
	f.begin("b", 0)
}

// value writes the value of b=, and ends the field.
func (f *folder) value(b []byte) {
	f.text = base64.StdEncoding.AppendEncode(f.text[:0], b)
	for text := f.text; len(text) > 0; {
		room := maxColumns - f.column()
		if room <= 0 {
			f.fold()
			continue
		}
		n := min(room, len(text))
		f.buf = append(f.buf, text[:n]...)
		text = text[n:]
	}
	f.buf = append(f.buf, "\r\n"...)
}

func (f *folder) column() int { return len(f.buf) - f.line }

// fold begins a new line.
func (f *folder) fold() {
	f.buf = append(f.buf, "\r\n "...)
	f.line = len(f.buf) - 1
}

// begin writes the name of a tag, on a new line if it and the next octets of
// its value do not fit.
func (f *folder) begin(name string, next int) {
	if len(f.buf) > len(fieldName+":") {
		f.buf = append(f.buf, ';')
	}
	if f.column()+len(" ")+len(name)+len("=")+next+len(";") > maxColumns {
		f.fold()
	} else {
		f.buf = append(f.buf, ' ')
	}
	f.buf = append(f.buf, name...)
	f.buf = append(f.buf, '=')
}

// tag writes a tag whose value, in parts, cannot be folded.
func (f *folder) tag(name string, parts ...string) {
	f.begin(name, total(parts))
	for _, p := range parts {
		f.buf = append(f.buf, p...)
	}
}

// number writes a tag whose value is a number.
func (f *folder) number(name string, n int64) {
	f.text = strconv.AppendInt(f.text[:0], n, 10)
	f.begin(name, len(f.text))
	f.buf = append(f.buf, f.text...)
}

// atom writes what cannot be folded, on a new line if it does not fit.
func (f *folder) atom(parts ...string) {
	if f.column()+total(parts)+len(";") > maxColumns {
		f.fold()
	}
	for _, p := range parts {
		f.buf = append(f.buf, p...)
	}
}

// total returns the octets of all parts.
func total(parts []string) int {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	return n
}

// list writes a tag with elements that colons separate.
func (f *folder) list(name string, elems []string) {
	for i, elem := range elems {
		elem = safe(elem)
		colon := ":"
		if i == len(elems)-1 {
			colon = ""
		}
		if i == 0 {
			f.begin(name, len(elem)+len(colon))
		}
		f.atom(elem, colon)
	}
}

// encoded writes a tag in dkim-quoted-printable.
func (f *folder) encoded(name, value string) {
	f.begin(name, min(len(taglist.AppendQP(nil, value, f.eai)), maxColumns/2))
	f.quoted(value)
}

// copied writes z=. Its names are not folded (RFC 6376, erratum 4875).
func (f *folder) copied(fields []CopiedField) {
	for i, c := range fields {
		name := safe(c.Name) + ":"
		if i == 0 {
			f.begin("z", len(name))
		} else {
			name = "|" + name
		}
		f.atom(name)
		f.quoted(c.Value)
	}
}

// quoted writes s in dkim-quoted-printable, and folds between its characters.
func (f *folder) quoted(s string) {
	var char []byte
	for s != "" {
		_, n := utf8.DecodeRuneInString(s)
		char = taglist.AppendQP(char[:0], s[:n], f.eai)
		f.atom(string(char))
		s = s[n:]
	}
}

// safe returns s if it can stand in a tag without change, and else encodes it:
// what a caller put into a Signature ends no tag and no line.
func safe(s string) string {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] == 0x7f || s[i] == ';' {
			return string(taglist.AppendQP(nil, s, true))
		}
	}
	return s
}

// seconds is a time as t= and x= have it.
func seconds(t time.Time) int64 { return max(0, t.Unix()) }
