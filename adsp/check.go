package adsp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/mail"
	"strings"
)

const (
	// maxAuthors bounds the addresses of From that are looked up: a sender would
	// otherwise choose how many queries a message costs, and whom they hit (RFC
	// 5617, section 6.1).
	maxAuthors = 10

	maxFrom = 64 << 10 // octets of a From field: net/mail allocates for each address
)

// A Result is the result of the method dkim-adsp for one author, as an
// Authentication-Results field has it: dkim-adsp=<Value> header.from=<Author>.
type Result struct {
	Author   string   // the address, without comments; empty where there is none
	Value    string   // none, pass, unknown, fail, discard, nxdomain, temperror or permerror
	Practice Practice // what was looked up; None too where nothing was
	Err      error    // the reason of nxdomain, temperror and permerror
}

// Check checks the practice of one author, an address or a domain, against the
// domains (d=) of the signatures that passed. It looks nothing up if one of them
// is the author's.
func Check(ctx context.Context, r Resolver, author string, signers []string) Result {
	res := Result{Author: author}
	if !hasSigned(author, signers) {
		res.Practice, res.Err = Lookup(ctx, r, author)
	}
	switch {
	case res.Err == nil:
		res.Value = res.Practice.Evaluate(author, signers)
	case errors.Is(res.Err, ErrNXDomain):
		res.Value = "nxdomain"
	case errors.Is(res.Err, ErrTemporary):
		res.Value = "temperror"
	default:
		res.Value = "permerror"
	}
	return res
}

// CheckFrom checks the practices of all authors of a message, each by itself
// (RFC 5617, section 3). from holds the values of its From fields: what follows
// the colon. Anything but one field with addresses is a single permerror, with
// ErrFrom. Authors of one domain share a lookup; those after the tenth are
// permerror, with ErrLimit.
func CheckFrom(ctx context.Context, r Resolver, from []string, signers []string) []Result {
	addresses, err := authors(from)
	if err != nil {
		return []Result{{Value: "permerror", Err: err}}
	}
	results := make([]Result, 0, len(addresses))
	known := map[string]Result{}
	for i, a := range addresses {
		if i >= maxAuthors {
			results = append(results, Result{Author: a, Value: "permerror", Err: fmt.Errorf("%w: %d authors, %d are looked up", ErrLimit, len(addresses), maxAuthors)})
			continue
		}
		domain, err := toASCII(a)
		res, ok := known[domain]
		if !ok || err != nil {
			res = Check(ctx, r, a, signers)
			known[domain] = res
		}
		res.Author = a
		results = append(results, res)
	}
	return results
}

// authors returns the addresses of the one From field.
func authors(from []string) ([]string, error) {
	if len(from) != 1 {
		return nil, fmt.Errorf("%w: %d From fields", ErrFrom, len(from))
	}
	if len(from[0]) > maxFrom {
		return nil, fmt.Errorf("%w: a From field of %d octets, the limit is %d", ErrFrom, len(from[0]), maxFrom)
	}
	p := mail.AddressParser{WordDecoder: &mime.WordDecoder{
		// Only the addresses matter: a display name in any charset will do.
		CharsetReader: func(_ string, r io.Reader) (io.Reader, error) { return r, nil },
	}}
	list, err := p.ParseList(strings.ReplaceAll(from[0], "\r\n", ""))
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrFrom, err)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: no address in From", ErrFrom)
	}
	addresses := make([]string, len(list))
	for i, a := range list {
		addresses[i] = a.Address
	}
	return addresses, nil
}
