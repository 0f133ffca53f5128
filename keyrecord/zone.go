package keyrecord

import "fmt"

// maxString is how many octets one string of a TXT record holds (RFC 1035, section 3.3).
const maxString = 255

// ZoneLine returns a line of a zone file (RFC 1035, section 5.1) that publishes
// r, without a line break:
//
//	s1._domainkey.example.org. IN TXT ( "v=DKIM1; p=..." "..." )
//
// The text is cut into quoted strings of at most 255 octets, which a resolver
// joins again. Quotes and backslashes are escaped, and octets that are not
// printable become \DDD. It sets no TTL.
//
// If Name refuses the selector or the domain, or String has no text for r, the
// line is a comment that says why: it begins with ";", and a zone loads nothing.
func ZoneLine(selector, domain string, r *Record) string {
	name, err := Name(selector, domain)
	if err != nil {
		return comment(err)
	}
	text, err := r.text()
	if err != nil {
		return comment(err)
	}
	b := fmt.Appendf(nil, "%s. IN TXT (", name)
	for text != "" {
		n := min(len(text), maxString)
		b = appendString(append(b, ' '), text[:n])
		text = text[n:]
	}
	return string(append(b, " )"...))
}

// comment makes one line of err, whatever is in it.
func comment(err error) string {
	return fmt.Sprintf("; no key record: %+q", err.Error())
}

// appendString appends a quoted character-string.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ' || c > '~':
			dst = fmt.Appendf(dst, `\%03d`, c)
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
