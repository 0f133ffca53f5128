// Resolvers verifies a message with keys that a validating resolver vouches for.
//
//	go run . -server 127.0.0.1:53 < message
//
// It prints one line for each signature:
//
//	pass d=example.org s=s1 dnssec=yes
//	temperror d=example.net s=s1 dnssec=no ... SERVFAIL, DNSSEC Bogus ...
//
// Its exit status is 0 only if a signature passes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"unicode"

	"github.com/miekg/dns"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/keyrecord"
)

const usage = `Usage: resolvers [flags] < message

Verifies the DKIM signatures of a message, whose lines end in CRLF, and says
which keys DNSSEC vouches for. Exit status: 0 a signature passes, 1 none passes,
2 wrong usage, or no message that could be read.

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is main, with the status to exit with.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	complain := func(status int, format string, args ...any) int {
		fmt.Fprintf(stderr, "resolvers: "+format+"\n", args...)
		return status
	}
	flags := flag.NewFlagSet("resolvers", flag.ContinueOnError)
	var resolver Resolver
	flags.Func("server", "the `address` and port of a resolver, as 127.0.0.1:53; may be given again (default those of /etc/resolv.conf)", func(s string) error {
		if _, _, err := net.SplitHostPort(s); err != nil {
			return err
		}
		resolver.Servers = append(resolver.Servers, s)
		return nil
	})
	flags.DurationVar(&resolver.Timeout, "timeout", defaultTimeout, "how `long` to wait for one answer")
	flags.BoolVar(&resolver.TrustAD, "trust-ad", false, "the way to the servers is safe; without it only what comes over loopback is")
	flags.SetOutput(io.Discard)
	if err := flags.Parse(args); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			complain(2, "%v", err)
		}
		fmt.Fprint(stderr, usage)
		flags.SetOutput(stderr)
		flags.PrintDefaults()
		return 2
	}
	switch {
	case flags.NArg() > 0:
		return complain(2, "unexpected argument %q; the message comes from standard input", flags.Arg(0))
	case resolver.Timeout <= 0:
		return complain(2, "-timeout %v; want more than 0", resolver.Timeout)
	}
	if resolver.Servers == nil {
		config, err := dns.ClientConfigFromFile("/etc/resolv.conf")
		if err != nil {
			return complain(2, "%v; give -server", err)
		}
		for _, server := range config.Servers {
			resolver.Servers = append(resolver.Servers, net.JoinHostPort(server, config.Port))
		}
	}
	resolver.TrustAD = resolver.TrustAD || loopback(resolver.Servers)

	verifier := &dkim.Verifier{Resolver: &keyrecord.Cache{Resolver: &resolver}}
	results, err := dkim.Verify(ctx, stdin, verifier)
	if err != nil {
		return complain(2, "%v", err)
	}
	if len(results) == 0 {
		fmt.Fprintln(stdout, "none: the message has no DKIM-Signature field")
	}
	for _, r := range results {
		authentic := "no"
		if r.Authentic {
			authentic = "yes"
		}
		line := fmt.Sprintf("%s d=%s s=%s dnssec=%s", r.Status, r.Signature.Domain, r.Signature.Selector, authentic)
		if r.Err != nil {
			line += " " + r.Err.Error()
		}
		fmt.Fprintln(stdout, printable(line))
	}
	if dkim.Overall(results) != dkim.Pass {
		return 1
	}
	return 0
}

// loopback reports whether no answer of the servers leaves this machine.
func loopback(servers []string) bool {
	for _, server := range servers {
		ap, err := netip.ParseAddrPort(server)
		if err != nil || !ap.Addr().Unmap().IsLoopback() {
			return false
		}
	}
	return true
}

// printable makes one line of s, and keeps control characters from the terminal:
// the sender wrote the domain, and the reason may quote more.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return ' '
		case !unicode.IsPrint(r):
			return '?'
		}
		return r
	}, s)
}
