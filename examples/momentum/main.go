// Momentum signs the message on standard input as a dkim_sign stanza says, and
// prints the signing_stats. Its validator is in the folder validate.
//
//	go run ./examples/momentum ecelerity.conf ROOT can_relay=1 < message > signed
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/scanner"
	"time"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/signtable"
	"github.com/waxseal/waxseal/headerlist"
)

func main() {
	err := errors.New("usage: momentum CONF ROOT [ VARIABLE=VALUE ... ] < message > signed")
	if len(os.Args) > 2 {
		err = run(os.Args[1], os.Args[2], os.Args[3:], os.Stdin, os.Stdout, os.Stderr)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "momentum:", err)
		os.Exit(1)
	}
}

// run signs a message with context variables, and prints the statistics.
func run(conf, folder string, variables []string, src io.Reader, dst, log io.Writer) error {
	text, err := os.ReadFile(conf)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	table, err := parseConfig(conf, string(text), root.FS())
	if err != nil {
		return err
	}
	s := stats{scopes: map[string]counts{}}
	s.watch(table)
	values := map[string]string{}
	for _, v := range variables {
		name, value, _ := strings.Cut(v, "=")
		values[name] = value
	}
	defer s.print(log)
	return dkim.Sign(context.Background(), dst, src, table.For(signtable.Request{Values: values}))
}

// A parser reads the dkim_sign stanzas of a configuration, and skips others that
// hold options alone.
type parser struct {
	scanner.Scanner
	table  *signtable.Table
	keys   *signtable.KeyCache
	places map[string]scanner.Position // of each dk_domain, and of the module
}

// parseConfig reads a configuration. Keys are opened in root, which stands for
// "/". Errors name the file, the line and the column.
func parseConfig(file, text string, root fs.FS) (*signtable.Table, error) {
	p := &parser{places: map[string]scanner.Position{}, keys: &signtable.KeyCache{FS: root, Size: 2048, TTL: 300 * time.Second, NegativeTTL: 3600 * time.Second}}
	p.table = &signtable.Table{Keys: p.keys, Exact: true, Senders: map[string][]signtable.Rule{}}
	// The canonicalization that the opendkim module states, and to sign for whoever has a key.
	p.table.Default = signtable.Rule{Canon: canon.Pair{Header: canon.Simple, Body: canon.Simple}, Optional: signtable.On}
	p.Init(strings.NewReader(text))
	p.Filename, p.Mode = file, scanner.ScanIdents|scanner.ScanStrings
	p.IsIdentRune = func(ch rune, _ int) bool { return ch > ' ' && !strings.ContainsRune(`={}#"`, ch) }
	p.Error = func(*scanner.Scanner, string) {} // ErrorCount counts
	for module := p.next(); module != ""; module = p.next() {
		if err := p.stanza(module, p.next()); err != nil {
			return nil, fmt.Errorf("%v: %w", p.Position, err)
		}
	}
	if p.table.Default.Selector != "" {
		p.table.Senders["."] = []signtable.Rule{{}}
	}
	err := p.table.Validate()
	if e := (*signtable.RuleError)(nil); errors.As(err, &e) {
		err = fmt.Errorf("%v: %w", p.places[e.Key], err)
	}
	return p.table, err
}

// next returns a token past comments, without quotes, and "" at the end.
func (p *parser) next() string {
	for p.Scan() == '#' {
		for ch := p.Next(); ch != '\n' && ch != scanner.EOF; ch = p.Next() {
		}
	}
	return strings.Trim(p.TokenText(), `"`)
}

// stanza reads [ name ] "{" *( option "=" value / "dk_domain" stanza ) "}".
func (p *parser) stanza(module, name string) error {
	r := &p.table.Default
	if module == "dk_domain" {
		r, p.places[name] = &signtable.Rule{}, p.Position
		defer func() { p.table.Senders[name] = []signtable.Rule{*r} }()
		if err := (&signtable.Table{Senders: map[string][]signtable.Rule{name: nil}}).Validate(); err != nil {
			return err
		}
	} else if module == "dkim_sign" {
		p.places["."] = p.Position
	}
	if name != "{" && p.next() != "{" {
		return errors.New("want {")
	}
	for option := p.next(); option != "}" || p.ErrorCount > 0; option = p.next() {
		var err error
		switch value := p.next(); {
		case value == "" || p.ErrorCount > 0:
			err = errors.New("a stanza or a string has no end")
		case option == "dk_domain" && module == "dkim_sign":
			err = p.stanza(option, value)
		case value != "=":
			err = fmt.Errorf("want = before %q", value)
		default:
			if value = p.next(); module == "dkim_sign" || module == "dk_domain" {
				err = p.option(r, option, value, module)
			}
		}
		if err != nil {
			return fmt.Errorf("%s: %w", option, err)
		}
	}
	return nil
}

func (p *parser) option(r *signtable.Rule, option, value, module string) (err error) {
	number, notNumber := strconv.ParseUint(value, 10, 16)
	yes, notBool := strconv.ParseBool(strings.ToLower(value))
	on := map[bool]signtable.Switch{true: signtable.On, false: signtable.Off}[yes]
	switch option {
	case "base_domain":
		if r.BaseDomain = value; module != "dk_domain" {
			err = errors.New("stands only in a dk_domain")
		}
	case "selector":
		r.Selector = value
	case "identity":
		r.Identity = strings.ReplaceAll(value, "%", "%%")
	case "key":
		r.KeyPath = strings.TrimPrefix(value, "/")
	case "digest":
		r.Algorithm = value
	case "sign_condition":
		r.Condition = signtable.Exists(value)
	case "headerlist":
		r.Headers, err = headerlist.Parse(value)
	case "header_canon":
		r.Canon.Header, err = algorithm(value)
	case "body_canon":
		r.Canon.Body, err = algorithm(value)
	case "body_length_limit":
		r.BodyLength, err = on, notBool
	case "copy_headers":
		r.CopyHeaders, err = on, notBool
	case "lifetime":
		r.Lifetime, err = time.Duration(number)*time.Hour, notNumber
	case "pos_keycache_ttl":
		p.keys.TTL, err = time.Duration(number)*time.Second, notNumber
	case "neg_keycache_ttl":
		p.keys.NegativeTTL, err = time.Duration(number)*time.Second, notNumber
	case "keycache_size":
		p.keys.Size, err = int(number), notNumber
	default:
		err = errors.New("unknown option")
	}
	return err
}

func algorithm(name string) (canon.Algorithm, error) {
	pair, err := canon.ParsePair(name + "/" + name)
	return pair.Header, err
}

// Stats are what the console command signing_stats prints. One without
// counts is as after "signing_stats reset".
type stats struct {
	mu     sync.Mutex
	scopes map[string]counts
}

type counts struct {
	time                      time.Duration
	signed, failed, processed int
}

// watch counts what a table does. The context variables binding and domain say
// which scopes a message belongs to.
func (s *stats) watch(t *signtable.Table) {
	t.Observe = func(e signtable.Event) {
		s.each(e.Values, func(c *counts) {
			if c.time += e.Duration; e.Err != nil {
				c.failed++
			} else {
				c.signed++
			}
		})
	}
	t.Lookup = func(_ context.Context, m *signtable.Message) ([]signtable.Rule, bool, error) {
		s.each(m.Values, func(c *counts) { c.processed++ }) // those not to be signed, too
		return nil, false, nil
	}
}

// each calls f for the scopes of a message: all, domain, binding, and both.
func (s *stats) each(values map[string]string, f func(*counts)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, scope := range []string{"Global", "Domain " + values["domain"], "Binding " + values["binding"], "Binding " + values["binding"] + " Domain " + values["domain"]} {
		c := s.scopes[scope]
		f(&c)
		s.scopes[scope] = c
	}
}

func (s *stats) print(w io.Writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, scope := range slices.Sorted(maps.Keys(s.scopes)) {
		c := s.scopes[scope]
		fmt.Fprintf(w, "%s: DKIM: AccumulatedSigningTime: %.3f TotalMessagesSigned: %d FailedSigningAttempts: %d TotalMessagesProcessed: %d\n", scope, c.time.Seconds(), c.signed, c.failed, c.processed)
	}
}
