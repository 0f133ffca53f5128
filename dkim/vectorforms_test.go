package dkim

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/waxseal/waxseal/canon"
)

var (
	// rawField is a header field, its folds included.
	rawField = regexp.MustCompile(`(?:[^\r\n]|\r[^\n]|\n)*\r\n(?:[ \t](?:[^\r\n]|\r[^\n]|\n)*\r\n)*`)
	// valueOfB is what stands before the value of b=, and the value.
	valueOfB = regexp.MustCompile(`((?:^|;)[ \t\r\n]*b[ \t\r\n]*=)[^;]*`)
)

// referenceForms returns what the signature at a place, counted from the top,
// signs: the canonical header with its own field, and the canonical body. It
// shares no code with the verifier but package canon.
func referenceForms(msg string, place int) (header, body []byte) {
	head, rest, found := strings.Cut(msg, "\r\n\r\n")
	if found {
		head += "\r\n"
	}
	fields := rawField.FindAllString(head, -1)
	own, left := -1, place
	for i, f := range fields {
		name, _, _ := strings.Cut(f, ":")
		if strings.EqualFold(strings.TrimRight(name, " \t"), "DKIM-Signature") {
			if left == 0 {
				own = i
				break
			}
			left--
		}
	}
	name, value, _ := strings.Cut(strings.TrimSuffix(fields[own], "\r\n"), ":")
	c := strings.ToLower(tag(value, "c"))
	hdr, bdy := canon.Simple, canon.Simple
	if strings.HasPrefix(c, "relaxed") {
		hdr = canon.Relaxed
	}
	if strings.HasSuffix(c, "/relaxed") {
		bdy = canon.Relaxed
	}
	used := map[int]bool{own: true}
	for listed := range strings.SplitSeq(tag(value, "h"), ":") {
		for i := len(fields) - 1; i >= 0; i-- {
			have, _, _ := strings.Cut(fields[i], ":")
			if !used[i] && lower(strings.Trim(have, " \t")) == lower(strings.Trim(listed, " \t\r\n")) {
				used[i] = true
				header = hdr.AppendField(header, []byte(fields[i]))
				break
			}
		}
	}
	header = hdr.AppendField(header, []byte(name+":"+valueOfB.ReplaceAllString(value, "$1")))
	var b bytes.Buffer
	w := bdy.NewBodyWriter(&b)
	w.Write([]byte(rest))
	w.Close()
	return header, append([]byte{}, b.Bytes()...)
}

// lower maps the capitals of ASCII, and no other letters.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s)
}
