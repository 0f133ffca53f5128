//go:build !unix

package main

import "time"

const clockName = "wall clock times, since this system has no getrusage: let nothing else run"

var begin = time.Now()

// clock returns the time since the program began.
func clock() time.Duration { return time.Since(begin) }
