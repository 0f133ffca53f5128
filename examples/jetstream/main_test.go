package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

// TestMain is the program itself where a test starts it as a process.
func TestMain(m *testing.M) {
	if os.Getenv("WAXSEAL_JETSTREAM") != "" {
		main()
	}
	os.Exit(m.Run())
}

// program returns the command of the program with arguments.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), "WAXSEAL_JETSTREAM=1")
	return cmd
}

// output runs the program to its end.
func output(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	cmd := program(t, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// A process is the program at work.
type process struct {
	*exec.Cmd
	out, errs strings.Builder
}

// start starts the program; the end of the test kills it.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{Cmd: program(t, args...)}
	p.Stdout, p.Stderr = &p.out, &p.errs
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

// kill ends a process as a loss of power would.
func (p *process) kill() {
	if p.ProcessState == nil {
		p.Process.Kill()
		p.Wait()
	}
}

// A natsServer is the program's command serve.
type natsServer struct {
	t     *testing.T
	store string
	port  string
	url   string
	cmd   *exec.Cmd
}

func startServer(t *testing.T) *natsServer {
	t.Helper()
	s := &natsServer{t: t, store: t.TempDir(), port: "-1"}
	s.start()
	t.Cleanup(s.kill)
	return s
}

// start starts the server, with the port and the store it had.
func (s *natsServer) start() {
	s.t.Helper()
	s.cmd = program(s.t, "serve", "-port", s.port, "-store", s.store)
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	var log strings.Builder
	s.cmd.Stderr = &log
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		s.cmd.Wait()
		s.t.Fatalf("the server does not start: %v\n%s", err, log.String())
	}
	s.url = strings.TrimSpace(line)
	s.port = s.url[strings.LastIndex(s.url, ":")+1:]
}

func (s *natsServer) kill() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
}

// A zone answers for key records, as the DNS server of the workers.
type zone struct {
	address string
	mu      sync.Mutex
	records map[string]string
	fails   map[string]int // how many more queries for a name fail; negative is all
	asked   map[string]int
	held    string        // queries for this name wait
	release chan struct{} // until this is closed
}

func startZone(t *testing.T) *zone {
	t.Helper()
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	z := &zone{address: packets.LocalAddr().String(), records: map[string]string{}, fails: map[string]int{}, asked: map[string]int{}, release: make(chan struct{})}
	started, done := make(chan struct{}), make(chan struct{})
	s := &dns.Server{PacketConn: packets, Handler: z, NotifyStartedFunc: func() { close(started) }}
	go func() { s.ActivateAndServe(); close(done) }()
	<-started
	t.Cleanup(func() { s.Shutdown(); <-done })
	return z
}

func (z *zone) ServeDNS(w dns.ResponseWriter, query *dns.Msg) {
	response := new(dns.Msg).SetReply(query)
	name := query.Question[0].Name
	if name == z.held {
		<-z.release
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	z.asked[name]++
	switch txt, ok := z.records[name]; {
	case z.fails[name] != 0:
		z.fails[name]--
		response.Rcode = dns.RcodeServerFailure
	case ok:
		response.Answer = []dns.RR{&dns.TXT{
			Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeTXT, Class: dns.ClassINET, Ttl: 300}, Txt: []string{txt},
		}}
	default:
		response.Rcode = dns.RcodeNameError
	}
	w.WriteMsg(response)
}

// publishKey puts the key record of a domain into the zone, and returns its signer.
func (z *zone) publishKey(t *testing.T, domain string, n byte) *dkim.Signer {
	t.Helper()
	signer := &dkim.Signer{Domain: domain, Selector: "s1", Key: dkimtest.Ed25519(n)}
	record, err := signer.Record()
	if err != nil {
		t.Fatal(err)
	}
	name, err := keyrecord.Name("s1", domain)
	if err != nil {
		t.Fatal(err)
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	z.records[name+"."] = record.String()
	return signer
}

// message returns message i, signed unless signer is nil.
func message(t *testing.T, i int, signer *dkim.Signer) string {
	t.Helper()
	text := fmt.Sprintf("From: Joe <joe@example.org>\r\nTo: suzie@example.net\r\nSubject: dinner %d\r\n\r\nHi.\r\n", i)
	if signer == nil {
		return text
	}
	var b strings.Builder
	if err := dkim.Sign(context.Background(), &b, strings.NewReader(text), signer); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// write writes a message to a file of its own, in the order of i.
func write(t *testing.T, dir string, i int, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%06d", i)), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestUsage(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		args string
		want string
	}{
		{"", "Usage: jetstream "},
		{"nosuch", "Usage: jetstream "},
		{"serve", "give -store"},
		{"serve -h", "-sync"},
		{"publish", "name files"},
		{"publish " + dir, "name files"},
		{"publish " + dir + "/nosuch", "nosuch"},
		{"publish -skip 2 main.go", "-skip 2 of 1"},
		{"work now", `"now"`},
		{"work -parallel 0", "more than 0"},
		{"work -timeout 30s", "more than -timeout 30s"},
		{"report now", `"now"`},
		{"report -nosuch", "-nosuch"},
	} {
		var out, errs strings.Builder
		if status := run(t.Context(), strings.Fields(tt.args), &out, &errs); status != 2 || out.Len() != 0 || !strings.Contains(errs.String(), tt.want) {
			t.Errorf("%q: status %d, %q, %q; want %q", tt.args, status, &out, &errs, tt.want)
		}
	}
	for _, command := range []string{"publish main.go", "work", "report"} {
		var errs strings.Builder
		args := append(strings.Fields(command)[:1:1], "-nats", "nats://127.0.0.1:1")
		if status := run(t.Context(), append(args, strings.Fields(command)[1:]...), io.Discard, &errs); status != 1 || !strings.Contains(errs.String(), "127.0.0.1:1") {
			t.Errorf("%s without a server: status %d, %q", command, status, &errs)
		}
	}
}
