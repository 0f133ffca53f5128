package authres_test

import (
	"fmt"
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
