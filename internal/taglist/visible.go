package taglist

import "math/bits"

// IsVisible reports whether s is of visible ASCII characters alone, 0x21 to
// 0x7E.
func IsVisible(s string) bool { return visibleLen(s) == len(s) }

// visibleLen returns how many octets at the start of s are visible ASCII
// characters, 0x21 to 0x7E. Values are long runs of them, so it looks at eight
// at a time.
func visibleLen(s string) int {
	const (
		ones  = 0x0101010101010101
		highs = 0x80 * ones
		lows  = 0x7f * ones
	)
	i := 0
	for t := s; len(t) >= 8; t = t[8:] {
		x := uint64(t[0]) | uint64(t[1])<<8 | uint64(t[2])<<16 | uint64(t[3])<<24 |
			uint64(t[4])<<32 | uint64(t[5])<<40 | uint64(t[6])<<48 | uint64(t[7])<<56
		// No sum carries into the next octet. The high bit of an octet is set in
		// the first where it is 0x21 or more, in the second where it is 0x7F,
		// and in x where it is beyond ASCII.
		other := ^((x&lows + (0x80-0x21)*ones) &^ (x&lows + ones) &^ x) & highs
		if other != 0 {
			return i + bits.TrailingZeros64(other)/8
		}
		i += 8
	}
	for ; i < len(s); i++ {
		if s[i] <= ' ' || s[i] >= 0x7f {
			break
		}
	}
	return i
}
