package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/signtable"
	"github.com/waxseal/waxseal/keyrecord"
)

const message = "From: Arvel <arvel@example.com>\r\nTo: suzie@example.net\r\nSubject: dinner\r\nDate: Fri, 11 Jul 2003 21:00:37 -0700\r\nMessage-ID: <1@example.com>\r\n\r\nHi.\r\n"

func atNoon() time.Time { return time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func load(folder string) (*signtable.Table, error) {
	root := must(os.OpenRoot(folder))
	table, err := readFolder(root)
	if table != nil {
		table.Time = atNoon
	}
	return table, err
}

// sign returns the signatures for a message of a session.
func sign(table *signtable.Table, text string, session ...string) ([]*dkim.Signature, error) {
	values := map[string]string{}
	for _, name := range session {
		values[name] = ""
	}
	w := dkim.NewSignWriter(context.Background(), table.For(signtable.Request{Values: values}))
	fmt.Fprint(w, text)
	return w.Finish()
}

// A signature, octet for octet, and dns_readme.txt.
func Example() {
	signatures := must(sign(must(load("testdata")), message, "authenticated"))
	fmt.Print(strings.ReplaceAll(signatures[0].String(), "\r\n", "\n"))
	key := must(dkim.ParseKey(must(os.ReadFile("testdata/Pem/MDaemon/rsa.private")))).Public()
	fmt.Print(must(dnsReadme("MDaemon", "example.com", key)))
	record := must(keyrecord.New(key))
	dns := keyrecord.MapResolver{"mdaemon._domainkey.example.com": {record.String()}}
	results := must(dkim.Verify(context.Background(), strings.NewReader(signatures[0].String()+message), &dkim.Verifier{Resolver: dns, Time: atNoon}))
	fmt.Println(results[0].Status)
	// Output:
	// DKIM-Signature: v=1; a=rsa-sha256; c=simple/simple; d=example.com; s=mdaemon;
	//  q=dns/txt; t=1780315200; x=1780920000; l=5; h=From:From:To:To:Cc:Subject:
	//  Subject:Date:Date:Message-ID:Message-ID:Reply-To:Content-Type; r=y;
	//  bh=UrA8rmgY3eNBotmDWtzAmHyn5RyZv8Gea45sNGsP0zw=; b=iUYYR3SDmKZi9fJhu20uCF/CBt
	//  eI4fYowkF4M9BfPtxr573iOwAIdGbbCGzfTUrI7vkqtGrmEKUA+IR18lQgcAnsTPt9T1J1sPzSADw
	//  O0DKYzlC7+dkuq36QQ5IZmsyL73gZRw6ZzwpJGS0ABC+cOeirHYL7niUvR/hUfqMYXm4=
	// ; The key, while you test, and then.
	// mdaemon._domainkey.example.com. IN TXT ( "v=DKIM1; t=y; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDbsMCiYKD1FZEOsJT+gUF+YjEYq+m6SNxKNRjGQmCmGeya8hR6GwlLnRewfFmr3YmpEzARTsAE42bdw6gJXNxA6y4+ZZNhrtk5P4nCWlKa+OHQmTMDoW5h87npHF+NEjibBC66UNkVcYZN/iDMSMUU/XmAB/hJPfWyLxXVlSqg9wIDAQAB" )
	// mdaemon._domainkey.example.com. IN TXT ( "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDbsMCiYKD1FZEOsJT+gUF+YjEYq+m6SNxKNRjGQmCmGeya8hR6GwlLnRewfFmr3YmpEzARTsAE42bdw6gJXNxA6y4+ZZNhrtk5P4nCWlKa+OHQmTMDoW5h87npHF+NEjibBC66UNkVcYZN/iDMSMUU/XmAB/hJPfWyLxXVlSqg9wIDAQAB" )
	// ; The policy of a domain that tests.
	// _policy._domainkey.example.com. IN TXT "t=y; o=~;"
	// ; The policy of a domain that signs some of its mail.
	// _policy._domainkey.example.com. IN TXT "o=~;"
	// ; The policy of a domain that signs all of it.
	// _policy._domainkey.example.com. IN TXT "o=-;"
	// pass
}

// Who is eligible.
func TestEligible(t *testing.T) {
	table := must(load("testdata"))
	for _, tt := range []struct{ what, header, session, want string }{
		{"an address", "From: Arvel@Example.com\r\n", "authenticated", "Example.com/MDaemon"},
		{"not authenticated", "From: arvel@example.com\r\n", "x", ""},
		{"another user", "From: bob@example.com\r\n", "authenticated", ""},
		{"a wildcard in another field, with d=", "From: bob@example.net\r\nSender: bob@a.example.com\r\n", "authenticated", "example.com/MDaemon"},
		{"the wildcard has no dot", "From: bob@example.net\r\nSender: bob@aexample.com\r\n", "authenticated", ""},
		{"a domain", "From: bob@example.net\r\nReply-To: a@x, b@example.org\r\n", "authenticated", "example.org/MDaemon"},
		{"a domain that is longer", "From: bob@example.net\r\nReply-To: b@a.example.org\r\n", "authenticated", ""},
		{"a list", "From: bob@example.net\r\nSender: list@a.example.org\r\n", "list", "a.example.org/MDaemon"},
	} {
		signatures, err := sign(table, tt.header+"\r\n", tt.session)
		got := ""
		for _, s := range signatures {
			got += s.Domain + "/" + s.Selector
		}
		if !strings.EqualFold(got, tt.want) || err != nil {
			t.Errorf("%s: %q, %v; want %q", tt.what, got, err, tt.want)
		}
	}
}

// folder returns a folder with the two files, and the keys of the tests.
func folder(t *testing.T, ini, list string) string {
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "Pem"), os.DirFS("testdata/Pem")); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"DKIM.ini": ini, "DKSign.dat": list} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Each option, and what it writes.
func TestOptions(t *testing.T) {
	for _, tt := range []struct{ ini, has, hasNot string }{
		{"", " c=simple/simple; d=example.com; s=mdaemon; q=dns/txt; t=1780315200; x=1780920000;", " l="},
		{"SignaturesExpireAfterDays=1", " x=1780401600;", ""},
		{"SignaturesExpireAfterDays=0", " t=1780315200;", " x="},
		{"IncludeCreationTime=No\nSignaturesExpireAfterDays=0", "", " t="},
		{"IncludeCreationTime=Yes", " t=1780315200;", ""},
		{"IncludeQueryMethod=No", "", " q="},
		{"IncludeBodyLength=Yes", " l=5;", ""},
		{"IncludeBodyLength=No", "", " l="},
		{"IncludeOriginalHeaders=Yes", " z=From:", ""},
		{"ReportingRequested=Yes", " r=y;", ""},
		{"ReportingRequested=No", "", " r="},
		{"CanonicalizeHeaders=Relaxed", " c=relaxed/simple;", ""},
		{"CanonicalizeBody=Relaxed", " c=simple/relaxed;", ""},
	} {
		signatures, err := sign(must(load(folder(t, tt.ini+"\r\n", "*"))), message, "authenticated")
		if err != nil {
			t.Errorf("%s: %v", tt.ini, err)
			continue
		}
		text := strings.ReplaceAll(signatures[0].String(), "\r\n ", " ")
		if !strings.Contains(text, tt.has) || tt.hasNot != "" && strings.Contains(text, tt.hasNot) {
			t.Errorf("%s: %s, want %q and not %q", tt.ini, text, tt.has, tt.hasNot)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct{ ini, list, want string }{
		{"; x\n DefaultSelektor=x", "", `DKIM.ini:2:18: DefaultSelektor has no value "x"`},
		{"Default=Yes", "", "DKIM.ini:1:9: unknown option"},
		{"SignaturesExpireAfterDays=-1", "", "DKIM.ini:1:27: "},
		{"CanonicalizeBody=nofws", "", "DKIM.ini:1:18: "},
		{"IncludeBodyLength=", "", "DKIM.ini:1:1: "},
		{"", "a@b.example From ../x", "DKSign.dat:1:18: "},
		{"", "\na@b.example From s a/b", "DKSign.dat:2:20: "},
		{"", "[", "DKSign.dat:1:1: syntax error in pattern"},
	} {
		if _, err := load(folder(t, tt.ini, tt.list)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q, %q: %v, want %s", tt.ini, tt.list, err, tt.want)
		}
	}
	// No key: the message is not signed, and that is an error.
	if _, err := sign(must(load(folder(t, "DefaultSelector=none", "*"))), message, "authenticated"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// Keys are made once, and sign.
func TestKeys(t *testing.T) {
	dir := folder(t, "DefaultSelector=New", "*")
	if err := createKeys(dir, "New", "example.com", 1024); err != nil {
		t.Fatal(err)
	}
	private, err := os.Stat(filepath.Join(dir, "Pem/New/rsa.private"))
	if err != nil || private.Mode().Perm()&0o077 != 0 {
		t.Error(private, err)
	}
	signatures := must(sign(must(load(dir)), message, "authenticated"))
	dns := keyrecord.MapResolver{}
	for line := range strings.Lines(string(must(os.ReadFile(filepath.Join(dir, "Pem/New/dns_readme.txt"))))) {
		if name, txt, ok := strings.Cut(line, " IN TXT ( \""); ok {
			dns[name] = []string{strings.ReplaceAll(strings.TrimSuffix(txt, "\" )\n"), "\" \"", "")}
		}
	}
	results := must(dkim.Verify(context.Background(), strings.NewReader(signatures[0].String()+message), &dkim.Verifier{Resolver: dns, Time: atNoon}))
	if results[0].Status != dkim.Pass || results[0].Testing {
		t.Error(results[0].Err)
	}
	if err := createKeys(dir, "New", "example.com", 1024); !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
	if err := createKeys(dir, "../x", "example.com", 1024); err == nil {
		t.Error("a selector that is no name")
	}
}

func TestRun(t *testing.T) {
	var out bytes.Buffer
	if err := run([]string{"sign", "testdata", "authenticated"}, strings.NewReader(message), &out); err != nil || !strings.HasPrefix(out.String(), "DKIM-Signature:") {
		t.Error(out.String(), err)
	}
	for _, args := range [][]string{nil, {"sign"}, {"sign", "none"}, {"sign", "."}, {"sign", "testdata"}, {"keys", t.TempDir(), "a/b", "example.com"}} {
		if err := run(args, strings.NewReader(message), &out); err == nil {
			t.Error(args)
		}
	}
}
