package domainkeys

import (
	"errors"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/authres"
	"github.com/waxseal/waxseal/keyrecord"
)

// A Status is a word of the DomainKey-Status field (RFC 4870, section 3.8). A
// reader of that field looks for Good, and takes all others for one.
type Status string

const (
	Good           Status = "good"            // the signature verifies
	Bad            Status = "bad"             // it does not, or there is no sending address, or the key is another user's (g=)
	NoKey          Status = "no key"          // there is no key record
	Revoked        Status = "revoked"         // the key was withdrawn
	NoSignature    Status = "no signature"    // the message has none
	BadFormat      Status = "bad format"      // the signature or the key record has what is not expected, or cannot be used
	NonParticipant Status = "non-participant" // the domain says that it does not take part: for a caller who knows it; no Result has it
	TempError      Status = "temperror"       // no word of RFC 4870: the key cannot be had now, and the message is best deferred
)

var (
	// ErrNoSignature reports a message that has no DomainKey-Signature.
	ErrNoSignature = errors.New("no DomainKeys signature")
	// ErrUncovered reports a signature that does not sign the field with the
	// sending address.
	ErrUncovered = errors.New("the field with the sending address is not signed")
	// ErrGranularity reports a key that is for another sending address (g=).
	ErrGranularity = errors.New("granularity mismatch")
)

// StatusOf returns the Status of a signature that err, the Err of a Result, is
// about. The first row that applies decides:
//
//	Good         nil
//	NoSignature  ErrNoSignature
//	TempError    keyrecord.ErrTemporary: the resolver said so, or did not answer in time
//	Revoked      keyrecord.ErrRevoked
//	NoKey        keyrecord.ErrNotFound
//	Bad          dkim.ErrSignature, ErrGranularity, ErrSender
//	BadFormat    all others
func StatusOf(err error) Status {
	if err == nil {
		return Good
	}
	for _, row := range [...]struct {
		reason error
		status Status
	}{
		{ErrNoSignature, NoSignature},
		{keyrecord.ErrTemporary, TempError},
		{keyrecord.ErrRevoked, Revoked},
		{keyrecord.ErrNotFound, NoKey},
		{dkim.ErrSignature, Bad},
		{ErrGranularity, Bad},
		{ErrSender, Bad},
	} {
		if errors.Is(err, row.reason) {
			return row.status
		}
	}
	return BadFormat
}

// AuthRes turns r into a result of an Authentication-Results field: the method
// domainkeys with the field of the sending address, as header.from or
// header.sender. Good is pass, Bad fail, NoSignature none, NoKey and Revoked
// permerror; what BadFormat is, dkim.StatusOf says. The reason is this package's
// own words, not the sender's.
func (r *Result) AuthRes() authres.Result {
	a := authres.Result{Method: "domainkeys"}
	switch r.Status {
	case Good:
		a.Value = string(dkim.Pass)
	case Bad:
		a.Value = string(dkim.Fail)
	case NoSignature:
		a.Value = string(dkim.None)
	case TempError:
		a.Value = string(dkim.TempError)
	case NonParticipant:
		a.Value = string(dkim.Neutral)
	default:
		a.Value = string(dkim.StatusOf(r.Err))
	}
	if r.Status != Good && r.Status != NoSignature {
		a.Reason = string(r.Status)
	}
	if r.Testing {
		a.Comment = "test mode"
	}
	if r.Sender != "" {
		name := "from"
		if r.SenderField == "Sender" {
			name = "sender"
		}
		a.Props = []authres.Prop{{Type: "header", Name: name, Value: r.Sender}}
	}
	return a
}
