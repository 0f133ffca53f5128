//go:build linux

package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/waxseal/waxseal/keyrecord"
)

// startOpenDKIM starts an opendkim with the given configuration, and returns the
// port that it listens on.
func startOpenDKIM(t *testing.T, config string) (port string) {
	t.Helper()
	const program = "/usr/sbin/opendkim"
	need(t, program)
	port = freePort(t)
	file := filepath.Join(t.TempDir(), "opendkim.conf")
	write(t, file, "Background no\nSyslog no\nRequireSafeKeys no\nSocket inet:"+port+"@127.0.0.1\n"+config)
	cmd := exec.Command(program, "-f", "-x", file)
	exited := start(t, cmd)
	t.Cleanup(func() { stop(t, cmd, exited, os.Kill) }) // by SIGTERM it takes seconds
	wait(t, "opendkim on port "+port, func() bool {
		select {
		case <-exited:
			t.Fatal("opendkim has stopped")
		default:
		}
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	return port
}

// testDNS writes records to a file that opendkim reads in place of DNS.
func testDNS(t *testing.T, records keyrecord.MapResolver) (file string) {
	text := ""
	for name, txt := range records {
		text += name + " " + txt[0] + "\n"
	}
	file = filepath.Join(t.TempDir(), "dns")
	write(t, file, text)
	return file
}
