package interop

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"regexp"
	"strconv"
	"strings"

	"github.com/waxseal/waxseal/canon"
)

// fieldPattern is a field with what is folded into it.
var fieldPattern = regexp.MustCompile(`(?:[^\r\n]|\r[^\n]|\n)*\r\n(?:[ \t](?:[^\r\n]|\r[^\n]|\n)*\r\n)*`)

// emptyB is the value of b=, with the white space around it.
var emptyB = regexp.MustCompile(`((?:^|;)[ \t\r\n]*b[ \t\r\n]*=)[^;]*`)

// craft puts a DKIM-Signature field with the given tags in front of a message,
// whatever they say, with the values of bh= and b= that make it right: those of
// the tags "bh=BH" and "b=B". It is written from RFC 6376, section 3.7, with
// package canon alone of waxseal, so that it signs what a Signer would not.
func craft(key crypto.Signer, tags, message string) (string, error) {
	header, body, _ := strings.Cut(message, "\r\n\r\n")
	fields := fieldPattern.FindAllString(header+"\r\n", -1)
	values := map[string]string{}
	for spec := range strings.SplitSeq(tags, ";") {
		name, value, _ := strings.Cut(spec, "=")
		if name = strings.Trim(name, " \t\r\n"); values[name] == "" {
			values[name] = strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "").Replace(value)
		}
	}
	headerCanon, bodyCanon := canon.Simple, canon.Simple
	c := strings.ToLower(values["c"])
	if strings.HasPrefix(c, "relaxed") {
		headerCanon = canon.Relaxed
	}
	if strings.HasSuffix(c, "/relaxed") {
		bodyCanon = canon.Relaxed
	}

	var canonical bytes.Buffer
	w := bodyCanon.NewBodyWriter(&canonical)
	w.Write([]byte(body))
	w.Close()
	octets := canonical.Bytes()
	if l, err := strconv.Atoi(values["l"]); err == nil && l >= 0 {
		octets = octets[:min(l, len(octets))]
	}
	tags = strings.Replace(tags, "bh=BH", "bh="+base64.StdEncoding.EncodeToString(sum(octets)), 1)

	var text []byte
	used := map[int]bool{}
	for name := range strings.SplitSeq(strings.ToLower(values["h"]), ":") {
		for i := len(fields) - 1; i >= 0; i-- {
			have, _, _ := strings.Cut(fields[i], ":")
			if !used[i] && strings.ToLower(strings.TrimRight(have, " \t")) == name {
				used[i] = true
				text = headerCanon.AppendField(text, []byte(fields[i]))
				break
			}
		}
	}
	field := "DKIM-Signature: " + tags
	emptied := "DKIM-Signature: " + emptyB.ReplaceAllString(tags, "$1")
	own := headerCanon.AppendField(nil, []byte(emptied+"\r\n"))
	text = append(text, bytes.TrimSuffix(own, []byte("\r\n"))...)
	opts := crypto.SignerOpts(crypto.SHA256)
	if _, ok := key.Public().(ed25519.PublicKey); ok {
		opts = crypto.Hash(0)
	}
	signature, err := key.Sign(nil, sum(text), opts)
	if err != nil {
		return "", err
	}
	return strings.Replace(field, "b=B", "b="+base64.StdEncoding.EncodeToString(signature), 1) + "\r\n" + message, nil
}

func sum(octets []byte) []byte {
	h := crypto.SHA256.New()
	h.Write(octets)
	return h.Sum(nil)
}
