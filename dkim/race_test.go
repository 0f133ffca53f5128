//go:build race

package dkim

// raceEnabled says that allocations are not what they are elsewhere: a
// sync.Pool then drops some of what it is given.
const raceEnabled = true
