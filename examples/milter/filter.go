package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"maps"
	"net/textproto"
	"slices"
	"strings"
	"sync"

	"github.com/emersion/go-milter"

	"github.com/waxseal/waxseal/dkim"
)

// A filter is what the milters of all connections share.
type filter struct {
	ctx      context.Context
	id       string            // of this system, in Authentication-Results
	signers  dkim.SignerSource // nil unless it signs
	verifier *dkim.Verifier
	log      *log.Logger
	counts   counts
}

// done notes what became of a message.
func (f *filter) done(m *milter.Modifier, outcome string, detail ...any) {
	f.counts.add(outcome)
	f.log.Print(m.Macros["i"], ": ", outcome, fmt.Sprint(detail...)) // i is the name of the MTA's queue file
}

// A message passes on what the MTA sends of one message, octet for octet as it
// stood: a signer or a verifier says where to.
//
// The MTA is asked for the space behind the colon (OptHeaderLeadingSpace), which
// the milter protocol else leaves out and simple canonicalization hashes. Lines
// within a field end in LF there, and those of the body in CRLF.
type message struct {
	milter.NoOpMilter
	begin func() io.Writer // of another message
	w     io.Writer        // of the one under way
}

func (m *message) MailFrom(string, *milter.Modifier) (milter.Response, error) {
	m.w = m.begin()
	return milter.RespContinue, nil
}

func (m *message) Header(name, value string, _ *milter.Modifier) (milter.Response, error) {
	io.WriteString(m.w, name+":"+strings.ReplaceAll(value, "\n", "\r\n")+"\r\n")
	return milter.RespContinue, nil
}

func (m *message) Headers(textproto.MIMEHeader, *milter.Modifier) (milter.Response, error) {
	io.WriteString(m.w, "\r\n")
	return milter.RespContinue, nil
}

func (m *message) BodyChunk(chunk []byte, _ *milter.Modifier) (milter.Response, error) {
	m.w.Write(chunk)
	return milter.RespContinue, nil
}

// Abort forgets the message, of which the MTA sends no more.
func (m *message) Abort(*milter.Modifier) error {
	m.w = m.begin()
	return nil
}

// reply answers the message with an SMTP reply.
func reply(line string) milter.Response {
	return milter.NewResponseStr(byte(milter.ActReplyCode), line)
}

// counts counts messages by what became of them.
type counts struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *counts) add(outcome string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[string]int{}
	}
	c.n[outcome]++
}

func (c *counts) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []string
	for _, outcome := range slices.Sorted(maps.Keys(c.n)) {
		list = append(list, fmt.Sprintf("%d %s", c.n[outcome], outcome))
	}
	if list == nil {
		return "no messages"
	}
	return strings.Join(list, ", ")
}
