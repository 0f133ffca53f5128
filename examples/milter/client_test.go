//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/textproto"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-milter"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/headerlist"
	"github.com/waxseal/waxseal/keyrecord"
)

// An mta is the other end of a milter's connection: an MTA in a few lines.
type mta struct{ *milter.ClientSession }

func connect(t *testing.T, port string) mta {
	t.Helper()
	client := milter.NewClientWithOptions("tcp", "127.0.0.1:"+port, milter.ClientOptions{
		ActionMask: milter.OptAddHeader | milter.OptChangeHeader, ReadTimeout: patience, WriteTimeout: patience,
	})
	var s *milter.ClientSession
	wait(t, "milter on port "+port, func() (ok bool) {
		var err error
		s, err = client.Session()
		return err == nil
	})
	t.Cleanup(func() { s.Close() })
	if !s.ProtocolOption(milter.OptHeaderLeadingSpace) {
		t.Error("the milter does not want leading spaces")
	}
	return mta{s}
}

// begin sends a message up to its end.
func (c mta) begin(t *testing.T, message string) {
	t.Helper()
	if _, err := c.Mail("joe@example.org", nil); err != nil {
		t.Fatal(err)
	}
	fields, body := split(message)
	for _, f := range fields {
		name, value, _ := strings.Cut(strings.TrimSuffix(f, "\r\n"), ":")
		if _, err := c.HeaderField(name, strings.ReplaceAll(value, "\r\n", "\n")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.HeaderEnd(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.BodyChunk([]byte(strings.TrimPrefix(body, "\r\n"))); err != nil {
		t.Fatal(err)
	}
}

// send sends a message, and returns it as the milter wants it, or the milter's reply.
func (c mta) send(t *testing.T, message string) (string, error) {
	t.Helper()
	c.begin(t, message)
	changes, action, err := c.End()
	if err != nil {
		t.Fatal(err)
	}
	if action.Code != milter.ActContinue {
		return "", &textproto.Error{Code: action.SMTPCode, Msg: strings.TrimPrefix(action.SMTPText, " ")}
	}
	for _, change := range changes {
		switch change.Code {
		case milter.ActInsertHeader:
			if change.HeaderIndex != 0 {
				t.Errorf("%s inserted at %d", change.HeaderName, change.HeaderIndex)
			}
			message = change.HeaderName + ":" + strings.ReplaceAll(change.HeaderValue, "\n", "\r\n") + "\r\n" + message
		case milter.ActChangeHeader:
			if change.HeaderValue != "" {
				t.Errorf("%s is changed", change.HeaderName)
			}
			fields, rest := split(message)
			n := 0
			for i, f := range fields {
				if name, _, _ := strings.Cut(f, ":"); strings.EqualFold(name, change.HeaderName) {
					if n++; n == int(change.HeaderIndex) {
						fields[i] = ""
					}
				}
			}
			message = strings.Join(fields, "") + rest
		default:
			t.Errorf("change %c", change.Code)
		}
	}
	return message, nil
}

// buffer is what several goroutines may write to.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// TestRun signs and verifies as a user starts it, and stops it.
func TestRun(t *testing.T) {
	w := newWorld(t)
	keys := t.TempDir()
	for _, name := range []string{"s1", "broken"} {
		os.MkdirAll(filepath.Join(keys, name+".example"), 0o755)
	}
	pem, err := os.ReadFile(w.pem)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(keys, "s1.example", "s1.key"), string(pem))
	write(t, filepath.Join(keys, "broken.example", "s1.key"), "no key\n")

	ctx, cancel := context.WithCancel(context.Background())
	sign, verify := freePort(t), freePort(t)
	var stderr buffer
	status := make(chan int)
	go func() {
		status <- run(ctx, []string{"-sign", "127.0.0.1:" + sign, "-keys", keys, "-verify", "127.0.0.1:" + verify, "-id", "mx.test"}, &stderr)
	}()

	signing, verifying := connect(t, sign), connect(t, verify)
	const body = "Subject: x\r\n\r\nbody\r\n"
	got, err := signing.send(t, "From: a@s1.example\r\n"+body)
	w.keys["s1._domainkey.s1.example"] = w.keys["s1._domainkey.example.org"]
	if err != nil || w.verify(t, got) != "pass" || !strings.HasSuffix(got, "\r\nFrom: a@s1.example\r\n"+body) {
		t.Errorf("%v\n%s", err, got)
	}
	if got, err = signing.send(t, "From: a@other.example\r\n"+body); err != nil || got != "From: a@other.example\r\n"+body {
		t.Errorf("without a key: %v\n%s", err, got)
	}
	if _, err = signing.send(t, "From: a@broken.example\r\n"+body); !refused(err, 451, "4.7.0 The message cannot be signed at the moment") {
		t.Errorf("with a broken key: %v", err)
	}
	signing.begin(t, "From: a@s1.example\r\nSubject: dropped\r\n\r\n")
	if err := signing.Abort(); err != nil {
		t.Fatal(err)
	}
	if got, err = signing.send(t, "From: b@s1.example\r\n"+body); err != nil || w.verify(t, got) != "pass" {
		t.Errorf("after an aborted message: %v\n%s", err, got)
	}
	got, err = verifying.send(t, "Authentication-Results: mx.test; dkim=pass\r\nFrom: a@other.example\r\n"+body)
	if want := "Authentication-Results: mx.test;\r\n\tdkim=none\r\nFrom: a@other.example\r\n" + body; err != nil || got != want {
		t.Errorf("%v\n%s\nwant\n%s", err, got, want)
	}
	// Nothing of one message counts for the next.
	got, err = verifying.send(t, "Authentication-Results: relay.test; dkim=pass\r\nFrom: a@other.example\r\n"+body)
	if want := "Authentication-Results: mx.test;\r\n\tdkim=none\r\nAuthentication-Results: relay.test; dkim=pass\r\nFrom: a@other.example\r\n" + body; err != nil || got != want {
		t.Errorf("%v\n%s\nwant\n%s", err, got, want)
	}

	cancel()
	if s := <-status; s != 0 {
		t.Errorf("status %d", s)
	}
	if want := "milter: stopped; 1 deferred, 2 dkim=none, 2 signed, 1 unsigned\n"; !strings.HasSuffix(stderr.String(), want) {
		t.Errorf("%s\nwant %s", &stderr, want)
	}
	if strings.Contains(stderr.String(), "no key") {
		t.Errorf("the log has a key in it: %s", &stderr)
	}
}

// TestUnreadable: a message that cannot be verified at all is delivered, and says so.
func TestUnreadable(t *testing.T) {
	w := newWorld(t)
	_, verify := startFilter(t, &filter{id: "mx.test", verifier: &dkim.Verifier{Resolver: w}, log: log.New(t.Output(), "", 0)})
	c := connect(t, verify)
	message := strings.Repeat("X: "+strings.Repeat("x", 100)+"\r\n", 12_000) + "From: a@example.org\r\n\r\nbody\r\n"
	got, err := c.send(t, message)
	if want := regexp.MustCompile(`^Authentication-Results: mx\.test;\r\n\tdkim=policy\r\n\treason="[^"]*"\r\n$`); err != nil || !strings.HasSuffix(got, message) ||
		!want.MatchString(strings.TrimSuffix(got, message)) {
		t.Errorf("%v: %.300q", err, got)
	}
}

// TestPlainResolver: a resolver's temporary error defers, whatever its type.
func TestPlainResolver(t *testing.T) {
	w := newWorld(t)
	failing := resolverFunc(func() error { return errors.New("no answer") })
	_, verify := startFilter(t, &filter{id: "mx.test", verifier: &dkim.Verifier{Resolver: failing}, log: log.New(t.Output(), "", 0)})
	c := connect(t, verify)
	_, err := c.send(t, w.sign(t, "From: a@example.org\r\n\r\nbody\r\n", w.signers()[0]))
	if !refused(err, 451, "4.7.5 Unable to verify signature - key server unavailable") {
		t.Error(err)
	}
}

// TestConcurrent: many connections at once, each with messages of its own.
func TestConcurrent(t *testing.T) {
	w := newWorld(t)
	f := &filter{id: "mx.test", signers: w.signers()[1], verifier: &dkim.Verifier{Resolver: w}, log: log.New(io.Discard, "", 0)}
	sign, verify := startFilter(t, f)
	t.Run("connections", func(t *testing.T) {
		for i := range 16 {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				signing, verifying := connect(t, sign), connect(t, verify)
				for n := range 8 {
					message := fmt.Sprintf("From: a@example.org\r\nSubject: %d of %d\r\n\r\n%s\r\n", n, i, strings.Repeat("x", 100*n*i))
					signed, err := signing.send(t, message)
					if err != nil {
						t.Fatal(err)
					}
					got, err := verifying.send(t, signed)
					if err != nil || !strings.HasPrefix(got, "Authentication-Results: mx.test;\r\n\tdkim=pass ") || !strings.HasSuffix(got, signed) {
						t.Errorf("%v\n%s", err, got)
					}
				}
			})
		}
	})
	if got, want := f.counts.String(), "128 dkim=pass, 128 signed"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestSignerAtFault: what is our fault refuses no mail for good, though its reason
// is one that messages have too.
func TestSignerAtFault(t *testing.T) {
	w := newWorld(t)
	signer := &dkim.Signer{Domain: "example.org", Selector: "s1", Key: w.rsa, Headers: headerlist.MustParse("To")}
	sign, _ := startFilter(t, &filter{id: "mx.test", signers: signer, log: log.New(t.Output(), "", 0)})
	c := connect(t, sign)
	if _, err := c.send(t, "From: a@example.org\r\n\r\nbody\r\n"); !refused(err, 451, "4.7.0 The message cannot be signed at the moment") {
		t.Error(err)
	}
	if _, err := c.send(t, "To: a@example.org\r\n\r\nbody\r\n"); !refused(err, 550, "5.6.0 The message cannot be signed") {
		t.Error(err)
	}
}

type resolverFunc func() error

func (f resolverFunc) LookupTXT(context.Context, string) ([]string, error) { return nil, f() }

var _ keyrecord.Resolver = resolverFunc(nil)

func TestUsage(t *testing.T) {
	for _, tt := range []struct {
		args string
		want string
	}{
		{"-h", "Usage: milter"},
		{"", "nothing to do"},
		{"-sign 127.0.0.1:0", "-sign needs -keys"},
		{"-sign 127.0.0.1:0 -keys nosuch", "nosuch"},
		{"-verify 127.0.0.1:0 x", `unexpected argument "x"`},
		{"-nosuch", "-nosuch"},
		{"-sign 127.0.0.1:0 -keys . -selector s1,s..2", "s="},
	} {
		var stderr buffer
		if status := run(context.Background(), strings.Fields(tt.args), &stderr); status != 2 || !strings.Contains(stderr.String(), tt.want) {
			t.Errorf("%q: status %d, %q", tt.args, status, &stderr)
		}
	}
	var stderr buffer
	if status := run(context.Background(), []string{"-verify", "256.0.0.1:0"}, &stderr); status != 1 || !strings.Contains(stderr.String(), "256.0.0.1") {
		t.Errorf("status %d, %q", status, &stderr)
	}
}
