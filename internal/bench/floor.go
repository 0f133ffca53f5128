package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
)

// A floor is the cryptography of one signed message, ready to be done again
// and again: the octets to hash, and the key.
type floor struct {
	header, body []byte // canonical
	bodyHash     []byte // bh=
	signature    []byte // b=
	key          crypto.Signer
}

var errFloor = errors.New("the floor does not hash what the signature signs")

// newFloor returns the floor of a message whose first field is the signature,
// as waxseal writes it: b= is the last tag.
func newFloor(msg []byte, key crypto.Signer) (*floor, error) {
	head, body, ok := bytes.Cut(msg, []byte("\r\n\r\n"))
	fields := splitFields(append(bytes.Clone(head), "\r\n"...))
	if !ok || len(fields) == 0 {
		return nil, errFloor
	}
	sig, err := dkim.ParseSignature(fields[0])
	if err != nil {
		return nil, err
	}
	f := &floor{key: key, bodyHash: sig.BodyHash, signature: sig.Value}
	var canonical bytes.Buffer
	w := sig.Canon.Body.NewBodyWriter(&canonical)
	w.Write(body)
	w.Close()
	f.body = canonical.Bytes()
	f.header = canonicalHeader(sig, fields)
	if err := f.verify(); err != nil {
		return nil, err
	}
	return f, nil
}

// splitFields splits a header into its fields.
func splitFields(head []byte) [][]byte {
	var fields [][]byte
	for line := range bytes.Lines(head) {
		if line[0] == ' ' || line[0] == '\t' {
			last := &fields[len(fields)-1]
			*last = append(*last, line...)
			continue
		}
		fields = append(fields, bytes.Clone(line))
	}
	return fields
}

// canonicalHeader returns what the first of fields, a signature, signs (RFC
// 6376, section 3.7).
func canonicalHeader(sig *dkim.Signature, fields [][]byte) []byte {
	var buf []byte
	used := make([]bool, len(fields))
	for _, name := range sig.Fields {
		for i := len(fields) - 1; i > 0; i-- {
			have, _, _ := bytes.Cut(fields[i], []byte(":"))
			if !used[i] && strings.EqualFold(string(bytes.TrimRight(have, " \t")), name) {
				used[i] = true
				buf = sig.Canon.Header.AppendField(buf, fields[i])
				break
			}
		}
	}
	own := fields[0]
	last := bytes.LastIndexByte(own, ';')
	value := last + bytes.IndexByte(own[last:], '=') + 1
	own = append(bytes.Clone(own[:value]), "\r\n"...)
	return bytes.TrimSuffix(sig.Canon.Header.AppendField(buf, own), []byte("\r\n"))
}

// verify does what no verifier can do without.
func (f *floor) verify() error {
	if digest := sha256.Sum256(f.body); !bytes.Equal(digest[:], f.bodyHash) {
		return errFloor
	}
	digest := sha256.Sum256(f.header)
	return f.verifyDigest(digest[:])
}

// verifyDigest is the operation with the key.
func (f *floor) verifyDigest(digest []byte) error {
	switch pub := f.key.Public().(type) {
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(pub, crypto.SHA256, digest, f.signature)
	case ed25519.PublicKey:
		if ed25519.Verify(pub, digest, f.signature) {
			return nil
		}
	}
	return errFloor
}

// sign does what no signer can do without.
func (f *floor) sign() error {
	sha256.Sum256(f.body)
	digest := sha256.Sum256(f.header)
	var opts crypto.SignerOpts = crypto.SHA256
	if _, ok := f.key.(ed25519.PrivateKey); ok {
		opts = crypto.Hash(0) // RFC 8463 signs the digest as a message
	}
	_, err := f.key.Sign(rand.Reader, digest[:], opts)
	return err
}

// seal returns the message with signatures of waxseal, the first signer's on top.
func seal(msg []byte, signers ...*dkim.Signer) ([]byte, error) {
	w := dkim.NewSignWriter(context.Background(), dkim.SignerList(signers))
	w.Write(msg)
	sigs, err := w.Finish()
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	var all bytes.Buffer
	for _, s := range sigs {
		all.WriteString(s.String())
	}
	all.Write(msg)
	return all.Bytes(), nil
}

// sealHeader returns a signed header, the empty line included, for bodies that
// it does not sign.
func sealHeader(s *dkim.Signer) ([]byte, error) {
	const other = "another body\r\n"
	msg, err := seal([]byte(header+"\r\n"+other), s)
	return bytes.TrimSuffix(msg, []byte(other)), err
}

// both returns the same canonicalization for header and body, as all rows have it.
func both(a canon.Algorithm) canon.Pair { return canon.Pair{Header: a, Body: a} }

// headerDigest returns what the operation with the key signs.
func headerDigest(f *floor) []byte {
	digest := sha256.Sum256(f.header)
	return digest[:]
}
