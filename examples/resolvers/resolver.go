package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/miekg/dns"
	"github.com/waxseal/waxseal/keyrecord"
)

const (
	udpSize        = 1232 // octets: passes without fragments (RFC 9715)
	rounds         = 2    // a datagram may be lost
	defaultTimeout = 2 * time.Second
)

// A Resolver asks recursive servers for TXT records. It is a
// keyrecord.AnswerResolver: it knows the TTL of an answer, of a negative one
// too, and whether the server validated it with DNSSEC. It keeps nothing; put a
// keyrecord.Cache before it. It is safe for concurrent use.
type Resolver struct {
	Servers []string      // "127.0.0.1:53"; asked in this order, and then once more, until one answers
	Timeout time.Duration // of one query to one server; zero is 2 seconds
	// TrustAD says that the servers validate and that nobody can change an answer
	// on its way from them, as over loopback (RFC 4035, section 4.9.3). Without it
	// no answer is Authentic.
	TrustAD bool
}

// LookupTXT returns the TXT records of name.
func (r *Resolver) LookupTXT(ctx context.Context, name string) ([]string, error) {
	a, err := r.LookupAnswer(ctx, name)
	return a.TXT, err
}

// LookupAnswer returns the TXT records of name. A name without any is an Answer
// with no TXT and no error, so that its TTL, which is that of the denial, counts.
// An error says that no server had an answer, what each said, and is temporary.
func (r *Resolver) LookupAnswer(ctx context.Context, name string) (keyrecord.Answer, error) {
	query := new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.TypeTXT)
	query.AuthenticatedData = true // say whether you validated it (RFC 6840, section 5.7)
	query.SetEdns0(udpSize, false) // without DO: signatures are of no use here
	var failed []error
	for range rounds {
		for _, server := range r.Servers {
			response, err := r.exchange(ctx, query, server)
			if err == nil {
				a := answer(response)
				a.Authentic = r.TrustAD && response.AuthenticatedData
				return a, nil
			}
			failed = append(failed, fmt.Errorf("%s: %w", server, err))
			if ctx.Err() != nil {
				return keyrecord.Answer{}, errors.Join(append(failed, context.Cause(ctx))...)
			}
		}
	}
	if failed == nil {
		return keyrecord.Answer{}, errors.New("no server to ask; name one in Servers")
	}
	return keyrecord.Answer{}, errors.Join(failed...)
}

// exchange asks one server, again by TCP if the answer is too large for UDP. Its
// response answers the question: with records, or that there are none.
func (r *Resolver) exchange(ctx context.Context, query *dns.Msg, server string) (*dns.Msg, error) {
	query = query.Copy()
	query.Id = dns.Id()
	response, err := r.over(ctx, "udp", query, server)
	if err == nil && response.Truncated {
		response, err = r.over(ctx, "tcp", query, server)
	}
	if err != nil {
		return nil, err
	}
	question := query.Question[0]
	switch {
	case response.Rcode != dns.RcodeSuccess && response.Rcode != dns.RcodeNameError:
		return nil, fmt.Errorf("%s%s", dns.RcodeToString[response.Rcode], extended(response))
	case response.Truncated:
		return nil, errors.New("the answer is cut short, over TCP too")
	case !response.Response, len(response.Question) != 1, response.Question[0].Qtype != question.Qtype,
		!strings.EqualFold(response.Question[0].Name, question.Name):
		return nil, errors.New("the response is to another question")
	}
	return response, nil
}

// over sends query by UDP or TCP, and waits no longer than ctx lives.
func (r *Resolver) over(ctx context.Context, network string, query *dns.Msg, server string) (*dns.Msg, error) {
	client := dns.Client{Net: network, Timeout: r.Timeout}
	if client.Timeout == 0 {
		client.Timeout = defaultTimeout
	}
	dialer := net.Dialer{Timeout: client.Timeout}
	conn, err := dialer.DialContext(ctx, network, server)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	response, _, err := client.ExchangeWithConnContext(ctx, query, &dns.Conn{Conn: conn})
	return response, err
}

// extended returns what an extended DNS error says, as DNSSEC Bogus (RFC 8914).
func extended(response *dns.Msg) string {
	var b strings.Builder
	if opt := response.IsEdns0(); opt != nil {
		for _, option := range opt.Option {
			if e, ok := option.(*dns.EDNS0_EDE); ok {
				fmt.Fprintf(&b, ", %s %q", dns.ExtendedErrorCodeToString[e.InfoCode], e.ExtraText)
			}
		}
	}
	return b.String()
}
