package adsp

import (
	"context"
	"fmt"
	"net"

	"github.com/waxseal/waxseal/internal/domain"
)

// A Resolver looks up TXT records, one string per record, its parts joined. A
// *net.Resolver is one, and so are the resolvers of package keyrecord. That a
// name has none is a *net.DNSError with IsNotFound, or no strings and no error.
// Nil is net.DefaultResolver. It is called with a final dot on the name.
type Resolver = interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

// A DomainChecker is a Resolver that can tell a domain that does not exist
// (NXDOMAIN) from one that has no data of a kind: RFC 5617, section 4.3, wants
// the author's domain checked. A *net.Resolver cannot; see NetResolver. Where
// the Resolver is none, every domain exists. It is called without a final dot,
// and must be safe for concurrent use.
type DomainChecker interface {
	DomainExists(ctx context.Context, domain string) (bool, error)
}

// A NetResolver is a Resolver and DomainChecker on top of a *net.Resolver. It
// takes the further check that RFC 5617, section 4.3, allows, since net does not
// tell NXDOMAIN: a domain without MX, A and AAAA records does not exist for
// mail. It is safe for concurrent use if Net is.
type NetResolver struct {
	Net interface { // nil is net.DefaultResolver
		LookupTXT(ctx context.Context, name string) ([]string, error)
		LookupMX(ctx context.Context, name string) ([]*net.MX, error)
		LookupHost(ctx context.Context, host string) ([]string, error)
	}
}

// LookupTXT returns the TXT records of name.
func (r NetResolver) LookupTXT(ctx context.Context, name string) ([]string, error) {
	if r.Net == nil {
		r.Net = net.DefaultResolver
	}
	return r.Net.LookupTXT(ctx, name)
}

// DomainExists reports whether domain has an MX, A or AAAA record.
func (r NetResolver) DomainExists(ctx context.Context, domain string) (bool, error) {
	if r.Net == nil {
		r.Net = net.DefaultResolver
	}
	mx, err := r.Net.LookupMX(ctx, domain+".")
	if len(mx) > 0 {
		return true, nil
	}
	if err != nil {
		if _, notFound := failure(domain, err); !notFound {
			return false, err
		}
	}
	hosts, err := r.Net.LookupHost(ctx, domain+".")
	if err != nil {
		if _, notFound := failure(domain, err); !notFound {
			return false, err
		}
	}
	return len(hosts) > 0, nil
}

const (
	maxName = 253 // octets of a name in DNS, without the final dot
	maxTXT  = 32  // TXT records of one answer that are looked at
)

// find looks up the TXT records at prefix and domain, which is A-labels. There
// are none at a name that DNS cannot have.
func find(ctx context.Context, r Resolver, prefix, domain string) ([]string, error) {
	name := prefix + domain
	if len(name) > maxName {
		return nil, nil
	}
	if r == nil {
		r = net.DefaultResolver
	}
	txt, err := r.LookupTXT(ctx, name+".")
	if err != nil {
		err, _ = failure(name, err)
		return nil, err
	}
	return txt[:min(len(txt), maxTXT)], nil
}

// toASCII returns the domain of an author in A-labels. Its error wraps ErrDomain.
func toASCII(author string) (string, error) {
	ascii, err := domain.ToASCII(domainOf(author))
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrDomain, err)
	}
	return ascii, nil
}
