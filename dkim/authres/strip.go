package authres

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
)

const (
	stripBuffer   = 32 << 10 // octets read at once
	maxRemovals   = 100      // that a StripReader keeps for the log; Count goes on
	maxRemovalRaw = 1 << 10  // octets of a field that it keeps
	maxEmptyReads = 100      // in a row, before io.ErrNoProgress
	maxLine       = 998      // octets of a line (RFC 5322, section 2.1.1), and so of a name
)

// A StripReader copies a message without the Authentication-Results fields
// that claim to come from certain servers (RFC 8601, section 5). A server
// takes such fields out of what strangers send, before it adds its own.
//
// It removes a field of the message's own header
//
//   - whose authserv-id is one of the ids, by the comparison of Field.Trusted;
//   - whose authserv-id cannot be read beyond doubt: it is malformed, is neither
//     a token nor an internationalized domain name, or has something else than
//     a version behind it;
//   - that has a version other than 1;
//   - that is longer than 64 KiB.
//
// Everything else passes octet for octet: other fields, fields of other
// servers, the body with whatever messages it contains. Lines end in CRLF or
// LF. A bare CR ends none: where later software may think that it does, put a
// canon.NewCRLFReader below. Without ids no Authentication-Results field is
// removed. RemoveAll takes out fields of other names.
//
// Removing a field that a signature covers breaks the signature: verify first,
// then remove (section 5).
//
// It holds at most one field, of those that may have to go, whatever the
// message. It serves one message, and one goroutine at a time.
type StripReader struct {
	r     io.Reader
	ids   []string
	names []string     // of the fields that may have to go, in lower case
	all   []string     // those of names that go whatever they say
	buf   []byte       // what r reads into
	out   bytes.Buffer // what Read has yet to give
	err   error        // of r, to be given when out is empty

	state   stripState
	lineEnd bool   // the next octet begins a line
	cr      bool   // a CR that began a line is held back
	field   []byte // what is held of a field that may have to go
	matched int    // octets of field that were looked at for its name
	name    int    // octets of its name, once that has ended

	removed []Removal
	count   int
}

type stripState uint8

const (
	stripStart stripState = iota // before the first field
	stripPass                    // in a field that stays
	stripName                    // in a field whose name may be the one
	stripHold                    // in an Authentication-Results field
	stripDrop                    // in one that is too long
	stripBody                    // behind the header
)

// A Removal is a field that a StripReader has removed.
type Removal struct {
	Raw []byte // the field as it stood, cut off after 1024 octets
	ID  string // its authserv-id, if that could be read
	Err error  // why it went though ID is none of the ids: ErrSyntax, ErrVersion or ErrLimit; nil for RemoveAll
}

// NewStripReader returns a StripReader that reads a message from r and removes
// the fields of the servers named by id.
func NewStripReader(r io.Reader, id ...string) *StripReader {
	s := &StripReader{r: r, ids: slices.Clone(id), lineEnd: true}
	if len(id) == 0 {
		s.state = stripBody
	} else {
		s.names = []string{strings.ToLower(fieldName)}
	}
	return s
}

// RemoveAll makes s remove every field with one of the names too, whatever it
// says: for fields that name no server, like X-DKIM-Authentication-Results of
// DKIMproxy, of which a stranger's cannot be told from ours. Names are compared
// without case; one that is empty, or longer than 998 octets, has no effect.
// RemoveAll is to be called before the first Read.
func (s *StripReader) RemoveAll(name ...string) {
	for _, n := range name {
		if n != "" && len(n) <= maxLine {
			s.names = append(s.names, strings.ToLower(n))
			s.all = append(s.all, strings.ToLower(n))
			s.state = stripStart
		}
	}
}

// Removed returns the first hundred fields that were removed so far, for the
// log. The caller must not change them.
func (s *StripReader) Removed() []Removal { return s.removed }

// Count returns how many fields were removed so far.
func (s *StripReader) Count() int { return s.count }

// Read reads the message without the fields. An error of the reader below is
// returned as it is, behind the octets that came before it.
func (s *StripReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for empty := 0; s.out.Len() == 0; empty++ {
		switch {
		case s.err != nil:
			return 0, s.err
		case s.state == stripBody:
			s.buf, s.field = nil, nil
			return s.r.Read(p)
		case empty == maxEmptyReads:
			return 0, io.ErrNoProgress
		case s.buf == nil:
			s.buf = make([]byte, stripBuffer)
		}
		n, err := s.r.Read(s.buf)
		if n > 0 {
			empty = 0
		}
		s.scan(s.buf[:n])
		if err != nil {
			s.err = err
			s.end()
		}
	}
	return s.out.Read(p)
}

// scan takes the next octets of the message.
func (s *StripReader) scan(b []byte) {
	for len(b) > 0 && s.state != stripBody {
		if s.lineEnd && !s.beginLine(b[0]) {
			b = b[1:]
			continue
		}
		n := bytes.IndexByte(b, '\n') + 1
		s.lineEnd = n > 0
		if n == 0 {
			n = len(b)
		}
		s.add(b[:n])
		b = b[n:]
	}
	s.out.Write(b) // of the body
}

// beginLine looks at the first octet of a line, or at the second if the first
// is CR, and ends the field or the header if it does. It reports false if it
// took the octet.
func (s *StripReader) beginLine(c byte) bool {
	switch {
	case c == '\n':
		s.endField()
		if s.cr {
			s.out.WriteByte('\r')
		}
		s.out.WriteByte('\n')
		s.state = stripBody
		return false
	case c == '\r' && !s.cr:
		s.cr = true
		return false
	case s.cr || !isSpace(c) || s.state == stripStart:
		s.endField()
		s.state = stripName
	}
	s.lineEnd = false
	if s.cr {
		s.cr = false
		s.add([]byte{'\r'}) // it began a line that is not empty
	}
	return true
}

// add takes octets of one field.
func (s *StripReader) add(b []byte) {
	switch s.state {
	case stripPass:
		s.out.Write(b)
		return
	case stripDrop:
		return
	}
	s.field = append(s.field, b...)
	if s.state == stripName {
		s.matchName()
	}
	if len(s.field) > maxField {
		s.remove("", fmt.Errorf("%w: a field of more than %d octets", ErrLimit, maxField))
		s.state = stripDrop
	}
}

// matchName looks at the octets of field that it has not seen, and leaves
// stripName when it knows enough. Folds before the colon are none in RFC 5322,
// but others may skip them.
func (s *StripReader) matchName() {
	for ; s.matched < len(s.field); s.matched++ {
		switch c := s.field[s.matched]; {
		case c == ':' && (s.name > 0 || s.endName()):
			s.state = stripHold
			return
		case isSpace(c) || c == '\r' || c == '\n':
			if s.name > 0 || s.endName() {
				continue
			}
		case s.name == 0 && s.beginsName():
			continue
		}
		s.pass()
		return
	}
}

// beginsName reports whether some name begins with what matchName has come to.
func (s *StripReader) beginsName() bool {
	seen := s.field[:s.matched+1]
	return slices.ContainsFunc(s.names, func(name string) bool {
		return len(name) >= len(seen) && equalName(name[:len(seen)], seen)
	})
}

// endName reports whether what matchName has come to is the end of a name.
func (s *StripReader) endName() bool {
	seen := s.field[:s.matched]
	if !slices.ContainsFunc(s.names, func(name string) bool { return equalName(name, seen) }) {
		return false
	}
	s.name = len(seen)
	return true
}

// endField decides about the field that is held, if there is one.
func (s *StripReader) endField() {
	if s.state == stripName || s.state == stripHold && !s.judge() {
		s.pass()
	}
	s.field = s.field[:0]
	s.matched = 0
	s.name = 0
}

// end takes the end of the input.
func (s *StripReader) end() {
	s.endField()
	if s.cr && s.state != stripBody {
		s.out.WriteByte('\r')
	}
}

// pass gives out what was held.
func (s *StripReader) pass() {
	s.out.Write(s.field)
	s.field = s.field[:0]
	s.state = stripPass
}

// judge removes the field that is held if it has to go.
func (s *StripReader) judge() bool {
	name := s.field[:s.name]
	if slices.ContainsFunc(s.all, func(n string) bool { return equalName(n, name) }) {
		s.remove("", nil)
		return true
	}
	id, err := fieldID(string(s.field))
	if err == nil && !(&Field{ID: id}).Trusted(s.ids...) {
		if isToken(id) || isUnicodeDomain(id) {
			return false
		}
		err = fmt.Errorf("%w: the authserv-id %.64q is neither a token nor a domain name", ErrSyntax, id)
	}
	s.remove(id, err)
	return true
}

// fieldID returns the authserv-id of a field. It does not look at the results.
func fieldID(field string) (string, error) {
	s, err := unfold(field)
	if err != nil {
		return "", err
	}
	clause, _, _ := cutClause(s)
	if !isClean(clause) {
		return "", fmt.Errorf("%w: a control, or ill-formed UTF-8", ErrSyntax)
	}
	var f Field
	err = (&parser{s: clause}).id(&f)
	return f.ID, err
}

// remove forgets the field that is held, and keeps a note of it.
func (s *StripReader) remove(id string, err error) {
	if s.count < maxRemovals {
		raw := s.field[:min(len(s.field), maxRemovalRaw)]
		s.removed = append(s.removed, Removal{Raw: bytes.Clone(raw), ID: id, Err: err})
	}
	s.count++
	s.field = nil
}

// equalName reports whether b is name, which is in lower case.
func equalName(name string, b []byte) bool {
	return len(name) == len(b) && strings.EqualFold(name, string(b))
}
