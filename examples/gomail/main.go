// Gomail composes a message with go-mail, signs it and sends it. The text comes
// from standard input.
//
//	gomail -server mail.example.org -from joe@example.org -to ann@example.net -subject hello -key s1.pem < text
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/waxseal/waxseal/dkim"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stderr); err != nil && err != flag.ErrHelp {
		fmt.Fprintln(os.Stderr, "gomail:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdin io.Reader, stderr io.Writer) error {
	flags := flag.NewFlagSet("gomail", flag.ContinueOnError)
	flags.SetOutput(stderr)
	var (
		server   = flags.String("server", "localhost:25", "the `address` of the server")
		tls      = flags.Bool("tls", false, "send nothing without TLS; otherwise it is used where the server has it")
		from     = flags.String("from", "", "the `address` of the author")
		to       = flags.String("to", "", "`addresses`, with commas between them")
		bcc      = flags.String("bcc", "", "`addresses` that others do not see")
		subject  = flags.String("subject", "", "the `subject`")
		attach   = flags.String("attach", "", "a `file` to attach")
		domain   = flags.String("domain", "", "sign as this `domain` (d=); that of the author if empty")
		selector = flags.String("selector", "s1", "the `name` of the key in the domain (s=)")
		keyFile  = flags.String("key", "", "the `file` of the private key")
	)
	if err := flags.Parse(args); err != nil {
		return err
	}
	m, err := compose(stdin, *from, *to, *bcc, *subject, *attach)
	if err != nil {
		return err
	}
	key, err := os.ReadFile(*keyFile)
	if err != nil {
		return err
	}
	signer := &dkim.Signer{Domain: *domain, Selector: *selector}
	if signer.Key, err = dkim.ParseKey(key); err != nil {
		return err
	}
	if author := m.GetFrom()[0].Address; *domain == "" {
		signer.Domain = author[strings.LastIndex(author, "@")+1:]
	}
	if err := signer.Validate(); err != nil {
		return err
	}
	client, err := newClient(*server, *tls)
	if err != nil {
		return err
	}
	return (&sender{client, signer}).send(ctx, m)
}

func newClient(server string, tls bool) (*mail.Client, error) {
	host, port, err := net.SplitHostPort(server)
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	policy := mail.TLSOpportunistic
	if tls {
		policy = mail.TLSMandatory
	}
	return mail.NewClient(host, mail.WithPort(n), mail.WithTLSPolicy(policy), mail.WithTimeout(time.Minute))
}

// compose makes the message.
func compose(text io.Reader, from, to, bcc, subject, attach string) (*mail.Msg, error) {
	m := mail.NewMsg()
	body, err := io.ReadAll(text)
	if err == nil {
		err = m.From(from)
	}
	if err == nil {
		err = m.To(strings.Split(to, ",")...)
	}
	if err == nil && bcc != "" {
		err = m.Bcc(strings.Split(bcc, ",")...)
	}
	if err != nil {
		return nil, err
	}
	m.Subject(subject)
	m.SetBodyString(mail.TypeTextPlain, string(body))
	if attach != "" {
		f, err := os.Open(attach) // AttachFile does not tell of a file that is not there
		if err != nil {
			return nil, err
		}
		defer f.Close()
		if err := m.AttachReader(filepath.Base(attach), f); err != nil {
			return nil, err
		}
	}
	return m, nil
}
