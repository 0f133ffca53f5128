package adsp

import (
	"context"
	"errors"
	"fmt"
	"net"
)

var (
	// ErrSyntax reports a record that is malformed.
	ErrSyntax = errors.New("malformed policy record")
	// ErrTemporary reports that a resolver failed, or gave no answer in time.
	ErrTemporary = errors.New("policy record not available now")
	// ErrPermanent reports that a resolver refuses to answer.
	ErrPermanent = errors.New("policy record not available")
	// ErrNXDomain reports that the author's domain does not exist: it is out of
	// the scope of ADSP.
	ErrNXDomain = errors.New("the author's domain does not exist")
	// ErrSeveral reports several ADSP records at one name.
	ErrSeveral = errors.New("several ADSP records")
	// ErrDomain reports what cannot be a domain name in DNS.
	ErrDomain = errors.New("not a domain that can have records")
	// ErrFrom reports that the author's domain could not be determined: no From
	// field, several (RFC 5617, erratum 2849), or one that is malformed.
	ErrFrom = errors.New("the author's domain could not be determined")
	// ErrLimit reports more authors than are looked up.
	ErrLimit = errors.New("limit exceeded")
)

// failure turns the error of a resolver into one of this package; notFound
// reports that it is none, but the answer that there is no such record.
func failure(name string, err error) (wrapped error, notFound bool) {
	reason := ErrTemporary
	if d := (*net.DNSError)(nil); errors.As(err, &d) && !d.IsTemporary && !d.IsTimeout &&
		!errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		if d.IsNotFound {
			return nil, true
		}
		reason = ErrPermanent
	}
	return fmt.Errorf("%w: looking up %s: %w", reason, name, err), false
}
