package main

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
)

// header has 20 fields, as newsletters have them, in some 2 KB.
const header = "Return-Path: <bounce+12345@mail.example.org>\r\n" +
	"Received: from mail.example.org (mail.example.org [192.0.2.10])\r\n\tby mx.example.net with ESMTPS id 0123456789abcdef\r\n" +
	"\t(version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256);\r\n\tFri, 15 Jan 2027 07:59:59 +0000\r\n" +
	"Received: from relay1.example.org ([198.51.100.7]) by mail.example.org\r\n\twith ESMTPSA id abcdef; Fri, 15 Jan 2027 07:59:58 +0000\r\n" +
	"Received: from relay2.example.org ([198.51.100.8]) by relay1.example.org\r\n\twith ESMTPSA id fedcba; Fri, 15 Jan 2027 07:59:57 +0000\r\n" +
	"From: \"The Example Newsletter\" <news@example.org>\r\n" +
	"To: Suzie Q <suzie@shopping.example.net>\r\n" +
	"Subject: =?utf-8?Q?This_week=E2=80=99s_offers?= for you, and a few that\r\n are left from the last\r\n" +
	"Date: Fri, 15 Jan 2027 07:59:57 +0000\r\n" +
	"Message-ID: <20270115075957.12345.67890@mail.example.org>\r\n" +
	"Reply-To: news@example.org\r\n" +
	"MIME-Version: 1.0\r\n" +
	"Content-Type: multipart/alternative; charset=utf-8;\r\n\tboundary=\"----=_Part_12345_67890.1800000000000\"\r\n" +
	"Content-Transfer-Encoding: 8bit\r\n" +
	"List-Id: The Example Newsletter <news.example.org>\r\n" +
	"List-Unsubscribe: <https://example.org/unsubscribe?u=0123456789abcdef>,\r\n <mailto:unsubscribe@example.org>\r\n" +
	"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" +
	"X-Mailer: Example 1.0\r\n" +
	"X-Campaign: 2027-01-15\r\n" +
	"Feedback-ID: 12345:67890:example\r\n" +
	"X-Received-Note: this field and those like it are not signed, and make up\r\n\twhat a header of mail that went by several systems has of its own\r\n"

// headerFields is the number of fields in header.
const headerFields = 20

// body returns a body of a kind, and at most of the given size in octets: whole
// lines, the same every time.
func body(kind string, size int) []byte {
	rng := rand.New(rand.NewPCG(6376, 8601))
	line := map[string]func(*rand.Rand) string{"text": textLine, "html": htmlLine, "qp": quotedPrintableLine, "base64": base64Line}[kind]
	buf := make([]byte, 0, size)
	for {
		l := line(rng)
		if len(buf)+len(l)+2 > size {
			return buf
		}
		buf = append(append(buf, l...), "\r\n"...)
	}
}

var words = strings.Fields(`a an and are as at be before but by can come could day do down each even first for from get give go
	good great had has have he her here him his how if in into is it its know last like little long look made make man many may me
	mean message might more most must my name never new no not now of old on one only or other our out over own people place right
	said same say see she should so some state still such take than that the their them then there these they thing think this
	through time to two under unsubscribe up us use very want was water way we well were what when where which who will with word
	work world would write year you your newsletter something international conversation`)

// text returns words of about n octets, now and then with a second space
// after a sentence.
func text(rng *rand.Rand, n int) string {
	var b strings.Builder
	for b.Len() < n {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(words[rng.IntN(len(words))])
		if rng.IntN(12) == 0 {
			b.WriteString([]string{". ", ".", ","}[rng.IntN(3)])
		}
	}
	return b.String()
}

// textLine is a line of plain text, as people and their programs wrap it.
func textLine(rng *rand.Rand) string {
	if rng.IntN(8) == 0 {
		return "" // between paragraphs
	}
	return text(rng, 55+rng.IntN(15))
}

// htmlLine is a line of a newsletter: nested tables, deeply indented, with
// styles in every cell.
func htmlLine(rng *rand.Rand) string {
	indent := strings.Repeat("  ", rng.IntN(16))
	if rng.IntN(6) == 0 {
		indent = strings.Repeat("\t", rng.IntN(8))
	}
	switch rng.IntN(10) {
	case 0:
		return indent + "<tr>"
	case 1:
		return indent + "</td></tr>"
	case 2:
		return "" + strings.Repeat(" ", rng.IntN(2)*4) // white space alone, or nothing
	case 3:
		return indent + `<table width="100%" cellpadding="0" cellspacing="0" border="0" role="presentation">`
	case 4, 5:
		return indent + fmt.Sprintf(`<td align="left" valign="top" style="font-family: Arial, Helvetica, sans-serif; font-size: %dpx; line-height: %dpx; color: #%06x; padding: 0 %dpx 10px %dpx;">`,
			10+rng.IntN(14), 14+rng.IntN(14), rng.IntN(1<<24), rng.IntN(30), rng.IntN(30))
	case 6:
		return indent + fmt.Sprintf(`<a href="https://click.example.org/r/%016x?u=%08x" target="_blank" style="color: #%06x; text-decoration: none;">%s</a>`,
			rng.Uint64(), rng.Uint32(), rng.IntN(1<<24), text(rng, 10))
	case 7:
		return indent + fmt.Sprintf(`<img src="https://img.example.org/%016x.png" width="%d" height="%d" alt="" border="0" style="display: block;" />`,
			rng.Uint64(), rng.IntN(600), rng.IntN(300))
	}
	return indent + text(rng, 40+rng.IntN(60)) + strings.Repeat(" ", rng.IntN(20)/19) // now and then a space at the end
}

// quotedPrintableLine is a line of text with letters beyond ASCII, with a soft
// line break.
func quotedPrintableLine(rng *rand.Rand) string {
	var b strings.Builder
	for b.Len() < 60 {
		b.WriteString(text(rng, 12))
		b.WriteString([]string{"=C3=BC", "=C3=9F", "=E2=80=99", "=3D"}[rng.IntN(4)])
	}
	return b.String() + " ="
}

// base64Line is a line of an attachment.
func base64Line(rng *rand.Rand) string {
	var raw [57]byte
	for i := range raw {
		raw[i] = byte(rng.Uint32())
	}
	return base64.StdEncoding.EncodeToString(raw[:])
}
