package signtable

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/waxseal/waxseal/internal/domain"
)

// An index has the entries of a table by their normal form.
type index struct {
	senders, lists map[string]*match
}

// A match is an entry, or the rules that were found in another way.
type match struct {
	entry  string // as the caller wrote it; empty for none
	key    string // in normal form
	domain string // d= where a rule has none; empty: the sender's
	rules  []Rule
	err    error
}

var (
	errEntry = errors.New("no address, no domain and not \".\"")
	errTwice = errors.New("two entries are the same but for their spelling")
)

// entries returns the index, and makes it if this is the first message.
func (t *Table) entries() *index {
	t.once.Do(func() {
		t.index.senders = normalize(t.Senders, senderKey)
		t.index.lists = normalize(t.Lists, listKey)
	})
	return &t.index
}

// normalize indexes the entries of a map. What is wrong with one stays in its
// match, and does no harm to the others.
func normalize(entries map[string][]Rule, normal func(string) (key, dom string, err error)) map[string]*match {
	m := make(map[string]*match, len(entries))
	for entry, rules := range entries {
		key, dom, err := normal(entry)
		if err != nil {
			key = entry
		}
		other := m[key]
		m[key] = &match{entry: entry, key: key, domain: dom, rules: rules, err: err}
		if other != nil {
			m[key].err = fmt.Errorf("%w: %q and %q", errTwice, min(entry, other.entry), max(entry, other.entry))
		}
	}
	return m
}

// senderKey returns the normal form of an entry of Senders, and its domain.
func senderKey(entry string) (key, dom string, err error) {
	if entry == "." {
		return ".", "", nil
	}
	at := strings.LastIndexByte(entry, '@')
	if at == 0 {
		return "", "", fmt.Errorf("%w: a domain is written without @", errEntry)
	}
	if dom, err = domain.SelectorToASCII(entry[at+1:]); err != nil {
		return "", "", fmt.Errorf("%w: %w", errEntry, err)
	}
	if at > 0 {
		return lower(entry[:at]) + "@" + dom, dom, nil
	}
	return dom, dom, nil
}

// listKey returns the normal form of an entry of Lists, and the parent of it.
func listKey(entry string) (key, dom string, err error) {
	if entry == "" || len(entry) > maxListID || strings.ContainsAny(entry, "<> \t\r\n") {
		return "", "", fmt.Errorf("no List-Id: %.80q", entry)
	}
	key = lower(entry)
	_, dom, _ = strings.Cut(key, ".")
	return key, dom, nil
}

// find returns the rules for a message, or nil.
func (t *Table) find(ctx context.Context, m *Message, r *Request) (*match, error) {
	if r.Rules != nil {
		return &match{key: m.Domain, domain: m.Domain, rules: r.Rules}, nil
	}
	if t.Lookup != nil {
		rules, ok, err := t.Lookup(ctx, m)
		if err != nil {
			return nil, fmt.Errorf("signtable: look up %.320q: %w", m.Sender, err)
		}
		if ok {
			return &match{key: m.Domain, domain: m.Domain, rules: rules}, nil
		}
	}
	found := t.list(m)
	if found == nil {
		found = t.senderEntry(m)
	}
	if found != nil && found.err != nil {
		return nil, fmt.Errorf("signtable: %q: %w", found.entry, found.err)
	}
	return found, nil
}

// list returns the entry of Lists for a message, or nil.
func (t *Table) list(m *Message) *match {
	if m.ListID == "" {
		return nil
	}
	lists := t.entries().lists
	if e := lists[m.ListID]; e != nil || t.Exact {
		return e
	}
	for _, name, more := strings.Cut(m.ListID, "."); more; _, name, more = strings.Cut(name, ".") {
		if e := lists[name]; e != nil {
			below := *e
			below.domain = e.key
			return &below
		}
	}
	return nil
}

// senderEntry returns the entry of Senders for a message, or nil.
func (t *Table) senderEntry(m *Message) *match {
	senders := t.entries().senders
	for key := range m.Keys() {
		parent := t.Exact && key != "." && len(key) < len(m.Domain) // only parents are shorter
		if e := senders[key]; e != nil && !parent {
			return e
		}
	}
	return nil
}
