package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// report prints how many messages had which result.
func report(ctx context.Context, e *environment) int {
	flags := flag.NewFlagSet("report", flag.ContinueOnError)
	url := natsFlag(flags)
	each := flags.Bool("json", false, "print each result too, one a line")
	if !e.parse(flags) {
		return 2
	}
	if flags.NArg() > 0 {
		return e.complain(2, "unexpected argument %q", flags.Arg(0))
	}
	c, err := connect(ctx, *url)
	if err != nil {
		return e.complain(1, "%v", err)
	}
	defer c.Close()
	t, err := readResults(ctx, c, newBar(e.stderr, "reading"), func(data []byte) error {
		if !*each {
			return nil
		}
		_, err := fmt.Fprintf(e.stdout, "%s\n", data)
		return err
	})
	if err != nil {
		return e.complain(1, "%v", err)
	}
	info, err := c.mail.Info(ctx)
	if err != nil {
		return e.complain(1, "%v", err)
	}
	fmt.Fprintf(e.stdout, "%s; %d are left to do\n", t, info.State.Msgs)
	return 0
}

// readResults calls each for every result that is there now, and counts them.
func readResults(ctx context.Context, c *connection, progress *bar, each func(data []byte) error) (*tally, error) {
	t := new(tally)
	info, err := c.results.Info(ctx)
	if err != nil {
		return nil, err
	}
	total := int(info.State.Msgs)
	if total == 0 {
		return t, nil
	}
	consumer, err := c.results.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{})
	if err != nil {
		return nil, err
	}
	messages, err := consumer.Messages()
	if err != nil {
		return nil, err
	}
	defer messages.Stop()
	defer progress.clear()
	for n := range total {
		msg, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return nil, fmt.Errorf("result %d of %d: %w", n+1, total, err)
		}
		var o outcome
		if err := json.Unmarshal(msg.Data(), &o); err != nil {
			return nil, fmt.Errorf("%s: %w", msg.Subject(), err)
		}
		t.add(o.Status)
		if err := each(msg.Data()); err != nil {
			return nil, err
		}
		progress.show(n+1, total)
	}
	return t, nil
}
