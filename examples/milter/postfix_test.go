//go:build linux

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait. It is long, for machines that have much to do, and
// nothing waits longer than it has to.
const patience = 90 * time.Second

// A service is an smtpd of a Postfix: it listens on a port of 127.0.0.1, and asks a
// milter, unless that is empty.
type service struct{ port, milter string }

// root is where install has put Postfix.
const root = "/usr/local/lib/waxseal-postfix"

// need skips the test if a program is not there.
func need(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		skip(t, fmt.Sprintf("%v; ./install installs it", err))
	}
}

// skip skips the test, but fails it in CI, where everything has to run.
func skip(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

// startPostfix starts a Postfix with configuration, queue and ports of its own, and
// stops it when the test ends. It passes mail to the port that routes has for the
// domain of the recipient.
func startPostfix(t *testing.T, hostname string, services []service, routes map[string]string) {
	t.Helper()
	need(t, filepath.Join(root, "usr/lib/postfix/sbin/master"))
	if os.Geteuid() != 0 {
		skip(t, "Postfix has to be started by root")
	}
	owner, err := user.Lookup("postfix")
	if err != nil {
		skip(t, fmt.Sprintf("%v; ./install makes it", err))
	}
	uid, _ := strconv.Atoi(owner.Uid)
	gid, _ := strconv.Atoi(owner.Gid)

	dir, err := os.MkdirTemp("", "postfix")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	folders := []string{"", "etc", "queue", "queue/pid", "data"} // the last one, and those that follow, are of Postfix's user
	for _, name := range strings.Fields("private public active bounce corrupt defer deferred flush hold incoming maildrop saved trace") {
		folders = append(folders, "queue/"+name)
	}
	for i, name := range folders {
		path := filepath.Join(dir, name)
		if i > 0 {
			err = os.Mkdir(path, 0o755)
		} else {
			err = os.Chmod(path, 0o755)
		}
		if err == nil && i > 3 {
			err = os.Chown(path, uid, gid)
		}
		if err != nil {
			t.Fatal(err)
		}
	}

	var transport []string
	for domain, port := range routes {
		transport = append(transport, fmt.Sprintf("{ %s = smtp:[127.0.0.1]:%s }", domain, port))
	}
	write(t, filepath.Join(dir, "etc/main.cf"), strings.NewReplacer("ROOT", root, "DIR", dir, "HOST", hostname,
		"TRANSPORT", strings.Join(transport, ", ")).Replace(mainCF))
	master := masterCF
	for _, s := range services {
		master += fmt.Sprintf("127.0.0.1:%s inet n - n - - smtpd\n", s.port)
		if s.milter != "" {
			master += fmt.Sprintf("  -o smtpd_milters=inet:127.0.0.1:%s\n", s.milter)
		}
	}
	write(t, filepath.Join(dir, "etc/master.cf"), master)

	cmd := exec.Command(filepath.Join(root, "usr/lib/postfix/sbin/master"), "-c", filepath.Join(dir, "etc"), "-s")
	cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+filepath.Join(root, "usr/lib/postfix"))
	logFile := filepath.Join(dir, "log")
	exited := start(t, cmd)
	t.Cleanup(func() {
		stop(t, cmd, exited, syscall.SIGTERM)
		if log, err := os.ReadFile(logFile); err == nil && t.Failed() {
			t.Logf("%s:\n%s", hostname, log)
		}
	})
	for _, s := range services {
		greeting(t, s.port, exited)
	}
}

const mainCF = `
compatibility_level = 3.6
daemon_directory = ROOT/usr/lib/postfix/sbin
command_directory = ROOT/usr/sbin
shlib_directory = ROOT/usr/lib/postfix
meta_directory = ROOT/etc/postfix
queue_directory = DIR/queue
data_directory = DIR/data
maillog_file = DIR/log
maillog_file_prefixes = DIR
import_environment = MAIL_CONFIG MAIL_LOGTAG LD_LIBRARY_PATH
export_environment = LD_LIBRARY_PATH

inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = HOST
mydestination =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
disable_dns_lookups = yes
alias_maps =
alias_database =
transport_maps = inline:{ TRANSPORT }
local_header_rewrite_clients =
milter_default_action = tempfail
smtpd_client_connection_rate_limit = 0
`

const masterCF = `
postlog unix-dgram n - n - 1 postlogd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
`

// start starts a program that stays in the foreground, as the leader of a group of
// processes, which ends with the test whatever happens.
func start(t *testing.T, cmd *exec.Cmd) (exited chan struct{}) {
	t.Helper()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = time.Second // for what a child still holds open
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited = make(chan struct{})
	go func() {
		cmd.Wait()
		close(exited)
	}()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s: %s\n%s", filepath.Base(cmd.Path), cmd.ProcessState, out.String())
		}
	})
	return exited
}

// stop stops it with a signal.
func stop(t *testing.T, cmd *exec.Cmd, exited chan struct{}, signal os.Signal) {
	cmd.Process.Signal(signal)
	select {
	case <-exited:
	case <-time.After(patience):
		t.Errorf("%s does not stop", filepath.Base(cmd.Path))
		cmd.Process.Kill()
		<-exited
	}
	syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what it left, if anything
}

// greeting waits for the greeting of an SMTP server.
func greeting(t *testing.T, port string, exited <-chan struct{}) {
	t.Helper()
	wait(t, "a greeting on port "+port, func() bool {
		select {
		case <-exited:
			t.Fatalf("port %s: the server has stopped", port)
		default:
		}
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err != nil {
			return false
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(patience))
		line := make([]byte, 4)
		n, _ := conn.Read(line)
		return string(line[:n]) == "220 "
	})
}

// wait waits for a condition.
func wait(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("no %s after %v", what, patience)
		}
	}
}

// ports are those that freePort has returned.
var ports sync.Map

// freePort returns a port of 127.0.0.1 that nobody listens on, of those that the
// system does not give out by itself. It returns none twice.
func freePort(t *testing.T) string {
	t.Helper()
	for range 1000 {
		port := strconv.Itoa(10000 + rand.IntN(20000))
		if _, used := ports.LoadOrStore(port, true); used {
			continue
		}
		if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no free port")
	return ""
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
