// Greenarrow signs the message on standard input with the keys of a JSON file:
// as its X-GreenArrow-DKIM fields say, or for the domain that sent it.
//
//	go run ./examples/greenarrow keys.json hashfunc < message > signed
package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/authres"
	"github.com/waxseal/waxseal/dkim/signtable"
	"github.com/waxseal/waxseal/headerlist"
)

func main() {
	err := errors.New("usage: greenarrow KEYS HASHFUNC < message > signed")
	if len(os.Args) == 3 {
		err = run(os.Args[1], os.Args[2], os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "greenarrow:", err)
		os.Exit(1)
	}
}

func run(keys, hashfunc string, src io.Reader, dst io.Writer) error {
	text, err := os.ReadFile(keys)
	if err != nil {
		return err
	}
	hash, _ := os.ReadFile(hashfunc) // without the file it is sha256
	s, err := readStore(keys, string(text), cmp.Or(strings.TrimSpace(string(hash)), "sha256"))
	if err != nil {
		return err
	}
	message, err := io.ReadAll(src)
	if err != nil {
		return err
	}
	fields, err := s.sign(context.Background(), message)
	if err != nil {
		return err
	}
	rest := authres.NewStripReader(bytes.NewReader(message)) // what it strips was not signed
	rest.RemoveAll(fieldName)
	_, err = io.Copy(dst, io.MultiReader(strings.NewReader(fields), rest))
	return err
}

// The fields that are there are signed in this order, and then those that are
// oversigned.
const headers = "to+:from+:cc+:subject+:date+:message-id+:sender+:reply-to+:mime-version+:to:from:cc:subject:date:message-id:reply-to"

// A key is one of the key store. Its domain and selector are its name.
type key struct {
	Domain, Selector string
	Default          bool   `json:"default_for_domain"`
	Private          string // PEM
	signer           crypto.Signer
}

// A store has the keys by "domain/selector", and the default selectors.
type store struct {
	keys     map[string]*key
	defaults map[string]string
	table    *signtable.Table
	stranger bool // the session is not authenticated: the fields of its messages do not count
	logf     func(format string, v ...any)
}

// readStore reads a JSON array of keys. Errors name the file, the line and the
// column. The hash is sha256; sha1 is the error that names RFC 8301.
func readStore(file, text, hash string) (*store, error) {
	s := &store{keys: map[string]*key{}, defaults: map[string]string{}, logf: log.Printf}
	s.table = &signtable.Table{
		Default: signtable.Rule{Headers: headerlist.MustParse(headers), Lifetime: 7 * 24 * time.Hour, Algorithm: "rsa-" + hash},
		Senders: map[string][]signtable.Rule{},
	}
	if at, err := decode(text, s.add); err != nil {
		return nil, fmt.Errorf("%s:%s: %w", file, position(text[:at]), err)
	}
	return s, nil
}

func position(before string) string {
	return fmt.Sprintf("%d:%d", 1+strings.Count(before, "\n"), len(before)-strings.LastIndexByte(before, '\n'))
}

// decode calls f for each object of an array, or for the one that stands alone,
// and returns where an error is.
func decode[T any](text string, f func(T) error) (at int64, err error) {
	if e := (*json.SyntaxError)(nil); errors.As(json.Unmarshal([]byte(text), new(any)), &e) {
		return max(0, e.Offset-1), e
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if strings.HasPrefix(strings.TrimSpace(text), "[") {
		d.Token()
	}
	for d.More() && err == nil {
		at = d.InputOffset()
		at += int64(max(0, strings.IndexByte(text[at:], '{')))
		var v T
		if err = d.Decode(&v); err == nil {
			err = f(v)
		}
	}
	return at, err
}

var validName = regexp.MustCompile(`^[a-z0-9.-]{1,200}/[a-z0-9.-]{1,200}$`)

// add adds a key. The last default of a domain counts.
func (s *store) add(k key) (err error) {
	k.Domain, k.Selector = strings.ToLower(k.Domain), strings.ToLower(k.Selector)
	name := k.Domain + "/" + k.Selector
	if k.signer, err = dkim.ParseKey([]byte(k.Private)); err != nil {
		return err
	}
	if !validName.MatchString(name) || s.keys[name] != nil {
		return fmt.Errorf("%.410q is there already, or a name that is not 1 to 200 letters, digits and dashes", name)
	}
	if k.Default {
		s.defaults[k.Domain] = k.Selector
	}
	s.keys[name] = &k
	rules := []signtable.Rule{{Selector: k.Selector, Key: k.signer}}
	s.table.Senders[k.Domain] = append(s.table.Senders[k.Domain], rules...)
	return (&signtable.Table{Default: s.table.Default, Senders: map[string][]signtable.Rule{k.Domain: rules}}).Validate()
}

const (
	fieldName     = "X-GreenArrow-DKIM"
	maxField      = 4 << 10 // octets
	maxSignatures = 10      // of a field, and of a message
)

// A directive is one object of a field. What is any is true-ish.
type directive struct {
	Domain, Selector string
	FromDomain       any    `json:"from_domain"`
	UseKeyFrom       string `json:"use_key_from"`
	AllowDuplicate   any    `json:"allow_duplicate"`
}

func isTrue(v any) bool { return v != nil && v != false && v != 0.0 && v != "" && v != "0" }

// directives returns those of all fields of a message. Errors name the line and
// the column in the field.
func directives(h *dkim.Header) (list []directive, err error) {
	for name, field := range h.Fields() {
		if !strings.EqualFold(name, fieldName) {
			continue
		}
		colon, n := bytes.IndexByte(field, ':'), len(list)
		text := strings.Repeat(" ", colon+1) + strings.ReplaceAll(string(field[colon+1:]), "\r\n", "  ") // as long as the field
		at, err := decode(text, func(d directive) error { list = append(list, d); return nil })
		if n = len(list) - n; err == nil && (n == 0 || n > maxSignatures || len(field) >= maxField) {
			err = fmt.Errorf("%d objects in %d octets; want 1 to %d, in less than %d", n, len(field), maxSignatures, maxField)
		}
		if err != nil {
			return nil, fmt.Errorf("error decoding JSON: %s:%s: %w", fieldName, position(string(field[:at])), err)
		}
	}
	return list, nil
}

// rule makes the rule of a directive, from the domain that sent the message.
func (s *store) rule(d directive, sender string) (r signtable.Rule, err error) {
	r.Domain, r.Selector = strings.ToLower(d.Domain), strings.ToLower(d.Selector)
	if r.Domain == "" || isTrue(d.FromDomain) {
		r.Domain = sender
	}
	from, selector := r.Domain, r.Selector
	if d.UseKeyFrom != "" {
		from, selector, _ = strings.Cut(strings.ToLower(d.UseKeyFrom), "/")
	}
	k := s.keys[from+"/"+cmp.Or(selector, s.defaults[from])]
	if k == nil || d.UseKeyFrom != "" && d.Selector == "" {
		return r, fmt.Errorf("no key %.200q of %.200q, or use_key_from without a selector", selector, from)
	}
	r.Selector, r.Key = cmp.Or(r.Selector, k.Selector), k.signer
	return r, nil
}

// sign returns the fields to put on top of a message. A key that is to sign twice
// makes the same signature twice.
func (s *store) sign(ctx context.Context, message []byte) (fields string, err error) {
	source := signing{store: s}
	w := dkim.NewSignWriter(ctx, &source)
	w.Write(message)
	signatures, err := w.Finish()
	for i, signature := range signatures {
		fields += strings.Repeat(signature.String(), source.times[i])
	}
	return fields, err
}

// A signing is the source for one message.
type signing struct {
	*store
	times []int // of each signer
}

// SignersFor returns the signers of the directives, or of the default key of the
// domain that sent the message. A directive that cannot be followed is logged.
func (s *signing) SignersFor(ctx context.Context, h *dkim.Header) (signers []*dkim.Signer, err error) {
	sender, _ := h.Sender()
	sender = strings.ToLower(sender)
	var list []directive
	if !s.stranger {
		if list, err = directives(h); err != nil {
			s.logf("problem dkim signing message: %v", err)
			return nil, nil
		}
	}
	if list == nil && s.defaults[sender] != "" {
		list = []directive{{}}
	}
	for _, d := range list[:min(len(list), maxSignatures)] {
		var one []*dkim.Signer
		rule, err := s.rule(d, sender)
		if err == nil {
			one, err = s.table.For(signtable.Request{Rules: []signtable.Rule{rule}}).SignersFor(ctx, h)
		}
		if err == nil && len(one) == 0 {
			err = errors.New("the sender cannot be d=")
		}
		if err != nil {
			s.logf("problem dkim signing message: %v", err)
			continue
		}
		i := slices.IndexFunc(signers, func(o *dkim.Signer) bool { return o.Domain == one[0].Domain && o.Selector == one[0].Selector })
		if i < 0 {
			signers, s.times = append(signers, one[0]), append(s.times, 1)
		} else if isTrue(d.AllowDuplicate) {
			s.times[i]++
		}
	}
	return signers, nil
}
