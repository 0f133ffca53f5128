package interop

import "path"

// A Limit is something that a peer is known not to do, or to do wrong. A test
// fails where one is missing, and where one no longer applies.
type Limit struct {
	Case           // what it applies to: patterns of path.Match, empty is any
	Outcome string // what happens instead of "pass"
	Reason  string
}

// A Case is one thing that a peer is asked.
type Case struct {
	Peer      Peer
	Direction Direction
	Algorithm string // a=
	Canon     string // c=
	Shape     string
}

// A Direction says who does what.
type Direction string

const (
	Verifies Direction = "verifies" // the peer verifies what waxseal signed
	Signs    Direction = "signs"    // waxseal verifies what the peer signed
)

// Refused is the outcome where a peer answers with an error.
const Refused = "refused"

// Limits returns the table. The first row that applies to a case decides.
func Limits() []Limit {
	return []Limit{
		{Case{"opendkim", Verifies, "", "*/relaxed", "no final CRLF"}, "permerror",
			"libopendkim refuses a relaxed body without a final CRLF; RFC 6376, section 3.4.4, adds one."},
		{Case{"opendkim", Signs, "", "*/relaxed", "no final CRLF"}, Refused,
			"libopendkim does not sign a relaxed body without a final CRLF."},
		{Case{"opendkim", Signs, "ed25519-sha256", "simple/*", "[^2]*"}, "fail", // not "200 fields", by chance of the line's length
			"libopendkim folds its signature field anew after hashing it, when b= is short: simple header canonicalization breaks."},

		{Case{"mail-dkim", "", "rsa-sha256", "*/simple", "no final CRLF"}, "fail",
			"Mail::DKIM adds no CRLF to a simple body without one; RFC 6376, section 3.4.3, does."},
		{Case{"mail-dkim", Verifies, "ed25519-sha256", "", ""}, "permerror",
			"Mail::DKIM before 1.20230630 has no Ed25519."},
		{Case{"mail-dkim", Signs, "ed25519-sha256", "", ""}, Refused,
			"Mail::DKIM before 1.20230630 has no Ed25519."},

		{Case{"dkimpy", "", "", "", "space before colon"}, Refused,
			"dkimpy refuses a message that has white space before the colon of a field, which is obsolete syntax (RFC 5322, section 4.5)."},

		{Case{"rspamd", Signs, "", "simple/*", ""}, Refused, rspamdCanon},
		{Case{"rspamd", Signs, "", "relaxed/simple", ""}, Refused, rspamdCanon},
		{Case{"rspamd", "", "", "", "space before colon"}, "fail",
			"rspamd takes the white space before the colon for no part of the field, or of its name."},
		{Case{"rspamd", "", "", "*/relaxed", "long line, white space"}, "fail",
			"rspamd canonicalizes a relaxed body in blocks of 1 KiB: white space at a border, with more of it on the other side, is not made one."},

		{Case{"exim", Signs, "", "relaxed/simple", ""}, Refused, eximCanon},
		{Case{"exim", Signs, "", "simple/relaxed", ""}, Refused, eximCanon},
		{Case{"exim", "", "", "", "space before colon"}, "fail",
			"Exim does not find a field that has white space before the colon."},
		{Case{"exim", "", "", "*/simple", "empty body"}, "fail", eximEmpty},
		{Case{"exim", Signs, "", "simple/simple", "body of blank lines"}, "fail", eximEmpty},
	}
}

const (
	rspamdCanon = "rspamd signs with relaxed/relaxed alone."
	eximCanon   = "Exim signs with the same canonicalization for header and body."
	eximEmpty   = "Exim 4.96 hashes an empty simple body as the empty string; RFC 6376, section 3.4.3, as CRLF."
)

// Applies reports whether the limit is about c.
func (l Limit) Applies(c Case) bool {
	return match(string(l.Peer), string(c.Peer)) && match(string(l.Direction), string(c.Direction)) &&
		match(l.Algorithm, c.Algorithm) && match(l.Canon, c.Canon) && match(l.Shape, c.Shape)
}

func match(pattern, s string) bool {
	ok, err := path.Match(pattern, s)
	return pattern == "" || ok && err == nil
}
