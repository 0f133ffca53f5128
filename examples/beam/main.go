// Beam verifies an archive of mail with Apache Beam: each key is looked up once,
// and the report says how many signatures had which result, by domain, status,
// key size and reason.
//
//	go run . -input 'archive/*.mbox' -output report.csv
//
// It runs in this process, or with -runner on Flink, Spark or Dataflow.
//
//go:debug rsa1024min=0
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/log"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/x/beamx"
)

// The flags of Beam are flags of the process, as -runner and -endpoint; these are too.
var (
	input   = flag.String("input", "", "the `files` of the archive, as archive/*.mbox, or those of Maildirs, as Maildir/cur/*; several with commas; required")
	output  = flag.String("output", "report.csv", "the `file` of the report: where the runner can write, as gs://bucket/report.csv")
	history = flag.String("keys", "", "a `file` with keys of the past, a line each: name, white space, text of the record; they go before DNS")
	server  = flag.String("dns", "", "the `address` and port of the DNS server to ask (default that of the system)")
	offline = flag.Bool("offline", false, "ask no DNS: the keys of -keys are all there are")
	archive = flag.Bool("archive", false, "take what was good once: rsa-sha1, and RSA keys of 512 bits")
	now     = flag.Bool("now", false, "judge the times of signatures (x=) by now, and not by when the message arrived")
)

const interrupted = 130 // as a shell says of a program that SIGINT ended

func main() {
	flag.StringVar(&log.LogLevel, "log_level", "warn", "what the `log` of Beam says: debug, info, warn or error")
	flag.Parse()
	beam.Init() // the worker of a cluster does not come back from here
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second signal ends the process
	status := run(ctx, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run is main, with the status to exit with.
func run(ctx context.Context, stdout, stderr io.Writer) int {
	complain := func(status int, format string, args ...any) int {
		fmt.Fprintf(stderr, "beam: "+format+"\n", args...)
		return status
	}
	if *input == "" || *output == "" || flag.NArg() > 0 {
		return complain(2, "give -input and -output, and no argument")
	}
	if *offline && *history == "" {
		return complain(2, "-offline without -keys: there is no key at all")
	}
	pipeline, scope := beam.NewPipelineWithRoot()
	build(scope, options{
		Input: strings.Split(*input, ","), Output: *output, History: *history,
		Server: *server, Offline: *offline, Archive: *archive, Now: *now,
	})
	stop := watch(stderr)
	result, err := beamx.RunWithMetrics(ctx, pipeline)
	stop()
	switch {
	case ctx.Err() != nil:
		fmt.Fprintf(stdout, "%s; no report\n", here.String())
		return complain(interrupted, "interrupted; a job on another machine goes on")
	case err != nil:
		return complain(1, "%v", err)
	}
	fmt.Fprintf(stdout, "%s; the report is in %s\n", counted(result), *output)
	return 0
}

// counted says what the workers have counted, wherever they were.
func counted(result beam.PipelineResult) string {
	var total totals
	for _, c := range result.Metrics().AllMetrics().Counters() {
		if c.Namespace() == namespace {
			total.add(c.Name(), c.Result())
		}
	}
	return total.String()
}
