// Milter signs and verifies mail for an MTA that speaks the milter protocol, such
// as Postfix. It listens on two addresses: what comes in on one of them is signed,
// what comes in on the other is verified.
//
//	milter -sign 127.0.0.1:8891 -keys /etc/dkim -verify 127.0.0.1:8892 -id mx.example.org
//
// The key of example.org is the file example.org/s1.key in the folder of keys, with
// s1 as the selector. Mail of senders without a key is not signed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/emersion/go-milter"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/signtable"
	"github.com/waxseal/waxseal/keyrecord"
)

const usage = `Usage: milter [flags]

Signs and verifies mail for an MTA, until it is interrupted. At least one of
-sign and -verify is needed.

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stderr))
}

// run is main, with the status to exit with.
func run(ctx context.Context, args []string, stderr io.Writer) int {
	flags := flag.NewFlagSet("milter", flag.ContinueOnError)
	var (
		sign     = flags.String("sign", "", "sign what comes in on this `address`, as 127.0.0.1:8891")
		keys     = flags.String("keys", "", "the `folder` of private keys: DOMAIN/SELECTOR.key")
		selector = flags.String("selector", "s1", "the `names` of the keys, with commas between them: one signature each")
		verify   = flags.String("verify", "", "verify what comes in on this `address`")
		id       = flags.String("id", "", "the `name` of this system in Authentication-Results; the host name if empty")
	)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	if flags.Parse(args) != nil {
		return 2
	}
	f := &filter{ctx: ctx, log: log.New(stderr, "milter: ", 0)}
	err := f.configure(*keys, strings.Split(*selector, ","), *id)
	switch {
	case flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case *sign == "" && *verify == "":
		err = errors.New("nothing to do: give -sign, -verify, or both")
	case *sign != "" && *keys == "":
		err = errors.New("-sign needs -keys")
	}
	if err != nil {
		f.log.Print(err)
		return 2
	}
	var roles []role
	if *sign != "" {
		roles = append(roles, role{"signing", *sign, f.newSigner})
	}
	if *verify != "" {
		roles = append(roles, role{"verifying", *verify, f.newVerifier})
	}
	if err := f.serve(ctx, roles); err != nil {
		f.log.Print(err)
		return 1
	}
	f.log.Print("stopped; ", &f.counts)
	return 0
}

// configure sets up what signs and what verifies.
func (f *filter) configure(keys string, selectors []string, id string) error {
	if f.id = id; id == "" {
		host, err := os.Hostname()
		if err != nil {
			return err
		}
		f.id = host
	}
	f.verifier = &dkim.Verifier{Resolver: &keyrecord.Cache{}}
	if keys == "" {
		return nil
	}
	root, err := os.OpenRoot(keys)
	if err != nil {
		return err
	}
	table := &signtable.Table{
		Default: signtable.Rule{KeyPath: "%{d}/%{s}.key", Optional: signtable.On},
		Senders: map[string][]signtable.Rule{".": nil}, // every sender
		Keys:    &signtable.KeyCache{FS: root.FS()},
	}
	for _, s := range selectors {
		table.Senders["."] = append(table.Senders["."], signtable.Rule{Selector: s})
	}
	f.signers = table
	return table.Validate()
}

// A role is a milter that listens on an address of its own, so that the MTA says
// by the address what it wants, and no macro has to.
type role struct {
	name, address string
	milter        func() milter.Milter
}

// serve runs the roles until ctx ends.
func (f *filter) serve(ctx context.Context, roles []role) error {
	var listeners []net.Listener
	closeAll := func() {
		for _, l := range listeners {
			l.Close()
		}
	}
	defer closeAll()
	for _, r := range roles {
		network := "tcp"
		if strings.HasPrefix(r.address, "/") {
			network = "unix"
		}
		l, err := net.Listen(network, r.address)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		listeners = append(listeners, l)
		f.log.Printf("%s on %s", r.name, l.Addr())
	}
	defer context.AfterFunc(ctx, closeAll)()
	errs := make(chan error, len(roles))
	for i, r := range roles {
		server := &milter.Server{
			NewMilter: r.milter,
			Actions:   milter.OptAddHeader | milter.OptChangeHeader,
			Protocol: milter.OptHeaderLeadingSpace | milter.OptNoConnect | milter.OptNoHelo |
				milter.OptNoRcptTo | milter.OptNoData | milter.OptNoUnknown,
		}
		go func() { errs <- server.Serve(listeners[i]) }()
	}
	if err := <-errs; ctx.Err() == nil {
		return err
	}
	return nil
}
