// Verify verifies the DKIM signatures of a message from standard input, with
// keys from DNS or from a zone file.
//
//	go run ./examples/verify < message
//	go run ./examples/verify -zone s1.zone -authserv-id mx.example.net < message
//
// It prints one line for each signature, from the top:
//
//	pass d=example.org s=s1 a=rsa-sha256
//	fail d=example.org s=s2 a=ed25519-sha256 body hash did not verify
//
// and "none" for a message without. Its exit status is 0 only if a signature passes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/authres"
	"github.com/waxseal/waxseal/keyrecord"
)

const usage = `Usage: verify [flags] < message

Verifies the DKIM signatures of a message. Lines end in CRLF, or -crlf makes
them so. Exit status: 0 a signature passes, 1 none passes, 2 wrong usage, or no
message that could be read.

`

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run is main, with the status to exit with.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	complain := func(status int, format string, args ...any) int {
		fmt.Fprintf(stderr, "verify: "+format+"\n", args...)
		return status
	}
	flags := flag.NewFlagSet("verify", flag.ContinueOnError)
	var (
		zone    = flags.String("zone", "", "the zone `file` to take keys from (default DNS)")
		id      = flags.String("authserv-id", "", "print an Authentication-Results field too, with this `name` of the server")
		crlf    = flags.Bool("crlf", false, "make CRLF of LF and CR at line ends")
		timeout = flags.Duration("timeout", 10*time.Second, "how `long` to wait for DNS")
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
	switch {
	case flags.NArg() > 0:
		return complain(2, "unexpected argument %q; the message comes from standard input", flags.Arg(0))
	case *timeout <= 0:
		return complain(2, "-timeout %v; want more than 0", *timeout)
	}
	verifier := &dkim.Verifier{Resolver: &keyrecord.Cache{}, LookupTimeout: *timeout}
	if *zone != "" {
		records, err := readZone(*zone)
		if err != nil {
			return complain(2, "%v", err)
		}
		verifier.Resolver = records
	}
	if *crlf {
		stdin = canon.NewCRLFReader(stdin)
	}
	results, err := dkim.Verify(context.Background(), stdin, verifier)
	switch {
	case errors.Is(err, dkim.ErrLineEnding):
		return complain(2, "%v\nverify: -crlf converts it", err)
	case err != nil:
		return complain(2, "%v", err)
	}
	if err := report(stdout, results, *id); err != nil {
		return complain(2, "the results could not be printed: %v", err)
	}
	if dkim.Overall(results) == dkim.Pass {
		return 0
	}
	for _, r := range results {
		// The reason names this reader where line ends may be the cause.
		if errors.Is(r.Err, dkim.ErrLineEnding) {
			return complain(1, "lines end in LF or CR alone; if the message is a local file, -crlf converts it")
		}
	}
	return 1
}

// report prints results, and a field if id is not empty.
func report(w io.Writer, results []*dkim.Result, id string) error {
	var b strings.Builder
	if len(results) == 0 {
		b.WriteString("none: the message has no DKIM-Signature field\n")
	}
	for _, r := range results {
		fmt.Fprintf(&b, "%s d=%s s=%s a=%s", r.Status, word(r.Signature.Domain), word(r.Signature.Selector), word(r.Signature.Algorithm))
		if r.Err != nil {
			b.WriteString(" " + printable(r.Err.Error()))
		}
		b.WriteString("\n")
	}
	if id != "" {
		field := authres.Field{ID: id, Results: dkim.AuthRes(results)}
		b.WriteString(strings.ReplaceAll(field.String(), "\r\n", "\n"))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// word quotes s if it could be taken for more than one word: the sender wrote it.
func word(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return r == ' ' || r == '"' || !unicode.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// printable keeps control characters from the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
}
