package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestREADME runs the commands of the README, and compares what they print.
func TestREADME(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the commands are for a POSIX shell")
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "```sh\n")
	commands, rest, _ := strings.Cut(rest, "```\n")
	want, _, _ := strings.Cut(rest, "\nThe lines ")
	want = strings.TrimSpace(strings.ReplaceAll(want, "\n    ", "\n"))
	bin := filepath.Join(t.TempDir(), "doctor")
	commands = strings.Replace(commands, "go build\n", "go build -o "+bin+" .\n", 1)
	commands = strings.Replace(commands, "./doctor ", bin+" ", 1)
	out, err := exec.Command("sh", "-c", "set -e\n"+commands).CombinedOutput()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 1 {
		t.Errorf("%v, want exit status 1\n%s", err, out)
	}
	if got := strings.TrimSpace(string(out)); got != want {
		t.Errorf("it prints\n%s\nand the README has\n%s", got, want)
	}
}
