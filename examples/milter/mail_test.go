//go:build linux

package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/smtp"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	sink "github.com/emersion/go-smtp"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/headerlist"
	"github.com/waxseal/waxseal/keyrecord"
)

// A mailbox is an SMTP server that keeps what it gets, by recipient.
type mailbox struct {
	mu       sync.Mutex
	messages map[string]string
}

func startMailbox(t *testing.T) (box *mailbox, port string) {
	t.Helper()
	box = &mailbox{messages: map[string]string{}}
	server := sink.NewServer(sink.BackendFunc(func(*sink.Conn) (sink.Session, error) { return &session{box: box}, nil }))
	server.Domain, server.EnableSMTPUTF8 = "sink.test", true
	server.ErrorLog = log.New(io.Discard, "", 0)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return box, port
}

// message waits for the message to a recipient.
func (b *mailbox) message(t *testing.T, rcpt string) (message string) {
	t.Helper()
	wait(t, "message to "+rcpt, func() (ok bool) {
		b.mu.Lock()
		defer b.mu.Unlock()
		message, ok = b.messages[rcpt]
		return ok
	})
	return message
}

type session struct {
	box  *mailbox
	rcpt string
}

func (s *session) Mail(string, *sink.MailOptions) error { return nil }

func (s *session) Rcpt(to string, _ *sink.RcptOptions) error {
	s.rcpt = to
	return nil
}

func (s *session) Data(r io.Reader) error {
	message, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	s.box.messages[s.rcpt] = string(message)
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// send sends messages through one SMTP connection, and returns what the server says
// to each: nil if it takes it.
func send(t *testing.T, port, rcpt string, messages ...string) (errs []error) {
	t.Helper()
	c, err := smtp.Dial("127.0.0.1:" + port)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, message := range messages {
		if err := c.Mail("joe@example.org"); err != nil {
			t.Fatal(err)
		}
		if err := c.Rcpt(rcpt); err != nil {
			t.Fatal(err)
		}
		w, err := c.Data()
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, message)
		errs = append(errs, w.Close())
	}
	return errs
}

// deliver sends a message and returns it as it is delivered.
func (b *mailbox) deliver(t *testing.T, port, rcpt, message string) string {
	t.Helper()
	if err := send(t, port, rcpt, message)[0]; err != nil {
		t.Fatalf("to %s: %v", rcpt, err)
	}
	return b.message(t, rcpt)
}

// A world has the keys of example.org, and a DNS that publishes them. The names of
// down.example are on a server that does not answer.
type world struct {
	rsa  *rsa.PrivateKey    // s1, and s2
	ed   ed25519.PrivateKey // ed
	pem  string             // a file with the RSA key
	keys keyrecord.MapResolver
	down keyrecord.Resolver
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{keys: keyrecord.MapResolver{}}
	var err error
	if w.rsa, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	if _, w.ed, err = ed25519.GenerateKey(rand.Reader); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*dkim.Signer{{Selector: "s1", Key: w.rsa}, {Selector: "ed", Key: w.ed}, {Selector: "s2", Key: w.rsa}} {
		s.Domain = "example.org"
		record, err := s.Record()
		if err != nil {
			t.Fatal(err)
		}
		w.keys[s.Selector+"._domainkey.example.org"] = []string{record.String()}
	}
	der, err := x509.MarshalPKCS8PrivateKey(w.rsa)
	if err != nil {
		t.Fatal(err)
	}
	w.pem = filepath.Join(t.TempDir(), "s1.pem")
	write(t, w.pem, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	closed := freePort(t)
	w.down = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", "127.0.0.1:"+closed)
	}}
	return w
}

func (w *world) LookupTXT(ctx context.Context, name string) ([]string, error) {
	if strings.HasSuffix(name, ".down.example.") {
		return w.down.LookupTXT(ctx, name)
	}
	return w.keys.LookupTXT(ctx, name)
}

// signers signs in three ways, two of which the milter protocol could break.
func (w *world) signers() dkim.SignerList {
	all := headerlist.MustParse("From:To:Subject:Date:Message-ID:X-Tab:X-Folded:X-Trailing:X-Empty:X-Space:x-case:X-Twice*")
	return dkim.SignerList{
		{Domain: "example.org", Selector: "s1", Key: w.rsa, Canon: canon.Pair{Header: canon.Simple, Body: canon.Simple}, Headers: all},
		{Domain: "example.org", Selector: "ed", Key: w.ed, Canon: canon.Pair{Header: canon.Simple, Body: canon.Relaxed}, Headers: all},
		{Domain: "example.org", Selector: "s2", Key: w.rsa},
	}
}

// sign returns a message with the signatures of signers on top.
func (w *world) sign(t *testing.T, message string, signers dkim.SignerSource) string {
	t.Helper()
	var out strings.Builder
	if err := dkim.Sign(context.Background(), &out, strings.NewReader(message), signers); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// verify returns the statuses of the signatures of a message.
func (w *world) verify(t *testing.T, message string) string {
	t.Helper()
	results, err := dkim.Verify(context.Background(), strings.NewReader(message), &dkim.Verifier{Resolver: w})
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, r := range results {
		list = append(list, string(r.Status))
	}
	return strings.Join(list, " ")
}

// split returns the fields of a message, each with its CRLF, and the rest.
func split(message string) (fields []string, rest string) {
	for rest = message; !strings.HasPrefix(rest, "\r\n"); {
		n := 0
		for {
			i := strings.Index(rest[n:], "\r\n")
			if i < 0 {
				return fields, rest
			}
			n += i + 2
			if n == len(rest) || rest[n] != ' ' && rest[n] != '\t' {
				break
			}
		}
		fields, rest = append(fields, rest[:n]), rest[n:]
	}
	return fields, rest
}

// names returns the names of fields.
func names(fields []string) string {
	var list []string
	for _, f := range fields {
		name, _, _ := strings.Cut(f, ":")
		list = append(list, name)
	}
	return strings.Join(list, " ")
}
