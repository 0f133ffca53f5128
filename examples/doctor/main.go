// Doctor says why the DKIM signatures of a message do not verify, what is wrong
// with the key records of its domains, and what their signers should change.
//
//	doctor message.eml
//	doctor -html report.html message.eml
//	doctor -json < message.eml
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/keyrecord"
)

const usage = `Usage: doctor [flags] [message.eml]

Says why the DKIM signatures of a message do not verify. The message is the
file, or standard input. Exit status: 0 a signature passes, 1 none passes,
2 wrong usage, or no message that could be read.

`

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run is main, with the status to exit with.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	complain := func(status int, format string, args ...any) int {
		fmt.Fprintf(stderr, "doctor: "+format+"\n", args...)
		return status
	}
	flags := flag.NewFlagSet("doctor", flag.ContinueOnError)
	d := doctor{resolver: &keyrecord.Cache{}}
	records := keyrecord.MapResolver{}
	var (
		asJSON  = flags.Bool("json", false, "print JSON")
		page    = flags.String("html", "", "write a page with the message and its changes to a `file`")
		color   = flags.String("color", "auto", "`when` to print in colours: auto, always or never")
		crlf    = flags.Bool("crlf", false, "the file has the line ends of this machine: make CRLF of LF and CR first")
		timeout = flags.Duration("timeout", 10*time.Second, "how `long` to wait for DNS, each time")
	)
	flags.Func("selector", "another `selector` of the domain, whose key may have signed; may be repeated", func(s string) error {
		d.selectors = append(d.selectors, s)
		return nil
	})
	flags.Func("time", "the `time` of receipt, as 2026-03-04T05:06:07Z (default now)", func(s string) (err error) {
		d.now, err = time.Parse(time.RFC3339, s)
		return err
	})
	flags.Func("txt", "a TXT record, as `name=value`, in place of DNS; may be repeated", func(s string) error {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return errors.New("want name=value")
		}
		name = strings.ToLower(strings.TrimSuffix(name, "."))
		records[name] = append(records[name], value)
		d.resolver = records
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
	d.timeout = *timeout
	if d.now.IsZero() {
		d.now = time.Now()
	}
	switch {
	case flags.NArg() > 1:
		return complain(2, "unexpected argument %q; one message at a time", flags.Arg(1))
	case *timeout <= 0:
		return complain(2, "-timeout %v; want more than 0", *timeout)
	case *color != "auto" && *color != "always" && *color != "never":
		return complain(2, "-color %q; want auto, always or never", *color)
	case flags.NArg() == 1:
		f, err := os.Open(flags.Arg(0))
		if err != nil {
			return complain(2, "%v", err)
		}
		defer f.Close()
		stdin = f
	}
	if *crlf {
		stdin = canon.NewCRLFReader(stdin)
	}
	raw, err := io.ReadAll(stdin)
	if err != nil {
		return complain(2, "%v", err)
	}
	diagnosis, err := d.diagnose(context.Background(), raw)
	if err != nil {
		return complain(2, "%v", err)
	}
	if *page != "" {
		if err := writePage(*page, diagnosis, raw); err != nil {
			return complain(2, "%v", err)
		}
	}
	if *asJSON {
		e := json.NewEncoder(stdout)
		e.SetIndent("", "  ")
		err = e.Encode(diagnosis)
	} else {
		err = writeText(stdout, diagnosis, *color == "always" || *color == "auto" && isTerminal(stdout) && os.Getenv("NO_COLOR") == "")
	}
	if err != nil {
		return complain(2, "the diagnosis could not be printed: %v", err)
	}
	for _, s := range diagnosis.Signatures {
		if s.Status == string(dkim.Pass) {
			return 0
		}
	}
	return 1
}

// writePage writes the page to a file.
func writePage(name string, d *Diagnosis, raw []byte) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := writeHTML(f, d, raw); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// isTerminal reports whether w is a terminal, or another device that shows
// what is written at once.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
