package adsp_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/waxseal/waxseal/adsp"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/authres"
	"github.com/waxseal/waxseal/keyrecord"
)

// A zone that has one record of each kind.
var zone = keyrecord.MapResolver{
	"_domainkey.example.org":       {"k=rsa; t=s; o=-;"},
	"_adsp._domainkey.aaa.example": {"dkim=all"},
}

// What a domain publishes while it tests, and when it signs all mail.
func ExampleRollout() {
	testing, enforcing := adsp.Rollout(adsp.Strong)
	fmt.Printf("_policy._domainkey.altn.com. IN TXT %q\n", testing)
	fmt.Printf("_policy._domainkey.altn.com. IN TXT %q\n", enforcing)
	// Output:
	// _policy._domainkey.altn.com. IN TXT "t=y; o=~;"
	// _policy._domainkey.altn.com. IN TXT "o=-;"
}

func ExampleParsePolicy() {
	p, err := adsp.ParsePolicy("t=y; o=~;")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.Outbound, p.Testing, p)
	// Output: ~ true t=y; o=~;
}

// A message of a domain that signs all mail, and its only signature fails.
func ExampleRules_Check() {
	sigs := []adsp.Signed{{Domain: "example.org", Identifier: "@example.org", Status: "fail"}}
	verdict, policy, err := adsp.Rules{}.Check(context.Background(), zone, "joe@example.org", sigs)
	fmt.Println(verdict, policy, err)
	// Output: reject o=-; <nil>
}

// How MDaemon and the RFCs differ: a signature that failed, and no policy.
func ExampleRules_Evaluate() {
	sigs := []adsp.Signed{{Domain: "example.org", Status: "fail"}}
	fmt.Println(adsp.Rules{}.Evaluate(nil, "joe@example.org", sigs))
	fmt.Println(adsp.Rules{Reading: adsp.MDaemon}.Evaluate(nil, "joe@example.org", sigs))
	// Output:
	// neutral
	// reject
}

// From the results of package dkim to a policy.
func ExampleSigned() {
	message := "From: joe@example.org\r\n\r\nHi.\r\n"
	results, err := dkim.Verify(context.Background(), strings.NewReader(message), &dkim.Verifier{Resolver: zone})
	if err != nil {
		log.Fatal(err)
	}
	var sigs []adsp.Signed
	for _, r := range results {
		sigs = append(sigs, adsp.Signed{
			Domain: r.Signature.Domain, Identifier: r.Signature.Identifier,
			Status: string(r.Status), Testing: r.Testing,
		})
	}
	policy, err := adsp.LookupPolicy(context.Background(), zone, "example.org")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(policy.Evaluate("joe@example.org", sigs))
	// Output: reject
}

// The results of RFC 5617 in an Authentication-Results field.
func ExampleCheckFrom() {
	field := authres.Field{ID: "mx.example.net"}
	for _, r := range adsp.CheckFrom(context.Background(), zone, []string{" bob@aaa.example (Bob the Author)"}, nil) {
		field.Results = append(field.Results, r.AuthRes())
	}
	fmt.Print(strings.ReplaceAll(field.String(), "\r\n\t", "\n  "))
	// Output:
	// Authentication-Results: mx.example.net;
	//   dkim-adsp=fail header.from=bob@aaa.example
}

func ExamplePartyOf() {
	for _, signer := range []string{"mail.example.org", "example.org", "example.net"} {
		fmt.Println(adsp.PartyOf("joe@mail.example.org", signer))
	}
	// Output:
	// author
	// organization
	// third party
}
