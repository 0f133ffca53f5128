package adsp

import (
	"strings"
	"testing"
)

const author = "joe@mail.example.org"

// The signatures that a message may have, by the author's domain.
var (
	firstPass  = Signed{Domain: "mail.example.org", Status: "pass"}
	firstFail  = Signed{Domain: "mail.example.org", Status: "fail"}
	firstTest  = Signed{Domain: "mail.example.org", Status: "fail", Testing: true}
	firstLater = Signed{Domain: "mail.example.org", Status: "temperror"}
	parentPass = Signed{Domain: "example.org", Status: "pass"}
	parentTest = Signed{Domain: "example.org", Status: "permerror", Testing: true}
	thirdPass  = Signed{Domain: "list.example.net", Status: "pass"}
	thirdFail  = Signed{Domain: "list.example.net", Status: "fail"}
	thirdTest  = Signed{Domain: "list.example.net", Status: "fail", Testing: true}
	thirdLater = Signed{Domain: "list.example.net", Status: "temperror"}
	malformed  = Signed{Domain: "list.example.net", Status: "neutral"}
)

// verdicts reads a row of a matrix: a, n or r for each o= of "~-!.^".
func verdicts(t *testing.T, row string) []Verdict {
	var out []Verdict
	for _, word := range strings.Fields(row) {
		i := strings.Index("nar", word)
		if i < 0 || len(word) != 1 {
			t.Fatalf("bad row %q", row)
		}
		out = append(out, Verdict(i))
	}
	if len(out) != 5 {
		t.Fatalf("bad row %q", row)
	}
	return out
}

// TestMatrix has the matrices: of the RFCs and drafts (systems 6.1, 6.2), of
// MDaemon (5.2) and of DKIMproxy (4.3).
func TestMatrix(t *testing.T) {
	type sigs = []Signed
	for _, tt := range []struct {
		name    string
		rules   Rules
		sigs    []Signed
		row     string // ~ - ! . ^
		testing string // with t=y in the policy
	}{
		{"first party passes", Rules{}, sigs{firstPass}, "a a a a a", "a a a a a"},
		{"first party passes, another fails", Rules{}, sigs{thirdFail, firstPass}, "a a a a a", "a a a a a"},
		{"third party passes", Rules{}, sigs{thirdPass}, "a a r r n", "a a n n n"},
		{"a parent domain passes: a third party", Rules{}, sigs{parentPass}, "a a r r n", "a a n n n"},
		{"a parent domain passes, and is asked for", Rules{ParentDomain: true}, sigs{parentPass}, "a a a a a", "a a a a a"},
		{"third party passes, first party fails", Rules{}, sigs{firstFail, thirdPass}, "a a r r n", "a a n n n"},
		{"none passes, one failed", Rules{}, sigs{firstFail}, "n r r r n", "n n n n n"},
		{"none passes, one malformed", Rules{}, sigs{malformed}, "n r r r n", "n n n n n"},
		{"4870-3.6-c: t=y in the key alone", Rules{}, sigs{firstTest}, "n n n n n", "n n n n n"},
		{"4870-3.6-c: t=y in the key of a parent domain", Rules{}, sigs{parentTest}, "n n n n n", "n n n n n"},
		{"t=y in a third party's key is its own affair", Rules{}, sigs{thirdTest}, "n r r r n", "n n n n n"},
		{"4870-3.6-g: no signature", Rules{}, nil, "n r r r n", "n n n n n"},
		{"dkim=none", Rules{}, sigs{{Status: "none"}}, "n r r r n", "n n n n n"},
		{"first party perhaps passes later", Rules{}, sigs{firstLater}, "n n n n n", "n n n n n"},
		{"third party perhaps passes later", Rules{}, sigs{thirdLater}, "n n r r n", "n n n n n"},

		{"drafts: third party passes", Rules{Reading: SSPDraft}, sigs{thirdPass}, "a a r r n", "a a n n n"},
		{"drafts: none passes", Rules{Reading: SSPDraft}, sigs{firstFail}, "n r r r n", "n n n n n"},
		{"drafts: no signature", Rules{Reading: SSPDraft}, nil, "n r r r n", "n n n n n"},

		{"MDaemon: first party passes", Rules{Reading: MDaemon}, sigs{firstPass}, "a a a a a", "a a a a a"},
		{"MDaemon: a parent domain passes", Rules{Reading: MDaemon}, sigs{parentPass}, "a a a a a", "a a a a a"},
		{"MDaemon: third party passes", Rules{Reading: MDaemon}, sigs{thirdPass}, "a a r r n", "a a n n n"},
		{"MDaemon: third party passes, another fails", Rules{Reading: MDaemon}, sigs{thirdPass, thirdFail}, "a a r r r", "a a n n n"},
		{"MDaemon: none passes, a failing key has t=y", Rules{Reading: MDaemon}, sigs{thirdTest, firstFail}, "n n n n n", "n n n n n"},
		{"MDaemon: none passes, one failed", Rules{Reading: MDaemon}, sigs{firstFail}, "r r r r r", "n n n n n"},
		{"MDaemon: no signature", Rules{Reading: MDaemon}, nil, "n r r r n", "n n n n n"},

		{"DKIMproxy, DomainKeys: first party passes", Rules{Reading: DKIMproxyDomainKeys}, sigs{firstPass}, "a a a a a", "a a a a a"},
		{"DKIMproxy, DomainKeys: third party passes", Rules{Reading: DKIMproxyDomainKeys}, sigs{thirdPass}, "n r n n n", "n n n n n"},
		{"DKIMproxy, DomainKeys: none passes", Rules{Reading: DKIMproxyDomainKeys}, sigs{firstFail}, "n r n n n", "n n n n n"},
		{"DKIMproxy, DomainKeys: no signature", Rules{Reading: DKIMproxyDomainKeys}, nil, "n r n n n", "n n n n n"},
		{"DKIMproxy, SSP: first party passes", Rules{Reading: DKIMproxySSP}, sigs{firstPass}, "a a a a a", "a a a a a"},
		{"DKIMproxy, SSP: third party passes", Rules{Reading: DKIMproxySSP}, sigs{thirdPass}, "n a r n n", "n a n n n"},
		{"DKIMproxy, SSP: none passes", Rules{Reading: DKIMproxySSP}, sigs{firstFail}, "n r r n n", "n n n n n"},
		{"DKIMproxy, SSP: no signature", Rules{Reading: DKIMproxySSP}, nil, "n r r n n", "n n n n n"},
	} {
		for _, row := range []struct {
			testing bool
			want    []Verdict
		}{{false, verdicts(t, tt.row)}, {true, verdicts(t, tt.testing)}} {
			for i, o := range []Outbound{Relaxed, Strong, Exclusive, Never, PerUser} {
				p := &Policy{Outbound: o, Testing: row.testing}
				if got := tt.rules.Evaluate(p, author, tt.sigs); got != row.want[i] {
					t.Errorf("%s: %v: %v, want %v", tt.name, p, got, row.want[i])
				}
				if tt.rules == (Rules{}) && p.Evaluate(author, tt.sigs) != row.want[i] {
					t.Errorf("%s: %v: Policy.Evaluate differs from Rules.Evaluate", tt.name, p)
				}
			}
		}
		// No policy, and an o= that is none, are "~" (4870-3.6-e; systems 5.2).
		want := verdicts(t, tt.row)[0]
		for _, p := range []*Policy{nil, {}, {Outbound: 'x'}} {
			if got := tt.rules.Evaluate(p, author, tt.sigs); got != want {
				t.Errorf("%s: policy %+v: %v, want %v", tt.name, p, got, want)
			}
		}
	}
}

func TestFirstParty(t *testing.T) {
	identity := Rules{Reading: SSPDraft}
	for _, tt := range []struct {
		name   string
		rules  Rules
		author string
		signed Signed
		want   bool
	}{
		{"the author's domain", Rules{}, "joe@example.org", Signed{Domain: "EXAMPLE.org"}, true},
		{"an author without local part", Rules{}, "example.org", Signed{Domain: "example.org"}, true},
		{"i= does not matter", Rules{}, "joe@example.org", Signed{Domain: "example.org", Identifier: "ann@a.example.org"}, true},
		{"a subdomain", Rules{}, "joe@example.org", Signed{Domain: "a.example.org"}, false},
		{"a parent", Rules{}, "joe@a.example.org", Signed{Domain: "example.org"}, false},
		{"a parent, asked for", Rules{ParentDomain: true}, "joe@a.example.org", Signed{Domain: "example.org"}, true},
		{"no parent: no border of a label", Rules{ParentDomain: true}, "joe@evilexample.org", Signed{Domain: "example.org"}, false},
		{"a subdomain is never a parent", Rules{ParentDomain: true}, "joe@example.org", Signed{Domain: "a.example.org"}, false},
		{"nobody", Rules{}, "", Signed{}, false},
		{"nobody, parents", Rules{ParentDomain: true}, "joe@example.org", Signed{}, false},
		{"nobody, and nobody above", Rules{ParentDomain: true}, "", Signed{}, false},
		{"U-label and A-label", Rules{}, "joe@bücher.example", Signed{Domain: "xn--bcher-kva.example"}, true},

		{"systems 6.2: the address", identity, "joe@example.org", Signed{Domain: "example.org", Identifier: "joe@example.org"}, true},
		{"systems 6.2: another address", identity, "joe@example.org", Signed{Domain: "example.org", Identifier: "ann@example.org"}, false},
		{"systems 6.2: i= without local part", identity, "joe@example.org", Signed{Domain: "example.org", Identifier: "@example.org"}, true},
		{"systems 6.2: no i=", identity, "joe@example.org", Signed{Domain: "example.org"}, true},
		{"systems 6.2: i= below d=", identity, "joe@a.example.org", Signed{Domain: "example.org", Identifier: "@a.example.org"}, true},
		{"systems 6.2: i= elsewhere", identity, "joe@example.org", Signed{Domain: "example.org", Identifier: "@a.example.org"}, false},
		{"DKIMproxy: another address", Rules{Reading: DKIMproxySSP}, "joe@example.org", Signed{Domain: "example.org", Identifier: "ann@example.org"}, false},
		{"identity, or a parent", Rules{Reading: SSPDraft, ParentDomain: true}, "joe@a.example.org", Signed{Domain: "example.org"}, true},

		{"MDaemon: a parent", Rules{Reading: MDaemon}, "joe@a.example.org", Signed{Domain: "example.org"}, true},
		{"MDaemon: i= does not matter", Rules{Reading: MDaemon}, "joe@example.org", Signed{Domain: "example.org", Identifier: "ann@example.org"}, true},
	} {
		if got := tt.rules.isFirst(tt.author, tt.signed); got != tt.want {
			t.Errorf("%s: %q and %+v: %v, want %v", tt.name, tt.author, tt.signed, got, tt.want)
		}
	}
}

// TestPracticeMatrix has the verdicts of ADSP: of RFC 5617 and DKIMproxy
// (systems 4.3), and of MDaemon (5.2).
func TestPracticeMatrix(t *testing.T) {
	practices := []Practice{None, Unknown, All, Discardable}
	for _, tt := range []struct {
		name  string
		rules Rules
		sigs  []Signed
		want  string // none unknown all discardable
	}{
		{"author signs", Rules{}, []Signed{firstPass}, "aaaa"},
		{"third party signs", Rules{}, []Signed{thirdPass}, "nnnr"},
		{"a parent signs", Rules{}, []Signed{parentPass}, "nnnr"},
		{"a parent signs, and is asked for", Rules{ParentDomain: true}, []Signed{parentPass}, "aaaa"},
		{"author's signature fails", Rules{}, []Signed{firstFail}, "nnnr"},
		{"no signature", Rules{}, nil, "nnnr"},
		{"author perhaps signs", Rules{}, []Signed{firstLater}, "nnnn"},
		{"DKIMproxy: author signs, whatever i=", Rules{Reading: DKIMproxySSP}, []Signed{{Domain: "mail.example.org", Identifier: "ann@mail.example.org", Status: "pass"}}, "aaaa"},
		{"DKIMproxy: third party signs", Rules{Reading: DKIMproxySSP}, []Signed{thirdPass}, "nnnr"},
		{"MDaemon: author signs", Rules{Reading: MDaemon}, []Signed{firstPass}, "aaaa"},
		{"MDaemon: a parent signs", Rules{Reading: MDaemon}, []Signed{parentPass}, "aaaa"},
		{"MDaemon: third party signs", Rules{Reading: MDaemon}, []Signed{thirdPass}, "naar"},
		{"MDaemon: no signature", Rules{Reading: MDaemon}, nil, "nnrr"},
		{"MDaemon: one fails", Rules{Reading: MDaemon}, []Signed{firstFail}, "nnrr"},
	} {
		for i, p := range practices {
			want := Verdict(strings.IndexByte("nar", tt.want[i]))
			if got := tt.rules.EvaluatePractice(p, author, tt.sigs); got != want {
				t.Errorf("%s, dkim=%s: %v, want %v", tt.name, p, got, want)
			}
		}
	}
}

func TestWords(t *testing.T) {
	for v, want := range map[interface{ String() string }]string{
		Accept: "accept", Neutral: "neutral", Reject: "reject", Verdict(9): "neutral",
		Author: "author", Organization: "organization", ThirdParty: "third party",
		Relaxed: "~", Strong: "-", Outbound(0): "~",
	} {
		if got := v.String(); got != want {
			t.Errorf("%#v: %q, want %q", v, got, want)
		}
	}
}
