package signtable

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/waxseal/waxseal/dkim"
)

// A pathFS notes what is opened.
type pathFS struct {
	fstest.MapFS
	opened map[string]bool
}

func (f *pathFS) Open(name string) (fs.File, error) {
	f.opened[name] = true
	return f.MapFS.Open(name)
}

func (f *pathFS) Stat(name string) (fs.FileInfo, error) {
	f.opened[name] = true
	return f.MapFS.Stat(name)
}

// Whatever the domain of a sender is, what is opened is keys/<domain>/s1.key.
func TestSenderStaysInside(t *testing.T) {
	for _, tt := range []struct{ domain, path string }{
		{"example.com", "keys/example.com/s1.key"},
		{"EXAMPLE.com", "keys/example.com/s1.key"},
		{"BÜCHER.example", "keys/xn--bcher-kva.example/s1.key"},
		{"../x", ""},
		{"..", ""},
		{"a/b.example", ""},
		{"../../etc/passwd", ""},
		{"/etc.example", ""},
		{`a\b.example`, ""},
		{`..\..\x.example`, ""},
		{"a.example/../../x.example", ""},
		{"a..example", ""},
		{".example.com", ""},
		{"example.com.", ""},
		{"a\x00b.example", ""},
		{"%{d}.example", ""},
		{"C:x.example", ""},
		{"a\u2215b.example", ""}, // DIVISION SLASH
		{"a\uff0fb.example", ""}, // FULLWIDTH SOLIDUS, which UTS 46 maps to a slash
		{"\uff0e\uff0e.example", ""},
		{"a\u2024b.example", ""}, // ONE DOT LEADER
		{"-x.example", ""},
		{"a\u3002b.example", ""}, // IDEOGRAPHIC FULL STOP, which UTS 46 maps to a dot
		{"\u3002\u3002", ""},
		{"a\u00adb.example", ""}, // SOFT HYPHEN, which UTS 46 removes
		{"\u202egro.example", ""},
		{"a*b.example", ""},
		{"a%2f..%2fb.example", ""},
		{"xn--.example", ""},
		{"[127.0.0.1]", ""},
		{strings.Repeat("a", 64) + ".example", ""},
		{strings.Repeat("a.", 130) + "example", ""},
	} {
		fsys := &pathFS{fstest.MapFS{}, map[string]bool{}}
		table := &Table{
			Default: Rule{Selector: "s1", KeyPath: "keys/%{d}/%{s}.key"},
			Senders: map[string][]Rule{".": {{}, {Domain: "%{senderdomain}", KeyPath: "keys/%{senderdomain}/%{s}.key", Selector: "s1"}}},
			Keys:    &KeyCache{FS: fsys},
		}
		// Given by the caller, and as an address in the message.
		_, given := sign(t, table.For(Request{Sender: tt.domain}), "From: a@example.net\r\n")
		_, inFrom := sign(t, table, "From: a@"+tt.domain+"\r\n")
		delete(fsys.opened, tt.path)
		if len(fsys.opened) > 0 {
			t.Errorf("%q opens %v", tt.domain, fsys.opened)
		}
		for _, err := range []error{given, inFrom} {
			if tt.path != "" && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%q: %v, want no key at %s", tt.domain, err, tt.path)
			}
			if tt.path == "" && err != nil && !errors.Is(err, dkim.ErrHeader) {
				t.Errorf("%q: %v; nobody signs for it", tt.domain, err)
			}
		}
	}
}

// The templates are the operator's; they cannot leave the file system either.
func TestTemplateStaysInside(t *testing.T) {
	for _, path := range []string{"../%{d}.key", "/etc/%{d}.key", "%{d}/../../x", "./%{d}", "%{d}//x", "%{d}/", "a\x00/../b"} {
		table := &Table{Senders: one(Rule{Selector: "s1", KeyPath: path}), Keys: &KeyCache{FS: os.DirFS(t.TempDir())}}
		if _, err := sign(t, table, fromExample("joe")); !errors.Is(err, dkim.ErrKey) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// The domain of a sender may be longer, with what stands around it, than a file
// system has names: there is no key, which is no error where keys are optional.
func TestNameTooLong(t *testing.T) {
	label := strings.Repeat("a", 61) + "."
	long := label + label + label + label + "co" // 250 octets
	table := &Table{
		Default: Rule{Selector: "s1", KeyPath: "%{d}.%{s}.key", Optional: On},
		Senders: map[string][]Rule{".": {{}}},
		Keys:    &KeyCache{FS: os.DirFS(t.TempDir())},
	}
	if sigs, err := sign(t, table, "From: a@"+long+"\r\n"); sigs != nil || err != nil {
		t.Errorf("%d signatures, %v", len(sigs), err)
	}
	for range 2 {
		if _, err := table.Keys.Key(context.Background(), long+".s1.key"); !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
	}
	if s := table.Keys.(*KeyCache).Stats(); s.Loads != 1 {
		t.Errorf("%d loads, want one: the failure is kept", s.Loads)
	}
}

// A symbolic link leads out of an os.DirFS, and not out of an os.Root.
func TestSymbolicLinks(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	link := func(target, name string) {
		t.Helper()
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Skip(err)
		}
	}
	write("outside/s1.key", keyFile(edKey(1)).Data)
	write("keys/in.example/s1.key", keyFile(edKey(2)).Data)
	link(filepath.Join(dir, "outside"), "keys/abs.example")
	link("../outside", "keys/rel.example")
	link("in.example", "keys/alias.example")
	root, err := os.OpenRoot(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, tt := range []struct {
		what   string
		fsys   fs.FS
		domain string
		ok     bool
	}{
		{"os.Root", root.FS(), "in.example", true},
		{"os.Root, a link within", root.FS(), "alias.example", true},
		{"os.Root, an absolute link", root.FS(), "abs.example", false},
		{"os.Root, a relative link", root.FS(), "rel.example", false},
		{"os.DirFS follows links: documented", os.DirFS(filepath.Join(dir, "keys")), "rel.example", true},
	} {
		c := &KeyCache{FS: tt.fsys}
		key, err := c.Key(context.Background(), tt.domain+"/s1.key")
		if (err == nil) != tt.ok || (key != nil) != tt.ok || err != nil && !errors.Is(err, dkim.ErrKey) {
			t.Errorf("%s: %v, %v", tt.what, key, err)
		}
	}
}

func TestExpand(t *testing.T) {
	v := &vars{d: "d.example", s: "s1", senderDomain: "x.d.example", keyDomain: "d.example", sender: "joe@x.d.example", key: "."}
	for _, tt := range []struct {
		in    string
		place int
		want  string
		ok    bool
	}{
		{"", inPath, "", true},
		{"plain", inPath, "plain", true},
		{"%{d}/%{s}.key", inPath, "d.example/s1.key", true},
		{"%{senderdomain}%{keydomain}", inPath, "x.d.exampled.example", true},
		{"%{sender} %{key}%%{d}", inIdentity, "joe@x.d.example .%{d}", true},
		{"100%%", inPath, "100%", true},
		{"%%%{s}%%", inPath, "%s1%", true},
		{"%", inPath, "", false},
		{"a%", inPath, "", false},
		{"%d", inPath, "", false},
		{"%{", inPath, "", false},
		{"%{d", inPath, "", false},
		{"%{}", inPath, "", false},
		{"%{D}", inPath, "", false},
		{"%{ d}", inPath, "", false},
		{"%{d%{d}}", inPath, "", false},
		{"%{sender}", inPath, "", false},
		{"%{key}", inPath, "", false},
		{"%{s}", inDomain, "", false},
		{"%{sender}", inDomain, "", false},
	} {
		got, err := v.expand(tt.in, tt.place)
		if got != tt.want || (err == nil) != tt.ok || err != nil && !errors.Is(err, ErrMacro) {
			t.Errorf("expand(%q) = %q, %v; want %q", tt.in, got, err, tt.want)
		}
	}
	if _, err := new(vars).expand("%{d}", inPath); !errors.Is(err, ErrMacro) {
		t.Errorf("without a value: %v", err)
	}
}

// A template with its percent signs doubled is itself; one that expands has no
// value but those of the macros; and what a sender brings stays within its place
// in the path.
func FuzzExpand(f *testing.F) {
	for _, s := range []string{"", "%", "%{d}/%{s}.key", "%%{d}", "%{sender}", "%{d", "a%{s}%%b"} {
		f.Add(s, "example.com")
	}
	f.Add("keys/%{d}/%{s}.key", "../x")
	f.Add("%{senderdomain}", "a/b")
	f.Fuzz(func(t *testing.T, template, sender string) {
		v := &vars{d: "d.example", s: "s1", senderDomain: "x.example", keyDomain: "y.example", sender: "a@b.example", key: "."}
		if got, err := v.expand(strings.ReplaceAll(template, "%", "%%"), inPath); got != template || err != nil {
			t.Errorf("%q with %% doubled is %q, %v", template, got, err)
		}
		got, err := v.expand(template, inPath)
		want := strings.NewReplacer("%%", "%", "%{d}", v.d, "%{s}", v.s, "%{senderdomain}", v.senderDomain, "%{keydomain}", v.keyDomain).Replace(template)
		if err == nil && got != want {
			t.Errorf("%q is %q, want %q", template, got, want)
		}
		fsys := &pathFS{fstest.MapFS{}, map[string]bool{}}
		table := &Table{Senders: map[string][]Rule{".": {{Selector: "s1", KeyPath: "keys/%{d}/%{s}.key"}}}, Keys: &KeyCache{FS: fsys}}
		sign(t, table.For(Request{Sender: sender}), "From: a@example.net\r\n")
		for name := range fsys.opened {
			dir, ok := strings.CutPrefix(name, "keys/")
			dir, ok2 := strings.CutSuffix(dir, "/s1.key")
			if !ok || !ok2 || !fs.ValidPath(dir) || strings.ContainsAny(dir, "/\\\x00:") || strings.HasPrefix(dir, ".") {
				t.Errorf("%q opens %q", sender, name)
			}
		}
	})
}
