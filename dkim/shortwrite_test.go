package dkim

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/internal/dkimtest"
)

// A shortWriter takes some octets, and then fewer than it is given, with no error.
type shortWriter struct{ left int }

func (w *shortWriter) Write(p []byte) (int, error) {
	n := min(w.left, len(p))
	w.left -= n
	return n, nil
}

// A writer that loses octets without an error does not go unnoticed, wherever it
// does, and however the message is read.
func TestShortWrite(t *testing.T) {
	signer := newRig(t).newSigner(t, "ed", dkimtest.Ed25519(1)) // whose signatures cost little
	size := len(signWith(t, testMessage, signer))
	for left := range size + 1 {
		for name, src := range map[string]io.Reader{
			"memory": strings.NewReader(testMessage),
			"seeker": struct{ io.ReadSeeker }{strings.NewReader(testMessage)},
			"reader": struct{ io.Reader }{strings.NewReader(testMessage)},
		} {
			err := Sign(context.Background(), &shortWriter{left}, src, signer)
			if left < size && !errors.Is(err, io.ErrShortWrite) || left == size && err != nil {
				t.Fatalf("%s: %d of %d octets written: %v", name, left, size, err)
			}
		}
	}
}
