package main

import (
	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/fileio"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/textio"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/transforms/filter"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/transforms/stats"
)

// options are what the flags say.
type options struct {
	Input           []string
	Output, History string
	Server          string
	Offline         bool
	Archive, Now    bool
}

// build builds the pipeline:
//
//	files -> messages -> names of keys, each once -> lookup, with keys of the past -> answers
//	         messages, beside answers -> verify -> count each row -> report
func build(s beam.Scope, o options) {
	matches := fileio.MatchAll(s, beam.CreateList(s, o.Input), fileio.MatchEmptyDisallow())
	files := beam.Reshuffle(s, fileio.ReadMatches(s, matches)) // a worker takes some of them
	messages := beam.ParDo(s, &readFn{}, files)

	names := filter.Distinct(s, beam.ParDo(s, &namesFn{Verifier: o.verifier()}, messages))
	var past beam.PCollection
	if o.History != "" {
		past = beam.ParDo(s, historyFn, textio.Read(s, o.History))
	} else {
		past = beam.ParDo(s, historyFn, beam.CreateList(s, []string{""}))
	}
	answers := beam.ParDo(s, &lookupFn{Server: o.Server, Offline: o.Offline},
		beam.CoGroupByKey(s, beam.ParDo(s, wantedFn, names), past))

	rows := beam.ParDo(s, &verifyFn{Verifier: o.verifier()}, messages, beam.SideInput{Input: answers})
	beam.ParDo0(s, &reportFn{Output: o.Output}, beam.GroupByKey(s, beam.AddFixedKey(s, beam.ParDo(s, lineFn, stats.Count(s, rows)))))
}

func (o options) verifier() verifier { return verifier{Archive: o.Archive, Now: o.Now} }
