package keyrecord

import (
	"crypto/ed25519"
	"fmt"
)

// parseEd25519 takes the 32 octets of a key (RFC 8463, section 4.2). Some
// publish the 44 octets of a SubjectPublicKeyInfo (RFC 8410), which is refused.
func parseEd25519(raw []byte) (ed25519.PublicKey, error) {
	k := ed25519.PublicKey(raw)
	if err := checkEd25519(k); err != nil {
		return nil, err
	}
	return k, nil
}

func checkEd25519(k ed25519.PublicKey) error {
	if len(k) != ed25519.PublicKeySize {
		return fmt.Errorf("%w: an Ed25519 key of %d octets: RFC 8463 wants the %d of the key alone, without ASN.1",
			ErrSyntax, len(k), ed25519.PublicKeySize)
	}
	if isSmallOrder([32]byte(k)) {
		return fmt.Errorf("%w: the Ed25519 key is a point of small order, and proves nothing", ErrSyntax)
	}
	return nil
}

// isSmallOrder reports whether a point, by its encoding, has an order of 1, 2, 4
// or 8. RFC 8032, section 5.1, defines the curve and the encoding: 255 bits of y,
// little-endian, then the sign of x. Eight points have such an order, and five
// values of y: 1 (order 1), p-1 (2), 0 (4), and two of order 8. For 0 and 1 there
// is a second encoding, plus p, that decoders let pass; for the others y+p does
// not fit 255 bits. The sign does not matter.
func isSmallOrder(k [32]byte) bool {
	k[31] &= 0x7f
	switch k {
	case [32]byte{}, // 0
		[32]byte{1}, // 1
		[32]byte{
			0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
			0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
		[32]byte{
			0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
			0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a}:
		return true
	}
	// p-1, p and p+1, where p is 2^255-19: 0xec to 0xee, then ones.
	for _, c := range k[1:31] {
		if c != 0xff {
			return false
		}
	}
	return k[31] == 0x7f && k[0] >= 0xec && k[0] <= 0xee
}
