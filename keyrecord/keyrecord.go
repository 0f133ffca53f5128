// Package keyrecord parses, prints and looks up the DNS records that hold the
// public keys of DKIM (RFC 6376, section 3.6): for a verifier, and for whoever
// publishes keys.
//
//	rec, err := keyrecord.New(signer.Public())
//	...
//	fmt.Println(keyrecord.ZoneLine("s1", "example.org", rec))
//	// s1._domainkey.example.org. IN TXT ( "v=DKIM1; k=ed25519; p=..." )
//
//	keys, err := keyrecord.Lookup(ctx, nil, "s1", "example.org")
//	if errors.Is(err, keyrecord.ErrTemporary) { ... }
//
// A [Cache] keeps what it looked up, parsed. Any resolver with a LookupTXT
// method fits, a *net.Resolver among them; one that knows TTL or DNSSEC tells by
// [AnswerResolver].
//
// Records are read strictly: the tag list by section 3.2, the key of p= as DER
// (RSA) or as 32 octets (Ed25519). Where RFC 6376 is open, or practice differs,
// this package
//
//   - takes both forms of an RSA key, RSAPublicKey, which the text names, and
//     SubjectPublicKeyInfo, which everybody publishes (errata 3017, 6674), and
//     prints the second;
//   - compares the words of h=, k=, s= and t= without regard to case, as RFC
//     5234 reads the literals of the grammar, but "DKIM1" as it is;
//   - keeps what stands in n= even if it is not quoted-printable or holds UTF-8,
//     since no program acts on it; h=, k=, p=, s= and t= are ASCII;
//   - keeps g= of RFC 4871 for DomainKeys, and ignores it otherwise;
//   - refuses the Ed25519 points of small order, to which a signature can be made
//     up for many messages without a private key;
//   - refuses RSA keys above 8192 bits, an even modulus, and an exponent that is
//     even or outside 3 to 2^31-1. It does parse RSA keys below 1024 bits: RFC 8301
//     keeps signatures from being valid under one, and package dkim sees to that.
package keyrecord

import "errors"

const (
	minRSABits = 1024 // of a key to be published: RFC 8301, section 3.2
	maxRSABits = 8192 // a verification takes 1 ms; a modulus of 262,144 bits, which fits DNS, takes seconds

	// maxKeyText bounds the base64 of p= before it is decoded: a
	// SubjectPublicKeyInfo of maxRSABits has 1063 octets.
	maxKeyText = (1063 + 2) / 3 * 4

	maxRecord = 16 << 10 // octets of one record; a key of maxRSABits and a page of notes take 4 KiB
	maxTXT    = 32       // TXT records that one answer is searched for keys
	maxKeys   = 8        // key records of one answer that are kept; each can cost a verification
)

var (
	// ErrNotFound reports that there is no record at the name, or no such name.
	ErrNotFound = errors.New("no key record")
	// ErrSyntax reports a record that is not a well-formed key record.
	ErrSyntax = errors.New("malformed key record")
	// ErrKeyType reports a kind of key that is neither RSA nor Ed25519.
	ErrKeyType = errors.New("unsupported key type")
	// ErrKeySize reports an RSA key above 8192 bits, or one below 1024 bits that
	// is to be published.
	ErrKeySize = errors.New("unsupported key size")
	// ErrRevoked reports a key that its owner has withdrawn: p= is empty.
	ErrRevoked = errors.New("key revoked")
	// ErrMismatch reports that DNS publishes another key.
	ErrMismatch = errors.New("DNS publishes another key")
	// ErrTemporary reports that a resolver failed, or gave no answer in time. It
	// is wrapped together with the cause.
	ErrTemporary = errors.New("key record not available now")
)
