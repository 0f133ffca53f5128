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
	"slices"
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
	line int   // where in buf the line that is being read begins
	seen int   // how far the LF that ends it was looked for
	crs  int   // those that end the lines so far
	bad  error // of the first line that is no field
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
	for len(p) > 0 {
		old := len(s.buf)
		blankSeen := s.look(p)
		if blankSeen {
			body = p[s.seen-old:]
			s.buf = s.buf[:s.line] // the empty line is no field
			s.finish(true)
			return body, true
		}
		p = p[len(s.buf)-old:]
		if len(s.buf) == MaxHeader+len(blank) {
			s.finish(false)
			if !errors.Is(s.err, ErrLineEnding) {
				s.err = fmt.Errorf("%w: a header of more than %d octets; is this a message?", ErrLimit, MaxHeader)
			}
			return nil, true
		}
	}
	return nil, false
}

// look takes octets of p, and reports whether there was an empty line among them.
func (s *Scanner) look(p []byte) (blankSeen bool) {
	room := MaxHeader + len(blank) - len(s.buf)
	if own := s.buf; len(own) == 0 {
		// Most headers come in one Write: p is looked at where it is, and what
		// is of the header copied then.
		s.buf = p[:min(len(p), room)]
		blankSeen = s.lines()
		s.buf = append(own, p[:s.seen]...)
		return blankSeen
	}
	// As much again: to copy what is of the body costs no more than the header.
	const least = 1 << 10 // octets
	s.buf = append(s.buf, p[:min(len(p), room, max(least, len(s.buf)))]...)
	return s.lines()
}

// lines splits the lines of s.buf that are complete into fields, and reports
// whether there was an empty one: it begins at s.line and ends at s.seen. A bare
// LF or CR ends no line.
func (s *Scanner) lines() (blankSeen bool) {
	for {
		lf := bytes.IndexByte(s.buf[s.seen:], '\n')
		if lf < 0 {
			s.seen = len(s.buf)
			return false
		}
		s.seen += lf + 1
		if s.seen < 2 || s.buf[s.seen-2] != '\r' {
			s.bare = true
			continue
		}
		if s.seen == s.line+len("\r\n") {
			return true
		}
		if s.bad == nil {
			s.bad = s.addLine(s.line, s.seen)
		}
		s.crs++
		s.line = s.seen
	}
}

// addLine adds a line of s.buf to the last field, or as a new one.
func (s *Scanner) addLine(start, end int) error {
	if c := s.buf[start]; start > 0 && (c == ' ' || c == '\t') {
		f := &s.fields[len(s.fields)-1]
		f.end = end
		return s.checkSize(*f)
	}
	if len(s.fields) == MaxFields {
		return fmt.Errorf("%w: more than %d header fields", ErrLimit, MaxFields)
	}
	name := bytes.IndexByte(s.buf[start:end], ':')
	if name < 0 {
		return fmt.Errorf("%w: line %q is no field: no colon", ErrHeader, excerpt(s.buf[start:end]))
	}
	for name > 0 && (s.buf[start+name-1] == ' ' || s.buf[start+name-1] == '\t') {
		name--
	}
	if name == 0 || s.buf[start] == ' ' || s.buf[start] == '\t' {
		return fmt.Errorf("%w: line %q is no field: no name", ErrHeader, excerpt(s.buf[start:end]))
	}
	f := span{start, start + name, end}
	if len(s.fields) == cap(s.fields) {
		const least = 32
		s.fields = slices.Grow(s.fields, max(least, len(s.fields))) // append adds a quarter, and copies more
	}
	s.fields = append(s.fields, f)
	return s.checkSize(f)
}

// checkSize checks the size of the last field, f.
func (s *Scanner) checkSize(f span) error {
	if f.end-f.start > MaxField {
		return fmt.Errorf("%w: header field %d has more than %d octets", ErrLimit, len(s.fields), MaxField)
	}
	return nil
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

// finish ends the header. blankSeen tells whether an empty line ended it.
func (s *Scanner) finish(blankSeen bool) {
	s.done = true
	s.bare = s.bare || bytes.Count(s.buf, blank[:1]) != s.crs
	if s.err = s.lineEndings(blankSeen); s.err == nil {
		s.err = s.bad
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

// excerpt shortens a line for an error.
func excerpt(line []byte) []byte {
	const most = 40 // enough to find the line
	line = bytes.TrimRight(line, "\r\n")
	return line[:min(len(line), most)]
}
