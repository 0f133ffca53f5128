package domainkeys_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"strings"

	"github.com/waxseal/waxseal/adsp"
	"github.com/waxseal/waxseal/dkim/authres"
	"github.com/waxseal/waxseal/dkim/domainkeys"
	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

// The message of RFC 4870, section 4.1, as SMTP carries it.
const message = "From: \"Joe SixPack\" <joe@football.example.com>\r\n" +
	"To: \"Suzie Q\" <suzie@shopping.example.net>\r\n" +
	"Subject: Is dinner ready?\r\n" +
	"\r\n" +
	"Hi.\r\n" +
	"\r\n" +
	"We lost the game. Are you hungry yet?\r\n"

func exampleSigner() *domainkeys.Signer {
	return &domainkeys.Signer{
		Domain:   "football.example.com",
		Selector: "brisbane",
		Key:      dkimtest.RSA(1024), // known to everybody
	}
}

// exampleZone is what football.example.com publishes: a key, and that it signs
// all its mail.
func exampleZone() keyrecord.MapResolver {
	record, err := exampleSigner().Record()
	if err != nil {
		log.Fatal(err)
	}
	return keyrecord.MapResolver{
		"brisbane._domainkey.football.example.com": {record.String()},
		"_domainkey.football.example.com":          {"o=-; n=we sign all"},
	}
}

func ExampleSign() {
	signature, err := domainkeys.Sign(context.Background(), strings.NewReader(message), exampleSigner())
	if err != nil {
		log.Fatal(err)
	}
	signed := signature.String() + message
	fmt.Print(strings.ReplaceAll(signed[:strings.Index(signed, "To:")], "\r\n", "\n"))
	// Output:
	// DomainKey-Signature: a=rsa-sha1; q=dns; c=nofws; s=brisbane;
	//  d=football.example.com; b=U3WKeKxgzVqRUty980LvhvC54D4aSNf52WZ5ZYTlxV28dMywAtD
	//  KHXexNqmjy0wWFn9eQssVihZlhKpi850NB6fEbtaXKsqB0XOfL9IB5I0gcoSGz4MRFr9rvt/ZxLLZ
	//  KwQwit90c8NIHhf2oTPqm+O8ireZt/HlkQAOd5eY/EU=
	// From: "Joe SixPack" <joe@football.example.com>
}

func ExampleVerify() {
	signature, err := domainkeys.Sign(context.Background(), strings.NewReader(message), exampleSigner())
	if err != nil {
		log.Fatal(err)
	}
	v := &domainkeys.Verifier{Resolver: exampleZone()} // a server has &keyrecord.Cache{}, which asks DNS
	r, err := domainkeys.Verify(context.Background(), strings.NewReader(signature.String()+message), v)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("DomainKey-Status: %s\n", r.Status)
	field := authres.Field{ID: "mx.example.net", Results: []authres.Result{r.AuthRes()}}
	fmt.Print(strings.ReplaceAll(field.String(), "\r\n\t", "\n  "))
	// Output:
	// DomainKey-Status: good
	// Authentication-Results: mx.example.net;
	//   domainkeys=pass header.from=joe@football.example.com
}

// A message that does not verify, and what its domain says of that.
func ExampleVerifyWriter() {
	w := domainkeys.NewVerifyWriter(context.Background(), &domainkeys.Verifier{Resolver: exampleZone()})
	if _, err := io.Copy(io.MultiWriter(io.Discard, w), strings.NewReader(message)); err != nil { // the spool, and w
		log.Fatal(err)
	}
	r, err := w.Finish()
	if err != nil {
		log.Fatal(err)
	}
	var sigs []adsp.Signed
	if s := r.Signature; s != nil {
		sigs = append(sigs, adsp.Signed{Domain: s.Domain, Identifier: r.Sender, Status: r.AuthRes().Value, Testing: r.Testing})
	}
	rules := adsp.Rules{Reading: adsp.DKIMproxyDomainKeys}
	verdict, policy, err := rules.Check(context.Background(), exampleZone(), r.Sender, sigs)
	fmt.Println(r.Status)
	fmt.Println(verdict, policy, err)
	// Output:
	// no signature
	// reject o=-; n=we sign all; <nil>
}
