// Sign signs a message with DKIM: it reads the message from standard input,
// and writes it to standard output with a DKIM-Signature field on top.
//
//	go run ./examples/sign -key s1.pem -domain example.org -selector s1 < message > signed
//
// For a second signature, with another key and selector, run it on its own output.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/headerlist"
)

const usage = `Usage: sign -key FILE -domain DOMAIN -selector SELECTOR [flags] < message > signed

Signs a message with DKIM. Lines end in CRLF, or -crlf makes them so. Exit
status: 0 signed, 1 not signed, 2 wrong usage. Unless it is 0, the output is no
message.

`

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run is main, with the status to exit with.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	complain := func(status int, format string, args ...any) int {
		fmt.Fprintf(stderr, "sign: "+format+"\n", args...)
		return status
	}
	flags := flag.NewFlagSet("sign", flag.ContinueOnError)
	var (
		keyFile = flags.String("key", "", "the `file` of the private key: PEM of PKCS #8 or PKCS #1; required")
		crlf    = flags.Bool("crlf", false, "make CRLF of LF and CR at line ends; the output has CRLF")
		signer  dkim.Signer
	)
	flags.StringVar(&signer.Domain, "domain", "", "the `domain` that signs (d=); required")
	flags.StringVar(&signer.Selector, "selector", "", "the `name` of the key in the domain (s=); required")
	flags.StringVar(&signer.Identifier, "identity", "", "the `address` of the author, or @ and a domain (i=)")
	flags.DurationVar(&signer.Lifetime, "lifetime", 0, "how `long` the signature is good, as 168h (x=); 0 is for ever")
	flags.BoolVar(&signer.BodyLength, "length", false, "sign the length of the body (l=): others may append to it")
	flags.BoolVar(&signer.CopyHeaders, "copy", false, "copy the signed fields into the signature (z=)")
	flags.BoolVar(&signer.Internationalized, "smtputf8", false, "the message is SMTPUTF8: write U-labels as they are")
	flags.Func("canon", "the canonicalizations `header/body`, each simple or relaxed (c=) (default relaxed/relaxed)", func(s string) (err error) {
		signer.Canon, err = canon.ParsePair(s)
		return err
	})
	flags.Func("headers", "the `list` of fields to sign, as From+:From:Subject+:To+ (default what dkim.DefaultHeaders has)", func(s string) (err error) {
		signer.Headers, err = headerlist.Parse(s)
		return err
	})
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
	case *keyFile == "" || signer.Domain == "" || signer.Selector == "":
		return complain(2, "give -key, -domain and -selector; keygen makes a key")
	}
	pem, err := os.ReadFile(*keyFile)
	if err != nil {
		return complain(2, "%v", err)
	}
	if signer.Key, err = dkim.ParseKey(pem); err != nil {
		return complain(2, "%s: %v", *keyFile, err)
	}
	if err := signer.Validate(); err != nil {
		return complain(2, "%v", err)
	}
	if *crlf {
		stdin = canon.NewCRLFReader(stdin)
	}
	out := bufio.NewWriter(stdout)
	err = dkim.Sign(context.Background(), out, stdin, &signer)
	if err == nil {
		err = out.Flush()
	}
	switch {
	case errors.Is(err, dkim.ErrLineEnding):
		return complain(1, "%v\nsign: -crlf converts it", err)
	case err != nil:
		return complain(1, "%v", err)
	}
	return 0
}
