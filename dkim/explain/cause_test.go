package explain_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime/quotedprintable"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/explain"
	"github.com/waxseal/waxseal/internal/dkimtest"
)

const plain = `Received: from a.example.org by b.example.org; Wed, 4 Mar 2026 05:06:07 +0000
From: Joe Sixpack <joe@example.org>
To: Suzie Q <suzie@shopping.example.net>,
 Ann <ann@example.net>
Subject: Is dinner ready tonight?
Date: Wed, 4 Mar 2026 05:06:07 +0000
Message-ID: <20260304.5678@example.org>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Hi.

We lost the game.	Are you  hungry yet?
.hidden
From here on it is cold, and Zoë says so.
	one		two

-- 
Joe.
`

const multi = `From: Joe Sixpack <joe@example.org>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready tonight?
Date: Wed, 4 Mar 2026 05:06:07 +0000
Message-ID: <20260304.5678@example.org>
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="=_border"

This is MIME.
--=_border
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Grüße aus Zürich.

Joe
--=_border
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: 8bit

<html><body>
<p>Grüße aus <b>Zürich</b>.</p>
</body></html>
--=_border--
`

// A damage is one that relays, lists or stores do to a signed message.
type damage struct {
	name  string
	cause explain.Cause
	canon string // of the signature
	text  string
	body  bool // it is in the body, and header otherwise
	hurt  func(raw string) string
}

// inBody hurts the body alone, inHeader the header.
func inBody(f func(string) string) func(string) string {
	return func(raw string) string {
		head, body, _ := strings.Cut(raw, "\r\n\r\n")
		return head + "\r\n\r\n" + f(body)
	}
}

func inHeader(f func(string) string) func(string) string {
	return func(raw string) string {
		head, body, _ := strings.Cut(raw, "\r\n\r\n")
		return f(head+"\r\n") + "\r\n" + body
	}
}

func replace(old, new string) func(string) string {
	return func(s string) string { return strings.ReplaceAll(s, old, new) }
}

func replaceRE(old, new string) func(string) string {
	re := regexp.MustCompile(old)
	return func(s string) string { return re.ReplaceAllString(s, new) }
}

func both(f ...func(string) string) func(string) string {
	return func(s string) string {
		for _, g := range f {
			s = g(s)
		}
		return s
	}
}

func toQP(s string) string {
	var b bytes.Buffer
	w := quotedprintable.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

func fromQP(s string) string {
	b, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(s)))
	if err != nil {
		panic(err)
	}
	return string(b)
}

func toBase64(s string) string {
	return strings.Join(slices.Collect(chunks(base64.StdEncoding.EncodeToString([]byte(s)), 76)), "\r\n") + "\r\n"
}

func fromBase64(s string) string {
	b, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(s, "\r\n", ""))
	if err != nil {
		panic(err)
	}
	return string(b)
}

func chunks(s string, n int) func(func(string) bool) {
	return func(yield func(string) bool) {
		for s != "" {
			k := min(n, len(s))
			if !yield(s[:k]) {
				return
			}
			s = s[k:]
		}
	}
}

// breakLines breaks lines over 998 octets, as relays do.
func breakLines(s string) string {
	lines := strings.Split(s, "\r\n")
	for i, l := range lines {
		lines[i] = strings.Join(slices.Collect(chunks(l, 998)), "\r\n")
	}
	return strings.Join(lines, "\r\n")
}

// qpText and base64Text are plain, encoded; long has a long line.
var (
	qpText     = encoded(toQP, "quoted-printable")
	base64Text = encoded(toBase64, "base64")
	html       = strings.Replace(plain[:strings.Index(plain, "\n\n")], "text/plain", "text/html", 1) + "\n\n<html><body class=x><p>Hi,  \tare you hungry?</p><p>We are.</p></body></html>\n"
	long       = plain + strings.Repeat("0123456789", 250) + "\nend\n"
)

func encoded(encode func(string) string, label string) string {
	head, body, _ := strings.Cut(plain, "\n\n")
	body = strings.ReplaceAll(encode(dkimtest.CRLF(body)), "\r\n", "\n")
	return strings.Replace(head, "8bit", label, 1) + "\n\n" + body
}

const (
	ss = "simple/simple"
	rr = "relaxed/relaxed"
)

// part converts the parts of multi.
func part(convert func(string) string, label string) func(string) string {
	return func(body string) string {
		pieces := strings.Split(body, "--=_border")
		for i := 1; i < len(pieces)-1; i++ {
			head, text, _ := strings.Cut(pieces[i], "\r\n\r\n")
			text = strings.TrimSuffix(text, "\r\n")
			pieces[i] = strings.Replace(head, "8bit", label, 1) + "\r\n\r\n" + convert(text) + "\r\n"
		}
		return strings.Join(pieces, "--=_border")
	}
}

func toLF(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

// unpart converts the parts of multi back to 8-bit.
func unpart(convert func(string) string, label string) func(string) string {
	return func(body string) string {
		pieces := strings.Split(body, "--=_border")
		for i := 1; i < len(pieces)-1; i++ {
			head, text, _ := strings.Cut(pieces[i], "\r\n\r\n")
			pieces[i] = strings.Replace(head, label, "8bit", 1) + "\r\n\r\n" + convert(strings.TrimSuffix(text, "\r\n")) + "\r\n"
		}
		return strings.Join(pieces, "--=_border")
	}
}

func wrap(raw string) string {
	head, body, _ := strings.Cut(raw, "\r\n\r\n")
	was := regexp.MustCompile("Content-Type: .*\r\nContent-Transfer-Encoding: [^\r]*").FindString(head)
	head = strings.Replace(head, was, `Content-Type: multipart/mixed; boundary="list"`, 1)
	return head + "\r\n\r\n--list\r\n" + was + "\r\n\r\n" + body + "\r\n--list\r\nContent-Type: text/plain\r\n\r\nfooter\r\n--list--\r\n"
}

const footer = "_______________________________________________\r\nlist mailing list\r\nlist@lists.example.com\r\n"

// damages are those whose original can be restored.
var damages = []damage{
	{"LF in the body", explain.LineEndings, ss, plain, true, inBody(replace("\r\n", "\n"))},
	{"LF everywhere", explain.LineEndings, rr, plain, false, replace("\r\n", "\n")},
	{"CR in the body", explain.LineEndings, ss, plain, true, inBody(replace("\r\n", "\r"))},
	{"CR everywhere", explain.LineEndings, ss, plain, false, replace("\r\n", "\r")},
	{"mixed line ends in the body", explain.LineEndings, ss, plain, true, inBody(both(replace("\r\n\r\n", "\n\n"), replace(".\r\n", ".\r")))},
	{"CR CR LF in the body", explain.LineEndings, rr, plain, true, inBody(replace("\r\n", "\r\r\n"))},
	{"white space at line ends", explain.TrailingSpace, ss, plain, true, inBody(replace(".\r\n", ".  \r\n"))},
	{"white space at line ends, one line", explain.TrailingSpace, ss, strings.ReplaceAll(plain, "-- \n", ""), true, inBody(replace("yet?\r\n", "yet? \r\n"))},
	{"the space of the signature's line", explain.TrailingSpace, ss, plain, true, inBody(replace("-- \r\n", "--\r\n"))},
	{"one space at a line end lost", explain.TrailingSpace, ss, strings.Replace(plain, "yet?", "yet? ", 1), true, inBody(replace("yet? ", "yet?"))},
	{"a footer", explain.Footer, ss, plain, true, inBody(func(s string) string { return s + footer })},
	{"a footer after blank lines", explain.Footer, rr, plain, true, inBody(func(s string) string { return s + "\r\n\r\n" + footer })},
	{"a footer in both parts", explain.Footer, rr, multi, true, inBody(both(replace("Joe\r\n", "Joe\r\n\r\nfooter of the list\r\n"), replace("</body>", "<p>footer of the list</p>\r\n</body>")))},
	{"a banner", explain.Banner, rr, plain, true, inBody(func(s string) string { return "[EXTERNAL] Mind the links.\r\n\r\n" + s })},
	{"a banner in HTML", explain.Banner, rr, multi, true, inBody(replace("<body>\r\n", "<body>\r\n<div>EXTERNAL</div>\r\n"))},
	{"a banner in a line of HTML", explain.Banner, rr, html, true, inBody(replace("<body class=x>", `<body class=x><div style="color:red">EXTERNAL</div>`))},
	{"a banner in a line of HTML, with its line end", explain.Banner, ss, html, true, inBody(replace("<body class=x>", "<body class=x><div>EXTERNAL</div>\r\n"))},
	{"a footer in a line of HTML", explain.Footer, rr, html, true, inBody(replace("</body>", "<p>list \t mailing list</p></body>"))},
	{"a footer in lines of HTML", explain.Footer, ss, html, true, inBody(replace("</body>", "\r\n<p>list</p>\r\n</body>"))},
	{"a banner and a footer", explain.Banner, ss, plain, true, inBody(func(s string) string { return "EXTERNAL\r\n" + s + footer })},
	{"wrapped in a multipart", explain.Wrapped, rr, plain, true, wrap},
	{"dots doubled", explain.DotStuffing, rr, plain, true, inBody(replace("\r\n.", "\r\n.."))},
	{"a dot lost", explain.DotStuffing, rr, plain, true, inBody(replace("\r\n.", "\r\n"))},
	{"From escaped", explain.FromEscaped, ss, plain, true, inBody(replace("\r\nFrom ", "\r\n>From "))},
	{"From unescaped", explain.FromEscaped, rr, strings.Replace(plain, "\nFrom here", "\n>From here", 1), true, inBody(replace("\r\n>From ", "\r\nFrom "))},
	{"a mailbox line", explain.MboxLine, rr, plain, false, func(s string) string { return "From joe@example.org\r\n" + s }},
	{"tabs to eight spaces", explain.Tabs, ss, plain, true, inBody(replace("\t", "        "))},
	{"tabs to four spaces", explain.Tabs, ss, plain, true, inBody(replace("\t", "    "))},
	{"tabs expanded", explain.Tabs, ss, plain, true, inBody(expandTabs)},
	{"spaces to tabs", explain.Tabs, ss, strings.ReplaceAll(plain, "\t", "        "), true, inBody(replace("        ", "\t"))},
	{"a long line broken", explain.LongLines, rr, long, true, inBody(breakLines)},
	{"a long line broken by !", explain.LongLines, ss, long, true, inBody(replace("456789", "456789!\r\n "))},
	{"8-bit to quoted-printable", explain.Reencoded, rr, plain, false, both(inHeader(replace("8bit", "quoted-printable")), inBody(toQP))},
	{"8-bit to base64", explain.Reencoded, rr, plain, false, both(inHeader(replace("8bit", "base64")), inBody(toBase64))},
	{"quoted-printable to 8-bit", explain.Reencoded, rr, qpText, false, both(inHeader(replace("quoted-printable", "8bit")), inBody(fromQP))},
	{"base64 to 8-bit", explain.Reencoded, rr, base64Text, false, both(inHeader(replace("base64", "8bit")), inBody(fromBase64))},
	{"base64 with other lines", explain.Reencoded, rr, base64Text, true, inBody(func(s string) string {
		return strings.Join(slices.Collect(chunks(strings.ReplaceAll(s, "\r\n", ""), 60)), "\r\n") + "\r\n"
	})},
	{"parts to quoted-printable", explain.Reencoded, rr, multi, true, inBody(part(toQP, "quoted-printable"))},
	{"parts to base64", explain.Reencoded, ss, multi, true, inBody(part(toBase64, "base64"))},
	{"quoted-printable parts to 8-bit", explain.Reencoded, rr, toLF(part(toQP, "quoted-printable")(dkimtest.CRLF(multi))), true, inBody(unpart(fromQP, "quoted-printable"))},
	{"base64 parts to 8-bit", explain.Reencoded, rr, toLF(part(toBase64, "base64")(dkimtest.CRLF(multi))), true, inBody(unpart(fromBase64, "base64"))},
	{"UTF-8 to Latin-1", explain.Charset, rr, plain, true, inBody(replace("ë", "\xeb"))},
	{"another charset label", explain.Charset, rr, plain, false, inHeader(replace("charset=utf-8", `charset="UTF-8"`))},
	{"another charset label in a part", explain.Charset, ss, multi, true, inBody(replaceRE(`plain; charset=utf-8`, `plain; charset=us-ascii`))},
	{"a charset label added", explain.Charset, rr, strings.Replace(plain, "; charset=utf-8", "", 1), false, inHeader(replace("text/plain", "text/plain; charset=utf-8"))},

	{"a subject tag", explain.SubjectTag, rr, plain, false, inHeader(replace("Subject: ", "Subject: [list] "))},
	{"a subject tag in words", explain.SubjectTag, ss, plain, false, inHeader(replace("Subject: ", "Subject: ***SPAM*** "))},
	{"a subject tag after Re:", explain.SubjectTag, rr, strings.Replace(plain, "Subject: ", "Subject: Re: ", 1), false, inHeader(replace("Re: ", "Re: [list 23] "))},
	{"a fold undone", explain.Refolded, ss, plain, false, inHeader(replace(",\r\n Ann", ", Ann"))},
	{"a fold made", explain.Refolded, ss, plain, false, inHeader(replace("dinner ready", "dinner\r\n ready"))},
	{"a fold by a tab", explain.Refolded, ss, plain, false, inHeader(replace(",\r\n Ann", ",\r\n\tAnn"))},
	{"a space put into a word by a fold", explain.Refolded, rr, plain, false, inHeader(replace("20260304.5678", "20260304.\r\n 5678"))},
	{"the space after a colon lost", explain.ColonSpace, ss, plain, false, inHeader(replace("Subject: ", "Subject:"))},
	{"the space after a colon made", explain.ColonSpace, ss, strings.Replace(plain, "Subject: ", "Subject:", 1), false, inHeader(replace("\nSubject:", "\nSubject: "))},
	{"the space after all colons doubled", explain.ColonSpace, ss, plain, false, inHeader(replaceRE(`(?m)^(From|To|Subject|Date|Message-ID): `, "$1:  "))},
	{"the case of a name", explain.NameCase, ss, plain, false, inHeader(replace("\nMessage-ID:", "\nMessage-Id:"))},
	{"the case of all names", explain.NameCase, ss, plain, false, inHeader(func(s string) string {
		return regexp.MustCompile(`(?m)^(From|To|Subject|Date)`).ReplaceAllStringFunc(s, strings.ToUpper)
	})},
	{"white space at the end of a field", explain.TrailingSpace, ss, plain, false, inHeader(replace("tonight?", "tonight? "))},
	{"a bare LF in a field", explain.LineEndings, ss, plain, false, inHeader(replace(",\r\n Ann", ",\n Ann"))},
	{"another bh=", explain.SignatureField, rr, plain, false, inHeader(replaceRE(`bh=\w`, "bh=A"))},
	{"a field added", explain.FieldAdded, rr, plain, false, inHeader(func(s string) string { return "Reply-To: list@lists.example.com\r\n" + s })},
	{"a field duplicated", explain.FieldDuplicated, rr, plain, false, inHeader(func(s string) string { return "Subject: Is dinner ready tonight?\r\n" + s })},
	{"a field removed", explain.FieldRemoved, rr, plain, false, inHeader(replace("MIME-Version: 1.0\r\n", ""))},
	{"another type of a field removed", explain.FieldRemoved, rr, plain, false, inHeader(replace("Content-Transfer-Encoding: 8bit\r\n", ""))},
	{"From rewritten", explain.FromRewritten, rr, plain, false, inHeader(replaceRE(`\nFrom: (.*)`, "\nX-Original-From: $1\nFrom: Joe via list <list@lists.example.com>\r"))},
	{"a date's comment", explain.FieldRewritten, rr, plain, false, inHeader(replace("07 +0000\r\nMessage", "07 +0000 (UTC)\r\nMessage"))},
	{"quotes of a name", explain.FieldRewritten, rr, plain, false, inHeader(replace("Joe Sixpack", `"Joe Sixpack"`))},
	{"words encoded", explain.EncodedWord, rr, strings.Replace(plain, "dinner", "dîner", 1), false, inHeader(replace("Subject: Is dîner ready tonight?", "Subject: =?utf-8?q?Is_d=C3=AEner_ready_tonight=3F?="))},
	{"words decoded", explain.EncodedWord, rr, strings.Replace(plain, "Subject: Is dinner ready tonight?", "Subject: =?utf-8?q?Is_d=C3=AEner_ready_tonight=3F?=", 1), false, inHeader(replace("=?utf-8?q?Is_d=C3=AEner_ready_tonight=3F?=", "Is dîner ready tonight?"))},
}

func expandTabs(s string) string {
	var b strings.Builder
	column := 0
	for i := range len(s) {
		switch s[i] {
		case '\t':
			n := 8 - column%8
			b.WriteString(strings.Repeat(" ", n))
			column += n
		case '\n', '\r':
			b.WriteByte(s[i])
			column = 0
		default:
			b.WriteByte(s[i])
			column++
		}
	}
	return b.String()
}

// causes are those of a report, without what only says that nothing was found.
func causes(r *explain.Report) []explain.Cause {
	var list []explain.Cause
	for _, f := range r.Findings {
		list = append(list, f.Cause)
	}
	return list
}

// TestDamages: each damage is found, proved, is the only one that is found, and
// what is undone makes the message verify.
func TestDamages(t *testing.T) {
	for _, d := range damages {
		for _, ed := range []bool{false, true} {
			name := d.name + ", RSA"
			if ed {
				name = d.name + ", Ed25519"
			}
			t.Run(name, func(t *testing.T) {
				s := newSigner(d.canon, ed)
				raw := sign(t, s, d.text)
				if got := status(t, raw, verifier(zone())); got != dkim.Pass {
					t.Fatalf("undamaged: %s", got)
				}
				hurt := d.hurt(string(raw))
				if hurt == string(raw) {
					t.Fatal("no damage done")
				}
				r := explainOne(t, []byte(hurt), &explain.Options{Verifier: verifier(zone())})
				want := []explain.Cause{d.cause}
				if d.name == "a banner and a footer" {
					want = append(want, explain.Footer)
				}
				if got := causes(r); !slices.Equal(got, want) || !r.Proved() {
					t.Fatalf("causes %q, proved %v, want %q\n%s", got, r.Proved(), want, r)
				}
				if got := status(t, r.Repaired(), verifier(zone())); got != dkim.Pass {
					t.Errorf("repaired: %s", got)
				}
				f := r.Findings[0]
				if f.Where.Line == 0 || f.Advice == "" || f.Detail == "" || len(f.Spans) == 0 {
					t.Errorf("no place, advice, detail or span: %+v", f)
				}
				if f.Proof.Undone[0] != d.cause {
					t.Errorf("undone: %q", f.Proof.Undone)
				}
			})
		}
	}
}
