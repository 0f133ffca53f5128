package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

// program returns the path of a program of package pkg. Without it the test
// skips, and fails where CI is set.
func program(t *testing.T, name, pkg string) string {
	t.Helper()
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin") {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is not there; install %s", name, pkg)
	}
	t.Skipf("%s is not there; install %s", name, pkg)
	return ""
}

// command runs a program in dir and returns what it prints.
func command(t *testing.T, dir, path string, args ...string) string {
	t.Helper()
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", path, args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// zone writes a zone with a name server and records.
func zone(t *testing.T, dir, name string, records ...string) {
	t.Helper()
	text := "$ORIGIN " + name + ".\n$TTL 300\n" +
		"@ 600 IN SOA ns root 1 3600 900 86400 120\n@ IN NS ns\nns IN A 127.0.0.1\n" + strings.Join(records, "\n") + "\n"
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// sign signs a zone and returns its trust anchor.
func sign(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	key := command(t, dir, program(t, "ldns-keygen", "ldnsutils"), "-k", "-a", "ECDSAP256SHA256", name)
	command(t, dir, program(t, "ldns-signzone", "ldnsutils"), append(args, "-f", name, name, key)...)
	anchor, err := os.ReadFile(filepath.Join(dir, key+".key"))
	if err != nil {
		t.Fatal(err)
	}
	return string(anchor)
}

// edit changes a zone behind its signatures.
func edit(t *testing.T, dir, name, from, to string) {
	t.Helper()
	file := filepath.Join(dir, name)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte(from)) {
		t.Fatalf("no %q in %s", from, text)
	}
	if err := os.WriteFile(file, bytes.ReplaceAll(text, []byte(from), []byte(to)), 0o644); err != nil {
		t.Fatal(err)
	}
}

const server = `server:
	directory: "%[1]s"
	chroot: ""
	username: ""
	pidfile: ""
	use-syslog: no
	verbosity: 1
	do-daemonize: no
	interface: 127.0.0.1@%[2]d
	do-ip6: no
	module-config: "validator iterator"
	trust-anchor-file: "anchors"
	max-udp-size: 1232
	ede: yes
`

// unbound runs unbound with the zones in dir, and returns its address and what
// stops it.
func unbound(t *testing.T, dir string, zones ...string) (address string, stop func()) {
	t.Helper()
	path := program(t, "unbound", "unbound")
	var said string
	for range 5 { // another program may take the port first
		port := freePort(t)
		config := fmt.Sprintf(server, dir, port)
		for _, z := range zones {
			config += fmt.Sprintf("auth-zone:\n\tname: %q\n\tzonefile: %q\n\tfor-downstream: no\n\tfor-upstream: yes\n", z, z)
		}
		if err := os.WriteFile(filepath.Join(dir, "unbound.conf"), []byte(config), 0o644); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(path, "-d", "-c", filepath.Join(dir, "unbound.conf"))
		stderr, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines, started := bufio.NewReader(stderr), false
		for said = ""; !started; {
			line, err := lines.ReadString('\n')
			said += line
			if err != nil {
				break
			}
			started = strings.Contains(line, "start of service")
		}
		if !started {
			cmd.Wait()
			continue
		}
		drained := make(chan struct{})
		go func() { io.Copy(io.Discard, lines); close(drained) }()
		stopped := false
		stop = func() {
			if !stopped {
				stopped = true
				cmd.Process.Kill()
				<-drained
				cmd.Wait()
			}
		}
		t.Cleanup(stop)
		return fmt.Sprintf("127.0.0.1:%d", port), stop
	}
	t.Fatalf("unbound does not start:\n%s", said)
	return "", nil
}

// freePort returns a port that nobody listened at a moment ago.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

const message = "From: Joe <joe@signed.example>\r\nTo: suzie@example.net\r\nSubject: dinner\r\n\r\nHi.\r\n"

// signed returns message with a signature for domain.
func signed(t *testing.T, domain, selector string) string {
	t.Helper()
	var b strings.Builder
	s := &dkim.Signer{Domain: domain, Selector: selector, Key: dkimtest.Ed25519(1)}
	if err := dkim.Sign(context.Background(), &b, strings.NewReader(message), s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// record returns a line of a zone in domain.
func record(t *testing.T, selector, domain string, change func(*keyrecord.Record)) string {
	t.Helper()
	r, err := keyrecord.New(dkimtest.Ed25519(1).Public())
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(r)
	}
	return keyrecord.ZoneLine(selector, domain, r)
}

const notes = "a \"quote\", a \\ and \u00e9; 100% \\065"

// zones makes the zones of the tests in a new folder: signed.example; plain.example,
// which is not signed; bogus.example, whose records were changed after they were
// signed; and expired.example, whose signatures are old.
func zones(t *testing.T) (dir string, names []string) {
	t.Helper()
	dir = t.TempDir()
	large, err := keyrecord.New(dkimtest.RSA(8192).Public())
	if err != nil {
		t.Fatal(err)
	}
	zone(t, dir, "signed.example",
		record(t, "s1", "signed.example", nil),
		record(t, "notes", "signed.example", func(r *keyrecord.Record) { r.Notes = notes }),
		`raw._domainkey IN TXT "`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(notes)+`"`,
		keyrecord.ZoneLine("large", "signed.example", large),
		record(t, "large", "signed.example", nil),
		`near._domainkey 30 IN CNAME s1._domainkey`,
		`away._domainkey 60 IN CNAME s1._domainkey.plain.example.`,
		`loop._domainkey IN CNAME loop._domainkey`,
		`nodata._domainkey IN A 127.0.0.1`)
	zone(t, dir, "plain.example", record(t, "s1", "plain.example", nil))
	zone(t, dir, "bogus.example", record(t, "s1", "bogus.example", nil), `other IN TXT "as signed"`)
	zone(t, dir, "expired.example", record(t, "s1", "expired.example", nil))
	anchors := sign(t, dir, "signed.example") + sign(t, dir, "bogus.example") +
		sign(t, dir, "expired.example", "-i", "20200101000000", "-e", "20200201000000")
	edit(t, dir, "bogus.example", "v=DKIM1; k=ed25519;", "v=DKIM1; k=ed25519; n=forged;")
	if err := os.WriteFile(filepath.Join(dir, "anchors"), []byte(anchors), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir, []string{"signed.example", "plain.example", "bogus.example", "expired.example"}
}
