package adsp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

func TestCheck(t *testing.T) {
	d := &dns{MapResolver: keyrecord.MapResolver{"_adsp._domainkey.a.example": {"dkim=all"}, "_adsp._domainkey.two.example": {"dkim=all", "dkim=all"}},
		errors: map[string]error{"_adsp._domainkey.later.example": io.EOF, "_adsp._domainkey.refused.example": dnsError(net.DNSError{})}}
	for _, tt := range []struct {
		id, author string
		signers    []string
		want       string
		queries    int
	}{
		{"5617-3.2-a and 5617-3-a: no query", "joe@a.example", []string{"A.example"}, "pass", 0},
		{"a third party", "joe@a.example", []string{"example"}, "fail", 2},
		{"no record", "joe@b.example", nil, "none", 2},
		{"5617-4.3-f", "joe@two.example", nil, "permerror", 2},
		{"5617-4.3-g", "joe@later.example", nil, "temperror", 2},
		{"5617-5.4-b", "joe@refused.example", nil, "permerror", 2},
		{"no domain", "joe@[192.0.2.1]", nil, "permerror", 0},
	} {
		d.asked = nil
		got := Check(t.Context(), d, tt.author, tt.signers)
		if got.Value != tt.want || got.Author != tt.author || (got.Err != nil) != strings.HasSuffix(tt.want, "error") || len(d.asked) != tt.queries {
			t.Errorf("%s: Check(%q) = %+v, %d queries, want %s, %d", tt.id, tt.author, got, len(d.asked), tt.want, tt.queries)
		}
	}
}

func TestCheckFrom(t *testing.T) {
	d := &dns{MapResolver: keyrecord.MapResolver{"_adsp._domainkey.a.example": {"dkim=all"}, "_adsp._domainkey.b.example": {"dkim=discardable"}}}
	for _, tt := range []struct {
		id      string
		from    []string
		want    string
		err     error
		queries int
	}{
		{"5617-5.3-a: without comments", []string{" bob@a.example (Bob)\r\n"}, "bob@a.example fail", nil, 2},
		{"5617-2.3-a: several addresses", []string{"bob@a.example,\r\n\tAnn <ann@b.example>, c@c.example"}, "bob@a.example fail, ann@b.example discard, c@c.example pass", nil, 4},
		{"5617-3-a: one domain, one lookup", []string{"bob@a.example, ann@A.example"}, "bob@a.example fail, ann@A.example fail", nil, 2},
		{"the Kelvin sign is no k", []string{"a@\u212a.example, b@k.example"}, "a@\u212a.example permerror, b@k.example none", nil, 2},
		{"5617-2.3-b: two From fields", []string{"bob@a.example", "bob@a.example"}, " permerror", ErrFrom, 0},
		{"no From field", nil, " permerror", ErrFrom, 0},
		{"malformed", []string{"bob"}, " permerror", ErrFrom, 0},
		{"a group without members", []string{"nobody:;"}, " permerror", ErrFrom, 0},
		{"empty", []string{""}, " permerror", ErrFrom, 0},
		{"too long", []string{"bob@a.example " + strings.Repeat(" ", maxFrom)}, " permerror", ErrFrom, 0},
		{"a charset that nobody knows", []string{"=?x-none?q?B=6Fb?= <bob@a.example>"}, "bob@a.example fail", nil, 2},
	} {
		d.asked = nil
		var got []string
		for _, r := range CheckFrom(t.Context(), d, tt.from, []string{"c.example"}) {
			got = append(got, r.Author+" "+r.Value)
			if tt.err != nil && !errors.Is(r.Err, tt.err) {
				t.Errorf("%s: %v, want %v", tt.id, r.Err, tt.err)
			}
		}
		if s := strings.Join(got, ", "); s != tt.want || len(d.asked) != tt.queries {
			t.Errorf("%s: CheckFrom = %s, %d queries, want %s, %d", tt.id, s, len(d.asked), tt.want, tt.queries)
		}
	}

	var many []string
	for i := range 3 * maxAuthors {
		many = append(many, "joe@d"+strings.Repeat("x", i)+".example")
	}
	d.asked = nil
	got := CheckFrom(t.Context(), d, []string{strings.Join(many, ", ")}, nil)
	if len(got) != len(many) || len(d.asked) != 2*maxAuthors {
		t.Errorf("%d authors: %d results, %d queries", len(many), len(got), len(d.asked))
	}
	for i, r := range got {
		if beyond := i >= maxAuthors; errors.Is(r.Err, ErrLimit) != beyond || (r.Value == "permerror") != beyond {
			t.Errorf("author %d: %+v", i, r)
		}
	}
}

// A fakeNet is what NetResolver wants of a *net.Resolver.
type fakeNet struct {
	mx, host string // the domain that has records
	err      error  // of all other names
	asked    []string
}

func (f *fakeNet) LookupTXT(context.Context, string) ([]string, error) {
	return []string{"dkim=all"}, nil
}

func (f *fakeNet) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	f.asked = append(f.asked, "MX "+name)
	if name == f.mx {
		return []*net.MX{{Host: "mail.example."}}, nil
	}
	return nil, f.err
}

func (f *fakeNet) LookupHost(_ context.Context, name string) ([]string, error) {
	f.asked = append(f.asked, "host "+name)
	if name == f.host {
		return []string{"192.0.2.1"}, nil
	}
	return nil, f.err
}

// TestNetResolver: 5617-4.3-c, the further check.
func TestNetResolver(t *testing.T) {
	notFound := dnsError(net.DNSError{IsNotFound: true})
	both := []string{"MX a.example.", "host a.example."}
	for _, tt := range []struct {
		name  string
		net   *fakeNet
		want  string
		asked []string
	}{
		{"an MX record", &fakeNet{mx: "a.example.", err: notFound}, "fail", both[:1]},
		{"an address", &fakeNet{host: "a.example.", err: notFound}, "fail", both},
		{"no records", &fakeNet{err: notFound}, "nxdomain", both},
		{"no records, no error", &fakeNet{}, "nxdomain", both},
		{"the MX query fails", &fakeNet{host: "a.example.", err: io.EOF}, "temperror", both[:1]},
		{"refused", &fakeNet{err: dnsError(net.DNSError{})}, "permerror", both[:1]},
	} {
		got := Check(t.Context(), NetResolver{tt.net}, "joe@a.example", nil)
		if got.Value != tt.want || !slices.Equal(tt.net.asked, tt.asked) {
			t.Errorf("%s: %+v, asked %q, want %s, %q", tt.name, got, tt.net.asked, tt.want, tt.asked)
		}
	}
	var _ DomainChecker = NetResolver{}
	var _ Resolver = net.DefaultResolver
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // so that nothing is asked
	for _, r := range []Resolver{nil, NetResolver{}} {
		if got := Check(ctx, r, "joe@a.example", nil); got.Value != "temperror" {
			t.Errorf("%T: %+v", r, got)
		}
	}
}

// TestCorpus checks the adsp cases of the corpus.
func TestCorpus(t *testing.T) {
	// The records that SpamAssassin's tests set or had, by the author's domain.
	// Of xxx and nxd there is no MX, A or AAAA.
	practices := map[string]string{
		"sa-test-unk.spamassassin.org": "dkim=unknown", "sa-test-all.spamassassin.org": "dkim=all",
		"sa-test-dis.spamassassin.org": "dkim=discardable", "sa-test-di2.spamassassin.org": "dkim=discardable",
		"unk.sa-test.spamassassin.org": "dkim=unknown", "all.sa-test.spamassassin.org": "dkim=all",
		"dis.sa-test.spamassassin.org": "dkim=discardable", "di2.sa-test.spamassassin.org": "dkim=discardable",
		"nxd.sa-test.spamassassin.org": "dkim=discardable",
	}
	missing := []string{"sa-test-nxd.spamassassin.org", "xxx.sa-test.spamassassin.org", "nxd.sa-test.spamassassin.org"}
	for _, c := range dkimtest.Corpus(t, "adsp") {
		var extra struct {
			Want   string `json:"expect_adsp"`
			Policy string
		}
		c.Decode(t, &extra)
		if c.File == "" {
			if p, err := ParsePolicy(extra.Policy); err != nil || *p != (Policy{Outbound: Relaxed, Testing: true}) {
				t.Errorf("%s: ParsePolicy(%q) = %+v, %v", c.Name(), extra.Policy, p, err)
			}
			continue
		}
		from := fromField(c.Message(t))
		d := &dns{MapResolver: c.Resolver().Records}
		for domain, txt := range practices {
			d.MapResolver["_adsp._domainkey."+domain] = []string{txt}
		}
		if author := domainOf(strings.TrimRight(from, "> \r\n")); !slices.Contains(missing, author) {
			d.domains = append(d.domains, author)
		} else {
			d.domains = []string{"another.example"}
		}
		got := CheckFrom(t.Context(), d, []string{from}, nil)
		if len(got) != 1 {
			t.Errorf("%s: %+v", c.Name(), got)
			continue
		}
		value := got[0].Value
		if c.Source == "mail-dkim" {
			value = Rules{Reading: DKIMproxySSP}.EvaluatePractice(got[0].Practice, got[0].Author, nil).String()
		}
		// SpamAssassin names the practice, not the result.
		word := strings.NewReplacer("fail", "all", "discard", "discardable").Replace(value)
		switch {
		case c.ID == "test-adsp-11" && value == "unknown": // "none" there is what it does about it
		case c.ID == "test-adsp-17" && value == "unknown": // "none(unknown)"
		case c.ID == "test-adsp-21" && value == "nxdomain": // "discardable-or-nxdomain"
		case word != extra.Want:
			t.Errorf("%s: %s of %s, want %s", c.Name(), value, got[0].Author, extra.Want)
		}
	}
}

// fromField returns the value of the From field of a message of the corpus.
func fromField(message []byte) string {
	for line := range bytes.Lines(message) {
		if value, ok := bytes.CutPrefix(line, []byte("From:")); ok {
			return string(bytes.TrimRight(value, "\r\n"))
		}
	}
	return ""
}
