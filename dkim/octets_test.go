package dkim

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"io"
	"math/big"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/headerlist"
	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

// The size of every kind of public key, and what is none.
func TestKeyBits(t *testing.T) {
	n := func(bits int) *big.Int { // of that length, and odd
		n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
		return n.Add(n, big.NewInt(1))
	}
	for _, tt := range []struct {
		what string
		pub  crypto.PublicKey
		name string
		bits int
		err  error
	}{
		{"RSA", dkimtest.RSA(1024).Public(), "rsa", 1024, nil},
		{"RSA with e=3", &rsa.PublicKey{N: n(2048), E: 3}, "rsa", 2048, nil},
		{"RSA at the limit", &rsa.PublicKey{N: n(8192), E: 65537}, "rsa", 8192, nil},
		{"8301-3.2-d", &rsa.PublicKey{N: n(8193), E: 65537}, "rsa", 8193, keyrecord.ErrKeySize},
		{"6376-3.6.1k-g", &rsa.PublicKey{N: n(2048), E: 2}, "rsa", 2048, keyrecord.ErrKeyType},
		{"6376-3.6.1k-g", &rsa.PublicKey{N: n(2048), E: 1}, "rsa", 2048, keyrecord.ErrKeyType},
		{"6376-3.6.1k-g", &rsa.PublicKey{N: n(2048), E: 4}, "rsa", 2048, keyrecord.ErrKeyType},
		{"a nil RSA key", (*rsa.PublicKey)(nil), "", 0, keyrecord.ErrKeyType},
		{"an empty RSA key", &rsa.PublicKey{}, "", 0, keyrecord.ErrKeyType},
		{"Ed25519", dkimtest.Ed25519(1).Public(), "ed25519", 256, nil},
		{"a short Ed25519 key", ed25519.PublicKey(make([]byte, 31)), "", 0, keyrecord.ErrKeySize},
		{"a nil Ed25519 key", ed25519.PublicKey(nil), "", 0, keyrecord.ErrKeySize},
		{"no key", nil, "", 0, keyrecord.ErrKeyType},
	} {
		name, bits, err := keyBits(tt.pub)
		if name != tt.name || bits != tt.bits || !errors.Is(err, tt.err) || err != nil && !errors.Is(err, ErrKey) {
			t.Errorf("%s: %q, %d, %v; want %q, %d, %v", tt.what, name, bits, err, tt.name, tt.bits, tt.err)
		}
	}
}

// What is safe in a tag stays as it is, octet by octet.
func TestSafeOctets(t *testing.T) {
	for c := range 0x80 {
		s := ":" + string(rune(c)) + "=" // which would be encoded with it
		plain := c > ' ' && c < 0x7f && c != ';'
		if got := safe(s); (got == s) != plain {
			t.Errorf("safe(%q) = %q", s, got)
		}
	}
}

// What h= may name, and what may stand before the "@" of i=, octet by octet.
func TestNameAndLocalPartOctets(t *testing.T) {
	for c := range 0x80 {
		s := string(rune(c))
		if got, want := isFieldName("a"+s), c > ' ' && c < 0x7f && c != ':' && c != ';'; got != want {
			t.Errorf("isFieldName(a%q) = %v", s, got)
		}
		if got, want := isLocalPart("a"+s), c >= ' ' && c < 0x7f && c != '@'; got != want {
			t.Errorf("isLocalPart(a%q) = %v", s, got)
		}
		if got, want := isLocalPart(`"`+s+`"`), c >= ' ' && c < 0x7f && c != '"' && c != '\\'; got != want {
			t.Errorf("isLocalPart of %q in quotes = %v", s, got)
		}
		if got, want := isLocalPart(`"\`+s+`"`), c >= ' ' && c < 0x7f; got != want {
			t.Errorf("isLocalPart of %q with a backslash in quotes = %v", s, got)
		}
	}
	for s, want := range map[string]bool{`"`: false, `""`: true, `"a`: false, `"\"`: false, "\xff": false, "é": true, `a"`: true} {
		if got := isLocalPart(s); got != want {
			t.Errorf("isLocalPart(%q) = %v", s, got)
		}
	}
	if isFieldName("") || isFieldName("é") {
		t.Error("isFieldName takes nothing, or what is not ASCII")
	}
}

// A tag of Extra is one tag with that name and that value: white space around a
// name hides none that has a field of its own.
func TestExtraNames(t *testing.T) {
	for name, value := range map[string]string{
		" foo": "x", "foo ": "x", "foo\r\n ": "x", " v": "1", "l\t": "0", "foo=a": "x", "foo=a;b": "x", ";foo": "x", "": "x", "1": "x", "foo;": "x",
		"foo": "x; b=y", "bar": " x", "baz": "x ", "qux": "a b", "l": "0", "b": "",
	} {
		s := newRig(t).signer
		s.Extra = []Tag{{Name: name, Value: value}}
		if err := s.Validate(); err == nil {
			t.Errorf("Extra %q=%q is taken", name, value)
		}
	}
	s := newRig(t).signer
	s.Extra = []Tag{{Name: "foo", Value: "x=y"}, {Name: "bar"}}
	if err := s.Validate(); err != nil {
		t.Error(err)
	}
}

// A signature that our own verifier would not read is not written: h= names as
// many fields as it may, and not one more.
func TestSignedFieldsLimit(t *testing.T) {
	for n, ok := range map[int]bool{maxFields - 1: true, maxFields: false} {
		r := newRig(t)
		r.signer.Headers = headerlist.MustParse("X+:From")
		message := strings.Repeat("X: y\r\n", n) + testMessage
		w := NewSignWriter(t.Context(), r.signer)
		io.WriteString(w, message)
		signatures, err := w.Finish()
		if !ok && !errors.Is(err, ErrLimit) {
			t.Errorf("%d fields: %v", n+1, err)
		}
		if !ok {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		want(t, "as many as it may", r.verifyOne(t, signatures[0].String()+message), Pass, nil)
	}
}

// A bare LF is looked for in the first KiB of the body, however it is cut.
func TestLineEndingHint(t *testing.T) {
	r := newRig(t)
	signed := r.sign(t, testMessage)
	for at, hint := range map[int]bool{100: true, 1000: true, 1200: false} {
		at -= len(testMessage) - strings.Index(testMessage, "\r\n\r\n") - 4 // in the body
		body := strings.Repeat("line\r\n", at/6) + "bare\n" + strings.Repeat("line\r\n", 1000)
		for _, cut := range []int{0, 50, 500, 900} {
			w := NewVerifyWriter(t.Context(), r.verifier)
			io.WriteString(w, signed+body[:min(cut, len(body))])
			io.WriteString(w, body[min(cut, len(body)):])
			results, err := w.Finish()
			if err != nil || len(results) != 1 || !errors.Is(results[0].Err, ErrBodyHash) || errors.Is(results[0].Err, ErrLineEnding) != hint {
				t.Errorf("bare LF at %d, cut at %d: %v, %v", at, cut, results[0].Err, err)
			}
		}
	}
}
