// Package bodyhash computes, in one pass over the body of a message, all the
// body hashes that its signatures need (RFC 6376, section 3.7).
//
// However many signatures a message has, its body is canonicalized and hashed
// once for each pair of canonicalization and hash: a hash of the first l=
// octets is read off on the way.
package bodyhash

import (
	"crypto"
	"hash"
	"math"
	"slices"

	"github.com/waxseal/waxseal/canon"
)

// Whole is the length that stands for the whole body.
const Whole = math.MaxInt64

// A Set holds the hashes that are wanted of one body. The zero value is an
// empty set.
type Set struct {
	streams []*stream
	sums    []*Sum // of all streams; the first used ones are in use
	used    int
	closed  bool
}

// A Sum is one body hash.
type Sum struct {
	// Digest is the hash of the first Length octets of the canonical body, or
	// of all of it if it is shorter. It is valid after Close.
	Digest []byte
	// Length is what Add was given.
	Length int64
	// Total is the length of the canonical body in octets, valid after Close.
	Total int64

	store [64]byte // for the largest hash, SHA-512
}

// Add asks for the hash of the first length octets of the body in canonical
// form. Equal requests share one Sum. All calls come before the first Write.
func (s *Set) Add(alg canon.Algorithm, h crypto.Hash, length int64) *Sum {
	i := slices.IndexFunc(s.streams, func(t *stream) bool { return t.alg == alg && t.kind == h })
	if i < 0 {
		i = len(s.streams)
		if cap(s.streams) > i {
			s.streams = s.streams[:i+1] // with the memory of an earlier message
		} else {
			s.streams = append(s.streams, nil)
		}
		if s.streams[i] == nil {
			s.streams[i] = new(stream)
		}
		s.streams[i].reset(alg, h)
	}
	t := s.streams[i]
	at, found := slices.BinarySearchFunc(t.sums, length, func(sum *Sum, n int64) int {
		switch {
		case sum.Length < n:
			return -1
		case sum.Length > n:
			return 1
		}
		return 0
	})
	if !found {
		t.sums = slices.Insert(t.sums, at, s.newSum(length))
	}
	return t.sums[at]
}

// newSum returns an unused Sum, of an earlier message if there is one.
func (s *Set) newSum(length int64) *Sum {
	if s.used == len(s.sums) {
		s.sums = append(s.sums, new(Sum))
	}
	sum := s.sums[s.used]
	s.used++
	*sum = Sum{Length: length}
	return sum
}

// Write takes octets of the body. It never fails.
func (s *Set) Write(p []byte) (int, error) {
	for _, t := range s.streams {
		t.body.Write(p)
	}
	return len(p), nil
}

// Close ends the body and computes the sums.
func (s *Set) Close() {
	if s.closed {
		return
	}
	s.closed = true
	for _, t := range s.streams {
		t.finish()
	}
}

// Empty reports whether no hash is wanted.
func (s *Set) Empty() bool { return len(s.streams) == 0 }

// Streams returns how many times the body is hashed.
func (s *Set) Streams() int { return len(s.streams) }

// Reset makes s an empty set, and keeps its memory, the Sums that it returned
// among it.
func (s *Set) Reset() {
	s.streams, s.used = s.streams[:0], 0
	s.closed = false
}

// A stream canonicalizes the body in one way and hashes it in one way.
type stream struct {
	alg  canon.Algorithm
	kind crypto.Hash
	body canon.BodyWriter // writes to the stream
	hash hash.Hash
	sums []*Sum // by length
	next int    // the first of sums whose length is not reached
	n    int64  // octets hashed
}

func (t *stream) reset(alg canon.Algorithm, h crypto.Hash) {
	if t.hash == nil || t.kind != h {
		t.hash = h.New()
	} else {
		t.hash.Reset()
	}
	t.alg, t.kind = alg, h
	t.sums, t.next, t.n = t.sums[:0], 0, 0
	t.body.Reset(alg, t)
}

// Write takes canonical octets.
func (t *stream) Write(p []byte) (int, error) {
	size := len(p)
	for t.next < len(t.sums) {
		sum := t.sums[t.next]
		left := sum.Length - t.n
		if left > int64(len(p)) {
			t.hash.Write(p)
			t.n += int64(len(p))
			break
		}
		t.hash.Write(p[:left])
		t.n += left
		p = p[left:]
		t.read(sum)
	}
	return size, nil // what follows the last length is counted by body alone
}

// read reads the hash of what was written so far off into sum.
func (t *stream) read(sum *Sum) {
	sum.Digest = t.hash.Sum(sum.store[:0])
	t.next++
}

func (t *stream) finish() {
	t.body.Close()
	for t.next < len(t.sums) {
		t.read(t.sums[t.next])
	}
	for _, sum := range t.sums {
		sum.Total = t.body.Len()
	}
}
