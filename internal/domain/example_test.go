package domain_test

import (
	"fmt"

	"github.com/waxseal/waxseal/internal/domain"
)

func Example() {
	fmt.Println(domain.ToASCII("Bücher.example"))
	fmt.Println(domain.ToASCII("bü_cher.example"))
	fmt.Println(domain.AtOrBelow("mail.xn--bcher-kva.example", "bücher.example"))
	fmt.Println(domain.Organizational("mail.example.co.uk"), domain.IsPublicSuffix("co.uk"))
	// Output:
	// xn--bcher-kva.example <nil>
	//  domain name "b\u00fc_cher.example", label "b\u00fc_cher": character not allowed: '_'
	// true
	// example.co.uk true
}
