package authres_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"strings"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/authres"
)

func ExampleField_String() {
	b := authres.UniqueB([]string{"/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus"})
	f := &authres.Field{
		ID: "mx.example.com",
		Results: []authres.Result{
			{Method: "dkim", Value: "pass", Props: []authres.Prop{
				{Type: "header", Name: "d", Value: "football.example.com"},
				{Type: "header", Name: "b", Value: b[0]},
			}},
			{Method: "dkim", Value: "fail", Reason: "body hash; or so it says", Props: []authres.Prop{
				{Type: "header", Name: "i", Value: "@example.net"},
			}},
		},
	}
	fmt.Print(strings.ReplaceAll(f.String(), "\r\n", "\n"))
	// Output:
	// Authentication-Results: mx.example.com;
	// 	dkim=pass header.d=football.example.com header.b="/gCrinpc";
	// 	dkim=fail reason="body hash; or so it says" header.i=@example.net
}

// Nothing that a stranger writes becomes a result.
func ExampleField_Validate() {
	f := &authres.Field{ID: "mx.example.com", Results: []authres.Result{
		{Method: "dkim", Value: "fail", Reason: "no key\r\n\tdmarc=pass"},
	}}
	fmt.Println(f.Validate())
	fmt.Println(strings.ReplaceAll(f.Value(), "\r\n", "\n"))
	// Output:
	// authres: syntax error: reason "no key\r\n\tdmarc=pass" holds what cannot be written (in result 1)
	// mx.example.com;
	// 	dkim=fail reason="no key??	dmarc=pass"
}

func ExampleParse() {
	f, err := authres.Parse("Authentication-Results: mx.example.com;\r\n" +
		"\tdkim=pass header.i=@example.org (2048-bit key);\r\n" +
		"\tspf=fail reason=\"not; a sender\" smtp.mailfrom=joe@example.org\r\n")
	if err != nil || !f.Trusted("MX.example.com") {
		fmt.Println("not for us:", err)
		return
	}
	for _, r := range f.Results {
		fmt.Printf("%s=%s %v %q\n", r.Method, r.Value, r.Props, r.Reason)
	}
	// Output:
	// dkim=pass [{header i @example.org}] ""
	// spf=fail [{smtp mailfrom joe@example.org}] "not; a sender"
}

// A server verifies a message, removes the fields that claim to be its own,
// and puts one new field on top. It reads the message once: the verifier gets
// all of it, and the spool what is left.
func ExampleNewStripReader() {
	message := strings.NewReader("Authentication-Results: MX.example.com; dmarc=pass header.from=bank.example\r\n" +
		"Authentication-Results: relay.example.net; spf=pass\r\n" +
		"From: joe@bank.example\r\n\r\nSend money.\r\n")

	verifier := dkim.NewVerifyWriter(context.Background(), &dkim.Verifier{})
	stripped := authres.NewStripReader(io.TeeReader(message, verifier), "mx.example.com")
	var spool bytes.Buffer // a file, for messages of any size
	if _, err := io.Copy(&spool, stripped); err != nil {
		log.Fatal(err) // refuse the message
	}
	results, err := verifier.Finish()
	if err != nil {
		log.Fatal(err) // refuse the message
	}
	ours := &authres.Field{ID: "mx.example.com", Results: dkim.AuthRes(results)}
	received := ours.String() + spool.String()

	fmt.Print(strings.ReplaceAll(received, "\r\n", "\n"))
	for _, r := range stripped.Removed() {
		fmt.Printf("removed: %q\n", r.Raw)
	}
	// Output:
	// Authentication-Results: mx.example.com;
	// 	dkim=none
	// Authentication-Results: relay.example.net; spf=pass
	// From: joe@bank.example
	//
	// Send money.
	// removed: "Authentication-Results: MX.example.com; dmarc=pass header.from=bank.example\r\n"
}

// A message that may come to servers without SMTPUTF8 holds ASCII alone.
func ExampleField_ASCII() {
	f := &authres.Field{ID: "mx.example.com", Results: []authres.Result{
		{Method: "dkim", Value: "pass", Props: []authres.Prop{{Type: "header", Name: "d", Value: "bücher.example"}}},
	}}
	fmt.Println(strings.ReplaceAll(f.ASCII().Value(), "\r\n", "\n"))
	// Output:
	// mx.example.com;
	// 	dkim=pass header.d=xn--bcher-kva.example
}

// A milter gets the fields one by one, as names and values.
func ExampleForged() {
	for _, value := range []string{
		" mx.example.com; dmarc=pass header.from=bank.example",
		" relay.example.net; spf=pass",
		" relay.example.net (; mx.example.com; dmarc=pass",
	} {
		fmt.Println(authres.Forged("Authentication-Results", value, "mx.example.com"))
	}
	// Output:
	// true
	// false
	// true
}
