package dkimtest

import (
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	_ "embed"
	"encoding/pem"
	"fmt"
)

//go:embed testdata/rsa.pem
var rsaPEM []byte

// RSA returns a private key of 512, 768, 1023, 1024, 1025, 1536, 2047, 2048,
// 3072, 4096 or 8192 bits, made for tests and known to everybody. It panics for another size.
func RSA(bits int) *rsa.PrivateKey {
	for rest := rsaPEM; ; {
		block, next := pem.Decode(rest)
		if block == nil {
			panic(fmt.Sprintf("dkimtest: no RSA key of %d bits", bits))
		}
		rest = next
		if block.Headers["Bits"] != fmt.Sprint(bits) {
			continue
		}
		key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
		if err != nil {
			panic(err)
		}
		return key
	}
}

// Ed25519 returns a private key made from a seed whose octets are all n.
func Ed25519(n byte) ed25519.PrivateKey {
	seed := make([]byte, ed25519.SeedSize)
	for i := range seed {
		seed[i] = n
	}
	return ed25519.NewKeyFromSeed(seed)
}
