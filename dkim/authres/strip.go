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
	maxEmptyReads = 100      // in a row, before io.ErrNoProgress
	maxLine       = 998      // octets of a line (RFC 5322, section 2.1.1), and so of a name
)

// The ends of a line.
const (
	endCRLF = "\r\n"
	endLF   = "\n"
	endCR   = "\r"
)

var errMixed = fmt.Errorf("%w: CRLF, LF and CR are mixed where a field is to be removed, so that it would change what others are; refuse the message, or put a canon.NewCRLFReader below", ErrSyntax)

var errSplit = fmt.Errorf("%w: LF stands in the name of a field, or behind NUL there, which is two lines to some and a field to be removed to others; refuse the message, or put a canon.NewCRLFReader below", ErrSyntax)

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
//   - that is longer than 64 KiB;
//   - whose name is Authentication-Results only for those who pass over what no
//     name may hold: controls other than HTAB, and characters beyond ASCII.
//
// It also removes lines at the very beginning that start with white space: they
// would go on the field that a server puts on top.
//
// Everything else passes octet for octet: other fields, fields of other
// servers, the body with whatever messages it contains. Without ids no
// Authentication-Results field is removed. RemoveAll takes out fields of other
// names.
//
// Removing a field that a signature covers breaks the signature: verify first,
// then remove (section 5). An io.TeeReader below lets a verifier read what comes
// in.
//
// # Line ends
//
// Lines end in CRLF, or all of them in LF. Where a header mixes these, or has
// CR alone, readers disagree about where a field begins and the header ends.
// So a field is removed if it is one to any of them, up to where it ends for
// all of them, and only an empty line that all take for the end of the header
// is that: behind LF LF it goes on if CRLF comes. Nothing becomes a field for a
// reader to whom it was none. Where that cannot be, Read returns ErrSyntax: refuse
// the message. So it does where LF alone divides such a name, and no CRLF has come
// before the field ends. Above a canon.NewCRLFReader, which ends every line in
// CRLF, none of this happens.
//
// It holds at most one field, of those that may have to go, whatever the message.
// It takes time in proportion to the message, and at worst to the longest name too.
// It serves one message, and one goroutine at a time.
type StripReader struct {
	r   io.Reader
	ids []string
	all []string     // names of fields that go whatever they say, in lower case
	buf []byte       // what r reads into
	out bytes.Buffer // what Read has yet to give
	err error        // to be given when out is empty

	state   stripState
	name    nameMatcher // of the field, in stripName and stripHold
	field   []byte      // what is held of it
	again   []byte      // of field, what is to be taken again
	spare   []byte      // memory for another field
	value   int         // where its value begins, in stripHold
	owed    string      // line end before the field that is held; nothing at the beginning, or once it is given
	end     string      // line end that stands behind what was taken of the field, and of which nobody knows yet whose it is
	newLine bool        // the next octet begins a line
	cr      bool        // a CR has come, and LF may follow
	crlf    bool        // a line has ended in CRLF
	blank   bool        // the field that is held has an empty line for some reader
	lfBody  bool        // the header has ended in LF, and no CRLF has come
	named   bool        // a colon was given out, and so the name of the first field
	exposed bool        // without one, a field was removed up to LF alone, and the next goes on with that name should CRLF come

	removed []Removal
	count   int
}

type stripState uint8

const (
	stripPass stripState = iota // in a field that stays
	stripName                   // in a field whose name may be one of those
	stripHold                   // in a field that has the name
	stripDrop                   // in one that is too long
	stripBody                   // behind the header
)

// NewStripReader returns a StripReader that reads a message from r and removes
// the fields of the servers named by id: of all whom any reader behind this
// server trusts.
func NewStripReader(r io.Reader, id ...string) *StripReader {
	s := &StripReader{r: r, ids: slices.Clone(id), newLine: true}
	if len(id) == 0 {
		s.state = stripBody
	} else {
		s.name.add(fieldName)
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
			s.name.add(n)
			s.all = append(s.all, strings.ToLower(n))
			s.state = stripPass
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
			s.buf, s.field, s.spare = nil, nil, nil
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
		if err != nil && s.err == nil {
			s.finish()
		}
		if err != nil && (s.err == nil || err != io.EOF) {
			s.err = err
		}
	}
	return s.out.Read(p)
}

// scan takes the next octets of the message.
func (s *StripReader) scan(b []byte) {
	at := 0
	for at < len(b) && s.state != stripBody && s.err == nil {
		if s.cr {
			s.cr = false
			if b[at] == '\n' {
				at++
				s.endLine(endCRLF)
				continue
			}
			s.endLine(endCR)
		}
		ends := "\r\n"
		if s.lfBody {
			ends = "\r"
		}
		n := bytes.IndexAny(b[at:], ends)
		if n < 0 {
			n = len(b) - at
		}
		if n > 0 {
			if s.newLine {
				s.beginLine(b[at])
			}
			line := n
			if s.state == stripName { // no more than shows that the field is too long
				n = min(n, maxField+1-len(s.field))
			}
			s.add(b[at : at+n])
			at += n
			if again := s.again; again != nil {
				s.again = nil
				if len(again) <= at {
					at -= len(again)
					continue
				}
				// It began before b.
				s.field, s.spare = s.spare[:0], s.field
				s.scan(again)
				continue
			}
			if n < line {
				continue
			}
		}
		if at < len(b) {
			s.cr = b[at] == '\r'
			if !s.cr {
				s.endLine(endLF)
			}
			at++
		}
	}
	if s.err == nil {
		s.out.Write(b[at:]) // of the body
	}
}

// strong reports whether a line end is one to every reader, as far as the
// header tells yet. So is the beginning of the message.
func (s *StripReader) strong(end string) bool {
	return end == endCRLF || end == endLF && !s.crlf || end == ""
}

// goesOn reports whether the field may go on behind the last line end, though
// no white space follows. Before a name and behind it, LF is trimmed by some;
// within that of the first field it is passed over by some, should CRLF come.
// Behind what is passed over alone, a field begins all the same, but for the first.
func (s *StripReader) goesOn() bool {
	if s.state == stripName && s.name.n == 0 && len(s.field) > 0 && s.owed != "" && !s.blank {
		return false
	}
	return !s.strong(s.end) || s.state == stripName && s.end == endLF && (s.owed == "" || s.name.n == 0 || s.name.complete())
}

// endLine takes the end of a line.
func (s *StripReader) endLine(end string) {
	s.crlf = s.crlf || end == endCRLF
	if s.lfBody && !s.crlf {
		s.out.WriteString(end)
		return
	}
	s.lfBody = false
	switch {
	case s.crlf && s.exposed:
		s.err = errMixed
	case !s.newLine: // of a line that has something
		s.end = end
		s.newLine = true
	case s.state != stripPass && s.goesOn() && (end != endLF || !s.strong(end)): // an empty line to some; to others the line goes on
		s.addEnd()
		s.end = end
		s.blank = true
		if s.state == stripHold || s.state == stripDrop {
			s.err = errMixed
		}
	case !s.strong(end), !s.strong(s.end), end == endLF && s.end == "": // an empty line to some; to others one that begins with CR or LF
		s.endField()
		s.state = stripName
		s.end = end
		s.blank = true
	default:
		s.endField()
		s.out.WriteString(s.owed)
		s.out.WriteString(end)
		s.state = stripBody
		if end == endLF { // but not for a reader of CRLF, should one come
			s.state = stripPass
			s.owed = ""
			s.lfBody = true
			s.newLine = false
			s.exposed = false
		}
	}
}

// beginLine looks at the first octet of a line that is not empty.
func (s *StripReader) beginLine(c byte) {
	s.newLine = false
	switch first := s.end == "" && s.owed == ""; {
	case first && isSpace(c):
		s.state = stripHold // as a field without a name
	case isSpace(c), s.state != stripPass && s.goesOn():
		s.addEnd()
	default:
		s.endField()
		s.state = stripName
	}
}

// addEnd takes the line end as a part of the field.
func (s *StripReader) addEnd() {
	end := s.end
	s.end = ""
	s.add([]byte(end))
}

// add takes octets of a field.
func (s *StripReader) add(b []byte) {
	switch s.state {
	case stripPass:
		s.give(b)
		return
	case stripDrop:
		return
	}
	s.field = append(s.field, b...)
	if s.state == stripName {
		s.matchName(b)
	}
	if len(s.field) > maxField {
		s.remove("", errTooLong)
		s.state = stripDrop
	}
}

// matchName looks for the name in b, with which the field ends.
func (s *StripReader) matchName(b []byte) {
	switch n, match := s.name.feed(b); {
	case match == nameFound:
		s.state = stripHold
		s.value = len(s.field) - len(b) + n
	case match == nameOther:
		s.restart()
	}
}

// restart gives up the name. Behind a line end that is one to some, a field
// begins to them: scan takes what is held from there on again. Before the first
// octet of the name that need not be tried, as it comes to the same; so an octet
// is taken again no more often than the longest name has octets.
func (s *StripReader) restart() {
	at := weakEnd(s.field, s.name.before)
	if at < 0 {
		s.pass()
		return
	}
	again := s.field[at+1:]
	end := string(s.field[at : at+1])
	s.field = s.field[:at]
	s.pass()
	s.name.reset()
	s.end = end
	s.newLine = true
	s.again = again
}

// weakEnd returns the offset, from the given one on, of the first LF or CR alone
// in a field that no white space follows, or -1.
func weakEnd(field []byte, from int) int {
	for i := from; i < len(field); i++ {
		switch {
		case field[i] != '\r' && field[i] != '\n':
		case bytes.HasPrefix(field[i:], []byte(endCRLF)):
			i++
		case i+1 < len(field) && !isSpace(field[i+1]):
			return i
		}
	}
	return -1
}

// endField decides about the field, with the line end behind it, and leaves in
// owed what stands before the next one.
func (s *StripReader) endField() {
	switch gone := s.state == stripDrop || s.state == stripHold && s.judge(); {
	case !gone:
		s.pass()
		s.owed = s.end
	case s.blank:
		s.err = errMixed
	case s.name.split && !s.crlf:
		s.err = errSplit
	default:
		if !s.named && s.end == endLF {
			s.exposed = true
		}
		if s.owed != "" && s.owed != endCRLF && s.end != "" {
			s.owed = s.end
		}
	}
	s.end = ""
	s.field = s.field[:0]
	s.value = 0
	s.blank = false
	s.name.reset()
}

// finish takes the end of the input.
func (s *StripReader) finish() {
	if s.state == stripBody {
		return
	}
	if s.cr {
		s.cr = false
		s.endLine(endCR)
	}
	s.endField()
	s.out.WriteString(s.owed)
	s.owed = ""
}

// give gives out octets of a field.
func (s *StripReader) give(b []byte) {
	s.named = s.named || bytes.IndexByte(b, ':') >= 0
	s.out.Write(b)
}

// pass gives out what was held.
func (s *StripReader) pass() {
	s.out.WriteString(s.owed)
	s.owed = ""
	s.give(s.field)
	s.field = s.field[:0]
	s.blank = false
	s.state = stripPass
}
