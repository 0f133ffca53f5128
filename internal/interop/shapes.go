package interop

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// A Shape is a message that is awkward in one way. All have "Joe" in From.
type Shape struct {
	Name    string
	Message string
}

const header = "From: Joe SixPack <joe@example.com>\r\n" +
	"To: Suzie Q <suzie@shopping.example.net>\r\n" +
	"Subject: Is dinner ready?\r\n" +
	"Date: Fri, 11 Jul 2025 21:00:37 -0700\r\n" +
	"Message-ID: <20250712040037.46341.5F8J@example.com>\r\n"

const text = "MIME-Version: 1.0\r\n" +
	"Content-Type: text/plain; charset=utf-8\r\n"

const body = "Hi.\r\n\r\nWe lost the game. Are you hungry yet?\r\n\r\nJoe.\r\n"

// Shapes returns the shapes of the tests.
func Shapes() []Shape {
	subject := func(s string) string { return strings.Replace(header, "Is dinner ready?", s, 1) + text }
	return []Shape{
		{"plain", header + text + "\r\n" + body},
		{"folded fields", strings.Replace(subject("Is\r\n dinner\r\n\t  ready   ?  \r\n \t more"), "To: ", "TO:\r\n ", 1) + "\r\n" + body},
		{"duplicate fields", "Received: a\r\nReceived: b;\r\n\tc\r\n" + header + text +
			"Comments: one\r\nKeywords: x\r\nComments: two\r\nCc: b@example.com,\r\n c@example.com\r\nComments: one\r\n\r\n" + body},
		{"empty body", header + text + "\r\n"},
		{"body of blank lines", header + text + "\r\n\r\n\r\n\r\n"},
		{"no final CRLF", header + text + "\r\n" + body + "no line end here"},
		{"trailing blank lines", header + text + "\r\n" + body + "\r\n\r\n\r\n"},
		{"white space", "X-Field:\t  a\t b  \r\nX-Field:\r\nX-Field:c \t \r\n\t  d\t\r\n" + subject(" \t Is   dinner\tready? \t ") +
			"\r\n line  with \t  spaces \r\n\ttab start\t\r\n  \r\n\r\n\r\n \t \r\n\t\r\n"},
		{"8-bit body", header + strings.Replace(text, "utf-8", "iso-8859-1", 1) + "Content-Transfer-Encoding: 8bit\r\n\r\n" +
			"Sm\xf6rg\xe5sbord\xa0 \xff\xfe\x80\r\n\xa0\r\n"},
		{"SMTPUTF8", strings.NewReplacer("joe@", "žofie@", "suzie@shopping", "sušanka@nákupy", "Joe", "Joe Žluťoučký").Replace(subject("Är maten klar? 食事")) +
			"\r\nSmörgåsbord €\r\n\u00a0\r\n"},
		{"lines of 998 octets", subject("Is "+strings.Repeat("x", 998-len("Subject: Is "))) + "\r\n" + strings.Repeat("A", 998) + "\r\nend\r\n"},
		{"long line", header + text + "\r\n" + strings.Repeat("AB\tCD", 1000) + "\r\nend\r\n"},
		{"long line, white space", header + text + "\r\n" + strings.Repeat("AB  ", 1250) + "\r\nend\r\n"},
		{"multipart", multipart()},
		{"200 fields", manyFields() + header + text + "\r\n" + body},
		{"space before colon", strings.Replace(header, "Subject:", "Subject :", 1) + text + "\r\n" + body},
		{"dots", header + text + "\r\n.\r\n..\r\n.a\r\n\r\n.\r\n"},
	}
}

func manyFields() string {
	var b strings.Builder
	for i := range 193 { // with the seven of the header
		fmt.Fprintf(&b, "X-Field: value %d\r\n", i)
	}
	return b.String()
}

func multipart() string {
	octets := make([]byte, 3000)
	for i := range octets {
		octets[i] = byte(i * 7)
	}
	attachment := base64.StdEncoding.EncodeToString(octets)
	var b strings.Builder
	b.WriteString(header + "MIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n boundary=\"=_b 1\"\r\n\r\n" +
		"This is a message in MIME format.\r\n--=_b 1\r\nContent-Type: text/plain\r\n\r\nHi.  \r\n-- \r\nJoe\r\n" +
		"--=_b 1\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n" +
		"Content-Disposition: attachment; filename=\"a b.bin\"\r\n\r\n")
	for len(attachment) > 76 {
		b.WriteString(attachment[:76] + "\r\n")
		attachment = attachment[76:]
	}
	b.WriteString(attachment + "\r\n--=_b 1--\r\n\r\n")
	return b.String()
}
