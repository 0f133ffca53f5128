package keyrecord

import (
	"context"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"
)

const (
	keyName = "s1._domainkey.example.org"
	good    = "v=DKIM1; p=" + appendixC
	goodEd  = "v=DKIM1; k=ed25519; p=" + appendixA2
)

// A fake answers every query from a function.
type fake func(ctx context.Context, name string) ([]string, error)

func (f fake) LookupTXT(ctx context.Context, name string) ([]string, error) { return f(ctx, name) }

// A fakeAnswers is a fake that knows TTL and DNSSEC.
type fakeAnswers func(ctx context.Context, name string) (Answer, error)

func (f fakeAnswers) LookupAnswer(ctx context.Context, name string) (Answer, error) {
	return f(ctx, name)
}
func (f fakeAnswers) LookupTXT(context.Context, string) ([]string, error) {
	panic("LookupTXT of an AnswerResolver")
}

func answer(err error, txt ...string) fake {
	return func(context.Context, string) ([]string, error) { return txt, err }
}

func TestLookup(t *testing.T) {
	notFound := &net.DNSError{Err: "no such host", IsNotFound: true}
	spf := "v=spf1 -all"
	many := func(n int, txt, last string) (out []string) {
		for range n {
			out = append(out, txt)
		}
		return append(out, last)
	}
	for _, tt := range []struct {
		id   string
		r    fake
		keys int
		err  error
	}{
		{"6376-3.6.2-a", answer(nil, good), 1, nil},
		{"6376-3.6.2-c", answer(nil, spf, good), 1, nil},
		{"6376-3.6.2-c", answer(nil, good, spf), 1, nil},
		{"6376-3.6.2-c", answer(nil, "v=DKIM1; p=!", good, goodEd), 2, nil},
		{"6376-3.6.2-c", answer(nil, many(maxTXT-1, spf, good)...), 1, nil},
		{"6376-3.6.2-c", answer(nil, many(maxTXT, spf, good)...), 0, ErrSyntax},
		{"6376-3.6.2-c", answer(nil, many(1000, good, good)...), maxKeys, nil},
		{"6376-3.6.2-c", answer(nil, strings.Repeat("x", maxRecord+1), good), 1, nil},
		{"6376-3.6.1p-b", answer(nil, "p=", good), 2, nil},
		{"6376-3.6.1p-b", answer(nil, "p="), 1, nil},
		{"6376-3.6.2-b", answer(nil, "v=DKIM1; p="+appendixC[:50], appendixC[50:]), 0, ErrSyntax}, // never joined across records
		{"6376-3.6.2-g", answer(nil, spf), 0, ErrSyntax},
		{"6376-3.2-d", answer(nil, ""), 0, ErrSyntax},
		{"6376-3.6.1k-c", answer(nil, spf, "k=x; p="), 0, ErrKeyType},
		{"8301-3.2-d", answer(nil, "v=DKIM1; p=!", "p="+strings.Repeat("A", 1<<13)), 0, ErrKeySize},
		{"6376-3.6.1v-c", answer(nil, "v=DKIM2; p="+appendixC), 0, ErrSyntax},

		{"6376-3.6.2-e", answer(nil), 0, ErrNotFound},
		{"6376-3.6.2-e", answer(notFound), 0, ErrNotFound},
		{"6376-3.6.2-e", answer(fmt.Errorf("dns: %w", notFound)), 0, ErrNotFound},
		{"6376-3.6.2-e", answer(ErrNotFound), 0, ErrNotFound},
		{"6376-3.6.2-e", answer(fmt.Errorf("x: %w", ErrNotFound)), 0, ErrNotFound},
		{"6376-3.6.2-e", answer(notFound, good), 0, ErrNotFound}, // the error counts
		{"6376-3.6.2-d", answer(&net.DNSError{IsTimeout: true}), 0, ErrTemporary},
		{"6376-3.6.2-d", answer(&net.DNSError{IsTemporary: true}), 0, ErrTemporary},
		{"6376-3.6.2-d", answer(&net.DNSError{}), 0, ErrTemporary},
		{"6376-3.6.2-d", answer(&net.DNSError{IsNotFound: true, IsTemporary: true}), 0, ErrTemporary},
		{"6376-3.6.2-d", answer(&net.DNSError{IsNotFound: true, IsTimeout: true}), 0, ErrTemporary},
		{"6376-3.6.2-d", answer(fmt.Errorf("dns: %w", &net.DNSError{IsTemporary: true})), 0, ErrTemporary},
		{"6376-3.6.2-d", answer(errors.New("SERVFAIL")), 0, ErrTemporary},
		{"6376-3.6.2-d", answer(io.ErrUnexpectedEOF), 0, io.ErrUnexpectedEOF},
		{"6376-3.6.2-d", answer(context.Canceled), 0, ErrTemporary},
		{"6376-3.6.2-d", answer(context.Canceled), 0, context.Canceled},
		{"6376-3.6.2-d", answer(fmt.Errorf("x: %w", context.DeadlineExceeded)), 0, ErrTemporary},
		{"6376-3.6.2-d", answer(errors.Join(notFound, context.Canceled)), 0, ErrTemporary},
		{"6376-3.6.2-d", answer(fmt.Errorf("%w: %w", ErrTemporary, ErrNotFound)), 0, ErrTemporary},
	} {
		for _, r := range []Resolver{tt.r, &Cache{Resolver: tt.r}} {
			k, err := Lookup(t.Context(), r, "s1", "example.org")
			if !errors.Is(err, tt.err) || (k == nil) != (err != nil) || k != nil && len(k.Records) != tt.keys {
				t.Errorf("%s: Lookup(%T) = %+v, %v; want %d, %v", tt.id, r, k, err, tt.keys, tt.err)
				continue
			}
			if err == nil {
				continue
			}
			temp := tt.err == ErrTemporary || tt.err == context.Canceled || tt.err == io.ErrUnexpectedEOF
			if errors.Is(err, ErrTemporary) != temp {
				t.Errorf("%s: Lookup(%T): %v: temporary is %v, want %v", tt.id, r, err, !temp, temp)
			}
			if !strings.Contains(err.Error(), keyName) {
				t.Errorf("%s: %q does not say which name", tt.id, err)
			}
		}
	}
}

// 6376-3.6.2-a, 8616-3-b: what is asked for, and that nothing is where there is no name.
func TestLookupName(t *testing.T) {
	for _, tt := range []struct{ selector, domain, want string }{
		{"foo.bar", "example.com", "foo.bar._domainkey.example.com."},
		{"schlüssel", "Bücher.example", "xn--schlssel-95a._domainkey.xn--bcher-kva.example."},
		{"a_b", "example.com", ""},
		{"s1", "com", ""},
		{"s1", "a\u200b.example", ""},
		{"s1", strings.Repeat("a", 64) + ".com", ""},
	} {
		var asked []string
		r := fake(func(_ context.Context, name string) ([]string, error) {
			asked = append(asked, name)
			return []string{good}, nil
		})
		for _, r := range []Resolver{r, &Cache{Resolver: r}} {
			asked = nil
			_, err := Lookup(t.Context(), r, tt.selector, tt.domain)
			if tt.want == "" && (asked != nil || !errors.Is(err, ErrNotFound)) ||
				tt.want != "" && (err != nil || len(asked) != 1 || asked[0] != tt.want) {
				t.Errorf("Lookup(%T, %q, %q) asks for %q: %v; want %q", r, tt.selector, tt.domain, asked, err, tt.want)
			}
			if _, ok, err := Peek(r, tt.selector, tt.domain); tt.want == "" && (!ok || !errors.Is(err, ErrNotFound)) {
				t.Errorf("Peek(%q, %q) = %v, %v", tt.selector, tt.domain, ok, err)
			}
		}
	}
}

// 6376-3.6.2-f: an alias is the resolver's to follow; what it finds counts.
func TestLookupAlias(t *testing.T) {
	alias := map[string]string{keyName + ".": "key.example.net."}
	target := MapResolver{"key.example.net": {good}}
	r := fake(func(ctx context.Context, name string) ([]string, error) {
		if to, ok := alias[name]; ok {
			name = to
		}
		return target.LookupTXT(ctx, name)
	})
	if k, err := Lookup(t.Context(), r, "s1", "example.org"); err != nil || len(k.Records) != 1 {
		t.Errorf("alias: %v, %v", k, err)
	}
	delete(target, "key.example.net")
	if _, err := Lookup(t.Context(), r, "s1", "example.org"); !errors.Is(err, ErrNotFound) {
		t.Errorf("alias to a name that is missing: %v", err)
	}
}

func TestLookupTelling(t *testing.T) {
	_, err := Lookup(t.Context(), answer(nil, "v=spf1 -all", "v=DKIM1; k=rsa"), "s1", "example.org")
	if err == nil || !strings.Contains(err.Error(), "no p=") {
		t.Errorf("%v: want the error of the record that is nearly a key", err)
	}
	_, err = Lookup(t.Context(), answer(nil, "v=spf1 -all", "v=DKIM1; k=first; p=", "v=DKIM1; k=second; p="), "s1", "example.org")
	if err == nil || !strings.Contains(err.Error(), "first") {
		t.Errorf("%v: want the error of the first of two records that are as near", err)
	}
}

func TestLookupAnswer(t *testing.T) {
	r := fakeAnswers(func(context.Context, string) (Answer, error) {
		return Answer{[]string{good}, time.Minute, true}, nil
	})
	k, err := Lookup(t.Context(), r, "s1", "example.org")
	if err != nil || k.TTL != time.Minute || !k.Authentic {
		t.Errorf("Lookup = %+v, %v", k, err)
	}
	k, err = Lookup(t.Context(), answer(nil, good), "s1", "example.org")
	if err != nil || k.TTL >= 0 || k.Authentic {
		t.Errorf("Lookup of a plain resolver = %+v, %v", k, err)
	}
	empty := fakeAnswers(func(context.Context, string) (Answer, error) { return Answer{}, nil })
	if _, err := Lookup(t.Context(), empty, "s1", "example.org"); !errors.Is(err, ErrNotFound) {
		t.Errorf("the empty Answer: %v", err)
	}
}

// LookupAnswer tells what Lookup tells, whatever kind of resolver it asks.
func TestLookupAnswerErrors(t *testing.T) {
	broken := errors.New("broken")
	denial := func(ttl time.Duration, err error) fakeAnswers {
		return func(_ context.Context, name string) (Answer, error) {
			if name != "a.example." {
				t.Errorf("asked for %q", name)
			}
			return Answer{TTL: ttl}, err
		}
	}
	for _, tt := range []struct {
		r    Resolver
		want Answer
		err  error
	}{
		{answer(nil, "x", "y"), Answer{TXT: []string{"x", "y"}, TTL: -1}, nil},
		{MapResolver{"A.example.": {"x"}}, Answer{TXT: []string{"x"}, TTL: -1}, nil},
		{MapResolver{}, Answer{TTL: -1}, ErrNotFound},
		{answer(nil), Answer{TTL: -1}, ErrNotFound},
		{denial(time.Minute, nil), Answer{TTL: time.Minute}, ErrNotFound},
		{denial(0, ErrNotFound), Answer{TTL: -1}, ErrNotFound},
		{denial(time.Minute, broken), Answer{}, ErrTemporary},
		{answer(broken, "x"), Answer{}, ErrTemporary},
		{answer(context.Canceled), Answer{}, ErrTemporary},
	} {
		for _, name := range []string{"a.example", "a.example."} {
			got, err := LookupAnswer(t.Context(), tt.r, name)
			if !reflect.DeepEqual(got, tt.want) || !errors.Is(err, tt.err) || errors.Is(err, ErrNotFound) && errors.Is(err, ErrTemporary) {
				t.Errorf("LookupAnswer(%q) = %+v, %v; want %+v, %v", name, got, err, tt.want, tt.err)
			}
		}
	}
}

func TestMapResolver(t *testing.T) {
	m := MapResolver{keyName: {"a", "b"}, "Upper.Example.": {"c"}, "upper.example.": {"d"}, "Exact.example": {"e"}, "exact.example": {"f"}, "none.example": nil}
	for _, tt := range []struct{ id, name, want string }{
		{"6376-3.6.2-a", keyName, "a b"},
		{"6376-3.6.2-a", keyName + ".", "a b"},
		{"6376-3.6.2-k", strings.ToUpper(keyName) + ".", "a b"},
		{"6376-3.6.2-k", "UPPER.example", "c"},
		{"6376-3.6.2-k", "EXACT.example", "e"},
		{"6376-3.6.2-k", "exact.example", "f"}, // found without a search
		{"6376-3.6.2-e", "none.example", ""},
	} {
		got, err := m.LookupTXT(t.Context(), tt.name)
		if err != nil || strings.Join(got, " ") != tt.want {
			t.Errorf("%s: LookupTXT(%q) = %q, %v; want %q", tt.id, tt.name, got, err, tt.want)
		}
	}
	for _, name := range []string{"", ".", "example.org", "x." + keyName, "\u212aey.example"} {
		_, err := m.LookupTXT(t.Context(), name)
		if d := (*net.DNSError)(nil); !errors.As(err, &d) || !d.IsNotFound {
			t.Errorf("6376-3.6.2-e: LookupTXT(%q): %v", name, err)
		}
	}
}

func TestPeek(t *testing.T) {
	for _, tt := range []struct {
		id  string
		r   Resolver
		ok  bool
		err error
	}{
		{"map", MapResolver{keyName: {good}}, true, nil},
		{"map", MapResolver{keyName: {"x"}}, true, ErrSyntax},
		{"map", MapResolver{}, true, ErrNotFound},
		{"cache", &Cache{Resolver: MapResolver{keyName: {good}}}, false, nil},
		{"resolver", answer(nil, good), false, nil},
		{"default", nil, false, nil},
	} {
		k, ok, err := Peek(tt.r, "s1", "example.org")
		if ok != tt.ok || !errors.Is(err, tt.err) || (k != nil) != (ok && tt.err == nil) {
			t.Errorf("%s: Peek = %v, %v, %v; want %v, %v", tt.id, k, ok, err, tt.ok, tt.err)
		}
	}
}

func TestCheck(t *testing.T) {
	parse := func(txt string) *Record {
		r, err := Parse(txt)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	rsaKey, edKey := parse(good).Key, parse(goodEd).Key
	other := &rsa.PublicKey{N: rsaKey.(*rsa.PublicKey).N, E: 3}
	for _, tt := range []struct {
		id  string
		r   Resolver
		pub any
		err error
	}{
		{"one", answer(nil, good), rsaKey, nil},
		{"ed25519", answer(nil, goodEd), edKey, nil},
		{"second", answer(nil, "p=", goodEd, good), rsaKey, nil},
		{"PKCS #1", answer(nil, "p="+erratum6674), rsaKey, nil},
		{"exponent", answer(nil, good), other, ErrMismatch},
		{"kind", answer(nil, goodEd), rsaKey, ErrMismatch},
		{"and revoked", answer(nil, "p=", goodEd), rsaKey, ErrMismatch},
		{"revoked", answer(nil, "p=", "v=spf1"), rsaKey, ErrRevoked},
		{"none", answer(nil), rsaKey, ErrNotFound},
		{"malformed", answer(nil, "v=DKIM1; p=!"), rsaKey, ErrSyntax},
		{"temporary", answer(io.EOF), rsaKey, ErrTemporary},
		{"pointer", answer(nil, goodEd), new(edKey.(ed25519.PublicKey)), ErrKeyType},
		{"nil", answer(nil, good), nil, ErrKeyType},
	} {
		for _, r := range []Resolver{tt.r, &Cache{Resolver: tt.r}} {
			if err := Check(t.Context(), r, "s1", "example.org", tt.pub); !errors.Is(err, tt.err) {
				t.Errorf("%s: Check(%T) = %v, want %v", tt.id, r, err, tt.err)
			}
		}
	}
	err := Check(t.Context(), answer(nil, good), "s1", "example.org", edKey)
	for _, want := range []string{keyName, "RSA of 1024 bits", "Ed25519"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	if err := Check(t.Context(), answer(nil, good), "a_b", "example.org", rsaKey); !errors.Is(err, ErrNotFound) {
		t.Errorf("no name: %v", err)
	}
}
