package dkim_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/authres"
	"github.com/waxseal/waxseal/keyrecord"
)

// A message without signatures: dkim=none, or, as Momentum has it, nothing.
func ExampleAuthResOptions() {
	message := "From: joe@example.org\r\n\r\nHi.\r\n"
	results, err := dkim.Verify(context.Background(), strings.NewReader(message), &dkim.Verifier{Resolver: keyrecord.MapResolver{}})
	if err != nil {
		log.Fatal(err)
	}
	for _, o := range []dkim.AuthResOptions{{}, {OmitNone: true}} {
		field := authres.Field{ID: "mx.example.net", Results: o.AuthRes(results)}
		if len(field.Results) == 0 {
			fmt.Println("no field")
			continue
		}
		fmt.Print(strings.ReplaceAll(field.String(), "\r\n", "\n"))
	}
	// Output:
	// Authentication-Results: mx.example.net;
	// 	dkim=none
	// no field
}

// The field of DKIMproxy, for a filter that looks for it.
func ExampleDKIMproxyField() {
	message := "DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s1; h=from;\r\n" +
		" bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\r\n" +
		"From: joe@example.org\r\n\r\nHi.\r\n"
	results, err := dkim.Verify(context.Background(), strings.NewReader(message), &dkim.Verifier{Resolver: keyrecord.MapResolver{}})
	if err != nil {
		log.Fatal(err)
	}
	name, value := dkim.DKIMproxyField(results)
	fmt.Printf("%s: %s\n", name, value)
	// Output:
	// X-DKIM-Authentication-Results: invalid (public key: not available)
}
