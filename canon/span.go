package canon

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// This file is the fast path of relaxed bodies. Next to nothing in a real body
// changes, so the work is to find the few places that do, and to copy the rest
// on the way. A block without white space goes to the hash from where it is.
//
// Why it is right: a block begins and ends with an octet that is data (add
// sees to that), so every run of white space in it is complete, and so is the
// CRLF that may follow the run. A run changes only if it has an HTAB, or is
// longer than one octet, or stands before a CRLF. In each case its first octet
// is an HTAB, or an SP before an SP, an HTAB or a CR. Every such octet is a
// suspect, and now and then another one is, so relax looks at what is found
// again. It need not fear that this is within a run: the first octet of the run
// is a suspect then, and comes first.
//
// Where suspects are so dense that looking at each costs more than looking at
// every octet, compact takes over, which has no branch that depends on them.

const (
	wspSet uint64 = 1<<' ' | 1<<'\t'
	crSet  uint64 = 1 << '\r'
	lfSet  uint64 = 1 << '\n'

	ones  = 0x0101010101010101 // times c: c in every octet of a word
	highs = 0x80 * ones
	lows  = 0x7f * ones

	wordLen = 8
)

func isWSP(c byte) bool { return c == ' ' || c == '\t' }

// load is the eight octets that b begins with; the first is the lowest.
func load(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// store is the opposite of load.
func store(b []byte, x uint64) { binary.LittleEndian.PutUint64(b, x) }

// lowered makes the letters A to Z of x lower-case. The high bit of an octet is
// set in the first sum where it is "A" or more, in the second where it is more
// than "Z", and in x where it is beyond ASCII; no sum carries.
func lowered(x uint64) uint64 {
	upper := (x&lows + (0x80-'A')*ones) &^ (x&lows + (0x80-'Z'-1)*ones) &^ x & highs
	return x | upper>>2
}

// emitRelaxed passes on b, at most blockSize octets that begin and end with
// data, with its white space relaxed.
func (w *BodyWriter) emitRelaxed(b []byte) {
	if bytes.IndexByte(b, ' ') < 0 && bytes.IndexByte(b, '\t') < 0 {
		w.emit(b)
		return
	}
	w.reserve(len(b) + spare)
	n := relax(w.out[w.staged:], b)
	w.staged += n
	w.length += int64(n)
}

const (
	// suspectCost is how many octets compact does in the time of one suspect,
	// measured on x86-64.
	suspectCost = 16

	// maxCredit lets a few suspects stand close together, as at the short
	// lines of HTML, before compact is called for.
	maxCredit = 6 * suspectCost

	// denseStep is how many octets compact is given before suspects are looked
	// for again.
	denseStep = 128

	// spare is the room behind what relax writes. compact moves octets by
	// indexes of one octet, which need no check in an array of that length.
	spare = 256

	// carefulStep is how many octets copyClean is given before copyASCII is
	// tried again: text that is not in ASCII goes on for a while.
	carefulStep = 512
)

// relax writes b with its white space relaxed to dst, which has room for b and
// spare octets more, and returns the length. b ends with data and does not
// begin within a run of white space.
func relax(dst, b []byte) int {
	n := 0              // octets of dst that are written
	credit := maxCredit // octets that paid for a suspect to come
	careful := 0        // where copyASCII is tried again
	for i := 0; ; {
		var k int
		if i < careful {
			k = copyClean(dst[n:], b[i:])
		} else {
			k = copyASCII(dst[n:], b[i:])
		}
		i += k
		n += k
		if i == len(b) {
			return n
		}

		credit = min(credit+k, maxCredit) - suspectCost
		if credit < 0 {
			credit = 0
			read, written := compact(dst[n:], b[i:], denseStep)
			if read > 0 {
				i += read
				n += written
				continue
			}
		}

		if !isWSP(b[i]) { // no white space
			dst[n] = b[i]
			n++
			i++
			careful = i + carefulStep
			continue
		}
		i = endOfWSP(b, i)
		dst[n] = ' ' // to be overwritten, before a CRLF
		if b[i] != '\r' || i+1 == len(b) || b[i+1] != '\n' {
			n++
		}
	}
}

// copyASCII copies b to dst, which has room for it, up to the first octet that
// may be a suspect, and returns its index, or len(b). It takes most octets with
// the high bit set, and control characters below HTAB, for suspects. b ends with
// data.
//
// It copies each word before it looks at it: what is copied too much is
// overwritten. One branch a word costs less than to find the word of four.
func copyASCII(dst, b []byte) int {
	n := len(b)
	for len(b) > 32 && len(dst) > 32 {
		if f := copyPerhaps(dst, b) & highs; f != 0 {
			return n - len(b) + firstOctet(f)
		}
		if f := copyPerhaps(dst[8:], b[8:]) & highs; f != 0 {
			return n - len(b) + 8 + firstOctet(f)
		}
		if f := copyPerhaps(dst[16:], b[16:]) & highs; f != 0 {
			return n - len(b) + 16 + firstOctet(f)
		}
		if f := copyPerhaps(dst[24:], b[24:]) & highs; f != 0 {
			return n - len(b) + 24 + firstOctet(f)
		}
		b, dst = b[32:len(b):len(b)], dst[32:len(dst):len(dst)]
	}
	return n - len(b) + copyClean(dst, b)
}

// copyClean is copyASCII for any text: it returns the index of the first
// octet that is an HTAB, or an SP before an octet below 0x21, or of an octet
// before that.
func copyClean(dst, b []byte) int {
	n := len(b)
	for len(b) > 32 && len(dst) > 32 {
		if copySuspects(dst, b)|copySuspects(dst[8:], b[8:])|copySuspects(dst[16:], b[16:])|copySuspects(dst[24:], b[24:]) != 0 {
			break
		}
		b, dst = b[32:len(b):len(b)], dst[32:len(dst):len(dst)]
	}
	for len(b) > 8 && len(dst) > 8 {
		if f := copySuspects(dst, b); f != 0 {
			return n - len(b) + firstOctet(f)
		}
		b, dst = b[8:len(b):len(b)], dst[8:len(dst):len(dst)]
	}
	for i, c := range b {
		if i+1 < len(b) && (c == '\t' || c == ' ' && b[i+1] <= ' ') {
			return n - len(b) + i
		}
		dst[i] = c
	}
	return n
}

// copySuspects copies eight octets of b, which has nine, and returns
// tabOrSpaceBefore of them.
func copySuspects(dst, b []byte) uint64 {
	x := load(b)
	store(dst, x)
	return tabOrSpaceBefore(x, load(b[1:]))
}

// copyPerhaps does the same with perhaps.
func copyPerhaps(dst, b []byte) uint64 {
	x := load(b)
	store(dst, x)
	return perhaps(x, load(b[1:]))
}

// tabOrSpaceBefore has the high bit set of each octet of x that is an HTAB, or
// an SP where next has an octet below 0x21, and at times of one above such an
// octet.
//
// Taking c from an octet sets its high bit if the octet was below c, or was
// high already, which ^next and ^x take out. A borrow from the octet below can
// set a bit too many; it cannot clear one, as what is left of an octet below c
// is far from 0x80.
func tabOrSpaceBefore(x, next uint64) uint64 {
	return (((x^' '*ones)-ones)&(next-0x21*ones)&^next | ((x ^ '\t'*ones) - ones)) &^ x & highs
}

// perhaps is the same without taking out the octets with the high bit set, and
// with any octet below 0x0a for an HTAB: half the work, and as good for text in
// ASCII. Only the high bits count.
func perhaps(x, next uint64) uint64 {
	return ((x^' '*ones)-ones)&(next-0x21*ones) | (x - 0x0a*ones)
}

// endOfWSP returns the index of the first octet of b, from i on, that is not
// white space. b[i] is white space, and b does not end with it. A run of one
// kind, as all but a few are, ends where b first differs from its first octet;
// what follows may be a mix of both kinds.
func endOfWSP(b []byte, i int) int {
	c := b[i]
	for i++; len(b)-i >= 8; i += 8 {
		if f := load(b[i:]) ^ uint64(c)*ones; f != 0 {
			i += firstOctet(f)
			break
		}
	}
	for b[i] == c {
		i++
	}
	if !isWSP(b[i]) {
		return i
	}
	for ; len(b)-i >= 8; i += 8 {
		_, data := notWhiteSpace(load(b[i:]))
		if data &= highs; data != 0 {
			return i + firstOctet(data)
		}
	}
	for isWSP(b[i]) {
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
	noTab, data := notWhiteSpace(x)
	for read < limit && len(b) > 16 && len(dst) >= spare {
		next := load(b[8:])
		nextNoTab, nextData := notWhiteSpace(next)

		noCRLF := notZero((load(b[1:]) ^ '\r'*ones) | (load(b[2:]) ^ '\n'*ones))
		stay := (data | (data>>8|nextData<<56)&noCRLF) & highs
		x ^= ^noTab & highs >> 7 * ('\t' ^ ' ') // HTAB to SP

		// Octet i of to is the number of octets that stay up to octet i of x.
		// Both go by memory: with shifts, the registers do not suffice. And an
		// octet is an index of d as it is.
		to := (stay >> 7) * ones
		var from, at [8]byte
		store(from[:], x)
		store(at[:], to)
		d := (*[spare]byte)(dst)
		d[0] = from[0]
		d[at[0]] = from[1]
		d[at[1]] = from[2]
		d[at[2]] = from[3]
		d[at[3]] = from[4]
		d[at[4]] = from[5]
		d[at[5]] = from[6]
		d[at[6]] = from[7]
		n := int(to >> 56)
		read += 8
		written += n
		b, dst = b[8:len(b):len(b)], dst[n:len(dst):len(dst)]
		x, noTab, data = next, nextNoTab, nextData
	}
	return read, written
}

// notWhiteSpace has the high bit set of each octet of x that is not HTAB, or not
// WSP. The other bits count for nothing.
func notWhiteSpace(x uint64) (noTab, noWSP uint64) {
	noTab = (x&lows ^ '\t'*ones) + lows | x
	return noTab, noTab & ((x&lows ^ ' '*ones) + lows | x)
}

// notZero has the high bit set of each octet of x that is not zero. The other
// bits count for nothing. Octets are below 0x80 when 0x7f is added, so nothing
// carries.
func notZero(x uint64) uint64 { return x&lows + lows | x }

// classes has the high bit set of each octet of x that is WSP, CR, LF, and of
// no other.
func classes(x uint64) (wsp, cr, lf uint64) {
	y := x & lows
	high := x | ^uint64(highs)
	wsp = ^((y ^ '\t'*ones) + lows | high) | ^((y ^ ' '*ones) + lows | high)
	cr = ^((y ^ '\r'*ones) + lows | high)
	lf = ^((y ^ '\n'*ones) + lows | high)
	return wsp, cr, lf
}

// firstOctet returns the index of the lowest octet of f, which is not zero,
// that has a bit set.
func firstOctet(f uint64) int { return bits.TrailingZeros64(f) / 8 }
