package interop

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Peers are all peers.
func Peers() []Peer {
	return []Peer{"opendkim", "mail-dkim", "dkimpy", "mailauth", "rspamd", "exim"}
}

// A Peer is other DKIM software: the name of its folder in peers.
type Peer string

func (p Peer) tool(name string) string { return filepath.Join("peers", string(p), name) }

// Version returns the peer's version. An error means that it is not installed.
func (p Peer) Version(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, p.tool("version")).Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return "", fmt.Errorf("%s: %s", p, lastLine(string(exit.Stderr)))
	}
	return strings.TrimSpace(string(out)), err
}

// A Process is a running program of a peer. It serves one caller.
type Process struct {
	peer   Peer
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr bytes.Buffer
}

// ErrRefused is wrapped by the errors that are a peer's answer.
var ErrRefused = errors.New("refused")

// Signer starts the program that signs. The key is a PEM file, PKCS #8; canon
// and algorithm are the values of c= and a=.
func (p Peer) Signer(ctx context.Context, key, domain, selector, canon, algorithm string) (*Process, error) {
	return p.start(ctx, "sign", key, domain, selector, canon, algorithm)
}

// Verifier starts the program that verifies. Zone is a file with one JSON
// object, from the full names of TXT records to their text.
func (p Peer) Verifier(ctx context.Context, zone string) (*Process, error) {
	return p.start(ctx, "verify", zone)
}

// stopTime is what a program gets to end its daemon when ctx ends.
const stopTime = 10 * time.Second

func (p Peer) start(ctx context.Context, tool string, args ...string) (*Process, error) {
	r := &Process{peer: p, cmd: exec.CommandContext(ctx, p.tool(tool), args...)}
	r.cmd.Cancel = func() error { return r.cmd.Process.Signal(os.Interrupt) }
	r.cmd.WaitDelay = stopTime
	r.cmd.Stderr = &r.stderr
	in, err := r.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	r.in, r.out = in, bufio.NewReader(out)
	if err := r.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", p, err)
	}
	return r, nil
}

// Close ends the program.
func (r *Process) Close() error {
	r.in.Close()
	if err := r.cmd.Wait(); err != nil {
		return fmt.Errorf("%s: %w: %s", r.peer, err, lastLine(r.stderr.String()))
	}
	return nil
}

// Sign returns the message with the peer's signature. The error wraps
// ErrRefused if the peer does not sign it.
func (r *Process) Sign(message []byte) ([]byte, error) { return r.ask(message) }

// Verify returns the result word for the only signature of the message. The
// error wraps ErrRefused if the peer does not look at the message, or sees
// another number of signatures.
func (r *Process) Verify(message []byte) (word, reason string, err error) {
	reply, err := r.ask(message)
	if err != nil {
		return "", "", err
	}
	line := strings.TrimSuffix(string(reply), "\n")
	word, rest, _ := strings.Cut(line, " ")
	if strings.Contains(line, "\n") || word == "" {
		return "", "", fmt.Errorf("%s: %w: %q, want one line", r.peer, ErrRefused, reply)
	}
	_, reason, _ = strings.Cut(rest, "reason=")
	return word, strings.Trim(reason, `"`), nil
}

// ask sends a message, and reads the reply.
func (r *Process) ask(message []byte) ([]byte, error) {
	if _, err := fmt.Fprintf(r.in, "%d\n", len(message)); err != nil {
		return nil, r.broken(err)
	}
	if _, err := r.in.Write(message); err != nil {
		return nil, r.broken(err)
	}
	line, err := r.out.ReadString('\n')
	if err != nil {
		return nil, r.broken(err)
	}
	var word string
	var size int
	if _, err := fmt.Sscanf(line, "%s %d\n", &word, &size); err != nil || size < 0 || size > maxReply {
		return nil, fmt.Errorf("%s: line %q, want a word and a size", r.peer, line)
	}
	reply := make([]byte, size)
	if _, err := io.ReadFull(r.out, reply); err != nil {
		return nil, r.broken(err)
	}
	if word != "ok" {
		return nil, fmt.Errorf("%s: %w: %s", r.peer, ErrRefused, lastLine(string(reply)))
	}
	return reply, nil
}

// maxReply is more than any message of a test has.
const maxReply = 64 << 20

// broken explains that the program ended.
func (r *Process) broken(err error) error {
	r.in.Close()
	r.cmd.Wait() // so that what it wrote to stderr is complete
	return fmt.Errorf("%s: %w: %s", r.peer, err, lastLine(r.stderr.String()))
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return strings.TrimSpace(s[strings.LastIndexByte(s, '\n')+1:])
}
