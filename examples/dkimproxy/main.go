// Dkimproxy signs the message on standard input as dkimproxy.out does, with its
// configuration and its maps. What it does with mail that comes in is in the
// folder in.
//
//	go run ./examples/dkimproxy etc/dkimproxy_out.conf / < message > signed
package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/domainkeys"
	"github.com/waxseal/waxseal/dkim/signtable"
	"github.com/waxseal/waxseal/headerlist"
)

func main() {
	err := errors.New("usage: dkimproxy CONF ROOT < message > signed")
	if len(os.Args) == 3 {
		err = run(os.Args[1], os.DirFS(os.Args[2]), os.Stdin, os.Stdout, os.Stderr)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "dkimproxy:", err)
		os.Exit(1)
	}
}

// run signs a message. All files are in root, which stands for "/".
func run(conf string, root fs.FS, src io.Reader, dst, log io.Writer) error {
	p, err := readConfig(root, conf)
	message, err2 := io.ReadAll(src)
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	fields, line, err := p.sign(context.Background(), message)
	if err != nil && p.rejectError {
		return fmt.Errorf("%s %w", map[bool]string{true: "450 4.7.0", false: "550 5.7.0"}[errors.Is(err, dkim.ErrKey)], err)
	}
	fmt.Fprintf(log, "DKIM signing - %s\n", line) // the message goes out as it is if it cannot be signed
	_, err = fmt.Fprintf(dst, "%s%s", fields, message)
	return err
}

// A proxy signs one message: with DKIM, and with DomainKeys by the same keys. A
// rule of the latter has no more than d=, s=, the key and the canonicalization,
// where relaxed stands for nofws.
type proxy struct {
	dkim, domainKeys *signtable.Table
	rejectError      bool

	// What SignersFor notes of the message.
	old       []*dkim.Signer // of DomainKeys
	from      []string
	messageID string
}

// sign returns the fields to put on top of a message, and what to log. Those of
// DomainKeys are the lower ones.
func (p *proxy) sign(ctx context.Context, message []byte) (fields, line string, err error) {
	w, signer := dkim.NewSignWriter(ctx, p), ""
	w.Write(message)
	signatures, err := w.Finish()
	if err != nil { // then DomainKeys does not sign either
		return "", "skipped; " + err.Error(), err
	}
	for _, s := range signatures {
		fields, signer = fields+s.String(), cmp.Or(signer, s.Identifier)
	}
	for _, s := range p.old {
		old, err := domainkeys.Sign(ctx, bytes.NewReader(message), &domainkeys.Signer{
			Domain: s.Domain, Selector: s.Selector, Key: s.Key, Canon: domainkeys.Canon(s.Canon.Body), Fields: []string{"*"}})
		if err == nil {
			fields, signer = fields+old.String(), cmp.Or(signer, "@"+s.Domain)
		} else if !errors.Is(err, dkim.ErrDomain) { // where the sender is not at or below d=, it is left out
			return "", "skipped; " + err.Error(), err
		}
	}
	if signer == "" {
		return "", "skipped; " + dkim.ErrNoSigner.Error(), nil
	}
	line = fmt.Sprintf("signed; message-id=%s, signer=<%s>, from=<%s>", p.messageID, signer, strings.Join(p.from, ","))
	return fields, strings.Map(func(r rune) rune { return max(r, ' ') }, line), nil // one line, whatever is in the message
}

// SignersFor chooses the signers, and notes what sign needs beside them. Fields
// are signed in the order of the message, and not oversigned.
func (p *proxy) SignersFor(ctx context.Context, h *dkim.Header) (signers []*dkim.Signer, err error) {
	list := headerlist.List{}
	for name, field := range h.Fields() {
		signed := func(e headerlist.Entry) bool { return strings.EqualFold(e.Name, name) }
		if slices.ContainsFunc(dkim.DefaultHeaders(), signed) { // those that the RFC lists
			list = append(list, headerlist.Entry{Name: name, Optional: true})
		}
		if strings.EqualFold(name, "Message-ID") {
			p.messageID = strings.Join(strings.Fields(string(field[len(name)+1:])), "")
		}
	}
	p.from, _ = h.Addresses("From")
	if p.old, err = p.domainKeys.SignersFor(ctx, h); err != nil {
		return nil, err
	}
	return p.dkim.For(signtable.Request{Override: signtable.Rule{Headers: list}}).SignersFor(ctx, h)
}
