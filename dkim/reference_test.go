package dkim

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/internal/dkimtest"
)

// fieldPattern is a field with what is folded into it.
var fieldPattern = regexp.MustCompile(`(?s).*?\r\n(?:[ \t].*?\r\n)*`)

// refVerify says why the nth DKIM-Signature field of a message is not valid with
// a key, if it is not: RFC 6376, section 3.7, on whole strings, without the code
// under test but for package canon. It knows cryptography alone, and no rules. The
// header is of ASCII.
func refVerify(msg string, n int, pub crypto.PublicKey) error {
	header, body, found := strings.Cut(msg, "\r\n\r\n")
	if found {
		header += "\r\n"
	}
	fields := fieldPattern.FindAllString(header, -1)
	name := func(field string) string {
		name, _, _ := strings.Cut(field, ":")
		return strings.ToLower(strings.TrimRight(name, " \t"))
	}
	own := -1
	for i := range fields {
		if name(fields[i]) == "dkim-signature" {
			if n--; n < 0 {
				own = i
				break
			}
		}
	}
	if own < 0 {
		return errors.New("no such field")
	}
	before, list, _ := strings.Cut(fields[own], ":")
	emptied := before + ":"
	tags := map[string]string{}
	for i, spec := range strings.Split(list, ";") {
		if i > 0 {
			emptied += ";"
		}
		name, value, _ := strings.Cut(spec, "=")
		name = strings.Trim(name, " \t\r\n")
		tags[name] = strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "").Replace(value)
		if name == "b" {
			spec, _, _ = strings.Cut(spec, "=")
			spec += "="
		}
		emptied += spec
	}

	headerCanon, bodyCanon := canon.Simple, canon.Simple
	c := strings.ToLower(tags["c"])
	if strings.HasPrefix(c, "relaxed") {
		headerCanon = canon.Relaxed
	}
	if strings.HasSuffix(c, "/relaxed") {
		bodyCanon = canon.Relaxed
	}
	hash := crypto.SHA256
	if strings.EqualFold(tags["a"], "rsa-sha1") {
		hash = crypto.SHA1
	}
	var text []byte
	used := map[int]bool{own: true}
	for want := range strings.SplitSeq(strings.ToLower(tags["h"]), ":") {
		for i := len(fields) - 1; i >= 0; i-- {
			if !used[i] && name(fields[i]) == want {
				used[i] = true
				text = headerCanon.AppendField(text, []byte(fields[i]))
				break
			}
		}
	}
	text = append(text, bytes.TrimSuffix(headerCanon.AppendField(nil, []byte(emptied)), []byte("\r\n"))...)
	decode := func(name string) []byte {
		b, _ := base64.RawStdEncoding.DecodeString(strings.TrimRight(tags[name], "="))
		return b
	}
	switch pub := pub.(type) {
	case *rsa.PublicKey:
		if err := rsa.VerifyPKCS1v15(pub, hash, sum(hash, text), decode("b")); err != nil {
			return fmt.Errorf("%w of %q", err, text)
		}
	case ed25519.PublicKey:
		if !ed25519.Verify(pub, sum(hash, text), decode("b")) {
			return fmt.Errorf("not signed: %q", text)
		}
	default:
		return fmt.Errorf("a key of type %T", pub)
	}

	var canonical bytes.Buffer
	w := bodyCanon.NewBodyWriter(&canonical)
	w.Write([]byte(body))
	w.Close()
	octets := canonical.Bytes()
	if l, ok := tags["l"]; ok {
		n, err := strconv.Atoi(l)
		if err != nil || n > len(octets) {
			return fmt.Errorf("l=%s of %d octets", l, len(octets))
		}
		octets = octets[:n]
	}
	if !bytes.Equal(sum(hash, octets), decode("bh")) {
		return fmt.Errorf("not the body: %q", octets)
	}
	return nil
}

// checkCryptography checks that the results of a message with a header of ASCII
// say Pass where the reference does, and Fail where it does not.
func checkCryptography(t *testing.T, msg string, results []*Result) {
	t.Helper()
	if header, _, _ := strings.Cut(msg, "\r\n\r\n"); !isASCII(header) {
		return
	}
	for i, r := range results {
		if r.Record == nil || r.Record.Key == nil {
			if r.Status == Pass {
				t.Errorf("signature %d of %q passes without a key", i, msg)
			}
			continue
		}
		err := refVerify(msg, i, r.Record.Key)
		if r.Status == Pass && err != nil || r.Status == Fail && err == nil {
			t.Errorf("signature %d of %q is %s, %v; the reference says %v", i, msg, r.Status, r.Err, err)
		}
	}
}

// The reference agrees about the vectors of the RFCs, and the messages that prove
// a rule each.
func TestReference(t *testing.T) {
	passed, failed := 0, 0
	check := func(name, msg string, v *Verifier) {
		results, err := Verify(t.Context(), strings.NewReader(msg), v)
		if err != nil {
			return
		}
		checkCryptography(t, msg, results)
		for _, r := range results {
			switch r.Status {
			case Pass:
				passed++
			case Fail:
				failed++
			}
		}
		if t.Failed() {
			t.Fatal(name)
		}
	}
	for _, s := range dkimtest.Scenarios(t, "testdata") {
		check(s.Name, s.Message, &Verifier{Resolver: dkimtest.NewZone(s.Zone, nil), Time: atTestTime})
	}
	for _, s := range readSelection(t) {
		check(s.ID, string(s.message()), s.verifier(&Verifier{}))
	}
	if passed < 30 || failed < 10 {
		t.Errorf("%d signatures pass and %d fail: too few", passed, failed)
	}
}
