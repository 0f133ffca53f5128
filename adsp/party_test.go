package adsp

import (
	"testing"

	"github.com/waxseal/waxseal/dkim"
)

func TestPartyOf(t *testing.T) {
	for _, tt := range []struct {
		author, signer string
		want           Party
	}{
		{"joe@example.org", "example.org", Author},
		{"example.org", "EXAMPLE.ORG", Author},
		{"joe@bücher.example", "xn--bcher-kva.example", Author},
		{`"a@b"@example.org`, "example.org", Author},
		{"joe@mail.example.org", "example.org", Organization},
		{"joe@example.org", "mail.example.org", Organization},
		{"joe@a.example.co.uk", "b.example.co.uk", Organization},
		{"joe@example.org", "example.net", ThirdParty},
		{"joe@evilexample.org", "example.org", ThirdParty},
		{"joe@a.co.uk", "b.co.uk", ThirdParty},
		{"joe@a.github.io", "b.github.io", ThirdParty},
		{"joe@example.org", "org", ThirdParty},
		{"joe@example.org", "", ThirdParty},
		{"", "", ThirdParty},
		{"joe@", "", ThirdParty},
	} {
		got := PartyOf(tt.author, tt.signer)
		if got != tt.want {
			t.Errorf("PartyOf(%q, %q) = %v, want %v", tt.author, tt.signer, got, tt.want)
		}
		if tt.signer == "" {
			continue
		}
		s := &dkim.Signature{Domain: tt.signer}
		if d := domainOf(tt.author); s.Aligned(d, true) != (got == Author) || s.Aligned(d, false) != (got >= Organization) {
			t.Errorf("PartyOf(%q, %q) = %v, and Signature.Aligned says another thing", tt.author, tt.signer, got)
		}
	}
}
