package keyrecord

import (
	"crypto/rsa"
	encasn1 "encoding/asn1"
	"fmt"
	"math"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// rsaEncryption names an RSA key in a SubjectPublicKeyInfo (RFC 3279, section 2.3.1).
var rsaEncryption = encasn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}

// parseRSA parses the DER of an RSA key: a SubjectPublicKeyInfo, or the bare
// RSAPublicKey in it. The two differ in what their outer SEQUENCE begins with.
func parseRSA(der []byte) (*rsa.PublicKey, error) {
	input, seq := cryptobyte.String(der), cryptobyte.String(nil)
	if !input.ReadASN1(&seq, asn1.SEQUENCE) || !input.Empty() {
		return nil, fmt.Errorf("%w: p= is not one DER value with an RSA key", ErrSyntax)
	}
	if seq.PeekASN1Tag(asn1.SEQUENCE) {
		var err error
		if seq, err = parseSPKI(seq); err != nil {
			return nil, err
		}
	}
	n, e := new(big.Int), new(big.Int)
	if !seq.ReadASN1Integer(n) || !seq.ReadASN1Integer(e) || !seq.Empty() {
		return nil, fmt.Errorf("%w: p= is not an RSAPublicKey of modulus and exponent", ErrSyntax)
	}
	if !e.IsInt64() {
		e.SetInt64(0)
	}
	if err := checkRSA(n, e.Int64()); err != nil {
		return nil, err
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
}

// parseSPKI returns the content of the RSAPublicKey that is in the content of a
// SubjectPublicKeyInfo. The parameters of rsaEncryption are NULL, and are there:
// crypto/x509 wants them too.
func parseSPKI(seq cryptobyte.String) (cryptobyte.String, error) {
	var alg, null, key cryptobyte.String
	var oid encasn1.ObjectIdentifier
	var bits []byte
	if !seq.ReadASN1(&alg, asn1.SEQUENCE) || !alg.ReadASN1ObjectIdentifier(&oid) {
		return nil, fmt.Errorf("%w: p= is not a SubjectPublicKeyInfo", ErrSyntax)
	}
	if !oid.Equal(rsaEncryption) {
		return nil, fmt.Errorf("%w: p= holds a key of algorithm %v, not rsaEncryption", ErrSyntax, oid)
	}
	if !alg.ReadASN1(&null, asn1.NULL) || !null.Empty() || !alg.Empty() {
		return nil, fmt.Errorf("%w: p=: the parameters of rsaEncryption are not NULL", ErrSyntax)
	}
	if !seq.ReadASN1BitStringAsBytes(&bits) || !seq.Empty() {
		return nil, fmt.Errorf("%w: p= is not a SubjectPublicKeyInfo", ErrSyntax)
	}
	inner := cryptobyte.String(bits)
	if !inner.ReadASN1(&key, asn1.SEQUENCE) || !inner.Empty() {
		return nil, fmt.Errorf("%w: p= has no RSAPublicKey in its SubjectPublicKeyInfo", ErrSyntax)
	}
	return key, nil
}

// checkRSA refuses what is no RSA key, and what is costly without need.
func checkRSA(n *big.Int, e int64) error {
	switch {
	case n.Sign() <= 0 || n.Bit(0) == 0:
		return fmt.Errorf("%w: the RSA modulus is not a positive odd number", ErrSyntax)
	case n.BitLen() > maxRSABits:
		return fmt.Errorf("%w: RSA of %d bits, the limit is %d", ErrKeySize, n.BitLen(), maxRSABits)
	case e < 3 || e > math.MaxInt32 || e%2 == 0:
		return fmt.Errorf("%w: the RSA exponent is not an odd number from 3 to %d", ErrSyntax, math.MaxInt32)
	}
	return nil
}

// marshalRSA returns the SubjectPublicKeyInfo of a key that passes checkRSA.
func marshalRSA(k *rsa.PublicKey) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(rsaEncryption)
			b.AddASN1NULL()
		})
		b.AddASN1(asn1.BIT_STRING, func(b *cryptobyte.Builder) {
			b.AddUint8(0) // no unused bits
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1BigInt(k.N)
				b.AddASN1Int64(int64(k.E))
			})
		})
	})
	return b.Bytes()
}
