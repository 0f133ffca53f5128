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
	fields  []int  // the signatures of the header
	buf     []byte // canonical header fields
	own     []byte // the signature's own field
	sha256  hash.Hash
	digest  [64]byte // for the largest hash

	// beginning is that of the body, for hint: a message whose line ends were
	// changed has bare CR or LF at once.
	beginning []byte

	header Header       // of scanner, for those who look at it meanwhile
	writer VerifyWriter // of Verify, which hands it to nobody
	feed   feed         // likewise

	names   []string   // of the fields, for signers
	forms   []folder   // of the signatures that are made
	signer  [1]*Signer // the signers, where there is one
	signing signing    // of Sign, which hands it to nobody
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
	s.index.Forget()
	s.beginning = s.beginning[:0]
	s.writer = VerifyWriter{}
	s.feed.forget()
	s.signing.reset()
	s.signer[0] = nil
	clear(s.tags[:cap(s.tags)]) // strings of the message
	clear(s.names[:cap(s.names)])
	for _, f := range s.forms {
		if cap(f.buf) > most {
			s.forms = nil // they have z=
			break
		}
	}
	workspaces.Put(s)
}

// keepBeginning keeps the first octets of the body.
func (s *workspace) keepBeginning(p []byte) {
	const enough = 1 << 10 // octets
	if n := min(len(p), enough-len(s.beginning)); n > 0 {
		s.beginning = append(s.beginning, p[:n]...)
	}
}

// folders returns n folders, with the memory of those of an earlier message.
func (s *workspace) folders(n int) []folder {
	if len(s.forms) < n {
		s.forms = append(s.forms, make([]folder, n-len(s.forms))...)
	}
	return s.forms[:n]
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
