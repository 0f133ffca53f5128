package authres

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/waxseal/waxseal/internal/domain"
)

// What has a backslash before it, in a quoted-string and in a comment.
const (
	quotedSpecials  = `"\`
	commentSpecials = `()\`
)

// appendValue appends s as a value of RFC 2045: a token, or a quoted-string.
func appendValue(dst []byte, s string) []byte {
	s = clean(s)
	if isToken(s) && len(s) <= maxValue {
		return append(dst, s...)
	}
	return appendQuoted(dst, s)
}

// appendValue appends the value of p as a pvalue of section 2.2: a token, an
// address or a domain name if it reads as one, or a quoted-string.
func (p *Prop) appendValue(dst []byte) []byte {
	s := clean(p.Value)
	if isToken(s) && len(s) <= maxValue {
		return append(dst, s...)
	}
	local, host, ok := p.address(s)
	switch {
	case ok && len(local)+len("@")+len(host) <= maxValue:
		dst = append(dst, local...)
		dst = append(dst, '@')
		return append(dst, host...)
	case isUnicodeDomain(s) && len(s) <= maxValue:
		return append(dst, s...)
	}
	return appendQuoted(dst, s)
}

// address takes s apart as [ local-part ] "@" domain-name, and gives the local
// part the quotes that it needs. A local part that is neither a dot-atom nor a
// quoted-string is quoted only where addresses are expected.
func (p *Prop) address(s string) (local, host string, ok bool) {
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return "", "", false
	}
	local, host = s[:at], s[at+1:]
	if !isASCIIDomain(host) && !isUnicodeDomain(host) {
		return "", "", false
	}
	if local == "" || isDotAtom(local) {
		return local, host, true
	}
	if text, ok := unquote(local); ok {
		return requote(text), host, true
	}
	if t := strings.ToLower(p.Type); t == "header" || t == "smtp" {
		return requote(local), host, true
	}
	return "", "", false
}

// appendQuoted appends s, which is clean, as a quoted-string.
func appendQuoted(dst []byte, s string) []byte {
	return appendEscaped(dst, '"', s, quotedSpecials, '"')
}

// requote returns s as a quoted-string, whatever its length.
func requote(s string) string {
	return `"` + strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(s) + `"`
}

// appendComment appends s as a comment.
func appendComment(dst []byte, s string) []byte {
	return appendEscaped(dst, '(', clean(s), commentSpecials, ')')
}

// appendEscaped appends s between open and end, with a backslash before each
// octet that is in special. What does not fit into maxValue octets is cut off,
// and "..." stands for it.
func appendEscaped(dst []byte, open byte, s, special string, end byte) []byte {
	room := maxValue - 2
	more := ""
	if escapedLen(s, special) > room {
		more = "..."
		room -= len(more)
	}
	dst = append(dst, open)
	for len(s) > 0 {
		_, n := utf8.DecodeRuneInString(s)
		escaped := escapedLen(s[:n], special)
		if escaped > room {
			break
		}
		room -= escaped
		if escaped > n {
			dst = append(dst, '\\')
		}
		dst = append(dst, s[:n]...)
		s = s[n:]
	}
	dst = append(dst, more...)
	return append(dst, end)
}

// escapedLen returns the length of s with a backslash before each octet that
// is in special.
func escapedLen(s, special string) int {
	n := len(s)
	for i := range len(s) {
		if strings.IndexByte(special, s[i]) >= 0 {
			n++
		}
	}
	return n
}

// unquote returns the text of s, if s is one quoted-string.
func unquote(s string) (string, bool) {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return "", false
	}
	s = s[1 : len(s)-1]
	text := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '"' {
			return "", false
		}
		if s[i] == '\\' {
			i++
			if i == len(s) {
				return "", false
			}
		}
		text = append(text, s[i])
	}
	return string(text), true
}

// clean returns s with "?" for each octet or character that cannot stand in a
// field: controls but TAB, ill-formed UTF-8, and the line breaks of Unicode.
func clean(s string) string {
	if isClean(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if isBad(r) {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}

func isClean(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, isBad) < 0
}

// isBad reports whether r cannot stand in a field. Some readers break lines at
// NEL, a control of C1, and at U+2028 and U+2029.
func isBad(r rune) bool {
	return r != '\t' && unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
}

// isToken reports whether s is a token of RFC 2045, section 5.1.
func isToken(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf || !isTokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

// isKeyword reports whether s is a Keyword of RFC 5321, section 4.1.2, and no
// longer than any that is registered.
func isKeyword(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '-' && !isLetterDigit(c) {
			return false
		}
	}
	return s != "" && s[len(s)-1] != '-' && len(s) <= maxKeyword
}

func isLetterDigit(c byte) bool {
	return isLetter(c) || '0' <= c && c <= '9'
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// isDotAtom reports whether s is a dot-atom-text of RFC 5322, section 3.2.3.
// Beyond ASCII it takes what shows ink, so no space of Unicode.
func isDotAtom(s string) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" {
			return false
		}
		for _, r := range atom {
			ascii := r < utf8.RuneSelf
			if ascii && !isLetterDigit(byte(r)) && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r) ||
				!ascii && (unicode.IsSpace(r) || !unicode.IsGraphic(r)) {
				return false
			}
		}
	}
	return true
}

// isASCIIDomain reports whether s is a domain-name of RFC 6376, section 3.5;
// a single label will do.
func isASCIIDomain(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if c := label[i]; c != '-' && !isLetterDigit(c) {
				return false
			}
		}
	}
	return true
}

// isUnicodeDomain reports whether s is a domain name with U-labels (RFC 8616,
// section 4).
func isUnicodeDomain(s string) bool {
	_, err := domain.ToASCII(s)
	return err == nil
}
