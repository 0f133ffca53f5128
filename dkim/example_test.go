package dkim_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"log"
	"strings"
	"time"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/authres"
	"github.com/waxseal/waxseal/headerlist"
	"github.com/waxseal/waxseal/keyrecord"
)

// A message as SMTP carries it: every line ends in CRLF.
const message = "From: Joe <joe@example.org>\r\n" +
	"To: Suzie <suzie@example.net>\r\n" +
	"Subject: Is dinner ready?\r\n" +
	"\r\n" +
	"We lost the game. Are you hungry yet?\r\n"

// exampleSigner has a fixed key and time, so that its output is always the same.
func exampleSigner() *dkim.Signer {
	return &dkim.Signer{
		Domain:   "example.org",
		Selector: "s1",
		Key:      ed25519.NewKeyFromSeed([]byte("an example: never use this key!!")),
		Time:     func() time.Time { return time.Unix(1_700_000_000, 0) },
	}
}

// exampleZone is what example.org publishes.
func exampleZone() keyrecord.MapResolver {
	record, err := exampleSigner().Record()
	if err != nil {
		log.Fatal(err)
	}
	return keyrecord.MapResolver{"s1._domainkey.example.org": {record.String()}}
}

func signedMessage() string {
	var b strings.Builder
	if err := dkim.Sign(context.Background(), &b, strings.NewReader(message), exampleSigner()); err != nil {
		log.Fatal(err)
	}
	return b.String()
}

func ExampleSign() {
	var signed strings.Builder
	err := dkim.Sign(context.Background(), &signed, strings.NewReader(message), exampleSigner())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(strings.ReplaceAll(signed.String(), "\r\n", "\n"))
	// Output:
	// DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.org; s=s1;
	//  t=1700000000; h=From:From:To:To:Cc:Subject:Subject:Date:Message-ID:Reply-To:
	//  Content-Type; bh=HUUj1QqjAAclPQYl9mOgBHa2JHWZ1elxh51Tz8KpeVo=; b=p+e11pl5DzRD
	//  aYfr8hrfqmSSN7uwt0UQNRg2XE0vquxeDUJa92K8VIdXz89/xTlkY3cDIQDiEYsVSlR3nYavDQ==
	// From: Joe <joe@example.org>
	// To: Suzie <suzie@example.net>
	// Subject: Is dinner ready?
	//
	// We lost the game. Are you hungry yet?
}

func ExampleVerify() {
	verifier := &dkim.Verifier{
		Resolver: exampleZone(), // a server has &keyrecord.Cache{}, which asks DNS
		Time:     func() time.Time { return time.Unix(1_700_000_060, 0) },
	}
	results, err := dkim.Verify(context.Background(), strings.NewReader(signedMessage()), verifier)
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range results {
		fmt.Println(r.Status, r.Signature.Domain, r.Err)
	}
	changed := strings.Replace(signedMessage(), "hungry", "angry", 1)
	results, _ = dkim.Verify(context.Background(), strings.NewReader(changed), verifier)
	for _, r := range results {
		fmt.Println(r.Status, r.Signature.Domain, r.Err, errors.Is(r.Err, dkim.ErrBodyHash))
	}
	// Output:
	// pass example.org <nil>
	// fail example.org body hash did not verify true
}

// A server verifies a message while it stores it.
func ExampleNewVerifyWriter() {
	verifier := &dkim.Verifier{Resolver: exampleZone()}
	conn := strings.NewReader(signedMessage())

	var spool bytes.Buffer
	w := dkim.NewVerifyWriter(context.Background(), verifier)
	if _, err := io.Copy(io.MultiWriter(&spool, w), conn); err != nil {
		log.Fatal(err)
	}
	results, err := w.Finish()
	if err != nil {
		log.Fatal(err) // not a message
	}

	authors, _ := w.Header().From()
	for _, r := range results {
		if r.Status == dkim.Pass && len(authors) == 1 && r.Signature.Aligned(authors[0], false) {
			fmt.Println("signed by the author's domain:", r.Signature.Domain)
		}
	}
	// Output:
	// signed by the author's domain: example.org
}

// A relay signs a message while it stores it, then sends the signatures before it.
func ExampleNewSignWriter() {
	var spool bytes.Buffer
	w := dkim.NewSignWriter(context.Background(), exampleSigner())
	if _, err := io.Copy(io.MultiWriter(&spool, w), strings.NewReader(message)); err != nil {
		log.Fatal(err)
	}
	signatures, err := w.Finish()
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range signatures {
		name, value := s.Field() // for a milter; s.String() is the whole field
		fmt.Println(name, strings.Count(value, "\r\n"), "folds")
	}
	// Output:
	// DKIM-Signature 3 folds
}

func ExampleSigner() {
	signer := &dkim.Signer{
		Domain:     "example.org",
		Selector:   "s1",
		Key:        exampleSigner().Key,
		Headers:    append(headerlist.Oversign("From", "Subject"), headerlist.MustParse("To:Date:Cc?")...),
		Canon:      canon.Pair{Header: canon.Relaxed, Body: canon.Simple},
		Identifier: "joe@example.org",
		Lifetime:   7 * 24 * time.Hour,
	}
	if err := signer.Validate(); err != nil {
		log.Fatal(err) // at start-up, not with the first message
	}
	record, err := signer.Record()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(keyrecord.ZoneLine(signer.Selector, signer.Domain, record))

	signer.Domain = "example.com; l=0"
	fmt.Println(errors.Is(signer.Validate(), dkim.ErrDomain))
	// Output:
	// s1._domainkey.example.org. IN TXT ( "v=DKIM1; k=ed25519; p=r4xKRypJbMU7soO7gisesfWnIK574Ybe4ATc4BR/EdQ=" )
	// true
}

// Two signatures: verifiers that do not know Ed25519 use the other one.
func ExampleSignerList() {
	first, second := exampleSigner(), exampleSigner()
	second.Selector = "s2"
	signers := dkim.SignerList{first, second}
	var signed strings.Builder
	if err := dkim.Sign(context.Background(), &signed, strings.NewReader(message), signers); err != nil {
		log.Fatal(err)
	}
	all, err := dkim.Signatures(strings.NewReader(signed.String()))
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range all {
		fmt.Println(r.Signature.KeyName())
	}
	// Output:
	// s1._domainkey.example.org <nil>
	// s2._domainkey.example.org <nil>
}

func ExampleAuthRes() {
	verifier := &dkim.Verifier{Resolver: exampleZone()}
	results, err := dkim.Verify(context.Background(), strings.NewReader(signedMessage()), verifier)
	if err != nil {
		log.Fatal(err)
	}
	field := &authres.Field{ID: "mx.example.net", Results: dkim.AuthRes(results)}
	fmt.Println(strings.Contains(field.String(), "dkim=pass"))
	// Output:
	// true
}

// Reading an archive: old signatures, at the time when the mail arrived.
func ExampleVerifier() {
	verifier := dkim.Verifier{
		Resolver:   exampleZone(), // the keys of then
		MinRSABits: 512,           // and //go:debug rsa1024min=0 in package main
		AllowSHA1:  true,
	}
	received := time.Unix(1_700_000_060, 0)
	v := verifier
	v.Time = func() time.Time { return received }
	results, err := dkim.Verify(context.Background(), strings.NewReader(signedMessage()), &v)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(dkim.Overall(results))
	// Output:
	// pass
}

func ExampleParseKey() {
	key, err := dkim.ParseKey([]byte("YW4gZXhhbXBsZTogbmV2ZXIgdXNlIHRoaXMga2V5ISE=")) // an Ed25519 seed
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%T\n", key)
	_, err = dkim.ParseKey([]byte("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"))
	fmt.Println(err)
	// Output:
	// ed25519.PrivateKey
	// unusable key: PEM of type "PUBLIC KEY"; want PRIVATE KEY or RSA PRIVATE KEY
}

func ExampleStatusOf() {
	fmt.Println(dkim.StatusOf(dkim.ErrBodyHash), dkim.StatusOf(dkim.ErrMissing), dkim.StatusOf(nil))
	// Output:
	// fail permerror pass
}

// A server that signs: what is wrong with the message stays wrong, and is refused
// for good; anything else may be gone later.
func ExampleMessageError() {
	w := dkim.NewSignWriter(context.Background(), exampleSigner())
	io.WriteString(w, "Subject: nobody wrote this\r\n\r\n")
	signatures, err := w.Finish()
	var message *dkim.MessageError
	switch {
	case errors.As(err, &message):
		fmt.Println("550 5.6.0", err)
	case err != nil:
		fmt.Println("451 4.7.0", err)
	default:
		fmt.Println(len(signatures), "signatures")
	}
	// Output:
	// 550 5.6.0 From field not signed: the message has 0 From fields, RFC 5322 wants one
}
