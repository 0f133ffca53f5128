// Mdaemon makes the keys and the dns_readme.txt of a selector, and signs the
// message on standard input if DKSign.dat says that it is eligible. What it does
// with mail that comes in is in the folder verify.
//
//	go run ./examples/mdaemon keys FOLDER SELECTOR DOMAIN
//	go run ./examples/mdaemon sign FOLDER [ authenticated ] [ list ] < message > signed
package main

import (
	"cmp"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/waxseal/waxseal/adsp"
	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/signtable"
	"github.com/waxseal/waxseal/keyrecord"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "mdaemon:", err)
		os.Exit(1)
	}
}

func run(args []string, src io.Reader, dst io.Writer) error {
	switch {
	case len(args) == 4 && args[0] == "keys":
		return createKeys(args[1], args[2], args[3], 2048)
	case len(args) >= 2 && args[0] == "sign":
		root, err := os.OpenRoot(args[1])
		if err != nil {
			return err
		}
		defer root.Close()
		table, err := readFolder(root)
		if err != nil {
			return err
		}
		session := map[string]string{}
		for _, name := range args[2:] {
			session[name] = ""
		}
		return dkim.Sign(context.Background(), dst, src, table.For(signtable.Request{Values: session}))
	}
	return errors.New("usage: mdaemon keys FOLDER SELECTOR DOMAIN, or mdaemon sign FOLDER [ authenticated ] [ list ] < message > signed")
}

// createKeys writes the keys of a selector, and what is to be put into DNS. It
// replaces no key.
func createKeys(folder, selector, domain string, bits int) error {
	if _, err := keyrecord.Name(selector, domain); err != nil { // so that the selector is the name of a folder
		return err
	}
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	readme, err := dnsReadme(selector, domain, key.Public())
	if err != nil {
		return err
	}
	folder = filepath.Join(folder, "Pem", selector)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	return errors.Join(
		write(filepath.Join(folder, "rsa.private"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})),
		write(filepath.Join(folder, "rsa.public"), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})),
		write(filepath.Join(folder, "dns_readme.txt"), []byte(readme)))
}

func write(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// dnsReadme returns the records to publish: of the key, and of the policy.
func dnsReadme(selector, domain string, pub crypto.PublicKey) (string, error) {
	record, err := keyrecord.New(pub)
	if err != nil {
		return "", err
	}
	testing := *record
	testing.Flags = []string{"y"}
	test, all := adsp.Rollout(adsp.Strong)
	var b strings.Builder
	fmt.Fprintf(&b, "; The key, while you test, and then.\n%s\n%s\n", keyrecord.ZoneLine(selector, domain, &testing), keyrecord.ZoneLine(selector, domain, record))
	for i, policy := range []*adsp.Policy{test, {}, all} {
		fmt.Fprintf(&b, "; The policy of a domain that %s.\n_policy._domainkey.%s. IN TXT %q\n", []string{"tests", "signs some of its mail", "signs all of it"}[i], domain, policy)
	}
	return b.String(), nil
}

// A row of DKSign.dat says who is eligible, by an address in a field.
type row struct {
	pattern, field string
	rule           signtable.Rule
}

// matches reports whether the row is for an address. A pattern without @ is that
// of a domain.
func (r *row) matches(address string) bool {
	address = strings.ToLower(address)
	if !strings.Contains(r.pattern, "@") {
		address = address[strings.LastIndexByte(address, '@')+1:]
	}
	ok, _ := path.Match(r.pattern, address)
	return ok
}

// words are those of a line, but for its comment.
var words = regexp.MustCompile(`[^\s,;=]+|;.*`)

// read calls do for each line of a file that has words. The error of do is about
// one of them, and gets its line and column.
func read(root *os.Root, name string, do func(words []string) (which int, err error)) error {
	text, err := root.ReadFile(name)
	for i, line := range strings.Split(string(text), "\n") {
		at := words.FindAllStringIndex(line, -1)
		if n := len(at); n > 0 && line[at[n-1][0]] == ';' {
			at = at[:n-1]
		}
		var list []string
		for _, w := range at {
			list = append(list, line[w[0]:w[1]])
		}
		if list == nil || err != nil {
			continue
		}
		var which int
		if which, err = do(list); err != nil {
			err = fmt.Errorf("%s:%d:%d: %w", name, i+1, at[min(which, len(at)-1)][0]+1, err)
		}
	}
	return err
}

// readFolder reads the signing options in DKIM.ini, and DKSign.dat. The keys are
// in Pem.
func readFolder(root *os.Root) (*signtable.Table, error) {
	t := &signtable.Table{Keys: &signtable.KeyCache{FS: root.FS()}}
	t.Default = signtable.Rule{Selector: "MDaemon", Lifetime: 7 * 24 * time.Hour, Query: signtable.On, Canon: canon.Pair{Header: canon.Simple, Body: canon.Simple}}
	if err := read(root, "DKIM.ini", func(words []string) (int, error) { return 1, option(&t.Default, words) }); err != nil {
		return nil, err
	}
	list := signtable.Rule{KeyPath: keyPath(t.Default.Selector)}
	var rows []row
	err := read(root, "DKSign.dat", func(words []string) (int, error) {
		words = append(words, "", "", "", "")[:4]
		r := row{strings.ToLower(words[0]), cmp.Or(words[1], "From"), signtable.Rule{Selector: words[2], Domain: strings.ReplaceAll(words[3], "%", "%%")}}
		r.rule.KeyPath = keyPath(cmp.Or(r.rule.Selector, t.Default.Selector))
		rows = append(rows, r)
		if _, err := path.Match(r.pattern, ""); err != nil {
			return 0, err
		}
		err := (&signtable.Table{Default: t.Default, Keys: t.Keys, Senders: map[string][]signtable.Rule{".": {r.rule}}}).Validate()
		e := &dkim.TagError{}
		errors.As(err, &e)
		return map[string]int{"s": 2, "d": 3}[e.Tag], err
	})
	t.Lookup = func(_ context.Context, m *signtable.Message) ([]signtable.Rule, bool, error) {
		if _, ok := m.Values["list"]; ok {
			return []signtable.Rule{list}, true, nil // whoever is eligible
		}
		_, authenticated := m.Values["authenticated"]
		for _, r := range rows {
			addresses, _ := m.Header.Addresses(r.field)
			for _, a := range addresses {
				domain := cmp.Or(r.rule.Domain, a[strings.LastIndexByte(a, '@')+1:])
				if _, err := keyrecord.Name("x", domain); err == nil && authenticated && r.matches(a) {
					r.rule.Domain = domain
					return []signtable.Rule{r.rule}, true, nil
				}
			}
		}
		return nil, true, nil
	}
	return t, err
}

// keyPath returns where the key of a selector is.
func keyPath(selector string) string {
	return "Pem/" + strings.ReplaceAll(selector, "%", "%%") + "/rsa.private"
}

// option sets one signing option. The names are those of the dialog, without
// spaces.
func option(r *signtable.Rule, words []string) (err error) {
	name, value := words[0], strings.Join(words[1:], "")
	on := map[string]signtable.Switch{"Yes": signtable.On, "No": signtable.Off}[value]
	switch {
	case name == "DefaultSelector" && value != "":
		r.Selector = value
	case name == "SignaturesExpireAfterDays":
		days, err := strconv.ParseUint(value, 10, 16)
		r.Lifetime = time.Duration(days) * 24 * time.Hour
		return err
	case name == "CanonicalizeHeaders", name == "CanonicalizeBody":
		pair, err := canon.ParsePair(value + "/" + value)
		if name == "CanonicalizeBody" {
			r.Canon.Body = pair.Body
		} else {
			r.Canon.Header = pair.Header
		}
		return err
	case on == signtable.Inherit:
		return fmt.Errorf("%s has no value %q", name, value)
	case name == "IncludeCreationTime":
		r.OmitTime = signtable.On + signtable.Off - on
	case name == "IncludeQueryMethod":
		r.Query = on
	case name == "IncludeBodyLength":
		r.BodyLength = on
	case name == "IncludeOriginalHeaders":
		r.CopyHeaders = on
	case name == "ReportingRequested":
		r.Extra = map[signtable.Switch][]dkim.Tag{signtable.On: {{Name: "r", Value: "y"}}}[on]
	default:
		return fmt.Errorf("unknown option %q", name)
	}
	return nil
}
