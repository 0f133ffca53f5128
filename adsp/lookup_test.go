package adsp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/keyrecord"
)

// A dns is a Resolver and a DomainChecker that keeps what it was asked.
type dns struct {
	keyrecord.MapResolver
	errors  map[string]error // by name, without the final dot
	domains []string         // that exist; nil: all
	asked   []string
}

func (d *dns) LookupTXT(ctx context.Context, name string) ([]string, error) {
	d.asked = append(d.asked, name)
	if err := d.errors[strings.TrimSuffix(name, ".")]; err != nil {
		return nil, err
	}
	return d.MapResolver.LookupTXT(ctx, name)
}

func (d *dns) DomainExists(_ context.Context, domain string) (bool, error) {
	d.asked = append(d.asked, domain)
	return d.domains == nil || slices.Contains(d.domains, domain), d.errors[domain]
}

func dnsError(e net.DNSError) error {
	e.Err = "test"
	return fmt.Errorf("wrapped: %w", &e)
}

var resolverErrors = []struct {
	name string
	err  error
	want error // nil: not found
}{
	{"5617-4.3-g: SERVFAIL", dnsError(net.DNSError{IsTemporary: true}), ErrTemporary},
	{"5617-4.3-g: timeout", dnsError(net.DNSError{IsTimeout: true}), ErrTemporary},
	{"temporarily not found", dnsError(net.DNSError{IsNotFound: true, IsTemporary: true}), ErrTemporary},
	{"cancelled", context.Canceled, ErrTemporary},
	{"deadline", fmt.Errorf("wrapped: %w", context.DeadlineExceeded), ErrTemporary},
	{"another error", io.ErrUnexpectedEOF, ErrTemporary},
	{"5617-5.4-b: REFUSED", dnsError(net.DNSError{}), ErrPermanent},
	{"NXDOMAIN or no data", dnsError(net.DNSError{IsNotFound: true}), nil},
}

func TestLookup(t *testing.T) {
	for _, tt := range []struct {
		id   string
		txt  []string
		want Practice
		err  error
	}{
		{"5617-4.3-e", []string{"dkim=all"}, All, nil},
		{"5617-4.3-e, no record", nil, None, nil},
		{"5617-4.3-f, an invalid one", []string{"dkim="}, None, nil},
		{"5617-4.3-f, several", []string{"dkim=all", "dkim=unknown"}, None, ErrSeveral},
		{"5617-4.3-f, twice the same", []string{"dkim=all", "dkim=all"}, None, ErrSeveral},
		{"5617-4.1, invalid ones are ignored", []string{"v=spf1 -all", "dkim=discardable", "dkim="}, Discardable, nil},
		{"beyond the limit of records", append(slices.Repeat([]string{"x"}, maxTXT), "dkim=all"), None, nil},
	} {
		d := &dns{MapResolver: keyrecord.MapResolver{}}
		if tt.txt != nil {
			d.MapResolver["_adsp._domainkey.aaa.example"] = tt.txt
		}
		got, err := Lookup(t.Context(), d, "AAA.example")
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: Lookup = %q, %v, want %q, %v", tt.id, got, err, tt.want, tt.err)
		}
		// 5617-4.3-a: the domain first; 5617-4.3-d: the name.
		if want := []string{"aaa.example", "_adsp._domainkey.aaa.example."}; !slices.Equal(d.asked, want) {
			t.Errorf("%s: asked %q, want %q", tt.id, d.asked, want)
		}
	}
}

// TestLookupAppendix has the examples of RFC 5617, appendix A.
func TestLookupAppendix(t *testing.T) {
	d := &dns{
		MapResolver: keyrecord.MapResolver{"_adsp._domainkey.aaa.example": {"dkim=all"}},
		domains:     []string{"aaa.example", "bbb.example", "mail.bbb.example"},
	}
	for _, tt := range []struct{ id, from, want string }{
		{"A.1, 5617-4.3-b: no MX, but the name is there", "bob@aaa.example (Bob the Author)", "bob@aaa.example fail"},
		{"A.2, 5617-4.3-e", "alice@bbb.example (Old-fashioned Alice)", "alice@bbb.example none"},
		{"A.3, 5617-4.3-a", "frank@ccc.example (Unreliable Frank)", "frank@ccc.example nxdomain"},
		{"5617-4.3-h: parents are not asked", "joe@sub.aaa.example", "joe@sub.aaa.example nxdomain"},
	} {
		got := CheckFrom(t.Context(), d, []string{" " + tt.from + "\r\n"}, nil)
		if len(got) != 1 || got[0].Author+" "+got[0].Value != tt.want {
			t.Errorf("%s: %+v, want %s", tt.id, got, tt.want)
		}
	}
	d.domains = nil
	if p, err := Lookup(t.Context(), d, "sub.aaa.example"); p != None || err != nil {
		t.Errorf("5617-4.3-h: %q, %v", p, err)
	}
	if p, err := Lookup(t.Context(), d, "example.aaa"); p != None || err != nil {
		t.Errorf("5617-4.3-h: %q, %v", p, err)
	}
}

func TestLookupErrors(t *testing.T) {
	const name = "_adsp._domainkey.a.example"
	for _, tt := range resolverErrors {
		d := &dns{errors: map[string]error{name: tt.err}}
		if _, err := Lookup(t.Context(), d, "a.example"); !errors.Is(err, tt.want) || tt.want != nil && !errors.Is(err, tt.err) {
			t.Errorf("%s: Lookup: %v, want %v", tt.name, err, tt.want)
		}
		want := tt.want
		if want == nil {
			want = ErrNXDomain // DomainExists may say it so too
		}
		d = &dns{errors: map[string]error{"a.example": tt.err}}
		if _, err := Lookup(t.Context(), d, "a.example"); !errors.Is(err, want) {
			t.Errorf("%s of the domain: Lookup: %v, want %v", tt.name, err, want)
		}
	}
	long := strings.Repeat(strings.Repeat("a", 60)+".", 4) + "example"
	if p, err := Lookup(t.Context(), &dns{}, long); p != None || err != nil {
		t.Errorf("a name too long for a record: %q, %v", p, err)
	}
	// 5617-4.1-c: a wildcard name is none.
	for _, domain := range []string{"", "localhost", "[192.0.2.1]", "*.example.org", "a..example", "_adsp.example", strings.Repeat("a", 64) + ".example"} {
		d := &dns{}
		if _, err := Lookup(t.Context(), d, domain); !errors.Is(err, ErrDomain) || len(d.asked) > 0 {
			t.Errorf("Lookup(%q): %v, asked %q", domain, err, d.asked)
		}
		if _, err := LookupPolicy(t.Context(), d, domain); !errors.Is(err, ErrDomain) || len(d.asked) > 0 {
			t.Errorf("LookupPolicy(%q): %v, asked %q", domain, err, d.asked)
		}
	}
}

func TestLookupPolicy(t *testing.T) {
	const dk, ssp, user = "_domainkey.a.example", "_policy._domainkey.a.example", "joe.doe._policy._domainkey.a.example"
	type zone = keyrecord.MapResolver
	for _, tt := range []struct {
		id    string
		rules Rules
		zone  keyrecord.MapResolver
		want  string
		asked []string
	}{
		{"4870-3.6-a", Rules{}, zone{dk: {"o=-"}}, "o=-;", []string{dk}},
		{"4870-3.6-e", Rules{}, nil, "o=~;", []string{dk, ssp}},
		{"systems 6.2", Rules{}, zone{ssp: {"o=!"}}, "o=!;", []string{dk, ssp}},
		{"both", Rules{}, zone{dk: {"t=y; o=-"}, ssp: {"o=!"}}, "t=y; o=-;", []string{dk}},
		{"4870-9-a: one of several", Rules{}, zone{dk: {"v=spf1 -all", "o=-", "o=~"}}, "o=-;", []string{dk}},
		{"a malformed one beside it", Rules{}, zone{dk: {"o=~; o=~", "o=-"}}, "o=-;", []string{dk}},
		{"a record that says nothing of o=", Rules{}, zone{dk: {"t=y"}}, "t=y; o=~;", []string{dk, ssp}},
		{"and one that does", Rules{}, zone{dk: {"v=spf1 -all"}, ssp: {"o=."}}, "o=.;", []string{dk, ssp}},
		{"a malformed one hides none", Rules{}, zone{dk: {"o"}, ssp: {"o=-"}}, "o=-;", []string{dk, ssp}},
		{"dkim= at _policy", Rules{}, zone{ssp: {"dkim=strict"}}, "o=!;", []string{dk, ssp}},
		{"no dkim= at _domainkey", Rules{}, zone{dk: {"dkim=strict"}}, "o=~;", []string{dk, ssp}},
		{"^ is not followed", Rules{}, zone{ssp: {"o=^"}, user: {"o=-"}}, "o=^;", []string{dk, ssp}},
		{"systems 5.2: MDaemon asks one name", Rules{Reading: MDaemon}, zone{dk: {"o=-"}, ssp: {"o=^"}}, "o=^;", []string{ssp}},
		{"systems 4.3: DKIMproxy, DomainKeys", Rules{Reading: DKIMproxyDomainKeys}, zone{dk: {"o=-"}, ssp: {"o=!"}}, "o=-;", []string{dk}},
		{"systems 4.3: DKIMproxy, SSP", Rules{Reading: DKIMproxySSP}, zone{dk: {"o=-"}, ssp: {"o=!"}}, "o=!;", []string{ssp}},
		{"systems 6.2: the draft", Rules{Reading: SSPDraft}, zone{dk: {"o=-"}, ssp: {"o=."}}, "o=.;", []string{ssp}},
		{"systems 6.2: ^, and the user's", Rules{Reading: SSPDraft}, zone{ssp: {"o=^"}, user: {"o=-"}}, "o=-;", []string{ssp, user}},
		{"systems 6.2: ^, and no user's", Rules{Reading: SSPDraft}, zone{ssp: {"o=^"}}, "o=^;", []string{ssp, user}},
		{"systems 6.2: ^ again", Rules{Reading: SSPDraft}, zone{ssp: {"o=^"}, user: {"o=^"}}, "o=^;", []string{ssp, user}},
	} {
		d := &dns{MapResolver: tt.zone}
		p, err := tt.rules.Lookup(t.Context(), d, "Joe.Doe@A.example")
		for i := range tt.asked {
			tt.asked[i] += "."
		}
		if err != nil || p.String() != tt.want || !slices.Equal(d.asked, tt.asked) {
			t.Errorf("%s: Lookup = %v, %v, asked %q, want %s, %q", tt.id, p, err, d.asked, tt.want, tt.asked)
		}
		if tt.rules != (Rules{}) {
			continue
		}
		if p, err := LookupPolicy(t.Context(), tt.zone, "a.example"); err != nil || p.String() != tt.want {
			t.Errorf("%s: LookupPolicy = %v, %v, want %s", tt.id, p, err, tt.want)
		}
	}

	if p, err := LookupPolicy(t.Context(), zone{dk: {"o"}}, "a.example"); p != nil || !errors.Is(err, ErrSyntax) {
		t.Errorf("a malformed record alone: %v, %v", p, err)
	}
	for _, tt := range resolverErrors {
		d := &dns{errors: map[string]error{dk: tt.err}}
		if p, err := LookupPolicy(t.Context(), d, "a.example"); !errors.Is(err, tt.want) || (p == nil) != (err != nil) {
			t.Errorf("%s: LookupPolicy = %v, %v, want %v", tt.name, p, err, tt.want)
		}
	}
}

func TestUserName(t *testing.T) {
	for address, want := range map[string]string{
		"Joe@a.example": "joe", "a.b+c_d-1@a.example": "a.b+c_d-1", "a.example": "", "@a.example": "",
		"a..b@x": "", ".a@x": "", "a.@x": "", "*@x": "", "a b@x": "", "jürgen@x": "", "\u212aarl@x": "", strings.Repeat("a", 64) + "@x": "",
	} {
		if got := userName(address); got != want {
			t.Errorf("userName(%q) = %q, want %q", address, got, want)
		}
	}
}

// TestRulesCheck: 4870-3.6-f, the policy is asked for only where it matters.
func TestRulesCheck(t *testing.T) {
	const name = "_domainkey.mail.example.org"
	for _, tt := range []struct {
		id      string
		rules   Rules
		sigs    []Signed
		err     error
		want    Verdict
		policy  string
		queries int
	}{
		{"first party passes", Rules{}, []Signed{firstPass}, nil, Accept, "o=~;", 0},
		{"a parent passes", Rules{ParentDomain: true}, []Signed{parentPass}, nil, Accept, "o=~;", 0},
		{"third party passes", Rules{}, []Signed{thirdPass}, nil, Accept, "o=-;", 1},
		{"first party fails", Rules{}, []Signed{firstFail}, nil, Reject, "o=-;", 1},
		{"no signature", Rules{}, nil, nil, Reject, "o=-;", 1},
		{"systems 5.2: DNS fails", Rules{}, nil, io.EOF, Neutral, "o=~;", 1},
	} {
		d := &dns{MapResolver: keyrecord.MapResolver{name: {"o=-"}}, errors: map[string]error{name: tt.err}}
		got, p, err := tt.rules.Check(t.Context(), d, author, tt.sigs)
		if got != tt.want || !errors.Is(err, tt.err) || p.String() != tt.policy || len(d.asked) != tt.queries {
			t.Errorf("%s: Check = %v, %v, %v, %d queries, want %v, %s, %d", tt.id, got, p, err, len(d.asked), tt.want, tt.policy, tt.queries)
		}
	}
}

// A Cache is a Resolver for both kinds.
func TestCache(t *testing.T) {
	c := &keyrecord.Cache{Resolver: keyrecord.MapResolver{
		"_adsp._domainkey.a.example": {"dkim=all"}, "_domainkey.a.example": {"t=y; o=-;"}, "_domainkey.empty.example": nil,
	}}
	for range 2 {
		if p, err := Lookup(t.Context(), c, "a.example"); p != All || err != nil {
			t.Errorf("Lookup = %q, %v", p, err)
		}
		if p, err := LookupPolicy(t.Context(), c, "a.example"); p.String() != "t=y; o=-;" || err != nil {
			t.Errorf("LookupPolicy = %v, %v", p, err)
		}
		for _, domain := range []string{"b.example", "empty.example"} {
			if p, err := LookupPolicy(t.Context(), c, domain); p.String() != "o=~;" || err != nil {
				t.Errorf("LookupPolicy(%q) = %v, %v", domain, p, err)
			}
		}
	}
}
