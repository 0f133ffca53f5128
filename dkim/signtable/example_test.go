package signtable_test

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"io/fs"
	"strings"
	"testing/fstest"
	"time"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/domainkeys"
	"github.com/waxseal/waxseal/dkim/signtable"
	"github.com/waxseal/waxseal/keyrecord"
)

// keyText returns a key as it stands in a file: a real one comes from
// examples/keygen.
func keyText(n byte) string {
	seed := make([]byte, ed25519.SeedSize)
	seed[0] = n
	return base64.StdEncoding.EncodeToString(seed)
}

const mail = "Sender: list@example.com\r\nFrom: joe@example.net\r\nSubject: hello\r\n\r\nHi.\r\n"

// printSigners prints what signs a message.
func printSigners(source dkim.SignerSource, message string) {
	w := dkim.NewSignWriter(context.Background(), source)
	w.Write([]byte(message))
	signatures, err := w.Finish()
	if err != nil {
		fmt.Println(err)
	}
	for _, s := range signatures {
		fmt.Println(s.Domain, s.Selector, s.Identifier)
	}
}

func Example() {
	files := fstest.MapFS{ // in a program: root, err := os.OpenRoot(folder); root.FS()
		"example.com/s1.key": {Data: []byte(keyText(1))},
		"example.com/s2.key": {Data: []byte(keyText(2))},
	}
	table := &signtable.Table{
		Default: signtable.Rule{Selector: "s1", KeyPath: "%{d}/%{s}.key", Lifetime: 7 * 24 * time.Hour},
		Senders: map[string][]signtable.Rule{
			"example.com": {{}, {Selector: "s2", Identity: "%{sender}"}},
			"example.net": {{KeyDomain: "example.com"}},
		},
		Keys: &signtable.KeyCache{FS: files},
	}
	if err := table.Validate(); err != nil {
		fmt.Println(err)
	}
	printSigners(table, mail)
	// Output:
	// example.com s1 @example.com
	// example.com s2 list@example.com
}

// What the mail system knows beside the message comes with it: a condition asks
// whether it may be signed, and an override changes how.
func ExampleTable_For() {
	key, err := dkim.ParseKey([]byte(keyText(1))) // PEM, or what stands between its lines
	if err != nil {
		fmt.Println(err)
	}
	table := &signtable.Table{
		Default: signtable.Rule{Selector: "s1", Key: key, Condition: signtable.Exists("auth_user")},
		Senders: map[string][]signtable.Rule{".": {{}}},
	}
	printSigners(table, mail) // from a stranger: nothing
	printSigners(table.For(signtable.Request{
		Values:   map[string]string{"auth_user": "joe"},
		Override: signtable.Rule{Identity: "news@%{d}"},
	}), mail)
	// Output:
	// example.com s1 news@example.com
}

// Keys from a database, kept by a KeyCache.
func ExampleKeyFunc() {
	database := map[string]string{"example.com/s1": keyText(1)}
	keys := &signtable.KeyCache{Source: signtable.KeyFunc(func(_ context.Context, name string) (crypto.Signer, error) {
		text, ok := database[name]
		if !ok {
			return nil, fs.ErrNotExist
		}
		return dkim.ParseKey([]byte(text))
	})}
	table := &signtable.Table{
		Default: signtable.Rule{Selector: "s1", KeyPath: "%{d}/%{s}", Optional: signtable.On},
		Senders: map[string][]signtable.Rule{".": {{}}},
		Keys:    keys,
	}
	printSigners(table, mail)
	printSigners(table, strings.ReplaceAll(mail, "example.com", "example.org"))
	fmt.Println(keys.Stats().Loads)
	// Output:
	// example.com s1 @example.com
	// 2
}

// A new key signs from a day on, and as soon as its record is in DNS; until
// then the older one does.
func Example_rotation() {
	older, _ := dkim.ParseKey([]byte(keyText(1)))
	newer, _ := dkim.ParseKey([]byte(keyText(2)))
	record, _ := keyrecord.New(older.Public())
	dns := keyrecord.MapResolver{"s2025._domainkey.example.com": {record.String()}}
	preflight := &signtable.Preflight{Resolver: dns}
	table := &signtable.Table{
		Senders: map[string][]signtable.Rule{"example.com": {{
			Selector: "s2026", Key: newer, NotBefore: time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC),
			Fallback: &signtable.Rule{Selector: "s2025", Key: older},
		}}},
		Preflight: preflight,
		Time:      func() time.Time { return time.Date(2026, time.January, 2, 0, 0, 0, 0, time.UTC) },
	}
	printSigners(table, mail)

	record, _ = keyrecord.New(newer.Public())
	dns["s2026._domainkey.example.com"] = []string{record.String()}
	preflight.Flush() // or wait for a minute
	printSigners(table, mail)
	// Output:
	// example.com s2025 @example.com
	// example.com s2026 @example.com
}

// A table chooses for DomainKeys, too, by the sending address.
func Example_domainKeys() {
	key, _ := rsa.GenerateKey(rand.Reader, 1024)
	table := &signtable.Table{Senders: map[string][]signtable.Rule{"example.com": {{Selector: "s1", Key: key}}}}
	signature, err := domainkeys.Sign(context.Background(), strings.NewReader(mail), oldSource{table})
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(signature.Domain, signature.Selector)
	// Output:
	// example.com s1
}

// An oldSource is a domainkeys.SignerSource.
type oldSource struct{ table *signtable.Table }

func (s oldSource) SignerFor(ctx context.Context, sender string) (*domainkeys.Signer, error) {
	signers, err := s.table.For(signtable.Request{Sender: sender}).SignersFor(ctx, nil)
	if err != nil || len(signers) == 0 {
		return nil, err
	}
	return &domainkeys.Signer{Domain: signers[0].Domain, Selector: signers[0].Selector, Key: signers[0].Key}, nil
}

// At start-up: can every key be read, and is it in DNS?
func ExampleTable_Signers() {
	key, _ := dkim.ParseKey([]byte(keyText(1)))
	table := &signtable.Table{Senders: map[string][]signtable.Rule{
		"example.com": {{Selector: "s1", Key: key}},
		"example.net": {{Selector: "s1", KeyPath: "none"}},
	}, Keys: &signtable.KeyCache{FS: fstest.MapFS{}}}
	for s, err := range table.Signers(context.Background()) {
		if err == nil {
			err = keyrecord.Check(context.Background(), keyrecord.MapResolver{}, s.Selector, s.Domain, s.Key.Public())
		}
		fmt.Println(err)
	}
	// Output:
	// no key record at s1._domainkey.example.com: lookup s1._domainkey.example.com.: no such host
	// signtable: "example.net", rule 0: unusable key "none": open none: file does not exist
}
