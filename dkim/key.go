package dkim

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"
)

// ParseKey parses a private key for a Signer: PEM of PKCS #8 or PKCS #1, the
// base64 of either without the PEM lines, or the base64 of a 32-octet Ed25519
// seed. The error wraps ErrKey and says what the data is instead; it holds
// nothing of the key. The size of an RSA key is checked by Signer.Validate.
func ParseKey(data []byte) (crypto.Signer, error) {
	der, err := keyDER(data)
	if err != nil {
		return nil, err
	}
	if len(der) == ed25519.SeedSize {
		return ed25519.NewKeyFromSeed(der), nil
	}
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		switch key := key.(type) {
		case *rsa.PrivateKey:
			return key, nil
		case ed25519.PrivateKey:
			return key, nil
		}
		return nil, fmt.Errorf("%w: a private key of type %T; DKIM has RSA and Ed25519", ErrKey, key)
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	return nil, fmt.Errorf("%w: neither a PKCS #8 nor a PKCS #1 private key, nor an Ed25519 seed of 32 octets", ErrKey)
}

// keyDER takes the octets of a key out of PEM or base64.
func keyDER(data []byte) ([]byte, error) {
	const most = 64 << 10 // octets: an RSA key of 16,384 bits has 13 KiB
	if len(data) > most {
		return nil, fmt.Errorf("%w: %d octets are no private key", ErrKey, len(data))
	}
	if block, _ := pem.Decode(data); block != nil {
		switch {
		case block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
			return nil, fmt.Errorf("%w: the key is encrypted; decrypt it with \"openssl pkey -in FILE\" first", ErrKey)
		case block.Type != "PRIVATE KEY" && block.Type != "RSA PRIVATE KEY":
			return nil, fmt.Errorf("%w: PEM of type %.40q; want PRIVATE KEY or RSA PRIVATE KEY", ErrKey, block.Type)
		}
		return block.Bytes, nil
	}
	text := bytes.Join(bytes.Fields(data), nil)
	der, err := base64.StdEncoding.AppendDecode(nil, text)
	if err != nil || len(der) == 0 {
		return nil, fmt.Errorf("%w: neither PEM nor base64", ErrKey)
	}
	return der, nil
}
