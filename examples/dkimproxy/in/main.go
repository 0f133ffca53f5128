// In verifies the message on standard input as dkimproxy.in does: it puts its
// fields on top, or answers as it does to what is refused.
//
//	go run ./examples/dkimproxy/in dkimproxy_in.conf < message > verified
package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/waxseal/waxseal/adsp"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/authres"
	"github.com/waxseal/waxseal/dkim/domainkeys"
	"github.com/waxseal/waxseal/keyrecord"
)

func main() {
	err := errors.New("usage: in CONF < message > verified")
	if len(os.Args) == 2 {
		err = run(os.Args[1], os.Stdin, os.Stdout, os.Stderr, &keyrecord.Cache{})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "in:", err)
		os.Exit(1)
	}
}

func run(conf string, src io.Reader, dst, log io.Writer, r keyrecord.Resolver) error {
	text, err := os.ReadFile(conf)
	if err != nil {
		return err
	}
	c, err := readConfig(conf, string(text))
	if err != nil {
		return err
	}
	message, err := io.ReadAll(src)
	if err != nil {
		return err
	}
	v, err := check(context.Background(), message, r)
	if err != nil {
		return err
	}
	fmt.Fprint(log, v.report())
	if reply := c.reply(v); reply != "" {
		return errors.New(reply)
	}
	rest := authres.NewStripReader(bytes.NewReader(message), c.hostname) // what strangers wrote in our name
	rest.RemoveAll("X-DKIM-Authentication-Results")
	_, err = io.Copy(dst, io.MultiReader(strings.NewReader(v.fields(c.hostname)), rest))
	return err
}

// A config is dkimproxy_in.conf.
type config struct {
	hostname                string
	rejectFail, rejectError bool
}

// readConfig reads a configuration. Errors name the file, the line and the
// column.
func readConfig(file, text string) (c config, err error) {
	c.hostname, err = os.Hostname()
	for i, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || words[0][0] == '#' {
			continue
		}
		switch option := words[0]; {
		case option == "listen", option == "relay": // the server's
		case option == "hostname" && len(words) == 2:
			c.hostname, err = words[1], nil
		case option == "reject_fail":
			c.rejectFail = true
		case option == "reject_error":
			c.rejectError = true
		default:
			return c, fmt.Errorf("%s:%d:%d: unknown option %q, or one without a value", file, i+1, 1+strings.Index(line, option), option)
		}
	}
	return c, err
}

// A verdict is what is known of a message.
type verdict struct {
	header  *dkim.Header
	results []*dkim.Result
	old     *domainkeys.Result
	// The policies: of DomainKeys for the sender, of SSP for the author, and ADSP
	// for each author.
	sender, author adsp.Verdict
	adsp           []adsp.Verdict
}

// check verifies a message and asks for the policies.
func check(ctx context.Context, message []byte, r keyrecord.Resolver) (*verdict, error) {
	w := dkim.NewVerifyWriter(ctx, &dkim.Verifier{Resolver: r})
	old := domainkeys.NewVerifyWriter(ctx, &domainkeys.Verifier{Resolver: r, Reordered: true})
	io.MultiWriter(w, old).Write(message)
	results, err := w.Finish()
	if err != nil {
		return nil, err
	}
	v := &verdict{header: w.Header(), results: results}
	if v.old, err = old.Finish(); err != nil {
		return nil, err
	}
	var signed []adsp.Signed
	for _, r := range results {
		signed = append(signed, adsp.Signed{Domain: r.Signature.Domain, Identifier: r.Signature.Identifier, Status: string(r.Status), Testing: r.Testing})
	}
	both := signed
	if s := v.old.Signature; s != nil {
		both = append(both[:len(both):len(both)], adsp.Signed{Domain: s.Domain, Identifier: v.old.Sender, Status: v.old.AuthRes().Value, Testing: v.old.Testing})
	}
	v.sender, _, _ = adsp.Rules{Reading: adsp.DKIMproxyDomainKeys}.Check(ctx, r, v.old.Sender, both)
	authors, _ := v.header.Addresses("From")
	for i, author := range authors {
		if i == 0 {
			v.author, _, _ = adsp.Rules{Reading: adsp.DKIMproxySSP}.Check(ctx, r, author, signed)
		}
		practice, _ := adsp.Lookup(ctx, r, author[strings.LastIndexByte(author, '@')+1:])
		v.adsp = append(v.adsp, adsp.Rules{}.EvaluatePractice(practice, author, signed))
	}
	return v, nil
}

// fields returns what goes on top of the message.
func (v *verdict) fields(hostname string) string {
	f := &authres.Field{ID: hostname}
	for _, r := range v.results {
		word, why, _ := strings.Cut(detail(r), " (")
		f.Results = append(f.Results, authres.Result{Method: "dkim", Value: word, Comment: strings.TrimSuffix(why, ")"),
			Props: []authres.Prop{{Type: "header", Name: "i", Value: r.Signature.Identifier}}})
	}
	if v.old.Signature != nil {
		f.Results = append(f.Results, v.old.AuthRes())
	}
	name, value := dkim.DKIMproxyField(v.results)
	return f.String() + name + ": " + value + "\r\n"
}

// detail is the result of one signature in the words of DKIMproxy.
func detail(r *dkim.Result) string {
	_, value := dkim.DKIMproxyField([]*dkim.Result{r})
	return value
}

// reply is the answer of SMTP to a message that is refused.
func (c config) reply(v *verdict) string {
	for _, verdict := range append(v.adsp, v.sender, v.author) {
		if c.rejectFail && verdict == adsp.Reject {
			return "550 5.7.1 message fails the policy of its sender"
		}
	}
	for _, r := range v.results {
		switch {
		case c.rejectError && r.Status == dkim.TempError:
			return "450 4.7.1 " + detail(r)
		case c.rejectError && r.Status == dkim.PermError:
			return "550 5.7.1 " + detail(r)
		}
	}
	return ""
}

// report is what dkimverify.pl prints.
func (v *verdict) report() string {
	authors, _ := v.header.Addresses("From")
	b := &strings.Builder{}
	fmt.Fprintf(b, "originator address: %q\n", cmp.Or(v.old.Sender, strings.Join(authors, ", ")))
	for _, r := range v.results {
		fmt.Fprintf(b, "signature identity: %q\nverify result: %s\n", r.Signature.Identifier, detail(r))
	}
	if v.old.Signature != nil {
		fmt.Fprintf(b, "signature identity: %q\nverify result: %s\n", v.old.Sender, v.old.Status)
	}
	fmt.Fprintf(b, "sender policy result: %v\nauthor policy result: %v\nADSP policy result: %v\n", v.sender, v.author, v.adsp)
	return b.String()
}
