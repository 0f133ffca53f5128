package main

import (
	"errors"
	"io"
	"slices"

	"github.com/emersion/go-milter"

	"github.com/waxseal/waxseal/dkim"
)

// A signer signs the messages of one connection.
type signer struct {
	message
	*filter
	dkim *dkim.SignWriter // of the message under way
}

func (f *filter) newSigner() milter.Milter {
	s := &signer{filter: f}
	s.begin = func() io.Writer {
		s.dkim = dkim.NewSignWriter(s.ctx, s.signers)
		return s.dkim
	}
	s.w = s.begin()
	return s
}

// Body puts the signatures on top. A message that cannot be signed does not go
// out unsigned.
func (s *signer) Body(m *milter.Modifier) (milter.Response, error) {
	signatures, err := s.dkim.Finish()
	var atFault *dkim.MessageError
	if errors.As(err, &atFault) {
		s.done(m, "refused", ": ", err)
		return reply("550 5.6.0 The message cannot be signed"), nil
	} else if err != nil { // a key that cannot be read, say
		s.done(m, "deferred", ": ", err)
		return reply("451 4.7.0 The message cannot be signed at the moment"), nil
	}
	for _, signature := range slices.Backward(signatures) {
		name, value := signature.Field()
		if err := m.InsertHeader(0, name, value); err != nil {
			return nil, err
		}
	}
	if len(signatures) == 0 {
		s.done(m, "unsigned")
	} else {
		s.done(m, "signed", " by ", signatures[0].Domain)
	}
	return milter.RespContinue, nil
}
