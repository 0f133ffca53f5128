package dkim

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/waxseal/waxseal/keyrecord"
)

// A tagRow is a signature that is right but for the rule that it is about.
type tagRow struct {
	id, tags string
	status   Status
	reason   error
	tag      string // of the TagError
}

// tagRowNames are further names of the key that tagRows are signed with.
var tagRowNames = []string{"rsa._domainkey.xn--bcher-kva.example", "foo.bar._domainkey.example.org"}

func tagRows() []tagRow {
	long := strings.Repeat("a", 64)
	return []tagRow{
		// Field and list (3.2, 3.5)
		{"6376-2.8-a", strings.Replace(goodTags, "; ", ";\v", 1), Neutral, ErrSyntax, ""},
		{"6376-2.8-a", strings.Replace(goodTags, "; ", ";\u00a0", 1), Neutral, ErrSyntax, ""},
		{"6376-2.8-b", with("h=from:\r\n\tto"), Pass, nil, ""},
		{"6376-2.8-b, 6376-2.8-c: inside a value", with("h=from:\r\n \r\n\tto"), Pass, nil, ""},
		{"6376-2.8-b, 6376-2.8-c: between tags", strings.Replace(goodTags, "; ", ";\r\n \r\n\t", 1), Neutral, ErrSyntax, ""},
		{"6376-3.2-a", goodTags + ";", Pass, nil, ""},
		{"6376-3.2-b", strings.Replace(goodTags, "; ", ";; ", 1), Neutral, ErrSyntax, ""},
		{"6376-3.2-c", goodTags + "; ", Pass, nil, ""},
		{"6376-3.2-d", "", Neutral, ErrSyntax, ""},
		{"6376-3.2-d", ";", Neutral, ErrSyntax, ""},
		{"6376-3.2-e", with("a_1=x", "Z9_=x"), Pass, nil, ""},
		{"6376-3.2-e", with("1a=x"), Neutral, ErrSyntax, ""},
		{"6376-3.2-e", with("_a=x"), Neutral, ErrSyntax, ""},
		{"6376-3.2-e", with("a-b=x"), Neutral, ErrSyntax, ""},
		{"6376-3.2-e", strings.Replace(goodTags, "; ", "; =foo; ", 1), Neutral, ErrSyntax, ""},
		{"6376-3.2-h", with("foo=a=b="), Pass, nil, ""},
		{"6376-3.2-k", with("foo=a\x01b"), Neutral, ErrSyntax, "foo"},
		{"6376-3.2-k", with("foo=a\x7fb"), Neutral, ErrSyntax, "foo"},
		{"6376-3.2-l", with("foo=ü"), Pass, nil, ""},
		{"6376-3.2-l", with("foo=\xfc"), Neutral, ErrSyntax, "foo"},
		{"6376-3.2-f", strings.Replace(goodTags, "v=1", "V=1", 1), PermError, ErrMissing, "v"},
		{"6376-3.2-g", with("foo=x; y"), Neutral, ErrSyntax, "y"},
		{"6376-3.2-i", strings.ReplaceAll(goodTags, "; ", " ;\r\n\t"), Pass, nil, ""},
		{"6376-3.2-m", with("d=example.org; d=example.org"), Neutral, ErrSyntax, "d"},
		{"6376-3.2-m", with("foo=1; foo=2"), Neutral, ErrSyntax, "foo"},
		{"6376-3.2-m: nothing but the duplicate is wrong", with("foo=1; fOo=2"), Pass, nil, ""},
		{"6376-3.2-n", with("a=RSA-SHA256", "c=Relaxed/RELAXED", "q=DNS/TXT"), Pass, nil, ""},
		{"6376-3.2-o", with("foo=bar"), Pass, nil, ""},
		{"6376-3.2-q", with("c=simple/simple", "q=dns/txt", "i=@example.org"), Pass, nil, ""},
		{"6376-3.2-s", "b=B; bh=BH; h=from:to; s=rsa; d=example.org; c=relaxed/relaxed; a=rsa-sha256; v=1", Pass, nil, ""},
		{"6376-3.5u-a", with("r=x", "atps=@@", "atpsh=none"), Pass, nil, ""},
		{"6376-3.7-h", "v=1; b=B; a=rsa-sha256; d=example.org; s=rsa; h=from; bh=BH", Pass, nil, ""},

		// Required tags
		{"6376-3.5-b", with("v"), PermError, ErrMissing, "v"},
		{"6376-3.5-b", with("a"), PermError, ErrMissing, "a"},
		{"6376-3.5-b", with("b"), PermError, ErrMissing, "b"},
		{"6376-3.5-b", with("bh"), PermError, ErrMissing, "bh"},
		{"6376-3.5-b", with("d"), PermError, ErrMissing, "d"},
		{"6376-3.5-b", with("h"), PermError, ErrMissing, "h"},
		{"6376-3.5-b", with("s"), PermError, ErrMissing, "s"},

		{"6376-3.5v-a", with("v=1"), Pass, nil, ""},
		{"6376-3.5v-b", with("v=2"), Neutral, ErrVersion, "v"},
		{"6376-3.5v-b", with("v=0.5"), Neutral, ErrVersion, "v"},
		{"6376-3.5v-b", with("v=DKIM1"), Neutral, ErrVersion, "v"},
		{"6376-3.5v-c", with("v=01"), Neutral, ErrVersion, "v"},
		{"6376-3.2-p", with("v="), Neutral, ErrVersion, "v"},

		{"6376-3.5a-d, 8301-3.1-b", with("a=rsa-sha256"), Pass, nil, ""},
		{"6376-3.5a-a", with("a=rsa"), Neutral, ErrSyntax, "a"},
		{"6376-3.5a-a", with("a=rsa-"), Neutral, ErrSyntax, "a"},
		{"6376-3.5a-a", with("a=rsa-sha-256"), Neutral, ErrSyntax, "a"},
		{"6376-3.5a-a", with("a="), Neutral, ErrSyntax, "a"},
		{"6376-3.5a-a: the Kelvin sign is no k, the long s no s", with("a=r\u017fa-sha256"), Neutral, ErrSyntax, "a"},
		{"6376-3.5a-b", with("a=rsa-sha512"), Neutral, ErrAlgorithm, "a"},
		{"6376-3.5a-b", with("a=mldsa44-sha256"), Neutral, ErrAlgorithm, "a"},
		{"6376-3.5a-c", with("a=rsa-sha1"), PermError, ErrHistoric, "a"},
		{"8301-3.1-d", with("a=rsa-sha1"), PermError, ErrAlgorithm, "a"},
		{"8463-4.1-a", with("a=ed25519-sha1"), Neutral, ErrAlgorithm, "a"},
		{"8463-4.1-a", with("a=ed25519"), Neutral, ErrSyntax, "a"},

		{"6376-3.5b-b", strings.Replace(goodTags, "b=B", "b=", 1), Neutral, ErrSyntax, "b"},
		{"6376-3.5b-b", strings.Replace(goodTags, " b=B", " b=@@", 1), Neutral, ErrSyntax, "b"},
		{"6376-3.5bh-a", strings.Replace(goodTags, "bh=BH", "bh=", 1), Neutral, ErrSyntax, "bh"},
		{"6376-3.5bh-a", strings.Replace(goodTags, "bh=BH", "bh="+strings.Repeat("A", 40)+"AA==", 1), Neutral, ErrSyntax, "bh"},
		{"6376-3.5bh-a", strings.Replace(goodTags, "bh=BH", "bh="+strings.Repeat("A", 44), 1), Neutral, ErrSyntax, "bh"},

		{"6376-3.5bh-b", strings.Replace(goodTags, "bh=BH", "bh="+strings.Repeat("A", 43)+"=", 1), Fail, ErrBodyHash, ""},
		{"6376-2.10-a", strings.Replace(goodTags, "bh=BH", "bh= 2jUSOH9N htVGCQWNr9Br\r\n\tIAPreKQjO6Sn7XIkfJVOzv8 =", 1), Pass, nil, ""},
		{"6376-2.10-b", strings.Replace(goodTags, "bh=BH", "bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8==", 1), Neutral, ErrSyntax, "bh"},
		{"6376-2.10-b", strings.Replace(goodTags, "bh=BH", "bh=2jUSOH9NhtVGCQWNr9Br=IAPreKQjO6Sn7XIkfJVOzv8=", 1), Neutral, ErrSyntax, "bh"},
		{"6376-2.10-b", strings.Replace(goodTags, "bh=BH", "bh=-_USOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=", 1), Neutral, ErrSyntax, "bh"},
		{"6376-2.10-c", strings.Replace(goodTags, "bh=BH", "bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8", 1), Pass, nil, ""},

		{"6376-3.4-b", with("c=relaxed"), Pass, nil, ""},
		{"6376-3.4-c", with("c=nowsp/simple"), Neutral, ErrAlgorithm, "c"},
		{"6376-3.4-c", with("c=simple/nofws"), Neutral, ErrAlgorithm, "c"},
		{"6376-3.5c-a", with("c=/simple"), Neutral, ErrSyntax, "c"},
		{"6376-3.5c-a", with("c=simple/"), Neutral, ErrSyntax, "c"},
		{"6376-3.5c-a", with("c=simple/simple/simple"), Neutral, ErrSyntax, "c"},
		{"6376-3.2-j", with("c=relaxed /simple"), Neutral, ErrSyntax, "c"},
		{"6376-3.2-p", with("c="), Neutral, ErrSyntax, "c"},
		{"6376-3.5c-b", with("c"), Pass, nil, ""},

		{"6376-3.5d-a", with("d=com"), Neutral, ErrDomain, "d"},
		{"6376-3.5d-a", with("d=localhost"), Neutral, ErrDomain, "d"},
		{"6376-3.5d-a", with("d="), Neutral, ErrDomain, "d"},
		{"6376-3.5d-a", with("d=-a.com"), Neutral, ErrDomain, "d"},
		{"6376-3.5d-a", with("d=a-.com"), Neutral, ErrDomain, "d"},
		{"6376-3.5d-a", with("d=a..com"), Neutral, ErrDomain, "d"},
		{"6376-3.5d-a", with("d=.a.com"), Neutral, ErrDomain, "d"},
		{"6376-3.5d-b", with("d=example.org."), Neutral, ErrDomain, "d"},
		{"6376-3.5d-b", with("d=[192.0.2.1]"), Neutral, ErrDomain, "d"},
		{"6376-3.5d-b", with("d=_x.example.org"), Neutral, ErrDomain, "d"},
		{"6376-3.5d-b", with("d=example.org:25"), Neutral, ErrDomain, "d"},
		{"6376-3.2-j", with("d=exam ple.org"), Neutral, ErrDomain, "d"},
		{"6376-3.5d-e", with("d=" + long + ".org"), Neutral, ErrDomain, "d"},
		{"6376-3.5d-f", with("d=co.uk"), Policy, ErrDomain, "d"},
		{"6376-3.5d-f", with("d=github.io"), PermError, keyrecord.ErrNotFound, ""}, // a private suffix sends mail as itself
		{"6376-3.6.2-k: HAZARDS: d= and i= with case", with("d=EXAMPLE.Org", "i=joe@example.ORG"), Pass, nil, ""},
		{"8616-5-c", with("d=bücher.example"), Pass, nil, ""},
		{"8616-5-c", with("d=xn--bcher-kva.example"), Pass, nil, ""},
		{"8616-5-h", with("d=xn--bcher-kva.example", "i=@bücher.example"), Pass, nil, ""},
		{"8616-5-h", with("d=bücher.example", "i=joe@a.XN--bcher-kva.example"), Pass, nil, ""},
		{"8616-5-i", with("d=a\u200b.example"), Neutral, ErrDomain, "d"},
		{"8616-5-e", with("i=用户@example.org"), Pass, nil, ""},

		{"6376-3.5h-a", with("h="), Neutral, ErrSyntax, "h"},
		{"6376-3.5h-a", with("h=from:"), Neutral, ErrSyntax, "h"},
		{"6376-3.5h-a", with("h=:from"), Neutral, ErrSyntax, "h"},
		{"6376-3.5h-a", with("h=from::to"), Neutral, ErrSyntax, "h"},
		{"6376-3.5h-a", with("h=from \r\n : to"), Pass, nil, ""},
		{"6376-3.5h-b", with("h=to:subject"), PermError, ErrFrom, "h"},
		{"6376-3.5h-b", with("h=FROM"), Pass, nil, ""},
		{"6376-3.5h-b", with("h=x-from"), PermError, ErrFrom, "h"},
		{"6376-3.5h-c", with("h=fr om:from"), Neutral, ErrSyntax, "h"},
		{"6376-3.5h-c", with("h=from:x-ü"), Neutral, ErrSyntax, "h"},
		{"6376-3.7-c", with("h=subject:message-id:from:to"), Pass, nil, ""},
		{"6376-5.4.2-g", with("h=FROM:sUBJECT"), Pass, nil, ""},
		{"6376-3.5h-d", with("h=from:from:cc"), Pass, nil, ""},

		{"6376-3.5i-b", with("i=@a.EXAMPLE.org"), Pass, nil, ""},
		{"6376-3.5i-b", with("i=@badexample.org"), PermError, ErrDomain, "i"},
		{"6376-3.5i-b", with("i=a@evilexample.org"), PermError, ErrIdentifier, "i"},
		{"6376-3.5i-b", with("i=@example.com"), PermError, ErrDomain, "i"},
		{"6376-3.5i-b: i= before d=", "i=@evil.example; " + goodTags, PermError, ErrDomain, "i"},
		{"6376-3.5i-a", with("i"), Pass, nil, ""},
		{"6376-3.5i-e", with("i=joe@no.such.domain.example.org"), Pass, nil, ""},
		{"6376-3.5i-f", with("i=eve@example.org"), Pass, nil, ""},
		{"6376-2.11-a, 6376-2.11-e", with("i=j o=6\r\n 5@exam\r\n\tple.org"), Pass, nil, ""},
		{"6376-3.5i-c", with("i=jo=65@example.org"), Pass, nil, ""},
		{"6376-3.5i-c", with("i=joe=40a@example.org"), Neutral, ErrIdentifier, "i"},
		{"6376-2.9-a", with(`i="a=40b"@example.org`), Pass, nil, ""},
		{"6376-3.5i-d", with("i=example.org"), Neutral, ErrIdentifier, "i"},
		{"6376-3.5i-d", with("i=@example.org"), Pass, nil, ""},
		{"6376-3.2-p", with("i="), Neutral, ErrIdentifier, "i"},
		{"6376-2.11-b", with("i=jo=6e@example.org"), Neutral, ErrIdentifier, "i"},
		{"6376-2.11-c", with("i=joe=\r\n @example.org"), Neutral, ErrIdentifier, "i"},
		{"6376-2.11-g", with("i=a=0D=0AX:=20y@example.org"), Neutral, ErrIdentifier, "i"},

		{"6376-3.5l-a", with("l=-1"), Neutral, ErrSyntax, "l"},
		{"6376-3.5l-a", with("l=+1"), Neutral, ErrSyntax, "l"},
		{"6376-3.5l-a", with("l=0x10"), Neutral, ErrSyntax, "l"},
		{"6376-3.5l-a", with("l="), Neutral, ErrSyntax, "l"},
		{"6376-3.5l-a", with("l=1 0"), Neutral, ErrSyntax, "l"},
		{"6376-3.5l-a", with("l=" + strings.Repeat("1", 77)), Neutral, ErrSyntax, "l"},
		{"6376-3.5l-b", with("l=" + strings.Repeat("9", 76)), PermError, ErrBodyLength, "l"},
		{"6376-3.5l-b", with("l=18446744073709551617"), PermError, ErrBodyLength, "l"},
		{"6376-3.5l-b", with("l=9223372036854775807"), PermError, ErrBodyLength, "l"},
		{"6376-3.5l-d", with("l=99"), PermError, ErrBodyLength, "l"},
		{"6376-3.5l-g", with("l=3"), Policy, ErrPartialBody, "l"},
		{"6376-3.5l-e", with("l=0"), Policy, ErrPartialBody, "l"},
		{"6376-3.5l-c", with("l=54"), Pass, nil, ""}, // all of the canonical body

		{"6376-3.5q-a", with("q"), Pass, nil, ""},
		{"6376-3.5q-b", with("q=foo/bar:dns/txt:exam/ple"), Pass, nil, ""},
		{"6376-3.5q-c", with("q=http/x"), Neutral, ErrQuery, "q"},
		{"6376-3.5q-d", with("q=dns"), Neutral, ErrQuery, "q"},
		{"6376-3.5q-e", with("q=x/a=3Ab:dns/txt"), Pass, nil, ""},
		{"6376-3.5q-e", with("q=x/a=3:dns/txt"), Neutral, ErrSyntax, "q"},
		{"6376-2.10-d", with("q=-x:dns/txt"), Neutral, ErrSyntax, "q"},
		{"6376-3.2-p", with("q="), Neutral, ErrSyntax, "q"},

		{"6376-3.5s-a", with("s=foo.bar"), Pass, nil, ""},
		{"6376-3.6.2-k", with("s=RSA"), Pass, nil, ""},
		{"6376-3.5s-a", with("s="), Neutral, ErrSyntax, "s"},
		{"6376-3.5s-a", with("s=.a"), Neutral, ErrSyntax, "s"},
		{"6376-3.5s-a", with("s=a_b"), Neutral, ErrSyntax, "s"},

		{"6376-3.5t-a, 6376-3.5-c", with("t=abc"), Neutral, ErrSyntax, "t"},
		{"6376-3.5t-a", with("t=-5"), Neutral, ErrSyntax, "t"},
		{"6376-3.5t-a", with("t="), Neutral, ErrSyntax, "t"},
		{"6376-3.5t-a", with("t=1000000000000"), Neutral, ErrSyntax, "t"},
		{"6376-3.5t-a", with("t=999999999999"), PermError, ErrFuture, "t"},
		{"6376-3.5t-c", with("t=1800000300"), Pass, nil, ""},
		{"6376-3.5t-c", with("t=1800000301"), PermError, ErrFuture, "t"},
		{"6376-3.5x-a", with("x=+3600"), Neutral, ErrSyntax, "x"},
		{"6376-3.5x-b", with("t=10", "x=10"), PermError, ErrExpired, "x"},
		{"6376-3.5x-b: both not past", with("t=1800000200", "x=1800000200"), PermError, ErrExpired, "x"},
		{"6376-3.5x-b: both not past", with("t=1800000200", "x=1800000199"), PermError, ErrExpired, "x"},
		{"6376-3.5x-b: one second", with("t=1800000199", "x=1800000200"), Pass, nil, ""},
		{"6376-3.5x-b", with("t=1799999000", "x=1799998000"), PermError, ErrExpired, "x"},
		{"6376-3.5x-e", with("x=1799999700"), Pass, nil, ""}, // 300 s ago
		{"6376-3.5x-c", with("x=1799999699"), PermError, ErrExpired, "x"},
		{"6376-3.5x-c", with("x=1800000000"), Pass, nil, ""},

		{"6376-3.5z-a", with("z=From:foo@example.net|To:=20joe|\r\n Subject:demo=20run"), Pass, nil, ""},
		{"6376-3.5z-d: a fold in a name", with("z=Sub\r\n\t ject:x"), Pass, nil, ""},
		{"6376-3.5z-d", with("z=Sub ject:x"), Neutral, ErrSyntax, "z"},
		{"6376-3.5z-e", with("z=Subject:something=20else"), Pass, nil, ""},
		{"6376-3.5z-f", with("z=To:x", "h=from"), Pass, nil, ""},
		{"6376-2.11-b", with("z=Subject:a=3bb"), Neutral, ErrSyntax, "z"},
		{"6376-3.2-p", with("z="), Neutral, ErrSyntax, "z"},
		{"6376-3.7-g", with("z=Subject:Club=20night|X:b=3Dabc", "xb=1", "i=bob=20smith@example.org"), Pass, nil, ""},
		{"6376-3.7-g", with("z=Subject:Club=20night|X:b=3Dabc", "xb=1", `i="bob=20smith"@example.org`), Pass, nil, ""},
		{"6376-3.7-f", strings.Replace(goodTags, " b=B", " b =B", 1), Pass, nil, ""},
		{"6376-3.7-f", strings.Replace(with("c=simple/simple"), " b=B", " b\t= B ", 1), Pass, nil, ""},
	}
}

// TestTags verifies the messages of tagRows.
func TestTags(t *testing.T) {
	r := newRig(t)
	for _, name := range tagRowNames {
		r.zone[name] = r.zone["rsa._domainkey.example.org"]
	}
	for _, tt := range tagRows() {
		res := r.verifyOne(t, craft(t, r.signer.Key, tt.tags, testMessage))
		tt.want(t, tt.id+" "+tt.tags, res)
	}
}

// want checks that a result is what the row says.
func (row tagRow) want(t *testing.T, what string, res *Result) {
	t.Helper()
	want(t, what, res, row.status, row.reason)
	var e *TagError
	if errors.As(res.Err, &e); row.tag != "" && (e == nil || e.Tag != row.tag) {
		t.Errorf("%s: %v is not about %s=", what, res.Err, row.tag)
	}
}

// 6376-3.5-a, 6376-3.5-c: the name of the field is compared without case, and
// may have white space before the colon.
func TestFieldName(t *testing.T) {
	r := newRig(t)
	signed := craft(t, r.signer.Key, goodTags, testMessage)
	for _, name := range []string{"dkim-signature:", "DKIM-SIGNATURE \t:"} {
		want(t, name, r.verifyOne(t, strings.Replace(signed, "DKIM-Signature:", name, 1)), Pass, nil)
	}
	// 8616-5-g: the Kelvin sign is no K, and the long s no S.
	for _, name := range []string{"X-DKIM-Signature", "D\u212aIM-Signature", "DKIM-\u017fignature"} {
		if got := r.verify(t, strings.Replace(signed, "DKIM-Signature", name, 1)); len(got) != 0 {
			t.Errorf("%s is taken for a signature: %v", name, got[0].Err)
		}
	}
}

func TestParseSignature(t *testing.T) {
	s, err := ParseSignature([]byte("DKIM-Signature: v=1; a=rsa-sha256; d=example.net; s=brisbane;\r\n" +
		" c=simple; q=dns/txt; i=@eng.example.net;\r\n" +
		" t=1117574938; x=1118006938; l=7; y=else;\r\n" +
		" h=from:to:subject:date;\r\n" +
		" z=From:foo@eng.example.net|To:joe@example.com|\r\n" +
		"  Subject:demo=20run|Date:July=205,=202005=203:44:08=20PM=20-0700;\r\n" +
		" bh=MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=;\r\n" +
		" b=dzdVyOfAKCdLXdJOc9G2q8LoXSlEniSbav+yuU4zGeeruD00lszZVoG4ZHRNiYzR\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	// 6376-3.5z-a: the example of section 3.5.
	if len(s.Copied) != 4 || s.Copied[3] != (CopiedField{"Date", "July 5, 2005 3:44:08 PM -0700"}) || s.Copied[2].Value != "demo run" {
		t.Errorf("z= is %q", s.Copied)
	}
	folded, err := ParseSignature([]byte("DKIM-Signature: " + strings.NewReplacer("BH", strings.Repeat("A", 43)+"=", "b=B", "b=AAAA").Replace(with("z=S\r\n ub\r\n\t ject:x|\r\n To:y"))))
	if err != nil || len(folded.Copied) != 2 || folded.Copied[0] != (CopiedField{"Subject", "x"}) || folded.Copied[1] != (CopiedField{"To", "y"}) {
		t.Errorf("z= with folds in a name is %q, %v", folded.Copied, err)
	}
	if s.Version != 1 || s.Domain != "example.net" || s.Selector != "brisbane" || s.Identifier != "@eng.example.net" ||
		s.Canon.String() != "simple/simple" || len(s.Query) != 1 || !s.Time.Equal(time.Unix(1117574938, 0)) ||
		!s.Expiration.Equal(time.Unix(1118006938, 0)) || *s.Length != 7 || len(s.Fields) != 4 || len(s.Value) != 48 ||
		string(s.BodyHash) != "12345678901234567890123456789012" || len(s.Other) != 1 || s.Other[0] != (Tag{"y", "else"}) {
		t.Errorf("parsed: %+v", s)
	}
	if name, err := s.KeyName(); name != "brisbane._domainkey.example.net" || err != nil {
		t.Errorf("KeyName() = %q, %v", name, err)
	}
	// 6376-3.5t-b: the largest times.
	late, err := ParseSignature([]byte("DKIM-Signature: " + strings.NewReplacer("BH", strings.Repeat("A", 43)+"=", "b=B", "b=AAAA").Replace(with("t=999999999998", "x=999999999999"))))
	if err != nil || late.Time.Unix() != 999999999998 || late.Expiration.Unix() != 999999999999 {
		t.Errorf("t=%d; x=%d, %v", late.Time.Unix(), late.Expiration.Unix(), err)
	}
	// 6376-3.5i-a
	s, err = ParseSignature([]byte("DKIM-Signature: " + strings.NewReplacer("BH", strings.Repeat("A", 43)+"=", "b=B", "b=AAAA").Replace(goodTags)))
	if err != nil || s.Identifier != "@example.org" || s.Length != nil || !s.Expiration.IsZero() || s.Query != nil {
		t.Errorf("defaults: %+v, %v", s, err)
	}
	for _, bad := range []string{"", "DKIM-Signature", "DKIM-Signature:\r\n", "Subject: v=1\r\n", ":"} {
		if s, err := ParseSignature([]byte(bad)); s == nil || !errors.Is(err, ErrSyntax) {
			t.Errorf("ParseSignature(%q) = %v, %v", bad, s, err)
		}
	}
}
