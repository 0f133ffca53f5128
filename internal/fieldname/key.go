package fieldname

import (
	"math/bits"
	"math/rand/v2"
)

// A Key stands for a name in a table: its first eight octets, its last eight,
// lowered, and its length. That is all of a name of up to sixteen octets.
type Key struct {
	first, last uint64
	length      int
}

// KeyOf returns the Key of a name.
func KeyOf[N []byte | string](name N) Key {
	n := len(name)
	if n < 8 {
		return Key{short(name), 0, n}
	}
	return Key{lowered(load(name, 0)), lowered(load(name, n-8)), n}
}

// short has all octets of a name of up to seven, lowered, some of them twice.
func short[N []byte | string](name N) uint64 {
	n := len(name)
	switch {
	case n >= 4:
		return lowered(uint64(load32(name, 0)) | uint64(load32(name, n-4))<<32)
	case n > 0:
		return lowered(uint64(name[0]) | uint64(name[n/2])<<8 | uint64(name[n-1])<<16)
	}
	return 0
}

// Match is Equal for two names whose keys are known.
func Match[A, B []byte | string](k Key, a A, other Key, b B) bool {
	const whole = 16 // octets of a name that the key has
	return k == other && (k.length <= whole || Equal(a, b))
}

// A Seed makes the hashes of one table its own: who does not know it cannot
// choose names that collide. The zero Seed is none; see NewSeed.
type Seed [2]uint64

// NewSeed returns a random Seed.
func NewSeed() Seed { return Seed{rand.Uint64(), rand.Uint64()} }

// Hash returns the hash of a name whose Key is k. Equal names have equal hashes.
func Hash[N []byte | string](s Seed, k Key, name N) uint64 {
	// The length turns the seed, so that no last eight octets make up for it.
	h := mix(k.first^s[0], k.last^bits.RotateLeft64(s[1], k.length))
	for at := 8; at < k.length-8; at += 8 { // between what the key has
		h = mix(h^lowered(load(name, at)), s[1])
	}
	// One product in a thousand leaves patterns of the names in its low bits.
	const golden = 0x9e3779b97f4a7c15 // the golden ratio, as a fraction of 64 bits
	return mix(h, golden)
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
	const (
		ones  = 0x0101010101010101
		highs = 0x80 * ones
		lows  = 0x7f * ones
	)
	upper := (x&lows + (0x80-'A')*ones) &^ (x&lows + (0x80-'Z'-1)*ones) &^ x & highs
	return x | upper>>2
}
