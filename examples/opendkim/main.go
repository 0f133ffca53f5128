// Opendkim signs the message on standard input by the KeyTable and the
// SigningTable that an opendkim.conf names. What the Lua functions of
// Momentum's opendkim module say of a message is in the folder verify.
//
//	go run ./examples/opendkim etc/opendkim.conf / < message > signed
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/signtable"
	"github.com/waxseal/waxseal/headerlist"
)

func main() {
	err := errors.New("usage: opendkim CONF ROOT < message > signed")
	if len(os.Args) == 3 {
		err = run(os.Args[1], os.DirFS(os.Args[2]), os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "opendkim:", err)
		os.Exit(1)
	}
}

// run signs a message. All files are in root, which stands for "/".
func run(conf string, root fs.FS, src io.Reader, dst io.Writer) error {
	table, err := readConfig(root, conf)
	if err != nil {
		return err
	}
	return dkim.Sign(context.Background(), dst, src, table)
}

// entry is a line without its comment.
var entry = regexp.MustCompile(`(?m)^[ \t]*([^#\s]+)[ \t]*([^#\n]*)`)

// read calls do for the lines of a file that have a name. Errors name the file,
// the line, and the column of the value.
func read(root fs.FS, name string, do func(name, value string) error) error {
	data, err := fs.ReadFile(root, inRoot(name))
	text := string(data)
	for _, m := range entry.FindAllStringSubmatchIndex(text, -1) {
		if err != nil {
			return err
		}
		if err = do(text[m[2]:m[3]], strings.TrimSpace(text[m[4]:m[5]])); err != nil {
			err = fmt.Errorf("%s:%d:%d: %w", name, 1+strings.Count(text[:m[4]], "\n"), m[4]-strings.LastIndexByte(text[:m[4]], '\n'), err)
		}
	}
	return err
}

// inRoot returns the path of a file in the root.
func inRoot(name string) string { return path.Clean("/" + name)[1:] }

// A signing is a row of the SigningTable.
type signing struct {
	key      string
	pattern  *regexp.Regexp // of a refile, where the key may have "*"
	name     string         // in the KeyTable; "%" is the domain of From
	identity string         // i=; every "%" is that domain
}

// A config is an opendkim.conf, but for what a Table has too.
type config struct {
	keys                                  map[string]signtable.Rule // by their names in the KeyTable
	signings                              []signing
	multiple                              bool
	keyTable, signingTable                string
	signHeaders, omitHeaders, oversigning string // names, with commas between them; around, too, and lower case in the first two
}

// readConfig reads an opendkim.conf, and its tables.
func readConfig(root fs.FS, name string) (*signtable.Table, error) {
	c := &config{keys: map[string]signtable.Rule{}}
	t := &signtable.Table{Keys: &signtable.KeyCache{FS: root}, FromOnly: true, Lookup: c.lookup}
	t.Default.Canon = canon.Pair{Header: canon.Simple, Body: canon.Simple}
	err := read(root, name, func(name, value string) (err error) {
		yes := strings.Contains("TtYy1", value[:min(1, len(value))])
		list := "," + strings.ToLower(strings.ReplaceAll(value, " ", "")) + ","
		switch name {
		case "KeyTable":
			c.keyTable = value
		case "SigningTable":
			c.signingTable = value
		case "MultipleSignatures":
			c.multiple = yes
		case "Diagnostics":
			t.Default.CopyHeaders = map[bool]signtable.Switch{true: signtable.On}[yes]
		case "Canonicalization":
			t.Default.Canon, err = canon.ParsePair(value)
		case "SignatureAlgorithm":
			t.Default.Algorithm = value
		case "SignatureTTL":
			var seconds uint64
			seconds, err = strconv.ParseUint(value, 10, 31)
			t.Default.Lifetime = time.Duration(seconds) * time.Second
		case "SignHeaders":
			c.signHeaders = list
		case "OmitHeaders":
			c.omitHeaders = list
		case "OversignHeaders":
			c.oversigning = strings.ReplaceAll(value, " ", "")
		case "Mode", "Socket", "Syslog", "SyslogSuccess", "LogWhy", "UMask", "UserID", "PidFile", "InternalHosts", "ExternalIgnoreList": // the server's
		default:
			err = errors.New("unknown option " + name)
		}
		return err
	})
	if err == nil {
		_, file, _ := strings.Cut(c.keyTable, ":")
		err = read(root, cmp.Or(file, c.keyTable), func(name, value string) error { return c.addKey(t, name, value) })
	}
	if err == nil {
		kind, file, _ := strings.Cut(c.signingTable, ":")
		err = read(root, cmp.Or(file, kind), func(key, value string) error { return c.addSigning(kind == "refile", strings.ToLower(key), value) })
	}
	return t, err
}

// addKey adds a row of the KeyTable: domain, selector, and a file or a key.
func (c *config) addKey(t *signtable.Table, name, value string) (err error) {
	parts := append(strings.SplitN(value, ":", 3), "", "")
	sender := strings.NewReplacer("%", "%{senderdomain}")
	r := signtable.Rule{Domain: sender.Replace(parts[0]), Selector: parts[1]}
	if file := parts[2]; strings.HasPrefix(file, "/") || strings.HasPrefix(file, "./") || strings.HasPrefix(file, "../") {
		r.KeyPath = sender.Replace(inRoot(file))
	} else if r.Key, err = dkim.ParseKey([]byte(file)); err != nil {
		return err
	}
	c.keys[name] = r
	return (&signtable.Table{Keys: t.Keys, Default: t.Default, Senders: map[string][]signtable.Rule{".": {r}}}).Validate()
}

// addSigning adds a row of the SigningTable.
func (c *config) addSigning(refile bool, key, value string) error {
	words := append(strings.Fields(value), "", "")
	s := signing{key: key, name: words[0], identity: words[1]}
	if refile {
		s.pattern = regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(key), `\*`, ".*") + "$")
	}
	if _, ok := c.keys[s.name]; !ok && s.name != "%" || words[2] != "" {
		return fmt.Errorf("want a name of the KeyTable and perhaps an identity, not %q", value)
	}
	c.signings = append(c.signings, s)
	return nil
}

// lookup returns the rules of the rows that match the sender: of the first, or
// of all with MultipleSignatures.
func (c *config) lookup(_ context.Context, m *signtable.Message) (rules []signtable.Rule, _ bool, err error) {
	user := strings.ToLower(m.Sender[:max(0, strings.LastIndexByte(m.Sender, '@'))])
	probes, parents := []string{user + "@" + m.Domain, m.Domain}, []string{}
	for _, parent, more := strings.Cut(m.Domain, "."); more; _, parent, more = strings.Cut(parent, ".") {
		probes, parents = append(probes, user+"@."+parent), append(parents, "."+parent)
	}
	probes = append(append(probes, parents...), user+"@*", "*")
	var hits []signing
	for _, probe := range probes {
		for _, s := range c.signings {
			if s.pattern == nil && s.key == probe {
				hits = append(hits, s)
			} else if s.pattern != nil && probe == probes[0] && s.pattern.MatchString(probe) {
				hits = append(hits, s)
			}
		}
	}
	for _, s := range hits {
		if s.name == "%" {
			s.name = m.Domain
		}
		r, ok := c.keys[s.name]
		if m.Domain != "" && ok && (c.multiple || rules == nil) {
			r.Headers = c.headers(m.Header)
			d := strings.ToLower(strings.ReplaceAll(r.Domain, "%{senderdomain}", m.Domain))
			_, i, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(s.identity, "%", m.Domain)), "@")
			if i == d || strings.HasSuffix(i, "."+d) { // another one is left out
				r.Identity = strings.ReplaceAll(s.identity, "%", "%{senderdomain}")
			}
			rules = append(rules, r)
		}
	}
	return rules, true, nil
}

// headers chooses the fields: those that are there in the order of the message,
// and then those that are oversigned.
func (c *config) headers(h *dkim.Header) (list headerlist.List) {
	for name := range h.Fields() {
		comma := "," + strings.ToLower(name) + ","
		recommended := slices.ContainsFunc(dkim.DefaultHeaders(), func(e headerlist.Entry) bool { return strings.EqualFold(e.Name, name) })
		if comma == ",from," || !strings.Contains(c.omitHeaders, comma) && (strings.Contains(c.signHeaders, comma) || c.signHeaders == "" && recommended) {
			list = append(list, headerlist.Entry{Name: name, Optional: true})
		}
	}
	for _, name := range strings.FieldsFunc(c.oversigning, func(r rune) bool { return r == ',' }) {
		list = append(list, headerlist.Entry{Name: name})
	}
	return list
}
