//go:build race

package canon

// raceEnabled shortens the exhaustive tests: under the race detector they take
// many times as long, and they use one goroutine. It also allocates more.
const raceEnabled = true
