package dkimtest

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
)

// writeCorpus writes a small corpus, and returns its folder.
func writeCorpus(t *testing.T, cases string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"key_pool.json":   `{"pool.example": {"from": "elsewhere", "txt": "p=pool"}}`,
		"a/cases.json":    cases,
		"a/zone.json":     `{"records": {"Shared.example": ["p=shared"]}, "errors": {"slow.example": "timeout"}}`,
		"a/mixed.eml":     "a\r\nb\nc\rd\r\r\n",
		"b/cases.json":    `[{"id": "x", "kind": "keyrecord", "record": "p="}]`,
		"c/unrelated.txt": "",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestCorpusMessages(t *testing.T) {
	t.Setenv(CorpusVar, writeCorpus(t, `[
		{"id": "1", "kind": "dkim-verify", "file": "mixed.eml", "eol": "crlf"},
		{"id": "2", "kind": "dkim-verify", "file": "mixed.eml", "eol": "lf"},
		{"id": "3", "kind": "dkim-verify", "file": "mixed.eml", "eol": "normalise-all", "expect": ["pass", null],
			"peers": {"p": ["pass", "fail"], "q": ["pass", "pass"], "r": ["fail", "none"], "s": ["fail"]}}]`))
	cases := Corpus(t, "dkim-verify")
	want := []string{"a\r\nb\nc\rd\r\r\n", "a\r\nb\r\nc\rd\r\r\n", "a\r\nb\r\nc\r\nd\r\n\r\n"}
	if len(cases) != len(want) {
		t.Fatalf("%d cases, want %d", len(cases), len(want))
	}
	for i, c := range cases {
		if got := string(c.Message(t)); got != want[i] {
			t.Errorf("%s: %q, want %q", c.Name(), got, want[i])
		}
	}
	c := cases[2]
	if c.Name() != "a/3" || len(c.Expect) != 2 || *c.Expect[0] != "pass" || c.Expect[1] != nil {
		t.Errorf("case %+v", c)
	}
	if a, b := c.PeerMajority(0, 2), c.PeerMajority(1, 2); a != "pass" || b != "" {
		t.Errorf("majorities %q and %q, want pass and none", a, b)
	}
}

func TestCorpusResolver(t *testing.T) {
	t.Setenv(CorpusVar, writeCorpus(t, `[
		{"id": "1", "kind": "k", "zone_pool": {"pool.example": "elsewhere"}, "zone_errors": {"FAIL.example": "servfail"}},
		{"id": "2", "kind": "k", "zone": {"own.example": ["p=own"]}}]`))
	cases := Corpus(t, "k")
	for _, tt := range []struct {
		c         int
		name, txt string
		is        func(*net.DNSError) bool
	}{
		{0, "shared.EXAMPLE.", "p=shared", nil},
		{0, "pool.example.", "p=pool", nil},
		{0, "slow.example.", "", func(e *net.DNSError) bool { return e.IsTimeout && e.IsTemporary && !e.IsNotFound }},
		{0, "fail.example.", "", func(e *net.DNSError) bool { return e.IsTemporary && !e.IsNotFound }},
		{0, "own.example.", "", func(e *net.DNSError) bool { return e.IsNotFound }},
		{1, "own.example.", "p=own", nil},
		{1, "shared.example.", "", func(e *net.DNSError) bool { return e.IsNotFound }},
		{1, "pool.example.", "", func(e *net.DNSError) bool { return e.IsNotFound }},
	} {
		txt, err := cases[tt.c].Resolver().LookupTXT(context.Background(), tt.name)
		if tt.is == nil {
			if err != nil || len(txt) != 1 || txt[0] != tt.txt {
				t.Errorf("%d %s: %q, %v; want %q", tt.c, tt.name, txt, err, tt.txt)
			}
			continue
		}
		if e := (*net.DNSError)(nil); !errors.As(err, &e) || !tt.is(e) {
			t.Errorf("%d %s: %q, %#v", tt.c, tt.name, txt, err)
		}
	}
}

func TestCorpusErrors(t *testing.T) {
	good := writeCorpus(t, `[]`)
	if cases, err := readCorpus(good, "keyrecord"); err != nil || len(cases) != 1 || cases[0].Record != "p=" {
		t.Errorf("%v, %v", cases, err)
	}
	if _, err := readCorpus(good, "no such kind"); err == nil {
		t.Error("a kind without cases is no error")
	}
	if _, err := readCorpus(filepath.Join(good, "missing"), "keyrecord"); err == nil {
		t.Error("a folder that is not there is no error")
	}
	if _, err := readCorpus(writeCorpus(t, `[{]`), "keyrecord"); err == nil {
		t.Error("a broken file is no error")
	}
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(root, good)
	if err != nil {
		t.Skip(err) // another drive
	}
	if _, err := readCorpus(relative, "keyrecord"); err != nil {
		t.Errorf("relative to the module: %v", err)
	}
}

func TestCorpusUnset(t *testing.T) {
	t.Setenv(CorpusVar, "")
	skipped := false
	t.Run("skips", func(t *testing.T) {
		defer func() { skipped = t.Skipped() }()
		Corpus(t, "keyrecord")
	})
	if !skipped {
		t.Error("not skipped")
	}
}
