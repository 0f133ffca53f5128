package main

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/keyrecord"
)

// keygen runs the program.
func keygen(args ...string) (status int, stdout, stderr string) {
	var out, errs strings.Builder
	status = run(args, strings.NewReader(""), &out, &errs)
	return status, out.String(), errs.String()
}

func TestKeys(t *testing.T) {
	bits := func(key crypto.PublicKey) int {
		if k, ok := key.(*rsa.PublicKey); ok {
			return k.N.BitLen()
		}
		return 8 * len(key.(ed25519.PublicKey))
	}
	for _, tt := range []struct {
		name  string
		args  []string
		bits  int
		flags []string
	}{
		{"rsa is the default", nil, 2048, nil},
		{"rsa 2048", []string{"-type", "rsa", "-bits", "2048"}, 2048, nil},
		{"rsa 3072", []string{"-bits", "3072"}, 3072, nil},
		{"rsa 4096", []string{"-bits", "4096"}, 4096, nil},
		{"ed25519", []string{"-type", "ed25519"}, 256, nil},
		{"strict", []string{"-type", "ed25519", "-strict"}, 256, []string{"s"}},
		{"testing and strict", []string{"-type", "ed25519", "-testing", "-strict"}, 256, []string{"y", "s"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "key.pem")
			status, stdout, stderr := keygen(append(tt.args, "-domain", "Example.org", "-selector", "s1", "-out", file)...)
			if status != 0 || stderr != "" {
				t.Fatalf("status %d, %s", status, stderr)
			}
			info, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			if mode := info.Mode(); runtime.GOOS != "windows" && mode != 0o600 {
				t.Errorf("the file has mode %v, want 0600", mode)
			}
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if block, rest := pem.Decode(data); block == nil || block.Type != "PRIVATE KEY" || len(rest) != 0 {
				t.Errorf("the file is not one PRIVATE KEY in PEM: %.40q", data)
			}
			key, err := dkim.ParseKey(data)
			if err != nil {
				t.Fatal(err)
			}
			if k, ok := key.Public().(*rsa.PublicKey); ok && k.E != 65537 {
				t.Errorf("exponent %d", k.E) // 6376-5-q
			}
			if got := bits(key.Public()); got != tt.bits { // 8301-3.2-b
				t.Errorf("a key of %d bits, want %d", got, tt.bits)
			}

			lines := strings.Split(stdout, "\n")
			if len(lines) != 6 {
				t.Fatalf("%d lines, want 5:\n%s", len(lines)-1, stdout)
			}
			if name := strings.TrimPrefix(lines[3], "; "); name != "s1._domainkey.example.org" {
				t.Errorf("name %q", name)
			}
			record, err := keyrecord.Parse(strings.TrimPrefix(lines[4], "; "))
			if err != nil {
				t.Fatal(err)
			}
			if !key.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(record.Key) {
				t.Error("the record holds another key than the file")
			}
			if !slices.Equal(record.Flags, tt.flags) {
				t.Errorf("t=%q, want %q", record.Flags, tt.flags)
			}
			if want := keyrecord.ZoneLine("s1", "example.org", record); lines[1] != want {
				t.Errorf("zone line %q, want %q", lines[1], want)
			}
		})
	}
}

func TestDefaultFile(t *testing.T) {
	t.Chdir(t.TempDir())
	if status, _, stderr := keygen("-type", "ed25519", "-domain", "bücher.example", "-selector", "a.b"); status != 0 {
		t.Fatal(stderr)
	}
	if _, err := os.Stat("a.b._domainkey.xn--bcher-kva.example.pem"); err != nil {
		t.Error(err)
	}
}

func TestNeverOverwrites(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "key.pem")
	if err := os.WriteFile(file, []byte("precious"), 0o644); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link.pem")
	if err := os.Symlink(filepath.Join(dir, "nothing"), link); err != nil {
		link = file // Windows may not allow links
	}
	for _, name := range []string{file, link} {
		status, stdout, stderr := keygen("-type", "ed25519", "-domain", "example.org", "-selector", "s1", "-out", name)
		if status != 1 || stdout != "" || !strings.Contains(stderr, "keygen: ") || !strings.Contains(stderr, "not overwritten") {
			t.Errorf("%s: status %d, %q, %q", name, status, stdout, stderr)
		}
	}
	if data, err := os.ReadFile(file); err != nil || string(data) != "precious" {
		t.Errorf("the file holds %q, %v", data, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "nothing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("keygen wrote through a link: %v", err)
	}
}

func TestErrors(t *testing.T) {
	t.Chdir(t.TempDir())
	name := []string{"-domain", "example.org", "-selector", "s1"}
	for _, tt := range []struct {
		args   []string
		status int
		want   string
	}{
		{nil, 2, "give -domain and -selector"},
		{[]string{"-domain", "example.org"}, 2, "give -domain and -selector"},
		{[]string{"-selector", "s1"}, 2, "give -domain and -selector"},
		{[]string{"-domain", "../../etc", "-selector", "s1"}, 2, "domain (d=)"},
		{[]string{"-domain", "example.org", "-selector", "a/b"}, 2, "selector (s=)"},
		{[]string{"-domain", "example.org; l=0", "-selector", "s1"}, 2, "domain (d=)"},
		{append(name, "-type", "dsa"), 2, "want rsa or ed25519"},
		{append(name, "-bits", "1024"), 2, "want 2048, 3072 or 4096"},
		{append(name, "-bits", "many"), 2, "-bits"},
		{append(name, "-type", "ed25519", "-bits", "2048"), 2, "-bits is for RSA"},
		{append(name, "extra"), 2, `"extra"`},
		{append(name, "-nosuch"), 2, "-nosuch"},
		{append(name, "-type", "ed25519", "-out", filepath.Join("no", "such", "folder")), 1, "folder"},
	} {
		status, stdout, stderr := keygen(tt.args...)
		if status != tt.status || stdout != "" || !strings.HasPrefix(stderr, "keygen: ") || !strings.Contains(stderr, tt.want) {
			t.Errorf("keygen %q: status %d, %q, %q; want %d, %q", tt.args, status, stdout, stderr, tt.status, tt.want)
		}
	}
	if left, err := os.ReadDir("."); err != nil || len(left) != 0 {
		t.Errorf("files are left: %v, %v", left, err)
	}
}

func TestUsage(t *testing.T) {
	status, stdout, stderr := keygen("-h")
	if status != 2 || stdout != "" || !strings.HasPrefix(stderr, "Usage: keygen ") || !strings.Contains(stderr, "-selector") {
		t.Errorf("status %d, %q, %q", status, stdout, stderr)
	}
}

// full is a writer that fails.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space") }

func TestOutputFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key.pem")
	var errs strings.Builder
	args := []string{"-type", "ed25519", "-domain", "example.org", "-selector", "s1", "-out", file}
	if status := run(args, nil, full{}, &errs); status != 1 || !strings.Contains(errs.String(), "no space") {
		t.Errorf("status %d, %q", status, errs.String())
	}
}
