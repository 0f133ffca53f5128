package dkim

import (
	"errors"
	"slices"

	"github.com/waxseal/waxseal/keyrecord"
)

// A corpusRule decides a kind of differences between the results of this
// package and what is wanted in the corpus.
type corpusRule struct {
	name     string
	why      string                   // which text decides, and what it says
	cases    []string                 // the only ones that it is for; nil: all that explains fits
	explains func(d *difference) bool // whether this, and nothing else, makes the difference
}

// corpusRules are tried in their order.
var corpusRules = []corpusRule{
	// Settings: the same signatures agree, or differ by another rule, with the
	// settings for archives.
	{
		name: "rsa-sha1",
		why:  "RFC 8301, section 3.1: rsa-sha1 MUST NOT be used for verifying; AllowSHA1 does",
		explains: func(d *difference) bool {
			return !d.archive && d.is(PermError, ErrHistoric)
		},
	},
	{
		name: "key below 1024 bits",
		why:  "RFC 8301, section 3.2: signatures with keys of less than 1024 bits MUST NOT be considered valid; a MinRSABits of 512 does",
		explains: func(d *difference) bool {
			return !d.archive && d.is(PermError, ErrWeakKey) && 0 < d.r.KeyBits && d.r.KeyBits < 1024
		},
	},
	{
		name: "key below 1024 bits, archive",
		why:  "the source follows RFC 8301; here a MinRSABits of 512 was asked for",
		explains: func(d *difference) bool {
			return d.archive && d.is(Pass, nil) && d.want == "permerror" && d.r.KeyBits == 512
		},
		cases: []string{"mox/verify-weak-rsa-512"},
	},
	{
		name: "partial body",
		why:  "RFC 6376, section 8.2: verifiers can refuse l= that leaves octets unsigned; PartialBody accepts it",
		explains: func(d *difference) bool {
			return !d.archive && d.is(Policy, ErrPartialBody) && d.want == "pass" && d.r.UnsignedOctets > 0
		},
	},

	// The signature.
	{
		name: "v=",
		why:  "RFC 6376, section 3.5: v= is required, and MUST be 1; drafts had none, or 0.5",
		explains: func(d *difference) bool {
			var tag *TagError
			return (d.is(PermError, ErrMissing) || d.is(Neutral, ErrVersion)) && errors.As(d.r.Err, &tag) && tag.Tag == "v"
		},
	},
	{
		name: "malformed tag",
		why:  "RFC 6376, section 6.1.1: PERMFAIL (signature syntax error); the source has one word for all failures",
		explains: func(d *difference) bool {
			return d.is(Neutral, ErrSyntax) && d.want == "fail"
		},
		cases: []string{
			"dkimpy/test_badly_encoded_domain_fails-1", // d= is not UTF-8
			"dkimpy/test_badly_encoded_domain_fails-2",
			"james-jdkim/FAIL_illegalargumentexception", // i= is not quoted-printable
		},
	},
	{
		name: "no From",
		why:  "RFC 5322, section 3.6, wants a From field, and RFC 6376, section 5.4, wants it signed; the source found out by the hash",
		explains: func(d *difference) bool {
			return d.is(PermError, ErrFrom) && d.want == "fail" && d.uncovered("From") == 0
		},
		cases: []string{"mail-dkim/bad_1878954", "toorop-go-dkim/signedNoFrom"},
	},
	{
		name: "x=",
		why:  "RFC 6376, section 3.5: x= is compared with the time of verification; the peers ran long after it",
		explains: func(d *difference) bool {
			return d.is(Pass, nil) && d.peers && d.want == "permerror" && !d.r.Signature.Expiration.IsZero()
		},
		cases: []string{"kumomta/arc-example-2.dkim"},
	},
	{
		name: "order",
		why:  "the header signature comes before what l= leaves out, and l=, put in later, broke it",
		explains: func(d *difference) bool {
			return d.is(Fail, ErrSignature) && d.want == "policy" && d.r.Signature.Length != nil
		},
		cases: []string{"mox/verify-l-tag-policy"},
	},
	{
		name: "wrong signature in the source",
		why:  "RFC 6376, section 3.7: the header is not the one that was signed, for the seven peers too",
		explains: func(d *difference) bool {
			for _, results := range d.c.Peers {
				if slices.Contains(results, "pass") {
					return false
				}
			}
			return d.is(Fail, ErrSignature) && d.want == "pass" && len(d.c.Peers) == 7
		},
		cases: []string{
			"gen_smtp/dkim_sign_rsa_test-sign-simple", // the message was built anew
			"gen_smtp/dkim_sign_ed25519_test-sign-simple",
			"lettre/test_signature_rsa_simple", // its folds are lost
		},
	},

	// The key.
	{
		name: "no key",
		why:  "the key is not published any more, and nobody kept it",
		explains: func(d *difference) bool {
			if !d.is(PermError, keyrecord.ErrNotFound) {
				return false
			}
			name, err := d.r.Signature.KeyName()
			return err == nil && slices.Contains(d.c.Missing, name)
		},
	},
	{
		name: "s= of the key",
		why:  "RFC 6376, section 3.6.1: a record MUST be ignored if s= does not list the service; s=tlsrpt is for reports (RFC 8460), which the source can be told to verify",
		explains: func(d *difference) bool {
			return d.is(PermError, ErrKey) && d.want == "pass" && d.r.Record != nil && slices.Equal(d.r.Record.Services, []string{"tlsrpt"})
		},
	},
	{
		name: "reports",
		why:  "RFC 8460, section 3, forbids l= in signatures of TLS reports, and wants s=tlsrpt in the key; the source verified these as reports, and here they are mail",
		explains: func(d *difference) bool {
			if !d.is(Pass, nil) && !d.is(Policy, ErrPartialBody) || d.want == "pass" {
				return false
			}
			return d.r.Signature.Length != nil || !slices.Contains(d.r.Record.Services, "tlsrpt")
		},
		cases: []string{
			"dkimpy/test_tlsrpt_ignore_l_verify-1",
			"dkimpy/test_tlsrpt_with_strict_no_tlsrptsvc-1", "dkimpy/test_tlsrpt_with_strict_no_tlsrptsvc-2",
			"dkimpy/test_tlsrpt_with_strict_no_tlsrptsvc-3", "dkimpy/test_tlsrpt_with_strict_no_tlsrptsvc-4",
		},
	},
	{
		name: "g= of the key",
		why:  "RFC 6376 has no g= any more, and section 3.2 has unknown tags ignored",
		explains: func(d *difference) bool {
			return d.archive && d.is(Pass, nil) && d.want == "permerror" && d.r.Record.Granularity != nil && *d.r.Record.Granularity != "*"
		},
		cases: []string{"mail-dkim/badkey_8", "mail-dkim/badkey_9", "mail-dkim/badkey_12", "mail-dkim/badkey_13"},
	},
	{
		name: "no key record",
		why:  "RFC 6376, section 6.1.2, step 3: a record that is malformed is PERMFAIL, since it stays so; the source calls it temporary",
		explains: func(d *difference) bool {
			return d.is(PermError, keyrecord.ErrSyntax) && d.want == "temperror"
		},
		cases: []string{"mox/verify-notdkim-record"},
	},
	{
		name: "several key records",
		why:  "RFC 6376, section 6.1.2, step 4: the verifier may try each; the source calls them a temporary error",
		explains: func(d *difference) bool {
			return d.is(Pass, nil) && d.want == "temperror"
		},
		cases: []string{"mox/verify-multiple-records"},
	},

	// The message.
	{
		name: "number of signatures",
		why:  "RFC 6376, section 6.1: the limit is the verifier's; the source reports five, here it is ten",
		explains: func(d *difference) bool {
			return d.r == nil && d.err == nil && d.want == "[pass pass pass pass pass]" && d.got == "[pass pass pass pass pass pass pass]"
		},
		cases: []string{"chasquid/02-too_many_headers"},
	},
	{
		name: "setting of the source",
		why:  "the source was told to want Cc signed, which is RequireFields here",
		explains: func(d *difference) bool {
			return d.is(Pass, nil) && d.want == "policy" && d.uncovered("Cc") == 1
		},
		cases: []string{"opendkim/t-test102"},
	},
	{
		name: "bare LF",
		why:  "RFC 5322, section 2.3: LF only stands after CR, and FWS of RFC 6376, section 2.8, has CRLF; the source converts lines by itself",
		explains: func(d *difference) bool {
			return d.is(Neutral, ErrSyntax) || d.r == nil && errors.Is(d.err, ErrLineEnding)
		},
		cases: []string{"spamassassin/test-pass-21", "spamassassin/test-pass-22", "spamassassin/test-pass-23"},
	},
	{
		name: "header cut off",
		why:  "RFC 5322, section 2.2: a field ends in CRLF; here the last one does not, so that a part of it may be lost",
		explains: func(d *difference) bool {
			return d.r == nil && errors.Is(d.err, ErrHeader)
		},
		cases: []string{"vandenhooff-dkim/headersOnly"},
	},
}

// is reports whether the result has the status and the reason; a nil reason is
// that of Pass.
func (d *difference) is(s Status, reason error) bool {
	return d.r != nil && d.r.Status == s && errors.Is(d.r.Err, reason)
}

// uncovered returns how many fields of a name the message has that are not
// signed.
func (d *difference) uncovered(field string) int {
	signed, total := d.r.Covered(field)
	return total - signed
}
