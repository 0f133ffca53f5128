package main

import (
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/creack/pty"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/internal/dkimtest"
)

// A report says how large a key is and why a signature did not pass. Keys of the
// past go before those of DNS, the time is that of the message, and flags change
// both.
func TestReport(t *testing.T) {
	z := startZone(t)
	dir := t.TempDir()
	ed, rsa, past := signer("ed.example", 1), signer("rsa.example", 1), signer("past.example", 2)
	rsa.Key = dkimtest.RSA(2048)
	z.publish(t, ed)
	z.publish(t, rsa)
	z.publish(t, signer("past.example", 3)) // DNS has another key today
	record, err := past.Record()
	if err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(dir, "keys")
	writeFile(t, keys, "# keys of 2012\n\nS1._domainkey.Past.Example.\t"+record.String()+"\ns1._domainkey.nobody.example v=DKIM1; p=\n")
	mbox := filepath.Join(dir, "mbox")
	writeFile(t, mbox, mboxOf(
		mailText(t, 0, ed), mailText(t, 1, ed), mailText(t, 2, rsa), mailText(t, 3, past), mailText(t, 4, nil),
		strings.Replace(mailText(t, 5, rsa), "dinner", "lunch", 1), "no header\r\n\r\n"))
	report := filepath.Join(dir, "report.csv")

	for _, tt := range []struct {
		name    string
		args    []string
		lookups int
		want    []string // rows; what begins them if they end in "..."
	}{
		{"keys of the past", []string{"-keys", keys}, 2, []string{
			" none   1", " unreadable  no message that can be verified 1", "ed.example pass 256  2", "past.example pass 256  1", "rsa.example fail 2048 ...", "rsa.example pass 2048  1"}},
		{"DNS alone", nil, 3, []string{
			" none   1", " unreadable  no message that can be verified 1", "ed.example pass 256  2", "past.example fail 256 ...", "rsa.example fail 2048 ...", "rsa.example pass 2048  1"}},
		{"offline", []string{"-keys", keys, "-offline"}, 0, []string{
			" none   1", " unreadable  no message that can be verified 1", "ed.example permerror  ...", "past.example pass 256  1", "rsa.example permerror  ..."}},
		{"now", []string{"-keys", keys, "-now"}, 0, []string{
			" none   1", " unreadable  no message that can be verified 1", "ed.example permerror  ...", "past.example permerror  ...", "rsa.example permerror  ..."}},
	} {
		args := append([]string{"-input", mbox, "-output", report, "-dns", z.address}, tt.args...)
		status, out, errs := runProgram(t, args...)
		said := fmt.Sprintf("7 messages read, %d keys looked up in DNS, 7 messages verified; ", tt.lookups)
		if status != 0 || errs != "" || !strings.HasPrefix(out, said) {
			t.Errorf("%s: status %d, %q, %q; want %q", tt.name, status, out, errs, said)
			continue
		}
		got := []string{}
		for row, n := range readReport(t, report) {
			got = append(got, fmt.Sprint(row, " ", n))
		}
		slices.Sort(got)
		same := slices.EqualFunc(got, tt.want, func(got, want string) bool {
			begin, cut := strings.CutSuffix(want, "...")
			return got == want || cut && strings.HasPrefix(got, begin) && len(strings.Fields(got)) > 4 // with a reason
		})
		if !same {
			t.Errorf("%s:\n%s\nwant\n%s", tt.name, strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
		}
	}
}

// The command of the README does what it says.
func TestREADME(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, command, _ := strings.Cut(string(readme), "```sh\n")
	command, _, ok := strings.Cut(command, "\n```")
	command, runs := strings.CutPrefix(command, "go run . ")
	if !ok || !runs {
		t.Fatalf("no command: %q", command)
	}
	dir := t.TempDir()
	for _, name := range []string{"archive", "Maildir/cur"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s := signer("past.example", 2)
	record, err := s.Record()
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "archive/1.mbox"), mboxOf(mailText(t, 0, s), mailText(t, 1, nil)))
	writeFile(t, filepath.Join(dir, "Maildir/cur/1:2,S"), mailText(t, 2, s))
	writeFile(t, filepath.Join(dir, "keys-of-2012"), "s1._domainkey.past.example "+record.String()+"\n")
	cmd := program(t)
	cmd.Args = []string{"sh", "-c", "exec " + cmd.Path + " " + command}
	cmd.Path = "/bin/sh"
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "3 messages read, 0 keys looked up in DNS, 3 messages verified; the report is in report.csv\n" {
		t.Errorf("%s: %v, %q", command, err, out)
	}
	if got := readReport(t, filepath.Join(dir, "report.csv")); got["past.example pass 256 "] != 2 || got[" none  "] != 1 {
		t.Errorf("%v", got)
	}
}

// -archive takes keys and hashes that were good once.
func TestVerifierArchive(t *testing.T) {
	s := signer("small.example", 1)
	s.Key = dkimtest.RSA(1024)
	text := mailText(t, 1, s)
	der, err := x509.MarshalPKIXPublicKey(dkimtest.RSA(512).Public()) // another key: of 512 bits none signs here
	if err != nil {
		t.Fatal(err)
	}
	record := "v=DKIM1; p=" + base64.StdEncoding.EncodeToString(der)
	keys := &answers{kept: map[string]answer{"s1._domainkey.small.example": {TXT: []string{record}}}}
	results, err := verifier{}.verify(t.Context(), []byte(text), keys)
	if err != nil || !errors.Is(results[0].Err, dkim.ErrWeakKey) {
		t.Errorf("a key of 512 bits: %v, %v", results, err)
	}
	results, err = verifier{Archive: true}.verify(t.Context(), []byte(text), keys)
	if err != nil || errors.Is(results[0].Err, dkim.ErrWeakKey) || results[0].Status != dkim.Fail || results[0].KeyBits != 512 {
		t.Errorf("a key of 512 bits in an archive: %s, %v, %v; want fail, it is another key", results[0].Status, results[0].Err, err)
	}
}

func TestArrived(t *testing.T) {
	at := time.Date(2012, 3, 4, 5, 6, 7, 0, time.UTC)
	const rest = "From: a@example.org\r\n\r\n"
	for _, tt := range []struct {
		header string
		want   time.Time
	}{
		{"Received: from a (b; c) by d;\r\n\tSun, 4 Mar 2012 06:06:07 +0100 (CET)\r\nReceived: x; Mon, 5 Mar 2012 00:00:00 +0000\r\n", at},
		{"Date: Sun, 4 Mar 2012 05:06:07 +0000\r\n", at},
		{"Received: nonsense\r\nDate: Sun, 4 Mar 2012 05:06:07 +0000\r\n", at},
		{"Date: yesterday\r\n", time.Time{}},
		{"", time.Time{}},
		{"no field\r\n", time.Time{}},
	} {
		if got := arrived([]byte(tt.header + rest)); !got.Equal(tt.want) {
			t.Errorf("%q: %v, want %v", tt.header, got, tt.want)
		}
	}
}

func TestReadMessages(t *testing.T) {
	long := strings.Repeat("x", 200<<10)
	for _, tt := range []struct {
		name, in string
		want     []string
	}{
		{"a message", "A: b\n\nc\n", []string{"A: b\r\n\r\nc\r\n"}},
		{"a message with CRLF", "A: b\r\n\r\n\r\n\r\n", []string{"A: b\r\n\r\n\r\n\r\n"}},
		{"nothing", "", []string{""}},
		{"mbox", "From x\nA: b\n\nc\n\nFrom y\nD: e\n\nf\n\n", []string{"A: b\r\n\r\nc\r\n", "D: e\r\n\r\nf\r\n"}},
		{"mbox with CRLF", "From x\r\nA: b\r\n\r\nc\r\n\r\n", []string{"A: b\r\n\r\nc\r\n"}},
		{"no blank line at the end", "From x\nA: b\n\nc\nFrom y\nD: e\n\nf", []string{"A: b\r\n\r\nc\r\n", "D: e\r\n\r\nf"}},
		{"blank lines in the body", "From x\nA: b\n\nc\n\n\n\n", []string{"A: b\r\n\r\nc\r\n\r\n\r\n"}},
		{"no body", "From x\nA: b\n\n\nFrom y\nD: e\n\n", []string{"A: b\r\n\r\n", "D: e\r\n"}},
		{"quoted", "From x\nA: b\n\n>From c\n>>From d\n> From e\n >From f\nfrom g\nFrom\n", []string{"A: b\r\n\r\nFrom c\r\n>From d\r\n> From e\r\n >From f\r\nfrom g\r\nFrom\r\n"}},
		{"long lines", "From " + long + "\nA: b\n\n" + long + "From y\n\n", []string{"A: b\r\n\r\n" + long + "From y\r\n"}},
	} {
		for _, r := range []io.Reader{strings.NewReader(tt.in), iotest.OneByteReader(strings.NewReader(tt.in))} {
			var got []string
			err := readMessages(r, func(raw []byte, err error) error {
				got = append(got, string(raw))
				return err
			})
			if err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("%s: %.200q, %v, want %.200q", tt.name, got, err, tt.want)
			}
		}
	}
	broken := errors.New("a cut line")
	for _, in := range []string{"", "A: b\n", "From x\nA: b\n"} {
		err := readMessages(io.MultiReader(strings.NewReader(in), iotest.ErrReader(broken)), func(_ []byte, err error) error { return err })
		if !errors.Is(err, broken) {
			t.Errorf("%q: %v, want %v", in, err, broken)
		}
	}
	// Too large: nil, and the next message is read.
	for _, tt := range []struct {
		begin, end string
		want       []string
	}{
		{"A: b\n\n", "", []string{""}},
		{"From x\nA: b\n\n", "\nFrom y\nA: b\n\nc\n\n", []string{"", "A: b\r\n\r\nc\r\n"}},
		{"From w\nA: b\n\nFrom x\nA: b\n\n", "", []string{"A: b\r\n", ""}},
	} {
		var got []string
		huge := io.MultiReader(strings.NewReader(tt.begin), io.LimitReader(zeros{}, maxMessage+1), strings.NewReader(tt.end))
		err := readMessages(huge, func(raw []byte, err error) error { got = append(got, string(raw)); return err })
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%q: %.200q, %v, want %.200q", tt.begin, got, err, tt.want)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

// What is interrupted says what was done, and leaves no report.
func TestInterrupt(t *testing.T) {
	z := startZone(t)
	z.held = make(chan struct{})
	defer close(z.held)
	dir := t.TempDir()
	mbox, report := filepath.Join(dir, "mbox"), filepath.Join(dir, "report.csv")
	writeFile(t, mbox, mboxOf(mailText(t, 0, signer("d.example", 1)), mailText(t, 1, nil)))
	cmd := program(t, "-input", mbox, "-output", report, "-dns", z.address)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-z.first
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if cmd.ProcessState.ExitCode() != interrupted || out.String() != "2 messages read, 1 keys looked up in DNS, 0 messages verified; no report\n" ||
		!strings.Contains(errs.String(), "beam: interrupted") {
		t.Errorf("status %d, %q, %q", cmd.ProcessState.ExitCode(), &out, &errs)
	}
	if _, err := os.Stat(report); err == nil {
		t.Error("there is a report")
	}
}

// On a terminal there is a line about the progress, which is gone at the end.
func TestProgressOnTerminal(t *testing.T) {
	dir := t.TempDir()
	mbox, keys := filepath.Join(dir, "mbox"), filepath.Join(dir, "keys")
	writeFile(t, mbox, mboxOf(mailText(t, 0, signer("d.example", 1)), mailText(t, 1, nil)))
	writeFile(t, keys, "")
	terminal, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	cmd := program(t, "-input", mbox, "-output", filepath.Join(dir, "report.csv"), "-keys", keys, "-offline")
	cmd.Stderr = tty
	var out strings.Builder
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tty.Close()
	shown, _ := io.ReadAll(terminal) // it ends with an error when the program does
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v, %q", err, shown)
	}
	want := regexp.MustCompile(`^\rreading: \d messages, 0 lookups\x1b\[K(\r[^\r]*\x1b\[K)*\r\x1b\[K$`)
	if !want.Match(shown) || !strings.HasPrefix(out.String(), "2 messages read, 0 keys ") {
		t.Errorf("the terminal got %q, standard output %q", shown, out.String())
	}
}

func TestBar(t *testing.T) {
	var b totals
	for _, tt := range []struct {
		name string
		n    int64
		want string
	}{
		{"messages", 100, "reading: 100 messages, 0 lookups"},
		{"lookups", 7, "reading: 100 messages, 7 lookups"},
		{"verified", 50, "verifying [###############...............] 50 of 100"},
		{"verified", 50, "verifying [##############################] 100 of 100"},
		{"other", 1, "verifying [##############################] 100 of 100"},
	} {
		b.add(tt.name, tt.n)
		if got := b.bar(); got != tt.want {
			t.Errorf("%d %s more: %q, want %q", tt.n, tt.name, got, tt.want)
		}
	}
}

func TestUsage(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		args   string
		status int
		want   string
	}{
		{"", 2, "give -input"},
		{"-input x y", 2, "no argument"},
		{"-input x -offline", 2, "no key at all"},
		{"-nosuch", 2, "-nosuch"},
		{"-input " + dir + "/nosuch -output " + dir + "/report", 1, "nosuch"},
		{"-input main.go -output main.go/report -keys main.go -offline", 1, "main.go/report"},
		{"-input main.go -runner nosuch", 1, "nosuch"},
	} {
		status, out, errs := runProgram(t, strings.Fields(tt.args)...)
		if status != tt.status || out != "" || !strings.Contains(errs, tt.want) {
			t.Errorf("%q: status %d, %q, %.500q; want %d, %q", tt.args, status, out, errs, tt.status, tt.want)
		}
	}
}

// Rows are of what strangers wrote.
func TestRow(t *testing.T) {
	if got := row("a\tb\r\nc", "fail", "", "x\ty"); strings.Count(got, "\t") != 3 || strings.ContainsAny(got, "\r\n") {
		t.Errorf("%q", got)
	}
}

func TestHistory(t *testing.T) {
	for _, tt := range []struct{ line, name, txt string }{
		{"S1._domainkey.Example.ORG. v=DKIM1; p=x", "s1._domainkey.example.org", "v=DKIM1; p=x"},
		{"a\tv=DKIM1; p=x\r", "a", "v=DKIM1; p=x"},
		{"a \t v=DKIM1", "a", "v=DKIM1"},
		{"# a comment", "", ""},
		{"a", "", ""},
		{"", "", ""},
	} {
		var name, txt string
		historyFn(tt.line, func(n, v string) { name, txt = n, v })
		if name != tt.name || txt != tt.txt {
			t.Errorf("%q: %q %q, want %q %q", tt.line, name, txt, tt.name, tt.txt)
		}
	}
}
