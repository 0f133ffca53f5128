// Package dkim signs and verifies mail with DomainKeys Identified Mail (RFC
// 6376, RFC 8301, RFC 8463, RFC 8616), for mail servers and mail pipelines.
//
// [Sign] and [Verify] take a whole message from a reader. [SignWriter] and
// [VerifyWriter] take it in pieces as it arrives, in one pass and constant
// memory, beside whatever stores it:
//
//	w := dkim.NewVerifyWriter(ctx, verifier)
//	_, err := io.Copy(io.MultiWriter(spool, w), conn)
//	results, err := w.Finish()
//
// A message is octets with CRLF line ends, as SMTP carries it, without dot
// stuffing. Nothing is converted in silence: package canon has a reader that
// turns local line ends into CRLF.
//
// # Reading results
//
// Each DKIM-Signature gives one [Result]. Pass means that the domain in its d=
// signed the message; whether that domain is the author's is a second
// question, which [Signature.Aligned] answers. A signature that does not
// verify is to be treated like one that is not there (RFC 6376, section 6.1):
// one that passes is enough, and one that fails is no sign of fraud. A receiver
// that rejects mail for want of a good signature answers 550 with 5.7.20 (RFC
// 7372), and 451 with 4.7.5 only where the best result is TempError.
// A server that signs refuses a message for good if the error is a [MessageError],
// and tries again after any other.
//
// The reason is in Result.Err: errors.Is tells it, [StatusOf] has the table
// from reasons to result words, and [TagError] names the tag. Which of several
// reasons is told does not depend on timing: syntax, then what needs no key,
// then the policy that needs none, then the key, then the header signature,
// then the body hash, then what l= or a hidden end of the header leaves unsigned.
//
// # Limits
//
// A sender chooses the message, the signatures and the keys, so each is
// bounded, and work is linear in the message: a header of 1 MiB, fields of 512
// KiB and 10,000 fields (an error of the message); a signature of 64 KiB, 64
// tags and 4,096 names in h= (Policy, ErrLimit); Verifier.MaxSignatures keys;
// RSA keys of 8,192 bits. The body is hashed once for each pair of
// canonicalization and hash, however many signatures there are, and never kept.
//
// # Deviations and choices
//
// Where the specifications leave something open, or contradict each other:
//
//   - Keywords in a=, c= and q=, and in k=, h=, s= and t= of a key record, are
//     compared without case, as RFC 5234 reads the literals of the grammar;
//     v= exactly ("v=01" is not version 1).
//   - A tag list with an empty tag (";;") is malformed; one ";" at its end,
//     with white space after it, is not. FWS holds one fold: a line of white
//     space in a tag list is malformed, except inside a value, where the
//     grammar repeats FWS.
//   - base64 without padding is read; padding that is there must be right.
//   - Hexadecimal digits in quoted-printable are upper case. A signer encodes
//     what section 2.11 says it must, and ":" and "|"; other characters that are
//     not mail-safe are written as they are.
//   - d=, and the domain of i=, have two labels or more, of letters, digits and
//     inner hyphens: no underscore, no final dot, no address literal. A
//     selector has one label or more, likewise.
//   - The local part of i= is opaque: it may hold what RFC 5321 wants quoted,
//     but no controls, and no "@" outside quotes.
//   - U-labels and UTF-8 are accepted in every message, since nothing in a
//     message says that it was sent with SMTPUTF8. A U-label must be valid by
//     IDNA2008. Key records are looked up by A-labels, and
//     Authentication-Results name domains as the signature does.
//   - t= and x= have up to 12 digits; more are malformed. A t= further in the
//     future than Verifier.Skew is refused.
//   - "dns" without "txt" is no query method.
//   - A fold within a name of z= is removed: section 3.5 can be read to allow
//     it, erratum 4875 would forbid it, and OpenDKIM writes it. Other white
//     space there is malformed.
//   - A message without a From field is PermError, whatever h= says.
//   - Bare CR and LF in a header are data. Where a From field follows one, for
//     software that takes it for a line end, all signatures are Policy, unless
//     Verifier.UncoveredFrom: that software shows another author. So it is with
//     a field of Verifier.RequireFields. Where an empty line ends in a bare LF,
//     a signature that verifies is Policy, unless Verifier.PartialBody: the body
//     begins there for such software.
//   - A line without a colon in the header is an error of the message. A field
//     whose name holds octets that names cannot have stays a field that
//     nothing selects; a Signer refuses it.
//   - Several TXT records at a key name are all tried.
//   - An Ed25519 key wrapped in SubjectPublicKeyInfo is refused; an RSA key may
//     be wrapped or bare (RFC 6376, erratum 3017).
//   - g= of a key record is ignored, as RFC 6376 says.
//   - A relaxed body of white space without a line end is the empty body.
//   - A bh= whose length is not that of the hash is malformed; a b= whose length
//     is not that of the key's signatures is Fail.
//
// Signing is strict too: one From field, names that RFC 5322 allows, CRLF
// everywhere, no public suffix as d=, no rsa-sha1, RSA keys of 1024 bits or more.
package dkim
