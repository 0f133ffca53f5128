// Package message splits a message into the raw fields of its header and its
// body, as it is written piece by piece (RFC 5322, section 2.1).
//
// Nothing is repaired and nothing is rewritten: a field keeps every octet,
// because DKIM's simple canonicalization hashes every octet. Memory is bounded
// by MaxHeader; the body is handed on and never kept.
package message

import (
	"bytes"
	"errors"
	"fmt"
)

const (
	// MaxHeader bounds the octets of a header. Real headers stay under 100 KiB.
	MaxHeader = 1 << 20
	// MaxField bounds the octets of one field. A To field with ten thousand
	// recipients has some 400 KiB.
	MaxField = 1 << 19
	// MaxFields bounds the number of fields. Real headers have under 300.
	MaxFields = 10_000
)

var (
	// ErrHeader reports a header that is none, or a line in it that is no field.
	ErrHeader = errors.New("malformed header")
	// ErrLineEnding reports lines that do not end in CRLF.
	ErrLineEnding = errors.New("lines do not end in CRLF")
	// ErrLimit reports a header beyond one of the limits above.
	ErrLimit = errors.New("limit exceeded")
)

// A Scanner reads the header of a message that is written to it. Its zero
// value is ready for a message.
type Scanner struct {
	Header
	done bool
	err  error
}

// Reset makes s ready for another message, and keeps its memory.
func (s *Scanner) Reset() {
	*s = Scanner{Header: Header{buf: s.buf[:0], fields: s.fields[:0]}}
}

// Write takes octets of the message. Once the header has ended, done is true
// and body holds those octets of p that belong to the body.
func (s *Scanner) Write(p []byte) (body []byte, done bool) {
	if s.done {
		return p, true
	}
	n := min(len(p), MaxHeader+len(blank)-len(s.buf))
	if end := s.end(p[:n]); end >= 0 {
		s.buf = append(s.buf, p[:end]...)
		s.buf = s.buf[:len(s.buf)-2] // the empty line is no field
		s.finish(true)
		return p[end:], true
	}
	s.buf = append(s.buf, p[:n]...)
	if len(s.buf) == MaxHeader+len(blank) {
		s.finish(false)
		if !errors.Is(s.err, ErrLineEnding) {
			s.err = fmt.Errorf("%w: a header of more than %d octets; is this a message?", ErrLimit, MaxHeader)
		}
		return nil, true
	}
	return nil, false
}

// end returns how many octets of p, which follows s.buf, belong to the header,
// the empty line included, or -1 if the empty line is not there yet.
func (s *Scanner) end(p []byte) int {
	// An empty line that straddles two writes has at most three octets in each.
	var joint [6]byte
	old := copy(joint[:], s.buf[max(0, len(s.buf)-3):])
	all := joint[:old+copy(joint[old:], p[:min(len(p), 3)])]
	if len(s.buf) < 2 && bytes.HasPrefix(all, blank[:2]) {
		return 2 - old
	}
	if i := bytes.Index(all, blank); i >= 0 {
		return i + len(blank) - old
	}
	if i := bytes.Index(p, blank); i >= 0 {
		return i + len(blank)
	}
	return -1
}

// Close says that the message has ended, and returns what is wrong with its
// header: an error that wraps ErrHeader, ErrLineEnding or ErrLimit. A message
// may end without an empty line; its body is empty then.
func (s *Scanner) Close() error {
	if !s.done {
		s.finish(false)
	}
	return s.err
}

// Err is what Close returns, once the header has ended.
func (s *Scanner) Err() error { return s.err }

// blank is the end of a line and the empty line after it.
var blank = []byte("\r\n\r\n")

// finish splits the header into fields. blankSeen tells whether an empty line ended it.
func (s *Scanner) finish(blankSeen bool) {
	s.done = true
	if s.err = s.lineEndings(blankSeen); s.err == nil {
		s.err = s.split()
	}
	if s.err != nil {
		s.fields = s.fields[:0]
	}
}

func (s *Scanner) lineEndings(blankSeen bool) error {
	crlf := bytes.Index(s.buf, blank[:2])
	first := s.buf // line, as far as CRLF ends lines
	if crlf >= 0 {
		first = s.buf[:crlf]
	}
	switch {
	case len(s.buf) == 0 && blankSeen:
		return fmt.Errorf("%w: the message has no header fields", ErrHeader)
	case len(s.buf) == 0:
		return fmt.Errorf("%w: the message is empty", ErrHeader)
	case bytes.Contains(first, []byte("\n\n")):
		return fmt.Errorf("%w: the header ends its lines in bare LF; convert the message with canon.NewCRLFReader first", ErrLineEnding)
	case crlf < 0 && bytes.ContainsAny(s.buf, "\r\n"):
		return fmt.Errorf("%w: the header has no CRLF; convert the message with canon.NewCRLFReader first", ErrLineEnding)
	case !bytes.HasSuffix(s.buf, blank[:2]):
		return fmt.Errorf("%w: the message ends inside the header, in a line without CRLF", ErrHeader)
	}
	return nil
}

// split finds the fields of s.buf, which ends in CRLF.
func (s *Scanner) split() error {
	for start := 0; start < len(s.buf); {
		end, first := start, 0
		for {
			end += lineLen(s.buf[end:])
			if first == 0 {
				first = end
			}
			if end == len(s.buf) || s.buf[end] != ' ' && s.buf[end] != '\t' {
				break
			}
		}
		if len(s.fields) == MaxFields {
			return fmt.Errorf("%w: more than %d header fields", ErrLimit, MaxFields)
		}
		if end-start > MaxField {
			return fmt.Errorf("%w: header field %d has %d octets, the limit is %d", ErrLimit, len(s.fields)+1, end-start, MaxField)
		}
		name := bytes.IndexByte(s.buf[start:first], ':')
		if name < 0 {
			return fmt.Errorf("%w: line %q is no field: no colon", ErrHeader, excerpt(s.buf[start:first]))
		}
		for name > 0 && (s.buf[start+name-1] == ' ' || s.buf[start+name-1] == '\t') {
			name--
		}
		if name == 0 || s.buf[start] == ' ' || s.buf[start] == '\t' {
			return fmt.Errorf("%w: line %q is no field: no name", ErrHeader, excerpt(s.buf[start:first]))
		}
		s.fields = append(s.fields, span{start, start + name, end})
		start = end
	}
	return nil
}

// lineLen returns the length of the first line of b, its CRLF included. A bare
// LF or CR ends no line. b ends in CRLF.
func lineLen(b []byte) int {
	for n := 0; ; {
		n += bytes.IndexByte(b[n:], '\n') + 1
		if n >= 2 && b[n-2] == '\r' {
			return n
		}
	}
}

// excerpt shortens a line for an error.
func excerpt(line []byte) []byte {
	const most = 40 // enough to find the line
	line = bytes.TrimRight(line, "\r\n")
	return line[:min(len(line), most)]
}
