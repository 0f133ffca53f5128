package dkim

import (
	"crypto"
	"hash"
	"sync"

	"github.com/waxseal/waxseal/internal/bodyhash"
	"github.com/waxseal/waxseal/internal/headerhash"
	"github.com/waxseal/waxseal/internal/message"
	"github.com/waxseal/waxseal/internal/taglist"
)

// A workspace is the memory that one message needs while it is verified or
// signed, and that nothing of its results points into.
type workspace struct {
	scanner message.Scanner
	index   headerhash.Index
	body    bodyhash.Set
	tags    taglist.List
	buf     []byte // canonical header fields
	own     []byte // the signature's own field
	sha256  hash.Hash
	digest  [64]byte // for the largest hash

	header Header       // of scanner, for those who look at it meanwhile
	writer VerifyWriter // of Verify, which hands it to nobody
	feed   feed         // likewise
}

// workspaces keeps those that are not in use: their buffers are most of what a
// small message would otherwise allocate.
var workspaces = sync.Pool{New: func() any {
	s := new(workspace)
	s.header.raw = &s.scanner.Header
	return s
}}

func newWorkspace() *workspace { return workspaces.Get().(*workspace) }

// release gives s back. Nothing may use it any more.
func (s *workspace) release() {
	const most = 128 << 10 // octets; a header beyond that is rare, and its memory better freed
	if s.scanner.Size() > most || cap(s.buf) > most || cap(s.own) > most {
		return
	}
	s.scanner.Reset()
	s.body.Reset()
	s.writer, s.feed = VerifyWriter{}, feed{}
	clear(s.tags[:cap(s.tags)]) // strings of the message
	workspaces.Put(s)
}

// headerDigest hashes what a signature signs of the header.
func (s *workspace) headerDigest(kind crypto.Hash, sig headerhash.Signature) []byte {
	h := s.sha256
	switch {
	case kind != crypto.SHA256:
		h = kind.New()
	case h == nil:
		h = kind.New()
		s.sha256 = h
	default:
		h.Reset()
	}
	s.buf = s.index.Write(h, sig, s.buf)
	return h.Sum(s.digest[:0])
}
