package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"strings"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim/signtable"
)

// A file is a configuration or a map. Errors name it, the line and the column.
type file struct{ name, text string }

func (f file) errorf(at int, format string, v ...any) error {
	return fmt.Errorf("%s:%d:%d: %w", f.name, 1+strings.Count(f.text[:at], "\n"), at-strings.LastIndexByte(f.text[:at], '\n'), fmt.Errorf(format, v...))
}

// The syntax of a line, of a signature, of its options, and of macros.
var (
	entry     = regexp.MustCompile(`(?m)^[ \t]*([^#;\s]\S*)[ \t]*(.*?)[ \t\r]*$`)
	signature = regexp.MustCompile(`^\s*(dkim|domainkeys)\s*((?:\([^()]*\))?)\s*(?:,|$)`)
	option    = regexp.MustCompile(`([^=,()\s]+)\s*=?([^,()]*)`)
	macro     = regexp.MustCompile(`%|\$(\$|\w*)`)
)

// read calls do for each line of a file that has a name: with its value, and
// where that is.
func read(root fs.FS, name string, do func(f file, name, value string, at int) error) error {
	text, err := fs.ReadFile(root, strings.TrimPrefix(name, "/"))
	f := file{name, string(text)}
	for _, m := range entry.FindAllStringSubmatchIndex(f.text, -1) {
		if err == nil {
			err = do(f, f.text[m[2]:m[3]], f.text[m[4]:m[5]], m[4])
		}
	}
	return err
}

// readConfig reads dkimproxy_out.conf, and the maps that it names.
func readConfig(root fs.FS, name string) (*proxy, error) {
	keys, options := &signtable.KeyCache{FS: root}, map[string]string{}
	table := func() *signtable.Table {
		return &signtable.Table{Keys: keys, Senders: map[string][]signtable.Rule{}, Lists: map[string][]signtable.Rule{}}
	}
	p := &proxy{dkim: table(), domainKeys: table()}
	var signatures []func(key, domain string) error // those of senders without a map
	err := read(root, name, func(f file, name, value string, at int) error {
		switch name {
		case "signature": // may be repeated
			signatures = append(signatures, func(key, domain string) error { return p.add(f, at, "sender_map", key, domain, value, options) })
		case "reject_error":
			p.rejectError = true
		case "listen", "relay", "domain", "keyfile", "selector", "identity", "dkim_method", "domainkeys_method", "method", "sender_map", "listid_map":
			options[name] = value
		default:
			return f.errorf(at, "unknown option %q", name)
		}
		return nil
	})
	if signatures == nil && options["sender_map"]+options["listid_map"] == "" {
		signatures = append(signatures, func(key, domain string) error {
			return p.add(file{name: name}, 0, "sender_map", key, domain, "dkim", options)
		})
	}
	for _, kind := range []string{"sender_map", "listid_map"} {
		if err == nil && options[kind] != "" {
			err = read(root, options[kind], func(f file, key, list string, at int) error { return p.add(f, at, kind, key, "", list, options) })
		}
	}
	mapped, domains := maps.Clone(p.dkim.Senders), strings.Split(strings.ReplaceAll(options["domain"], " ", ""), ",")
	for _, key := range domains {
		domain := ""
		if len(domains) == 1 { // signs everything
			key, domain = ".", key
		}
		for _, s := range signatures {
			if _, ok := mapped[key]; !ok && err == nil {
				err = s(key, domain)
			}
		}
	}
	return p, err
}

// macros are those of the maps, as signtable has them.
var macros = map[string]string{"%": "%%", "$$": "$", "$sender": "%{sender}", "$senderdomain": "%{senderdomain}", "$key": "%{key}", "$keydomain": "%{keydomain}"}

// nofws are the canonicalizations of DomainKeys, as they stand in a rule.
var nofws = map[string]canon.Algorithm{"simple": canon.Simple, "nofws": canon.Relaxed}

// names are the options of a signature, by all that they are called.
var names = map[string]string{"key": "keyfile", "a": "algorithm", "c": "method", "d": "domain", "i": "identity", "s": "selector", "h": "headers",
	"keyfile": "keyfile", "algorithm": "algorithm", "method": "method", "domain": "domain", "identity": "identity", "selector": "selector", "headers": "headers"}

// add adds the signatures of one key of a map.
func (p *proxy) add(f file, at int, kind, key, domain, list string, options map[string]string) error {
	rules := map[string][]signtable.Rule{}
	for done := 0; done < len(list) || done == 0; {
		m := signature.FindStringSubmatchIndex(list[done:])
		if m == nil {
			return f.errorf(at+done, "want dkim or domainkeys, with options in parentheses")
		}
		scheme := list[done+m[2] : done+m[3]]
		o := maps.Clone(options)
		o["domain"], o["method"] = domain, cmp.Or(o[scheme+"_method"], o["method"], map[string]string{"dkim": "relaxed", "domainkeys": "nofws"}[scheme])
		for _, pair := range option.FindAllStringSubmatch(list[done+m[4]:done+m[5]], -1) {
			if names[pair[1]] == "" {
				return f.errorf(at+done+m[4], "unknown option %q", pair[1])
			}
			o[names[pair[1]]] = strings.TrimSpace(pair[2])
		}
		rule, err := makeRule(scheme, o)
		if err == nil {
			err = (&signtable.Table{Keys: p.dkim.Keys, Senders: map[string][]signtable.Rule{key: {rule}}}).Validate()
		}
		if err != nil {
			return f.errorf(at+done, "%w", err)
		}
		rules[scheme] = append(rules[scheme], rule)
		done += m[1]
	}
	now, old := p.dkim.Senders, p.domainKeys.Senders
	if kind == "listid_map" {
		now, old = p.dkim.Lists, p.domainKeys.Lists
	}
	now[key], old[key] = append(now[key], rules["dkim"]...), append(old[key], rules["domainkeys"]...)
	return nil
}

// makeRule makes the rule of a signature.
func makeRule(scheme string, o map[string]string) (r signtable.Rule, err error) {
	expand := func(s string) string { // to the macros of signtable
		return macro.ReplaceAllStringFunc(s, func(m string) string {
			if macros[m] == "" {
				err = fmt.Errorf("unknown macro %q", m)
			}
			return macros[m]
		})
	}
	r.Selector, r.KeyPath = o["selector"], strings.ReplaceAll(strings.TrimPrefix(o["keyfile"], "/"), "%", "%%")
	r.Domain = strings.ReplaceAll(expand(o["domain"]), "%{key}", "%{keydomain}")
	if err != nil || scheme == "domainkeys" {
		if r.Canon.Body = nofws[o["method"]]; err == nil && (r.Canon.Body == 0 || cmp.Or(o["algorithm"], "rsa-sha1") != "rsa-sha1") {
			err = errors.New("domainkeys has simple or nofws, and rsa-sha1")
		}
		return r, err
	}
	r.Identity, r.Algorithm = expand(o["identity"]), o["algorithm"]
	pair, err2 := canon.ParsePair(o["method"])
	r.Canon = pair
	return r, errors.Join(err, err2)
}
