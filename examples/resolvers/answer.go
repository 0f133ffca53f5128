package main

import (
	"strings"
	"time"

	"github.com/miekg/dns"
	"github.com/waxseal/waxseal/keyrecord"
)

// answer reads a response: the TXT records at the end of the CNAMEs, and the
// least TTL on the way to them. Without records, the TTL is that of the denial.
func answer(response *dns.Msg) keyrecord.Answer {
	a := keyrecord.Answer{TTL: -1}
	keep := func(seconds uint32) {
		if ttl := time.Duration(seconds) * time.Second; a.TTL < 0 || ttl < a.TTL {
			a.TTL = ttl
		}
	}
	owner := response.Question[0].Name
	for range response.Answer { // each CNAME is followed once at most
		alias := cname(response.Answer, owner)
		if alias == nil {
			break
		}
		owner = alias.Target
		keep(alias.Hdr.Ttl)
	}
	for _, rr := range response.Answer {
		if txt, ok := rr.(*dns.TXT); ok && strings.EqualFold(txt.Hdr.Name, owner) {
			a.TXT = append(a.TXT, unescape(strings.Join(txt.Txt, "")))
			keep(txt.Hdr.Ttl)
		}
	}
	if a.TXT == nil {
		a.TTL = -1
		for _, rr := range response.Ns {
			if soa, ok := rr.(*dns.SOA); ok { // RFC 2308, section 5
				keep(min(soa.Hdr.Ttl, soa.Minttl))
			}
		}
	}
	return a
}

func cname(records []dns.RR, owner string) *dns.CNAME {
	for _, rr := range records {
		if c, ok := rr.(*dns.CNAME); ok && strings.EqualFold(c.Hdr.Name, owner) {
			return c
		}
	}
	return nil
}

// unescape returns the octets of a TXT string. Package dns has it as in a zone
// file, with \DDD and \X, where keyrecord wants what was in the packet.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
			if i+2 < len(s) && digits(s[i:i+3]) {
				b.WriteByte((s[i]-'0')*100 + (s[i+1]-'0')*10 + s[i+2] - '0')
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func digits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}
