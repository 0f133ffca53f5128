// Verify decides on the message on standard input as MDaemon does, and puts the
// result on top of what it accepts.
//
//	go run ./examples/mdaemon/verify verify.ini < message > verified
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/waxseal/waxseal/adsp"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/authres"
	"github.com/waxseal/waxseal/dkim/domainkeys"
	"github.com/waxseal/waxseal/keyrecord"
)

func main() {
	err := errors.New("usage: verify FILE [ authenticated ] < message > verified")
	if len(os.Args) >= 2 {
		err = run(os.Args[1], len(os.Args) > 2, os.Stdin, os.Stdout, &keyrecord.Cache{}) // "cache verification results"
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "verify:", err)
		os.Exit(1)
	}
}

func run(file string, authenticated bool, src io.Reader, dst io.Writer, r keyrecord.Resolver) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	c, err := readConfig(file, string(text))
	if err != nil {
		return err
	}
	message, err := io.ReadAll(src)
	if err != nil {
		return err
	}
	o := outcome{} // authenticated sessions are exempt
	if !authenticated {
		if o, err = c.check(context.Background(), message, r); err != nil {
			return err
		}
	}
	if o.reply != "" {
		return errors.New(o.reply)
	}
	rest := authres.NewStripReader(bytes.NewReader(message), c.hostname)
	if c.stripList {
		rest.RemoveAll("DKIM-Signature", "DomainKey-Signature")
	}
	_, err = io.Copy(dst, io.MultiReader(strings.NewReader(o.field), rest))
	return err
}

// A config has the verification options.
type config struct {
	hostname       string
	honorLength    bool     // a body that is longer than l= passes as far as it is covered
	requireSubject bool     // the signature has to protect Subject
	policy         bool     // what is unsigned triggers the lookup of a policy
	adsp           bool     // of _adsp._domainkey, and not of _policy._domainkey
	reject         bool     // 550 where a signature is missing, and not to the spam score alone
	stripList      bool     // a list, which takes signatures out of its mail
	approved       []string // domains whose signatures lower the spam score
}

// readConfig reads name=value lines; the names are those of the dialog. Errors
// name the file, the line and the column.
func readConfig(file, text string) (c config, err error) {
	switches := map[string]*bool{
		"HonorBodyLength": &c.honorLength, "RequireSubject": &c.requireSubject, "UnsignedTriggersPolicy": &c.policy,
		"ADSP": &c.adsp, "RejectMissing": &c.reject, "StripSigsFromListMail": &c.stripList,
	}
	for i, line := range strings.Split(text, "\n") {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		on, known := switches[name]
		switch {
		case name == "" || name[0] == ';' || name[0] == '[':
		case name == "HostName" && value != "":
			c.hostname = value
		case name == "Approved":
			c.approved = strings.Split(value, ",")
		case known && (value == "Yes" || value == "No"):
			*on = value == "Yes"
		default:
			return c, fmt.Errorf("%s:%d:%d: unknown option %q, or no value for it", file, i+1, 1+strings.Index(line, name), strings.TrimSpace(line))
		}
	}
	return c, nil
}

// An outcome is what MDaemon does with a message: refuses it, or adds the field
// and the points of the spam score.
type outcome struct {
	reply, field string
	score        float64
}

// check verifies a message. DomainKeys is looked at if no signature of DKIM
// passes, and the policy if neither does.
func (c *config) check(ctx context.Context, message []byte, r keyrecord.Resolver) (o outcome, err error) {
	v := &dkim.Verifier{Resolver: r, PartialBody: c.honorLength}
	if c.requireSubject {
		v.RequireFields = []string{"Subject"}
	}
	w := dkim.NewVerifyWriter(ctx, v)
	w.Write(message)
	results, err := w.Finish()
	if err != nil {
		return o, err
	}
	f := &authres.Field{ID: c.hostname, Results: dkim.AuthRes(results)}
	var signed []adsp.Signed
	testing := false
	for i, r := range results {
		signed = append(signed, adsp.Signed{Domain: r.Signature.Domain, Identifier: r.Signature.Identifier, Status: string(r.Status), Testing: r.Testing})
		testing = testing || r.Testing
		if r.Status == dkim.Pass && r.UnsignedOctets > 0 {
			f.Results[i].Comment = fmt.Sprintf("%d octets of the body are not signed", r.UnsignedOctets)
		}
		if r.Status == dkim.Pass && slices.Contains(c.approved, strings.ToLower(r.Signature.Domain)) {
			o.score = -0.5
		}
	}
	if dkim.Overall(results) != dkim.Pass {
		old, err := domainkeys.Verify(ctx, bytes.NewReader(message), &domainkeys.Verifier{Resolver: r})
		if err != nil {
			return o, err
		}
		if s := old.Signature; s != nil {
			f.Results = append(f.Results, old.AuthRes())
			signed = append(signed, adsp.Signed{Domain: s.Domain, Status: old.AuthRes().Value, Testing: old.Testing})
		}
	}
	from, _ := w.Header().Addresses("From")
	if c.policy && len(from) > 0 {
		verdict, word := c.verdict(ctx, r, from[0], signed)
		if c.adsp {
			f.Results = append(f.Results, authres.Result{Method: "dkim-adsp", Value: word, Props: []authres.Prop{{Type: "header", Name: "from", Value: from[0]}}})
		}
		if verdict == adsp.Reject && !testing {
			if c.reject {
				o.reply = "550 the domain signs all of its mail, and this message has no good signature"
			}
			o.score++
		}
	}
	o.field = f.String()
	return o, nil
}

// verdict asks for the policy that the domain of the author publishes.
func (c *config) verdict(ctx context.Context, r keyrecord.Resolver, author string, signed []adsp.Signed) (v adsp.Verdict, word string) {
	rules := adsp.Rules{Reading: adsp.MDaemon}
	if !c.adsp {
		v, _, _ = rules.Check(ctx, r, author, signed)
		return v, ""
	}
	var signers []string
	for _, s := range signed {
		if s.Status == string(dkim.Pass) {
			signers = append(signers, s.Domain)
		}
	}
	result := adsp.Check(ctx, r, author, signers)
	return rules.EvaluatePractice(result.Practice, author, signed), result.Value
}
