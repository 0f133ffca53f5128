package explain

// A Cause is a reason for which a signature does not pass. The words are
// stable, for logs and statistics.
type Cause string

// What happens to bodies.
const (
	LineEndings   Cause = "line-endings"     // CRLF became LF or CR, or the reverse
	TrailingSpace Cause = "trailing-space"   // white space at the end of lines, added or lost
	FinalCRLF     Cause = "final-crlf"       // the end of the body was hashed in another way
	Footer        Cause = "footer"           // text added at the end
	Banner        Cause = "banner"           // text added above, or within
	Wrapped       Cause = "wrapped"          // the message became a part of another multipart
	DotStuffing   Cause = "dot-stuffing"     // the dots of SMTP, left in or taken out once too often
	FromEscaped   Cause = "from-escaped"     // ">From " at the start of a line
	Tabs          Cause = "tabs"             // tabs became spaces, or the reverse
	LongLines     Cause = "long-lines"       // a line above the limit of SMTP, broken
	Reencoded     Cause = "reencoded"        // another Content-Transfer-Encoding
	Charset       Cause = "charset"          // another charset, or its label
	BeyondLength  Cause = "beyond-length"    // octets after those that l= covers
	Truncated     Cause = "truncated"        // less of a body than l= says
	BodyChanged   Cause = "body-changed"     // something else; never proved
	OtherCanon    Cause = "other-canon"      // made with another canonicalization than c= says
	MboxLine      Cause = "mbox-line"        // the "From " line of a mailbox above the header
	OutsideBudget Cause = "budget-exhausted" // the search ended with its budget; never proved
)

// What happens to headers.
const (
	SubjectTag       Cause = "subject-tag"       // "[list] " in front of the subject
	Refolded         Cause = "refolded"          // folds or white space within a field
	ColonSpace       Cause = "colon-space"       // white space around the colon
	NameCase         Cause = "name-case"         // another case of a field name
	FieldAdded       Cause = "field-added"       // a field that h= says was not there
	FieldDuplicated  Cause = "field-duplicated"  // a copy of a field that h= says was there once less
	FieldRemoved     Cause = "field-removed"     // a field of h= is gone
	FieldOrder       Cause = "field-order"       // fields of one name changed places
	FieldRewritten   Cause = "field-rewritten"   // another spelling of the same, or another value
	FromRewritten    Cause = "from-rewritten"    // From or Reply-To replaced, as lists do for DMARC
	EncodedWord      Cause = "encoded-word"      // RFC 2047 words encoded anew, or decoded
	HeaderChanged    Cause = "header-changed"    // something else; never proved
	SignatureField   Cause = "signature-field"   // the body hash in the signature field is not the one that was signed
	SignatureSpacing Cause = "signature-spacing" // b= was not emptied as RFC 6376 wants
	Undigested       Cause = "undigested"        // Ed25519 over the octets in place of their SHA-256
)

// What is wrong with keys, clocks and settings.
const (
	KeyMismatch    Cause = "key-mismatch"    // another key made the signature
	KeyRecord      Cause = "key-record"      // quotes, backslashes, white space and the like in the record
	KeyType        Cause = "key-type"        // k= is not the type of the key, or of a=
	KeyTruncated   Cause = "key-truncated"   // p= was cut
	KeyMissing     Cause = "key-missing"     // no record at the name
	KeyRevoked     Cause = "key-revoked"     // p= is empty
	KeyRefused     Cause = "key-refused"     // the record, its size, or s=, h= and t= forbid it
	KeyUnavailable Cause = "key-unavailable" // DNS gave no answer
	Expired        Cause = "expired"         // x= has passed
	Future         Cause = "future"          // t= is to come
	Malformed      Cause = "malformed"       // the signature field is
	Refused        Cause = "refused"         // by a setting of the Verifier, or by the RFCs
)

// advice is one sentence for each cause: what to do about it.
func (c Cause) advice() string { return advice[c] }

// advice is read-only.
var advice = map[Cause]string{
	LineEndings:   "Sign and send the octets that SMTP carries: convert lines to CRLF before signing, and nowhere after.",
	TrailingSpace: "Sign with c=relaxed/relaxed, or stop the relay that strips or adds white space at line ends.",
	FinalCRLF:     "Fix the signer: RFC 6376, section 3.4, removes blank lines at the end of the body and ends it in one CRLF.",
	Footer:        "Stop the list or gateway from adding a footer, or let it sign the message anew after adding one.",
	Banner:        "Let the gateway that inserts text verify before it does, and sign anew if the message goes on.",
	Wrapped:       "Let the list or gateway that wraps messages sign what it makes; the first signature cannot survive it.",
	DotStuffing:   "Fix the program that reads or writes SMTP DATA: dots are doubled on the wire only, after signing and before verifying.",
	FromEscaped:   "Stop the delivery agent or relay from writing mbox quotes into mail in transit.",
	Tabs:          "Sign with c=relaxed/relaxed, or stop the relay that converts tabs.",
	LongLines:     "Send lines of at most 998 octets: encode the body as quoted-printable or base64 before signing.",
	Reencoded:     "Send 7-bit mail: encode as quoted-printable or base64 before signing, so that no relay has to.",
	Charset:       "Stop the gateway that converts charsets or rewrites their labels.",
	BeyondLength:  "Sign without l=: it leaves room for anybody to add text.",
	Truncated:     "Look for the relay or quota that cuts messages.",
	BodyChanged:   "Compare the body with the one that was sent, from hop to hop.",
	OtherCanon:    "Fix the signer: what it writes into c= is not what it does.",
	MboxLine:      "Remove the first line, which belongs to a mailbox file and not to the message.",
	OutsideBudget: "Allow more work in Options.",

	SubjectTag:       "Stop the list or filter from marking subjects; it can set List-Id or another field of its own.",
	Refolded:         "Sign with c=relaxed/relaxed, or stop the relay that folds fields anew.",
	ColonSpace:       "Sign with c=relaxed/relaxed, or fix the filter that rewrites the space after the colon.",
	NameCase:         "Sign with c=relaxed/relaxed, or stop the relay that respells field names.",
	FieldAdded:       "Stop the relay from adding the field, or sign without asserting its absence.",
	FieldDuplicated:  "Find the relay that writes the field a second time.",
	FieldRemoved:     "Stop the relay that removes the field, or sign without it.",
	FieldOrder:       "Fix the relay that sorts fields, or the signer, which must take repeated fields from the bottom up.",
	FieldRewritten:   "Write the field as RFC 5322 spells it before signing, so that no relay has to rewrite it.",
	FromRewritten:    "Let the list that rewrites addresses sign the message with its own domain.",
	EncodedWord:      "Encode the field before signing, and stop the relay that encodes it anew.",
	HeaderChanged:    "Compare the signed fields with those that were sent, from hop to hop; z= (CopyHeaders) would tell which changed.",
	SignatureField:   "Find the relay that rewrites the DKIM-Signature field.",
	SignatureSpacing: "Fix the signer: all of the value of b= is removed for the hash, white space included, and no CRLF ends the field.",
	Undigested:       "Fix the signer: RFC 8463 signs the SHA-256 of the header, not the header.",

	KeyMismatch:    "Publish the public half of the key that signs, at the selector that s= names.",
	KeyRecord:      "Publish the record anew, without the quotes, backslashes or white space of a zone file in its value.",
	KeyType:        "Publish k= as the type of the key: RSA is the default, Ed25519 needs k=ed25519 and the 32 octets of the key alone.",
	KeyTruncated:   "Publish the whole key: a TXT record is made of strings of at most 255 octets, all in one record.",
	KeyMissing:     "Publish the key record, or sign with a selector that has one.",
	KeyRevoked:     "Sign with a key that has not been withdrawn.",
	KeyRefused:     "Publish a record that allows this use, with an RSA key of 2048 bits or an Ed25519 key.",
	KeyUnavailable: "Verify again later; if it lasts, look at the name servers of the domain.",
	Expired:        "Verify with the time of receipt, find what held the message up, or sign with a longer life.",
	Future:         "Set the clocks of signer and verifier.",
	Malformed:      "Fix the signer: the field is not what RFC 6376, section 3.5, describes.",
	Refused:        "Change what the signer does, or the setting of the Verifier that refuses it.",
}
