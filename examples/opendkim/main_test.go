package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/signtable"
	"github.com/waxseal/waxseal/keyrecord"
)

const message = "Received: from a by b\r\nDate: Fri, 11 Jul 2003 21:00:37 -0700\r\nFrom: News <news@example.com>\r\nto: suzie@example.net\r\n" +
	"Subject: dinner\r\nComments: unsigned\r\n\r\nHi.\r\n"

func atNoon() time.Time { return time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func sign(table *signtable.Table, text string) ([]*dkim.Signature, error) {
	table.Time = atNoon
	w := dkim.NewSignWriter(context.Background(), table)
	fmt.Fprint(w, text)
	return w.Finish()
}

// Two rows match: RSA and Ed25519, octet for octet.
func Example() {
	table := must(readConfig(os.DirFS("testdata/root"), "etc/opendkim.conf"))
	text := ""
	for _, s := range must(sign(table, message)) {
		text += s.String()
	}
	fmt.Print(strings.ReplaceAll(text, "\r\n", "\n"))
	dns := keyrecord.MapResolver{}
	for _, s := range must(table.SignersFor(context.Background(), header(message))) {
		dns[must(s.KeyName())] = []string{must(s.Record()).String()}
	}
	for _, r := range must(dkim.Verify(context.Background(), strings.NewReader(text+message), &dkim.Verifier{Resolver: dns, Time: atNoon})) {
		fmt.Println(r.Status)
	}
	// Output:
	// DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d=example.com; s=mail;
	//  t=1780315200; x=1780920000; h=Date:From:to:Subject:From;
	//  bh=UrA8rmgY3eNBotmDWtzAmHyn5RyZv8Gea45sNGsP0zw=; b=x4cckTZUc53vmqvVTp0KMePepU
	//  LRlpZwnWgzliVOobc3XG123i9IEJ88aIPtoVYEFpZZemvOhe7GNoDM0RlpXHcXBCfjCSTdSo4Jxcr
	//  Nh2di91eC1Tj3+whk4lH5M/wdY/7PmvRMAMwcIqG/OIqiTiO+Sy3nmhwdU432Xm5IWcg=
	// DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/simple; d=example.com;
	//  i=news@example.com; s=ed; t=1780315200; x=1780920000; h=Date:From:to:
	//  Subject:From; bh=UrA8rmgY3eNBotmDWtzAmHyn5RyZv8Gea45sNGsP0zw=; b=qsfMVzvTgJEE
	//  QV1HV96VfSBQ3s7WZNUPrgjwlRcSqncsd867oyYQXsvLwqecIuuz3njBc3EfwEpxd2WGJg+NAA==
	// pass
	// pass
}

// header returns the header of a message.
func header(text string) *dkim.Header {
	w := dkim.NewVerifyWriter(context.Background(), nil)
	fmt.Fprint(w, text)
	must(w.Finish())
	return w.Header()
}

// files returns a root with tables.
func files(conf, keys, signings string) fstest.MapFS {
	key := &fstest.MapFile{Data: must(os.ReadFile("testdata/root/etc/opendkim/keys/example.com/mail.private"))}
	return fstest.MapFS{
		"conf": {Data: []byte(conf)}, "keys": {Data: []byte(keys)}, "signings": {Data: []byte(signings)},
		"k": key, "d/example.com": key, "d/a.example.org": key,
	}
}

const file, refile = "KeyTable /keys\nSigningTable /signings\n", "KeyTable file:/keys\nSigningTable refile:/signings\n"

// Which rows match: systems.md has no OpenDKIM, opendkim.conf(5) has.
func TestTables(t *testing.T) {
	const keys = "one example.com:one:/k\neach %:each:/d/%\nexample.com example.com:own:../k\n"
	for _, tt := range []struct{ conf, signings, from, want string }{
		{file, "joe@example.com one", "Joe@Example.com", "example.com/one/@example.com"},
		{file, "joe@example.com one", "ann@example.com", ""},
		{file, "example.com one", "ann@example.com", "example.com/one/@example.com"},
		{file, "example.com one", "ann@a.example.com", ""},
		{file, ".example.com one", "ann@a.b.example.com", "example.com/one/@example.com"},
		{file, ".example.com one", "ann@example.com", ""},
		{file, "joe@.example.com one", "joe@a.example.com", "example.com/one/@example.com"},
		{file, "joe@* one", "joe@example.org", "example.com/one/@example.com"},
		{file, "* one", "joe@example.org", "example.com/one/@example.com"},
		{file, "* one\n.example.org each", "joe@a.example.org", "a.example.org/each/@a.example.org"},
		{file + "MultipleSignatures yes\n", "* one\n.example.org each", "joe@a.example.org", "a.example.org/each/@a.example.org example.com/one/@example.com"},
		{file, "* %", "joe@example.com", "example.com/own/@example.com"},
		{file, "* %", "joe@example.org", ""},
		{refile, "*@example.com one\n* each", "joe@example.com", "example.com/one/@example.com"},
		{refile, "*@*example.com one", "joe@badexample.com", "example.com/one/@example.com"},
		{refile, "*@example.com one", "joe@example.com.evil.example", ""},
		{refile, "j.e@example.com one", "joe@example.com", ""},
		{refile, "*@example.com each joe@%", "ann@example.com", "example.com/each/joe@example.com"},
		{refile, "*@*.example.com one list@%", "ann@a.example.com", "example.com/one/list@a.example.com"},
		{refile, "* one x@example.org", "ann@example.com", "example.com/one/@example.com"}, // i= is left out
		{refile, "* one x@badexample.com", "ann@example.com", "example.com/one/@example.com"},
		{refile, "*@../x one", "joe@../x", ""},
	} {
		signatures, err := sign(must(readConfig(files(tt.conf, keys, tt.signings), "conf")), "From: "+tt.from+"\r\n\r\n")
		var got []string
		for _, s := range signatures {
			got = append(got, s.Domain+"/"+s.Selector+"/"+s.Identifier)
		}
		if strings.Join(got, " ") != tt.want || err != nil {
			t.Errorf("%q, %s: %q, %v; want %q", tt.signings, tt.from, got, err, tt.want)
		}
	}
}

// A key that the sender's domain chooses: the sender of another domain opens
// nothing else.
func TestHostileSender(t *testing.T) {
	table := must(readConfig(files(refile, "each %:each:/d/%\n", "* each"), "conf"))
	for _, from := range []string{"a@../k", "a@..", "a@k/../../k", "a@%", "a@example.com/../../k", "a@\x00"} {
		if signatures, err := sign(table, "From: "+from+"\r\n\r\n"); signatures != nil || err != nil && !errors.Is(err, dkim.ErrHeader) {
			t.Errorf("%q: %v, %v", from, signatures, err)
		}
	}
	if _, err := sign(table, "From: a@none.example\r\n\r\n"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// Each option of a signature.
func TestOptions(t *testing.T) {
	for _, tt := range []struct{ conf, has, hasNot string }{
		{"", " c=simple/simple; d=example.com; s=s; t=1780315200; h=Date:From:to:Subject;", " x="},
		{"Canonicalization relaxed", " c=relaxed/simple;", ""},
		{"Canonicalization relaxed/relaxed", " c=relaxed/relaxed;", ""},
		{"SignatureTTL 60", " x=1780315260;", ""},
		{"Diagnostics Yes", " z=Date:", ""},
		{"Diagnostics no", "", " z="},
		{"SignHeaders Subject, Comments", " h=From:Subject:Comments;", ""},
		{"OmitHeaders Date,From", " h=From:to:Subject;", ""},
		{"OversignHeaders From,Reply-To", " h=Date:From:to:Subject:From:Reply-To;", ""},
		{"SignatureAlgorithm rsa-sha256", " a=rsa-sha256;", ""},
	} {
		signatures, err := sign(must(readConfig(files(file+tt.conf+"\n", "k example.com:s:/k", "* k"), "conf")), message)
		if err != nil {
			t.Errorf("%s: %v", tt.conf, err)
			continue
		}
		if text := strings.ReplaceAll(signatures[0].String(), "\r\n ", " "); !strings.Contains(text, tt.has) || tt.hasNot != "" && strings.Contains(text, tt.hasNot) {
			t.Errorf("%s: %s, want %q and not %q", tt.conf, text, tt.has, tt.hasNot)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		conf, keys, signings, want string
		err                        error
	}{
		{"# x\n KeyTabel /keys", "", "", "conf:2:11: unknown option KeyTabel", nil},
		{"Canonicalization nofws", "", "", "conf:1:18: ", nil},
		{"SignatureTTL -1", "", "", "conf:1:14: ", nil},
		{"KeyTable /none", "", "", "open none", fs.ErrNotExist},
		{"KeyTable /keys\nSigningTable /none", "", "", "open none", fs.ErrNotExist},
		{file, "k example.com:s", "", "/keys:1:3: ", dkim.ErrKey},
		{file, "k example.com:s:AAAA", "", "/keys:1:3: ", dkim.ErrKey},
		{file, "k a/b:s:/k", "", "/keys:1:3: ", dkim.ErrDomain},
		{file, "k example.com:a b:/k", "", "/keys:1:3: ", dkim.ErrSyntax},
		{file + "SignatureAlgorithm rsa-sha1\n", "k example.com:s:/k", "", "RFC 8301", dkim.ErrHistoric},
		{file, "k example.com:s:/k", "\n* j", "/signings:2:3: want a name of the KeyTable", nil},
		{file, "k example.com:s:/k", "* k a b", "/signings:1:3: want a name of the KeyTable", nil},
		{file, "k example.com:s:/k", "*", "/signings:1:2: want a name of the KeyTable", nil},
	} {
		_, err := readConfig(files(tt.conf, tt.keys, tt.signings), "conf")
		if err == nil || !strings.Contains(err.Error(), tt.want) || tt.err != nil && !errors.Is(err, tt.err) {
			t.Errorf("%q, %q, %q: %v, want %s", tt.conf, tt.keys, tt.signings, err, tt.want)
		}
	}
}

func TestRun(t *testing.T) {
	var out bytes.Buffer
	if err := run("etc/opendkim.conf", os.DirFS("testdata/root"), strings.NewReader(message), &out); err != nil || strings.Count(out.String(), "DKIM-Signature:") != 2 || !strings.HasSuffix(out.String(), message) {
		t.Error(out.String(), err)
	}
	out.Reset()
	if err := run("none", os.DirFS("testdata/root"), strings.NewReader(message), &out); !errors.Is(err, fs.ErrNotExist) || out.Len() > 0 {
		t.Error(err)
	}
	if err := run("etc/opendkim.conf", os.DirFS("testdata/root"), strings.NewReader("From: a@example.org\r\n\r\n"), &out); !errors.Is(err, dkim.ErrNoSigner) || out.Len() > 0 {
		t.Error(err)
	}
}
