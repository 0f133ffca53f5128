package dkim

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"mime"
	"net/mail"
	"strings"

	"github.com/waxseal/waxseal/internal/message"
)

// A Header is the header of a message, as it was written. It is read-only, and
// safe for concurrent use.
type Header struct {
	raw *message.Header
}

// Fields iterates over the fields from top to bottom: the name as it was
// written, without white space before the colon, and the raw field, its CRLF
// included, whose octets must not be changed.
func (h *Header) Fields() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for i := range h.raw.Len() {
			if !yield(string(h.raw.Name(i)), h.raw.Field(i)) {
				return
			}
		}
	}
}

// From returns the domains of all the addresses in all the From fields, in
// their order and as they are written. DMARC wants exactly one; who decides on
// a message with none or several is the caller. The error wraps ErrFrom if
// there is no From field, or one is malformed; the domains of the others are
// returned with it.
func (h *Header) From() ([]string, error) {
	return h.domains("From")
}

// Sender returns the domain of the first address in the Sender field, or in
// the first From field if there is no Sender: the domain that sent the
// message, for a signer that looks its key up by it.
func (h *Header) Sender() (string, error) {
	for _, field := range [...]string{"Sender", "From"} {
		domains, err := h.domains(field)
		if len(domains) > 0 {
			return domains[0], nil
		}
		if err != nil && h.has(field) {
			return "", err
		}
	}
	return "", fmt.Errorf("%w: the message has no Sender and no From field", ErrFrom)
}

func (h *Header) has(field string) bool {
	for range h.raw.All(field) {
		return true
	}
	return false
}

// domains returns the domains of the addresses in all fields of a name.
func (h *Header) domains(field string) ([]string, error) {
	list, err := h.Addresses(field)
	for i, addr := range list {
		list[i] = addr[strings.LastIndexByte(addr, '@')+1:]
	}
	return list, err
}

// Addresses returns the addresses in all the fields of a name, From or Sender
// say, in their order and as they are written, but for the quotes of a local
// part: what follows the last "@" is the domain. The error wraps ErrFrom if
// there is no such field, or one is malformed; the addresses of the others are
// returned with it.
func (h *Header) Addresses(field string) (addresses []string, err error) {
	if !h.has(field) {
		return nil, fmt.Errorf("%w: the message has no %s field", ErrFrom, field)
	}
	for i := range h.raw.All(field) {
		list, parseErr := parseAddresses(h.raw.Value(i))
		if parseErr != nil {
			err = fmt.Errorf("%w: %s field: %v", ErrFrom, field, parseErr)
		}
		for _, addr := range list {
			addresses = append(addresses, addr.Address)
		}
	}
	return addresses, err
}

// parseAddresses parses the value of an address field.
func parseAddresses(value []byte) ([]*mail.Address, error) {
	const most = 64 << 10 // octets: an author's field is short, and net/mail allocates for each address
	if len(value) > most {
		return nil, fmt.Errorf("%w: %d octets, the limit is %d", ErrLimit, len(value), most)
	}
	p := mail.AddressParser{WordDecoder: &mime.WordDecoder{
		// Only the addresses matter: a display name in any charset will do.
		CharsetReader: func(_ string, r io.Reader) (io.Reader, error) { return r, nil },
	}}
	return p.ParseList(string(bytes.ReplaceAll(value, []byte("\r\n"), nil)))
}
