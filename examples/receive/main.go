// Receive is a hop that takes a message from outside: it verifies the DKIM
// signatures, removes the Authentication-Results fields that claim to be its
// own, and puts one new field on top.
//
//	go run ./examples/receive -authserv-id mx.example.net < message > received
//
// A mail server runs it as a filter, or does what the function receive does.
// The message is read once. What it looks like before fields are removed is
// what is verified, since removing a field that a signature covers breaks it;
// the rest goes to a file, as no result is known before the end.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/authres"
	"github.com/waxseal/waxseal/keyrecord"
)

const usage = `Usage: receive -authserv-id NAME [flags] < message > received

Verifies a message, and writes it with the results on top. Nothing is written
unless the exit status is 0, or writing fails. Exit status, as in sysexits.h:

  0   the message was written, whatever the results
  64  wrong usage
  65  refuse the message: it is malformed, or its lines do not end in CRLF
  75  try again: the message could not be read, kept or written

`

// Exit statuses.
const (
	ok       = 0
	wrongUse = 64 // EX_USAGE
	refuse   = 65 // EX_DATAERR
	tryAgain = 75 // EX_TEMPFAIL
)

func main() {
	os.Exit(run(os.Args[1:], &keyrecord.Cache{}, os.Stdin, os.Stdout, os.Stderr))
}

// run is main, with the status to exit with.
func run(args []string, keys keyrecord.Resolver, stdin io.Reader, stdout, stderr io.Writer) int {
	complain := func(status int, format string, args ...any) int {
		fmt.Fprintf(stderr, "receive: "+format+"\n", args...)
		return status
	}
	flags := flag.NewFlagSet("receive", flag.ContinueOnError)
	var (
		id      = flags.String("authserv-id", "", "the `name` of this server, or of the whole organization, in the field")
		crlf    = flags.Bool("crlf", false, "make CRLF of LF and CR at line ends")
		utf8    = flags.Bool("smtputf8", false, "the message came with SMTPUTF8, so that domains may have U-labels")
		timeout = flags.Duration("timeout", 10*time.Second, "how `long` to wait for DNS")
	)
	flags.SetOutput(io.Discard)
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 || *timeout <= 0 {
		if err != nil && !errors.Is(err, flag.ErrHelp) {
			complain(0, "%v", err)
		}
		fmt.Fprint(stderr, usage)
		flags.SetOutput(stderr)
		flags.PrintDefaults()
		return wrongUse
	}
	if err := (&authres.Field{ID: *id}).Validate(); err != nil {
		return complain(wrongUse, "-authserv-id %q: %v", *id, err)
	}
	spool, err := os.CreateTemp("", "receive-*")
	if err != nil {
		return complain(tryAgain, "%v", err)
	}
	defer os.Remove(spool.Name())
	defer spool.Close()
	if *crlf {
		stdin = canon.NewCRLFReader(stdin)
	}
	hop := &hop{id: *id, utf8: *utf8, verifier: &dkim.Verifier{Resolver: keys, LookupTimeout: *timeout}}
	removed, err := hop.receive(context.Background(), stdout, stdin, spool)
	for _, r := range removed {
		complain(0, "removed %.80q", r.Raw) // a stranger wrote it, so it is quoted
	}
	switch {
	case errors.Is(err, dkim.ErrLineEnding):
		return complain(refuse, "%v\nreceive: -crlf converts the lines of a local file", err)
	case errors.Is(err, dkim.ErrHeader), errors.Is(err, dkim.ErrLimit), errors.Is(err, authres.ErrSyntax):
		return complain(refuse, "%v", err)
	case err != nil:
		return complain(tryAgain, "%v", err)
	}
	return ok
}

// A hop says how messages are received.
type hop struct {
	id       string // of the server
	utf8     bool   // the message is internationalized
	verifier *dkim.Verifier
}

// receive reads a message and writes it with its results to dst, once they are
// known. It returns the fields that were removed.
func (h *hop) receive(ctx context.Context, dst io.Writer, message io.Reader, spool io.ReadWriteSeeker) ([]authres.Removal, error) {
	w := dkim.NewVerifyWriter(ctx, h.verifier)
	// The verifier reads what comes in, the spool gets what is left of it.
	strip := authres.NewStripReader(io.TeeReader(message, w), h.id)
	strip.RemoveAll("X-DKIM-Authentication-Results") // it names no server
	if _, err := io.Copy(spool, strip); err != nil {
		return strip.Removed(), err
	}
	results, err := w.Finish()
	if err != nil {
		return strip.Removed(), err
	}
	field := &authres.Field{ID: h.id, Results: dkim.AuthRes(results)}
	if !h.utf8 {
		field = field.ASCII()
	}
	if _, err := spool.Seek(0, io.SeekStart); err != nil {
		return strip.Removed(), err
	}
	_, err = io.Copy(dst, io.MultiReader(strings.NewReader(field.String()), spool))
	return strip.Removed(), err
}
