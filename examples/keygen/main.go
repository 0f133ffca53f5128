// Keygen makes a DKIM key: the private half goes into a file, the DNS record
// that publishes the public half to standard output.
//
//	go run ./examples/keygen -domain example.org -selector s1 > s1.zone
//
// The file is PKCS #8 in PEM, mode 0600. A file that exists is never
// overwritten. What keygen prints is a zone file; a comment in it holds the
// plain value, for those who publish by filling in a form.
package main

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/waxseal/waxseal/keyrecord"
)

const usage = `Usage: keygen -domain DOMAIN -selector SELECTOR [flags]

Makes a key pair for DKIM. Writes the private key to a new file, and the DNS
record to standard output. Exit status: 0 done, 1 not done, 2 wrong usage.

`

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run is main, with the status to exit with.
func run(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	complain := func(status int, format string, args ...any) int {
		fmt.Fprintf(stderr, "keygen: "+format+"\n", args...)
		return status
	}
	flags := flag.NewFlagSet("keygen", flag.ContinueOnError)
	var (
		domain   = flags.String("domain", "", "the `domain` that signs (d=); required")
		selector = flags.String("selector", "", "the `name` of this key in the domain (s=); required")
		keyType  = flags.String("type", "rsa", "the `type` of key: rsa or ed25519")
		bits     = flags.Int("bits", 2048, "the `size` of an RSA key: 2048, 3072 or 4096")
		out      = flags.String("out", "", "the `file` for the private key (default the name of the record and .pem)")
		strict   = flags.Bool("strict", false, "publish t=s: no i= in a subdomain")
		testing  = flags.Bool("testing", false, "publish t=y: the domain is testing DKIM")
	)
	flags.SetOutput(io.Discard)
	if err := flags.Parse(args); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			complain(2, "%v", err)
		}
		fmt.Fprint(stderr, usage)
		flags.SetOutput(stderr)
		flags.PrintDefaults()
		return 2
	}
	bitsGiven := false
	flags.Visit(func(f *flag.Flag) { bitsGiven = bitsGiven || f.Name == "bits" })
	switch {
	case flags.NArg() > 0:
		return complain(2, "unexpected argument %q; keygen takes flags only, see keygen -h", flags.Arg(0))
	case *domain == "" || *selector == "":
		return complain(2, "give -domain and -selector, as in: keygen -domain example.org -selector s1")
	case *keyType == "ed25519" && bitsGiven:
		return complain(2, "-bits is for RSA; an Ed25519 key has one size")
	}
	name, err := keyrecord.Name(*selector, *domain)
	if err != nil {
		return complain(2, "%v", err)
	}
	if *out == "" {
		*out = name + ".pem"
	}
	key, err := newKey(*keyType, *bits)
	if err != nil {
		return complain(2, "%v", err)
	}
	record, err := keyrecord.New(key.Public())
	if err != nil {
		return complain(1, "%v", err)
	}
	if *testing {
		record.Flags = append(record.Flags, "y")
	}
	if *strict {
		record.Flags = append(record.Flags, "s")
	}
	if err := writeKey(*out, key); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return complain(1, "%s exists, and is not overwritten; name another file with -out", *out)
		}
		return complain(1, "%v", err)
	}
	_, err = fmt.Fprintf(stdout, "; The private key is in %q. Publish this record:\n%s\n; In a form, the name and the value are:\n; %s\n; %s\n",
		*out, keyrecord.ZoneLine(*selector, *domain, record), name, record)
	if err != nil {
		return complain(1, "the key is in %s, but its record could not be printed: %v", *out, err)
	}
	return 0
}

// newKey makes a private key.
func newKey(keyType string, bits int) (crypto.Signer, error) {
	switch keyType {
	case "ed25519":
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	case "rsa":
		switch bits {
		case 2048, 3072, 4096:
			return rsa.GenerateKey(rand.Reader, bits)
		}
		return nil, fmt.Errorf("-bits %d; want 2048, 3072 or 4096", bits)
	}
	return nil, fmt.Errorf("-type %q; want rsa or ed25519", keyType)
}

// writeKey writes key to a new file, and leaves none behind that is not whole.
func writeKey(name string, key crypto.Signer) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = pem.Encode(f, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}
