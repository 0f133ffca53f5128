package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/keyrecord"
)

// The fields are those of the vendor's sample; there is no Cc.
const message = "To: suzie@example.net\r\nFrom: Joe <joe@example.com>\r\nSubject: dinner\r\nDate: Fri, 11 Jul 2003 21:00:37 -0700\r\n" +
	"Message-ID: <1@example.com>\r\nSender: list@example.net\r\nReply-To: joe@example.com\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nHi.\r\n"

func atNoon() time.Time { return time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// load reads the keys of the tests. What it logs goes to the returned builder.
func load() (*store, *strings.Builder) {
	s := must(readStore("keys.json", string(must(os.ReadFile("testdata/keys.json"))), "sha256"))
	s.table.Time = atNoon
	var log strings.Builder
	s.logf = func(format string, v ...any) { fmt.Fprintf(&log, format+"\n", v...) }
	return s, &log
}

// records are the keys in DNS.
func records(s *store) keyrecord.MapResolver {
	news := must(keyrecord.New(s.keys["example.com/news"].signer.Public()))
	zone := keyrecord.MapResolver{"s1._domainkey.example.org": {news.String()}} // for use_key_from
	for signer, err := range s.table.Signers(context.Background()) {
		if err != nil {
			panic(err)
		}
		zone[must(signer.KeyName())] = []string{must(signer.Record()).String()}
	}
	return zone
}

// sign returns the signatures for the message with fields on top.
func sign(s *store, fields string) ([]*dkim.Result, error) {
	text, err := s.sign(context.Background(), []byte(fields+message))
	if err != nil {
		return nil, err
	}
	return dkim.Verify(context.Background(), strings.NewReader(text+message), &dkim.Verifier{Resolver: records(s), Time: atNoon})
}

// Two signatures, octet for octet: by the default key of the domain of Sender,
// and with a key of another domain. The record of a key, and the one that
// revokes it.
func Example() {
	s, _ := load()
	const fields = "X-GreenArrow-DKIM: [{\"from_domain\": 1},\r\n {\"domain\": \"example.org\", \"selector\": \"s1\", \"use_key_from\": \"Example.com/news\"}]\r\n"
	text := must(s.sign(context.Background(), []byte(fields+message)))
	fmt.Print(strings.ReplaceAll(text, "\r\n", "\n"))
	results := must(sign(s, fields))
	fmt.Println(results[0].Status, results[1].Status)
	fmt.Println(keyrecord.ZoneLine("default", "example.com", must(keyrecord.New(s.keys["example.com/default"].signer.Public()))))
	fmt.Println(keyrecord.ZoneLine("default", "example.com", keyrecord.Revocation("")))
	// Output:
	// DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.net;
	//  s=default; t=1780315200; x=1780920000; h=to:from:subject:date:message-id:
	//  sender:reply-to:mime-version:to:from:cc:subject:date:message-id:reply-to;
	//  bh=UrA8rmgY3eNBotmDWtzAmHyn5RyZv8Gea45sNGsP0zw=; b=ADrc/83+tqOHnIi89tL1QF1qR5
	//  mAho2yhsfB3fsuMC+rPGr76cVA8learKliEci6L7aRgqBNhRAQpKsQvTLwkVjJAMVBIQlLQ7ARKez
	//  5ua7bgCwb7MG1D3oB8Z0lFQ0i0xMUPhA9Yt7JWhfoL3hyrjPHIuu0NmqqHYpGAMWvZVy8
	// DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=s1;
	//  t=1780315200; x=1780920000; h=to:from:subject:date:message-id:sender:
	//  reply-to:mime-version:to:from:cc:subject:date:message-id:reply-to;
	//  bh=UrA8rmgY3eNBotmDWtzAmHyn5RyZv8Gea45sNGsP0zw=; b=I7mDoX3/qiCrQC9LdG7p8tHTcu
	//  9F1Wilq/0Db1hB4uQViKV+MYtzsASMpO1piiLwn2brILzsUzAJDd2KTTWGZnFjUDfzLGb6M568+ao
	//  nb78eA27mU/yQMoY1Xn2t0gOpHW6JOiCmOdAeDIV9SZmzzFuawSFxScy1XpQ3/E2YLBIvvj8rl6rf
	//  QpNhLTRnh8XRNTNBTCbGBDn0HtIGzJT5wPptcONhkt5E3j7iyNRFZunPY7IbCSeUTe1LZYZgmYSzt
	//  v+SZy1OgeTzvbtCDfN2dj6OUnx7NlqI9SCYX8nrLAml4gnTi452lzBfsZr+HC5TniEhjqPz4+XFzY
	//  l2oWigXg==
	// pass pass
	// default._domainkey.example.com. IN TXT ( "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDbsMCiYKD1FZEOsJT+gUF+YjEYq+m6SNxKNRjGQmCmGeya8hR6GwlLnRewfFmr3YmpEzARTsAE42bdw6gJXNxA6y4+ZZNhrtk5P4nCWlKa+OHQmTMDoW5h87npHF+NEjibBC66UNkVcYZN/iDMSMUU/XmAB/hJPfWyLxXVlSqg9wIDAQAB" )
	// default._domainkey.example.com. IN TXT ( "v=DKIM1; p=" )
}

func TestDirectives(t *testing.T) {
	ten := strings.TrimSuffix(strings.Repeat(`{"domain":"example.com","allow_duplicate":true},`, 10), ",")
	field := func(json string) string { return "X-GreenArrow-DKIM: " + json + "\r\n" }
	for _, tt := range []struct{ what, fields, want, log string }{
		{"none: the default key of the domain of Sender", "", "example.net/default", ""},
		{"a domain: its default key", field(`{"domain":"EXAMPLE.com"}`), "example.com/default", ""},
		{"a domain and a selector", field(`{"domain":"example.com","selector":"News"}`), "example.com/news", ""},
		{"from_domain", field(`{"from_domain":"yes"}`), "example.net/default", ""},
		{"from_domain is not true", field(`{"domain":"example.com","from_domain":"0"}`), "example.com/default", ""},
		{"an empty object", field(`{}`), "example.net/default", ""},
		{"several", field(`[{"domain":"example.com"},{"domain":"example.net"}]`), "example.com/default example.net/default", ""},
		{"several fields add up", field(`{"domain":"example.com"}`) + "x-greenarrow-dkim:{\"domain\":\r\n\t\"example.net\"}\r\n", "example.com/default example.net/default", ""},
		{"a key named twice", field(`[{"domain":"example.com"},{"domain":"example.com","selector":"default"}]`), "example.com/default", ""},
		{"a key named twice on purpose", field(`[{"domain":"example.com"},{"domain":"example.com","allow_duplicate":1}]`), "example.com/default example.com/default", ""},
		{"use_key_from: its default key", field(`{"domain":"example.org","selector":"x","use_key_from":"example.com"}`), "example.org/x", ""},
		{"use_key_from without a selector", field(`{"domain":"example.org","use_key_from":"example.com"}`), "", "without a selector"},
		{"no such key", field(`[{"domain":"example.org"},{"domain":"example.com"}]`), "example.com/default", `no key "" of "example.org"`},
		{"no such selector", field(`{"domain":"example.com","selector":"none"}`), "", `no key "none" of "example.com"`},
		{"a domain that is none", field(`{"domain":"../x","selector":"s","use_key_from":"example.com"}`), "", "domain name"},
		{"a selector that is none", field(`{"domain":"example.org","selector":"s; l=0","use_key_from":"example.com"}`), "", "s=:"},
		{"a macro", field(`{"domain":"%{senderdomain}","selector":"s","use_key_from":"example.com"}`), "example.net/s", ""},
		{"a macro that has no value", "Sender: root@localhost\r\n" + field(`{"domain":"%{senderdomain}","selector":"s","use_key_from":"example.com"}`), "", "the sender cannot be d="},
		{"ten", field("[" + ten + "]"), strings.TrimSpace(strings.Repeat("example.com/default ", 10)), ""},
		{"ten in all", field("["+ten+"]") + field(`{"domain":"example.net"}`), strings.TrimSpace(strings.Repeat("example.com/default ", 10)), ""},
		{"eleven", field("[" + ten + `,{"domain":"example.com"}]`), "", "11 objects"},
		{"none in the array", field("[]"), "", "0 objects"},
		{"a string", field(`"x"`), "", "error decoding JSON"},
		{"nothing", field(``), "", "error decoding JSON"},
		{"too long", field(`{"domain":"example.com"` + strings.Repeat(" \r\n", 1400) + " }"), "", "want 1 to 10, in less than 4096"},
		{"an unknown key", field(`{"domian":"example.com"}`), "", `unknown field "domian"`},
		{"bad JSON, with its place", "X-GreenArrow-DKIM: {\"domain\":\r\n  ]}\r\n", "", "error decoding JSON: X-GreenArrow-DKIM:2:3: invalid character"},
	} {
		s, log := load()
		signatures, err := sign(s, tt.fields)
		var got []string
		for _, r := range signatures {
			got = append(got, r.Signature.Domain+"/"+r.Signature.Selector)
		}
		if strings.Join(got, " ") != tt.want || err != nil {
			t.Errorf("%s: %q, %v; want %q", tt.what, got, err, tt.want)
		}
		if !strings.Contains(log.String(), tt.log) || (log.Len() == 0) != (tt.log == "") || log.Len() > 0 && !strings.HasPrefix(log.String(), "problem dkim signing message: ") {
			t.Errorf("%s: log %q, want %q", tt.what, log.String(), tt.log)
		}
	}
}

// The fields of strangers say nothing.
func TestStranger(t *testing.T) {
	s, log := load()
	s.stranger = true
	signatures, err := sign(s, "X-GreenArrow-DKIM: {\"domain\":\"example.com\"}\r\n")
	if len(signatures) != 1 || signatures[0].Signature.Domain != "example.net" || err != nil || log.Len() > 0 {
		t.Error(signatures, err, log)
	}
}

func TestErrors(t *testing.T) {
	var pem struct{ Private string }
	list := []json.RawMessage{}
	if err := errors.Join(json.Unmarshal(must(os.ReadFile("testdata/keys.json")), &list), json.Unmarshal(list[0], &pem)); err != nil {
		t.Fatal(err)
	}
	private, _ := json.Marshal(pem.Private)
	one := func(domain, selector string) string {
		return fmt.Sprintf("\n {\"domain\": %q, \"selector\": %q, \"private\": %s}", domain, selector, private)
	}
	for _, tt := range []struct {
		text, hash, want string
		err              error
	}{
		{"[" + one("example.com", "a") + "," + one("Example.com", "A") + "]", "sha256", "f.json:3:2: \"example.com/a\" is there already", nil},
		{"[" + one("a/b", "a") + "]", "sha256", "f.json:2:2: ", nil},
		{"[" + one("example.com", strings.Repeat("a", 201)) + "]", "sha256", "f.json:2:2: ", nil},
		{"[" + one("example.com.", "a") + "]", "sha256", "f.json:2:2: ", nil},
		{"[\n {\"domain\": \"example.com\", \"selector\": \"a\", \"private\": \"x\"}]", "sha256", "f.json:2:2: ", dkim.ErrKey},
		{"[\n {\"bits\": 1024}]", "sha256", "f.json:2:2: json: unknown field", nil},
		{"[\n ]]", "sha256", "f.json:2:3: invalid character", nil},
		{"[" + one("example.com", "a") + "]", "sha1", "f.json:2:2: signtable: \"example.com\", rule 0: a=: unusable algorithm: historic algorithm: RFC 8301", dkim.ErrHistoric},
		{"[" + one("example.com", "a") + "]", "md5", "rsa-md5", dkim.ErrAlgorithm},
	} {
		_, err := readStore("f.json", tt.text, tt.hash)
		if err == nil || !strings.Contains(err.Error(), tt.want) || tt.err != nil && !errors.Is(err, tt.err) {
			t.Errorf("%s: %v, want %s", tt.text, err, tt.want)
		}
	}
	// A domain may have more keys than a message has signatures.
	var many []string
	for i := range 2 * maxSignatures {
		many = append(many, one("example.com", fmt.Sprint("s", i)))
	}
	if _, err := readStore("f.json", "["+strings.Join(many, ",")+"]", "sha256"); err != nil {
		t.Error(err)
	}
}

// What goes out has no X-GreenArrow-DKIM, and its signatures verify.
func TestRun(t *testing.T) {
	var out bytes.Buffer
	text := "X-GreenArrow-DKIM: {\"domain\": \"example.com\"}\r\n" + message
	for _, hashfunc := range []string{"testdata/hashfunc", "testdata/none"} {
		out.Reset()
		if err := run("testdata/keys.json", hashfunc, strings.NewReader(text), &out); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out.String(), "X-GreenArrow") || !strings.HasSuffix(out.String(), message) {
			t.Error(out.String())
		}
		s, _ := load()
		results, err := dkim.Verify(context.Background(), &out, &dkim.Verifier{Resolver: records(s)})
		if err != nil || dkim.Overall(results) != dkim.Pass {
			t.Error(results, err)
		}
	}
	out.Reset()
	for _, keys := range []string{"testdata/none", "testdata/hashfunc"} {
		if err := run(keys, "testdata/hashfunc", strings.NewReader(text), &out); err == nil || out.Len() > 0 {
			t.Error(keys)
		}
	}
	other := strings.ReplaceAll(message, "example.", "other.")
	if err := run("testdata/keys.json", "", strings.NewReader(other), &out); err != nil || out.String() != other {
		t.Error(out.String(), err)
	}
	out.Reset()
	if err := run("testdata/keys.json", "", strings.NewReader("no header"), &out); !errors.Is(err, dkim.ErrHeader) || out.Len() > 0 {
		t.Error(out.String(), err)
	}
}
