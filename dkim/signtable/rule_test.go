package signtable

import (
	"context"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/headerlist"
	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

// Every option: in the default, in the rule, and in the rule against the
// default. The names are those that the five systems use.
func TestOptions(t *testing.T) {
	base := Rule{Selector: "s1", KeyPath: "%{d}/%{s}.key"}
	for _, tt := range []struct {
		what    string
		def, r  Rule
		has     []string // of the field without folds
		without []string
	}{
		{"selector", Rule{}, Rule{}, []string{" s=s1;"}, nil},
		{"selector overridden", Rule{Selector: "s0"}, Rule{Selector: "s1"}, []string{" s=s1;"}, nil},
		{"header_canon simple", Rule{Canon: canon.Pair{Header: canon.Simple}}, Rule{}, []string{" c=simple/relaxed;"}, nil},
		{"body_canon simple", Rule{}, Rule{Canon: canon.Pair{Body: canon.Simple}}, []string{" c=relaxed/simple;"}, nil},
		{"each half for itself", Rule{Canon: canon.Pair{Header: canon.Simple, Body: canon.Simple}}, Rule{Canon: canon.Pair{Body: canon.Relaxed}}, []string{" c=simple/relaxed;"}, nil},
		{"digest", Rule{Algorithm: "rsa-sha256"}, Rule{Algorithm: "Ed25519-SHA256"}, []string{" a=ed25519-sha256;"}, nil},
		{"headerlist", Rule{Headers: headerlist.MustParse("From:Subject?:X-None?")}, Rule{}, []string{" h=From:Subject;"}, nil},
		{"headerlist overridden", Rule{Headers: headerlist.MustParse("From:Subject?:X-None?")}, Rule{Headers: headerlist.MustParse("From:From")}, []string{" h=From:From;"}, nil},
		{"lifetime", Rule{Lifetime: time.Hour}, Rule{}, []string{" t=1800000000;", " x=1800003600;"}, nil},
		{"lifetime overridden", Rule{Lifetime: time.Hour}, Rule{Lifetime: 2 * time.Hour}, []string{" x=1800007200;"}, nil},
		{"lifetime switched off", Rule{Lifetime: time.Hour}, Rule{Lifetime: -1}, nil, []string{" x="}},
		{"body_length_limit", Rule{BodyLength: On}, Rule{}, []string{" l=5;"}, nil},
		{"body_length_limit switched off", Rule{BodyLength: On}, Rule{BodyLength: Off}, nil, []string{" l="}},
		{"SetSignBodyLength", Rule{}, Rule{BodyOctets: 3}, []string{" l=3;"}, nil},
		{"SetSignBodyLength switched off", Rule{BodyOctets: 3}, Rule{BodyOctets: -1}, nil, []string{" l="}},
		{"copy_headers", Rule{CopyHeaders: On, Headers: headerlist.MustParse("From:Subject")}, Rule{}, []string{" z=From:=20joe@example.com|Subject:=20hello;"}, nil},
		{"copy_headers switched off", Rule{CopyHeaders: On}, Rule{CopyHeaders: Off}, nil, []string{" z="}},
		{"query method", Rule{Query: On}, Rule{}, []string{" q=dns/txt;"}, nil},
		{"query method switched off", Rule{Query: On}, Rule{Query: Off}, nil, []string{" q="}},
		{"no creation time", Rule{OmitTime: On}, Rule{}, nil, []string{" t="}},
		{"creation time switched on", Rule{OmitTime: On}, Rule{OmitTime: Off}, []string{" t=1800000000;"}, nil},
		{"reporting requested", Rule{Extra: []dkim.Tag{{Name: "r", Value: "y"}}}, Rule{}, []string{" r=y;"}, nil},
		{"extra tags switched off", Rule{Extra: []dkim.Tag{{Name: "r", Value: "y"}}}, Rule{Extra: []dkim.Tag{}}, nil, []string{" r="}},
		{"identity", Rule{Identity: "@%{d}"}, Rule{}, []string{" i=@example.com;"}, nil},
		{"identity $sender", Rule{}, Rule{Identity: "%{sender}"}, []string{" i=joe@example.com;"}, nil},
		{"identity switched off", Rule{Identity: "@%{d}"}, Rule{Identity: "-"}, nil, []string{" i="}},
		{"key", Rule{KeyPath: "none"}, Rule{Key: edKey(1)}, []string{" a=ed25519-sha256;"}, nil},
		{"key path in place of a default key", Rule{Key: dkimtest.RSA(1024)}, Rule{KeyPath: "%{keydomain}/s1.key"}, []string{" a=ed25519-sha256;"}, nil},
		{"domain", Rule{Domain: "other.example", KeyDomain: "example.com"}, Rule{}, []string{" d=other.example;"}, nil},
		{"domain $senderdomain", Rule{Domain: "%{senderdomain}"}, Rule{}, []string{" d=example.com;"}, nil},
		{"domain against base_domain", Rule{BaseDomain: "other.example"}, Rule{Domain: "example.com"}, []string{" d=example.com;"}, nil},
		{"use_key_from", Rule{}, Rule{Domain: "other.example", Selector: "z", KeyDomain: "Example.COM", KeySelector: "S1"}, []string{" d=other.example;", " s=z;"}, nil},
		{"d= beyond ASCII", Rule{}, Rule{Domain: "BÜCHER.example", KeyDomain: "example.com"}, []string{" d=xn--bcher-kva.example;"}, nil},
	} {
		tt.def = merge(&base, &tt.def)
		table := &Table{Default: tt.def, Senders: one(tt.r), Keys: exampleKeys(), Time: atTestTime}
		if err := table.Validate(); err != nil {
			t.Errorf("%s: Validate: %v", tt.what, err)
		}
		sigs, err := sign(t, table, fromExample("joe"))
		if err != nil || len(sigs) != 1 {
			t.Errorf("%s: %d signatures, %v", tt.what, len(sigs), err)
			continue
		}
		field := strings.ReplaceAll(sigs[0].String(), "\r\n ", " ")
		field = strings.ReplaceAll(field, "| ", "|")
		for _, s := range tt.has {
			if !strings.Contains(field, s) {
				t.Errorf("%s: %s has no %q", tt.what, field, s)
			}
		}
		for _, s := range tt.without {
			if strings.Contains(field, s) {
				t.Errorf("%s: %s has %q", tt.what, field, s)
			}
		}
	}
}

// What cannot be signed is an error that says why, and Validate finds what does
// not depend on keys.
func TestRuleErrors(t *testing.T) {
	ring := &Rule{Selector: "s1", Key: edKey(1), NotAfter: testTime}
	ring.Fallback = ring
	short := &KeyCache{FS: fstest.MapFS{"k": {Data: []byte("MIIBVQIBADANBgkqhkiG9w0BAQEFAASCAT8wggE7AgEAAkEA")}}}
	for _, tt := range []struct {
		what   string
		rule   Rule
		keys   KeySource
		reason error
		words  string
		static bool // Validate finds it
	}{
		{"rsa-sha1 (8301-3.1)", Rule{Selector: "s1", Key: rsaKey(), Algorithm: "rsa-sha1"}, nil, dkim.ErrHistoric, "RFC 8301", true},
		{"short key (8301-3.2)", Rule{Selector: "s1", Key: dkimtest.RSA(768)}, nil, dkim.ErrWeakKey, "RFC 8301", true},
		{"unknown algorithm", Rule{Selector: "s1", Key: rsaKey(), Algorithm: "rsa-sha512"}, nil, dkim.ErrAlgorithm, "rsa-sha512", true},
		{"RSA wanted", Rule{Selector: "s1", Key: edKey(1), Algorithm: "rsa-sha256"}, nil, dkim.ErrAlgorithm, "ed25519.PublicKey", true},
		{"Ed25519 wanted", Rule{Selector: "s1", Key: rsaKey(), Algorithm: "ed25519-sha256"}, nil, dkim.ErrAlgorithm, "rsa.PublicKey", true},
		{"no selector", Rule{Key: rsaKey()}, nil, dkim.ErrSyntax, "s=", true},
		{"bad selector", Rule{Selector: "../x", Key: rsaKey()}, nil, dkim.ErrSyntax, "s=", true},
		{"no key", Rule{Selector: "s1"}, nil, dkim.ErrKey, "KeyPath", true},
		{"nil RSA key", Rule{Selector: "s1", Key: (*rsa.PrivateKey)(nil), Algorithm: "rsa-sha256"}, nil, dkim.ErrKey, "empty", true},
		{"empty Ed25519 key", Rule{Selector: "s1", Key: ed25519.PrivateKey{}, Algorithm: "rsa-sha256"}, nil, dkim.ErrKey, "empty", true},
		{"no Keys", Rule{Selector: "s1", KeyPath: "k"}, nil, dkim.ErrKey, "Keys is nil", true},
		{"no file", Rule{Selector: "s1", KeyPath: "k"}, &KeyCache{FS: fstest.MapFS{}}, fs.ErrNotExist, `"k"`, false},
		{"no source", Rule{Selector: "s1", KeyPath: "k"}, &KeyCache{}, dkim.ErrKey, "neither", false},
		{"malformed file", Rule{Selector: "s1", KeyPath: "k"}, short, dkim.ErrKey, `"k"`, false},
		{"bad d=", Rule{Selector: "s1", Key: rsaKey(), Domain: "a b.example"}, nil, dkim.ErrDomain, "d=", true},
		{"d= is a public suffix", Rule{Selector: "s1", Key: rsaKey(), Domain: "co.uk"}, nil, dkim.ErrDomain, "public suffix", true},
		{"base_domain is no parent", Rule{Selector: "s1", Key: rsaKey(), BaseDomain: "example.org"}, nil, dkim.ErrDomain, "BaseDomain", true},
		{"base_domain by suffix only", Rule{Selector: "s1", Key: rsaKey(), BaseDomain: "ample.com"}, nil, dkim.ErrDomain, "BaseDomain", true},
		{"i= outside d=", Rule{Selector: "s1", Key: rsaKey(), Identity: "a@example.org"}, nil, dkim.ErrIdentifier, "i=", true},
		{"unknown macro", Rule{Selector: "s1", Key: rsaKey(), Identity: "%{user}@%{d}"}, nil, ErrMacro, "%{user} is unknown", true},
		{"a macro that is not closed", Rule{Selector: "s1", KeyPath: "%{d"}, &KeyCache{}, ErrMacro, "%{d", true},
		{"the sender in a path", Rule{Selector: "s1", KeyPath: "%{sender}"}, &KeyCache{}, ErrMacro, "cannot stand here", true},
		{"%{d} in d=", Rule{Selector: "s1", Key: rsaKey(), Domain: "%{d}"}, nil, ErrMacro, "cannot stand here", true},
		{"headers without From", Rule{Selector: "s1", Key: rsaKey(), Headers: headerlist.MustParse("To")}, nil, dkim.ErrFrom, "From", true},
		{"a ring of fallbacks", *ring, nil, errFallbacks, "ring", true},
		{"a tag that ends another", Rule{Selector: "s1", Key: rsaKey(), Extra: []dkim.Tag{{Name: "r", Value: "y; l=0"}}}, nil, dkim.ErrSyntax, "r=", true},
	} {
		table := &Table{Senders: one(tt.rule), Keys: tt.keys, Time: atTestTime}
		sigs, err := sign(t, table, fromExample("joe"))
		if !errors.Is(err, tt.reason) || !strings.Contains(err.Error(), tt.words) || sigs != nil {
			t.Errorf("%s: %v, want %v and %q", tt.what, err, tt.reason, tt.words)
		}
		var re *RuleError
		err = table.Validate()
		if errors.Is(err, tt.reason) != tt.static || tt.static && (!errors.As(err, &re) || re.Key != "example.com") {
			t.Errorf("%s: Validate() = %v", tt.what, err)
		}
	}
}

func TestValidateEntries(t *testing.T) {
	good := []Rule{{Selector: "s1", Key: edKey(1)}}
	backwards := []Rule{{Selector: "s1", Key: edKey(1), NotBefore: testTime, NotAfter: testTime}}
	for _, tt := range []struct {
		what  string
		table *Table
		want  []string
	}{
		{"zero", &Table{}, nil},
		{"good", &Table{Senders: map[string][]Rule{"Example.com": good, "Joe@Bücher.example": good, ".": good, "localhost": nil}, Lists: map[string][]Rule{"list.example.com": good}}, nil},
		{"for some senders only", &Table{Senders: map[string][]Rule{".": {
			{Domain: "Example.com", Identity: "%{sender}", Selector: "s1", Key: edKey(1)},
			{BaseDomain: "example.com", Selector: "s2", Key: edKey(1)},
			{Domain: "BÜCHER.example", Identity: "x@%{senderdomain}", Selector: "s1", Key: edKey(1)},
		}}}, nil},
		{"for no sender", &Table{Senders: map[string][]Rule{"example.com": {{Domain: "example.org", Identity: "%{sender}", Selector: "s1", Key: edKey(1)}}}}, []string{"i="}},
		{"spelled twice", &Table{Senders: map[string][]Rule{"EXAMPLE.com": good, "example.com": good}}, []string{`"EXAMPLE.com" and "example.com"`}},
		{"no domains", &Table{Senders: map[string][]Rule{"a b": good, "@example.com": good, "": good, "a/b": good, "x..y": good}}, []string{`"": no address`, `"@example.com": no address`, `"a b": no address`, `"a/b": no address`, `"x..y": no address`}},
		{"no lists", &Table{Lists: map[string][]Rule{"<l.example.com>": good, "": good}}, []string{`"": no List-Id`, `"<l.example.com>": no List-Id`}},
		{"schedule", &Table{Senders: map[string][]Rule{"example.com": backwards}}, []string{"NotAfter"}},
		{"too many", &Table{MaxSignatures: 1, Senders: map[string][]Rule{"example.com": append(slices.Clone(good), Rule{Selector: "s2", Key: edKey(2)})}}, []string{"MaxSignatures is 1"}},
		{"in order", &Table{Senders: map[string][]Rule{"b.example": {{}}, "a.example": {good[0], {}}}}, []string{`"a.example", rule 1`, `"b.example", rule 0`}},
	} {
		err := tt.table.Validate()
		var lines []string
		if err != nil {
			lines = strings.Split(err.Error(), "\n")
		}
		ok := len(lines) == len(tt.want)
		for i := range min(len(lines), len(tt.want)) {
			ok = ok && strings.Contains(lines[i], tt.want[i])
		}
		if !ok {
			t.Errorf("%s: %q, want %q", tt.what, lines, tt.want)
		}
	}
	// A bad entry stops its own mail and no other's.
	table := &Table{Senders: map[string][]Rule{"example.com": good, "A.example": good, "a.example": good}}
	if _, err := sign(t, table, "From: joe@a.example\r\n"); !errors.Is(err, errTwice) {
		t.Error(err)
	}
	if sigs, err := sign(t, table, fromExample("joe")); err != nil || len(sigs) != 1 {
		t.Error(err)
	}
}

// A rule for everybody has a signer if its d= does not depend on the sender,
// whatever its i= is.
func TestSignersForEverybody(t *testing.T) {
	table := &Table{Default: Rule{Selector: "s1", Key: edKey(1)}, Senders: map[string][]Rule{".": {
		{Domain: "a.example", Identity: "%{sender}"}, {BaseDomain: "b.example"}, {Domain: "%{senderdomain}"}, {}, {Domain: "a b"},
	}}}
	var got []string
	for s, err := range table.Signers(context.Background()) {
		if err != nil {
			got = append(got, err.Error())
		} else {
			got = append(got, s.Domain)
		}
	}
	if len(got) != 3 || got[0] != "a.example" || got[1] != "b.example" || !strings.Contains(got[2], `"a b"`) {
		t.Errorf("%q", got)
	}
}

func TestSigners(t *testing.T) {
	keys := fstest.MapFS{"a.example/s1.key": keyFile(edKey(1)), "a.example/s0.key": keyFile(edKey(2)), "list.key": keyFile(edKey(3))}
	table := &Table{
		Default: Rule{Selector: "s1", KeyPath: "%{d}/%{s}.key"},
		Senders: map[string][]Rule{
			"a.example": {{NotBefore: testTime.Add(time.Hour), Condition: Exists("never"), Fallback: &Rule{Selector: "s0"}}},
			"b.example": {{}},
			".":         {{}},
			"c..":       {{}},
		},
		Lists: map[string][]Rule{"l.list.example": {{KeyPath: "list.key"}}},
		Keys:  &KeyCache{FS: keys},
		Time:  atTestTime,
	}
	var got []string
	for s, err := range table.Signers(context.Background()) {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			got = append(got, "no key")
		case err != nil:
			got = append(got, "bad")
		default:
			got = append(got, s.Domain+"/"+s.Selector)
		}
	}
	if want := []string{"a.example/s1", "a.example/s0", "no key", "bad", "list.example/s1"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for range table.Signers(context.Background()) {
		break
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for s, err := range table.Signers(ctx) {
		if s != nil || !errors.Is(err, context.Canceled) {
			t.Error(s, err)
		}
	}
}

// The octets of two signatures for one sender verify, one RSA and one Ed25519.
func TestTwoAlgorithms(t *testing.T) {
	zone := keyrecord.MapResolver{}
	publish(t, zone, "rsa", "example.com", dkimtest.RSA(2048).Public())
	publish(t, zone, "ed", "example.com", edKey(1).Public())
	table := &Table{
		Default: Rule{KeyPath: "%{d}/%{s}.key", Lifetime: time.Hour},
		Senders: map[string][]Rule{"example.com": {{Selector: "rsa"}, {Selector: "ed"}}},
		Keys:    &KeyCache{FS: fstest.MapFS{"example.com/rsa.key": keyFile(dkimtest.RSA(2048)), "example.com/ed.key": keyFile(edKey(1))}},
		Time:    atTestTime,
	}
	sigs, err := sign(t, table, fromExample("joe"))
	if err != nil || describe(sigs) != "example.com/rsa example.com/ed" {
		t.Fatal(describe(sigs), err)
	}
	if got := verify(t, zone, sigs, fromExample("joe")); got != dkim.Pass {
		t.Error(got)
	}
}

func TestDuplicatesAndMost(t *testing.T) {
	rules := func(selectors ...string) (list []Rule) {
		for _, s := range selectors {
			list = append(list, Rule{Selector: s, Key: edKey(1)})
		}
		return list
	}
	for _, tt := range []struct {
		what  string
		most  int
		rules []Rule
		want  string
		err   error
	}{
		{"once", 0, rules("a", "A", "a", "b"), "example.com/a example.com/b", nil},
		{"ten", 0, rules(strings.Split("a b c d e f g h i j j", " ")...), "example.com/a example.com/b example.com/c example.com/d example.com/e example.com/f example.com/g example.com/h example.com/i example.com/j", nil},
		{"eleven", 0, rules(strings.Split("a b c d e f g h i j k", " ")...), "", dkim.ErrTooMany},
		{"two are too many", 1, rules("a", "b"), "", dkim.ErrTooMany},
	} {
		table := &Table{MaxSignatures: tt.most, Senders: map[string][]Rule{"example.com": tt.rules}}
		sigs, err := sign(t, table, fromExample("joe"))
		if describe(sigs) != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: %s, %v", tt.what, describe(sigs), err)
		}
	}
}

// merge takes every field: one that is forgotten shows here.
func TestMergeIsWhole(t *testing.T) {
	full := Rule{
		Domain: "d", BaseDomain: "b", Selector: "s", Identity: "i", Headers: headerlist.List{{Name: "From"}}, Canon: canon.Pair{Header: 1, Body: 2},
		Algorithm: "a", Lifetime: 1, BodyLength: On, BodyOctets: 1, CopyHeaders: On, Query: On, OmitTime: On, Extra: []dkim.Tag{{Name: "r"}},
		Key: edKey(1), KeyPath: "p", KeyDomain: "kd", KeySelector: "ks", Optional: On, Condition: Exists("x"),
		NotBefore: testTime, NotAfter: testTime, Fallback: &Rule{},
	}
	zero := fields(Rule{})
	if set := fields(full); slices.ContainsFunc(slices.Sorted(maps.Keys(set)), func(name string) bool { return set[name] == zero[name] }) {
		t.Error("a field of full is zero: set it")
	}
	got, want := fields(merge(&Rule{}, &full)), fields(full)
	for _, own := range []string{"NotBefore", "NotAfter", "Fallback"} {
		if got[own] != zero[own] {
			t.Errorf("%s is taken from a default", own)
		}
		delete(got, own)
		delete(want, own)
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := fields(merge(&full, &Rule{})), fields(full); !maps.Equal(got, want) {
		t.Errorf("a zero rule changes %v to %v", want, got)
	}
}

// fields returns the fields of a rule, printed.
func fields(r Rule) map[string]string {
	m := make(map[string]string)
	v := reflect.ValueOf(r)
	for i := range v.NumField() {
		m[v.Type().Field(i).Name] = fmt.Sprintf("%v", v.Field(i))
	}
	return m
}
