package domainkeys

import (
	"encoding/base64"
	"strings"
)

// String returns the field with its CRLF, in lines of at most 78 octets where
// its parts allow it. A signature that was parsed or signed is returned as it
// was, octet for octet.
func (s *Signature) String() string {
	if s.raw != "" {
		return s.raw
	}
	f := folder{b: []byte(fieldName + ":")}
	f.tag("a", algorithm)
	f.tag("q", query)
	f.tag("c", s.Canon.String())
	f.tag("s", safe(s.Selector))
	f.tag("d", safe(s.Domain))
	for i, name := range s.Fields {
		name = safe(name)
		if i < len(s.Fields)-1 {
			name += ":"
		} else {
			name += ";"
		}
		if i == 0 {
			name = " h=" + name
		}
		f.put(name)
	}
	f.put(" b=")
	for value := base64.StdEncoding.EncodeToString(s.Value); value != ""; {
		room := maxColumns - f.column()
		if room <= 0 {
			f.fold()
			continue
		}
		n := min(room, len(value))
		f.b = append(f.b, value[:n]...)
		value = value[n:]
	}
	return string(f.b) + "\r\n"
}

// Field returns the name and the value of the field, without the CRLF at its
// end, for a milter.
func (s *Signature) Field() (name, value string) {
	name, value, _ = strings.Cut(s.String(), ":")
	return name, strings.TrimSuffix(value, "\r\n")
}

const maxColumns = 78 // octets in a line (RFC 5322, section 2.1.1)

// A folder writes a field in lines.
type folder struct {
	b    []byte
	line int // where the current line begins
}

func (f *folder) column() int { return len(f.b) - f.line }

func (f *folder) fold() {
	f.b = append(f.b, "\r\n "...)
	f.line = len(f.b) - 1
}

// put writes what cannot be folded, on a new line if it does not fit.
func (f *folder) put(s string) {
	if f.column()+len(s) > maxColumns {
		f.fold()
		s = strings.TrimPrefix(s, " ")
	}
	f.b = append(f.b, s...)
}

func (f *folder) tag(name, value string) { f.put(" " + name + "=" + value + ";") }

// safe returns s if it can stand in a tag, and else what of it can: what a
// caller put into a Signature ends no tag and no line.
func safe(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' || r == ';' {
			return '?'
		}
		return r
	}, s)
}
