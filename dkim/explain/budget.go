package explain

import "context"

const (
	// standardOctets is what the search may canonicalize, hash or look at, for
	// all the signatures of a message together. A machine does some 300 MB/s to
	// 1.5 GB/s of it.
	standardOctets = 256 << 20
	// standardChecks is how many signatures are checked: 30 to 60 µs each.
	standardChecks = 4096
	// sumOctets is what reading a running hash costs, in octets hashed.
	sumOctets = 128
)

// Work is what a search did, or may do.
type Work struct {
	Octets int64 // canonicalized, hashed, copied, or searched
	Checks int   // of signatures, with a key
}

// A budget is what is left to do.
type budget struct {
	ctx   context.Context
	left  Work
	spent Work
	over  bool // something was not tried
}

// octets takes n octets, and reports whether they were there.
func (b *budget) octets(n int) bool {
	if int64(n) > b.left.Octets || b.ctx.Err() != nil {
		b.over = true
		return false
	}
	b.left.Octets -= int64(n)
	b.spent.Octets += int64(n)
	return true
}

// check takes one signature check.
func (b *budget) check() bool {
	if b.left.Checks <= 0 || b.ctx.Err() != nil {
		b.over = true
		return false
	}
	b.left.Checks--
	b.spent.Checks++
	return true
}

// share calls use with a part of what is left; what use leaves comes back.
func (b *budget) share(part Work, use func(*budget)) {
	p := &budget{ctx: b.ctx, left: part}
	use(p)
	b.left.Octets -= p.spent.Octets
	b.left.Checks -= p.spent.Checks
	b.spent.Octets += p.spent.Octets
	b.spent.Checks += p.spent.Checks
	b.over = b.over || p.over
}
