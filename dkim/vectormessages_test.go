package dkim

import (
	"fmt"
	"strings"
)

// addErrors has the errors that no other group has, and what loosens them.
func (m *vectorMaker) addErrors() {
	signed := craft(m.t, m.rsa, goodTags, testMessage)
	for _, word := range []string{"servfail", "timeout"} {
		v := m.add("6376-3.6.2-d", "DNS: "+word, signed, "temperror key-temporary")
		v.DNS, v.DNSErrors = nil, map[string]string{rsaName: word}
	}
	v := m.add("6376-3.6.2-e", "DNS: nxdomain", signed, "permerror key-not-found")
	v.DNS, v.DNSErrors = nil, map[string]string{rsaName: "nxdomain"}
	m.add("6376-6.1-m", "Subject is wanted, and not signed", craft(m.t, m.rsa, with("h=from"), testMessage), "policy policy").Options = &vectorOptions{RequireFields: []string{"Subject"}}
	m.add("6376-6.1-m", "Subject is wanted, and signed", signed, "pass").Options = &vectorOptions{RequireFields: []string{"Subject"}}
	m.add("6376-6.1-m", "Cc is wanted, and absent", signed, "pass").Options = &vectorOptions{RequireFields: []string{"Cc"}}
	v = m.add("6376-3.5d-f", "a public suffix is allowed", craft(m.t, m.rsa, with("d=co.uk"), testMessage), "pass")
	v.DNS["rsa._domainkey.co.uk"], v.Options = []string{m.good}, &vectorOptions{PublicSuffix: true}
	m.add("6376-5-e", "a second From, allowed", "From: eve@example.com\r\n"+signed, "pass").Options = &vectorOptions{UncoveredFrom: true}
	m.add("8301-3.1-d", "rsa-sha1, allowed for archives", craft(m.t, m.rsa, with("a=rsa-sha1"), testMessage), "pass").Options = &vectorOptions{AllowSHA1: true}
	for _, received := range []struct {
		at   int64
		want string
	}{{1_000_000_050, "pass"}, {1_000_000_400, "pass"}, {1_000_000_401, "permerror expired"}} {
		m.add("6376-3.5x-d", fmt.Sprintf("x=1000000100, and the message is received at %d", received.at), craft(m.t, m.rsa, with("t=1000000000", "x=1000000100"), testMessage), received.want).Time = received.at
	}
	m.add("6376-3.5t-b", "t= and x= beyond 32 bits, and so is the time", craft(m.t, m.rsa, with("t=5000000000", "x=5000000100"), testMessage), "pass").Time = 5_000_000_050
	m.add("6376-3.2-u", "65 tags", strings.Replace(signed, "v=1;", "v=1;"+manyTags(60), 1), "policy limit")
	m.add("6376-3.2-u", "4,097 names in h=", strings.Replace(signed, "h=from", "h=from"+strings.Repeat(":x", 4096), 1), "policy limit")
	m.add("6376-3.5h-e", "no From field", strings.Replace(signed, "From: Joe", "Form: Joe", 1), "permerror from-not-signed")
	m.add("6376-6.1-b, 6376-3.7-j", "the signature below From", strings.Replace(strings.Replace(signed, strings.TrimSuffix(signed, testMessage), "", 1), "To:", strings.TrimSuffix(signed, testMessage)+"To:", 1), "pass")

	// 6376-6.1-a: of several faults one is told.
	for _, row := range []struct{ about, msg, want string }{
		{"a malformed tag, and a public suffix", craft(m.t, m.rsa, with("t=x", "d=co.uk"), testMessage), "neutral syntax"},
		{"a public suffix, and no key", craft(m.t, m.rsa, with("d=co.uk", "s=absent"), testMessage), "policy public-suffix"},
		{"expired, and no key", craft(m.t, m.rsa, with("x=1799999100", "s=absent"), testMessage), "permerror expired"},
		{"no key, and another header", strings.Replace(craft(m.t, m.rsa, with("s=absent"), testMessage), "dinner", "lunch", 1), "permerror key-not-found"},
		{"another header, and another body", strings.NewReplacer("dinner", "lunch", "Hi.", "Ho.").Replace(signed), "fail signature"},
		{"l= beyond the body, and another body", strings.Replace(craft(m.t, m.rsa, with("l=99"), testMessage), "Hi.", "Ho.", 1), "permerror body-length"},
		{"another body, of which a part is signed", strings.Replace(craft(m.t, m.rsa, with("l=9"), testMessage), "Hi.", "Ho.", 1), "fail body-hash"},
	} {
		m.add("6376-6.1-a, 6376-3.7-n", row.about, row.msg, row.want)
	}
}

// addSeveral are messages with several signatures.
func (m *vectorMaker) addSeveral() {
	good := craft(m.t, m.rsa, goodTags, testMessage)
	onTop := func(tags, msg string) string { return craft(m.t, m.rsa, tags, msg) }
	m.add("6376-6.1-c, 6376-6.1-e", "a malformed one on top", onTop(with("h=from", "t=x"), good), "neutral syntax", "pass")
	m.add("6376-6.1-c, 6376-6.1-b", "a malformed one below", onTop(goodTags, onTop(with("t=x"), testMessage)), "pass", "neutral syntax")
	m.add("6376-3.5a-b", "an unknown algorithm on top", onTop(with("h=from", "a=foo-bar"), good), "neutral algorithm", "pass")
	m.add("8301-3.1-g", "rsa-sha1 on top", onTop(with("h=from", "a=rsa-sha1"), good), "permerror historic-algorithm", "pass")
	v := m.add("6376-6.1-f", "a lookup that fails on top", onTop(with("h=from", "s=down"), good), "temperror key-temporary", "pass")
	v.DNSErrors = map[string]string{"down._domainkey.example.org": "servfail"}
	m.add("6376-5.4.2-i, 6376-5.4.2-j", "one that signs the other", onTop(with("h=from:dkim-signature"), good), "pass", "pass")
	at := strings.LastIndex(onTop(with("h=from:dkim-signature"), good), "; b=") + len("; b=")
	covered := onTop(with("h=from:dkim-signature"), good)
	m.add("6376-5.4.2-j", "one that signs the other, whose b= is changed", covered[:at]+"AAAA"+covered[at+4:], "fail signature", "fail signature")
	three := onTop(with("h=from", "d=a.example"), onTop(with("h=from", "d=b.example"), good))
	v = m.add("6376-6.1-d", "one may be looked up: that of the author's domain", three, "policy too-many-signatures", "policy too-many-signatures", "pass")
	v.Options = &vectorOptions{MaxSignatures: 1}
}

// addMessages are messages that are none, or nearly.
func (m *vectorMaker) addMessages() {
	signed := craft(m.t, m.rsa, goodTags, testMessage)
	header, body, _ := strings.Cut(signed, "\r\n\r\n")
	m.bad("message", "empty", "", "header")
	m.bad("message", "begins with CRLF", "\r\n"+signed, "header")
	m.bad("message", "begins with CRLF CRLF", "\r\n\r\n", "header")
	m.bad("message", "a body alone", "Hi there.\r\n", "header")
	m.bad("message", "a line without a colon", "junk\r\n"+signed, "header")
	m.bad("message", "a first line that begins with a space", " "+signed, "header")
	m.bad("message", "ends inside the header", header, "header")
	m.bad("6376-3.4-e", "lines end in LF", strings.ReplaceAll(signed, "\r\n", "\n"), "line-ending")
	m.bad("6376-3.4-e", "lines end in CR", strings.ReplaceAll(signed, "\r\n", "\r"), "line-ending")
	m.add("message", "not signed", testMessage)
	m.add("message", "no blank line and no body", header+"\r\n", "fail body-hash")
	m.add("message", "a blank line and no body", header+"\r\n\r\n", "fail body-hash")
	m.add("6376-3.4-e", "LF in the body", header+"\r\n\r\n"+strings.ReplaceAll(body, "\r\n", "\n"), "fail body-hash")
	m.add("message", "NUL and 8-bit in the body", strings.Replace(signed, "Hi.", "Hi.\x00\xff", 1), "fail body-hash")
	m.add("message", "NUL and 8-bit, signed", craft(m.t, m.rsa, goodTags, strings.Replace(strings.Replace(testMessage, "Hi.", "Hi.\x00\xff", 1), "ready", "\x00\xff", 1)), "pass")
	m.add("6376-3.5-a", "dkim-signature", strings.Replace(signed, "DKIM-Signature:", "dkim-signature:", 1), "pass")
	m.add("6376-3.5-a", "DKIM-SIGNATURE, and white space before the colon", strings.Replace(signed, "DKIM-Signature:", "DKIM-SIGNATURE \t:", 1), "pass")
	m.add("6376-3.5-a", "X-DKIM-Signature", strings.Replace(signed, "DKIM-Signature:", "X-DKIM-Signature:", 1))
	m.add("8616-5-g", "the Kelvin sign in place of the K of DKIM-Signature", strings.Replace(signed, "DKIM-Signature:", "D\u212aIM-Signature:", 1))
	m.add("message", "a body line of 5,000 octets", craft(m.t, m.rsa, goodTags, testMessage+strings.Repeat("x", 5000)+"\r\n"), "pass")
}
