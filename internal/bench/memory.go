package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	msgauth "github.com/emersion/go-msgauth/dkim"
	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
)

// A stream is a message that is being written.
type stream struct {
	io.Writer
	finish func() error
}

// memory measures what long messages, and many at a time, keep in memory.
func (r *runner) memory() (*section, error) {
	const mostFlight = 64 << 10 // octets, besides the header
	mostStream := .3 * 1e6      // octets
	s := &section{title: "Memory", text: fmt.Sprintf(`
The growth of %s while a body of %s of text is written, in Writes of 4 KB: at its
largest, over what it is after the first Write; and what one of %d
messages that are verified at a time keeps in memory, stacks of goroutines included, after its header and 64 KB of body.`,
		residentName, size(float64(r.stream)), r.flights),
		head: []string{"message", "waxseal", "go-msgauth", "target", "met"}}
	signer := signer(keys("RSA-2048"), canon.Relaxed)
	z, err := newZone(signer)
	if err != nil {
		return nil, err
	}
	head, err := sealHeader(signer)
	if err != nil {
		return nil, err
	}
	fields, err := signedFields(head)
	if err != nil {
		return nil, err
	}
	block := bytes.TrimSuffix(body("text", 4<<10), []byte("\r\n"))
	block = append(block, strings.Repeat("x", 4<<10-2-len(block))+"\r\n"...) // every Write is of 4 KB
	for _, k := range []struct {
		row         string
		wax, theirs func() (stream, error)
	}{
		{"memory verify", z.waxsealStream, z.msgauthStream},
		{"memory sign", func() (stream, error) { return waxsealSigner(signer) }, func() (stream, error) { return msgauthSigner(signer, fields) }},
	} {
		if !r.wants(k.row) {
			continue
		}
		wax, err := growth(k.wax, head, block, r.stream)
		if err != nil {
			return nil, fmt.Errorf("%s: waxseal: %w", k.row, err)
		}
		theirs, err := growth(k.theirs, head, block, r.stream)
		if err != nil {
			return nil, fmt.Errorf("%s: go-msgauth: %w", k.row, err)
		}
		s.add(append([]string{k.row + " " + size(float64(r.stream)), size(wax), size(theirs)}, s.atMost(mostStream, wax, "0.3 MB")...)...)
	}
	if row := "memory in flight"; r.wants(row) {
		wax, err := inFlight(z.waxsealStream, head, block, r.flights)
		if err != nil {
			return nil, fmt.Errorf("%s: waxseal: %w", row, err)
		}
		theirs, err := inFlight(z.msgauthStream, head, block, r.flights)
		if err != nil {
			return nil, fmt.Errorf("%s: go-msgauth: %w", row, err)
		}
		s.add(append([]string{row, size(wax), size(theirs)}, s.atMost(float64(len(head)+mostFlight), wax, "header + 64 KB")...)...)
	}
	return s, nil
}

func (z *zone) waxsealStream() (stream, error) {
	w := dkim.NewVerifyWriter(context.Background(), z.verifier)
	return stream{w, func() error {
		results, err := w.Finish()
		return checkWaxseal(results, err, badBody)
	}}, nil
}

// msgauthStream writes to go-msgauth through a pipe, since it reads.
func (z *zone) msgauthStream() (stream, error) {
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		results, err := msgauth.VerifyWithOptions(r, z.options)
		io.Copy(io.Discard, r)
		done <- checkMsgauth(results, err, badBody)
	}()
	return stream{w, func() error {
		w.Close()
		return <-done
	}}, nil
}

func waxsealSigner(s *dkim.Signer) (stream, error) {
	w := dkim.NewSignWriter(context.Background(), s)
	return stream{w, func() error {
		_, err := w.Finish()
		return err
	}}, nil
}

func msgauthSigner(s *dkim.Signer, fields []string) (stream, error) {
	w, err := msgauth.NewSigner(msgauthOptions(s, fields))
	if err != nil {
		return stream{}, err
	}
	return stream{w, w.Close}, nil
}

// growth returns how much larger the process is at most while octets of body
// are written than after the first of them.
func growth(open func() (stream, error), head, block []byte, octets int64) (float64, error) {
	const looks = 256 // at the size
	process, err := newResidence()
	if err != nil {
		return 0, err
	}
	defer process.file.Close()
	debug.FreeOSMemory()
	s, err := open()
	if err != nil {
		return 0, err
	}
	s.Write(head)
	var first, most float64
	next := int64(0)
	for n := int64(0); n < octets; n += int64(len(block)) {
		s.Write(block)
		if n >= next {
			now, err := process.octets()
			if err != nil {
				return 0, err
			}
			if n == 0 {
				first = now
			}
			most = max(most, now)
			next += octets / looks
		}
	}
	return most - first, s.finish()
}

// inFlight returns what one of n messages keeps in memory.
func inFlight(open func() (stream, error), head, block []byte, n int) (float64, error) {
	const bodyOctets = 64 << 10
	before := heap()
	streams := make([]stream, n)
	for i := range streams {
		var err error
		if streams[i], err = open(); err != nil {
			return 0, err
		}
		streams[i].Write(head)
		for at := 0; at < bodyOctets; at += len(block) {
			streams[i].Write(block)
		}
	}
	kept := heap() - before
	for _, s := range streams {
		if err := s.finish(); err != nil {
			return 0, err
		}
	}
	return kept / float64(n), nil
}

// heap returns the octets of live memory and of stacks.
func heap() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what pools kept
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc + m.StackInuse)
}

// residentName says what a residence tells.
var residentName = func() string {
	if runtime.GOOS == "linux" {
		return "the process in memory (Rss of smaps_rollup)"
	}
	return "the memory that Go has from the system"
}()

// A residence tells how large the process is, and allocates nothing for that.
type residence struct {
	file *os.File // nil where the system has none
	buf  [4 << 10]byte
}

func newResidence() (*residence, error) {
	if runtime.GOOS != "linux" {
		return new(residence), nil
	}
	f, err := os.Open("/proc/self/smaps_rollup")
	return &residence{file: f}, err
}

// octets returns how many octets of memory the process has now.
func (r *residence) octets() (float64, error) {
	if r.file == nil {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.Sys - m.HeapReleased), nil
	}
	n, err := r.file.ReadAt(r.buf[:], 0)
	if n == 0 {
		return 0, err
	}
	_, rest, ok := bytes.Cut(r.buf[:n], []byte("\nRss:"))
	kb := 0
	for _, c := range bytes.TrimLeft(rest, " ") {
		if c < '0' || c > '9' {
			break
		}
		kb = kb*10 + int(c-'0')
	}
	if !ok || kb == 0 {
		return 0, errors.New("smaps_rollup has no Rss")
	}
	return float64(kb) * 1024, nil
}

// procs sets the number of processors that Go uses, and returns what sets it
// back.
func procs(n int) func() {
	old := runtime.GOMAXPROCS(n)
	return func() { runtime.GOMAXPROCS(old) }
}
