package waxseal_test

import (
	"context"
	"crypto"
	"io"
	"iter"
	"net"
	"time"

	"github.com/waxseal/waxseal/adsp"
	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/authres"
	"github.com/waxseal/waxseal/headerlist"
	"github.com/waxseal/waxseal/keyrecord"
)

// What callers outside this repository compile against. api.txt lists all that
// is exported; this says that it has the types it is meant to have.
var (
	_ func(string) (canon.Pair, error)                          = canon.ParsePair
	_ func(canon.Pair) string                                   = canon.Pair.String
	_ func(canon.Algorithm, []byte, []byte) []byte              = canon.Algorithm.AppendField
	_ func(canon.Algorithm, io.Writer) *canon.BodyWriter        = canon.Algorithm.NewBodyWriter
	_ io.WriteCloser                                            = (*canon.BodyWriter)(nil)
	_ func(*canon.BodyWriter) int64                             = (*canon.BodyWriter).Len
	_ func(io.Reader) io.Reader                                 = canon.NewCRLFReader
	_ func(io.Writer) io.WriteCloser                            = canon.NewCRLFWriter
	_                                                           = canon.Pair{Header: canon.Simple, Body: canon.Relaxed}
	_ func(string) (headerlist.List, error)                     = headerlist.Parse
	_ func(string) headerlist.List                              = headerlist.MustParse
	_ func(headerlist.List) string                              = headerlist.List.String
	_ func(headerlist.List, []string) []string                  = headerlist.List.Select
	_ func(...string) headerlist.List                           = headerlist.Oversign
	_                                                           = headerlist.List{headerlist.Entry{Name: "From", All: true, Optional: true}}
	_ func(crypto.PublicKey) (*keyrecord.Record, error)         = keyrecord.New
	_ func(string) (*keyrecord.Record, error)                   = keyrecord.Parse
	_ func(*keyrecord.Record) string                            = (*keyrecord.Record).String
	_ func(*keyrecord.Record) bool                              = (*keyrecord.Record).Revoked
	_ func(*keyrecord.Record) bool                              = (*keyrecord.Record).Testing
	_ func(*keyrecord.Record) bool                              = (*keyrecord.Record).Strict
	_ func(*keyrecord.Record) bool                              = (*keyrecord.Record).AllowsEmail
	_ func(*keyrecord.Record, string) bool                      = (*keyrecord.Record).AllowsHash
	_ func(string, string) (string, error)                      = keyrecord.Name
	_ func(string, string, *keyrecord.Record) string            = keyrecord.ZoneLine
	_ keyrecord.Resolver                                        = (*net.Resolver)(nil)
	_ keyrecord.Resolver                                        = keyrecord.MapResolver(map[string][]string(nil))
	_ keyrecord.AnswerResolver                                  = (*keyrecord.Cache)(nil)
	_ func(*keyrecord.Cache)                                    = (*keyrecord.Cache).Flush
	_ func(*keyrecord.Cache, string)                            = (*keyrecord.Cache).Forget
	_                                                           = keyrecord.Cache{Resolver: nil, Size: 1, MaxTTL: time.Hour, NegativeTTL: time.Hour, Timeout: time.Hour}
	_                                                           = keyrecord.Answer{TXT: []string{}, TTL: time.Hour, Authentic: true}
	_                                                           = keyrecord.Keys{Records: []*keyrecord.Record{}, TTL: time.Hour, Authentic: true}
	_ func(*dkim.Signer) error                                  = (*dkim.Signer).Validate
	_ func(*dkim.Signer) (string, error)                        = (*dkim.Signer).KeyName
	_ func(*dkim.Signer) (*keyrecord.Record, error)             = (*dkim.Signer).Record
	_ dkim.SignerSource                                         = (*dkim.Signer)(nil)
	_ dkim.SignerSource                                         = dkim.SignerList([]*dkim.Signer(nil))
	_ func([]byte) (crypto.Signer, error)                       = dkim.ParseKey
	_ func() headerlist.List                                    = dkim.DefaultHeaders
	_ func(context.Context, dkim.SignerSource) *dkim.SignWriter = dkim.NewSignWriter
	_ io.Writer                                                 = (*dkim.SignWriter)(nil)
	_ io.Writer                                                 = (*dkim.VerifyWriter)(nil)
	_ func(*dkim.SignWriter) ([]*dkim.Signature, error)         = (*dkim.SignWriter).Finish
	_ func(*dkim.VerifyWriter) ([]*dkim.Result, error)          = (*dkim.VerifyWriter).Finish
	_ func(*dkim.VerifyWriter) *dkim.Header                     = (*dkim.VerifyWriter).Header
	_ func(*dkim.Result, string) (int, int)                     = (*dkim.Result).Covered
	_ func([]*dkim.Result) dkim.Status                          = dkim.Overall
	_ func([]*dkim.Result) []authres.Result                     = dkim.AuthRes
	_ func([]byte) (*dkim.Signature, error)                     = dkim.ParseSignature
	_ func(*dkim.Signature) string                              = (*dkim.Signature).String
	_ func(*dkim.Signature) (string, string)                    = (*dkim.Signature).Field
	_ func(*dkim.Signature) (string, error)                     = (*dkim.Signature).KeyName
	_ func(*dkim.Signature, string, bool) bool                  = (*dkim.Signature).Aligned
	_ func(io.Reader) ([]*dkim.Result, error)                   = dkim.Signatures
	_ func(*dkim.Header) iter.Seq2[string, []byte]              = (*dkim.Header).Fields
	_ func(*dkim.Header) ([]string, error)                      = (*dkim.Header).From
	_ func(*dkim.Header) (string, error)                        = (*dkim.Header).Sender
	_ error                                                     = &dkim.TagError{Tag: "d", Err: dkim.ErrDomain}
	_ error                                                     = &dkim.SignerError{Signer: nil, Err: dkim.ErrKey}
	_ func(*authres.Field) string                               = (*authres.Field).String
	_ func(string) (*authres.Field, error)                      = authres.Parse
	_ func(io.Reader, ...string) *authres.StripReader           = authres.NewStripReader
	_ io.Reader                                                 = (*authres.StripReader)(nil)
	_ func(string) (*adsp.Policy, error)                        = adsp.ParsePolicy
	_ func(*adsp.Policy, string, []adsp.Signed) adsp.Verdict    = (*adsp.Policy).Evaluate
	_ func(*adsp.Policy) string                                 = (*adsp.Policy).String
	_ func(string) (adsp.Practice, error)                       = adsp.Parse
	_ func(adsp.Practice, string, []string) string              = adsp.Practice.Evaluate
	_ adsp.Resolver                                             = (*net.Resolver)(nil)
	_                                                           = adsp.Policy{Outbound: adsp.Outbound('~'), Testing: true, Notes: "", Report: ""}
	_                                                           = adsp.Signed{Domain: "", Identifier: "", Status: "", Testing: true}
	_                                                           = []adsp.Verdict{adsp.Accept, adsp.Neutral, adsp.Reject}
	_                                                           = []adsp.Practice{adsp.Unknown, adsp.All, adsp.Discardable}
	_ interface {
		DomainExists(ctx context.Context, domain string) (bool, error)
	} = adsp.DomainChecker(nil)
	_ = authres.Field{ID: "", Version: 1, Results: []authres.Result{}}
	_ = authres.Result{Method: "", Value: "", Reason: "", Version: 1, Props: []authres.Prop{{Type: "", Name: "", Value: ""}}, Comment: ""}

	_ func(context.Context, io.Writer, io.Reader, dkim.SignerSource) error               = dkim.Sign
	_ func(context.Context, io.Reader, *dkim.Verifier) ([]*dkim.Result, error)           = dkim.Verify
	_ func(context.Context, *dkim.Verifier) *dkim.VerifyWriter                           = dkim.NewVerifyWriter
	_ func(context.Context, keyrecord.Resolver, string, string) (*keyrecord.Keys, error) = keyrecord.Lookup
	_ func(context.Context, keyrecord.Resolver, string, string, crypto.PublicKey) error  = keyrecord.Check
	_ func(context.Context, adsp.Resolver, string) (*adsp.Policy, error)                 = adsp.LookupPolicy
	_ func(context.Context, adsp.Resolver, string) (adsp.Practice, error)                = adsp.Lookup
	_                                                                                    = []error{keyrecord.ErrNotFound, keyrecord.ErrSyntax, keyrecord.ErrKeyType, keyrecord.ErrKeySize, keyrecord.ErrRevoked, keyrecord.ErrMismatch, keyrecord.ErrTemporary}
	_                                                                                    = []error{dkim.ErrHeader, dkim.ErrLineEnding, dkim.ErrSyntax, dkim.ErrMissing, dkim.ErrVersion, dkim.ErrAlgorithm, dkim.ErrQuery, dkim.ErrFrom,
		dkim.ErrUncoveredFrom, dkim.ErrDomain, dkim.ErrIdentifier, dkim.ErrExpired, dkim.ErrFuture, dkim.ErrBodyHash, dkim.ErrBodyLength, dkim.ErrPartialBody,
		dkim.ErrSignature, dkim.ErrKey, dkim.ErrWeakKey, dkim.ErrPolicy, dkim.ErrTooMany, dkim.ErrLimit, dkim.ErrNoSigner}
	_ = []dkim.Status{dkim.None, dkim.Pass, dkim.Fail, dkim.Policy, dkim.Neutral, dkim.TempError, dkim.PermError}

	_ = dkim.Signer{Domain: "", Selector: "", Key: nil, Headers: nil, Canon: canon.Pair{}, Identifier: "", Lifetime: time.Hour, BodyLength: true,
		CopyHeaders: true, Internationalized: true, Time: time.Now}
	_ = dkim.Verifier{Resolver: nil, LookupTimeout: time.Hour, MaxSignatures: 1, MinRSABits: 1, RequireFields: []string{}, PartialBody: true, UncoveredFrom: true,
		PublicSuffix: true, AllowSHA1: true, Skew: time.Hour, Policy: func(*dkim.Signature, *dkim.Header) error { return nil }, Time: time.Now}
	_ = dkim.Result{Status: dkim.Pass, Err: nil, Signature: nil, Record: nil, Authentic: true, KeyBits: 1, Testing: true, SignedOctets: 1, UnsignedOctets: 1}
	_ = dkim.Signature{Version: 1, Algorithm: "", Value: []byte{}, BodyHash: []byte{}, Canon: canon.Pair{}, Domain: "", Fields: []string{}, Identifier: "",
		Length: new(int64), Query: []string{}, Selector: "", Time: time.Time{}, Expiration: time.Time{}, Copied: []dkim.CopiedField{}, Other: []dkim.Tag{}}
	_                    = keyrecord.Record{Key: nil, Hashes: []string{}, Services: []string{}, Flags: []string{}, Granularity: new(string), Notes: ""}
	_ dkim.ContextSigner = nil
)
