// Package waxseal is the root of a module that signs and verifies mail with
// DomainKeys Identified Mail (RFC 6376), for mail servers and mail pipelines
// written in Go. It holds no code; these packages do:
//
//   - [github.com/waxseal/waxseal/dkim] signs and verifies messages.
//   - [github.com/waxseal/waxseal/dkim/authres] writes, reads and removes
//     Authentication-Results fields (RFC 8601).
//   - [github.com/waxseal/waxseal/dkim/signtable] chooses the signers for a
//     message by its sender, and finds their keys.
//   - [github.com/waxseal/waxseal/dkim/explain] finds and proves why a
//     signature does not verify.
//   - [github.com/waxseal/waxseal/dkim/domainkeys] signs and verifies DomainKeys
//     (RFC 4870): historic.
//   - [github.com/waxseal/waxseal/keyrecord] parses, prints and looks up the
//     DNS records of public keys.
//   - [github.com/waxseal/waxseal/headerlist] chooses the header fields to sign.
//   - [github.com/waxseal/waxseal/canon] canonicalizes header fields and bodies,
//     and converts line ends to CRLF.
//   - [github.com/waxseal/waxseal/adsp] reads the signing practices that a domain
//     publishes, o= policies and ADSP (RFC 5617): historic.
//
// Start with package dkim. [dkim.Sign] and [dkim.Verify] take a message from a
// reader; [dkim.SignWriter] and [dkim.VerifyWriter] take it as it arrives. The
// examples below are the two halves in ten lines each, and the folder examples
// has programs to run: go run ./examples/quickstart makes a key, signs a message
// and verifies it, without a network.
//
// A message is octets with CRLF line ends. Nothing is converted in silence:
// [canon.NewCRLFReader] turns local line ends into CRLF.
//
// The module is pure Go. It opens no port, runs no daemon, has no
// package-level switches, and needs the standard library, golang.org/x/crypto and
// golang.org/x/net alone. Configuration is read-only and safe for concurrent use;
// a writer serves one message.
//
// [dkim.Sign]: https://pkg.go.dev/github.com/waxseal/waxseal/dkim#Sign
// [dkim.Verify]: https://pkg.go.dev/github.com/waxseal/waxseal/dkim#Verify
// [dkim.SignWriter]: https://pkg.go.dev/github.com/waxseal/waxseal/dkim#SignWriter
// [dkim.VerifyWriter]: https://pkg.go.dev/github.com/waxseal/waxseal/dkim#VerifyWriter
// [canon.NewCRLFReader]: https://pkg.go.dev/github.com/waxseal/waxseal/canon#NewCRLFReader
package waxseal
