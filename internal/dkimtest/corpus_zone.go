package dkimtest

import (
	"context"
	"net"
	"strings"
)

// A Zone is a DNS of tests: records, and names that fail.
type Zone struct {
	Records map[string][]string // a TXT value each
	Errors  map[string]string   // nxdomain, servfail or timeout
}

// NewZone returns a Zone of these. Case and a final dot of names do not matter.
func NewZone(records map[string][]string, errors map[string]string) Zone {
	z := Zone{map[string][]string{}, map[string]string{}}
	z.add(records, errors)
	return z
}

// Resolver returns the DNS of the case: its own records or those of its source,
// and those of the pool that it needs.
func (c *Case) Resolver() Zone {
	z := NewZone(c.records, c.errors)
	if c.Zone != nil {
		z = NewZone(c.Zone, nil)
	}
	for name := range c.Pool {
		z.Records[canonicalName(name)] = []string{c.pool[name].TXT}
	}
	z.add(nil, c.ZoneErrors)
	return z
}

func (z Zone) add(records map[string][]string, errors map[string]string) {
	for name, txt := range records {
		z.Records[canonicalName(name)] = txt
	}
	for name, word := range errors {
		z.Errors[canonicalName(name)] = word
	}
}

func canonicalName(name string) string {
	return strings.ToLower(strings.TrimSuffix(name, "."))
}

// LookupTXT answers as a *net.Resolver does: a name that is not there, and one
// that fails, is a *net.DNSError.
func (z Zone) LookupTXT(ctx context.Context, name string) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	key := canonicalName(name)
	e := &net.DNSError{Name: name, Server: "test"}
	switch z.Errors[key] {
	case "servfail":
		e.Err, e.IsTemporary = "server misbehaving", true
		return nil, e
	case "timeout":
		e.Err, e.IsTimeout, e.IsTemporary = "i/o timeout", true, true
		return nil, e
	case "":
		if txt := z.Records[key]; len(txt) > 0 {
			return txt, nil
		}
	}
	e.Err, e.IsNotFound = "no such host", true
	return nil, e
}
