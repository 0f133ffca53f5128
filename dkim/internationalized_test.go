package dkim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

// eaiMessage was sent with SMTPUTF8.
const eaiMessage = "From: Jörg <用户@bücher.example>\r\n" +
	"To: 用户@例え.example\r\n" +
	"Subject: Grüße\r\n" +
	"Date: Fri, 11 Jul 2003 21:00:37 -0700\r\n" +
	"Message-ID: <1@bücher.example>\r\n" +
	"\r\n" +
	"Grüße.\r\n"

const eaiKeyName = "xn--schlssel-95a._domainkey.xn--bcher-kva.example"

// newEAIRig is newRig with a record for the selector schlüssel of
// bücher.example, and returns the names that are looked up.
func newEAIRig(t testing.TB) (*rig, func() []string) {
	r := newRig(t)
	r.zone[eaiKeyName] = r.zone["rsa._domainkey.example.org"]
	var mu sync.Mutex
	var names []string
	r.verifier.Resolver = resolverFunc(func(ctx context.Context, name string) ([]string, error) {
		mu.Lock()
		defer mu.Unlock()
		names = append(names, name)
		return r.zone.LookupTXT(ctx, name)
	})
	return r, func() []string {
		mu.Lock()
		defer mu.Unlock()
		seen := names
		names = nil
		return seen
	}
}

// eaiRows are signatures with U-labels or A-labels.
func eaiRows() []tagRow {
	eai := func(changes ...string) string {
		return with(append([]string{"d=bücher.example", "s=schlüssel"}, changes...)...)
	}
	return []tagRow{
		{"8616-3-b, 8616-5-c", eai(), Pass, nil, ""},
		{"8616-5-c, 6376-3.5d-d, 6376-3.5s-b", with("d=xn--bcher-kva.example", "s=xn--schlssel-95a"), Pass, nil, ""},
		{"8616-5-c: one of each", with("d=xn--bcher-kva.example", "s=schlüssel"), Pass, nil, ""},
		{"8616-5-c: capitals", with("d=BÜCHER.Example", "s=SCHLÜSSEL"), Pass, nil, ""},
		{"8616-5-e", eai("i=用户@bücher.example"), Pass, nil, ""},
		{"8616-5-a", eai("i==E7=94=A8=E6=88=B7@bücher.example"), Pass, nil, ""},
		{"8616-5-a: the domain is encoded, too", eai("i=@b=C3=BCcher.example"), Pass, nil, ""},
		{"8616-5-e: quoted", eai(`i="用=20户"@a.bücher.example`), Pass, nil, ""},
		{"8616-5-h", eai("i=@xn--bcher-kva.example"), Pass, nil, ""},
		{"8616-5-h", eai("i=@a.XN--BCHER-KVA.example"), Pass, nil, ""},
		{"8616-5-h", with("d=xn--bcher-kva.example", "s=schlüssel", "i=@BÜCHER.example"), Pass, nil, ""},
		{"8616-5-h: another label", eai("i=@bucher.example"), PermError, ErrIdentifier, "i"},
		{"8616-5-h: no border of a label", eai("i=@xbücher.example"), PermError, ErrIdentifier, "i"},

		{"8616-5-i: a zero width space", with("d=a\u200bb.example"), Neutral, ErrDomain, "d"},
		{"8616-5-i: a symbol", with("d=☃.example"), Neutral, ErrDomain, "d"},
		{"8616-5-i: not NFC", with("d=bu\u0308cher.example"), Neutral, ErrDomain, "d"},
		{"8616-5-i: full width", with("d=ｂücher.example"), Neutral, ErrDomain, "d"},
		{"8616-5-i: an ideographic full stop", with("d=bücher。example"), Neutral, ErrDomain, "d"},
		{"8616-5-i: an A-label that is none", with("d=xn--a.example"), Neutral, ErrDomain, "d"},
		{"8616-5-i: the A-label of a symbol", with("d=xn--n3h.example"), Neutral, ErrDomain, "d"},
		{"8616-5-i: the Kelvin sign is no k", with("d=\u212aey.example"), Neutral, ErrDomain, "d"},
		{"8616-5-i: s=", eai("s=☃"), Neutral, ErrSyntax, "s"},
		{"8616-5-i: i=", eai("i=@☃.bücher.example"), Neutral, ErrIdentifier, "i"},
		{"8616-5-b: overlong", eai("i=\xc0\xaf@bücher.example"), Neutral, ErrSyntax, "i"},
		{"8616-5-b: a surrogate", eai("i=\xed\xa0\x80@bücher.example"), Neutral, ErrSyntax, "i"},
		{"8616-5-b: beyond Unicode", eai("i=\xf5\x80\x80\x80@bücher.example"), Neutral, ErrSyntax, "i"},
		{"8616-5-b: Latin-1", with("d=b\xfccher.example"), Neutral, ErrSyntax, "d"},
		{"8616-5-b: Latin-1, encoded", eai("i=j=F6rg@bücher.example"), Neutral, ErrIdentifier, "i"},
	}
}

// RFC 8616: U-labels and A-labels in d=, i= and s=, with SMTPUTF8 or without.
func TestInternationalized(t *testing.T) {
	r, lookups := newEAIRig(t)
	for _, tt := range eaiRows() {
		// 8616-5-j: nothing tells that a message is internationalized.
		for kind, msg := range map[string]string{"SMTPUTF8": eaiMessage, "ASCII": testMessage} {
			res := r.verifyOne(t, craft(t, r.signer.Key, tt.tags, msg))
			what := fmt.Sprintf("%s, %s: %s", tt.id, kind, tt.tags)
			tt.want(t, what, res)
			asked := lookups()
			if tt.status == Pass && !slices.Equal(asked, []string{eaiKeyName + "."}) || tt.status != Pass && asked != nil {
				t.Errorf("%s: lookups %q", what, asked)
			}
		}
	}
}

// 8616-5-h: t=s compares U-labels with A-labels, too.
func TestInternationalizedStrictKey(t *testing.T) {
	r, _ := newEAIRig(t)
	r.zone[eaiKeyName] = []string{strings.Replace(r.zone[eaiKeyName][0], "; p=", "; t=s; p=", 1)}
	for id, status := range map[string]Status{
		"@bücher.example": Pass, "用户@xn--bcher-kva.example": Pass, "@BÜCHER.example": Pass,
		"@a.bücher.example": PermError, "@a.xn--bcher-kva.example": PermError,
	} {
		for _, d := range []string{"bücher.example", "xn--bcher-kva.example"} {
			res := r.verifyOne(t, craft(t, r.signer.Key, with("d="+d, "s=schlüssel", "i="+id), eaiMessage))
			if res.Status != status {
				t.Errorf("d=%s i=%s: %s, %v; want %s", d, id, res.Status, res.Err, status)
			}
		}
	}
}

// 8616-5-f: a domain is hashed as it is written.
func TestInternationalizedHash(t *testing.T) {
	r, _ := newEAIRig(t)
	for _, labels := range [][2]string{{"bücher.example", "xn--bcher-kva.example"}, {"schlüssel", "xn--schlssel-95a"}} {
		for i := range 2 {
			from, to := labels[i], labels[1-i]
			tags := with("d=bücher.example", "s=schlüssel", "h=from")
			tags = strings.Replace(tags, labels[0], from, 1)
			signed := craft(t, r.signer.Key, tags, testMessage)
			want(t, from, r.verifyOne(t, signed), Pass, nil)
			want(t, to+" for "+from, r.verifyOne(t, strings.Replace(signed, "="+from, "="+to, 1)), Fail, ErrSignature)
		}
	}
}

// 8616-5-c, 8616-5-d: the signer writes A-labels unless the message is
// internationalized, and refuses what is no label.
func TestInternationalizedSigner(t *testing.T) {
	r, lookups := newEAIRig(t)
	for _, tt := range []struct {
		eai           bool
		d, s, i, wrds string // as written
	}{
		{false, "xn--bcher-kva.example", "xn--schlssel-95a", "用户@a.xn--bcher-kva.example", "i==E7=94=A8=E6=88=B7@a.xn--bcher-kva.example;"},
		{true, "bücher.example", "schlüssel", "用户@a.bücher.example", "i=用户@a.bücher.example;"},
	} {
		s := &Signer{Domain: "bücher.example", Selector: "schlüssel", Identifier: "用户@a.bücher.example", Key: r.signer.Key,
			Internationalized: tt.eai, CopyHeaders: true, Time: atTestTime}
		if name, err := s.KeyName(); err != nil || name != eaiKeyName {
			t.Errorf("KeyName() = %q, %v", name, err)
		}
		signed := signWith(t, eaiMessage, s)
		res := r.verifyOne(t, signed)
		want(t, fmt.Sprint("Internationalized: ", tt.eai), res, Pass, nil)
		if names := lookups(); !slices.Equal(names, []string{eaiKeyName + "."}) {
			t.Errorf("lookups %q", names)
		}
		if g := res.Signature; g.Domain != tt.d || g.Selector != tt.s || g.Identifier != tt.i || g.Copied[0].Value != " Jörg <用户@bücher.example>" {
			t.Errorf("d=%s s=%s i=%s z=%q, want %s, %s and %s", g.Domain, g.Selector, g.Identifier, g.Copied[0].Value, tt.d, tt.s, tt.i)
		}
		field := res.Signature.String()
		if text := strings.NewReplacer("\r\n", "", " ", "").Replace(field); !strings.Contains(text, tt.wrds) {
			t.Errorf("%s has no %s", text, tt.wrds)
		}
		if ascii := !strings.ContainsFunc(field, func(r rune) bool { return r >= 0x80 }); ascii == tt.eai {
			t.Errorf("Internationalized is %v, and the field %q", tt.eai, field)
		}
	}
	for _, bad := range []string{"☃.example", "a\u200bb.example", "bu\u0308cher.example", "xn--a.example", "b\xfccher.example"} {
		for _, eai := range []bool{false, true} {
			s := &Signer{Domain: bad, Selector: "s", Key: r.signer.Key, Internationalized: eai}
			if err := s.Validate(); !errors.Is(err, ErrDomain) {
				t.Errorf("d=%+q: %v", bad, err)
			}
			s = &Signer{Domain: "example.org", Selector: "s", Identifier: "@x." + bad, Key: r.signer.Key, Internationalized: eai}
			if err := s.Validate(); !errors.Is(err, ErrIdentifier) {
				t.Errorf("i=@x.%+q: %v", bad, err)
			}
		}
	}
}

// 8616-6-a: a signature is aligned with an author whose domain is written in
// the other form, also where signatures are too many.
func TestInternationalizedAlignment(t *testing.T) {
	r, _ := newEAIRig(t)
	r.verifier.MaxSignatures = 1
	msg := craft(t, r.signer.Key, with("d=xn--bcher-kva.example", "s=schlüssel"), eaiMessage)
	msg = craft(t, dkimtest.Ed25519(1), with("a=ed25519-sha256", "d=other.example", "h=from"), msg)
	results := r.verify(t, msg)
	want(t, "the author's", results[1], Pass, nil)
	want(t, "another", results[0], Policy, ErrTooMany)
	if !results[1].Signature.Aligned("BÜCHER.example", true) || !results[1].Signature.Aligned("mail.bücher.example", false) ||
		results[1].Signature.Aligned("bucher.example", false) {
		t.Error("alignment")
	}
	if keys, err := keyrecord.Lookup(t.Context(), r.zone, "schlüssel", "bücher.example"); err != nil || len(keys.Records) != 1 {
		t.Errorf("Lookup: %v, %v", keys, err)
	}
}
