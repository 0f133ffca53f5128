package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// mail is the stream of messages: one leaves it when its result is stored.
var mail = jetstream.StreamConfig{
	Name: "MAIL", Subjects: []string{"mail.in"}, Retention: jetstream.WorkQueuePolicy, Storage: jetstream.FileStorage,
}

// results is the stream of results: that of message 7 is at result.7.
var results = jetstream.StreamConfig{
	Name: "RESULTS", Subjects: []string{"result.*"}, Storage: jetstream.FileStorage,
}

// keys is the bucket of answers of DNS, which all workers share. Each value says
// until when it is good; the TTL of the bucket throws old ones away.
var keys = jetstream.KeyValueConfig{
	Bucket: "KEYS", MaxValueSize: 32 << 10, TTL: maxTTL, Storage: jetstream.FileStorage,
}

// natsFlag defines the flag that names the servers.
func natsFlag(flags *flag.FlagSet) *string {
	return flags.String("nats", nats.DefaultURL, "the `URL` of the NATS server, or several with commas")
}

// A connection is a connection to NATS, with the streams of this program.
type connection struct {
	*nats.Conn
	js            jetstream.JetStream
	mail, results jetstream.Stream
}

// connect connects to NATS, and makes the streams if they are not there. The
// connection outlives the server: it waits for it to come back.
func connect(ctx context.Context, url string) (*connection, error) {
	nc, err := nats.Connect(url, nats.Name("waxseal"), nats.MaxReconnects(-1), nats.ReconnectWait(250*time.Millisecond))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	c := &connection{Conn: nc}
	if c.js, err = jetstream.New(nc); err == nil {
		if c.mail, err = c.js.CreateOrUpdateStream(ctx, mail); err == nil {
			c.results, err = c.js.CreateOrUpdateStream(ctx, results)
		}
	}
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	return c, nil
}
