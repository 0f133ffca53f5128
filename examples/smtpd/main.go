// Smtpd is a relay that verifies and signs mail as it comes in.
package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/emersion/go-smtp"
	"golang.org/x/net/netutil"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/authres"
	"github.com/waxseal/waxseal/keyrecord"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second interrupt ends the program at once
	r := &relay{ctx: ctx, verifier: &dkim.Verifier{Resolver: &keyrecord.Cache{}}, signer: &dkim.Signer{}}
	flag.StringVar(&r.id, "id", "localhost", "the `name` of this server")
	flag.StringVar(&r.next, "next", "127.0.0.1:2526", "the `address` of the next server")
	flag.StringVar(&r.domains, "for", "", "take mail for these `domains`, with commas between them")
	flag.BoolVar(&r.require, "require", false, "refuse mail without a signature that passes")
	flag.StringVar(&r.signer.Domain, "domain", "", "sign as this `domain` (d=)")
	flag.StringVar(&r.signer.Selector, "selector", "s1", "the `name` of the key in the domain (s=)")
	key := flag.String("key", "", "the `file` of the private key")
	listen := flag.String("listen", "127.0.0.1:2525", "the `address` to listen on")
	sessions := flag.Int("sessions", 1000, "the `number` of sessions at once; others wait")
	flag.Parse()
	data, err := os.ReadFile(*key)
	check(err)
	r.signer.Key, err = dkim.ParseKey(data)
	check(err)
	check(r.signer.Validate())
	l, err := net.Listen("tcp", *listen)
	check(err)
	log.Print("listening on ", l.Addr())
	check(r.serve(netutil.LimitListener(l, *sessions)))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// A relay is shared by its sessions.
type relay struct {
	ctx               context.Context
	id, next, domains string
	require           bool // a signature that passes
	verifier          *dkim.Verifier
	signer            *dkim.Signer
}

// serve serves until ctx ends, and then waits for the sessions.
func (r *relay) serve(l net.Listener) error {
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{relay: r}, nil }))
	s.Domain, s.MaxMessageBytes, s.MaxRecipients = r.id, 50<<20, 100
	s.ReadTimeout, s.WriteTimeout = 10*time.Minute, 10*time.Minute // of a whole message
	stopped := make(chan error, 1)
	context.AfterFunc(r.ctx, func() { stopped <- s.Shutdown(context.Background()) })
	if err := s.Serve(l); err != nil {
		return err
	}
	return <-stopped
}

type session struct {
	*relay
	from string
	to   []string
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error { s.from = from; return nil }
func (s *session) Reset()                                      { s.from, s.to = "", nil }
func (s *session) Logout() error                               { return nil }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if domain := to[strings.LastIndex(to, "@")+1:]; !slices.Contains(strings.Split(strings.ToLower(s.domains), ","), strings.ToLower(domain)) {
		return reply(550, 7, 1, "Relaying denied", to)
	}
	s.to = append(s.to, to)
	return nil
}

// Data reads the message once, into what spools, verifies and signs it.
func (s *session) Data(r io.Reader) error {
	spool, err := os.CreateTemp("", "smtpd")
	if err != nil {
		return answer(err)
	}
	defer func() { spool.Close(); os.Remove(spool.Name()) }()
	verify, sign := dkim.NewVerifyWriter(context.Background(), s.verifier), dkim.NewSignWriter(context.Background(), s.signer)
	if _, err := io.Copy(io.MultiWriter(spool, verify, sign), r); err != nil {
		return answer(err)
	}
	results, _ := verify.Finish() // its error is one of sign, too
	head := (&authres.Field{ID: s.id, Results: dkim.AuthRes(results)}).String()
	if status := dkim.Overall(results); status == dkim.TempError { // and none passes
		return reply(451, 7, 5, "Unable to verify signature - key server unavailable", head)
	} else if s.require && status != dkim.Pass {
		return reply(550, 7, 20, "No passing DKIM signature found", head)
	}
	signatures, err := sign.Finish()
	if err != nil {
		return answer(err)
	}
	for _, signature := range slices.Backward(signatures) {
		head = signature.String() + head
	}
	next, err := smtp.Dial(s.next)
	if err != nil {
		return answer(err)
	}
	defer next.Close()
	message := authres.NewStripReader(io.NewSectionReader(spool, 0, 1<<62), s.id)
	return answer(next.SendMail(s.from, s.to, io.MultiReader(strings.NewReader(head), message)))
}

// answer says to try again, unless the message is at fault or a server says no.
func answer(err error) error {
	given, atFault := &smtp.SMTPError{}, &dkim.MessageError{}
	switch {
	case err == nil:
		return nil
	case errors.As(err, &given):
		return given
	case errors.As(err, &atFault), errors.Is(err, smtp.ErrTooLongLine):
		return reply(550, 6, 0, "The message is malformed", err)
	}
	return reply(451, 3, 0, "Try again later", err)
}

// reply is an SMTP reply. The log has its reason (RFC 6376, section 6.3).
func reply(code, subject, detail int, text string, reason any) error {
	log.Printf("%d %s: %q", code, text, reason)
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, subject, detail}, Message: text}
}
