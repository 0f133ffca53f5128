package authres

import (
	"reflect"
	"testing"
)

// 8601-2.7-l: U-labels are for internationalized messages alone.
func TestASCII(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"bücher.example; none", "xn--bcher-kva.example; none"},
		{"mx 1; dkim/1=pass header.d=Bücher.example header.s=s1", "mx 1; dkim/1=pass header.d=xn--bcher-kva.example header.s=s1"},
		{"mx; dkim=pass header.i=@bücher.example", "mx; dkim=pass header.i=@xn--bcher-kva.example"},
		{"mx; dkim=pass header.i=jörg@bücher.example", "mx; dkim=pass header.i=j?rg@xn--bcher-kva.example"},
		{"mx; dkim=pass header.i=jörg@example.com", "mx; dkim=pass header.i=j?rg@example.com"},
		{`mx; dkim=pass header.i="j ö@x"@bücher.example`, `mx; dkim=pass header.i="j ?@x"@xn--bcher-kva.example`},
		{`mx; dkim=fail (grün) reason="größer; als" policy.x="a ☃"`, `mx; dkim=fail (gr?n) reason="gr??er; als" policy.x="a ?"`},
		{`"☃"; none`, `"?"; none`},
		{"mx; dkim=pass header.i=a@☃.example", `mx; dkim=pass header.i="a@?.example"`},
		{"MX.example.com; spf=pass smtp.mailfrom=A@B.example", "MX.example.com; spf=pass smtp.mailfrom=A@B.example"},
	} {
		in, err := Parse(tt.in)
		if err != nil {
			t.Fatal(err)
		}
		before := in.String()
		want, err := Parse(tt.want)
		if err != nil {
			t.Fatal(err)
		}
		got := in.ASCII()
		if !reflect.DeepEqual(got, want) || !isASCII(got.String()) {
			t.Errorf("%s: ASCII gives %s, want %s", tt.in, got, want)
		}
		if in.String() != before {
			t.Errorf("%s: ASCII changed it to %s", tt.in, in)
		}
		if err := got.Validate(); err != nil {
			t.Errorf("%s: %v", got, err)
		}
	}
}
