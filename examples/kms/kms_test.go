package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/keyrecord"
)

const module = "/usr/lib/softhsm/libsofthsm2.so"

var fence = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

// The tests share one token, which the commands of the README make, since a
// module reads its configuration once in a process. TestMain starts nothing if
// the programs are not there.
var hsm struct {
	dir, absent string // the folder of the token; what is missing for one
	said        string // by the commands
}

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	for _, name := range []string{"softhsm2-util", "pkcs11-tool", "sh", "go"} {
		if _, err := exec.LookPath(name); err != nil {
			hsm.absent = err.Error()
			return m.Run()
		}
	}
	if _, err := os.Stat(module); err != nil {
		hsm.absent = err.Error()
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "kms")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	hsm.dir = dir
	conf := filepath.Join(dir, "softhsm2.conf")
	if err := os.Mkdir(filepath.Join(dir, "tokens"), 0o700); err != nil {
		panic(err)
	}
	for file, text := range map[string]string{
		conf:                            "directories.tokendir = " + dir + "/tokens\nlog.level = ERROR\n",
		filepath.Join(dir, "message"):   message,
		filepath.Join(dir, "wrong-pin"): "4321\n",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			panic(err)
		}
	}
	os.Setenv("SOFTHSM2_CONF", conf)
	if build, err := exec.Command("go", "build", "-o", filepath.Join(dir, "kms"), ".").CombinedOutput(); err != nil {
		fmt.Printf("go build: %v\n%s", err, build)
		return 1
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		panic(err)
	}
	for _, block := range fence.FindAllStringSubmatch(string(readme), -1) {
		script := strings.ReplaceAll(block[1], "go run .", "./kms")
		cmd := exec.Command("sh", "-ec", script)
		cmd.Dir = dir
		said, err := cmd.CombinedOutput()
		hsm.said += string(said)
		if err != nil {
			fmt.Printf("%s: %v\n%s", script, err, said)
			return 1
		}
	}
	return m.Run()
}

// token opens the token with sessions. Only one is open at a time: a module is
// initialized once in a process.
func token(t *testing.T, sessions int) *Token {
	t.Helper()
	need(t)
	tok, err := OpenToken(module, "mail", "1234", sessions)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tok.Close(); err != nil {
			t.Error(err)
		}
	})
	return tok
}

func need(t *testing.T) {
	t.Helper()
	switch {
	case hsm.absent != "" && os.Getenv("CI") != "":
		t.Fatalf("%s; run ./install", hsm.absent)
	case hsm.absent != "":
		t.Skipf("%s; run ./install", hsm.absent)
	}
}

func key(t *testing.T, tok *Token, label string) *Key {
	t.Helper()
	k, err := tok.Key(t.Context(), label)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

const message = "From: Joe <joe@example.org>\r\nTo: suzie@example.net\r\nSubject: dinner\r\n\r\nHi.\r\n"

// signers returns signers for both keys, and a resolver with their records.
func signers(t *testing.T, tok *Token) (dkim.SignerList, keyrecord.MapResolver) {
	t.Helper()
	list, err := signersOf(t.Context(), tok, "example.org", [][2]string{{"rsa", "s1"}, {"ed", "s2"}})
	if err != nil {
		t.Fatal(err)
	}
	resolver := keyrecord.MapResolver{}
	for _, s := range list {
		record, err := s.Record()
		if err != nil {
			t.Fatal(err)
		}
		name, err := s.KeyName()
		if err != nil {
			t.Fatal(err)
		}
		resolver[name] = []string{record.String()}
	}
	return list, resolver
}

// verified verifies a message that both keys have signed.
func verified(t *testing.T, signed string, resolver keyrecord.Resolver) {
	t.Helper()
	results, err := dkim.Verify(context.Background(), strings.NewReader(signed), &dkim.Verifier{Resolver: resolver})
	if err != nil || len(results) != 2 {
		t.Fatalf("%v, %v", results, err)
	}
	for i, algorithm := range []string{"rsa-sha256", "ed25519-sha256"} {
		if r := results[i]; r.Status != dkim.Pass || r.Signature.Algorithm != algorithm {
			t.Errorf("%s, %v, by %s; want pass by %s", r.Status, r.Err, r.Signature.Algorithm, algorithm)
		}
	}
}

// What the commands of the README have made passes with the records that they
// have printed.
func TestREADME(t *testing.T) {
	tok := token(t, 2)
	list, resolver := signers(t, tok)
	signed, err := os.ReadFile(filepath.Join(hsm.dir, "signed"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(string(signed), "\r\n"+message) {
		t.Errorf("signed is %q", signed)
	}
	verified(t, string(signed), resolver)
	for _, s := range list {
		record, err := s.Record()
		if err != nil {
			t.Fatal(err)
		}
		if line := keyrecord.ZoneLine(s.Selector, s.Domain, record); !strings.Contains(hsm.said, line+"\n") {
			t.Errorf("the commands did not print %s:\n%s", line, hsm.said)
		}
	}
	if n := strings.Count(hsm.said, "sensitive, always sensitive, never extractable"); n != 2 {
		t.Errorf("%d keys are for the token alone, want 2:\n%s", n, hsm.said)
	}
}

// Many messages are signed side by side over few sessions.
func TestManyMessages(t *testing.T) {
	tok := token(t, 3)
	list, resolver := signers(t, tok)
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			text := strings.Replace(message, "dinner", fmt.Sprint("dinner ", i), 1)
			var out strings.Builder
			if err := dkim.Sign(context.Background(), &out, strings.NewReader(text), list); err != nil {
				t.Error(err)
				return
			}
			results, err := dkim.Verify(context.Background(), strings.NewReader(out.String()), &dkim.Verifier{Resolver: resolver})
			if err != nil || len(results) != 2 || results[0].Status != dkim.Pass || results[1].Status != dkim.Pass {
				t.Errorf("message %d: %v, %v", i, results, err)
			}
		})
	}
	all.Wait()
	if len(tok.pool) != 3 {
		t.Errorf("%d sessions are left, want 3", len(tok.pool))
	}
}

// Who waits for a session waits no longer than its context lives.
func TestNoSession(t *testing.T) {
	tok := token(t, 1)
	list, resolver := signers(t, tok)
	taken := <-tok.pool
	reason := errors.New("the client left")
	for _, s := range list {
		ctx, cancel := context.WithCancelCause(context.Background())
		k := s.Key.(*Key)
		done := make(chan error)
		go func() {
			_, err := k.SignContext(ctx, nil, make([]byte, 32), hashOf(k))
			done <- err
		}()
		cancel(reason)
		if err := <-done; !errors.Is(err, reason) {
			t.Errorf("%s: %v, want %v", k.label, err, reason)
		}
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(reason)
	var out strings.Builder
	err := dkim.Sign(ctx, &out, strings.NewReader(message), list)
	if !errors.Is(err, reason) && !errors.Is(err, context.Canceled) || out.Len() != 0 {
		t.Errorf("Sign: %v, %q", err, &out)
	}
	tok.pool <- taken
	if err := dkim.Sign(context.Background(), &out, strings.NewReader(message), list); err != nil {
		t.Fatal(err)
	}
	verified(t, out.String(), resolver)
}

func hashOf(k *Key) crypto.SignerOpts {
	if _, ok := k.Public().(*rsa.PublicKey); ok {
		return crypto.SHA256
	}
	return crypto.Hash(0)
}

// A context that ends while the token is at work leaves the session whole.
func TestCancelled(t *testing.T) {
	tok := token(t, 2)
	k := key(t, tok, "rsa")
	digest := sha256.Sum256([]byte("x"))
	for i := range 50 {
		ctx, cancel := context.WithCancel(context.Background())
		go cancel()
		signature, err := k.SignContext(ctx, nil, digest[:], crypto.SHA256)
		if err == nil {
			err = rsa.VerifyPKCS1v15(k.Public().(*rsa.PublicKey), crypto.SHA256, digest[:], signature)
		} else if errors.Is(err, context.Canceled) {
			err = nil
		}
		if err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		cancel()
	}
	signature, err := k.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil || rsa.VerifyPKCS1v15(k.Public().(*rsa.PublicKey), crypto.SHA256, digest[:], signature) != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// Sessions, and with them the login, may be lost: as when the token restarts.
func TestLostSessions(t *testing.T) {
	tok := token(t, 2)
	list, resolver := signers(t, tok)
	for range 3 {
		if err := tok.module.CloseAllSessions(tok.slot); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		if err := dkim.Sign(context.Background(), &out, strings.NewReader(message), list); err != nil {
			t.Fatal(err)
		}
		verified(t, out.String(), resolver)
	}
}

func TestMechanism(t *testing.T) {
	tok := token(t, 1)
	rsaKey, edKey := key(t, tok, "rsa"), key(t, tok, "ed")
	digest := make([]byte, 32)
	for _, tt := range []struct {
		name   string
		key    *Key
		digest []byte
		opts   crypto.SignerOpts
		ok     bool
	}{
		{"RSA", rsaKey, digest, crypto.SHA256, true},
		{"RSA of SHA-1", rsaKey, digest[:20], crypto.SHA1, false},
		{"RSA of a short digest", rsaKey, digest[:31], crypto.SHA256, false},
		{"RSA without a hash", rsaKey, digest, crypto.Hash(0), false},
		{"RSA-PSS", rsaKey, digest, &rsa.PSSOptions{Hash: crypto.SHA256}, false},
		{"Ed25519", edKey, digest, crypto.Hash(0), true},
		{"Ed25519 of any message", edKey, []byte("hello"), crypto.Hash(0), true},
		{"Ed25519ph", edKey, make([]byte, 64), crypto.SHA512, false},
	} {
		signature, err := tt.key.Sign(nil, tt.digest, tt.opts)
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
		if ed, ok := tt.key.Public().(ed25519.PublicKey); ok && tt.ok && !ed25519.Verify(ed, tt.digest, signature) {
			t.Errorf("%s: the signature does not verify", tt.name)
		}
	}
}

func TestEdPoint(t *testing.T) {
	const name, oid = "\x13\x0cedwards25519", "\x06\x03\x2b\x65\x70"
	edwards := []byte{ckkECEdwards, 0, 0, 0}
	raw := bytes.Repeat([]byte{4}, 32)
	for _, tt := range []struct {
		name                 string
		kind, params, points []byte
		ok                   bool
	}{
		{"DER", edwards, []byte(name), append([]byte{4, 32}, raw...), true},
		{"DER, OID", edwards, []byte(oid), append([]byte{4, 32}, raw...), true},
		{"raw", edwards, []byte(oid), raw, true},
		{"Ed448", edwards, []byte("\x13\x0aedwards448"), raw, false},
		{"another kind", []byte{3}, []byte(name), raw, false},
		{"no kind", nil, []byte(name), raw, false},
		{"short", edwards, []byte(name), raw[:31], false},
		{"long", edwards, []byte(name), append([]byte{4, 33}, raw...), false},
	} {
		got, err := edPoint(tt.kind, tt.params, tt.points)
		if (err == nil) != tt.ok || tt.ok && !bytes.Equal(got, raw) {
			t.Errorf("%s: %x, %v", tt.name, got, err)
		}
	}
}

func TestErrors(t *testing.T) {
	need(t)
	moreKeys(t)
	pin, wrong := filepath.Join(hsm.dir, "pin"), filepath.Join(hsm.dir, "wrong-pin")
	for _, tt := range []struct {
		name, args string
		status     int
		want       string
	}{
		{"help", "-h", 2, "Usage: kms "},
		{"nothing", "", 2, "give -token"},
		{"flag", "-nosuch", 2, "-nosuch"},
		{"argument", "message", 2, "standard input"},
		{"key without a selector", "-key rsa", 2, "a selector"},
		{"timeout", "-token mail -pin-file " + pin + " -domain example.org -key rsa=s1 -timeout 0s", 2, "more than 0"},
		{"no PIN file", "-token mail -pin-file nosuch -domain example.org -key rsa=s1", 2, "nosuch"},
		{"no module", "-module /nosuch -token mail -pin-file " + pin + " -domain example.org -key rsa=s1", 2, "/nosuch"},
		{"no token", "-token nosuch -pin-file " + pin + " -domain example.org -key rsa=s1", 2, `0 tokens have the label "nosuch"`},
		{"wrong PIN", "-token mail -pin-file " + wrong + " -domain example.org -key rsa=s1", 2, "CKR_PIN_INCORRECT"},
		{"no key", "-token mail -pin-file " + pin + " -domain example.org -key nosuch=s1", 2, `no private key has the label "nosuch"`},
		{"no domain", "-token mail -pin-file " + pin + " -domain a..b -key rsa=s1", 2, "key rsa: "},
		{"ECDSA", "-token mail -pin-file " + pin + " -domain example.org -key p256=s1", 2, "neither RSA nor Ed25519"},
		{"two of a label", "-token mail -pin-file " + pin + " -domain example.org -key twin=s1", 2, `more than one private key has the label "twin"`},
		{"time is over", "-token mail -pin-file " + pin + " -domain example.org -key rsa=s1 -timeout 1ns", 1, "deadline"},
		{"no message", "-token mail -pin-file " + pin + " -domain example.org -key rsa=s1", 1, "kms: "},
	} {
		var out, errs strings.Builder
		stdin := message
		if tt.name == "no message" {
			stdin = "nonsense\r\n"
		}
		status := run(t.Context(), strings.Fields(tt.args), strings.NewReader(stdin), &out, &errs)
		if status != tt.status || out.Len() != 0 || !strings.Contains(errs.String(), tt.want) {
			t.Errorf("%s: status %d, %q, %q; want %d, %q", tt.name, status, &out, &errs, tt.status, tt.want)
		}
	}
}

var more sync.Once

// moreKeys makes keys that the program refuses.
func moreKeys(t *testing.T) {
	more.Do(func() {
		for _, k := range [][2]string{{"EC:prime256v1", "p256"}, {"rsa:1024", "twin"}, {"rsa:1024", "twin"}} {
			out, err := exec.Command("pkcs11-tool", "--module", module, "--token-label", "mail", "--login", "--pin", "1234",
				"--keypairgen", "--key-type", k[0], "--label", k[1]).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
		}
	})
}
