package dkim

import (
	"errors"
	"fmt"

	"github.com/waxseal/waxseal/internal/message"
)

// These are the reasons for which a message, a signature or a signer is
// refused. Errors wrap them: test with errors.Is. The Status that goes with
// each is in the table of [StatusOf].
var (
	// ErrHeader: the header is malformed, or a line in it is no field.
	ErrHeader = message.ErrHeader
	// ErrLineEnding: lines do not end in CRLF. Local files and Unix pipes have
	// bare LF; canon.NewCRLFReader converts them.
	ErrLineEnding = message.ErrLineEnding

	// ErrSyntax: a tag, or the tag list, is malformed.
	ErrSyntax = errors.New("signature syntax error")
	// ErrMissing: a tag that is required is not there.
	ErrMissing = errors.New("signature missing required tag")
	// ErrVersion: v= is not 1.
	ErrVersion = errors.New("incompatible version")
	// ErrAlgorithm: a= or c= names an algorithm that is unknown, or must not be used.
	ErrAlgorithm = errors.New("unusable algorithm")
	// ErrHistoric: a= is rsa-sha1, which RFC 8301 forbids. It comes with ErrAlgorithm.
	ErrHistoric = errors.New("historic algorithm")
	// ErrQuery: q= names no query method that is known.
	ErrQuery = errors.New("unknown query method")
	// ErrFrom: From is not signed, or is not in the message; when signing, too,
	// there are several From fields.
	ErrFrom = errors.New("From field not signed")
	// ErrUncoveredFrom: the message has a From field that h= does not cover.
	ErrUncoveredFrom = errors.New("a From field is not covered by the signature")
	// ErrDomain: d= is not a domain that can sign, or i= is not at or below it.
	ErrDomain = errors.New("domain mismatch")
	// ErrIdentifier: i= is not an address, or is outside d=.
	ErrIdentifier = errors.New("unusable identifier")
	// ErrExpired: x= is in the past, or is not after t=.
	ErrExpired = errors.New("signature expired")
	// ErrFuture: t= is in the future.
	ErrFuture = errors.New("signature timestamp in the future")
	// ErrBodyHash: the body is not the one that was signed.
	ErrBodyHash = errors.New("body hash did not verify")
	// ErrBodyLength: l= is larger than the body.
	ErrBodyLength = errors.New("l= is beyond the end of the body")
	// ErrPartialBody: l= leaves a part of the body unsigned, or a bare LF in the
	// header hides where the body begins for some readers.
	ErrPartialBody = errors.New("part of the body is not signed")
	// ErrSignature: the header is not the one that was signed, or another key signed it.
	ErrSignature = errors.New("signature did not verify")
	// ErrKey: there is no key that can verify the signature, or none that can
	// make one. Errors of package keyrecord come with it.
	ErrKey = errors.New("unusable key")
	// ErrWeakKey: the RSA key is too short.
	ErrWeakKey = errors.New("key too small")
	// ErrPolicy: the Verifier's settings refuse the signature.
	ErrPolicy = errors.New("refused by policy")
	// ErrTooMany: the message has more signatures than MaxSignatures.
	ErrTooMany = errors.New("too many signatures")
	// ErrLimit: the header or a tag list is larger than this package reads.
	ErrLimit = message.ErrLimit
	// ErrNoSigner: no signer was given for the message.
	ErrNoSigner = errors.New("no signer for this message")
)

// A TagError tells which tag of a signature, or which field of a Signer, an
// error is about.
type TagError struct {
	Tag string // "d", or "" for the list as a whole
	Err error
}

func (e *TagError) Error() string {
	if e.Tag == "" {
		return e.Err.Error()
	}
	return fmt.Sprintf("%.40s=: %v", e.Tag, e.Err)
}

func (e *TagError) Unwrap() error { return e.Err }

// tagErrorf is a TagError with more to say about reason.
func tagErrorf(tag string, reason error, format string, args ...any) error {
	return &TagError{tag, fmt.Errorf("%w: "+format, append([]any{reason}, args...)...)}
}

// A MessageError says that an error is about the message: it wraps ErrHeader,
// ErrLineEnding, ErrLimit or, of a message that was to be signed, ErrFrom. The
// message is at fault whenever it is tried, and a server refuses it for good.
// An error without it may be gone later, as that of a key that cannot be read.
type MessageError struct{ Err error }

func (e *MessageError) Error() string { return e.Err.Error() }

func (e *MessageError) Unwrap() error { return e.Err }

// messageError is err, if there is one, as a MessageError.
func messageError(err error) error {
	if err == nil {
		return nil
	}
	return &MessageError{err}
}

// A SignerError tells which signer failed.
type SignerError struct {
	Signer *Signer
	Err    error
}

func (e *SignerError) Error() string {
	if e.Signer == nil {
		return "dkim: signer: " + e.Err.Error()
	}
	return fmt.Sprintf("dkim: signer s=%q d=%q: %v", e.Signer.Selector, e.Signer.Domain, e.Err)
}

func (e *SignerError) Unwrap() error { return e.Err }
