package main

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
)

// A sender sends what go-mail composes, signed, with the connection, the TLS policy
// and the authentication of a go-mail Client. It takes the place of DialAndSend.
type sender struct {
	client  *mail.Client
	signers dkim.SignerSource
}

// send signs all messages, and then sends them through one connection. If one of
// them cannot be signed, none is sent.
func (s *sender) send(ctx context.Context, messages ...*mail.Msg) error {
	signed := make([][]byte, len(messages))
	for i, m := range messages {
		var err error
		if signed[i], err = s.sign(ctx, m); err != nil {
			return fmt.Errorf("message %d: %w", i+1, err)
		}
	}
	conn, err := s.client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return err
	}
	for i, m := range messages {
		if err := deliver(conn, m, signed[i]); err != nil {
			conn.Close() // not QUIT: the message may have begun
			return fmt.Errorf("message %d: %w", i+1, err)
		}
	}
	return s.client.CloseWithSMTPClient(conn)
}

// sign renders a message once: what is signed is what is sent. Text that go-mail
// does not encode may end its lines in LF, and SMTP would change that.
func (s *sender) sign(ctx context.Context, m *mail.Msg) ([]byte, error) {
	var message, signed bytes.Buffer
	w := dkim.NewSignWriter(ctx, s.signers)
	crlf := canon.NewCRLFWriter(io.MultiWriter(&message, w))
	if _, err := m.WriteTo(crlf); err != nil {
		return nil, err
	}
	if err := crlf.Close(); err != nil {
		return nil, err
	}
	signatures, err := w.Finish()
	if err != nil {
		return nil, err
	}
	for _, signature := range signatures {
		signed.WriteString(signature.String())
	}
	signed.Write(message.Bytes())
	return signed.Bytes(), nil
}

// deliver sends a message to all its recipients.
func deliver(conn *smtp.Client, m *mail.Msg, signed []byte) error {
	from, err := m.GetSender(false)
	if err != nil {
		return err
	}
	to, err := m.GetRecipients()
	if err != nil {
		return err
	}
	if err := conn.Mail(from); err != nil {
		return err
	}
	for _, rcpt := range to {
		if err := conn.Rcpt(rcpt); err != nil {
			return err
		}
	}
	w, err := conn.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(signed); err != nil {
		return err
	}
	return w.Close()
}
