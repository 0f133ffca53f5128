package signtable

import (
	"bytes"
	"iter"
	"strings"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/internal/domain"
	"github.com/waxseal/waxseal/internal/fieldname"
)

const (
	maxAddress = 320 // octets: 64 of a local part, "@", 255 of a domain (RFC 5321, section 4.5.3.1)
	maxListID  = 255 // octets (RFC 2919, section 4)
)

// A Message is what the rules for a message are chosen by. It is read-only, and
// valid during the call that it is given to.
type Message struct {
	Header *dkim.Header      // nil if SignersFor was given none
	Sender string            // an address as written, or a domain if Request.Sender is one; empty if there is none
	Domain string            // that of Sender, in lower case with A-labels; empty if it is no domain name
	ListID string            // what stands in the <> of List-Id, in lower case; empty if there is none
	Values map[string]string // those of the Request
}

// Keys iterates over the entries that a message is looked up under: the address
// of the sender in lower case, the address without +extension, its domain, the
// parents of that, and ".": for a Table.Lookup that asks a database.
func (m *Message) Keys() iter.Seq[string] {
	return func(yield func(string) bool) {
		if m.Domain == "" {
			yield(".")
			return
		}
		if at := strings.LastIndexByte(m.Sender, '@'); at >= 0 {
			local := lower(m.Sender[:at])
			if !yield(local + "@" + m.Domain) {
				return
			}
			if plus := strings.IndexByte(local, '+'); plus > 0 && !yield(local[:plus]+"@"+m.Domain) {
				return
			}
		}
		for name, more := m.Domain, true; more; _, name, more = strings.Cut(name, ".") {
			if !yield(name) {
				return
			}
		}
		yield(".")
	}
}

// newMessage reads from a header what the table needs.
func (t *Table) newMessage(h *dkim.Header, r *Request) *Message {
	m := &Message{Header: h, Sender: r.Sender, Values: r.Values}
	if m.Sender == "" && h != nil {
		m.Sender = t.sender(h)
	}
	if len(m.Sender) > maxAddress {
		m.Sender = ""
	}
	m.Domain, _ = domain.SelectorToASCII(m.Sender[strings.LastIndexByte(m.Sender, '@')+1:]) // an error leaves it empty
	if h != nil && (t.Lists != nil || t.Lookup != nil) {
		m.ListID = listID(h)
	}
	return m
}

// sender returns the address of the sender, or nothing. A Sender field that is
// malformed is not one that is not there.
func (t *Table) sender(h *dkim.Header) string {
	if !t.FromOnly && has(h, "Sender") {
		return first(h.Addresses("Sender"))
	}
	return first(h.Addresses("From"))
}

func first(list []string, err error) string {
	if err != nil || len(list) == 0 {
		return ""
	}
	return list[0]
}

func has(h *dkim.Header, field string) bool {
	for name := range h.Fields() {
		if fieldname.Equal(name, field) {
			return true
		}
	}
	return false
}

// listID returns the identifier of the first List-Id field (RFC 2919).
func listID(h *dkim.Header) string {
	for name, field := range h.Fields() {
		if !fieldname.Equal(name, "List-Id") {
			continue
		}
		_, value, _ := bytes.Cut(field, []byte(":"))
		if open := bytes.LastIndexByte(value, '<'); open >= 0 {
			value, _, _ = bytes.Cut(value[open+1:], []byte(">"))
		}
		value = bytes.TrimSpace(value)
		if len(value) > maxListID {
			return ""
		}
		return lower(string(value))
	}
	return ""
}

// lower lowers the letters of ASCII: no other character becomes one of them.
func lower(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for j, c := range b[i:] {
				if 'A' <= c && c <= 'Z' {
					b[i+j] = c + 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}
