// Quickstart shows the whole way of DKIM, without a network: it makes a key,
// prints the DNS record for it, signs a message, and verifies the message with
// that record.
//
//	go run ./examples/quickstart
//	go run ./examples/quickstart -domain example.net < message
//
// The message is a built-in one where standard input is a terminal or empty.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/authres"
	"github.com/waxseal/waxseal/keyrecord"
)

const usage = `Usage: quickstart [flags] [< message]

Makes a key, signs a message with it and verifies that, without a network. Signs
a built-in message if there is none. Exit status: 0 the signature passes, 1 it
does not, 2 wrong usage, or a message that cannot be signed.

`

const builtin = "From: Joe <joe@example.org>\r\n" +
	"To: Suzie <suzie@example.net>\r\n" +
	"Subject: Is dinner ready?\r\n" +
	"Date: Fri, 11 Jul 2003 21:00:37 -0700\r\n" +
	"Message-ID: <20030712040037.46341@example.org>\r\n" +
	"\r\n" +
	"Hi.\r\n" +
	"\r\n" +
	"We lost the game. Are you hungry yet?\r\n" +
	"\r\n" +
	"Joe.\r\n"

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run is main, with the status to exit with.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	complain := func(status int, format string, args ...any) int {
		fmt.Fprintf(stderr, "quickstart: "+format+"\n", args...)
		return status
	}
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	var (
		domain   = flags.String("domain", "example.org", "the `domain` that signs (d=)")
		selector = flags.String("selector", "s1", "the `name` of the key in the domain (s=)")
		crlf     = flags.Bool("crlf", false, "make CRLF of LF and CR at line ends")
	)
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
	if flags.NArg() > 0 {
		return complain(2, "unexpected argument %q; the message comes from standard input", flags.Arg(0))
	}
	message, err := readMessage(stdin, *crlf)
	if err != nil {
		return complain(2, "%v", err)
	}
	status, err := show(stdout, message, *domain, *selector)
	switch {
	case errors.Is(err, dkim.ErrLineEnding):
		return complain(2, "%v\nquickstart: -crlf converts it", err)
	case err != nil:
		return complain(2, "%v", err)
	case status != dkim.Pass:
		return complain(1, "the signature does not pass: %s", status)
	}
	return 0
}

// readMessage returns what is on stdin, or the built-in message.
func readMessage(stdin io.Reader, crlf bool) ([]byte, error) {
	if f, ok := stdin.(*os.File); ok {
		info, err := f.Stat()
		if err != nil || info.Mode()&os.ModeCharDevice != 0 { // closed, a terminal, the null device
			return []byte(builtin), nil
		}
	}
	if crlf {
		stdin = canon.NewCRLFReader(stdin)
	}
	message, err := io.ReadAll(stdin)
	if len(message) == 0 && err == nil {
		return []byte(builtin), nil
	}
	return message, err
}

// show makes a key, publishes it, signs and verifies.
func show(w io.Writer, message []byte, domain, selector string) (dkim.Status, error) {
	ctx := context.Background()

	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", err
	}
	signer := &dkim.Signer{Domain: domain, Selector: selector, Key: key}
	if err := signer.Validate(); err != nil {
		return "", err
	}
	name, err := signer.KeyName()
	if err != nil {
		return "", err
	}
	record, err := signer.Record()
	if err != nil {
		return "", err
	}

	var signed bytes.Buffer
	if err := dkim.Sign(ctx, &signed, bytes.NewReader(message), signer); err != nil {
		return "", err
	}

	// In place of DNS, a map with the one record. The zero Verifier asks DNS.
	verifier := &dkim.Verifier{Resolver: keyrecord.MapResolver{name: {record.String()}}}
	results, err := dkim.Verify(ctx, bytes.NewReader(signed.Bytes()), verifier)
	if err != nil {
		return "", err
	}
	field := authres.Field{ID: "mx.example.net", Results: dkim.AuthRes(results)}

	_, err = fmt.Fprintf(w, "The DNS record:\n\n%s\n\nThe signed message:\n\n%s\nWhat the receiver puts on top:\n\n%s",
		keyrecord.ZoneLine(selector, domain, record), bytes.ReplaceAll(signed.Bytes(), []byte("\r\n"), []byte("\n")),
		bytes.ReplaceAll([]byte(field.String()), []byte("\r\n"), []byte("\n")))
	return dkim.Overall(results), err
}
