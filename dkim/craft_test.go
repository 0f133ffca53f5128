package dkim

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"encoding/base64"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/internal/dkimtest"
)

// goodTags is a signature that passes, once craft has filled in BH and B.
const goodTags = "v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=rsa; t=1799999000; h=from:to:subject:date:message-id; bh=BH; b=B"

// craft puts a signature in front of a message that holds whatever the caller
// wants, right or wrong, and verifies otherwise: BH and B in tags become the
// body hash and the signature. It is written without the code under test, but
// for package canon.
func craft(t testing.TB, key crypto.Signer, tags, msg string) string {
	t.Helper()
	header, body, _ := strings.Cut(msg, "\r\n\r\n")
	header += "\r\n"
	if !strings.Contains(msg, "\r\n\r\n") {
		header = msg
	}
	hdr, bdy := canon.Simple, canon.Simple
	c := strings.ToLower(tag(tags, "c"))
	if strings.HasPrefix(c, "relaxed") {
		hdr = canon.Relaxed
	}
	if strings.HasSuffix(c, "/relaxed") {
		bdy = canon.Relaxed
	}
	hash, opts := crypto.SHA256, crypto.SignerOpts(crypto.SHA256)
	if strings.HasSuffix(strings.ToLower(tag(tags, "a")), "sha1") {
		hash, opts = crypto.SHA1, crypto.SHA1
	}
	if strings.HasPrefix(strings.ToLower(tag(tags, "a")), "ed25519") {
		opts = crypto.Hash(0)
	}

	var canonical bytes.Buffer
	w := bdy.NewBodyWriter(&canonical)
	w.Write([]byte(body))
	w.Close()
	octets := canonical.Bytes()
	if l, err := strconv.Atoi(tag(tags, "l")); err == nil && l >= 0 {
		octets = octets[:min(l, len(octets))]
	}
	tags = strings.Replace(tags, "bh=BH", "bh="+base64.StdEncoding.EncodeToString(sum(hash, octets)), 1)

	// The bottom field of each name that is not used yet, or nothing.
	var text []byte
	fields := fieldPattern.FindAllString(header, -1)
	used := map[int]bool{}
	for name := range strings.SplitSeq(tag(tags, "h"), ":") {
		for i := len(fields) - 1; i >= 0; i-- {
			have, _, _ := strings.Cut(fields[i], ":")
			if !used[i] && strings.EqualFold(strings.Trim(have, " \t"), strings.Trim(name, " \t\r\n")) {
				used[i] = true
				text = hdr.AppendField(text, []byte(fields[i]))
				break
			}
		}
	}
	own := "DKIM-Signature: " + regexp.MustCompile(`(^|[;\s])b(\s*)=\s*B\s*($|;)`).ReplaceAllString(tags, "${1}b${2}=${3}")
	text = hdr.AppendField(text, []byte(own))
	sig, err := key.Sign(rand.Reader, sum(hash, text), opts)
	if err != nil {
		t.Fatal(err)
	}
	value := "${1}b${2}=" + base64.StdEncoding.EncodeToString(sig) + "${3}"
	return "DKIM-Signature: " + regexp.MustCompile(`(^|[;\s])b(\s*)=\s*B\s*($|;)`).ReplaceAllString(tags, value) + "\r\n" + msg
}

// tag returns the value of a tag, or "".
func tag(tags, name string) string {
	m := regexp.MustCompile(`(?s)(?:^|;)\s*` + name + `\s*=([^;]*)`).FindStringSubmatch(tags)
	if m == nil {
		return ""
	}
	return strings.Trim(m[1], " \t\r\n")
}

func sum(h crypto.Hash, b []byte) []byte {
	w := h.New()
	w.Write(b)
	return w.Sum(nil)
}

// with returns goodTags with one tag replaced, added, or, for "name", removed.
func with(changes ...string) string {
	tags := goodTags
	for _, change := range changes {
		name, _, has := strings.Cut(change, "=")
		re := regexp.MustCompile(`(^|; )` + regexp.QuoteMeta(strings.TrimSpace(name)) + `=[^;]*`)
		switch {
		case !has:
			tags = strings.TrimPrefix(re.ReplaceAllString(tags, ""), "; ")
		case re.MatchString(tags):
			tags = re.ReplaceAllString(tags, "${1}"+strings.ReplaceAll(change, "$", "$$"))
		default:
			tags = strings.Replace(tags, "; bh=", "; "+change+"; bh=", 1)
		}
	}
	return tags
}

func TestCraft(t *testing.T) {
	r := newRig(t)
	want(t, "the crafted signature", r.verifyOne(t, craft(t, r.signer.Key, goodTags, testMessage)), Pass, nil)
	r.newSigner(t, "ed", dkimtest.Ed25519(1))
	want(t, "with Ed25519", r.verifyOne(t, craft(t, dkimtest.Ed25519(1), with("a=ed25519-sha256", "s=ed"), testMessage)), Pass, nil)
}
