package canon

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// This file is the fast path of relaxed bodies. Next to nothing in a real body
// changes, so the work is to find the few places that do and to leave the
// spans between them alone. A block without such a place goes to the hash from
// where it is.
//
// Why it is right: a block begins and ends with an octet that is data (add
// sees to that), so every run of white space in it is complete, and so is the
// CRLF that may follow the run. A run changes only if it has an HTAB, or is
// longer than one octet, or stands before a CRLF. In each case its first octet
// is an HTAB, or an SP before an SP, an HTAB or a CR. suspect finds all of
// these, and now and then another octet, so what it finds is looked at again.
//
// Where suspects are so dense that looking at each costs more than looking at
// every octet, compact takes over, which has no branch that depends on them.

const (
	wspSet uint64 = 1<<' ' | 1<<'\t'
	crSet  uint64 = 1 << '\r'
	lfSet  uint64 = 1 << '\n'

	ones  = 0x0101010101010101 // times c: c in every octet of a word
	highs = 0x80 * ones

	wordLen = 8
)

func isWSP(c byte) bool { return c == ' ' || c == '\t' }

// load is the eight octets that b begins with; the first is the lowest.
func load(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

func store(b []byte, x uint64) { binary.LittleEndian.PutUint64(b, x) }

// lowered makes the letters A to Z of x lower-case. The high bit of an octet is
// set in the first sum where it is "A" or more, in the second where it is more
// than "Z", and in x where it is beyond ASCII; no sum carries.
func lowered(x uint64) uint64 {
	const lows = highs - ones // 0x7f in every octet
	upper := (x&lows + (0x80-'A')*ones) &^ (x&lows + (0x80-'Z'-1)*ones) &^ x & highs
	return x | upper>>2
}

// emitRelaxed passes on b, at most blockSize octets that begin and end with
// data, with its white space relaxed.
func (w *BodyWriter) emitRelaxed(b []byte) {
	tabs := bytes.IndexByte(b, '\t') >= 0
	i := len(b)
	if tabs || bytes.IndexByte(b, ' ') >= 0 {
		i = suspect(b, 0, tabs)
	}
	if i > 0 {
		w.emit(b[:i])
	}
	if i < len(b) {
		w.reserve(len(b) - i)
		n := relax(w.out[w.staged:], b[i:], tabs)
		w.staged += n
		w.length += int64(n)
	}
}

const (
	// suspectCost is how many octets compact does in the time of one suspect,
	// measured on x86-64.
	suspectCost = 24

	// maxCredit lets a few suspects stand close together, as at the short
	// lines of HTML, before compact is called for.
	maxCredit = 6 * suspectCost

	// denseStep is how many octets compact is given before suspect looks
	// again.
	denseStep = 128
)

// relax writes b with its white space relaxed to dst, which has room for b,
// and returns the length. b ends with data and does not begin within a run of
// white space.
func relax(dst, b []byte, tabs bool) int {
	n := 0              // octets of dst that are written
	start := 0          // b[start:i] is to be copied
	last := 0           // the place up to which credit is counted
	credit := maxCredit // octets that paid for a suspect to come
	for i := 0; ; {
		i = suspect(b, i, tabs)
		if i == len(b) {
			return n + copy(dst[n:], b[start:])
		}
		n += copy(dst[n:], b[start:i])
		start = i

		credit = min(credit+i-last, maxCredit) - suspectCost
		last = i
		if credit < 0 {
			credit = 0
			read, written := compact(dst[n:], b[i:], denseStep)
			if read > 0 {
				n += written
				i += read
				start, last = i, i
				continue
			}
		}

		i = endOfWSP(b, i)
		switch {
		case i == start:
			i++ // none
		case i+1 < len(b) && b[i] == '\r' && b[i+1] == '\n':
			start = i
		case b[i-1] == ' ':
			start = i - 1
		default:
			dst[n] = ' '
			n++
			start = i
		}
	}
}

// suspect returns the index of the first octet of b, from i on, that is an
// HTAB (if tabs is set; it must be when b has one) or an SP before an octet
// below 0x21, or of an octet before that which is neither. It returns len(b)
// when there is none. The last octet of b is not looked at.
func suspect(b []byte, i int, tabs bool) int {
	for ; !tabs && len(b)-i > 32; i += 32 {
		p := b[i : i+33 : i+33]
		if (perhaps(load(p), load(p[1:]))|perhaps(load(p[8:]), load(p[9:]))|
			perhaps(load(p[16:]), load(p[17:]))|perhaps(load(p[24:]), load(p[25:])))&highs == 0 {
			continue
		}
		f0 := spaceBefore(load(p), load(p[1:]))
		f1 := spaceBefore(load(p[8:]), load(p[9:]))
		f2 := spaceBefore(load(p[16:]), load(p[17:]))
		f3 := spaceBefore(load(p[24:]), load(p[25:]))
		if f0|f1|f2|f3 == 0 {
			continue
		}
		return i + first(f0, f1, f2, f3)
	}
	for ; len(b)-i > 32; i += 32 {
		p := b[i : i+33 : i+33]
		x0, x1, x2, x3 := load(p), load(p[8:]), load(p[16:]), load(p[24:])
		if (perhaps(x0, load(p[1:]))|perhaps(x1, load(p[9:]))|perhaps(x2, load(p[17:]))|perhaps(x3, load(p[25:]))|
			perhapsTab(x0)|perhapsTab(x1)|perhapsTab(x2)|perhapsTab(x3))&highs == 0 {
			continue
		}
		f0 := tabOrSpaceBefore(x0, load(p[1:]))
		f1 := tabOrSpaceBefore(x1, load(p[9:]))
		f2 := tabOrSpaceBefore(x2, load(p[17:]))
		f3 := tabOrSpaceBefore(x3, load(p[25:]))
		if f0|f1|f2|f3 == 0 {
			continue
		}
		return i + first(f0, f1, f2, f3)
	}
	for ; len(b)-i > 8; i += 8 {
		if f := tabOrSpaceBefore(load(b[i:]), load(b[i+1:])); f != 0 {
			return i + bits.TrailingZeros64(f)/8
		}
	}
	if at := len(b) - 9; at >= 0 {
		// A word that ends where b does, less what was looked at.
		f := tabOrSpaceBefore(load(b[at:]), load(b[at+1:])) >> (8 * (i - at))
		if f != 0 {
			return i + bits.TrailingZeros64(f)/8
		}
		return len(b)
	}
	for ; i < len(b)-1; i++ {
		if b[i] == '\t' || b[i] == ' ' && b[i+1] <= ' ' {
			return i
		}
	}
	return len(b)
}

// first returns the index of the lowest octet that has a bit set, of the 32
// in four words of which one is not zero.
func first(f0, f1, f2, f3 uint64) int {
	// These compile to conditional moves: a branch would go wrong often.
	at, f := 24, f3
	if f2 != 0 {
		at, f = 16, f2
	}
	if f1 != 0 {
		at, f = 8, f1
	}
	if f0 != 0 {
		at, f = 0, f0
	}
	return at + bits.TrailingZeros64(f)/8
}

// tabOrSpaceBefore is spaceBefore, and the same for each HTAB of x.
func tabOrSpaceBefore(x, next uint64) uint64 {
	tab := x ^ '\t'*ones
	return spaceBefore(x, next) | (tab-ones)&^tab&highs
}

// spaceBefore has the high bit set of each octet of x that is an SP where next
// has an octet below 0x21, and at times of one above such an octet.
//
// Taking c from an octet sets its high bit if the octet was below c, or was
// high already, which x|next takes out. A borrow from the octet below can set
// a bit too many; it cannot clear one, as what is left of an octet below c is
// far from 0x80.
func spaceBefore(x, next uint64) uint64 {
	x ^= ' ' * ones
	return (x - ones) & (next - 0x21*ones) &^ (x | next) & highs
}

// perhapsTab is the same for an HTAB, without taking out the octets with the
// high bit set.
func perhapsTab(x uint64) uint64 { return (x ^ '\t'*ones) - ones }

// perhaps is spaceBefore without taking out the octets with the high bit set:
// half the work, and as good for ASCII.
func perhaps(x, next uint64) uint64 {
	return ((x ^ ' '*ones) - ones) & (next - 0x21*ones)
}

// endOfWSP returns the index of the first octet of b, from i on, that is not
// white space, or len(b).
func endOfWSP(b []byte, i int) int {
	for ; len(b)-i >= 8; i += 8 {
		_, wsp, _, _ := classes(load(b[i:]))
		if wsp != highs {
			return i + bits.TrailingZeros64(^wsp&highs)/8
		}
	}
	for i < len(b) && isWSP(b[i]) {
		i++
	}
	return i
}

// compact does what relax does for the octets that b begins with, limit or a
// few more if there are as many, and returns how many octets it read and wrote.
// What it read may end within a run of white space; nothing is written for
// the run then, and the rest of b stands for it.
//
// An octet goes if it is white space before white space or before CRLF. The
// others move down to where the octets that stay end. All eight of a word are
// stored, each at its place or where a later one overwrites it.
func compact(dst, b []byte, limit int) (read, written int) {
	if len(b) <= 16 {
		return 0, 0
	}
	x := load(b)
	tab, wsp, cr, lf := classes(x)
	for read < limit && len(b)-read > 16 {
		read += 8
		next := load(b[read:])
		nextTab, nextWSP, nextCR, nextLF := classes(next)

		crlf := (cr>>8 | nextCR<<56) & (lf>>16 | nextLF<<48)
		stay := ^(wsp & (wsp>>8 | nextWSP<<56 | crlf)) & highs
		x ^= tab>>2 | tab>>4 | tab>>7 // HTAB to SP: 0x09 ^ 0x20

		// Octet i of to is the number of octets that stay up to octet i of x.
		to := (stay >> 7) * ones
		d := (*[8]byte)(dst[written:])
		d[0] = byte(x)
		d[to&7] = byte(x >> 8)
		d[to>>8&7] = byte(x >> 16)
		d[to>>16&7] = byte(x >> 24)
		d[to>>24&7] = byte(x >> 32)
		d[to>>32&7] = byte(x >> 40)
		d[to>>40&7] = byte(x >> 48)
		d[to>>48&7] = byte(x >> 56)
		written += int(to >> 56)

		x, tab, wsp, cr, lf = next, nextTab, nextWSP, nextCR, nextLF
	}
	return read, written
}

// classes has the high bit set of each octet of x that is HTAB, WSP, CR, LF,
// and no other. Octets are below 0x80 when 0x7f is added, so nothing carries.
func classes(x uint64) (tab, wsp, cr, lf uint64) {
	const lows = highs - ones // 0x7f in every octet
	y := x & lows
	high := x | ^uint64(highs)
	tab = ^((y ^ '\t'*ones) + lows | high)
	wsp = ^((y ^ ' '*ones) + lows | high) | tab
	cr = ^((y ^ '\r'*ones) + lows | high)
	lf = ^((y ^ '\n'*ones) + lows | high)
	return tab, wsp, cr, lf
}

// firstOctet returns the index of the lowest octet of f, which is not zero,
// that has a bit set.
func firstOctet(f uint64) int { return bits.TrailingZeros64(f) / 8 }
