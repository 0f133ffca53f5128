package signtable

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/waxseal/waxseal/dkim"
)

// entries returns a table whose every entry signs, with an i= that names it.
func entries(keys ...string) map[string][]Rule {
	m := make(map[string][]Rule)
	for i, key := range keys {
		m[key] = []Rule{{Selector: fmt.Sprintf("s%d", i), Key: edKey(1)}}
	}
	return m
}

func TestSender(t *testing.T) {
	all := entries("joe@a.example.com", "a.example.com", "example.com", "com", ".", "bücher.example", "Mixed@Case.Example", "localhost", "joe+x@plus.example")
	for _, tt := range []struct {
		what   string
		header string
		table  *Table
		want   string
	}{
		{"full address", "From: joe@a.example.com\r\n", &Table{Senders: all}, "a.example.com/s0"},
		{"case", "From: JOE@A.Example.COM\r\n", &Table{Senders: all}, "a.example.com/s0"},
		{"case of the entry", "From: mixed@case.example\r\n", &Table{Senders: all}, "case.example/s6"},
		{"+extension", "From: joe+list@a.example.com\r\n", &Table{Senders: all}, "a.example.com/s0"},
		{"the whole address first", "From: joe+x@plus.example\r\n", &Table{Senders: all}, "plus.example/s8"},
		{"another +extension is not that address", "From: joe+y@plus.example\r\n", &Table{Senders: all}, "plus.example/s4"},
		{"a + at the start", "From: +x@a.example.com\r\n", &Table{Senders: all}, "a.example.com/s1"},
		{"domain", "From: ann@a.example.com\r\n", &Table{Senders: all}, "a.example.com/s1"},
		{"parent", "From: ann@b.example.com\r\n", &Table{Senders: all}, "example.com/s2"},
		{"grandparent", "From: ann@x.y.b.example.com\r\n", &Table{Senders: all}, "example.com/s2"},
		{"no label border", "From: ann@evilexample.com\r\n", &Table{Senders: entries("example.com")}, ""},
		{"catch-all", "From: ann@example.org\r\n", &Table{Senders: all}, "example.org/s4"},
		{"U-label entry, A-label sender", "From: ann@xn--bcher-kva.example\r\n", &Table{Senders: all}, "xn--bcher-kva.example/s5"},
		{"U-label sender", "From: ann@B\xc3\x9cCHER.example\r\n", &Table{Senders: all}, "xn--bcher-kva.example/s5"},
		{"exact", "From: ann@b.example.com\r\n", &Table{Senders: entries("example.com"), Exact: true}, ""},
		{"exact domain", "From: ann@example.com\r\n", &Table{Senders: entries("example.com"), Exact: true}, "example.com/s0"},
		{"exact address", "From: ann+1@example.com\r\n", &Table{Senders: entries("ann@example.com"), Exact: true}, "example.com/s0"},
		{"exact, but everybody", "From: ann@b.example.com\r\n", &Table{Senders: entries("example.com", "."), Exact: true}, "b.example.com/s1"},
		{"GreenArrow: Sender, then From", "From: a@example.net\r\nSender: ann@example.com\r\n", &Table{Senders: all}, "example.com/s2"},
		{"Sender without an entry does not fall back", "From: a@example.com\r\nSender: ann@example.org\r\n", &Table{Senders: entries("example.com")}, ""},
		{"From only", "From: a@example.com\r\nSender: ann@example.org\r\n", &Table{Senders: all, FromOnly: true}, "example.com/s2"},
		{"the first of several addresses", "From: a@example.com, b@example.net\r\n", &Table{Senders: entries("example.com", "example.net")}, "example.com/s0"},
		{"a name that only looks like Sender", "\xc5\xbfender: a@example.com\r\nFrom: a@example.net\r\n", &Table{Senders: entries("example.com")}, ""},
		{"no entry", "From: a@example.org\r\n", &Table{Senders: entries("example.com")}, ""},
		{"zero table", "From: a@example.com\r\n", &Table{}, ""},
		{"an entry without rules stops the search", "From: a@b.example.com\r\n", &Table{Senders: map[string][]Rule{"b.example.com": {}, "example.com": all["example.com"]}}, ""},
		{"a domain of one label cannot be d=", "From: root@localhost\r\n", &Table{Senders: all}, ""},
		{"and has no d= from the catch-all", "From: root@host\r\n", &Table{Senders: all}, ""},
		{"but can be given one", "From: root@localhost\r\n", &Table{Senders: map[string][]Rule{"localhost": {{Domain: "example.com", Selector: "s", Key: edKey(1)}}}}, "example.com/s"},
		{"a malformed sender has no entry", "From: root\r\n", &Table{Senders: all}, ""},
		{"a malformed Sender is not From", "From: a@example.com\r\nSender: root\r\n", &Table{Senders: all}, ""},
		{"one d= for all", "From: a@[127.0.0.1]\r\n", &Table{Senders: map[string][]Rule{".": {{Domain: "example.com", Selector: "s", Key: edKey(1)}}}}, "example.com/s"},
		{"quoted local part", "From: \"a b\"@example.com\r\n", &Table{Senders: all, Default: Rule{Identity: "%{sender}"}}, `example.com/s2/"a b"@example.com`},
		{"an address beyond RFC 5321", "From: " + strings.Repeat("a", 400) + "@example.com\r\n", &Table{Senders: all}, ""},
		{"the entry in i=", "From: joe@a.example.com\r\n", &Table{Senders: all, Default: Rule{Identity: "%{key}"}}, "a.example.com/s0/joe@a.example.com"},
		{"the domain of the entry in i=", "From: joe@x.example.com\r\n", &Table{Senders: all, Default: Rule{Identity: "%{s}@%{senderdomain}"}}, "example.com/s2/s2@x.example.com"},
		{"base_domain", "From: test@corp.example.com\r\n", &Table{Senders: map[string][]Rule{"corp.example.com": {{BaseDomain: "example.com", Selector: "s", Key: edKey(1)}}}}, "example.com/s"},
		{"base_domain of everybody below", "From: test@corp.example.com\r\n", &Table{Senders: map[string][]Rule{".": {{BaseDomain: "Example.com", Selector: "s", Key: edKey(1)}}}}, "example.com/s"},
	} {
		tt.table.Time = atTestTime
		sigs, err := sign(t, tt.table, tt.header)
		if got := describe(sigs); got != tt.want || err != nil {
			t.Errorf("%s: %q, %v; want %q", tt.what, got, err, tt.want)
		}
	}
}

func TestLists(t *testing.T) {
	lists := entries("news.lists.example.com", "example.net", "my_list.example.org")
	table := &Table{Lists: lists, Senders: entries("", "", "", "example.com")}
	for _, tt := range []struct{ what, header, want string }{
		{"the list drops its first label", "From: a@example.com\r\nList-Id: News <News.Lists.Example.com>\r\n", "lists.example.com/s0"},
		{"below an entry", "From: a@example.com\r\nList-Id: <x.y.example.net>\r\n", "example.net/s1"},
		{"an underscore", "From: a@example.com\r\nList-Id:\r\n \"<my>\" <my_list.example.org>\r\n", "example.org/s2"},
		{"without <>", "From: a@example.com\r\nlist-id : x.example.net\r\n", "example.net/s1"},
		{"not in the map", "From: a@example.com\r\nList-Id: <x.example.org>\r\n", "example.com/s3"},
		{"no List-Id", "From: a@example.com\r\n", "example.com/s3"},
		{"too long", "From: a@example.com\r\nList-Id: <" + strings.Repeat("a.", 200) + "example.net>\r\n", "example.com/s3"},
	} {
		delete(table.Senders, "")
		sigs, err := sign(t, table, tt.header)
		if got := describe(sigs); got != tt.want || err != nil {
			t.Errorf("%s: %q, %v; want %q", tt.what, got, err, tt.want)
		}
	}
	table.Exact = true
	if sigs, err := sign(t, table, "From: a@example.com\r\nList-Id: <x.example.net>\r\n"); describe(sigs) != "example.com/s3" {
		t.Error(describe(sigs), err)
	}
	// An identifier that is no domain name does not come into a path.
	under := &Table{Lists: map[string][]Rule{"a/../../b.c": {{Domain: "example.com", Selector: "s", KeyPath: "%{keydomain}/k"}}}, Keys: &KeyCache{FS: fstest.MapFS{}}}
	if _, err := sign(t, under, "From: a@example.com\r\nList-Id: <x.a/../../b.c>\r\n"); !errors.Is(err, ErrMacro) {
		t.Error(err)
	}
}

func TestRequest(t *testing.T) {
	table := &Table{
		Default: Rule{Condition: Exists("can_relay")},
		Senders: entries("joe@example.com", "example.com", "example.net"),
	}
	table.Senders["example.net"][0].Condition = func(m *Message) bool { return m.Values["auth_user"] == m.Sender }
	relay := map[string]string{"can_relay": ""}
	for _, tt := range []struct {
		what string
		r    Request
		from string
		want string
	}{
		{"sign_condition does not hold", Request{}, "joe@example.com", ""},
		{"sign_condition: existence, not value", Request{Values: relay}, "joe@example.com", "example.com/s0"},
		{"another value", Request{Values: map[string]string{"auth_user": "joe"}}, "joe@example.com", ""},
		{"per-domain condition", Request{Values: map[string]string{"auth_user": "joe@example.net"}}, "joe@example.net", "example.net/s2"},
		{"a given address", Request{Values: relay, Sender: "joe@example.com"}, "x@example.org", "example.com/s0"},
		{"a given domain", Request{Values: relay, Sender: "Example.com"}, "joe@example.com", "example.com/s1"},
		{"overrides", Request{Values: relay, Override: Rule{Selector: "o", Identity: "x@%{d}"}}, "joe@example.com", "example.com/o/x@example.com"},
		{"override of d=", Request{Values: relay, Override: Rule{Domain: "example.org"}}, "joe@example.com", "example.org/s0"},
		{"override of the condition", Request{Override: Rule{Condition: func(*Message) bool { return true }}}, "joe@example.com", "example.com/s0"},
		{"rules", Request{Values: relay, Rules: []Rule{{Selector: "x", Key: edKey(1)}, {Selector: "y", Domain: "y.example", Key: edKey(1)}}}, "joe@a.example.com", "a.example.com/x y.example/y"},
		{"no rules", Request{Values: relay, Rules: []Rule{}}, "joe@example.com", ""},
		{"U-labels", Request{Values: relay, Internationalized: true, Override: Rule{Domain: "bücher.example"}}, "joe@example.com", "bücher.example/s0"},
		{"A-labels", Request{Values: relay, Override: Rule{Domain: "bücher.example"}}, "joe@example.com", "xn--bcher-kva.example/s0"},
	} {
		sigs, err := sign(t, table.For(tt.r), "From: "+tt.from+"\r\n")
		if got := describe(sigs); got != tt.want || err != nil {
			t.Errorf("%s: %q, %v; want %q", tt.what, got, err, tt.want)
		}
	}
}

func TestLookup(t *testing.T) {
	down := errors.New("the database is down")
	var asked []string
	table := &Table{
		Senders: entries("example.com"),
		Lookup: func(_ context.Context, m *Message) ([]Rule, bool, error) {
			asked = slices.Collect(m.Keys())
			switch m.Domain {
			case "down.example":
				return nil, false, down
			case "none.example.com":
				return nil, true, nil
			case "a.example.org":
				if m.ListID != "l.example" || m.Header == nil {
					return nil, false, errors.New("no List-Id")
				}
				return []Rule{{Selector: "db", Key: edKey(1)}}, true, nil
			}
			return nil, false, nil
		},
	}
	for _, tt := range []struct {
		from, want string
		err        error
		keys       string
	}{
		{"Joe+x@A.example.org", "a.example.org/db", nil, "joe+x@a.example.org joe@a.example.org a.example.org example.org org ."},
		{"a@none.example.com", "", nil, "a@none.example.com none.example.com example.com com ."},
		{"a@example.com", "example.com/s0", nil, "a@example.com example.com com ."},
		{"a@down.example", "", down, "a@down.example down.example example ."},
		{"root@a_b", "", nil, "."},
	} {
		sigs, err := sign(t, table, "From: "+tt.from+"\r\nList-Id: <l.example>\r\n")
		if got := describe(sigs); got != tt.want || !errors.Is(err, tt.err) || strings.Join(asked, " ") != tt.keys {
			t.Errorf("%s: %q, %v, asked for %q; want %q, %v, %s", tt.from, got, err, asked, tt.want, tt.err, tt.keys)
		}
	}
}

// Without From, or with two, the signer and not the table refuses the message.
func TestUnsignable(t *testing.T) {
	table := &Table{Senders: entries("example.com")}
	for _, tt := range []struct {
		header string
		want   error
	}{
		{"", nil}, // no sender, no signer
		{"Sender: a@example.com\r\n", dkim.ErrFrom},
		{"From: a@example.com\r\nFrom: b@example.com\r\n", dkim.ErrFrom},
	} {
		if sigs, err := sign(t, table, tt.header); !errors.Is(err, tt.want) || sigs != nil {
			t.Errorf("%q: %v, want %v", tt.header, err, tt.want)
		}
	}
}
