package authres

import (
	"errors"
	"fmt"
)

var (
	// ErrSyntax says that a field does not follow the grammar of RFC 8601,
	// section 2.2.
	ErrSyntax = errors.New("authres: syntax error")

	// ErrVersion says that a field is of a version of the format other than 1
	// (RFC 8601, section 2.6).
	ErrVersion = errors.New("authres: unsupported version")

	// ErrLimit says that a field is over 64 KiB, or has more than 256 results,
	// 64 properties in a result, a keyword over 64 octets or a value over 800.
	ErrLimit = errors.New("authres: over a limit")

	// ErrResult says that a registered method has no such result: dkim=hardfail
	// (RFC 8601, section 2.7).
	ErrResult = errors.New("authres: not a result of this method")
)

const (
	maxField   = 64 << 10 // octets; fields of real mail stay under 4 KiB
	maxResults = 256      // more than a message has signatures that anybody checks
	maxProps   = 64       // the registry has under 10 for any method
	maxKeyword = 64       // octets; leaves room for a value on a line of 998
	maxValue   = 800      // octets as written, quotes included, for the same reason
	maxVersion = 999_999_999
)

// A ClauseError says which part of a field an error is about. It wraps the
// reason.
type ClauseError struct {
	Clause int // 0 is the authserv-id and the version, 1 the first result
	Err    error
}

// Error returns the reason and the place.
func (e *ClauseError) Error() string {
	if e.Clause == 0 {
		return fmt.Sprintf("%v (in the authserv-id)", e.Err)
	}
	return fmt.Sprintf("%v (in result %d)", e.Err, e.Clause)
}

// Unwrap returns Err.
func (e *ClauseError) Unwrap() error { return e.Err }

var errTooLong = fmt.Errorf("%w: a field of more than %d octets", ErrLimit, maxField)
