package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/waxseal/waxseal/keyrecord"
)

// waitForResults waits until the stream of results has n.
func waitForResults(t *testing.T, c *connection, n int) {
	t.Helper()
	consumer, err := c.results.OrderedConsumer(t.Context(), jetstream.OrderedConsumerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	messages, err := consumer.Messages()
	if err != nil {
		t.Fatal(err)
	}
	defer messages.Stop()
	for range n {
		if _, err := messages.Next(jetstream.NextContext(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
}

// A worker that is interrupted finishes what it has begun, hands back the rest
// and says what it did. What it handed back does not wait for -ack-wait.
func TestInterruptWork(t *testing.T) {
	const total, easy, parallel = 600, 300, 8
	z, server := startZone(t), startServer(t)
	z.held = "s1._domainkey.held.example."
	dir := t.TempDir()
	signer, held := z.publishKey(t, "example.org", 1), z.publishKey(t, "held.example", 2)
	for i := range total {
		if i == easy {
			signer = held
		}
		write(t, dir, i, message(t, i, signer))
	}
	if status, _, errs := output(t, "publish", "-nats", server.url, dir); status != 0 {
		t.Fatal(errs)
	}
	c, err := connect(t.Context(), server.url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	args := []string{"work", "-nats", server.url, "-dns", z.address, "-parallel", fmt.Sprint(parallel), "-ack-wait", "1h", "-timeout", "1m"}
	cmd := program(t, args...)
	var out strings.Builder
	cmd.Stdout = &out
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	waitForResults(t, c, easy)
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stderr).ReadString('\n')
	if err != nil || !strings.Contains(line, "stopping when ") {
		t.Errorf("%q, %v", line, err)
	}
	close(z.release)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	t.Logf("interrupted: %s", &out)
	var done, passed, handedBack int
	_, err = fmt.Sscanf(out.String(), "%d messages: %d pass, %d handed back", &done, &passed, &handedBack)
	if err != nil || done != passed || done < easy || done > easy+parallel || handedBack < 1 {
		t.Errorf("%q, %v; want %d to %d messages, and some handed back", &out, err, easy, easy+parallel)
	}
	if info, err := c.results.Info(t.Context()); err != nil || int(info.State.Msgs) != done {
		t.Errorf("%+v, %v; want %d results", info, err, done)
	}
	if status, out, errs := output(t, append(args, "-drain")...); status != 0 || !strings.HasPrefix(out, fmt.Sprintf("%d messages: ", total-done)) {
		t.Errorf("the next worker: status %d, %q, %q; want %d messages", status, out, errs, total-done)
	}
	if _, out, _ := output(t, "report", "-nats", server.url); out != "600 messages: 600 pass; 0 are left to do\n" {
		t.Errorf("report: %q", out)
	}
}

// Publishing that is interrupted says how far it is, and goes on from there.
func TestInterruptPublish(t *testing.T) {
	server := startServer(t)
	dir := t.TempDir()
	for i := range 3 * batch {
		write(t, dir, i, message(t, i, nil))
	}
	// The program reads the last file of the second batch, which is a pipe, when we write it.
	fifo := filepath.Join(dir, fmt.Sprintf("%06d", 2*batch-1))
	if err := os.Remove(fifo); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := program(t, append([]string{"publish", "-nats", server.url}, files...)...)
	var out strings.Builder
	cmd.Stdout = &out
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	w, err := os.OpenFile(fifo, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stderr)
	if line, err := lines.ReadString('\n'); err != nil || !strings.Contains(line, "stopping when ") {
		t.Errorf("%q, %v", line, err)
	}
	io.WriteString(w, message(t, 0, nil))
	w.Close()
	last, _ := io.ReadAll(lines)
	cmd.Wait()
	const done = 2 * batch
	if out.String() != "published 512 of 768 messages\n" || cmd.ProcessState.ExitCode() != interrupted || !strings.Contains(string(last), "-skip 512") {
		t.Errorf("status %d, %q, %q", cmd.ProcessState.ExitCode(), &out, last)
	}
	args := append([]string{"publish", "-nats", server.url, "-skip", fmt.Sprint(done)}, files...)
	if status, out, errs := output(t, args...); status != 0 || out != "published 768 of 768 messages\n" {
		t.Errorf("the rest: status %d, %q, %q", status, out, errs)
	}
	if _, out, _ := output(t, "report", "-nats", server.url); out != "0 messages; 768 are left to do\n" {
		t.Errorf("report: %q", out)
	}
}

// On a terminal there is a bar, which is gone at the end.
func TestBarOnTerminal(t *testing.T) {
	server := startServer(t)
	dir := t.TempDir()
	for i := range 2 * batch {
		write(t, dir, i, message(t, i, nil))
	}
	terminal, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	cmd := program(t, "publish", "-nats", server.url, dir)
	cmd.Stderr = tty
	var out strings.Builder
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tty.Close()
	shown, _ := io.ReadAll(terminal) // it ends with an error when the program does
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`^\rpublishing \[#+\.+\] 256 of 512\x1b\[K(\rpublishing \[#+\] 512 of 512\x1b\[K)?\r\x1b\[K$`)
	if !want.Match(shown) || out.String() != "published 512 of 512 messages\n" {
		t.Errorf("the terminal got %q, standard output %q", shown, out.String())
	}
}

// A counting resolver counts its lookups, and fails if err is set.
type counting struct {
	keyrecord.MapResolver
	err   error
	asked int
}

func (c *counting) LookupTXT(ctx context.Context, name string) ([]string, error) {
	c.asked++
	if c.err != nil {
		return nil, c.err
	}
	return c.MapResolver.LookupTXT(ctx, name)
}

// What one worker has looked up, another finds in the bucket: an answer and a
// denial, until they expire, but no temporary failure.
func TestSharedKeys(t *testing.T) {
	server := startServer(t)
	c, err := connect(t.Context(), server.url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	bucket, err := c.js.CreateOrUpdateKeyValue(t.Context(), keys)
	if err != nil {
		t.Fatal(err)
	}
	const name, denied = "s1._domainkey.example.org.", "s2._domainkey.example.org."
	dns := keyrecord.MapResolver{name: {"v=DKIM1; p=", "and more"}}
	first, second := &counting{MapResolver: dns}, &counting{MapResolver: dns}
	for i, r := range []*sharedKeys{{bucket, first}, {bucket, second}, {bucket, first}} {
		a, err := r.LookupAnswer(t.Context(), name)
		if err != nil || strings.Join(a.TXT, "|") != "v=DKIM1; p=|and more" || a.Authentic || a.TTL > maxTTL || a.TTL < maxTTL-time.Minute {
			t.Errorf("%d: %+v, %v", i, a, err)
		}
		a, err = r.LookupAnswer(t.Context(), denied)
		if err != nil || a.TXT != nil || a.TTL > negativeTTL || a.TTL < negativeTTL-time.Minute {
			t.Errorf("%d: %+v, %v, want a denial", i, a, err)
		}
	}
	if first.asked != 2 || second.asked != 0 {
		t.Errorf("%d and %d lookups, want 2 and 0", first.asked, second.asked)
	}

	broken := &counting{err: &net.DNSError{Err: "server misbehaving", IsTemporary: true}}
	for range 2 {
		if _, err := (&sharedKeys{bucket, broken}).LookupTXT(t.Context(), "s3._domainkey.example.org."); !errors.Is(err, keyrecord.ErrTemporary) {
			t.Errorf("broken: %v", err)
		}
	}
	if broken.asked != 2 {
		t.Errorf("%d lookups, want 2: a temporary failure is not kept", broken.asked)
	}

	// An answer that is over, one that is no answer, and a bucket that is away.
	for _, value := range []string{`{"txt":["old"],"expires":"2020-01-01T00:00:00Z"}`, "nonsense"} {
		if _, err := bucket.Put(t.Context(), strings.TrimSuffix(name, "."), []byte(value)); err != nil {
			t.Fatal(err)
		}
		if txt, err := (&sharedKeys{bucket, second}).LookupTXT(t.Context(), name); err != nil || txt[0] != "v=DKIM1; p=" {
			t.Errorf("%s: %q, %v", value, txt, err)
		}
	}
	if second.asked != 2 {
		t.Errorf("%d lookups, want 2", second.asked)
	}
	c.Close()
	if txt, err := (&sharedKeys{bucket, second}).LookupTXT(t.Context(), name); err != nil || txt[0] != "v=DKIM1; p=" || second.asked != 3 {
		t.Errorf("without a bucket: %q, %v, %d lookups", txt, err, second.asked)
	}
}

// A message of very many signatures has a result that the server takes.
func TestManySignatures(t *testing.T) {
	server, z := startServer(t), startZone(t)
	dir := t.TempDir()
	write(t, dir, 0, strings.Repeat("DKIM-Signature: x\r\n", 5000)+message(t, 0, z.publishKey(t, "example.org", 1)))
	if status, _, errs := output(t, "publish", "-nats", server.url, dir); status != 0 {
		t.Fatal(errs)
	}
	if status, out, errs := output(t, "work", "-nats", server.url, "-dns", z.address, "-drain"); status != 0 || !strings.HasPrefix(out, "1 messages: 1 ") {
		t.Errorf("work: status %d, %q, %q", status, out, errs)
	}
	_, out, _ := output(t, "report", "-nats", server.url, "-json")
	if n := strings.Count(out, `"domain"`); n > maxVerdicts || n == 0 || len(out) > 100*maxVerdicts*4 {
		t.Errorf("%d verdicts, %d octets", n, len(out))
	}
}

func TestDelay(t *testing.T) {
	for _, tt := range []struct {
		n    uint64
		want time.Duration
	}{
		{1, 30 * time.Second}, {2, time.Minute}, {3, 2 * time.Minute}, {7, 32 * time.Minute}, {8, time.Hour}, {1 << 60, time.Hour},
	} {
		if got := delay(30*time.Second, tt.n); got != tt.want {
			t.Errorf("after delivery %d: %v, want %v", tt.n, got, tt.want)
		}
	}
	if got := delay(24*time.Hour, 1); got != time.Hour {
		t.Errorf("%v, want an hour", got)
	}
}
