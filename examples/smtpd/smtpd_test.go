package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/keyrecord"
)

const patience = 5 * time.Minute // bounds a wait; nothing waits longer than it has to

func TestMain(m *testing.M) {
	if os.Getenv("SMTPD_TEST_MAIN") != "" { // the program itself
		main()
		return
	}
	log.SetOutput(io.Discard)
	os.Exit(m.Run())
}

// A zone is a DNS with the keys that it made. Names below down.example are on a
// server that does not answer.
type zone struct{ keys keyrecord.MapResolver }

func (z *zone) LookupTXT(ctx context.Context, name string) ([]string, error) {
	if strings.HasSuffix(name, ".down.example.") {
		return nil, &net.DNSError{Err: "no answer", Name: name, IsTimeout: true}
	}
	return z.keys.LookupTXT(ctx, name)
}

// signer makes a signer whose key is in the zone.
func (z *zone) signer(t *testing.T, domain string) *dkim.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := &dkim.Signer{Domain: domain, Selector: "s1", Key: key}
	record, err := s.Record()
	if err != nil {
		t.Fatal(err)
	}
	z.keys["s1._domainkey."+domain] = []string{record.String()}
	return s
}

func sign(t *testing.T, message string, signers dkim.SignerSource) string {
	t.Helper()
	var out strings.Builder
	if err := dkim.Sign(context.Background(), &out, strings.NewReader(message), signers); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// A sink is the next server. It gives each message to take.
type sink struct{ take func(io.Reader) error }

func (s sink) Mail(string, *smtp.MailOptions) error { return nil }
func (s sink) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (s sink) Data(r io.Reader) error               { return s.take(r) }
func (s sink) Reset()                               {}
func (s sink) Logout() error                        { return nil }

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// startSink starts a next server and returns its address.
func startSink(t *testing.T, take func(io.Reader) error) string {
	t.Helper()
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return sink{take}, nil }))
	s.ErrorLog = log.New(io.Discard, "", 0)
	l := listen(t)
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return l.Addr().String()
}

// startRelay starts a relay for local.test and returns its address.
func startRelay(t *testing.T, z *zone, next string, require bool) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &relay{ctx: ctx, id: "relay.test", next: next, domains: "other.test,Local.test", require: require,
		verifier: &dkim.Verifier{Resolver: z}, signer: z.signer(t, "relay.example")}
	l := listen(t)
	done := make(chan error)
	go func() { done <- r.serve(l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// A client speaks SMTP by the line, and can say what no library would.
type client struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
}

func dial(t *testing.T, addr string) *client {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	return &client{t, conn, bufio.NewReader(conn)}
}

// reply returns a reply of the server, its last line.
func (c *client) reply() string {
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return err.Error()
		}
		if len(line) < 4 || line[3] != '-' {
			return strings.TrimSpace(line)
		}
	}
}

// say sends a line and returns the reply.
func (c *client) say(line string) string {
	io.WriteString(c.conn, line+"\r\n")
	return c.reply()
}

// data begins a message.
func (c *client) data(rcpt string) {
	c.t.Helper()
	for _, line := range []string{"EHLO client.test", "MAIL FROM:<joe@example.org>", "RCPT TO:<" + rcpt + ">", "DATA"} {
		if got := c.say(line); got[0] != '2' && got[0] != '3' {
			c.t.Fatalf("%s: %s", line, got)
		}
	}
}

// send sends a message, stuffed with dots already, and returns the reply to it.
func send(t *testing.T, addr, message string) string {
	t.Helper()
	c := dial(t, addr)
	c.reply()
	c.data("ann@local.test")
	return c.say(message + ".")
}

const message = "From: joe@example.org\r\nSubject:  two spaces\r\n\r\nHello.\r\n"

// TestRelay: the message arrives as it was, below a signature of the relay and what
// it found out, without what claims to be that.
func TestRelay(t *testing.T) {
	z := &zone{keys: keyrecord.MapResolver{}}
	author, down := z.signer(t, "example.org"), z.signer(t, "down.example")
	got := make(chan string, 1)
	next := startSink(t, func(r io.Reader) error {
		data, err := io.ReadAll(r)
		got <- string(data)
		return err
	})
	relay := startRelay(t, z, next, false)
	good := sign(t, message, author)
	const forged, foreign = "Authentication-Results: RELAY.test; dmarc=pass\r\n", "Authentication-Results: mx.test; dkim=none\r\n"
	for _, tt := range []struct {
		name, sent, want string
		results          string
		statuses         string
	}{
		{"signed", good, good, "dkim=pass header.d=example.org ", "pass pass"},
		{"unsigned", message, message, "dkim=none", "pass"},
		{"forged", forged + foreign + forged + good, foreign + good, "dkim=pass header.d=example.org ", "pass pass"},
		{"6376-6.3-b: changed", good + "more\r\n", good + "more\r\n", "dkim=fail reason=\"body hash did not verify\" header.d=example.org ", "pass fail"},
		{"a key server down, and a good one", sign(t, good, down), sign(t, good, down), "dkim=temperror reason=\"DNS did not give the key, perhaps it does later\" header.d=down.example ", "pass temperror pass"},
		{"dots", message + "..\r\n...\r\n", message + ".\r\n..\r\n", "dkim=none", "pass"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if reply := send(t, relay, tt.sent); !strings.HasPrefix(reply, "250 ") {
				t.Fatal(reply)
			}
			arrived := <-got
			head, ok := strings.CutSuffix(arrived, tt.want)
			signature, results, _ := strings.Cut(head, "Authentication-Results: relay.test;\r\n\t")
			if !ok || !strings.HasPrefix(signature, "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=relay.example;") ||
				!strings.HasPrefix(strings.ReplaceAll(results, "\r\n\t", " ")+" ", tt.results) || strings.Contains(results, "Authentication-Results") {
				t.Errorf("arrived:\n%s", arrived)
			}
			if statuses := verify(t, z, strings.NewReader(arrived)); statuses != tt.statuses {
				t.Errorf("statuses %s, want %s", statuses, tt.statuses)
			}
		})
	}
}

// verify returns the statuses of the signatures of a message.
func verify(t *testing.T, z *zone, r io.Reader) string {
	results, err := dkim.Verify(context.Background(), r, &dkim.Verifier{Resolver: z})
	if err != nil {
		t.Error(err)
	}
	var list []string
	for _, r := range results {
		list = append(list, string(r.Status))
	}
	return strings.Join(list, " ")
}

// TestReplies: nothing that is refused is passed on, and a reply says whether trying
// again may help (RFC 6376, section 6.3).
func TestReplies(t *testing.T) {
	z := &zone{keys: keyrecord.MapResolver{}}
	author, down := z.signer(t, "example.org"), z.signer(t, "down.example")
	var mu sync.Mutex
	taken := 0
	next := startSink(t, func(r io.Reader) error {
		data, err := io.ReadAll(r)
		if bytes.Contains(data, []byte("Subject: full")) {
			return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 2, 2}, Message: "Mailbox full"}
		}
		mu.Lock()
		defer mu.Unlock()
		taken++
		return err
	})
	closed := listen(t)
	closed.Close()
	relay, strict, alone := startRelay(t, z, next, false), startRelay(t, z, next, true), startRelay(t, z, closed.Addr().String(), false)
	good := sign(t, message, author)
	for _, tt := range []struct {
		name, relay, message, want string
		taken                      int
	}{
		{"6376-6.3-c: a key server down", relay, sign(t, message, down), "451 4.7.5 Unable to verify signature - key server unavailable", 0},
		{"a key server down, strict", strict, sign(t, message, down), "451 4.7.5 Unable to verify signature - key server unavailable", 0},
		{"signed, strict", strict, good, "250 ", 1},
		{"6376-6.3-b: unsigned, strict", strict, message, "550 5.7.20 No passing DKIM signature found", 0},
		{"6376-6.3-d: changed, strict", strict, good + "more\r\n", "550 5.7.20 No passing DKIM signature found", 0},
		{"no From", relay, "Subject: x\r\n\r\n", "550 5.6.0 The message is malformed", 0},
		{"bare LF", relay, message + "a\nb\r\n", "550 5.6.0 The message is malformed", 0},
		{"another end of the message", relay, message + "\n.\n\r\n", "550 5.6.0 The message is malformed", 0},
		{"a long line", relay, message + strings.Repeat("x", 3000) + "\r\n", "550 5.6.0 The message is malformed", 0},
		{"a long message", relay, message + strings.Repeat(strings.Repeat("x", 998)+"\r\n", 53_000), "552 5.3.4 ", 0},
		{"the next server is down", alone, good, "451 4.3.0 Try again later", 0},
		{"the next server refuses", relay, "From: joe@example.org\r\nSubject: full\r\n\r\n", "452 4.2.2 Mailbox full", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			mu.Lock()
			before := taken
			mu.Unlock()
			if reply := send(t, tt.relay, tt.message); !strings.HasPrefix(reply, tt.want) {
				t.Errorf("%s, want %s", reply, tt.want)
			}
			mu.Lock()
			defer mu.Unlock()
			if taken-before != tt.taken {
				t.Errorf("%d messages taken by the next server, want %d", taken-before, tt.taken)
			}
		})
	}
	t.Run("relaying", func(t *testing.T) {
		c := dial(t, relay)
		c.reply()
		c.say("EHLO client.test")
		c.say("MAIL FROM:<joe@example.org>")
		if reply := c.say("RCPT TO:<a@elsewhere.test>"); reply != "550 5.7.1 Relaying denied" {
			t.Error(reply)
		}
		if reply := c.say("RCPT TO:<\"a@elsewhere.test\"@LOCAL.test>"); !strings.HasPrefix(reply, "250 ") {
			t.Error(reply)
		}
	})
	t.Run("a client that hangs up", func(t *testing.T) {
		c := dial(t, relay)
		c.reply()
		c.data("ann@local.test")
		io.WriteString(c.conn, message)
		c.conn.(*net.TCPConn).CloseWrite()
		if reply := c.reply(); !strings.HasPrefix(reply, "451 ") {
			t.Error(reply)
		}
	})
	if taken != 1 {
		t.Errorf("%d messages taken by the next server, want 1", taken)
	}
}

// TestProgram starts the program, which ends by a signal when its sessions have.
func TestProgram(t *testing.T) {
	z := &zone{keys: keyrecord.MapResolver{}}
	der, err := x509.MarshalPKCS8PrivateKey(z.signer(t, "relay.example").Key)
	if err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 1)
	next := startSink(t, func(r io.Reader) error {
		got <- verify(t, z, r)
		return nil
	})
	program := func(args ...string) (*exec.Cmd, *bufio.Scanner) {
		cmd := exec.Command(os.Args[0], args...)
		cmd.Env = append(os.Environ(), "SMTPD_TEST_MAIN=1")
		stderr, err := cmd.StderrPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { cmd.Process.Kill() })
		return cmd, bufio.NewScanner(stderr)
	}
	cmd, lines := program("-listen", "127.0.0.1:0", "-for", "local.test", "-next", next, "-domain", "relay.example", "-key", key, "-sessions", "1")
	lines.Scan()
	_, addr, ok := strings.Cut(lines.Text(), "listening on ")
	if !ok {
		t.Fatal(lines.Text())
	}
	c, waiting := dial(t, addr), dial(t, addr)
	c.reply()
	c.data("ann@local.test")
	waiting.conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if line, err := waiting.r.ReadString('\n'); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a session over the limit: %q, %v", line, err)
	}
	cmd.Process.Signal(os.Interrupt) // in the middle of a message
	if reply := c.say(message + "."); !strings.HasPrefix(reply, "250 ") || <-got != "pass" {
		t.Error(reply)
	}
	c.say("QUIT")
	c.conn.Close()
	waiting.conn.Close()
	for lines.Scan() {
		t.Error(lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}

	for _, args := range []string{"", "-key nosuch", "-key smtpd_test.go -domain example.org", "-domain example.org;l=0 -key " + key,
		"-domain example.org -key " + key + " -listen 256.0.0.1:0"} {
		cmd, lines := program(strings.Fields(args)...)
		lines.Scan()
		if err := cmd.Wait(); err == nil || lines.Text() == "" {
			t.Errorf("%s: %v, %s", args, err, lines.Text())
		}
	}
}

// TestSize: what the README says of main.go.
func TestSize(t *testing.T) {
	source, err := os.ReadFile("main.go")
	if lines := bytes.Count(source, []byte("\n")); err != nil || lines >= 150 {
		t.Errorf("%d lines, %v; want less than 150", lines, err)
	}
}
