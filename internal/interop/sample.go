package interop

import (
	"crypto"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

// A Sample is a message of a differential test, with one signature. Many are
// right, many are wrong in one way or another.
type Sample struct {
	Message string
	Has     []string // what is special about it
}

// has notes what is special.
func (s *Sample) has(what string) {
	if !slices.Contains(s.Has, what) {
		s.Has = append(s.Has, what)
	}
}

// keyFor returns the key of the samples for an algorithm.
func keyFor(algorithm string) crypto.Signer {
	if algorithm == "rsa-sha256" {
		return dkimtest.RSA(1024)
	}
	return dkimtest.Ed25519(1)
}

// records are the key records of the samples: P stands for the key, K for k=.
var records = [...]string{
	"v=DKIM1; k=K; p=P", "v=DKIM1;k=K;p=P;", "k=K; p=P", "v=DKIM1; h=sha256; k=K; s=email; t=y; n=a=20note; p=P",
	"v=DKIM1; k=K; t=s; p=P", "v=DKIM1; h=sha1; k=K; p=P", "v=DKIM1; h=sha1:sha256; s=*; k=K; p=P", "v=DKIM1; s=other; k=K; p=P",
	"v=DKIM1; k=K; p=", "k=K; p=P; v=DKIM1", "v=DKIM2; k=K; p=P", "v=DKIM1; k=other; p=P", "v=DKIM1; k=K; foo=bar; p=P ; ",
	"v=DKIM1; k=K; t=y:s:foo; p=P", "v=DKIM1; k=K; p=P; p=P", "v=DKIM1; k=K", "v=spf1 -all", "",
	"v = DKIM1 ; k = K ; p = P", "V=DKIM1; K=K; P=P", "v=DKIM1; k=K; p=P;;", "v=DKIM1; p=P; k=K; h=SHA256",
}

// Zone returns the records of the samples, by their names.
func Zone() (keyrecord.MapResolver, error) {
	zone := keyrecord.MapResolver{}
	for _, algorithm := range []string{"rsa-sha256", "ed25519-sha256"} {
		rec, err := keyrecord.New(keyFor(algorithm).Public())
		if err != nil {
			return nil, err
		}
		_, p, _ := strings.Cut(rec.String(), "p=")
		k, _, _ := strings.Cut(algorithm, "-")
		for i, text := range records {
			if text == "" {
				continue // no record
			}
			zone[selector(algorithm, i)+"._domainkey.example.com"] = []string{strings.NewReplacer("P=P", "P="+p, "p=P", "p="+p, "p = P", "p = "+p, "k=K", "k="+k, "k = K", "k = "+k, "K=K", "K="+k).Replace(text)}
		}
	}
	return zone, nil
}

func selector(algorithm string, record int) string { return fmt.Sprintf("%s%d", algorithm[:1], record) }

// Generate returns the sample for some choices.
func Generate(octets []byte) (Sample, error) {
	c := &Choices{octets}
	s := new(Sample)
	names, header := s.header(c)
	body := s.body(c)
	algorithm := "rsa-sha256"
	if c.Below(2) == 1 {
		algorithm = "ed25519-sha256"
		s.has("ed25519")
	}
	tags := s.tags(c, algorithm, names, body)
	message, err := craft(keyFor(algorithm), tags, header+"\r\n"+body)
	if err != nil {
		return Sample{}, err
	}
	s.Message = s.change(c, message)
	header, _, _ = strings.Cut(s.Message, "\r\n\r\n")
	for _, name := range []string{"from", "to", "subject", "message-id", "reply-to"} {
		if n := strings.Count("\n"+strings.NewReplacer(" :", ":", "\t:", ":").Replace(strings.ToLower(header)), "\n"+name+":"); n > 1 {
			s.has("twice what is there once")
		}
	}
	return *s, nil
}

// header returns fields, and their names.
func (s *Sample) header(c *Choices) (names []string, header string) {
	from := c.Below(6)
	for i := range 6 {
		name := c.One("To", "Subject", "Date", "Message-ID", "Received", "received", "X-Field", "Comments", "Reply-To", "List-Id")
		value := s.text(c)
		switch {
		case i == from:
			name, value = c.One("From", "from", "FROM"), c.One("Joe <joe@example.com>", " joe@example.com", "\"a, b\"\r\n\t<joe@example.com>")
		case c.Below(2) == 0:
			continue
		}
		colon := c.One(":", ": ", ":", ":\t ", ":\r\n ")
		if c.Seldom(16) {
			colon = c.One(" :", "\t: ")
		}
		if colon[0] != ':' {
			s.has("white space before colon")
		}
		if colon[0] == '\t' {
			s.has("tab before colon")
		}
		if colon == ":\r\n " {
			s.has("fold after colon")
		}
		names = append(names, name)
		header += name + colon + value + c.One("", "", " ", " \t", "\r\n ") + "\r\n"
	}
	if strings.Contains(header, "\r\n \r\n") {
		s.has("folded line of white space")
	}
	return names, header
}

// text returns the value of a field.
func (s *Sample) text(c *Choices) string {
	var b strings.Builder
	for range c.Below(5) {
		word := c.One("word", "a", "", "B=b;", "\"q\"", "Smörgås", "\xe9\xff", "=?utf-8?q?x?=", ":", strings.Repeat("long", 30), "\u00a0", "(c)", "\x01")
		if word == "\xe9\xff" {
			s.has("octets that are no UTF-8")
		}
		if word == "\x01" {
			s.has("control character")
		}
		b.WriteString(word)
		b.WriteString(c.One(" ", "  ", "\t", "\r\n ", "\r\n\t", " \t \r\n  "))
	}
	return strings.TrimRight(b.String(), " \t\r\n")
}

// body returns a body.
func (s *Sample) body(c *Choices) string {
	var b strings.Builder
	for range c.Below(9) {
		b.WriteString(c.One("text", "", "", "two  spaces", " lead", "trail ", "\t \t", " ", "a\t b \t", ".", "..", "\u00a0é", "\xff\x80", strings.Repeat("white  space ", 120), strings.Repeat("x", 998), "-- "))
		b.WriteString("\r\n")
	}
	body := b.String()
	if body == "" {
		s.has("empty body")
	} else if strings.Trim(body, "\r\n") == "" {
		s.has("body of blank lines")
	} else if strings.Trim(body, "\r\n \t") == "" {
		s.has("body of white space")
	}
	if body != "" && c.Seldom(6) {
		body = strings.TrimSuffix(body, "\r\n")
		s.has("no final CRLF")
		if strings.HasSuffix(body, " ") || strings.HasSuffix(body, "\t") {
			s.has("white space and no final CRLF")
		}
	}
	if strings.Contains(body, "white  space") {
		s.has("long line of white space")
	}
	return body
}

// tags returns the tag list of the signature.
func (s *Sample) tags(c *Choices, algorithm string, names []string, body string) string {
	record := 0
	if c.Below(3) == 2 {
		if record = c.Below(len(records)); record > 0 {
			s.has("record " + records[record])
		}
	}
	list := []string{"v=1", "a=" + algorithm, "d=example.com", "s=" + selector(algorithm, record)}
	switch canon := c.One("relaxed/relaxed", "simple/simple", "relaxed/simple", "simple/relaxed", "relaxed", "simple", ""); canon {
	case "":
		s.has("simple header")
		s.has("simple body")
	default:
		list = append(list, "c="+canon)
		if strings.HasPrefix(canon, "simple") {
			s.has("simple header")
		}
		if canon != "relaxed/relaxed" && canon != "simple/relaxed" {
			s.has("simple body")
		} else {
			s.has("relaxed body")
		}
	}
	list = append(list, "h="+s.fields(c, names), "bh=BH", "b=B")
	if text := records[record]; (strings.Contains(text, "t=s") || strings.Contains(text, ":s:")) && c.Below(2) == 1 {
		list = append(list, "i=joe@sub.example.com") // what t=s is about
		s.has("i=joe@sub.example.com")
	}
	for range c.Below(3) {
		tag := c.One("t=1700000000", "x=4000000000", "x=1700000000", "t=4000000000", "i=@example.com", "i=joe@sub.example.com", "i=joe@example.org",
			"i=joe@EXAMPLE.com", "l="+fmt.Sprint(len(body)), "l=0", "l=3", "l=99999", "q=dns/txt", "q=foo:dns/txt", "q=foo", "z=From:x|To:=20y",
			"foo=bar", "v=2", "d=EXAMPLE.COM", "d=com", "t=x", "l=x", "x=0", "i=joe", "i=", "s=", "d=", "z=", "foo=", "a=RSA-SHA256", "a=foo-sha256", "a=rsa-foo",
			"c=foo/simple", "c=Relaxed/RELAXED", "h=", "h=to", "bh=", "bh=AAAA", "b=AAAA", "-", "foo", "t=1700000000; x=1600000000", "n\xc3\xa9=x", "foo=\xc3\xa9", "foo=\x01", "")
		switch tag {
		case "":
			s.has("empty tag")
		case "-":
			s.has("tag without a name")
		case "foo":
			s.has("tag without a value")
		default:
			s.has(tag)
		}
		name, _, _ := strings.Cut(tag, "=")
		at := slices.IndexFunc(list, func(t string) bool { return strings.HasPrefix(t, name+"=") })
		switch {
		case at >= 0 && c.Seldom(4):
			list = slices.Insert(list, 1+c.Below(len(list)), tag)
			s.has("duplicate tag")
		case at >= 0:
			list[at] = tag
		default:
			list = slices.Insert(list, c.Below(len(list)+1), tag)
		}
	}
	if c.Seldom(8) {
		at := c.Below(len(list))
		name, _, _ := strings.Cut(list[at], "=")
		s.has("without " + name)
		list = slices.Delete(list, at, at+1)
	}
	if c.Seldom(6) { // order does not matter
		slices.Reverse(list)
		s.has("reversed tags")
	}
	between := c.One("; ", ";", ";\r\n\t", " ; ", ";\r\n  ", "; \r\n ")
	if between == " ; " {
		s.has("white space before semicolons")
	}
	end := c.One("", ";", "; ", " ", ";\r\n ")
	tags := strings.Join(list, between) + end
	if strings.HasSuffix(tags, " ") || strings.HasSuffix(tags, "\t") {
		s.has("white space behind the tags")
	}
	return tags
}

// fields returns the value of h=.
func (s *Sample) fields(c *Choices, names []string) string {
	var list []string
	for _, name := range slices.Backward(names) {
		if strings.EqualFold(name, "from") || c.Below(3) > 0 {
			list = append(list, c.One(name, strings.ToLower(name), strings.ToUpper(name)))
		}
	}
	for range c.Below(3) {
		list = slices.Insert(list, c.Below(len(list)+1), c.One("From", "X-Not-There", "Subject", "Received", "X-Field"))
	}
	if c.Seldom(24) {
		list = append(list, "DKIM-Signature")
	}
	if slices.Contains(list, "DKIM-Signature") {
		s.has("h= with DKIM-Signature")
	}
	return strings.Join(list, c.One(":", " : ", ":\r\n\t", ": "))
}

// change changes a signed message, or not.
func (s *Sample) change(c *Choices, message string) string {
	header, body, _ := strings.Cut(message, "\r\n\r\n")
	header += "\r\n"
	switch change := c.One("", "", "", "blank lines", "body", "more body", "case", "value", "From above", "From below", "field below", "order", "spaces", "b=", "folded b=", "LF"); change {
	case "":
	case "blank lines":
		body += "\r\n\r\n"
		s.has(change)
	case "body":
		body = "x" + body
		s.has(change)
	case "more body":
		body += "more\r\n"
		s.has(change)
	case "case":
		header = strings.Replace(strings.Replace(header, "Subject", "SUBJECT", 1), "To", "tO", 1)
		s.has(change)
	case "value":
		header = strings.Replace(header, "oe", "ao", 1)
		s.has(change)
	case "From above":
		header = "From: Jim <jim@example.net>\r\n" + header
		s.has(change)
	case "From below":
		header += "From: Jim <jim@example.net>\r\n"
		s.has(change)
	case "field below":
		header += c.One("Subject: below\r\n", "X-Other: y\r\n", "Received: below\r\n")
		s.has(change)
	case "order":
		fields := fieldPattern.FindAllString(header, -1)
		at := c.Below(len(fields))
		header = strings.Join(append(fields[at:], fields[:at]...), "")
		s.has(change)
	case "spaces":
		header = strings.Replace(header, "  ", " ", 1)
		body = strings.ReplaceAll(strings.ReplaceAll(body, " \r\n", "\r\n"), "  ", " ")
		s.has(change)
	case "b=":
		if i := strings.Index(header, "b="); i >= 0 && i+20 < len(header) {
			header = header[:i+9] + string(base64.StdEncoding.EncodeToString([]byte(header[i+9:]))[0]) + header[i+10:]
		}
		s.has(change)
	case "folded b=":
		if i := strings.Index(header, "b="); i >= 0 && i+20 < len(header) {
			header = header[:i+9] + "\r\n\t" + header[i+9:]
		}
		s.has(change)
	case "LF":
		body = strings.Replace(body, "\r\n", "\n", 1)
		s.has(change)
	}
	return header + "\r\n" + body
}
