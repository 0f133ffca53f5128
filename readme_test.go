package waxseal_test

import (
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// A block is fenced code in a Markdown file.
type block struct {
	lang, text string
}

var fence = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")

// blocks returns the fenced code of a file.
func blocks(t *testing.T, file string) []block {
	t.Helper()
	var list []block
	for _, m := range fence.FindAllStringSubmatch(read(t, file), -1) {
		list = append(list, block{m[1], m[2]})
	}
	if len(list) == 0 {
		t.Fatalf("%s has no fenced code", file)
	}
	return list
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestREADMESnippets: the Go code of the README is that of example_test.go,
// which is compiled, and run by the example of this package.
func TestREADMESnippets(t *testing.T) {
	source := read(t, "example_test.go")
	n := 0
	for _, b := range blocks(t, "README.md") {
		switch b.lang {
		case "go":
			n++
			if formatted, err := format.Source([]byte(b.text)); err != nil || string(formatted) != b.text {
				t.Errorf("not formatted (%v):\n%s", err, b.text)
			}
			if !strings.Contains(source, "\n"+b.text) {
				t.Errorf("not in example_test.go:\n%s", b.text)
			}
			if lines := strings.Count(b.text, "\n"); lines > 12 { // ten, and what wraps them
				t.Errorf("%d lines are too many:\n%s", lines, b.text)
			}
		case "sh": // TestREADMECommands
		default:
			t.Errorf("code in %q, which no test looks at:\n%s", b.lang, b.text)
		}
	}
	if n != 2 {
		t.Errorf("%d snippets, want one to sign and one to verify", n)
	}
}

// TestREADMECommands runs the commands of the README, each as it stands there:
// go commands here, with what they install in a folder of the test, and the
// installed programs in a folder with a message.
func TestREADMECommands(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the README's commands are for a POSIX shell")
	}
	packages(t) // go test learns that the result depends on the source
	bin, dir := t.TempDir(), t.TempDir()
	message := "From: Joe <joe@example.org>\r\nSubject: dinner\r\n\r\nHi.\r\n"
	if err := os.WriteFile(filepath.Join(dir, "message"), []byte(message), 0o600); err != nil {
		t.Fatal(err)
	}
	sh := func(command, dir string) string {
		cmd := exec.Command("sh", "-c", command)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOBIN="+bin, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
		return string(out)
	}
	stages := read(t, filepath.Join(".ci", "run"))
	for _, b := range blocks(t, "README.md") {
		if b.lang != "sh" {
			continue
		}
		for command := range strings.Lines(b.text) {
			command = strings.TrimSuffix(command, "\n")
			name, _, _ := strings.Cut(command, " ")
			switch {
			case command == "go test ./...": // it runs this test
				if !strings.Contains(stages, "\n\t"+command+"\n") {
					t.Errorf(".ci/run does not run %q", command)
				}
			case command == "go run ./examples/quickstart":
				if out := sh(command, "."); !strings.Contains(out, "dkim=pass header.d=example.org") {
					t.Errorf("%s: no dkim=pass in\n%s", command, out)
				}
			case strings.HasPrefix(command, "go install ./examples/"):
				sh(command, ".")
			case name == "keygen", name == "sign":
				if out := sh(command, dir); out != "" {
					t.Errorf("%s prints %q", command, out)
				}
			case name == "verify":
				if out := sh(command, dir); out != "pass d=example.org s=s1 a=rsa-sha256\n" {
					t.Errorf("%s prints %q", command, out)
				}
			default:
				t.Errorf("no test runs %q", command)
			}
		}
	}
	if signed := read(t, filepath.Join(dir, "signed")); !strings.HasSuffix(signed, "\r\n"+message) {
		t.Errorf("sign wrote %q", signed)
	}
}

var (
	goGet   = regexp.MustCompile(`(?m)^    go get (\S+)$`)
	link    = regexp.MustCompile(`\]\(([^)]+)\)`)
	tableOf = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|")
)

// TestREADMEFacts: the module path, the links to files and the tables of packages
// and of programs are those of the module.
func TestREADMEFacts(t *testing.T) {
	readme := read(t, "README.md")
	if m := goGet.FindStringSubmatch(readme); m == nil || m[1] != modulePath {
		t.Errorf("go get %q, want %s", m, modulePath)
	}
	if !strings.HasPrefix(read(t, "go.mod"), "module "+modulePath+"\n") {
		t.Errorf("go.mod names another module than %s", modulePath)
	}
	for _, m := range link.FindAllStringSubmatch(readme, -1) {
		if !strings.Contains(m[1], "://") && !exists(filepath.FromSlash(m[1])) {
			t.Errorf("a link to %s, which is not there", m[1])
		}
	}
	listed := map[string]bool{}
	for _, m := range tableOf.FindAllStringSubmatch(readme, -1) {
		listed[m[1]] = true
	}
	for _, m := range tableOf.FindAllStringSubmatch(read(t, filepath.Join("examples", "README.md")), -1) {
		listed["examples/"+m[1]] = true
	}
	for _, p := range packages(t) {
		if p.dir != "." && !p.internal() && !listed[p.dir] {
			t.Errorf("%s is in no table", p.dir)
		}
		delete(listed, p.dir)
	}
	for dir := range listed {
		if !exists(filepath.Join(filepath.FromSlash(dir), "go.mod")) {
			t.Errorf("the tables name %s, which is no package", dir)
		}
	}
	doc := read(t, "doc.go")
	for _, p := range packages(t) {
		if p.dir != "." && !p.internal() && p.name != "main" && !strings.Contains(doc, "["+modulePath+"/"+p.dir+"]") {
			t.Errorf("doc.go does not name %s", p.dir)
		}
	}
}

// TestExampleREADMEs: each nested module below examples has a README of one
// screen, with the lines that matter as they stand in its source.
func TestExampleREADMEs(t *testing.T) {
	mods, err := filepath.Glob(filepath.Join("examples", "*", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for _, mod := range mods {
		readme := filepath.Join(filepath.Dir(mod), "README.md")
		if lines := strings.Count(read(t, readme), "\n"); lines > 60 {
			t.Errorf("%s: %d lines are more than a screen", readme, lines)
		}
		files, err := filepath.Glob(filepath.Join(filepath.Dir(mod), "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		var source strings.Builder // without indentation
		for _, file := range files {
			for line := range strings.Lines(read(t, file)) {
				source.WriteString(strings.TrimLeft(line, "\t"))
			}
		}
		n := 0
		for _, b := range blocks(t, readme) {
			if b.lang != "go" {
				continue
			}
			n++
			var text strings.Builder
			for line := range strings.Lines(b.text) {
				text.WriteString(strings.TrimLeft(line, "\t"))
			}
			if !strings.Contains(source.String(), text.String()) {
				t.Errorf("%s: not in the source:\n%s", readme, b.text)
			}
			if lines := strings.Count(b.text, "\n"); lines > 20 {
				t.Errorf("%s: %d lines are too many:\n%s", readme, lines, b.text)
			}
		}
		if n == 0 {
			t.Errorf("%s shows none of the source", readme)
		}
	}
}
