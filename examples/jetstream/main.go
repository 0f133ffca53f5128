// Jetstream verifies a stream of messages on any number of machines, over NATS
// JetStream.
//
//	go run . serve -store ./store &
//	go run . publish ~/Maildir
//	go run . work -drain
//	go run . report
//
// Each message has exactly one result at the end, whatever is killed meanwhile.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const usage = `Usage: jetstream serve|publish|work|report [flags]

  serve                runs a NATS server with JetStream, for one machine or a trial
  publish FILE|DIR...  puts messages into the stream, one a file
  work                 verifies messages of the stream, until it is stopped; run as many as you like
  report               prints how many messages had which result

Each takes -h. Exit status: 0 done, or work was stopped; 1 not done; 2 wrong
usage; 130 interrupted.

`

// An environment is what a command gets besides its flags.
type environment struct {
	args           []string
	stdout, stderr io.Writer
}

var commands = map[string]func(context.Context, *environment) int{
	"serve": serve, "publish": publish, "work": work, "report": report,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run is main, with the status to exit with.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	e := &environment{stdout: stdout, stderr: stderr}
	if len(args) == 0 || commands[args[0]] == nil {
		fmt.Fprint(stderr, usage)
		return 2
	}
	e.args = args[1:]
	return commands[args[0]](ctx, e)
}

// complain says what went wrong, and returns status.
func (e *environment) complain(status int, format string, args ...any) int {
	fmt.Fprintf(e.stderr, "jetstream: "+format+"\n", args...)
	return status
}

// parse parses the flags of a command, and reports whether to go on. It says why not.
func (e *environment) parse(flags *flag.FlagSet) bool {
	flags.SetOutput(e.stderr)
	return flags.Parse(e.args) == nil
}

const interrupted = 130 // as a shell says of a program that SIGINT ended
