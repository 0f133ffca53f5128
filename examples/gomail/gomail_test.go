package main

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/emersion/go-smtp"
	"github.com/wneessen/go-mail"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/keyrecord"
)

// A delivery is what the server got.
type delivery struct {
	from, message string
	to            []string
}

// A server keeps what it gets. It refuses the recipient full@example.net.
type server struct {
	addr string
	mu   sync.Mutex
	list []delivery
}

func (s *server) got() []delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.list
}

func startServer(t *testing.T) *server {
	t.Helper()
	s := &server{}
	smtpd := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{server: s}, nil }))
	smtpd.EnableSMTPUTF8 = true
	smtpd.ErrorLog = log.New(io.Discard, "", 0)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().String()
	go smtpd.Serve(l)
	t.Cleanup(func() { smtpd.Close() })
	return s
}

type session struct {
	*server
	d delivery
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.d = delivery{from: from}
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if to == "full@example.net" {
		return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 2, 2}, Message: "Mailbox full"}
	}
	s.d.to = append(s.d.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	message, err := io.ReadAll(r)
	s.d.message = string(message)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, s.d)
	return err
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// keys returns an RSA and an Ed25519 signer of example.org, and their records.
func keys(t *testing.T) (dkim.SignerList, keyrecord.MapResolver) {
	t.Helper()
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, e, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	list := dkim.SignerList{{Domain: "example.org", Selector: "s1", Key: r}, {Domain: "example.org", Selector: "ed", Key: e}}
	zone := keyrecord.MapResolver{}
	for _, s := range list {
		record, err := s.Record()
		if err != nil {
			t.Fatal(err)
		}
		zone[s.Selector+"._domainkey.example.org"] = []string{record.String()}
	}
	return list, zone
}

func verify(t *testing.T, message string, zone keyrecord.Resolver) string {
	t.Helper()
	results, err := dkim.Verify(context.Background(), strings.NewReader(message), &dkim.Verifier{Resolver: zone})
	if err != nil {
		t.Errorf("%v in\n%s", err, message)
	}
	var list []string
	for _, r := range results {
		list = append(list, string(r.Status))
	}
	return strings.Join(list, " ")
}

func newMessage(t *testing.T, opts ...mail.MsgOption) *mail.Msg {
	t.Helper()
	m := mail.NewMsg(opts...)
	if err := errors.Join(m.FromFormat("Jöe", "joe@example.org"), m.To("ann@example.net", "bob@example.net"), m.Bcc("eve@example.net")); err != nil {
		t.Fatal(err)
	}
	m.Subject("Grüße, and a subject that is long enough to be folded somewhere in the middle of it")
	return m
}

// TestSend: what the server gets verifies, with both keys, whatever the message is
// made of.
func TestSend(t *testing.T) {
	signers, zone := keys(t)
	simple := dkim.SignerList{}
	for _, s := range signers {
		c := *s
		c.Canon = canon.Pair{Header: canon.Simple, Body: canon.Simple}
		simple = append(simple, &c)
	}
	text := "a line\n.\n..\n\ntrailing  \nÄ\n" + strings.Repeat("long ", 300) + "\n\n\n"
	for _, tt := range []struct {
		name    string
		compose func() *mail.Msg
	}{
		{"text", func() *mail.Msg {
			m := newMessage(t)
			m.SetBodyString(mail.TypeTextPlain, text)
			return m
		}},
		{"base64", func() *mail.Msg {
			m := newMessage(t, mail.WithEncoding(mail.EncodingB64))
			m.SetBodyString(mail.TypeTextPlain, text)
			return m
		}},
		{"not encoded, lines with LF", func() *mail.Msg {
			m := newMessage(t, mail.WithEncoding(mail.NoEncoding))
			m.SetBodyString(mail.TypeTextPlain, text)
			return m
		}},
		{"an alternative, an attachment", func() *mail.Msg {
			m := newMessage(t)
			m.SetBodyString(mail.TypeTextPlain, text)
			m.AddAlternativeString(mail.TypeTextHTML, "<p>"+text)
			if err := m.AttachReader("data.bin", strings.NewReader("\x00\r\n.\r\n\xff")); err != nil {
				t.Fatal(err)
			}
			return m
		}},
		{"a template", func() *mail.Msg {
			m := newMessage(t)
			m.SetBodyWriter(mail.TypeTextPlain, func(w io.Writer) (int64, error) {
				n, err := io.Copy(w, iotest.OneByteReader(strings.NewReader(text)))
				return n, err
			})
			return m
		}},
		{"no text", func() *mail.Msg { return newMessage(t) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := startServer(t)
			client, err := newClient(server.addr, false)
			if err != nil {
				t.Fatal(err)
			}
			for _, signers := range []dkim.SignerList{signers, simple} {
				s := sender{client, signers}
				if err := s.send(context.Background(), tt.compose(), tt.compose()); err != nil {
					t.Fatal(err)
				}
			}
			if len(server.got()) != 4 {
				t.Fatalf("%d messages", len(server.got()))
			}
			for _, d := range server.got() {
				if status := verify(t, d.message, zone); status != "pass pass" {
					t.Errorf("%s:\n%s", status, d.message)
				}
				if d.from != "joe@example.org" || !slices.Equal(d.to, []string{"ann@example.net", "bob@example.net", "eve@example.net"}) ||
					strings.Contains(d.message, "eve@") {
					t.Errorf("from %s to %v:\n%s", d.from, d.to, d.message)
				}
			}
		})
	}
}

// refuses is a key that cannot sign.
type refuses struct{ ed25519.PrivateKey }

func (refuses) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("the key is out of order")
}

// TestNothingUnsigned: if one message cannot be signed, or composed, none is sent.
func TestNothingUnsigned(t *testing.T) {
	signers, zone := keys(t)
	server := startServer(t)
	client, err := newClient(server.addr, false)
	if err != nil {
		t.Fatal(err)
	}
	good, broken := newMessage(t), newMessage(t)
	broken.SetBodyWriter(mail.TypeTextPlain, func(io.Writer) (int64, error) { return 0, errors.New("a broken template") })
	outOfOrder := dkim.SignerList{signers[0], {Domain: "example.org", Selector: "ed", Key: refuses{signers[1].Key.(ed25519.PrivateKey)}}}
	for _, tt := range []struct {
		signers  dkim.SignerSource
		messages []*mail.Msg
		want     string
	}{
		{outOfOrder, []*mail.Msg{good}, "the key is out of order"},
		{signers, []*mail.Msg{good, broken}, "message 2: bodyWriter function: a broken template"},
		{signers, []*mail.Msg{mail.NewMsg()}, "0 From"},
	} {
		err := (&sender{client, tt.signers}).send(context.Background(), tt.messages...)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v, want %s", err, tt.want)
		}
	}
	full := newMessage(t)
	if err := full.Cc("full@example.net"); err != nil {
		t.Fatal(err)
	}
	err = (&sender{client, signers}).send(context.Background(), full)
	if err == nil || !strings.Contains(err.Error(), "Mailbox full") {
		t.Errorf("%v, want Mailbox full", err)
	}
	if len(server.got()) != 0 {
		t.Errorf("%d messages sent: %s", len(server.got()), server.got()[0].message)
	}
	if err := (&sender{client, signers}).send(context.Background(), good); err != nil || len(server.got()) != 1 || verify(t, server.got()[0].message, zone) != "pass pass" {
		t.Error("after errors:", err)
	}
}

// TestGoMailSigner: go-mail signs by itself, too, with one key and relaxed/relaxed;
// what it makes verifies.
func TestGoMailSigner(t *testing.T) {
	signers, zone := keys(t)
	for _, s := range signers {
		m := newMessage(t)
		m.SetBodyString(mail.TypeTextPlain, "text\n")
		m.SetDKIM(mail.NewDKIMSigner(s.Domain, s.Selector, s.Key))
		var message strings.Builder
		if _, err := m.WriteTo(&message); err != nil {
			t.Fatal(err)
		}
		if status := verify(t, message.String(), zone); status != "pass" {
			t.Errorf("%s: %s\n%s", s.Selector, status, &message)
		}
	}
}

// TestRun: the program, as a user starts it.
func TestRun(t *testing.T) {
	signers, zone := keys(t)
	der, err := x509.MarshalPKCS8PrivateKey(signers[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	key, data := filepath.Join(dir, "key.pem"), filepath.Join(dir, "data.bin")
	if err := errors.Join(os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600),
		os.WriteFile(data, []byte("\x00\xff"), 0o600)); err != nil {
		t.Fatal(err)
	}
	server := startServer(t)
	gomail := func(args ...string) error {
		return run(context.Background(), append([]string{"-server", server.addr}, args...), strings.NewReader("Grüße\n"), io.Discard)
	}
	if err := gomail("-from", "Joe <joe@example.org>", "-to", "ann@example.net", "-bcc", "bob@example.net", "-subject", "hello", "-attach", data, "-key", key); err != nil {
		t.Fatal(err)
	}
	got := server.got()[0]
	if status := verify(t, got.message, zone); status != "pass" || !slices.Equal(got.to, []string{"ann@example.net", "bob@example.net"}) {
		t.Errorf("%s to %v:\n%s", status, got.to, got.message)
	}
	m, err := netmail.ReadMessage(strings.NewReader(got.message))
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	text := part(t, parts, func(r io.Reader) io.Reader { return quotedprintable.NewReader(r) })
	attached := part(t, parts, func(r io.Reader) io.Reader { return base64.NewDecoder(base64.StdEncoding, r) })
	if strings.TrimSpace(text) != "Grüße" || attached != "\x00\xff" {
		t.Errorf("%q, %q", text, attached)
	}

	for _, tt := range []struct{ args, want string }{
		{"-from joe@example.org -to ann@example.net -key nosuch", "nosuch"},
		{"-from joe@example.org -to ann@example.net -key " + data, "key"},
		{"-from joe@example.org -to ann@example.net -key " + key + " -attach nosuch", "nosuch"},
		{"-from joe@example.org -to ann@example.net -key " + key + " -tls", "STARTTLS"},
		{"-from joe@example.org -to ann@example.net -key " + key + " -domain x;l=0", "d="},
		{"-from joe@example.org -to ann@example.net -key " + key + " -server x", "port"},
		{"-from joe@example.org -key " + key, ""},
		{"-to ann@example.net -key " + key, ""},
		{"-nosuch", "-nosuch"},
	} {
		if err := gomail(strings.Fields(tt.args)...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.args, err, tt.want)
		}
	}
	if len(server.got()) != 1 {
		t.Errorf("%d messages sent", len(server.got()))
	}
}

// part returns the content of the next part.
func part(t *testing.T, parts *multipart.Reader, decode func(io.Reader) io.Reader) string {
	t.Helper()
	p, err := parts.NextRawPart()
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(decode(p))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
