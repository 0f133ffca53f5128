package keyrecord_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"log"

	"github.com/waxseal/waxseal/keyrecord"
)

// records stand for DNS: the keys of RFC 8463, appendix A.2, and of RFC 6376, appendix C.
var records = keyrecord.MapResolver{
	"brisbane._domainkey.football.example.com": {"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="},
	"test._domainkey.football.example.com": {"v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkM" +
		"oGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToI" +
		"MmPSPDdQPNUYckcQ2QIDAQAB"},
	"old._domainkey.football.example.com": {"v=DKIM1; p="},
}

// Make the line that a zone file needs for a new key.
func ExampleZoneLine() {
	seed := make([]byte, ed25519.SeedSize) // for an example only: nothing is less secret
	key := ed25519.NewKeyFromSeed(seed)

	rec, err := keyrecord.New(key.Public())
	if err != nil {
		log.Fatal(err)
	}
	rec.Flags = []string{"s"} // no i= in a subdomain
	fmt.Println(keyrecord.ZoneLine("s1", "bücher.example", rec))
	// Output:
	// s1._domainkey.xn--bcher-kva.example. IN TXT ( "v=DKIM1; k=ed25519; t=s; p=O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik=" )
}

func ExampleParse() {
	rec, err := keyrecord.Parse("v=DKIM1; h=sha256; k=ed25519; t=y; n=for=20tests; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%T, testing %v, %q\n", rec.Key, rec.Testing(), rec.Notes)
	fmt.Println(rec.AllowsEmail(), rec.AllowsHash("sha256"), rec.AllowsHash("sha1"))

	_, err = keyrecord.Parse("v=DKIM1; k=dsa; p=AAAA")
	fmt.Println(errors.Is(err, keyrecord.ErrKeyType), err)
	// Output:
	// ed25519.PublicKey, testing true, "for tests"
	// true true false
	// true unsupported key type: k="dsa"; rsa and ed25519 are supported
}

// A nil Resolver would ask DNS.
func ExampleLookup() {
	for _, selector := range []string{"test", "old", "none"} {
		keys, err := keyrecord.Lookup(context.Background(), records, selector, "football.example.com")
		switch {
		case errors.Is(err, keyrecord.ErrTemporary):
			fmt.Println(selector, "try again later:", err)
		case err != nil:
			fmt.Println(selector, errors.Is(err, keyrecord.ErrNotFound))
		case keys.Records[0].Revoked():
			fmt.Println(selector, "revoked")
		default:
			fmt.Println(selector, keys.Records[0].Key.(*rsa.PublicKey).N.BitLen())
		}
	}
	// Output:
	// test 1024
	// old revoked
	// none true
}

func ExampleCache() {
	cache := &keyrecord.Cache{Resolver: records, Size: 10_000}
	for range 3 {
		if _, err := keyrecord.Lookup(context.Background(), cache, "test", "football.example.com"); err != nil {
			log.Fatal(err)
		}
	}
	s := cache.Stats()
	fmt.Println(s.Lookups, s.Hits)

	name, err := keyrecord.Name("test", "football.example.com")
	if err != nil {
		log.Fatal(err)
	}
	cache.Forget(name)
	fmt.Println(cache.Stats().Size)
	// Output:
	// 1 2
	// 0
}

// A history looks into the keys of the past first, and then asks DNS.
type history struct {
	past keyrecord.MapResolver
	dns  keyrecord.Resolver
}

func (h history) LookupTXT(ctx context.Context, name string) ([]string, error) {
	a, err := h.LookupAnswer(ctx, name)
	return a.TXT, err
}

func (h history) LookupAnswer(ctx context.Context, name string) (keyrecord.Answer, error) {
	if a, err := keyrecord.LookupAnswer(ctx, h.past, name); err == nil {
		return a, nil
	}
	return keyrecord.LookupAnswer(ctx, h.dns, name)
}

// Put a resolver before another, and keep what that one knows of TTL and DNSSEC.
func ExampleLookupAnswer() {
	withdrawn := keyrecord.MapResolver{"brisbane._domainkey.football.example.com": {"v=DKIM1; p="}}
	for _, r := range []keyrecord.Resolver{withdrawn, history{past: records, dns: withdrawn}} {
		keys, err := keyrecord.Lookup(context.Background(), r, "brisbane", "football.example.com")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("revoked:", keys.Records[0].Revoked())
	}
	// Output:
	// revoked: true
	// revoked: false
}

// Before a signer starts to use a new key: is it published?
func ExampleCheck() {
	seed := make([]byte, ed25519.SeedSize)
	pub := ed25519.NewKeyFromSeed(seed).Public()
	err := keyrecord.Check(context.Background(), records, "brisbane", "football.example.com", pub)
	fmt.Println(errors.Is(err, keyrecord.ErrMismatch))
	fmt.Println(err)
	// Output:
	// true
	// DNS publishes another key: at brisbane._domainkey.football.example.com is Ed25519, SHA-256 21fe31dfa154a261...; want Ed25519, SHA-256 139e3940e64b5491...
}
