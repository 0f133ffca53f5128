package main

import (
	"bytes"
	"context"
	"net/mail"
	"strconv"
	"strings"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/keyrecord"
)

func init() {
	register.DoFn4x0[context.Context, message, func(string) func(*answer) bool, func(string)](&verifyFn{})
}

const maxKept = 10_000 // answers that one worker keeps

// A verifier makes the Verifier of a message.
type verifier struct{ Archive, Now bool }

func (v verifier) verify(ctx context.Context, raw []byte, keys keyrecord.Resolver) ([]*dkim.Result, error) {
	settings := dkim.Verifier{Resolver: keys}
	if v.Archive {
		settings.AllowSHA1, settings.MinRSABits = true, 512
	}
	if at := arrived(raw); !v.Now && !at.IsZero() {
		settings.Time = func() time.Time { return at }
	}
	return dkim.Verify(ctx, bytes.NewReader(raw), &settings)
}

// arrived returns when a message arrived, by its first Received field or by its
// Date; zero if neither says.
func arrived(raw []byte) time.Time {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return time.Time{}
	}
	received := m.Header.Get("Received")
	if at, err := mail.ParseDate(strings.TrimSpace(received[strings.LastIndexByte(received, ';')+1:])); err == nil {
		return at
	}
	at, err := m.Header.Date()
	if err != nil {
		return time.Time{}
	}
	return at
}

// verifyFn emits a row for each signature, and one for a message without.
type verifyFn struct {
	Verifier verifier

	keys answers
}

func (f *verifyFn) Setup() { f.keys.kept = make(map[string]answer) }

func (f *verifyFn) ProcessElement(ctx context.Context, m message, find func(string) func(*answer) bool, emit func(string)) {
	f.keys.use(find)
	results, err := f.Verifier.verify(ctx, m.Raw, &f.keys)
	count(ctx, "verified")
	if err != nil {
		emit(row("", "unreadable", "", "no message that can be verified"))
		return
	}
	words := dkim.AuthRes(results) // one for each result, or "none"
	if len(results) == 0 {
		emit(row("", words[0].Value, "", ""))
	}
	for i, r := range results {
		bits := ""
		if r.KeyBits > 0 {
			bits = strconv.Itoa(r.KeyBits)
		}
		emit(row(strings.ToLower(r.Signature.Domain), string(r.Status), bits, words[i].Reason))
	}
}

// row is a row of the report without its count. The domain is what a stranger
// wrote: it must not end the field.
func row(domain, status, bits, reason string) string {
	clean := strings.NewReplacer("\t", " ", "\r", " ", "\n", " ")
	return strings.Join([]string{clean.Replace(domain), status, bits, clean.Replace(reason)}, "\t")
}
