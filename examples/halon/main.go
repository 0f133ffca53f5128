// Halon signs the message on standard input with the DKIMSign calls of a JSON
// file that are for the user who has logged in.
//
//	go run ./examples/halon dkim.json joe@example.com < message > signed
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/signtable"
	"github.com/waxseal/waxseal/headerlist"
	"github.com/waxseal/waxseal/keyrecord"
)

func main() {
	err := errors.New("usage: halon FILE SASLUSERNAME < message > signed")
	if len(os.Args) == 3 {
		err = run(os.Args[1], os.Args[2], os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "halon:", err)
		os.Exit(1)
	}
}

func run(file, user string, src io.Reader, dst io.Writer) error {
	root, err := os.OpenRoot(filepath.Dir(file))
	if err != nil {
		return err
	}
	defer root.Close()
	text, err := root.ReadFile(filepath.Base(file))
	if err != nil {
		return err
	}
	table, err := readCalls(file, string(text), &signtable.KeyCache{FS: root.FS()})
	if err != nil {
		return err
	}
	return dkim.Sign(context.Background(), dst, src, signed(table, user))
}

// signed is the source of what a user sends: a login cannot be forged as From
// can.
func signed(table *signtable.Table, user string) dkim.SignerSource {
	return table.For(signtable.Request{Values: map[string]string{"saslusername": user}})
}

// A call is one DKIMSign(selector, domain, key, options), and for whom it is.
type call struct {
	User             string `json:"saslusername"`
	Selector, Domain string
	Key              string // "pki:" and the name of a file, or the key
	Options          struct {
		CanonHeader string   `json:"canonicalization_header"`
		CanonBody   string   `json:"canonicalization_body"`
		Algorithm   string   // sha256 is of older versions
		Headers     []string // instead of the recommended ones; empty but there: every field
		Additional  []string `json:"additional_headers"`
		Oversign    []string `json:"oversign_headers"`
	}
	rule signtable.Rule // its Headers are from, and those that are oversigned
}

// readCalls makes a table of a JSON array of calls. Errors name the file, the
// line and the column.
func readCalls(name, text string, keys signtable.KeySource) (*signtable.Table, error) {
	calls, at, err := decode(text, keys)
	if err != nil {
		before := text[:at]
		return nil, fmt.Errorf("%s:%d:%d: %w", name, 1+strings.Count(before, "\n"), len(before)-strings.LastIndexByte(before, '\n'), err)
	}
	table := &signtable.Table{Keys: keys, Senders: map[string][]signtable.Rule{}}
	for _, c := range calls {
		table.Senders[c.Domain] = append(table.Senders[c.Domain], c.rule)
	}
	table.Lookup = func(_ context.Context, m *signtable.Message) (rules []signtable.Rule, ok bool, err error) {
		for _, c := range calls {
			if c.User == m.Values["saslusername"] {
				c.rule.Headers = c.fields(m.Header)
				rules = append(rules, c.rule)
			}
		}
		return rules, true, nil
	}
	return table, nil
}

// decode returns the calls in a text, or where an error is.
func decode(text string, keys signtable.KeySource) (calls []call, at int64, err error) {
	if e := (*json.SyntaxError)(nil); errors.As(json.Unmarshal([]byte(text), &calls), &e) {
		return nil, max(0, e.Offset-1), e
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if tok, _ := d.Token(); tok != json.Delim('[') {
		return nil, 0, errors.New("want an array of calls")
	}
	for calls = nil; d.More(); {
		at = d.InputOffset()
		at += int64(max(0, strings.IndexByte(text[at:], '{')))
		c := call{}
		c.Options.Oversign = []string{"from"}
		if err = d.Decode(&c); err == nil {
			err = c.check(keys)
		}
		if err != nil {
			return nil, at, err
		}
		calls = append(calls, c)
	}
	_, err = d.Token()
	return calls, d.InputOffset(), err
}

// check makes the rule of a call.
func (c *call) check(keys signtable.KeySource) (err error) {
	o := &c.Options
	c.rule = signtable.Rule{Domain: c.Domain, Selector: c.Selector, Algorithm: o.Algorithm}
	if strings.HasPrefix(o.Algorithm, "sha") {
		c.rule.Algorithm = "rsa-" + o.Algorithm
	}
	if c.rule.Canon, err = canon.ParsePair(cmp.Or(o.CanonHeader, "relaxed") + "/" + cmp.Or(o.CanonBody, "relaxed")); err != nil {
		return err
	}
	if file, ok := strings.CutPrefix(c.Key, "pki:"); ok {
		c.rule.KeyPath = strings.ReplaceAll(file, "%", "%%")
	} else if c.rule.Key, err = dkim.ParseKey([]byte(c.Key)); err != nil {
		return err
	}
	c.rule.Headers = headerlist.List{{Name: "from"}}
	for _, name := range o.Oversign {
		c.rule.Headers = append(c.rule.Headers, headerlist.Entry{Name: name})
	}
	return (&signtable.Table{Keys: keys, Senders: map[string][]signtable.Rule{c.Domain: {c.rule}}}).Validate()
}

// fields chooses the fields of a message as libdkim++ does: all copies of the
// names, from the bottom to the top, then those that are oversigned.
func (c *call) fields(h *dkim.Header) headerlist.List {
	names := slices.Concat(c.Options.Headers, c.Options.Additional)
	if c.Options.Headers == nil { // dkim.DefaultHeaders signs what Halon does, but for these two
		names = append(names, "cfbl-address", "cfbl-feedback-id")
		for _, e := range dkim.DefaultHeaders() {
			names = append(names, e.Name)
		}
	}
	list := headerlist.List{}
	for name := range h.Fields() {
		same := func(other string) bool { return strings.EqualFold(name, other) }
		if slices.ContainsFunc(names, same) || c.Options.Headers != nil && len(c.Options.Headers) == 0 {
			list = append(list, headerlist.Entry{Name: strings.ToLower(name), Optional: true})
		}
	}
	slices.Reverse(list)
	return append(list, c.rule.Headers[1:]...)
}

// records returns what the "DKIM delivery" block shows: the records to publish.
func records(ctx context.Context, table *signtable.Table) (lines []string, err error) {
	for s, err := range table.Signers(ctx) {
		if err != nil {
			return nil, err
		}
		record, err := s.Record()
		if err != nil {
			return nil, err
		}
		lines = append(lines, keyrecord.ZoneLine(s.Selector, s.Domain, record))
	}
	return lines, nil
}
