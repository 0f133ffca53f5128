package adsp

import (
	"errors"

	"github.com/waxseal/waxseal/dkim/authres"
)

// AuthRes turns r into a result of an Authentication-Results field: the method
// dkim-adsp with header.from, where there is an author (RFC 5617, section 5.4).
// The reason is in words of this package, not in those of a record or resolver.
func (r Result) AuthRes() authres.Result {
	a := authres.Result{Method: "dkim-adsp", Value: r.Value}
	for _, reason := range []error{ErrNXDomain, ErrSeveral, ErrTemporary, ErrPermanent, ErrDomain, ErrFrom, ErrLimit} {
		if errors.Is(r.Err, reason) {
			a.Reason = reason.Error()
			break
		}
	}
	if r.Author != "" {
		a.Props = []authres.Prop{{Type: "header", Name: "from", Value: r.Author}}
	}
	return a
}
