package authres_test

import (
	"fmt"
	"io"
	"strings"

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
// and puts one new field on top.
func ExampleNewStripReader() {
	message := "Authentication-Results: MX.example.com; dmarc=pass header.from=bank.example\r\n" +
		"Authentication-Results: relay.example.net; spf=pass\r\n" +
		"From: joe@bank.example\r\n\r\nSend money.\r\n"

	stripped := authres.NewStripReader(strings.NewReader(message), "mx.example.com")
	ours := &authres.Field{ID: "mx.example.com", Results: []authres.Result{{Method: "dkim", Value: "none"}}}
	out, err := io.ReadAll(io.MultiReader(strings.NewReader(ours.String()), stripped))
	fmt.Print(strings.ReplaceAll(string(out), "\r\n", "\n"))
	fmt.Println(stripped.Count(), "removed:", stripped.Removed()[0].ID, err)
	// Output:
	// Authentication-Results: mx.example.com;
	// 	dkim=none
	// Authentication-Results: relay.example.net; spf=pass
	// From: joe@bank.example
	//
	// Send money.
	// 1 removed: MX.example.com <nil>
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
