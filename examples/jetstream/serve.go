package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// serve runs a NATS server in this process.
func serve(ctx context.Context, e *environment) int {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	options := &server.Options{ServerName: "mail", JetStream: true, NoSigs: true}
	flags.StringVar(&options.Host, "host", "127.0.0.1", "the `address` to listen at; it asks nobody for a password")
	flags.IntVar(&options.Port, "port", 4222, "the `port`; -1 takes a free one")
	flags.StringVar(&options.StoreDir, "store", "", "the `folder` of the streams; required")
	flags.BoolVar(&options.SyncAlways, "sync", false, "write to the disk before a message is taken: what a loss of power then spares, and what costs time")
	size := flags.Int("max-message", 32<<20, "the most `octets` of a message")
	if !e.parse(flags) {
		return 2
	}
	if options.StoreDir == "" || flags.NArg() > 0 {
		return e.complain(2, "serve: give -store, and no argument")
	}
	options.MaxPayload, options.MaxPending = int32(*size), int64(4**size)
	options.JetStreamMaxMemory, options.JetStreamMaxStore = 1<<30, 1<<40
	s, err := server.NewServer(options)
	if err != nil {
		return e.complain(1, "%v", err)
	}
	s.ConfigureLogger()
	s.Start()
	defer s.WaitForShutdown()
	defer s.Shutdown()
	if !s.ReadyForConnections(20 * time.Second) {
		return e.complain(1, "the server does not start; its log says why")
	}
	fmt.Fprintln(e.stdout, s.ClientURL())
	<-ctx.Done()
	return 0
}
