// Kms signs a message with keys that an HSM holds, over PKCS #11.
//
//	go run . -token mail -pin-file pin -domain example.org -key rsa=s1 -key ed=s2 < message > signed
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/keyrecord"
)

const usage = `Usage: kms -token LABEL -pin-file FILE -domain DOMAIN -key LABEL=SELECTOR [flags] < message > signed

Signs a message, whose lines end in CRLF, with keys that a PKCS #11 token holds:
RSA or Ed25519. Exit status: 0 signed, 1 not signed, 2 wrong usage, or a key
that cannot be had. Unless it is 0, the output is no message.

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second signal ends the process
	status := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run is main, with the status to exit with.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	complain := func(status int, format string, args ...any) int {
		fmt.Fprintf(stderr, "kms: "+format+"\n", args...)
		return status
	}
	flags := flag.NewFlagSet("kms", flag.ContinueOnError)
	var (
		module  = flags.String("module", "/usr/lib/softhsm/libsofthsm2.so", "the `library` of the token's vendor")
		label   = flags.String("token", "", "the `label` of the token; required")
		pinFile = flags.String("pin-file", "", "the `file` with the PIN; required")
		domain  = flags.String("domain", "", "the `domain` that signs (d=); required")
		timeout = flags.Duration("timeout", 10*time.Second, "how `long` the whole may take")
		records = flags.Bool("records", false, "print the DNS records of the keys, and sign nothing")
		keys    [][2]string
	)
	flags.Func("key", "the `label=selector` of a key in the token (s=); given twice, two signatures; required", func(s string) error {
		name, selector, ok := strings.Cut(s, "=")
		if !ok || name == "" || selector == "" {
			return errors.New("want a label, = and a selector")
		}
		keys = append(keys, [2]string{name, selector})
		return nil
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
	case *label == "" || *pinFile == "" || *domain == "" || keys == nil:
		return complain(2, "give -token, -pin-file, -domain and -key")
	case *timeout <= 0:
		return complain(2, "-timeout %v; want more than 0", *timeout)
	}
	pin, err := os.ReadFile(*pinFile)
	if err != nil {
		return complain(2, "%v", err)
	}
	token, err := OpenToken(*module, *label, strings.TrimSpace(string(pin)), len(keys))
	if err != nil {
		return complain(2, "%v", err)
	}
	defer token.Close()
	signers, err := signersOf(ctx, token, *domain, keys)
	if err != nil {
		return complain(2, "%v", err)
	}
	if *records {
		err = printRecords(stdout, signers)
	} else {
		ctx, cancel := context.WithTimeout(ctx, *timeout)
		defer cancel()
		err = sign(ctx, stdout, stdin, signers)
	}
	if err != nil {
		return complain(1, "%v", err)
	}
	return 0
}

// signersOf makes a signer of each label and selector.
func signersOf(ctx context.Context, token *Token, domain string, keys [][2]string) (dkim.SignerList, error) {
	var signers dkim.SignerList
	for _, k := range keys {
		key, err := token.Key(ctx, k[0])
		if err != nil {
			return nil, err
		}
		signer := &dkim.Signer{Domain: domain, Selector: k[1], Key: key}
		if err := signer.Validate(); err != nil {
			return nil, fmt.Errorf("key %s: %w", k[0], err)
		}
		signers = append(signers, signer)
	}
	return signers, nil
}

// sign signs a message; the keys work side by side.
func sign(ctx context.Context, stdout io.Writer, stdin io.Reader, signers dkim.SignerList) error {
	out := bufio.NewWriter(stdout)
	if err := dkim.Sign(ctx, out, stdin, signers); err != nil {
		return err
	}
	return out.Flush()
}

// printRecords prints a line of a zone file for each key.
func printRecords(w io.Writer, signers dkim.SignerList) error {
	for _, s := range signers {
		record, err := s.Record()
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(w, keyrecord.ZoneLine(s.Selector, s.Domain, record)); err != nil {
			return err
		}
	}
	return nil
}
