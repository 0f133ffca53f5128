package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var fence = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")

// testREADME runs the commands of the README, with message in a file and the
// server that it names at address, and looks for its Go code in the program.
func testREADME(t *testing.T, address, message string) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("resolver.go")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "message")
	if err := os.WriteFile(file, []byte(message), 0o600); err != nil {
		t.Fatal(err)
	}
	commands := 0
	for _, m := range fence.FindAllStringSubmatch(string(readme), -1) {
		switch m[1] {
		case "go":
			if !strings.Contains(string(source), m[2]) {
				t.Errorf("not in resolver.go:\n%s", m[2])
			}
		case "sh":
			commands++
			command := strings.NewReplacer("127.0.0.1:53", address, "< message", "< "+file).Replace(m[2])
			out, err := exec.Command("sh", "-c", command).CombinedOutput()
			if err != nil || string(out) != "pass d=signed.example s=s1 dnssec=yes\n" {
				t.Errorf("%s: %v\n%s", command, err, out)
			}
		}
	}
	if commands != 1 {
		t.Errorf("%d blocks of commands, want 1", commands)
	}
}
