package canon

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// This file is the fast path of relaxed bodies. Next to nothing in a real body
// changes, so the work is to find the few places that do, and to leave the
// spans between them alone: a stretch without such a place goes to the hash
// from the caller's slice.
//
// Why it is right: stretches begin and end with an octet that is data (add
// sees to that), so every run of white space in one is complete, and so is
// the CRLF that may follow it. A run changes only if it holds an HTAB, or is
// longer than one octet, or stands before a CRLF. Each of those is an HTAB, or
// an SP before SP, HTAB or CR. suspect finds all of these, and also some that
// are neither, so what it finds is looked at octet by octet.

const (
	wspSet uint64 = 1<<' ' | 1<<'\t'
	crSet  uint64 = 1 << '\r'
	lfSet  uint64 = 1 << '\n'

	ones  = 0x0101010101010101 // times c: c in every octet of a word
	highs = 0x80 * ones
)

func isWSP(c byte) bool { return c == ' ' || c == '\t' }

// suspect returns the index of the first octet of b, from i on, that is an
// HTAB (unless tabs is false: b has none) or an SP before an octet below 0x21;
// or the index of one before that, at times, that is neither. It returns
// len(b) when there is none. The last octet of b is not looked at.
//
// It works on eight octets at a time. x-ones has the high bit of an octet set
// where x has a zero octet, and (next - 0x21 in every octet) where next is
// below 0x21; octets with the high bit set are taken out. A borrow from the
// octet below can set a bit too many, never clear one.
func suspect(b []byte, i int, tabs bool) int {
	if tabs {
		for ; len(b)-i > 8; i += 8 {
			x := binary.LittleEndian.Uint64(b[i:])
			next := binary.LittleEndian.Uint64(b[i+1:])
			if f := (spaceBefore(x, next) | zero(x^'\t'*ones)) & highs; f != 0 {
				return i + bits.TrailingZeros64(f)/8
			}
		}
	} else {
		for ; len(b)-i > 32; i += 32 {
			p := b[i : i+33 : i+33]
			f0 := spaceBefore(binary.LittleEndian.Uint64(p), binary.LittleEndian.Uint64(p[1:]))
			f1 := spaceBefore(binary.LittleEndian.Uint64(p[8:]), binary.LittleEndian.Uint64(p[9:]))
			f2 := spaceBefore(binary.LittleEndian.Uint64(p[16:]), binary.LittleEndian.Uint64(p[17:]))
			f3 := spaceBefore(binary.LittleEndian.Uint64(p[24:]), binary.LittleEndian.Uint64(p[25:]))
			if (f0|f1|f2|f3)&highs != 0 {
				break
			}
		}
		for ; len(b)-i > 8; i += 8 {
			f := spaceBefore(binary.LittleEndian.Uint64(b[i:]), binary.LittleEndian.Uint64(b[i+1:])) & highs
			if f != 0 {
				return i + bits.TrailingZeros64(f)/8
			}
		}
	}
	for ; i < len(b)-1; i++ {
		if b[i] == '\t' || b[i] == ' ' && b[i+1] <= ' ' {
			return i
		}
	}
	return len(b)
}

// zero has the high bit set of each octet of x that is zero, if none is zero
// below it also exactly; other bits are of no meaning.
func zero(x uint64) uint64 { return (x - ones) &^ x }

// spaceBefore has the high bit set of each octet of x that is an SP where
// next has one below 0x21.
func spaceBefore(x, next uint64) uint64 {
	x ^= ' ' * ones
	return (x - ones) & (next - 0x21*ones) &^ (x | next)
}

// emitRelaxed passes on b, at most stageSize octets that begin and end with
// data, with its white space relaxed.
func (w *BodyWriter) emitRelaxed(b []byte) {
	tabs := bytes.IndexByte(b, '\t') >= 0
	i := 0
	if tabs || bytes.IndexByte(b, ' ') >= 0 {
		i = suspect(b, 0, tabs)
	} else {
		i = len(b)
	}
	w.emit(b[:i])
	if b = b[i:]; len(b) > 0 {
		w.reserve(len(b))
		n := relax(w.stage[w.staged:], b, tabs)
		w.staged += n
		w.length += int64(n)
	}
}

// relax writes b with its white space relaxed to dst, which has room for b,
// and returns the length. b ends with data, and does not begin within a run of
// white space.
func relax(dst, b []byte, tabs bool) int {
	n := 0     // octets written
	start := 0 // b[start:i] is to be copied
	last := -denseWindow
	for i := 0; ; {
		i = suspect(b, i, tabs)
		if i == len(b) {
			return n + copy(dst[n:], b[start:])
		}
		if i-last < denseGap {
			n += copy(dst[n:], b[start:i])
			end := min(i+denseWindow, len(b)-1)
			for end < len(b)-1 && isWSP(b[end-1]) {
				end++
			}
			n += compact(dst[n:], b[i:end+1])
			i, start = end, end
			last = -denseWindow
			continue
		}
		k := i + 1
		for k < len(b) && isWSP(b[k]) {
			k++
		}
		last = k
		switch {
		case !isWSP(b[i]):
			k = i + 1
		case k+1 < len(b) && b[k] == '\r' && b[k+1] == '\n':
			n += copy(dst[n:], b[start:i])
			start = k
		case b[k-1] == ' ':
			n += copy(dst[n:], b[start:i])
			start = k - 1
		default:
			n += copy(dst[n:], b[start:i])
			dst[n] = ' '
			n++
			start = k
		}
		i = k
	}
}

const (
	denseGap    = 24
	denseWindow = 128
)

// compact does what relax does, but for b's last octet, which it only looks
// at. It takes the same time whatever the octets are.
func compact(dst, b []byte) int {
	n := 0
	afterWSP := 0
	dst = dst[:len(b)]
	for i := 0; i < len(b)-1; i++ {
		c := b[i]
		wsp := int(wspSet >> c & 1)
		crlf := 0
		if binary.LittleEndian.Uint16(b[i:]) == '\r'|'\n'<<8 {
			crlf = 1
		}
		n -= crlf & afterWSP
		if wsp != 0 {
			c = ' '
		}
		dst[n] = c
		n += 1 - wsp&afterWSP
		afterWSP = wsp
	}
	return n
}
