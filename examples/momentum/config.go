package main

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim/signtable"
	"github.com/waxseal/waxseal/headerlist"
)

var token = regexp.MustCompile(`#.*|"[^"\n]*"|[={}]|[^\s={}#"]+`)

// A parser reads the dkim_sign stanzas of a configuration, and skips others.
type parser struct {
	file, text string
	tokens     [][]int // that are left
	last       int     // where the last one began
	table      *signtable.Table
	keys       *signtable.KeyCache
}

// parseConfig reads a configuration. Keys are opened in root, which stands for
// "/". Errors name the file, the line and the column.
func parseConfig(file, text string, root fs.FS) (*signtable.Table, error) {
	keys := &signtable.KeyCache{FS: root, Size: 2048, TTL: 300 * time.Second, NegativeTTL: 3600 * time.Second}
	t := &signtable.Table{Keys: keys, Exact: true, Senders: map[string][]signtable.Rule{}}
	t.Default.Canon = canon.Pair{Header: canon.Simple, Body: canon.Simple} // the default that the opendkim module states
	t.Default.Optional = signtable.On                                      // sign for whoever has a key
	p := &parser{file, text, token.FindAllStringIndex(text, -1), 0, t, keys}
	for module := p.next(); module != ""; module = p.next() {
		if err := p.stanza(&t.Default, module, p.next()); err != nil {
			line, before := strings.Count(text[:p.last], "\n"), text[strings.LastIndexByte(text[:p.last], '\n')+1:p.last]
			return nil, fmt.Errorf("%s:%d:%d: %w", file, line+1, len(before)+1, err)
		}
	}
	if t.Default.Selector != "" {
		t.Senders["."] = []signtable.Rule{{}}
	}
	return t, t.Validate()
}

// next returns a token past comments, without quotes, and "" at the end.
func (p *parser) next() string {
	for p.last = len(p.text); len(p.tokens) > 0; {
		at := p.tokens[0]
		if p.tokens = p.tokens[1:]; p.text[at[0]] != '#' {
			p.last = at[0]
			return strings.Trim(p.text[at[0]:at[1]], `"`)
		}
	}
	return ""
}

// stanza reads [ name ] "{" *( option "=" value / "dk_domain" stanza ) "}".
func (p *parser) stanza(r *signtable.Rule, module, tok string) (err error) {
	if module == "dk_domain" {
		var rule signtable.Rule
		defer func(domain string) { p.table.Senders[domain] = []signtable.Rule{rule} }(tok)
		r = &rule
	}
	if tok != "{" && p.next() != "{" {
		return errors.New("want {")
	}
	for option := p.next(); option != "}" && err == nil; option = p.next() {
		value := p.next()
		switch {
		case value == "":
			return errors.New("the stanza has no end")
		case option == "dk_domain" && module == "dkim_sign":
			err = p.stanza(nil, option, value)
		case value != "=":
			return fmt.Errorf("%q after %q, want =", value, option)
		default:
			if value = p.next(); module == "dkim_sign" || module == "dk_domain" {
				err = p.option(r, option, value, module)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) option(r *signtable.Rule, option, value, module string) (err error) {
	number, notNumber := strconv.ParseInt(value, 10, 32)
	on, notBool := signtable.On, error(nil)
	if yes, err := strconv.ParseBool(strings.ToLower(value)); !yes {
		on, notBool = signtable.Off, err
	}
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
	case "header_canon", "body_canon":
		var pair canon.Pair
		if pair, err = canon.ParsePair(value + "/" + value); option == "header_canon" {
			r.Canon.Header = pair.Header
		} else {
			r.Canon.Body = pair.Body
		}
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
	if err != nil {
		return fmt.Errorf("%s: %w", option, err)
	}
	return nil
}
