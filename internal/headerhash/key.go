package headerhash

import "math/bits"

// A key stands for a field name in any case: its first eight octets, its last
// eight, and its length, letters made lower-case. Names of up to sixteen octets
// are equal if their keys are.
type key struct {
	first, last uint64
	length      int
}

// keyLen is the length up to which the key has the whole name.
const keyLen = 16

const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
	lows  = 0x7f * ones
)

func keyOf[N []byte | string](name N) key {
	n := len(name)
	k := key{length: n}
	switch {
	case n >= 8:
		k.first, k.last = lowered(load(name, 0)), lowered(load(name, n-8))
	case n >= 4:
		k.first = lowered(uint64(load32(name, 0)) | uint64(load32(name, n-4))<<32)
	case n > 0: // these are all octets of it
		k.first = lowered(uint64(name[0]) | uint64(name[n/2])<<8 | uint64(name[n-1])<<16)
	}
	return k
}

// mix multiplies, and folds the 128 bits of the product.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// load is the eight octets of s from i on; the first is the lowest.
func load[N []byte | string](s N, i int) uint64 {
	_ = s[i+7]
	return uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
		uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
}

func load32[N []byte | string](s N, i int) uint32 {
	_ = s[i+3]
	return uint32(s[i]) | uint32(s[i+1])<<8 | uint32(s[i+2])<<16 | uint32(s[i+3])<<24
}

// lowered makes the letters A to Z of x lower-case. The high bit of an octet is
// set in the first sum where it is "A" or more, in the second where it is more
// than "Z", and in x where it is beyond ASCII; no sum carries.
func lowered(x uint64) uint64 {
	upper := (x&lows + (0x80-'A')*ones) &^ (x&lows + (0x80-'Z'-1)*ones) &^ x & highs
	return x | upper>>2
}
