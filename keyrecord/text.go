package keyrecord

import (
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/waxseal/waxseal/internal/taglist"
)

// String returns the record as the text of a TXT record: v= first, p= last, and
// between them what is not the default. An RSA key is printed as a
// SubjectPublicKeyInfo. Parse of the text returns an equal record.
//
// It returns "" for a record that has no such text, since Parse would refuse it:
// another type of key, say, or a flag that is not a word. No verifier takes ""
// for a key record.
func (r *Record) String() string {
	text, err := r.text()
	if err != nil {
		return ""
	}
	return text
}

func (r *Record) text() (string, error) {
	if r == nil {
		return "", errors.New("no record")
	}
	b := []byte("v=DKIM1")
	p, keyType, err := marshalKey(r)
	if err != nil {
		return "", err
	}
	for _, list := range []struct {
		name, also string
		words      []string
	}{{"h", "", r.Hashes}, {"k", "", keyType}, {"s", "*", r.Services}, {"t", "", r.Flags}} {
		for _, w := range list.words {
			if err := checkWord(list.name, w, list.also); err != nil {
				return "", err
			}
		}
		if len(list.words) > 0 {
			b = fmt.Appendf(b, "; %s=%s", list.name, strings.Join(list.words, ":"))
		}
	}
	if r.Granularity != nil {
		b = fmt.Appendf(b, "; g=%s", *r.Granularity)
	}
	if r.Notes != "" {
		b = taglist.AppendQP(append(b, "; n="...), r.Notes, false)
	}
	b = fmt.Appendf(b, "; p=%s", p)
	if len(b) > maxRecord {
		return "", fmt.Errorf("%w: %d octets, the limit is %d", ErrSyntax, len(b), maxRecord)
	}
	if r.Granularity != nil { // the one value that is written as it is given
		tags, err := taglist.Parse(string(b))
		if err != nil {
			return "", fmt.Errorf("%w: %w", ErrSyntax, err)
		}
		if g, _ := tags.Get("g"); g != *r.Granularity {
			return "", fmt.Errorf("%w: g=%.40q is not a value of a tag", ErrSyntax, *r.Granularity)
		}
	}
	return string(b), nil
}

// marshalKey returns the value of p=, and that of k= where it is not the default.
func marshalKey(r *Record) (p string, keyType []string, err error) {
	if r.Revoked() {
		return "", nil, nil
	}
	raw, err := keyOctets(r.Key)
	if err != nil {
		return "", nil, err
	}
	if _, ok := r.Key.(ed25519.PublicKey); ok {
		keyType = []string{"ed25519"}
	}
	return base64.StdEncoding.EncodeToString(raw), keyType, nil
}

// keyOctets returns what p= encodes.
func keyOctets(pub any) ([]byte, error) {
	if err := checkKey(pub); err != nil {
		return nil, err
	}
	if k, ok := pub.(*rsa.PublicKey); ok {
		return marshalRSA(k)
	}
	return pub.(ed25519.PublicKey), nil
}
