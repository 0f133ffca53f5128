package main

import (
	"bufio"
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
)

// A peer is other DKIM software: its name, and that of its folders, here and in
// ../interop, which installs it.
type peer struct{ name, folder string }

var peerList = []peer{{"libopendkim", "opendkim"}, {"Mail::DKIM", "mail-dkim"}, {"dkimpy", "dkimpy"}, {"mailauth", "mailauth"}}

// version returns the version of a peer.
func (p peer) version() (string, error) {
	out, err := exec.Command(filepath.Join("..", "interop", "peers", p.folder, "version")).Output()
	if err != nil {
		return "", fmt.Errorf("%s is not installed, which ./install does; and run this in its own folder: %w", p.name, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// A process is a running program of a peer, which measures itself.
type process struct {
	peer   peer
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr bytes.Buffer
}

// start starts a peer's program.
func (p peer) start(args ...string) (*process, error) {
	r := &process{peer: p, cmd: exec.Command(filepath.Join("peers", p.folder, "bench"), args...)}
	r.cmd.Stderr = &r.stderr
	var err error
	if r.in, err = r.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	r.out = bufio.NewReader(out)
	if err := r.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	return r, nil
}

// close ends the program.
func (r *process) close() error {
	r.in.Close()
	if err := r.cmd.Wait(); err != nil {
		return fmt.Errorf("%s: %w: %s", r.peer.name, err, bytes.TrimSpace(r.stderr.Bytes()))
	}
	return nil
}

// side returns the side that has the program do what word says.
func (r *process) side(word string) side {
	return side{name: r.peer.name, remote: func(n int) (time.Duration, error) {
		if _, err := fmt.Fprintf(r.in, "%s %d\n", word, n); err != nil {
			return 0, r.broken(err)
		}
		var took time.Duration
		if _, err := fmt.Fscanln(r.out, &took); err != nil {
			return 0, r.broken(err)
		}
		return took, nil
	}}
}

// broken explains that the program ended.
func (r *process) broken(err error) error {
	if ended := r.close(); ended != nil {
		return ended
	}
	return err
}

// peers measures other programs.
func (r *runner) peers() (*section, error) {
	head := []string{"message", "floor, µs", "waxseal / floor"}
	var list []string
	for _, p := range peerList {
		version, err := p.version()
		if err != nil {
			return nil, err
		}
		head = append(head, p.name+" / floor")
		list = append(list, p.name+" "+version)
	}
	s := &section{title: "Other programs", head: head, text: fmt.Sprintf(`
%s. Each does the same to the same message in its own process, and tells its
CPU time. RSA-2048, relaxed; each signs the fields that it chooses itself. The floor is that of Go, as
above: crypto/rsa takes about three times as long for a signature as OpenSSL, which the others use.`, strings.Join(list, ", "))}
	dir, err := os.MkdirTemp("", "waxseal-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	for _, name := range []string{"2K text", "100K HTML", "1M base64"} {
		if err := r.peerRows(s, dir, sampleOf(name)); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// peerRows measures the rows of one message.
func (r *runner) peerRows(s *section, dir string, size sample) (err error) {
	signer := signer(keys("RSA-2048"), canon.Relaxed)
	z, err := newZone(signer)
	if err != nil {
		return err
	}
	msg := r.message(size)
	signed, err := seal(msg, signer)
	if err != nil {
		return err
	}
	f, err := newFloor(signed, signer.Key)
	if err != nil {
		return err
	}
	args, err := z.peerFiles(dir, signer, msg, signed)
	if err != nil {
		return err
	}
	for _, op := range []struct {
		word           string
		floor, waxseal operation
	}{{"verify", f.verify, z.waxseal(signed, wish{signatures: 1})}, {"sign", f.sign, waxsealSign(msg, signer)}} {
		row := fmt.Sprintf("peers %s %s", op.word, size.name)
		if r.wants(row) {
			if err := r.peerRow(s, row, op.word, op.floor, op.waxseal, args); err != nil {
				return fmt.Errorf("%s: %w", row, err)
			}
		}
	}
	return nil
}

// peerFiles writes what the programs read, and returns their arguments.
func (z *zone) peerFiles(dir string, s *dkim.Signer, msg, signed []byte) ([]string, error) {
	der, err := x509.MarshalPKCS8PrivateKey(s.Key)
	if err != nil {
		return nil, err
	}
	names := [3]string{}
	for i, data := range [3][]byte{pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), msg, signed} {
		names[i] = filepath.Join(dir, [3]string{"key.pem", "message", "signed"}[i])
		if err := os.WriteFile(names[i], data, 0o600); err != nil {
			return nil, err
		}
	}
	return []string{names[0], s.Domain, s.Selector, z.txt, names[1], names[2]}, nil
}

// peerRow measures one row: all programs are started, and take turns.
func (r *runner) peerRow(s *section, row, word string, floor, waxseal operation, args []string) (err error) {
	sides := []side{{name: "floor", do: floor}, {name: "waxseal", do: waxseal}}
	for _, p := range peerList {
		program, err := p.start(args...)
		if err != nil {
			return err
		}
		defer program.close()
		sides = append(sides, program.side(word))
	}
	times, err := r.meter.measure(sides...)
	if err != nil {
		return err
	}
	cells := []string{row, micros(times[0])}
	for _, t := range times[1:] {
		cells = append(cells, ratios(t, times[0]).String())
	}
	s.add(cells...)
	return nil
}
