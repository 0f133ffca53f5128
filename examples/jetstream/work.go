package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"runtime"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/keyrecord"
)

// work verifies messages of the stream.
func work(ctx context.Context, e *environment) int {
	flags := flag.NewFlagSet("work", flag.ContinueOnError)
	url := natsFlag(flags)
	server := flags.String("dns", "", "the `address` and port of the DNS server to ask (default that of the system)")
	drain := flags.Bool("drain", false, "stop when the stream is empty")
	wait := flags.Duration("ack-wait", 30*time.Second, "how `long` a message may take before another worker gets it: longer than the -timeout")
	var w worker
	flags.DurationVar(&w.verifier.LookupTimeout, "timeout", 10*time.Second, "how `long` a lookup may take")
	flags.DurationVar(&w.retry, "retry", 30*time.Second, "how `long` to wait after a temporary error; twice as long after each")
	flags.Uint64Var(&w.attempts, "attempts", 20, "a temporary error of so `many` deliveries is the result")
	flags.IntVar(&w.parallel, "parallel", 4*runtime.GOMAXPROCS(0), "verify so `many` messages at a time")
	if !e.parse(flags) {
		return 2
	}
	switch {
	case flags.NArg() > 0:
		return e.complain(2, "unexpected argument %q", flags.Arg(0))
	case w.parallel < 1 || w.attempts < 1 || w.retry <= 0 || *wait <= 0 || w.verifier.LookupTimeout <= 0:
		return e.complain(2, "-parallel, -attempts, -retry, -ack-wait and -timeout are more than 0")
	case *wait <= w.verifier.LookupTimeout:
		return e.complain(2, "-ack-wait %v: two workers would wait for one lookup; want more than -timeout %v", *wait, w.verifier.LookupTimeout)
	}
	c, err := connect(ctx, *url)
	if err != nil {
		return e.complain(1, "%v", err)
	}
	defer c.Close()
	w.connection = c
	bucket, err := c.js.CreateOrUpdateKeyValue(ctx, keys)
	if err != nil {
		return e.complain(1, "%v", err)
	}
	w.verifier.Resolver = &keyrecord.Cache{Resolver: &sharedKeys{bucket, resolver(*server)}, Timeout: w.verifier.LookupTimeout}
	consumer, err := c.mail.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: "verify", AckPolicy: jetstream.AckExplicitPolicy, AckWait: *wait, MaxDeliver: -1, MaxAckPending: 10000,
	})
	if err != nil {
		return e.complain(1, "%v", err)
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(2*w.parallel), jetstream.WithMessagesErrOnMissingHeartbeat(false))
	if err != nil {
		return e.complain(1, "%v", err)
	}

	running, stop := context.WithCancel(ctx)
	defer stop()
	progress := newBar(e.stderr, "verifying")
	var watch sync.WaitGroup
	watch.Go(func() {
		w.watch(running, progress, *drain, stop)
		progress.clear()
		if ctx.Err() != nil {
			e.complain(0, "stopping when the messages that are begun are done")
		}
	})
	err = w.run(running, messages)
	stop()
	watch.Wait()
	if e := c.FlushTimeout(5 * time.Second); e != nil && err == nil {
		err = fmt.Errorf("the last acknowledgements may be lost, and their messages come again: %w", e)
	}
	fmt.Fprintln(e.stdout, w.tally.String())
	if err != nil {
		return e.complain(1, "%v", err)
	}
	return 0
}

// resolver returns the resolver of the system, or one that asks server.
func resolver(server string) *net.Resolver {
	if server == "" {
		return net.DefaultResolver
	}
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server)
	}}
}

// A worker takes messages from the stream and stores their results.
type worker struct {
	*connection
	verifier dkim.Verifier
	retry    time.Duration
	attempts uint64
	parallel int
	tally    tally
}

// run handles messages until ctx ends. It then finishes what it has begun, and
// hands back what it has not.
func (w *worker) run(ctx context.Context, messages jetstream.MessagesContext) error {
	slots := make(chan struct{}, w.parallel)
	var handlers sync.WaitGroup
	defer handlers.Wait()
	for {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			w.handBack(messages)
			return nil
		}
		msg, err := messages.Next(jetstream.NextContext(ctx))
		switch {
		case err == nil:
			handlers.Go(func() {
				w.handle(context.WithoutCancel(ctx), msg)
				<-slots
			})
		case errors.Is(err, jetstream.ErrMsgIteratorClosed):
			return err
		default:
			<-slots // ctx has ended, or the server is away and Next waits for it
		}
	}
}

// handBack gives the messages that have come, and are not begun, to others.
func (w *worker) handBack(messages jetstream.MessagesContext) {
	messages.Drain()
	for range 2*w.parallel + 1 { // there are not more
		msg, err := messages.Next(jetstream.NextMaxWait(time.Second))
		if err != nil {
			return
		}
		if msg.Nak() == nil {
			w.tally.add("handed back")
		}
	}
}

// watch shows how far the stream is until ctx ends, and stops the worker when it
// is empty if drain is set.
func (w *worker) watch(ctx context.Context, progress *bar, drain bool, stop func()) {
	tick := time.NewTicker(time.Second / 2)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		info, err := w.mail.Info(ctx)
		if err != nil {
			continue // the server is away
		}
		done := w.tally.settled()
		progress.show(done, done+int(info.State.Msgs))
		if drain && info.State.Msgs == 0 {
			stop()
		}
	}
}
