package adsp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/dkim/authres"
	"github.com/waxseal/waxseal/keyrecord"
)

// 8601-2.7.5-a, 5617-5.4-b: each result of dkim-adsp, from the lookup to the
// field and back.
func TestAuthRes(t *testing.T) {
	d := &dns{MapResolver: keyrecord.MapResolver{
		"_adsp._domainkey.all.example":         {"dkim=all"},
		"_adsp._domainkey.discardable.example": {"dkim=discardable"},
		"_adsp._domainkey.unknown.example":     {"dkim=unknown"},
		"_adsp._domainkey.two.example":         {"dkim=all", "dkim=all"},
	}, errors: map[string]error{
		"_adsp._domainkey.later.example":   fmt.Errorf("%w: x\r\n\tdmarc=pass", io.EOF),
		"_adsp._domainkey.refused.example": dnsError(net.DNSError{Err: "x; dmarc=pass"}),
	}}
	for _, tt := range []struct{ from, want string }{
		{"joe@signed.example", "dkim-adsp=pass header.from=joe@signed.example"},
		{"joe@all.example", "dkim-adsp=fail header.from=joe@all.example"},
		{"joe@discardable.example", "dkim-adsp=discard header.from=joe@discardable.example"},
		{"joe@unknown.example", "dkim-adsp=unknown header.from=joe@unknown.example"},
		{"joe@none.example", "dkim-adsp=none header.from=joe@none.example"},
		{"joe@two.example", `dkim-adsp=permerror reason="several ADSP records" header.from=joe@two.example`},
		{"joe@later.example", `dkim-adsp=temperror reason="policy record not available now" header.from=joe@later.example`},
		{"joe@refused.example", `dkim-adsp=permerror reason="policy record not available" header.from=joe@refused.example`},
		{"joe", `dkim-adsp=permerror reason="the author's domain could not be determined"`},
		{`"x; dmarc=pass header.from=bank.example"@all.example`, `dkim-adsp=fail header.from="x; dmarc=pass header.from=bank.example"@all.example`},
		{`"joe@bank.example"@all.example`, `dkim-adsp=fail header.from="joe@bank.example"@all.example`},
	} {
		checked := CheckFrom(t.Context(), d, []string{tt.from}, []string{"signed.example"})
		field := &authres.Field{ID: "mx", Results: []authres.Result{checked[0].AuthRes()}}
		if got := strings.Join(strings.Fields(field.String()), " "); got != "Authentication-Results: mx; "+tt.want {
			t.Errorf("%s: %s, want %s", tt.from, got, tt.want)
		}
		read, err := authres.Parse(field.String())
		if err != nil || len(read.Results) != 1 || read.Results[0].Value != checked[0].Value || !read.Results[0].Registered() {
			t.Errorf("%s: parsed as %+v, %v", tt.from, read, err)
		}
	}
	missing := Check(t.Context(), noDomain{d}, "joe@none.example", nil)
	if a := missing.AuthRes(); a.Value != "nxdomain" || a.Reason != ErrNXDomain.Error() || !a.Registered() {
		t.Errorf("nxdomain: %+v", a)
	}
	if a := (Result{Value: "permerror", Err: errors.New("dmarc=pass")}).AuthRes(); a.Reason != "" {
		t.Errorf("an error of others: %+v", a)
	}
}

// noDomain says that no domain exists.
type noDomain struct{ Resolver }

func (noDomain) DomainExists(context.Context, string) (bool, error) { return false, nil }
