package taglist

import "math/bits"

// IsVisible reports whether s is of visible ASCII characters alone, 0x21 to
// 0x7E.
func IsVisible(s string) bool { return visibleLen(s) == len(s) }

// visibleLen returns how many octets at the start of s are visible ASCII
// characters, 0x21 to 0x7E. Values are long runs of them, so it looks at eight
// at a time.
func visibleLen(s string) int {
	i := 0
	for ; len(s)-i >= 8; i += 8 {
		if x := invisible(load(s[i:])); x != 0 {
			return i + bits.TrailingZeros64(x)/8
		}
	}
	if len(s) >= 8 { // what is left, with zeros behind it, which are not visible
		x := load(s[len(s)-8:]) >> (8 * (8 - len(s) + i))
		return i + bits.TrailingZeros64(invisible(x))/8
	}
	for ; i < len(s); i++ {
		if s[i] <= ' ' || s[i] >= 0x7f {
			break
		}
	}
	return i
}

// visibleUpTo is visibleLen of what s has before sep, a visible character.
func visibleUpTo(s string, sep byte) int {
	i := 0
	for ; len(s)-i >= 8; i += 8 {
		x := load(s[i:])
		y := x ^ uint64(sep)*ones
		// Only above an octet that is zero can a borrow take another for zero.
		if f := invisible(x) | (y-ones)&^y&highs; f != 0 {
			return i + bits.TrailingZeros64(f)/8
		}
	}
	for ; i < len(s) && s[i] > ' ' && s[i] < 0x7f && s[i] != sep; i++ {
	}
	return i
}

const (
	ones  = 0x0101010101010101 // times c: c in every octet of a word
	highs = 0x80 * ones
)

// load is the eight octets that s begins with; the first is the lowest.
func load(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// invisible is 0 if all octets of x are visible ASCII characters. If not, the
// lowest octet that has its high bit set is the first of x that is none.
//
// The high bit of an octet is set in the difference if the octet is below 0x21,
// in the sum if it is 0x7F, and in x beyond ASCII. A borrow or a carry comes from
// such an octet only, so it reaches none before the first.
func invisible(x uint64) uint64 {
	return ((x - 0x21*ones) | (x + ones) | x) & highs
}
