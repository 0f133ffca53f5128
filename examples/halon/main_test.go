package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/signtable"
)

const message = "Received: from a by b\r\nX-Mailer: x\r\nFrom: Joe <joe@example.com>\r\nTo: suzie@example.net\r\n" +
	"Subject: dinner\r\nComments: unsigned\r\n\r\nHi.\r\n"

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func load() *signtable.Table {
	text := must(os.ReadFile("testdata/dkim.json"))
	table := must(readCalls("dkim.json", string(text), &signtable.KeyCache{FS: os.DirFS("testdata")}))
	table.Time = func() time.Time { return time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC) }
	return table
}

// Two signatures, octet for octet, and what return_header returns of one: the
// field to add as it is.
func Example() {
	ctx := context.Background()
	table := load()
	w := dkim.NewSignWriter(ctx, signed(table, "joe@example.com"))
	fmt.Fprint(w, message)
	signatures := must(w.Finish())
	for _, s := range signatures {
		fmt.Print(strings.ReplaceAll(s.String(), "\r\n", "\n"))
	}
	name, value := signatures[1].Field()
	fmt.Println(name, "|"+value[:5])
	for _, line := range must(records(ctx, table)) { // as they stand in a zone file
		fmt.Printf("%.80s\n", line)
	}
	// Output:
	// DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=s1;
	//  t=1780315200; h=subject:to:from:x-mailer:from:subject;
	//  bh=UrA8rmgY3eNBotmDWtzAmHyn5RyZv8Gea45sNGsP0zw=; b=JJV/jsU0sVpiLmcPHtEK2pYGur
	//  6NopefMOQAPp3IVWviFPcPMuEz1yr7ePKdzwGBFgqOYxcR1/7MKMQlwSJZhPYIzQp+MwIvUhk+VWw
	//  XfnUOith4PZrNGPNNlyJ7HkOgGpQcZn9OyZNEBEG9md7SobTRTbWBobuOxQLU4Vv/ayJ6lV/gKdCf
	//  c8PeyAII7De/ClE4nN7kXdUA3xW0zuTWwe3TjcKXpKzY1wALJ8zBeejZRQoX/UNPxUEzzdCY//3IT
	//  kmXDe3Rh6uJ8H5pvfpoRabflpeMO0vcj8ATLcIHNsJfrMsqJysIm+zZI8lR+Ay+KeaQN5/LZMEOnv
	//  NqhDbybQ==
	// DKIM-Signature: v=1; a=ed25519-sha256; c=simple/simple; d=example.com; s=ed;
	//  t=1780315200; h=subject:from:from;
	//  bh=UrA8rmgY3eNBotmDWtzAmHyn5RyZv8Gea45sNGsP0zw=; b=9Hwgx5zMna7yypZ9FsWIUfQEGw
	//  t2dZbYZ8HGH2wkx3TjepEnStpL02/ewcBwlGdz85yrbaNvyv7Rbjjh5xXqAg==
	// DKIM-Signature | v=1;
	// s1._domainkey.example.com. IN TXT ( "v=DKIM1; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A
	// ed._domainkey.example.com. IN TXT ( "v=DKIM1; k=ed25519; p=iojj3XQJ8ZX9UtstPLpdc
	// s1._domainkey.example.net. IN TXT ( "v=DKIM1; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A
}

// Who may sign is told by the login, and not by From.
func TestWho(t *testing.T) {
	for user, want := range map[string]string{
		"joe@example.com": "d=example.com; s=s1; d=example.com; s=ed;",
		"ann@example.net": "d=example.net; s=s1;",
		"eve@example.org": "",
		"":                "",
	} {
		var b strings.Builder
		err := dkim.Sign(context.Background(), &b, strings.NewReader(message), signed(load(), user))
		var got []string
		for _, word := range strings.Fields(b.String()) {
			if strings.HasPrefix(word, "d=") || strings.HasPrefix(word, "s=") {
				got = append(got, word)
			}
		}
		if strings.Join(got, " ") != want || errors.Is(err, dkim.ErrNoSigner) != (want == "") {
			t.Errorf("%s: %q, %v; want %q", user, got, err, want)
		}
	}
}

// Which fields are signed, and in which order.
func TestFields(t *testing.T) {
	key, _ := json.Marshal(string(must(os.ReadFile("testdata/pki-ed.txt"))))
	for _, tt := range []struct{ options, want string }{
		{`{}`, "subject:to:from:from"},
		{`{"additional_headers": ["x-mailer"]}`, "subject:to:from:x-mailer:from"},
		{`{"oversign_headers": []}`, "subject:to:from"},
		{`{"oversign_headers": ["From", "Date"]}`, "subject:to:from:From:Date"},
		{`{"headers": ["From"]}`, "from:from"},
		{`{"headers": ["From"], "additional_headers": ["Comments"]}`, "comments:from:from"},
		{`{"headers": []}`, "comments:subject:to:from:x-mailer:received:from"},
	} {
		text := `[{"saslusername": "a", "selector": "s", "domain": "example.com", "key": ` + string(key) + `, "options": ` + tt.options + `}]`
		w := dkim.NewSignWriter(context.Background(), signed(must(readCalls("f", text, nil)), "a"))
		fmt.Fprint(w, message)
		if got := strings.Join(must(w.Finish())[0].Fields, ":"); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.options, got, tt.want)
		}
	}
}

func TestErrors(t *testing.T) {
	one := func(options string) string {
		return "[\n  {\"selector\": \"s\", \"domain\": \"example.com\", \"key\": \"pki:k\", \"options\": {" + options + "}}\n]"
	}
	for _, tt := range []struct {
		text, want string
		err        error
	}{
		{"[\n {\"selector\": ]", "f.json:2:15: ", nil},
		{"[\n {\"selektor\": 1}]", "f.json:2:2: json: unknown field \"selektor\"", nil},
		{one(`"canonicalization_body": "nofws"`), "f.json:2:3: ", nil},
		{one(`"algorithm": "sha1"`), "f.json:2:3: ", dkim.ErrHistoric},
		{one(`"algorithm": "rsa-sha1"`), "RFC 8301", dkim.ErrHistoric},
		{one(`"oversign_headers": ["a b"]`), "f.json:2:3: ", nil},
		{"[{\"selector\":\"a b\",\"domain\":\"example.com\",\"key\":\"pki:k\"}]", "f.json:1:2: ", dkim.ErrSyntax},
		{"[{\"selector\":\"s\",\"domain\":\"../x\",\"key\":\"pki:k\"}]", "f.json:1:2: ", nil},
		{"[{\"selector\":\"s\",\"domain\":\"example.com\",\"key\":\"k\"}]", "f.json:1:2: ", dkim.ErrKey},
		{"{}", "f.json:1:1: ", nil},
		{"", "f.json:1:1: ", nil},
		{"[", "f.json:1:1: unexpected end of JSON input", nil},
		{"[1]", "f.json:1:2: ", nil},
		{"[]]", "f.json:1:3: ", nil},
	} {
		_, err := readCalls("f.json", tt.text, &signtable.KeyCache{})
		if err == nil || !strings.Contains(err.Error(), tt.want) || tt.err != nil && !errors.Is(err, tt.err) {
			t.Errorf("%s: %v, want %s", tt.text, err, tt.want)
		}
	}
}

func TestRun(t *testing.T) {
	var out bytes.Buffer
	if err := run("testdata/dkim.json", "joe@example.com", strings.NewReader(message), &out); err != nil || !strings.HasSuffix(out.String(), message) {
		t.Error(out.String(), err)
	}
	for _, file := range []string{"testdata/none.json", "none/dkim.json", "main.go"} {
		if err := run(file, "joe@example.com", strings.NewReader(message), &out); err == nil {
			t.Error(file)
		}
	}
	// A key that is not there: nothing goes out.
	file := t.TempDir() + "/f.json"
	if err := os.WriteFile(file, []byte(`[{"saslusername": "a", "selector": "s", "domain": "example.com", "key": "pki:../k"}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	if err := run(file, "a", strings.NewReader(message), &out); !errors.Is(err, fs.ErrInvalid) || out.Len() != 0 {
		t.Errorf("%q, %v", out.String(), err)
	}
}
