package dkim

import (
	"context"
	"crypto/ed25519"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim/authres"
	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

// FuzzParseSignature, 6376-3.5-e: what parses says the same when it is written anew, and
// what does not has a *TagError and a status that is no Pass.
func FuzzParseSignature(f *testing.F) {
	for _, tags := range []string{goodTags, with("l=3", "x=1900000000", "q=dns/txt", "i=a@example.org"), with("z=From:a|To:=20b", "foo=bar"), "v=1", ";;"} {
		f.Add("DKIM-Signature: " + strings.NewReplacer("BH", strings.Repeat("A", 43)+"=", " b=B", " b=AAAA").Replace(tags) + "\r\n")
	}
	for _, s := range readSelection(f) {
		for _, field := range fieldPattern.FindAllString(string(s.message()), -1) {
			if strings.HasPrefix(field, "DKIM-Signature") {
				f.Add(field)
			}
		}
	}
	f.Fuzz(func(t *testing.T, field string) {
		s, err := ParseSignature([]byte(field))
		if s == nil {
			t.Fatal("nil")
		}
		if err != nil {
			var e *TagError
			if !errors.As(err, &e) || StatusOf(err) == Pass || StatusOf(err) == TempError || StatusOf(err) == Fail {
				t.Fatalf("%q: %v", field, err)
			}
			return
		}
		if s.String() != field {
			t.Fatalf("String() = %q, parsed %q", s.String(), field)
		}
		again := *s
		again.raw = ""
		again.eai = true
		text := again.String()
		s2, err := ParseSignature([]byte(text))
		if err != nil {
			if errors.Is(err, ErrLimit) {
				return // it has grown by folding
			}
			t.Fatalf("%q, written anew as %q: %v", field, text, err)
		}
		if s2.Domain != s.Domain || s2.Selector != s.Selector || s2.Identifier != s.Identifier || s2.Canon != s.Canon ||
			strings.Join(s2.Fields, ":") != strings.Join(s.Fields, ":") || string(s2.Value) != string(s.Value) ||
			string(s2.BodyHash) != string(s.BodyHash) || !s2.Time.Equal(s.Time) || !s2.Expiration.Equal(s.Expiration) ||
			len(s2.Copied) != len(s.Copied) || len(s2.Other) != len(s.Other) || (s2.Length == nil) != (s.Length == nil) {
			t.Fatalf("%q, written anew as %q:\n%+v\n%+v", field, text, s, s2)
		}
	})
}

// FuzzVerify: no message and no zone panics, or passes without a signature that
// the reference takes too, or fails with one; cutting changes nothing; the result
// field holds one clause for each signature. Each line of records is a TXT record.
func FuzzVerify(f *testing.F) {
	r := newRig(f)
	key := r.zone["rsa._domainkey.example.org"][0]
	f.Add(r.sign(f, testMessage), key, uint16(70))
	f.Add(craft(f, r.signer.Key, with("l=3", "c=simple/simple"), testMessage), key, uint16(0))
	f.Add(craft(f, r.signer.Key, goodTags, "From: a\r\n\r\n"), "v=DKIM1; p=", uint16(3))
	for _, s := range dkimtest.Scenarios(f, "testdata") {
		f.Add(s.Message, strings.Join(s.Zone["brisbane._domainkey.example.com"], "\n"), uint16(500))
	}
	for _, s := range readSelection(f) {
		if msg := string(s.message()); len(msg) < 4<<10 {
			var records []string
			for _, name := range slices.Sorted(maps.Keys(s.Zone)) {
				records = append(records, s.Zone[name]...)
			}
			f.Add(msg, strings.Join(records, "\n"), uint16(100))
		}
	}
	f.Fuzz(func(t *testing.T, msg, records string, cut uint16) {
		v := &Verifier{Time: atTestTime, Resolver: resolverFunc(func(context.Context, string) ([]string, error) { return strings.Split(records, "\n"), nil })}
		results, err := Verify(context.Background(), strings.NewReader(msg), v)
		w := NewVerifyWriter(context.Background(), v)
		c := int(cut) % (len(msg) + 1)
		w.Write([]byte(msg[:c]))
		w.Write([]byte(msg[c:]))
		if whole, parts := describe(results, err), describe(w.Finish()); whole != parts {
			t.Fatalf("whole: %scut at %d: %s", whole, c, parts)
		}
		checkCryptography(t, msg, results)
		for _, res := range results {
			if (res.Status == Pass) != (res.Err == nil) || res.Signature == nil || res.Status != StatusOf(res.Err) {
				t.Fatalf("%+v", res)
			}
			signed, total := res.Covered("From")
			if signed > total {
				t.Fatalf("%d of %d From fields", signed, total)
			}
		}
		field := (&authres.Field{ID: "x", Results: AuthRes(results)}).String()
		if parsed, err := authres.Parse(field); err != nil || len(parsed.Results) != max(1, len(results)) {
			t.Fatalf("%q: %v", field, err)
		}
		Overall(results)
	})
}

// FuzzSign: what is signed verifies, and with one octet of it changed it does
// not, unless canonicalization allows the change.
func FuzzSign(f *testing.F) {
	f.Add("Subject: x\r\nFrom: a@example.org\r\n", "body\r\n", uint8(0), uint16(10))
	f.Add("From : a@example.org\r\n \t\r\n", " \t\r\n\r\n", uint8(15), uint16(0))
	key := dkimtest.Ed25519(3)
	rec, err := keyrecord.New(key.Public().(ed25519.PublicKey))
	if err != nil {
		f.Fatal(err)
	}
	zone := keyrecord.MapResolver{"s._domainkey.example.org": {rec.String()}}
	f.Fuzz(func(t *testing.T, header, body string, options uint8, flip uint16) {
		msg := header + "\r\n" + body
		s := &Signer{Domain: "example.org", Selector: "s", Key: key, Time: atTestTime, BodyLength: options&4 != 0, CopyHeaders: options&8 != 0,
			Canon: canon.Pair{Header: canon.Algorithm(options&1) + 1, Body: canon.Algorithm(options>>1&1) + 1}}
		var b strings.Builder
		if err := Sign(context.Background(), &b, strings.NewReader(msg), s); err != nil {
			if b.Len() > 0 || StatusOf(err) == Pass {
				t.Fatalf("%v, and %d octets are written", err, b.Len())
			}
			return
		}
		signed := b.String()
		v := &Verifier{Resolver: zone, Time: atTestTime}
		results, err := Verify(context.Background(), strings.NewReader(signed), v)
		if err != nil || len(results) == 0 || results[0].Status != Pass {
			t.Fatalf("%q: %s%v", signed, describe(results, err), err)
		}
		checkCryptography(t, signed, results)
		field := results[0].Signature.String()
		checkLines(t, field, 998)
		at := int(flip) % len(signed)
		if at < len(field) {
			return // the field itself: its tags have tests of their own
		}
		changed := []byte(signed)
		changed[at] ^= 0x01
		c := s.Canon
		if sameCanonical(c, msg, string(changed[len(field):])) {
			return
		}
		results, err = Verify(context.Background(), strings.NewReader(string(changed)), v)
		if err == nil && len(results) > 0 && results[0].Status == Pass {
			t.Fatalf("octet %d of %q changed, and it passes", at, signed)
		}
	})
}

// sameCanonical reports whether two messages have the same canonical fields of
// those in the default list, and the same canonical body, in the slow way.
func sameCanonical(c canon.Pair, a, b string) bool {
	canonical := func(msg string) string {
		head, body, _ := strings.Cut(msg, "\r\n\r\n")
		var out strings.Builder
		var field string
		flush := func() {
			name, _, _ := strings.Cut(field, ":")
			for _, e := range DefaultHeaders() {
				if strings.EqualFold(strings.TrimRight(name, " \t"), e.Name) {
					out.Write(c.Header.AppendField(nil, []byte(field)))
					return
				}
			}
		}
		for line := range strings.SplitSeq(head, "\r\n") {
			if line == "" || line[0] != ' ' && line[0] != '\t' {
				flush()
				field = ""
			}
			field += line + "\r\n"
		}
		flush()
		w := c.Body.NewBodyWriter(&out)
		w.Write([]byte(body))
		w.Close()
		return out.String()
	}
	return canonical(a) == canonical(b)
}
