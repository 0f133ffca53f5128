package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/internal/dkimtest"
)

// TestMain is the program itself where a test starts it as a process.
func TestMain(m *testing.M) {
	if os.Getenv("WAXSEAL_BEAM") != "" {
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
	cmd.Env = append(os.Environ(), "WAXSEAL_BEAM=1")
	return cmd
}

// runProgram runs the program to its end.
func runProgram(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	cmd := program(t, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// A zone answers for key records, as the DNS server of the program.
type zone struct {
	address string
	mu      sync.Mutex
	records map[string]string
	asked   map[string]int
	first   chan struct{} // is closed with the first query
	held    chan struct{} // queries wait until this is closed, if it is not nil
}

func startZone(t *testing.T) *zone {
	t.Helper()
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	z := &zone{address: packets.LocalAddr().String(), records: map[string]string{}, asked: map[string]int{}, first: make(chan struct{})}
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
	z.mu.Lock()
	if len(z.asked) == 0 {
		close(z.first)
	}
	z.asked[name]++
	txt, ok := z.records[name]
	z.mu.Unlock()
	if z.held != nil {
		<-z.held
	}
	switch {
	case txt == "SERVFAIL":
		response.Rcode = dns.RcodeServerFailure
	case ok:
		rr := &dns.TXT{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeTXT, Class: dns.ClassINET, Ttl: 300}}
		for part := range slices.Chunk([]byte(txt), 255) {
			rr.Txt = append(rr.Txt, string(part))
		}
		response.Answer = []dns.RR{rr}
	default:
		response.Rcode = dns.RcodeNameError
	}
	w.WriteMsg(response)
}

// publish puts the key record of a signer into the zone.
func (z *zone) publish(t *testing.T, s *dkim.Signer) {
	t.Helper()
	record, err := s.Record()
	if err != nil {
		t.Fatal(err)
	}
	name, err := s.KeyName()
	if err != nil {
		t.Fatal(err)
	}
	z.records[name+"."] = record.String()
}

// sent is when the messages of the tests arrived, years ago.
var sent = time.Date(2012, 3, 4, 5, 6, 7, 0, time.UTC)

// signer returns a signer with an Ed25519 key of domain.
func signer(domain string, n byte) *dkim.Signer {
	return &dkim.Signer{Domain: domain, Selector: "s1", Key: dkimtest.Ed25519(n), Lifetime: 24 * time.Hour, Time: func() time.Time { return sent }}
}

// mailText returns message i, signed unless s is nil.
func mailText(t *testing.T, i int, s *dkim.Signer) string {
	t.Helper()
	text := fmt.Sprintf("From: Joe <joe@example.org>\r\nDate: %s\r\nSubject: dinner %d\r\n\r\nHi.\r\n", sent.Format(time.RFC1123Z), i)
	if s == nil {
		return text
	}
	var b strings.Builder
	if err := dkim.Sign(context.Background(), &b, strings.NewReader(text), s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// mboxOf returns messages as an mbox with LF, as mboxrd quotes it.
func mboxOf(messages ...string) string {
	var b strings.Builder
	for _, m := range messages {
		b.WriteString("From joe@example.org Sun Mar  4 05:06:07 2012\n")
		for line := range strings.Lines(strings.ReplaceAll(m, "\r\n", "\n")) {
			if strings.HasPrefix(strings.TrimLeft(line, ">"), "From ") {
				b.WriteByte('>')
			}
			b.WriteString(line)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func writeFile(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// readReport returns the counts of a report by "domain status bits reason".
func readReport(t *testing.T, file string) map[string]int {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) == 0 || strings.Join(rows[0], ",") != "domain,status,bits,reason,count" {
		t.Fatalf("%q, %v", rows, err)
	}
	if !slices.IsSortedFunc(rows[1:], slices.Compare[[]string]) {
		t.Error("the report is not sorted")
	}
	got := map[string]int{}
	for _, row := range rows[1:] {
		n, err := strconv.Atoi(row[4])
		if err != nil {
			t.Fatal(err)
		}
		got[strings.Join(row[:4], " ")] += n
	}
	return got
}

// TestArchive verifies 50,000 messages of 200 keys, in mboxes and a Maildir. Each
// key is looked up once, and the report has every message.
func TestArchive(t *testing.T) {
	const total, keys = 50_000, 200
	z := startZone(t)
	dir := t.TempDir()
	var signers []*dkim.Signer
	for n := range keys - 2 {
		signers = append(signers, signer(fmt.Sprintf("d%d.example", n), byte(n)))
		z.publish(t, signers[n])
	}
	absent, failing := signer("absent.example", 1), signer("failing.example", 1)
	signers = append(signers, absent, failing)
	z.records["s1._domainkey.failing.example."] = "SERVFAIL"

	want := map[string]int{}
	var mboxes [4][]string
	if err := os.Mkdir(filepath.Join(dir, "cur"), 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range total {
		s := signers[i%997%keys]
		var text, row string
		switch {
		case i%50 == 3:
			text, row = mailText(t, i, nil), " none  "
		case s == absent:
			text, row = mailText(t, i, s), "absent.example permerror  "
		case s == failing:
			text, row = mailText(t, i, s), "failing.example temperror  "
		case i%50 == 7:
			text, row = strings.Replace(mailText(t, i, s), "Hi.", "Bye.", 1), s.Domain+" fail 256 "
		default:
			text, row = mailText(t, i, s), s.Domain+" pass 256 "
		}
		want[row]++
		if i < 1000 {
			writeFile(t, filepath.Join(dir, "cur", fmt.Sprint(i)), strings.ReplaceAll(text, "\r\n", "\n"))
		} else {
			mboxes[i%4] = append(mboxes[i%4], text)
		}
	}
	for i, messages := range mboxes {
		writeFile(t, filepath.Join(dir, fmt.Sprint(i, ".mbox")), mboxOf(messages...))
	}
	report := filepath.Join(dir, "report.csv")
	begin := time.Now()
	status, out, errs := runProgram(t, "-input", dir+"/*.mbox,"+dir+"/cur/*", "-output", report, "-dns", z.address)
	t.Logf("%v: %s", time.Since(begin).Round(time.Millisecond), out)
	if status != 0 || errs != "" || out != "50000 messages read, 200 keys looked up in DNS, 50000 messages verified; the report is in "+report+"\n" {
		t.Fatalf("status %d, %q, %q", status, out, errs)
	}
	got := map[string]int{}
	for row, n := range readReport(t, report) {
		fields := strings.SplitN(row, " ", 4)
		fields[3] = "" // the reason: TestReport looks at it
		got[strings.Join(fields, " ")] += n
	}
	for row, n := range want {
		if got[row] != n {
			t.Errorf("%q: %d, want %d", row, got[row], n)
		}
		delete(got, row)
	}
	if len(got) != 0 {
		t.Errorf("more than is wanted: %v", got)
	}
	if len(z.asked) != keys {
		t.Errorf("DNS was asked for %d names, want %d", len(z.asked), keys)
	}
	for name, n := range z.asked {
		if n != 1 && !strings.Contains(name, "failing") { // Go's resolver tries a failing server again
			t.Errorf("%d queries for %s", n, name)
		}
	}
}
