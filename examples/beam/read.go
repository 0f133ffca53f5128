package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"path"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/fileio"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/waxseal/waxseal/canon"
)

func init() {
	beam.RegisterType(reflect.TypeFor[message]())
	register.DoFn3x1[context.Context, fileio.ReadableFile, func(message), error](&readFn{})
	register.Emitter1[message]()
}

// maxMessage bounds what one message takes of the memory. A larger one is
// reported as unreadable.
const maxMessage = 32 << 20

// A message is one of the archive, with CRLF at its line ends.
type message struct {
	ID  string // the file, and the number of the message in an mbox
	Raw []byte // nil: too large
}

// readFn reads the messages of a file: an mbox, or one message.
type readFn struct{}

func (*readFn) ProcessElement(ctx context.Context, file fileio.ReadableFile, emit func(message)) error {
	r, err := file.Open(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	n := 0
	return readMessages(r, func(raw []byte, err error) error {
		n++
		if err != nil {
			return fmt.Errorf("%s, message %d: %w", file.Metadata.Path, n, err)
		}
		count(ctx, "messages")
		emit(message{fmt.Sprintf("%s#%d", path.Base(file.Metadata.Path), n), raw})
		return nil
	})
}

// readMessages calls yield for each message: of an mbox, as mboxrd has it, if r
// begins as one does, and for the whole of r if not. A line that begins with
// "From " begins the next; ">From " stands for "From ", and so on. Line ends become
// CRLF, and the blank line at the end of a message of an mbox is not part of it. A
// message that is too large is nil.
func readMessages(r io.Reader, yield func(raw []byte, err error) error) error {
	lines := bufio.NewReaderSize(r, 64<<10)
	begin, err := lines.Peek(5)
	if err != nil && err != io.EOF {
		return yield(nil, err)
	}
	if string(begin) != "From " {
		raw, err := io.ReadAll(io.LimitReader(canon.NewCRLFReader(lines), maxMessage+1))
		if len(raw) > maxMessage {
			raw = nil
		}
		return yield(raw, err)
	}
	var raw bytes.Buffer
	inside, fresh := false, true // fresh: at the beginning of a line
	tooLarge := false
	next := func() error {
		if tooLarge {
			tooLarge = false
			raw.Reset()
			return yield(nil, nil)
		}
		return yield(finish(&raw), nil)
	}
	for {
		line, err := lines.ReadSlice('\n')
		switch {
		case err != nil && err != io.EOF && err != bufio.ErrBufferFull:
			return yield(nil, err)
		case fresh && bytes.HasPrefix(line, []byte("From ")):
			if inside {
				if err := next(); err != nil {
					return err
				}
			}
			inside = true
		case tooLarge:
		case fresh && quoted(line):
			raw.Write(line[1:])
		case fresh || raw.Len() > 0: // not the rest of a long "From " line
			raw.Write(line)
		}
		tooLarge = tooLarge || raw.Len() > maxMessage
		if err == io.EOF {
			return next()
		}
		fresh = err == nil
	}
}

// quoted reports whether a line is one or more ">" and "From ".
func quoted(line []byte) bool {
	return len(line) > 0 && line[0] == '>' && bytes.HasPrefix(bytes.TrimLeft(line, ">"), []byte("From "))
}

// finish returns the message of an mbox, and empties raw.
func finish(raw *bytes.Buffer) []byte {
	text := raw.Bytes()
	if bytes.HasSuffix(text, []byte("\n\n")) {
		text = text[:len(text)-1]
	} else if bytes.HasSuffix(text, []byte("\n\r\n")) {
		text = text[:len(text)-2]
	}
	made, _ := io.ReadAll(canon.NewCRLFReader(bytes.NewReader(text))) // a bytes.Reader does not fail
	raw.Reset()
	return made
}
