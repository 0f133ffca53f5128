package authres

import (
	"strconv"
	"strings"
)

// A Field is one Authentication-Results field. The zero value has no
// authserv-id, which no reader trusts: set one.
type Field struct {
	ID      string   // authserv-id: who vouches for the results, by convention the host or domain name of the server
	Version int      // authres-version; zero is not written, and means 1
	Results []Result // in the order of the field; none is written as "none"
}

// A Result is the result of one method (resinfo). One DKIM signature is one
// Result.
type Result struct {
	Method  string // dkim, spf, dmarc and so on, in lower case
	Value   string // result: pass, fail and so on, in lower case
	Reason  string // reason=, for people; empty is not written
	Version int    // of the method; zero is not written, and means 1
	Props   []Prop // what the result is about, in order
	Comment string // text of the comment behind the result, without its parentheses; empty is not written
}

// A Prop is a property of the message that a result is about (propspec):
// header.d=example.org is Prop{"header", "d", "example.org"}.
type Prop struct {
	Type string // ptype: header, smtp, body, policy or dns, in lower case
	Name string // property: a tag, a field name or an SMTP command, in lower case
	// Value is the value without the quotes of a quoted-string. An email
	// address is spelled as in RFC 5321, so the quotes of a local-part stay:
	// `"a b"@example.org`.
	Value string
}

const fieldName = "Authentication-Results"

// String returns the whole field, with its name and the final CRLF. Lines are
// folded at 78 columns where there is white space outside quoted-strings, and
// never exceed 998 octets. No line consists of white space only.
//
// String writes one field and no clause that is not in f, whatever f holds:
//
//   - a character that cannot stand in a field is written as "?":
//     controls, line breaks (U+2028 and U+2029 too), a run of ill-formed UTF-8;
//   - a value whose written form is over 800 octets is cut, and ends in "...";
//   - a result whose Method or Value is not a keyword, and a property whose
//     Type or Name is not, is left out; keywords are written in lower case;
//   - a negative Version is not written.
//
// Validate reports all of these. Values beyond ASCII are written as UTF-8,
// which needs a message that may hold it (RFC 6532); for others there is ASCII.
//
// A value is quoted if RFC 2045 does not allow it as a token. The value of a
// property that reads as an email address or as an internationalized domain
// name is written as one, outside quotes, as section 2.2 wants; a local-part
// gets quotes if it needs them and Type is header or smtp.
func (f *Field) String() string {
	w := &writer{}
	w.raw(fieldName + ":")
	f.write(w)
	return string(w.b) + "\r\n"
}

// Value returns the value of the field as String folds it, without the space
// behind the colon and without the final CRLF: for a milter, and other callers
// that keep a name and its value apart.
func (f *Field) Value() string {
	s := strings.TrimPrefix(f.String(), fieldName+":")
	return strings.Trim(s, " \t\r\n")
}

func (f *Field) write(w *writer) {
	w.piece(string(appendValue(nil, f.ID)))
	if f.Version > 0 {
		w.piece(strconv.Itoa(min(f.Version, maxVersion)))
	}
	none := true
	for i := range f.Results {
		if r := &f.Results[i]; isKeyword(r.Method) && isKeyword(r.Value) {
			none = false
			r.write(w)
		}
	}
	if none {
		w.raw(";")
		w.piece("none")
	}
}

// write writes ";" and the result, from a line of its own. Its method and its
// value are keywords.
func (r *Result) write(w *writer) {
	w.raw(";")
	method := strings.ToLower(r.Method)
	if r.Version > 0 {
		method += "/" + strconv.Itoa(min(r.Version, maxVersion))
	}
	w.line(method + "=" + strings.ToLower(r.Value))
	if r.Comment != "" {
		w.comment(string(appendComment(nil, r.Comment)))
	}
	if r.Reason != "" {
		w.piece(string(appendValue([]byte("reason="), r.Reason)))
	}
	for _, p := range r.Props {
		if isKeyword(p.Type) && isKeyword(p.Name) {
			name := strings.ToLower(p.Type) + "." + strings.ToLower(p.Name) + "="
			w.piece(string(p.appendValue([]byte(name))))
		}
	}
}
