package main

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"
)

// An operation is what is measured: one message, most often. Its error says
// that it did not do what it should.
type operation func() error

// A side is one of those that are compared in a row.
type side struct {
	name string
	do   operation // nil, and no remote: it is not measured
	per  int       // messages that do handles; 0 is 1

	// remote has another process do n operations, and returns the CPU time that
	// they took there.
	remote func(n int) (time.Duration, error)
}

// run returns the CPU time of n operations.
func (s side) run(n int) (time.Duration, error) {
	if s.remote != nil {
		return s.remote(n)
	}
	return run(s.do, n)
}

// measured reports whether there is anything to measure.
func (s side) measured() bool { return s.do != nil || s.remote != nil }

// A meter measures sides against each other.
type meter struct {
	rounds int
	batch  time.Duration
	most   time.Duration
}

// measure returns, for each side, the CPU time of one message in each round, in
// nanoseconds. A side that is too slow for all rounds has fewer, its first ones.
func (m meter) measure(sides ...side) ([][]float64, error) {
	times := make([][]float64, len(sides))
	counts := make([]int, len(sides))
	spent := make([]time.Duration, len(sides))
	for i, s := range sides {
		if !s.measured() {
			continue
		}
		n, err := m.count(s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		counts[i] = n
	}
	for round := range m.rounds {
		for turn := range sides {
			i := (turn + round) % len(sides)
			if round/len(sides)%2 == 1 {
				i = len(sides) - 1 - i
			}
			if !sides[i].measured() || round > 0 && spent[i] >= m.most {
				continue
			}
			took, err := sides[i].run(counts[i])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", sides[i].name, err)
			}
			spent[i] += took
			times[i] = append(times[i], float64(took)/float64(counts[i]*max(1, sides[i].per)))
		}
	}
	return times, nil
}

// count returns how many operations take the time of a turn.
func (m meter) count(s side) (int, error) {
	for n := 1; ; n *= 2 {
		took, err := s.run(n)
		if err != nil {
			return 0, err
		}
		if took >= m.batch/4 || n >= 1<<20 {
			return max(1, int(math.Round(float64(n)*float64(m.batch)/float64(max(took, 1))))), nil
		}
	}
}

// run returns the CPU time of n operations. It begins without garbage, so that
// nobody collects that of the side before.
func run(do operation, n int) (time.Duration, error) {
	runtime.GC()
	if n > 1 { // pools were emptied; a slow operation does not feel that
		if err := do(); err != nil {
			return 0, err
		}
	}
	start := clock()
	for range n {
		if err := do(); err != nil {
			return 0, err
		}
	}
	return clock() - start, nil
}

// allocations returns the allocations of one operation, and their octets.
func allocations(do operation) (count, octets float64, err error) {
	const warm, n = 2, 8
	var before, after runtime.MemStats
	for i := range warm + n {
		if i == warm {
			runtime.ReadMemStats(&before)
		}
		if err := do(); err != nil {
			return 0, 0, err
		}
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / n, float64(after.TotalAlloc-before.TotalAlloc) / n, nil
}

// quartiles are the middle of a sample, and where its middle half begins and ends.
type quartiles struct{ low, median, high float64 }

// quartilesOf interpolates between the two nearest of the sample.
func quartilesOf(sample []float64) quartiles {
	s := slices.Sorted(slices.Values(sample))
	at := func(p float64) float64 {
		if len(s) == 0 {
			return math.NaN()
		}
		x := p * float64(len(s)-1)
		i := int(x)
		return s[i] + (x-float64(i))*(s[min(i+1, len(s)-1)]-s[i])
	}
	return quartiles{at(.25), at(.5), at(.75)}
}

// ratios returns a over b, round by round.
func ratios(a, b []float64) quartiles {
	var list []float64
	for i := range min(len(a), len(b)) {
		list = append(list, a[i]/b[i])
	}
	return quartilesOf(list)
}

// String gives two digits after the point, as far as they say something.
func (q quartiles) String() string {
	digits := 2
	if q.median >= 100 {
		digits = 0
	} else if q.median >= 10 {
		digits = 1
	}
	return fmt.Sprintf("%.*f (%.*f to %.*f)", digits, q.median, digits, q.low, digits, q.high)
}
