// Package adsp reads, evaluates and prints the signing practices that a domain
// publishes: what its mail without a good signature deserves. All of it is
// historic. ADSP (RFC 5617) was made so in 2013, DomainKeys (RFC 4870) in 2007,
// and MDaemon's o= records (draft-allman-dkim-ssp) never were a standard. Who
// publishes or obeys a policy today uses DMARC (RFC 7489), which nothing here
// looks at. This package is for those who still meet such records.
//
// There are two kinds.
//
// A [Policy] has o=: "~" signs some mail, "-" all, "!" all and by itself, "."
// sends none, "^" asks the user. RFC 4870 has the first two at
// "_domainkey.example.org", the drafts have all five at
// "_policy._domainkey.example.org".
//
//	verdict, policy, err := adsp.Rules{}.Check(ctx, resolver, "joe@example.org", signatures)
//
// A [Practice] has dkim=, at "_adsp._domainkey.example.org": unknown, all or
// discardable. Check and CheckFrom give the results that an
// Authentication-Results field has for the method dkim-adsp.
//
//	for _, r := range adsp.CheckFrom(ctx, resolver, from, signers) {
//		// r.Value is "fail", r.Author is "joe@example.org"
//	}
//
// Both need what package dkim found out: a [Signed] for each signature, or just
// the domains (d=) of those that passed. A record is asked for only where it
// matters, which is never when the author's domain has signed.
//
// [PartyOf] is of use today too: it says whether a signature is the author's or
// a third party's.
//
// # Choices
//
// Where the texts leave something open, contradict each other, or vendors
// differ:
//
//   - A signature is of the first party if its d= is the author's domain (RFC
//     5617, section 2.7). MDaemon takes a parent domain too, the drafts and
//     DKIMproxy the address of i=: see [Rules] and [Reading].
//   - A signature that failed is as none (RFC 6376, section 6.1). To MDaemon it
//     counts against the message.
//   - An o= that is missing, unknown or longer than a character is "~".
//   - Records at "_domainkey" are read before those at "_policy._domainkey".
//     Parent domains are not searched: RFC 5617 gave that up (section 3.1).
//   - An ADSP record that is malformed is none (RFC 5617, section 4.1); of
//     several records the malformed ones do not count, and two that are well
//     formed are an error, ErrSeveral, which is permerror.
//   - dkim= is compared without case, as RFC 5234 reads the literals of the
//     grammar; the tag itself is lower case, and comes first, at once.
//   - A resolver that says REFUSED or FORMERR, as *net.Resolver does by a
//     *net.DNSError that is neither temporary nor a timeout nor "not found", is
//     ErrPermanent, which is permerror. All else that it says but "not found" is
//     ErrTemporary.
//   - A domain that has no name in DNS ("localhost", an address literal) is
//     ErrDomain, which is permerror.
//   - ATPS (RFC 6541) is not implemented. A delegation that a caller has
//     verified counts as the author's own signature: add the author's domain to
//     the signers.
package adsp
