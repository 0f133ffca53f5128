package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/waxseal/waxseal/canon"
)

const batch = 256 // messages that are under way to the server at a time

// publish puts messages into the stream.
func publish(ctx context.Context, e *environment) int {
	flags := flag.NewFlagSet("publish", flag.ContinueOnError)
	url := natsFlag(flags)
	crlf := flags.Bool("crlf", false, "make CRLF of LF and CR at line ends, as a Maildir needs")
	skip := flags.Int("skip", 0, "leave out the first `n` messages: those that an interrupted run has published")
	if !e.parse(flags) {
		return 2
	}
	files, err := list(flags.Args())
	switch {
	case err != nil:
		return e.complain(2, "%v", err)
	case *skip < 0 || *skip > len(files):
		return e.complain(2, "-skip %d of %d messages", *skip, len(files))
	case len(files) == 0:
		return e.complain(2, "publish: name files, or folders with files in them")
	}
	c, err := connect(ctx, *url)
	if err != nil {
		return e.complain(1, "%v", err)
	}
	defer c.Close()

	defer context.AfterFunc(ctx, func() { e.complain(0, "stopping when the messages under way have arrived") })()
	progress := newBar(e.stderr, "publishing")
	done := *skip
	for done < len(files) && ctx.Err() == nil && err == nil {
		var n int
		n, err = publishBatch(ctx, c.js, files[done:min(done+batch, len(files))], *crlf)
		done += n
		progress.show(done, len(files))
	}
	progress.clear()
	fmt.Fprintf(e.stdout, "published %d of %d messages\n", done, len(files))
	switch {
	case ctx.Err() != nil && done < len(files):
		return e.complain(interrupted, "interrupted; to go on, give -skip %d", done)
	case err != nil:
		return e.complain(1, "%v; to go on, give -skip %d", err, done)
	}
	return 0
}

// publishBatch publishes files, and returns how many the server has, from the
// first: of what follows a failure, none counts.
func publishBatch(ctx context.Context, js jetstream.JetStream, files []string, crlf bool) (int, error) {
	var acks []jetstream.PubAckFuture
	var failed error
	for _, file := range files {
		message, err := read(file, crlf)
		if err == nil {
			var ack jetstream.PubAckFuture
			msg := &nats.Msg{Subject: "mail.in", Data: message, Header: nats.Header{"Name": {file}}}
			if ack, err = js.PublishMsgAsync(msg); err == nil {
				acks = append(acks, ack)
				continue
			}
		}
		failed = fmt.Errorf("%s: %w", file, err)
		break
	}
	for i, ack := range acks {
		select {
		case <-ack.Ok():
		case err := <-ack.Err():
			return i, fmt.Errorf("%s: %w", files[i], err)
		}
	}
	return len(acks), failed
}

func read(file string, crlf bool) ([]byte, error) {
	message, err := os.ReadFile(file)
	if err != nil || !crlf {
		return message, err
	}
	return io.ReadAll(canon.NewCRLFReader(bytes.NewReader(message)))
}

// list returns the files that paths name, and the regular ones in the folders
// among them.
func list(paths []string) (files []string, err error) {
	for _, path := range paths {
		err := filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
			if err == nil && (d.Type().IsRegular() || file == path && !d.IsDir()) {
				files = append(files, file)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}
