package waxseal_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"strings"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/keyrecord"
)

// sign writes a message to w, with a DKIM-Signature field on top.
func sign(ctx context.Context, w io.Writer, message io.Reader, pem []byte) error {
	key, err := dkim.ParseKey(pem) // RSA or Ed25519
	if err != nil {
		return err
	}
	signer := &dkim.Signer{Domain: "example.org", Selector: "s1", Key: key}
	return dkim.Sign(ctx, w, message, signer)
}

// verify prints what became of each signature of a message.
func verify(ctx context.Context, message io.Reader, keys keyrecord.Resolver) error {
	results, err := dkim.Verify(ctx, message, &dkim.Verifier{Resolver: keys})
	if err != nil {
		return err // the message cannot be read; a bad signature is a result
	}
	for _, r := range results {
		fmt.Println(r.Status, r.Signature.Domain, r.Err)
	}
	return nil
}

// Sign a message, and verify it with the key from a map in place of DNS.
func Example() {
	ctx := context.Background()
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)) // yours is secret
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		log.Fatal(err)
	}
	record, err := keyrecord.New(key.Public())
	if err != nil {
		log.Fatal(err)
	}

	const message = "From: Joe <joe@example.org>\r\nSubject: Is dinner ready?\r\n\r\nHi.\r\n"
	var signed bytes.Buffer
	file := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := sign(ctx, &signed, strings.NewReader(message), file); err != nil {
		log.Fatal(err)
	}

	zone := keyrecord.MapResolver{"s1._domainkey.example.org": {record.String()}}
	if err := verify(ctx, &signed, zone); err != nil {
		log.Fatal(err)
	}
	// Output: pass example.org <nil>
}
