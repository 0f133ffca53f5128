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
	"github.com/waxseal/waxseal/dkim/domainkeys"
	"github.com/waxseal/waxseal/keyrecord"
)

const message = "Received: from a by b\r\nFrom: Ann <ann@example.com>\r\nTo: suzie@example.net\r\nSUBJECT: dinner\r\n" +
	"Message-ID:\r\n <1@example.com>\r\nX-Mailer: x\r\n\r\nHi.\r\n"

func atNoon() time.Time { return time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func load() *proxy {
	p := must(readConfig(os.DirFS("testdata/root"), "etc/dkimproxy_out.conf"))
	p.dkim.Time = atNoon
	return p
}

// zone has the record that the article has: the policy beside it is not for
// DKIM.
func zone() keyrecord.MapResolver {
	key := must(dkim.ParseKey(must(os.ReadFile("testdata/root/etc/private.key"))))
	record := must(keyrecord.New(key.Public()))
	record.Flags = []string{"s"}
	txt := "k=rsa; t=s; " + strings.TrimPrefix(record.String(), "v=DKIM1; t=s; ")
	return keyrecord.MapResolver{
		"mondomaine-dkim._domainkey.example.com": {txt},
		"_domainkey.example.com":                 {"k=rsa; t=s; o=-;"},
	}
}

// A message with both signatures, octet for octet, and the log.
func Example() {
	fields, line, err := load().sign(context.Background(), []byte(message))
	fmt.Print(strings.ReplaceAll(fields, "\r\n", "\n"))
	fmt.Println(line, err)
	results := must(dkim.Verify(context.Background(), strings.NewReader(fields+message), &dkim.Verifier{Resolver: zone(), Time: atNoon}))
	old := must(domainkeys.Verify(context.Background(), strings.NewReader(fields+message), &domainkeys.Verifier{Resolver: zone()}))
	fmt.Println(dkim.Overall(results), old.Status)
	// Output:
	// DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d=example.com;
	//  s=mondomaine-dkim; t=1780315200; h=From:To:SUBJECT:Message-ID;
	//  bh=UrA8rmgY3eNBotmDWtzAmHyn5RyZv8Gea45sNGsP0zw=; b=UuiL/ypKi3sXRNtaeOxbcSoBnk
	//  0QdOyZmH5EiGT7zv/ZNzkl9GLfVvhgDTfbSsr3Ia2jY3LGj/ulMqOvILAjuZQYVu8wG9Bii3onZ+R
	//  N1Ka7RsrhZqEUvlcT5lb1EMw63pW6astcJxWZ5MkVpmyM6vTdrkNSwrLfaqzY1mwmyeg=
	// DomainKey-Signature: a=rsa-sha1; q=dns; c=nofws; s=mondomaine-dkim;
	//  d=example.com; h=Received:From:To:SUBJECT:Message-ID:X-Mailer; b=VCYuaKkirQzj
	//  2uPDyiIsOjccORi73Q2MwUnGCFUpVEvqE3Kn03kEofyDQ2tx4tz9KWuiKNwzgsZD5981um4gljhzy
	//  xl7GI8C7vUwyY6aMRiWQ92WJEfINnfhzwIHJ6Nv4Rt7vJvhHXiDX8/QPo6oxsPLR408WNje7qcYsD
	//  YH2Tk=
	// signed; message-id=<1@example.com>, signer=<@example.com>, from=<ann@example.com> <nil>
	// pass good
}

// describe returns what signs a message from an address: "d=/i=/c=" of DKIM, and
// d= of DomainKeys.
func describe(p *proxy, from string) string {
	fields, _, err := p.sign(context.Background(), []byte("From: "+from+"\r\n\r\n"))
	if err != nil {
		return err.Error()
	}
	var words []string
	for _, r := range must(dkim.Signatures(strings.NewReader(fields + "To: x\r\n\r\n"))) {
		words = append(words, r.Signature.Domain+"/"+r.Signature.Identifier+"/"+r.Signature.Canon.String())
	}
	for _, field := range strings.Split(fields, "DomainKey-Signature:")[1:] {
		s := must(domainkeys.ParseSignature([]byte("DomainKey-Signature:" + field)))
		words = append(words, s.Domain+"/"+s.Canon.String())
	}
	return strings.Join(words, " ")
}

// Who signs, by the maps.
func TestMaps(t *testing.T) {
	for _, tt := range []struct{ from, want string }{
		{"ann@example.com", "example.com/@example.com/relaxed/simple example.com/nofws"},
		{"Joe@Example.com", "example.com/Joe@example.com/simple/simple"},
		{"joe+x@example.com", "example.com/joe+x@example.com/simple/simple"},
		{"x@a.b.example.com", "example.com/@example.com/relaxed/simple example.com/nofws"},
		{"x@a.example.org", "example.org/@a.example.org/relaxed/simple"},
		{"x@example.net", "example.net/nofws"},
		{"x@example.edu", ""},
		{"list@example.edu\r\nSender: ann@example.com", "example.com/@example.com/relaxed/simple example.com/nofws"},
		{"x@example.edu\r\nList-Id: Dinner <dinner.lists.example.com>", "lists.example.com/@lists.example.com/relaxed/simple"},
		{"x@example.edu\r\nList-Id: <a.lists.example.org>", "example.org/@example.org/relaxed/simple"},
		{"x@example.edu\r\nList-Id: <lists.example.com>", ""},
		{"ann@example.com\r\nList-Id: <x.example.edu>", "example.com/@example.com/relaxed/simple example.com/nofws"},
	} {
		if got := describe(load(), tt.from); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.from, got, tt.want)
		}
	}
}

// files returns a root with the key, a configuration and maps.
func files(conf, senders string) fstest.MapFS {
	return fstest.MapFS{
		"k":    {Data: must(os.ReadFile("testdata/root/etc/private.key"))},
		"conf": {Data: []byte(conf)}, "senders": {Data: []byte(senders)},
	}
}

const keyed = "keyfile /k\nselector s\n"

// Who signs, by the configuration alone.
func TestDefaults(t *testing.T) {
	for _, tt := range []struct{ conf, senders, from, want string }{
		{keyed + "domain example.com", "", "x@example.net", "example.com/@example.com/relaxed/simple"},
		{keyed + "domain example.com, a.example.net", "", "x@b.a.example.net", "a.example.net/@a.example.net/relaxed/simple"},
		{keyed + "domain example.com,example.net", "", "x@example.org", ""},
		{keyed + "domain example.com\nmethod simple", "", "x@example.com", "example.com/@example.com/simple/simple"},
		{keyed + "domain example.com\nidentity $sender\ndkim_method relaxed/relaxed", "", "x@example.com", "example.com/x@example.com/relaxed/relaxed"},
		{keyed + "domain example.com\nsignature domainkeys(c=simple)\nsignature dkim(c=simple)", "", "x@a.example.com", "example.com/@example.com/simple/simple example.com/simple"},
		{keyed + "domain example.com\nsignature domainkeys\ndomainkeys_method simple", "", "x@example.com", "example.com/simple"},
		{keyed + "domain example.com\nsignature domainkeys", "", "x@example.net", ""}, // d= is no parent of the sender
		{keyed + "domain example.com\nsender_map /senders", "", "x@example.com", ""},
		{keyed + "domain example.com\nsender_map /senders\nsignature dkim", "example.net dkim", "x@a.example.net", "example.net/@example.net/relaxed/simple"},
		{keyed + "domain example.com\nsender_map /senders\nsignature dkim", "example.net dkim", "x@example.org", "example.com/@example.com/relaxed/simple"},
		{keyed + "domain example.com,example.net\nsender_map /senders\nsignature dkim", "example.net domainkeys", "x@example.net", "example.net/nofws"},
		{keyed + "sender_map /senders", ". dkim(i=a$$b@$senderdomain)", "x@example.org", "example.org/a$b@example.org/relaxed/simple"},
		{keyed + "sender_map /senders", "example.org dkim(d=$senderdomain)", "x@a.example.org", "a.example.org/@a.example.org/relaxed/simple"},
		{keyed + "sender_map /senders", "example.org dkim(d=$key,h=from)", "x@a.example.org", "example.org/@example.org/relaxed/simple"},
	} {
		p, err := readConfig(files(tt.conf, tt.senders), "conf")
		if err != nil {
			t.Errorf("%q: %v", tt.conf, err)
		} else if got := describe(p, tt.from); got != tt.want {
			t.Errorf("%q, %q: %q, want %q", tt.conf, tt.senders, got, tt.want)
		}
	}
}

// What a sender writes stays in its line of the log.
func TestLogIsSafe(t *testing.T) {
	p := must(readConfig(files(keyed+"domain example.com\n", ""), "conf"))
	_, line, err := p.sign(context.Background(), []byte("From: \"a\\\x1bb\"@example.com\r\nMessage-ID: <\x1b[2J\r\n x\x07>\r\n\r\n"))
	if err != nil || !strings.HasPrefix(line, "signed; ") || strings.ContainsAny(line, "\x1b\x07\r\n") {
		t.Errorf("%q, %v", line, err)
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct{ conf, senders, want string }{
		{"liste 1", "", `conf:1:7: unknown option "liste"`},
		{"sender_map /none", "", "open none: file does not exist"},
		{"sender_map /senders", "# x\nexample.com", "/senders:2:12: want dkim or domainkeys"},
		{"sender_map /senders", "example.com  spf", "/senders:1:14: want dkim or domainkeys"},
		{"sender_map /senders", "example.com dkim(s=a,key=/k", "/senders:1:13: want dkim"},
		{"sender_map /senders", "example.com dkim(s=a,key=/k), x", "/senders:1:30: want dkim"},
		{"sender_map /senders", "example.com dkim(s=a,key=/k), dkim(z=1)", "/senders:1:35: unknown option \"z\""},
		{"sender_map /senders", "example.com dkim(s=a)", "/senders:1:13: "},
		{"sender_map /senders", "example.com dkim(key=/k)", "/senders:1:13: "},
		{"sender_map /senders", "example.com dkim(s=a,key=/k,i=$user)", `unknown macro "$user"`},
		{"sender_map /senders", "example.com dkim(s=a,key=/k,d=$senders)", `unknown macro "$senders"`},
		{"sender_map /senders", "example.com dkim(s=a,key=/k,d=$sender)", "cannot stand here"},
		{"sender_map /senders", "example.com dkim(s=a,key=/k,c=nowsp)", "nowsp"},
		{"sender_map /senders", "example.com dkim(s=a,key=/k,a=rsa-sha1)", "RFC 8301"},
		{"sender_map /senders", "example.com domainkeys(s=a,key=/k,c=relaxed)", "simple or nofws"},
		{"sender_map /senders", "example.com domainkeys(s=a,key=/k,a=rsa-sha256)", "rsa-sha1"},
		{"sender_map /senders", "a/../b dkim(s=a,key=/k)", "/senders:1:8: "},
		{"domain example.com", "", "conf:1:1: "},
	} {
		if _, err := readConfig(files(tt.conf, tt.senders), "conf"); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q, %q: %v, want %s", tt.conf, tt.senders, err, tt.want)
		}
	}
}

// What cannot be signed goes out as it is, or is refused.
func TestRun(t *testing.T) {
	ok, bad := "From: x@example.com\r\n\r\n", "From: x@example.com\r\nFrom: y@example.com\r\n\r\n"
	noKey := files(keyed+"domain example.com\nreject_error", "")
	noKey["k"].Data = []byte("x")
	for _, tt := range []struct {
		what       string
		root       fs.FS
		message    string
		signed     bool
		reply, log string
	}{
		{"signed", files(keyed+"domain example.com", ""), ok, true, "", "DKIM signing - signed; message-id=, signer=<@example.com>, from=<x@example.com>\n"},
		{"nobody signs", files(keyed+"domain example.com,example.net\nreject_error", ""), strings.ReplaceAll(ok, "com", "org"), false, "", "DKIM signing - skipped; no signer for this message\n"},
		{"two From fields", files(keyed+"domain example.com", ""), bad, false, "", "DKIM signing - skipped; "},
		{"one of two keys is not there", files("sender_map /senders", "example.com dkim(key=/none,s=a), domainkeys(key=/k,s=b)"), ok, false, "", "DKIM signing - skipped; "},
		{"the other is not there", files("sender_map /senders", "example.com dkim(key=/k,s=a), domainkeys(key=/none,s=b)"), ok, false, "", "DKIM signing - skipped; "},
		{"reject_error", files(keyed+"domain example.com\nreject_error", ""), bad, false, "550 5.7.0 ", ""},
		{"reject_error, and the key is at fault", noKey, ok, false, "450 4.7.0 ", ""},
		{"no configuration", fstest.MapFS{}, ok, false, "open conf", ""},
	} {
		var out, log bytes.Buffer
		err := run("conf", tt.root, strings.NewReader(tt.message), &out, &log)
		if (err == nil) != (tt.reply == "") || err != nil && (!strings.HasPrefix(err.Error(), tt.reply) || out.Len() > 0) || !strings.HasPrefix(log.String(), tt.log) {
			t.Errorf("%s: %v, log %q", tt.what, err, log.String())
		}
		if err == nil && (!strings.HasSuffix(out.String(), tt.message) || (out.String() != tt.message) != tt.signed) {
			t.Errorf("%s: %q", tt.what, out.String())
		}
	}
	if err := run("conf", noKey, strings.NewReader("no header"), &bytes.Buffer{}, &bytes.Buffer{}); !errors.Is(err, dkim.ErrHeader) {
		t.Error(err)
	}
}
