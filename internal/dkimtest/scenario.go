package dkimtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A Scenario is one message with the DNS records it needs and what is wanted
// of it. Its file is in the txtar format: a comment that says why the scenario
// exists, then the sections dns, options, message and want, each after a line
// "-- name --". Lines end in LF there, and in CRLF in Message.
type Scenario struct {
	Name    string
	Zone    map[string][]string // from dns: a name, white space and the TXT value, on one line
	Options map[string]string   // from options: name=value, one a line
	Message string
	Want    string

	path, head string // the file up to its want section
}

// Scenarios reads all *.txtar files in a folder.
func Scenarios(t testing.TB, dir string) []*Scenario {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scenarios in %s: %v", dir, err)
	}
	var all []*Scenario
	for _, path := range paths {
		s, err := readScenario(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

func readScenario(path string) (*Scenario, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s := &Scenario{
		Name: strings.TrimSuffix(filepath.Base(path), ".txtar"), path: path,
		Zone: map[string][]string{}, Options: map[string]string{},
	}
	text, want, ok := strings.Cut(string(data), "-- want --\n")
	if !ok {
		return nil, fmt.Errorf("%s: no want section", path)
	}
	s.head, s.Want = text+"-- want --\n", want
	section := ""
	for line := range strings.Lines(text) {
		if name, ok := strings.CutPrefix(line, "-- "); ok && strings.HasSuffix(name, " --\n") {
			section = strings.TrimSuffix(name, " --\n")
			continue
		}
		switch section {
		case "":
			// the comment
		case "dns":
			name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
			s.Zone[name] = append(s.Zone[name], strings.TrimSpace(value))
		case "options":
			name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			s.Options[name] = value
		case "message":
			s.Message += strings.TrimSuffix(line, "\n") + "\r\n"
		default:
			return nil, fmt.Errorf("%s: section %q", path, section)
		}
	}
	return s, nil
}

// Update writes the scenario's file anew, with another want section.
func (s *Scenario) Update(want string) error {
	return os.WriteFile(s.path, []byte(s.head+want), 0o644)
}
