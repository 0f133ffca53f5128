package dkim

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/waxseal/waxseal/internal/dkimtest"
)

// FuzzCrafted signs whatever tags say with a key that is in DNS, so that the
// cryptography is right and all else may be wrong. What passes keeps the rules,
// which are written out here a second time.
func FuzzCrafted(f *testing.F) {
	key := dkimtest.Ed25519(4)
	p := base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey))
	for _, change := range []string{
		"l=3", "l=0", "i=@example.org", "i=a@sub.example.org", "i=a@evilexample.org", "x=1", "x=1800000001", "x=1799998999", "t=-5", "t=1900000000",
		"h=to:subject", "h=from:from:to", "q=dns/txt", "q=foo", "d=org", "d=sub.example.org", "v=2", "c=simple", "c=nofws", "c=relaxed/simple", "z=From:a|To:=20b", "xb=y",
	} {
		f.Add(with("a=ed25519-sha256", change), "", testMessage)
	}
	for _, flags := range []string{"t=s;", "t=y:s;", "h=sha1;", "s=tlsrpt;", "s=*;", "k=rsa;", "v=DKIM1;", "n=a;"} {
		f.Add(with("a=ed25519-sha256", "i=a@sub.example.org"), flags, testMessage)
	}
	f.Add(with("a=ed25519-sha256"), "", "From: b@example.org\r\n"+testMessage)
	f.Fuzz(func(t *testing.T, tags, flags, msg string) {
		if len(tags)+len(msg) > 10_000 || tag(tags, "a") != "ed25519-sha256" {
			return // craft is slow, and signs for what a= says
		}
		crafted := craft(t, key, tags, msg)
		record := "k=ed25519;" + flags + "p=" + p
		asked := 0
		v := &Verifier{Time: atTestTime, Resolver: resolverFunc(func(context.Context, string) ([]string, error) {
			asked++
			return []string{record}, nil
		})}
		results, err := Verify(context.Background(), strings.NewReader(crafted), v)
		if err != nil {
			if StatusOf(err) == Pass {
				t.Fatalf("%v is Pass", err)
			}
			return
		}
		if asked > 10 {
			t.Fatalf("%d lookups", asked)
		}
		checkCryptography(t, crafted, results)
		for _, r := range results {
			if r.Status == Pass {
				checkPassed(t, r, crafted, record)
			}
		}
	})
}

// checkPassed checks a result that passed against RFC 6376, with the defaults
// of a Verifier, at testTime.
func checkPassed(t *testing.T, r *Result, msg, record string) {
	t.Helper()
	s := r.Signature
	bad := func(what string) { t.Helper(); t.Errorf("%s, and it passes: %q\n%s", what, msg, record) }
	at := strings.LastIndexByte(s.Identifier, '@') // the local part may hold one in quotes
	d, own := strings.ToLower(s.Identifier[at+1:]), strings.ToLower(s.Domain)
	if at < 0 || d != own && !strings.HasSuffix(d, "."+own) && isASCII(d+own) {
		bad("i= outside d=")
	}
	if hasFlag(r, "s") && d != own && isASCII(d+own) {
		bad("i= below d= with t=s")
	}
	if s.Version != 1 || s.Domain == "" || s.Selector == "" || len(s.Value) != ed25519.SignatureSize || len(s.BodyHash) != 32 || s.Algorithm != "ed25519-sha256" {
		bad("a tag is missing or wrong")
	}
	if !s.Expiration.IsZero() && (s.Expiration.Add(5*time.Minute).Before(testTime) || !s.Time.IsZero() && !s.Expiration.After(s.Time)) {
		bad("x=")
	}
	if s.Time.After(testTime.Add(5 * 60e9)) {
		bad("t= in the future")
	}
	if s.Length != nil && (*s.Length != r.SignedOctets || r.UnsignedOctets != 0) {
		bad("l= is not the body")
	}
	signed, total := r.Covered("From")
	listed := 0
	for _, name := range s.Fields {
		if strings.EqualFold(name, "from") {
			listed++
		}
	}
	if total == 0 || signed != total || listed < total {
		bad("From is not signed")
	}
	if len(s.Query) > 0 && !strings.Contains(strings.ToLower(strings.Join(s.Query, ":")), "dns/txt") {
		bad("q=")
	}
	if r.Record == nil || r.Record.Key == nil || r.KeyBits != 256 {
		bad("there is no key")
	}
}

func hasFlag(r *Result, name string) bool {
	for _, f := range r.Record.Flags {
		if strings.EqualFold(f, name) {
			return true
		}
	}
	return false
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 })
}

// FuzzWork: whatever is repeated in a message, verifying it allocates octets in
// proportion to its size. The cost that is allowed is far above that of any of
// the inputs of TestLinearCost, and far below what a square would be.
func FuzzWork(f *testing.F) {
	f.Add("DKIM-Signature: ", "a=b;", "\r\nFrom: a@example.org\r\n\r\n")
	f.Add("From: ", "a@example.org,", "b@example.org\r\n\r\n")
	f.Add("DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=rsa; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA; h=from", ":from", "\r\nFrom: a@example.org\r\n\r\n")
	f.Add("From: a@example.org\r\n", "DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=rsa; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA; h=from; l=1\r\n", "\r\nx")
	f.Add("From: a@example.org\r\n\r\n", " \t", "")
	f.Add("From: a@example.org\r\n\r\n", "\r\n", "")
	f.Add("X:", "\r\n a", "\r\nFrom: a@example.org\r\n\r\n")
	v := newRig(f).verifier
	f.Fuzz(func(t *testing.T, before, unit, after string) {
		const most = 64 << 10
		if unit == "" || len(before)+len(unit)+len(after) > most {
			return
		}
		msg := before + strings.Repeat(unit, 1+(most-len(before)-len(unit)-len(after))/len(unit)) + after
		var start, end runtime.MemStats
		runtime.ReadMemStats(&start)
		_, err := Verify(context.Background(), strings.NewReader(msg), v)
		runtime.ReadMemStats(&end)
		const each, fixed = 400, 4 << 20 // octets for an octet, and for the message
		if n := end.TotalAlloc - start.TotalAlloc; n > uint64(each*len(msg)+fixed) {
			t.Errorf("%d octets for a message of %d: %q, then %q again and again, then %q: %v", n, len(msg), before, unit, after, err)
		}
	})
}

// FuzzAddresses: domains are those of the addresses, in their order, and
// neither holds a line end; an error is an ErrFrom.
func FuzzAddresses(f *testing.F) {
	for _, s := range []string{"a@example.org", "Joe <joe@example.org>, \"a, b\" <\"x y@z\"@example.net>", "g: a@b, c@d;", "=?utf-8?q?=22?= <a@b>", "a@b\r\n c@d", "<a@[192.0.2.1]>", "joe@bücher.example", ""} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, from, sender string) {
		w := NewVerifyWriter(context.Background(), &Verifier{})
		w.Write([]byte("From: " + from + "\r\nSender: " + sender + "\r\n\r\n"))
		if _, err := w.Finish(); err != nil {
			return
		}
		h := w.Header()
		domains, err := h.From()
		addresses, err2 := h.Addresses("From")
		if len(domains) != len(addresses) || (err == nil) != (err2 == nil) || err != nil && !errors.Is(err, ErrFrom) {
			t.Fatalf("%q: %q, %v; %q, %v", from, domains, err, addresses, err2)
		}
		for i, d := range domains {
			if !strings.HasSuffix(addresses[i], "@"+d) || strings.ContainsAny(addresses[i], "\r\n") {
				t.Fatalf("%q: domain %q of %q", from, d, addresses[i])
			}
		}
		first, err := h.Sender()
		if err != nil && !errors.Is(err, ErrFrom) || err == nil && first == "" && len(addresses) == 0 {
			t.Fatalf("%q, %q: %q, %v", from, sender, first, err)
		}
	})
}

// FuzzParseKey: what is a key can be used, and what is not says nothing of what
// was given.
func FuzzParseKey(f *testing.F) {
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n"))
	f.Add([]byte("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="))
	f.Add([]byte("MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v\n /VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g"))
	f.Add([]byte("-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		key, err := ParseKey(data)
		if err != nil {
			if key != nil || !errors.Is(err, ErrKey) || len(err.Error()) > 200 {
				t.Fatalf("%T, %v", key, err)
			}
			return
		}
		s := &Signer{Domain: "example.org", Selector: "s", Key: key, Time: atTestTime}
		if s.Validate() != nil {
			return // RSA of a size that must not be used
		}
		rec, err := s.Record()
		if err != nil {
			t.Fatal(err)
		}
		v := &Verifier{Time: atTestTime, Resolver: resolverFunc(func(context.Context, string) ([]string, error) { return []string{rec.String()}, nil })}
		results, err := Verify(context.Background(), strings.NewReader(signWith(t, testMessage, s)), v)
		if err != nil || len(results) != 1 || results[0].Status != Pass {
			t.Fatalf("%v, %v", statuses(results), err)
		}
	})
}
