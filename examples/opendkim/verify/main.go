// Verify prints the Authentication-Results field that opendkim writes for the
// message on standard input, and what the Lua functions of Momentum's opendkim
// module say of each signature.
//
//	go run ./examples/opendkim/verify opendkim.conf < message
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/authres"
	"github.com/waxseal/waxseal/keyrecord"
)

func main() {
	err := errors.New("usage: verify CONF < message")
	if len(os.Args) == 2 {
		err = run(os.Args[1], os.Stdin, os.Stdout, &keyrecord.Cache{})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "verify:", err)
		os.Exit(1)
	}
}

func run(conf string, src io.Reader, dst io.Writer, r keyrecord.Resolver) error {
	f, err := os.Open(conf)
	if err != nil {
		return err
	}
	defer f.Close()
	v, host, err := readConfig(conf, f)
	if err != nil {
		return err
	}
	v.Resolver = r
	results, err := dkim.Verify(context.Background(), src, v)
	if err != nil {
		return err
	}
	fmt.Fprint(dst, field(host, results))
	if len(results) == 0 {
		fmt.Fprintln(dst, "DKIM_STAT_NOSIG")
	}
	for _, r := range results {
		s := sig{r}
		fmt.Fprintf(dst, "%s domain=%q selector=%q identity=%q signalg=%s canons=%v keysize=%d flags=%v hdrsigned(Subject)=%v errorstr=%q\n",
			s.stat(), r.Signature.Domain, r.Signature.Selector, r.Signature.Identifier, s.signalg(), r.Signature.Canon, r.KeyBits, s.flags(), s.hdrsigned("Subject"), s.errorstr())
	}
	return nil
}

// readConfig reads what an opendkim.conf says of verifying. Errors name the
// file, the line, and the column of the value.
func readConfig(file string, src io.Reader) (v *dkim.Verifier, host string, err error) {
	v = &dkim.Verifier{}
	lines := bufio.NewScanner(src)
	for n := 1; lines.Scan(); n++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		words := append(strings.Fields(text), "", "")
		number, err := strconv.ParseUint(words[1], 10, 31)
		switch words[0] {
		case "MinimumKeyBits":
			v.MinRSABits = int(number)
		case "MaximumSignaturesToVerify":
			v.MaxSignatures = int(number)
		case "ClockDrift":
			v.Skew = time.Duration(number) * time.Second
		case "DNSTimeout":
			v.LookupTimeout = time.Duration(number) * time.Second
		case "AuthservID":
			host, err = words[1], nil
		default:
			err = nil // the signer's, or the server's
		}
		if err != nil {
			return nil, "", fmt.Errorf("%s:%d:%d: %s: %w", file, n, strings.LastIndex(text, words[1])+1, words[0], err)
		}
	}
	return v, host, lines.Err()
}

// field is the Authentication-Results field, with the size of the key and what
// DNSSEC says of it.
func field(host string, results []*dkim.Result) string {
	f := &authres.Field{ID: host, Results: dkim.AuthRes(results)}
	for i, r := range results {
		if r.KeyBits > 0 {
			f.Results[i].Comment = fmt.Sprintf("%d-bit key; %s", r.KeyBits, map[bool]string{true: "secure", false: "unprotected"}[r.Authentic])
		}
	}
	return f.String()
}

// A sig has the getters of the module.
type sig struct{ *dkim.Result }

// stat is the status of the library, one word for each kind of error.
func (s sig) stat() string {
	for _, known := range []struct {
		err  error
		stat string
	}{
		{dkim.ErrTooMany, "CANTVRFY"}, {dkim.ErrPolicy, "CBREJECT"}, {keyrecord.ErrTemporary, "KEYFAIL"},
		{keyrecord.ErrNotFound, "NOKEY"}, {keyrecord.ErrRevoked, "REVOKED"}, {dkim.ErrKey, "CANTVRFY"}, {dkim.ErrWeakKey, "CANTVRFY"},
		{dkim.ErrSignature, "BADSIG"}, {dkim.ErrBodyHash, "BADSIG"}, {dkim.ErrHistoric, "NOTIMPLEMENT"}, {dkim.ErrVersion, "NOTIMPLEMENT"},
		{dkim.ErrAlgorithm, "NOTIMPLEMENT"}, {dkim.ErrQuery, "NOTIMPLEMENT"}, {dkim.ErrLimit, "NORESOURCE"}, {dkim.ErrSyntax, "SYNTAX"},
		{dkim.ErrMissing, "SYNTAX"}, {s.Err, "INVALID"},
	} {
		if s.Err != nil && errors.Is(s.Err, known.err) {
			return "DKIM_STAT_" + known.stat
		}
	}
	return "DKIM_STAT_OK"
}

// flags are those of DKIM_SIGFLAG_ that are set.
func (s sig) flags() (flags []string) {
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"IGNORE", errors.Is(s.Err, dkim.ErrTooMany)}, {"PROCESSED", s.KeyBits > 0}, {"PASSED", s.Status == dkim.Pass},
		{"TESTKEY", s.Testing}, {"NOSUBDOMAIN", s.Record != nil && s.Record.Strict()},
	} {
		if f.set {
			flags = append(flags, f.name)
		}
	}
	return flags
}

func (s sig) signalg() string {
	if a := s.Signature.Algorithm; a == "rsa-sha1" || a == "rsa-sha256" || a == "ed25519-sha256" {
		return a
	}
	return "unknown"
}

func (s sig) hdrsigned(name string) bool {
	signed, _ := s.Covered(name)
	return signed > 0
}

func (s sig) errorstr() string {
	if s.Err == nil {
		return ""
	}
	return s.Err.Error()
}
