// Package domainkeys signs and verifies mail with DomainKeys (RFC 4870), the
// predecessor of DKIM, for those who still meet it: archives of mail from 2004
// to 2011, and old systems that ask for it. It is historic since 2007. What is
// signed today is signed with package dkim. Nothing here runs unless a program
// imports this package, and no result of it is a result of DKIM: its method in
// an Authentication-Results field is "domainkeys".
//
// DomainKeys knows one algorithm, rsa-sha1, which RFC 8301 forbids in DKIM: who
// chooses what is signed can make two messages that one signature fits. Treat
// Good as a hint.
//
//	w := domainkeys.NewVerifyWriter(ctx, &domainkeys.Verifier{Resolver: cache})
//	_, err := io.Copy(io.MultiWriter(spool, w), conn)
//	result, err := w.Finish()
//
// A DomainKeys signature vouches for the sending address: that of Sender, or, if
// the message has none, the first of From. Of several signatures one is chosen
// (section 3.7.3), and its [Result] is the only one. If it is not Good, package
// adsp tells what the policy of the domain makes of that.
//
// # Limits
//
// They are those of package dkim: a header of 1 MiB, fields of 512 KiB, 10,000
// fields; a signature of 64 KiB, 64 tags and 4,096 names in h=; one lookup, with
// 8 keys of at most 8,192 bits; an address field of 64 KiB. A body is hashed
// once and never kept, and work is linear in the message.
//
// # Choices
//
// Where RFC 4870 leaves something open, or practice differs:
//
//   - The tag list is that of DKIM, which is stricter about white space: one fold
//     in a row, and no empty tag. Tags are one lower-case letter, values are
//     ASCII and compared as they are, but d=, s= and the names in h=.
//   - A message with several From or Sender fields, or without From, has no
//     sending address (section 3.1): its signature is Bad.
//   - The field with the sending address must be below the signature, since only
//     that part of the header is signed.
//   - A signature that is malformed, or whose d= or h= does not fit the sending
//     address, is passed over. If none is left, the first is BadFormat.
//   - With h=, fields are taken in the order of the message (section 3.4.2). See
//     Verifier.Reordered.
//   - Keys below 1024 bits are refused, as RFC 8301 wants of DKIM, and d= is no
//     public suffix. s= and h= of a key record for DKIM are obeyed: a key that is
//     not for mail or not for sha1 is not used. Its tags may be longer than a
//     letter, as DKIM's are, and are ignored.
//   - Several TXT records at a key's name are all tried.
//   - CR and LF that are not part of CRLF end no line. Simple hashes them, NoFWS
//     removes them.
package domainkeys
