package adsp

import (
	"strings"

	"github.com/waxseal/waxseal/internal/domain"
)

// Signed is what Evaluate needs to know of one signature: of a dkim.Result r,
// Signature.Domain, Signature.Identifier, string(r.Status) and r.Testing.
type Signed struct {
	Domain     string // d=
	Identifier string // i=; empty is "@" and Domain
	Status     string // a result word of RFC 8601: "pass", "fail", "temperror" and so on
	Testing    bool   // t=y in the key record
}

// A Verdict is what a policy says of a message.
type Verdict uint8

const (
	Neutral Verdict = iota // nothing
	Accept                 // the message is as the domain says that its mail is
	Reject                 // it is not, and the domain prefers that it is not delivered
)

// String returns "accept", "neutral" or "reject".
func (v Verdict) String() string {
	switch v {
	case Accept:
		return "accept"
	case Reject:
		return "reject"
	}
	return "neutral"
}

// A Reading is how policies are read. RFC 4870, the drafts and two vendors
// differ in who the first party is, where the record is, and in some cells of
// the matrix of Rules.Evaluate.
type Reading uint8

const (
	// Standard is that of the RFCs: the first party signs with the author's own
	// domain (RFC 5617), a signature that failed is none (RFC 6376), and t=y of
	// a key counts for its own domain and those below (RFC 4870). Records are at
	// "_domainkey" and, if there is none, at "_policy._domainkey".
	Standard Reading = iota

	// SSPDraft is that of draft-allman-dkim-ssp-00: as Standard, but the first
	// party signs with the author's address as i=, or with its domain as an i=
	// that has no local part. Records are at "_policy._domainkey", and those of
	// users, which "^" sends to, at "<user>._policy._domainkey".
	SSPDraft

	// MDaemon is that of MDaemon: the first party signs with the author's domain
	// or a parent of it, a signature that failed is worse than none, and t=y of
	// any key that failed counts. Records are at "_policy._domainkey".
	MDaemon

	// DKIMproxyDomainKeys is that of DKIMproxy for DomainKeys: i= is the
	// sender's, as in SSPDraft, other signatures do not count, and "-" alone
	// rejects. Records are at "_domainkey".
	DKIMproxyDomainKeys

	// DKIMproxySSP is that of DKIMproxy for sender signing practices: i= is the
	// author's, as in SSPDraft, "-" and "!" alone reject, and a third party's
	// signature says nothing under "~". Records are at "_policy._domainkey".
	DKIMproxySSP
)

// Rules say how policies are read. The zero value follows the RFCs.
type Rules struct {
	Reading Reading
	// ParentDomain counts a signature whose d= is a parent of the author's
	// domain as the first party's, in every Reading.
	ParentDomain bool
}

// Evaluate is Rules.Evaluate of the zero Rules.
func (p *Policy) Evaluate(author string, sigs []Signed) Verdict {
	return Rules{}.Evaluate(p, author, sigs)
}

// Evaluate says what a policy means for a message, from the author's address
// (or domain) and all signatures. RFC 4870 takes Sender for the author, if there
// is one, and all others From. A nil p is the policy of a domain without.
//
//	                               ~        -        !        .        ^
//	first party passes             accept   accept   accept   accept   accept
//	only a third party passes      accept   accept   reject*  reject*  neutral†
//	none passes, one failed        neutral† reject*  reject*  reject*  neutral†
//	no signature                   neutral  reject*  reject*  reject*  neutral
//
// At * a test, t=y in the policy or in the key of a signature that did not
// pass, makes it neutral. So does a temperror, where a pass would have made it
// accept: try the message again later. At † MDaemon rejects, if a signature
// failed and there is no test.
//
// DKIMproxyDomainKeys knows "-" alone, and takes a third party's signature for
// none. DKIMproxySSP knows "-" and "!" alone, and is neutral where a third party
// passes under "~". Other values are to both as "~".
func (r Rules) Evaluate(p *Policy, author string, sigs []Signed) Verdict {
	outbound := Relaxed
	testing := false
	if p != nil {
		outbound, testing = p.Outbound, p.Testing
	}
	outbound = r.known(outbound)
	e := r.look(author, sigs)
	testing = testing || e.testing
	anyParty := outbound == Strong && r.Reading != DKIMproxyDomainKeys // a third party will do
	switch {
	case e.first:
		return Accept
	case e.third && (anyParty || outbound == Relaxed && !r.dkimproxy()):
		return Accept
	case testing, e.firstLater, e.thirdLater && anyParty:
		return Neutral
	case e.failed && r.Reading == MDaemon:
		return Reject
	case outbound == Relaxed, outbound == PerUser:
		return Neutral
	}
	return Reject
}

func (r Rules) dkimproxy() bool {
	return r.Reading == DKIMproxyDomainKeys || r.Reading == DKIMproxySSP
}

// known returns o, or Relaxed if the reading does not know it.
func (r Rules) known(o Outbound) Outbound {
	if !o.known() ||
		r.Reading == DKIMproxySSP && o != Strong && o != Exclusive ||
		r.Reading == DKIMproxyDomainKeys && o != Strong {
		return Relaxed
	}
	return o
}

// evidence is what the signatures of a message amount to.
type evidence struct {
	first, third           bool // one of them passed
	firstLater, thirdLater bool // one of them may pass later
	failed                 bool // one of them failed
	testing                bool // one that did not pass has a key that is tested
}

func (r Rules) look(author string, sigs []Signed) (e evidence) {
	for _, s := range sigs {
		first := r.isFirst(author, s)
		switch {
		case equalFold(s.Status, "pass"):
			e.first = e.first || first
			e.third = e.third || !first
			continue
		case equalFold(s.Status, "temperror"):
			e.firstLater = e.firstLater || first
			e.thirdLater = e.thirdLater || !first
		case equalFold(s.Status, "fail"):
			e.failed = true
		}
		// Another domain's test would let anybody out of the policy.
		mayTest := r.Reading == MDaemon || domain.AtOrBelow(domainOf(author), s.Domain)
		e.testing = e.testing || s.Testing && mayTest
	}
	return e
}

// isFirst reports whether s is a signature of the author.
func (r Rules) isFirst(author string, s Signed) bool {
	authorDomain := domainOf(author)
	if authorDomain != "" && (r.ParentDomain || r.Reading == MDaemon) && domain.AtOrBelow(authorDomain, s.Domain) {
		return true
	}
	if r.Reading == Standard || r.Reading == MDaemon {
		return sameDomain(authorDomain, s.Domain)
	}
	identifier := s.Identifier
	if identifier == "" {
		identifier = "@" + s.Domain
	}
	local := localOf(identifier)
	return sameDomain(authorDomain, domainOf(identifier)) && (local == "" || local == localOf(author))
}

// EvaluatePractice says what an ADSP practice means for a message, as Evaluate
// does for a policy. Accept means that the author's domain signed it, Reject
// that it did not and the practice is Discardable.
//
// To MDaemon, a domain above the author's is the author too, a third party's
// signature is enough under Unknown and All, and All rejects what has none. No
// Reading looks at i= here.
func (r Rules) EvaluatePractice(p Practice, author string, sigs []Signed) Verdict {
	mdaemon := r.Reading == MDaemon
	e := Rules{ParentDomain: r.ParentDomain || mdaemon}.look(author, sigs)
	switch {
	case e.first:
		return Accept
	case mdaemon && e.third && (p == Unknown || p == All):
		return Accept
	case e.firstLater:
		return Neutral
	case p == Discardable, mdaemon && p == All:
		return Reject
	}
	return Neutral
}

// domainOf returns the domain of an address, or of what is a domain already.
func domainOf(address string) string {
	return address[strings.LastIndexByte(address, '@')+1:]
}

// localOf returns the local part of an address, or "" if it has none.
func localOf(address string) string {
	return address[:max(0, strings.LastIndexByte(address, '@'))]
}

// sameDomain reports whether two domains are one, and are there.
func sameDomain(a, b string) bool { return a != "" && domain.Equal(a, b) }
