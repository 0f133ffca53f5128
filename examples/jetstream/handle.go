package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/waxseal/waxseal/dkim"
)

// An outcome is what the stream of results has for a message.
type outcome struct {
	Seq        uint64    `json:"seq"` // of the message in its stream
	Name       string    `json:"name"`
	Status     string    `json:"status"` // dkim.Overall, or "unreadable"
	Reason     string    `json:"reason,omitempty"`
	Deliveries uint64    `json:"deliveries"`
	Signatures []verdict `json:"signatures,omitempty"` // the first maxVerdicts
}

// maxVerdicts bounds a result: a stranger may write thousands of signatures, and
// a result that is too large for the server would never be stored.
const maxVerdicts = 50

// A verdict is a dkim.Result.
type verdict struct {
	Domain   string      `json:"domain"`
	Selector string      `json:"selector"`
	Status   dkim.Status `json:"status"`
	Reason   string      `json:"reason,omitempty"`
}

// handle verifies a message, stores its result and then acknowledges it, in that
// order. Whoever is killed in between leaves a message that comes again, and a
// result that cannot be stored twice.
func (w *worker) handle(ctx context.Context, msg jetstream.Msg) {
	meta, err := msg.Metadata()
	if err != nil {
		w.tally.add("failed")
		return
	}
	o := w.verify(ctx, msg, meta)
	if o.Status == string(dkim.TempError) && meta.NumDelivered < w.attempts {
		w.tally.add("deferred")
		msg.NakWithDelay(delay(w.retry, meta.NumDelivered))
		return
	}
	data, err := json.Marshal(o)
	if err == nil {
		_, err = w.js.Publish(ctx, fmt.Sprintf("result.%d", o.Seq), data, jetstream.WithExpectLastSequencePerSubject(0))
	}
	switch {
	case err == nil:
		w.tally.add(o.Status)
	case known(err):
		w.tally.add("known")
	default:
		w.tally.add("failed") // the message comes again after AckWait
		return
	}
	msg.Ack()
}

// verify verifies a message.
func (w *worker) verify(ctx context.Context, msg jetstream.Msg, meta *jetstream.MsgMetadata) outcome {
	o := outcome{Seq: meta.Sequence.Stream, Name: msg.Headers().Get("Name"), Deliveries: meta.NumDelivered}
	list, err := dkim.Verify(ctx, bytes.NewReader(msg.Data()), &w.verifier)
	if err != nil {
		o.Status, o.Reason = "unreadable", err.Error()
		return o
	}
	o.Status = string(dkim.Overall(list))
	for _, r := range list[:min(len(list), maxVerdicts)] {
		v := verdict{Domain: r.Signature.Domain, Selector: r.Signature.Selector, Status: r.Status}
		if r.Err != nil {
			v.Reason = r.Err.Error()
		}
		o.Signatures = append(o.Signatures, v)
	}
	return o
}

// known reports whether a result was not stored because there is one.
func known(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence
}

// delay returns how long to wait after delivery n: twice as long after each, an
// hour at most.
func delay(retry time.Duration, n uint64) time.Duration {
	for ; n > 1 && retry < time.Hour; n-- {
		retry *= 2
	}
	return min(retry, time.Hour)
}

// A tally counts what became of messages. It is safe for concurrent use.
type tally struct {
	mu    sync.Mutex
	count map[string]int
}

func (t *tally) add(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.count == nil {
		t.count = make(map[string]int)
	}
	t.count[what]++
}

// words are what a tally counts, in the order of String.
var words = []string{"pass", "fail", "policy", "neutral", "temperror", "permerror", "none", "unreadable", "known", "deferred", "handed back", "failed"}

// settled returns how many messages have a result.
func (t *tally) settled() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for _, word := range words[:8] {
		n += t.count[word]
	}
	return n
}

// String returns "3 messages: 2 pass, 1 fail", and how often a message had a
// result already, was deferred, was handed back, and could not be recorded.
func (t *tally) String() string {
	s := []string{}
	n := t.settled()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, word := range words {
		if t.count[word] > 0 {
			s = append(s, fmt.Sprintf("%d %s", t.count[word], word))
		}
	}
	return strings.TrimSuffix(fmt.Sprintf("%d messages: %s", n, strings.Join(s, ", ")), ": ")
}
