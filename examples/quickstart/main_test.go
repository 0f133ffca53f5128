package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

const message = "From: Ann <ann@example.net>\r\nSubject: other\r\n\r\nHello.\r\n"

// quickstart runs the program.
func quickstart(stdin io.Reader, args ...string) (status int, stdout, stderr string) {
	var out, errs strings.Builder
	status = run(args, stdin, &out, &errs)
	return status, out.String(), errs.String()
}

// open returns a file that is closed when the test ends.
func open(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestMessages(t *testing.T) {
	file := filepath.Join(t.TempDir(), "message")
	if err := os.WriteFile(file, []byte(message), 0o600); err != nil {
		t.Fatal(err)
	}
	closed := open(t, file)
	closed.Close()
	const builtinSubject, ownSubject = "\nSubject: Is dinner ready?\n", "\nSubject: other\n"
	for _, tt := range []struct {
		name  string
		stdin io.Reader
		args  []string
		want  []string
	}{
		{"empty", strings.NewReader(""), nil, []string{builtinSubject, "d=example.org", "\ns1._domainkey.example.org. IN TXT ( \"v=DKIM1;"}},
		{"null device", open(t, os.DevNull), nil, []string{builtinSubject}},
		{"closed", closed, nil, []string{builtinSubject}},
		{"a message", strings.NewReader(message), nil, []string{ownSubject}},
		{"a file", open(t, file), nil, []string{ownSubject}},
		{"domain and selector", strings.NewReader(message), []string{"-domain", "bücher.example", "-selector", "k"},
			[]string{"\nk._domainkey.xn--bcher-kva.example. IN TXT ", "header.d=xn--bcher-kva.example"}},
		{"LF with -crlf", strings.NewReader(strings.ReplaceAll(message, "\r\n", "\n")), []string{"-crlf"}, []string{ownSubject}},
	} {
		status, stdout, stderr := quickstart(tt.stdin, tt.args...)
		if status != 0 || stderr != "" {
			t.Errorf("%s: status %d, %q", tt.name, status, stderr)
		}
		for _, want := range append(tt.want, "\nDKIM-Signature: v=1;", "\nAuthentication-Results: mx.example.net;\n\tdkim=pass ") {
			if !strings.Contains(stdout, want) {
				t.Errorf("%s: no %q in\n%s", tt.name, want, stdout)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		name  string
		stdin io.Reader
		args  []string
		want  string
	}{
		{"LF", strings.NewReader(strings.ReplaceAll(message, "\r\n", "\n")), nil, "-crlf converts it"},
		{"no From", strings.NewReader("Subject: x\r\n\r\n"), nil, "From"},
		{"domain", strings.NewReader(message), []string{"-domain", "example.org; l=0"}, "d="},
		{"selector", strings.NewReader(message), []string{"-selector", ""}, "s="},
		{"argument", strings.NewReader(message), []string{"message.eml"}, "standard input"},
		{"flag", strings.NewReader(message), []string{"-nosuch"}, "-nosuch"},
		{"reader", iotest.ErrReader(errors.New("a cut line")), nil, "a cut line"},
	} {
		status, stdout, stderr := quickstart(tt.stdin, tt.args...)
		if status != 2 || stdout != "" || !strings.HasPrefix(stderr, "quickstart: ") || !strings.Contains(stderr, tt.want) {
			t.Errorf("%s: status %d, %q, %q; want 2, %q", tt.name, status, stdout, stderr, tt.want)
		}
	}
	var errs strings.Builder
	if status := run(nil, strings.NewReader(message), full{}, &errs); status != 2 || !strings.Contains(errs.String(), "no space") {
		t.Errorf("writer: status %d, %q", status, errs.String())
	}
}

// full is a writer that fails.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space") }

func TestUsage(t *testing.T) {
	status, stdout, stderr := quickstart(strings.NewReader(""), "-h")
	if status != 2 || stdout != "" || !strings.HasPrefix(stderr, "Usage: quickstart ") || !strings.Contains(stderr, "-domain") {
		t.Errorf("status %d, %q, %q", status, stdout, stderr)
	}
}
