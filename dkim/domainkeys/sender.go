package domainkeys

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/mail"
	"strings"

	"github.com/waxseal/waxseal/internal/message"
)

// ErrSender reports that a message has no sending address: no From field,
// several From or Sender fields (one behind a bare CR or LF counts when a message
// is verified), or one that is malformed.
var ErrSender = errors.New("no sending address")

// A sender is the sending address of a message (RFC 4870, section 3.1).
type sender struct {
	field   int    // in the header
	name    string // "Sender" or "From"
	address string
	local   string
	domain  string
}

// findSender finds the sending address. Its error wraps ErrSender.
func findSender(h *message.Header) (sender, error) {
	s := sender{name: "From"}
	for _, name := range [...]string{"From", "Sender"} { // Sender comes before From, if it is there
		n := 0
		for i := range h.All(name) {
			s.field, s.name = i, name
			n++
		}
		if n > 1 || n == 0 && name == "From" {
			return s, fmt.Errorf("%w: the message has %d %s fields", ErrSender, n, name)
		}
	}
	value := h.Value(s.field)
	const most = 64 << 10 // octets: net/mail allocates for each address
	if len(value) > most {
		return s, fmt.Errorf("%w: a %s field of %d octets, the limit is %d", ErrSender, s.name, len(value), most)
	}
	p := mail.AddressParser{WordDecoder: &mime.WordDecoder{
		// Only the address matters: a display name in any charset will do.
		CharsetReader: func(_ string, r io.Reader) (io.Reader, error) { return r, nil },
	}}
	list, err := p.ParseList(ascii(value))
	if err != nil {
		return s, fmt.Errorf("%w: %s field: %v", ErrSender, s.name, err)
	}
	if len(list) == 0 {
		return s, fmt.Errorf("%w: the %s field has no address", ErrSender, s.name)
	}
	s.address = list[0].Address
	at := strings.LastIndexByte(s.address, '@')
	s.local, s.domain = s.address[:max(0, at)], s.address[at+1:]
	return s, nil
}

// ascii unfolds a value, and puts "?" for octets beyond ASCII, which old mail
// has in display names. It makes no address into another: "?" is in no domain.
func ascii(value []byte) string {
	b := make([]byte, 0, len(value))
	for i, c := range value {
		switch {
		case c == '\n' && i > 0 && value[i-1] == '\r':
			b = b[:len(b)-1]
		case c >= 0x80:
			b = append(b, '?')
		default:
			b = append(b, c)
		}
	}
	return string(b)
}
