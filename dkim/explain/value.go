package explain

import (
	"maps"
	"mime"
	"slices"
	"strings"
	"unicode/utf8"
)

// subject takes tags out of a subject.
func (v *varier) subject() {
	if !v.is("Subject") {
		return
	}
	lead := len(v.value) - len(strings.TrimLeft(v.value, " \t\r\n"))
	space, text := v.value[:lead], v.value[lead:]
	const most = 8 // words that a tag has
	for i, n := 0, 0; i < len(text) && n < most; i++ {
		if text[i] == ' ' || text[i] == ']' || text[i] == ':' || text[i] == '\t' {
			n++
			rest := strings.TrimLeft(text[i+1:], " \t\r\n")
			v.add(0, noClass, v.name, space+rest)
		}
	}
	for i, n := 0, 0; n < most; n++ { // "Re: [list] hello"
		open := strings.IndexByte(text[i:], '[')
		if open < 0 {
			break
		}
		open += i
		end := strings.IndexByte(text[open:], ']')
		if end < 0 {
			break
		}
		i = open + end + 1
		v.add(0, noClass, v.name, space+text[:open]+strings.TrimLeft(text[i:], " \t\r\n"))
	}
	for i, n := len(text)-1, 0; i > 0 && n < most; i-- {
		if text[i] == ' ' {
			n++
			v.add(1, noClass, v.name, space+text[:i])
		}
	}
	for _, name := range []string{"Thread-Topic", "X-Original-Subject", "Original-Subject", "X-Subject"} {
		for _, t := range v.m.fieldValues(name) {
			v.add(0, noClass, v.name, t)
		}
	}
}

// replaced takes addresses from where lists keep what was in From or Reply-To.
func (v *varier) replaced() {
	if !v.is("From", "Reply-To", "Sender", "To", "Cc") {
		return
	}
	for _, name := range []string{"Reply-To", "X-Original-From", "Original-From", "X-Original-Sender", "X-Original-Reply-To", "X-Original-To", "X-From", "Old-From", "Resent-From", "Cc", "To"} {
		if !v.is(name) {
			for _, t := range v.m.fieldValues(name) {
				v.add(1, noClass, v.name, t)
			}
		}
	}
}

// address varies the spelling of addresses.
func (v *varier) address() {
	if !v.is("From", "Reply-To", "Sender", "To", "Cc") {
		return
	}
	text := strings.TrimSpace(v.flat())
	if bare, ok := strings.CutPrefix(text, "<"); ok && strings.HasSuffix(bare, ">") {
		v.add(1, noClass, v.name, " "+strings.TrimSuffix(bare, ">"))
	} else if !strings.ContainsAny(text, "<> ,") {
		v.add(1, noClass, v.name, " <"+text+">")
	}
	v.add(1, noClass, v.name, strings.ReplaceAll(v.value, `"`, ""))
	if name, rest, ok := strings.Cut(text, " <"); ok && !strings.Contains(name, `"`) && !strings.Contains(rest, ",") {
		v.add(1, noClass, v.name, ` "`+name+`" <`+rest)
	}
	v.add(2, noClass, v.name, strings.ToLower(v.value))
}

// date varies the spelling of a date.
func (v *varier) date() {
	if !v.is("Date", "Resent-Date") {
		return
	}
	text := strings.TrimSpace(v.flat())
	if at := strings.IndexByte(text, '('); at > 0 {
		v.add(0, noClass, v.name, " "+strings.TrimSpace(text[:at]))
		text = strings.TrimSpace(text[:at])
	}
	for _, pair := range [][2]string{{"GMT", "+0000"}, {"+0000", "GMT"}, {"-0000", "+0000"}, {"+0000", "-0000"}, {"UTC", "+0000"}, {"UT", "+0000"}, {"Z", "+0000"}} {
		if t, ok := strings.CutSuffix(text, pair[0]); ok {
			v.add(1, noClass, v.name, " "+t+pair[1])
		}
	}
	for _, comment := range []string{" (UTC)", " (GMT)", " (CET)", " (EST)", " (PST)", " (CEST)", " (EDT)", " (PDT)"} {
		v.add(2, noClass, v.name, " "+text+comment)
	}
	if day, rest, ok := strings.Cut(text, ", "); ok && len(rest) > 2 {
		switch {
		case rest[0] == '0':
			v.add(1, noClass, v.name, " "+day+", "+rest[1:])
			v.add(1, noClass, v.name, " "+day+",  "+rest[1:])
		case rest[1] == ' ':
			v.add(1, noClass, v.name, " "+day+", 0"+rest)
		}
	}
}

// contentType varies the charset, and takes the type of a part: the message may
// have become one.
func (v *varier) contentType() {
	if !v.is("Content-Type") {
		return
	}
	for _, t := range contentTypeVariants(v.value) {
		v.add(1, noClass, v.name, t)
	}
	for _, t := range v.m.partFields("Content-Type") {
		v.add(0, noClass, v.name, t)
	}
	value := v.flat()
	v.add(2, noClass, v.name, strings.ReplaceAll(value, `"`, ""))
	t, params, err := mime.ParseMediaType(value)
	if err != nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		word := params[name]
		v.add(1, noClass, v.name, strings.Replace(value, name+"="+word, name+`="`+word+`"`, 1))
		v.add(1, noClass, v.name, strings.Replace(value, name+`="`+word+`"`, name+"="+word, 1))
	}
	v.add(2, noClass, v.name, " "+mime.FormatMediaType(t, params))
	v.add(2, noClass, v.name, strings.ToLower(value))
}

// encoding varies the transfer encoding.
func (v *varier) encoding() {
	if !v.is("Content-Transfer-Encoding") {
		return
	}
	for _, t := range []string{"8bit", "7bit", "quoted-printable", "base64", "8BIT", "7BIT", "Quoted-Printable", "BASE64", "binary"} {
		v.add(0, noClass, v.name, " "+t)
	}
	for _, t := range v.m.partFields("Content-Transfer-Encoding") {
		v.add(1, noClass, v.name, t)
	}
}

// words varies the encoding of words beyond ASCII (RFC 2047).
func (v *varier) words() {
	text := strings.TrimSpace(v.flat())
	plain := text
	if strings.Contains(text, "=?") {
		d := new(mime.WordDecoder)
		t, err := d.DecodeHeader(text)
		if err != nil || strings.ContainsAny(t, "\r\n") {
			return
		}
		plain = t
		v.add(1, noClass, v.name, " "+plain)
	}
	ascii := strings.IndexFunc(plain, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
	if ascii || !utf8.ValidString(plain) {
		return
	}
	for _, charset := range []string{"utf-8", "UTF-8"} {
		v.add(1, noClass, v.name, " "+mime.QEncoding.Encode(charset, plain))
		v.add(1, noClass, v.name, " "+mime.BEncoding.Encode(charset, plain))
	}
}
