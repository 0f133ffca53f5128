package interop

import (
	"errors"
	"slices"
	"strings"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/keyrecord"
)

// A Difference is a kind of message that waxseal passes and a peer does not, or
// the reverse, with the reason.
type Difference struct {
	Peer   Peer   // "" is any
	Err    error  // why waxseal does not pass it; nil: it does
	Has    string // what the message has; "" is any
	Theirs string // is in the peer's answer; "" is any
	Reason string
}

// A Verdict is what waxseal and a peer say of a sample.
type Verdict struct {
	Peer         Peer
	Err          error  // of waxseal; nil is pass
	Word, Reason string // of the peer
}

// Differs reports whether one of them passes the sample, and the other does not.
func (v *Verdict) Differs() bool { return (v.Err == nil) != (v.Word == "pass") }

// Explains reports whether the row is about the sample.
func (d *Difference) Explains(s *Sample, v *Verdict) bool {
	return (d.Peer == "" || d.Peer == v.Peer) &&
		(d.Has == "" || slices.Contains(s.Has, d.Has)) &&
		(d.Err == nil) == (v.Err == nil) && errors.Is(v.Err, d.Err) &&
		strings.Contains(v.Word+" "+v.Reason, d.Theirs)
}

// Differences returns the table. The first row that explains a sample counts.
func Differences() []Difference {
	return []Difference{
		// What waxseal does not pass, and others may.
		{Err: dkim.ErrSyntax, Has: "empty tag", Reason: strict + "section 3.2 has no empty tag."},
		{Err: dkim.ErrSyntax, Has: "duplicate tag", Reason: strict + "a tag that occurs twice makes the list invalid (section 3.2)."},
		{Err: dkim.ErrSyntax, Has: "tag without a value", Reason: strict + "a tag has a value (section 3.2)."},
		{Err: dkim.ErrSyntax, Has: "tag without a name", Reason: strict + "a tag has a name (section 3.2)."},
		{Err: dkim.ErrSyntax, Has: "né=x", Reason: strict + "the name of a tag is of ASCII (section 3.2)."},
		{Err: dkim.ErrSyntax, Has: "foo=\x01", Reason: strict + "a value has no control characters (section 3.2)."},
		{Err: dkim.ErrSyntax, Has: "z=", Reason: strict + "z= copies one field or more (section 3.5)."},
		{Err: dkim.ErrSyntax, Has: "h=", Reason: strict + "h= names one field or more (section 3.5)."},
		{Err: dkim.ErrSyntax, Has: "bh=", Reason: strict + "bh= is base64 (section 3.5)."},
		{Err: dkim.ErrSyntax, Has: "t=x", Reason: strict + "t= is a number (section 3.5)."},
		{Err: dkim.ErrSyntax, Has: "l=x", Reason: strict + "l= is a number (section 3.5)."},
		{Err: dkim.ErrSyntax, Has: "i=", Reason: strict + "i= has an @ (section 3.5)."},
		{Err: dkim.ErrSyntax, Has: "i=joe", Reason: strict + "i= has an @ (section 3.5)."},
		{Err: dkim.ErrMissing, Reason: strict + "v=, a=, b=, bh=, d=, h= and s= are required (section 3.5)."},
		{Err: dkim.ErrIdentifier, Has: "i=joe@example.org", Reason: "i= is at or below d= (section 3.5)."},
		{Err: dkim.ErrIdentifier, Has: "i=joe@sub.example.com", Reason: "With t=s in the key record, i= is at d= (section 3.6.1)."},
		{Err: dkim.ErrBodyLength, Reason: "l= is at most the length of the body (section 3.5)."},
		{Err: dkim.ErrFuture, Has: "t=4000000000", Reason: "A time of signing in the future may be refused (section 3.5); waxseal does."},
		{Err: dkim.ErrExpired, Has: "t=4000000000", Reason: "x= is after t= (section 3.5)."},
		{Err: dkim.ErrVersion, Has: "v=2", Reason: "A version that is not 1 is not processed (section 3.5)."},
		{Err: dkim.ErrFrom, Has: "h=to", Reason: "From is signed, or the signature is ignored (section 6.1.1)."},
		{Peer: "exim", Err: dkim.ErrAlgorithm, Has: "c=foo/simple", Reason: "A canonicalization that is not known is not processed (section 3.5)."},
		{Err: dkim.ErrQuery, Has: "q=foo", Reason: "A signature whose q= names no known method is ignored (section 3.5)."},
		{Err: dkim.ErrBodyHash, Has: "LF", Reason: "The peer takes LF for CRLF, or SMTP makes it so; waxseal takes the octets that are there."},
		{Err: keyrecord.ErrSyntax, Has: "record k=K; p=P; v=DKIM1", Reason: "v= comes first in a key record (section 3.6.1)."},
		{Err: keyrecord.ErrSyntax, Has: "record v=DKIM1; k=K; p=P;;", Reason: strict + "section 3.2 has no empty tag."},
		{Err: keyrecord.ErrSyntax, Has: "record v=DKIM1; k=K; p=P; p=P", Reason: strict + "a tag that occurs twice makes the list invalid (section 3.2)."},
		{Err: keyrecord.ErrSyntax, Has: "record V=DKIM1; K=K; P=P", Reason: "The names of tags are compared with case (section 3.2)."},
		{Err: keyrecord.ErrKeyType, Has: "record v=DKIM1; k=other; p=P", Reason: "k= names another kind of key than a= (section 3.6.1)."},
		{Peer: "rspamd", Err: keyrecord.ErrSyntax, Has: "record v=DKIM2; k=K; p=P", Reason: "A key record of another version is none (section 3.6.1)."},
		{Err: dkim.ErrKey, Has: "record v=DKIM1; s=other; k=K; p=P", Reason: "The key is not for mail (section 3.6.1, s=)."},
		{Err: dkim.ErrKey, Has: "record v=DKIM1; h=sha1; k=K; p=P", Reason: "The key is for SHA-1 alone (section 3.6.1, h=)."},

		// What waxseal passes, and others do not.
		{Has: "h= with DKIM-Signature", Reason: "The field that is verified is no field that h= names (section 3.7); peers take it for one, or refuse the name."},
		{Peer: "go-msgauth", Theirs: "insecure body length", Reason: "go-msgauth refuses l=."},
		{Peer: "go-msgauth", Has: "i=joe@EXAMPLE.com", Theirs: "domain mismatch", Reason: "go-msgauth compares the domains of i= and d= with case."},
		{Peer: "go-msgauth", Has: "d=EXAMPLE.COM", Theirs: "domain mismatch", Reason: "go-msgauth compares the domains of i= and d= with case."},
		{Peer: "go-msgauth", Has: "a=RSA-SHA256", Theirs: "algorithm", Reason: "go-msgauth compares the words of a= with case; RFC 6376 is silent on it."},
		{Peer: "go-msgauth", Has: "c=Relaxed/RELAXED", Theirs: "canonicalization", Reason: "go-msgauth compares the words of c= with case."},
		{Peer: "go-msgauth", Has: "record v=DKIM1; p=P; k=K; h=SHA256", Theirs: "hash algorithm", Reason: "go-msgauth compares the words of h= in key records with case."},
		{Peer: "opendkim", Has: "tab before colon", Theirs: Refused, Reason: "libopendkim refuses a tab before the colon of a field."},
		{Peer: "opendkim", Has: "no final CRLF", Theirs: "CRLF at end of body missing", Reason: "libopendkim refuses a relaxed body without a final CRLF; RFC 6376, section 3.4.4, adds one."},
		{Peer: "opendkim", Has: "white space and no final CRLF", Theirs: "body hash mismatch", Reason: "libopendkim keeps white space at the end of a relaxed body without a final CRLF."},
		{Peer: "opendkim", Has: "foo=é", Theirs: "invalid character", Reason: "libopendkim knows no UTF-8 in tags (RFC 8616)."},
		{Peer: "rspamd", Has: "twice what is there once", Theirs: "fail", Reason: "rspamd fails a signature over a field that RFC 5322 allows once, and that is there twice."},
		{Peer: "rspamd", Has: "white space and no final CRLF", Theirs: "fail", Reason: "rspamd keeps white space at the end of a relaxed body without a final CRLF."},
		{Peer: "rspamd", Has: "body of white space", Theirs: "fail", Reason: "rspamd does not take a relaxed body of white space for an empty one."},
		{Peer: "rspamd", Has: "l=0", Theirs: "fail", Reason: "rspamd takes l=0 for no l=."},
		{Peer: "rspamd", Has: "foo=", Theirs: Refused, Reason: "rspamd takes no notice of a signature with an empty tag that it does not know."},
		{Peer: "rspamd", Has: "a=RSA-SHA256", Theirs: Refused, Reason: "rspamd compares the words of a= with case."},
		{Peer: "rspamd", Has: "c=Relaxed/RELAXED", Theirs: Refused, Reason: "rspamd compares the words of c= with case."},
		{Peer: "rspamd", Has: "white space before colon", Theirs: "fail", Reason: "rspamd takes the white space before the colon for no part of the field, or of its name."},
		{Peer: "rspamd", Has: "long line of white space", Theirs: "fail", Reason: "rspamd canonicalizes a relaxed body in blocks of 1 KiB: white space at a border, with more of it on the other side, is not made one."},
		{Peer: "mail-dkim", Has: "record v=DKIM1; p=P; k=K; h=SHA256", Theirs: "hash algorithm", Reason: "Mail::DKIM compares the words of h= in key records with case."},
		{Peer: "mail-dkim", Has: "no final CRLF", Theirs: "body has been altered", Reason: "Mail::DKIM adds no CRLF to a simple body without one; RFC 6376, section 3.4.3, does."},
		{Peer: "mail-dkim", Has: "l=0", Theirs: "body has been altered", Reason: "Mail::DKIM takes l=0 for no l=."},
		{Peer: "mail-dkim", Has: "ed25519", Theirs: "unsupported algorithm", Reason: "Mail::DKIM before 1.20230630 has no Ed25519."},
		{Peer: "exim", Has: "record v=DKIM1; p=P; k=K; h=SHA256", Theirs: "fail", Reason: "Exim compares the words of h= in key records with case."},
		{Peer: "exim", Has: "record v = DKIM1 ; k = K ; p = P", Theirs: "pubkey_dns_syntax", Reason: "Exim wants no white space around the names of a key record's tags."},
		{Peer: "exim", Has: "white space before colon", Reason: "Exim does not find a field that has white space before the colon."},
		{Peer: "exim", Has: "empty body", Theirs: "bodyhash_mismatch", Reason: "Exim 4.96 hashes an empty simple body as the empty string; RFC 6376, section 3.4.3, as CRLF."},
		{Peer: "dkimpy", Has: "From above", Reason: "dkimpy takes From to be oversigned, whatever h= says."},
		{Peer: "dkimpy", Has: "a=RSA-SHA256", Theirs: "unknown signature algorithm", Reason: "dkimpy compares the words of a= with case."},
		{Peer: "dkimpy", Has: "c=Relaxed/RELAXED", Theirs: "c= value", Reason: "dkimpy compares the words of c= with case."},
		{Peer: "dkimpy", Has: "white space before semicolons", Theirs: "did not verify", Reason: "dkimpy hashes the white space behind the value of b=; RFC 6376, section 3.7, takes it for a part of the value."},
		{Peer: "dkimpy", Has: "white space behind the tags", Reason: "dkimpy loses white space behind the last tag: simple header canonicalization breaks."},
		{Peer: "dkimpy", Has: "white space and no final CRLF", Theirs: "body hash mismatch", Reason: "dkimpy keeps white space at the end of a relaxed body without a final CRLF."},
		{Peer: "dkimpy", Has: "white space before colon", Reason: "dkimpy refuses white space before the colon of a field, which is obsolete syntax (RFC 5322, section 4.5)."},
		{Peer: "dkimpy", Has: "q=foo:dns/txt", Theirs: "q= value", Reason: "dkimpy knows q= with one method alone."},
	}
}

const strict = "waxseal holds tag lists to the grammar of RFC 6376: "
