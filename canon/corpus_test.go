package canon

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/internal/dkimtest"
)

// TestCorpus canonicalizes what the corpus has for it.
func TestCorpus(t *testing.T) {
	// The source makes CRLF of bare LF on the way. Here canon.NewCRLFWriter does.
	bareLF := map[string]bool{"go-msgauth/canon-body-simple-6": true, "go-msgauth/canon-body-simple-9": true}
	for _, c := range dkimtest.Corpus(t, "canon") {
		k := c.Canon
		var got string
		switch k.Part {
		case "body":
			chunks := k.Chunks
			if chunks == nil {
				chunks = []string{k.Input}
			}
			got = corpusBody(t, k.Method, chunks)
			if bareLF[c.Name()] {
				delete(bareLF, c.Name())
				if got == *k.Expected {
					t.Errorf("%s: bare LF became CRLF", c.Name())
				}
				got = corpusBody(t, k.Method, []string{corpusCRLF(t, k.Input)})
			}
		case "body-of-file":
			_, body, _ := strings.Cut(corpusCRLF(t, string(c.Raw(t))), "\r\n\r\n")
			got = corpusBody(t, k.Method, []string{body})
		case "header", "headers":
			got = corpusHeader(t, k.Method, corpusFields(k.Input), k.H)
		case "":
			// The stream of a draft: header, body, CRLF, then the signature.
			got = corpusHeader(t, k.Header, k.Headers, k.H) + corpusBody(t, k.Body, []string{k.BodyData}) +
				"\r\n" + k.SignatureHeader
		default:
			t.Errorf("%s: part %q", c.Name(), k.Part)
			continue
		}
		if k.Expected != nil && got != *k.Expected {
			t.Errorf("%s: %s %s %q is %q, want %q", c.Name(), k.Method, k.Part, k.Input, got, *k.Expected)
		}
		h1, h256 := sha1.Sum([]byte(got)), sha256.Sum256([]byte(got))
		if k.SHA1 != "" && k.SHA1 != base64.StdEncoding.EncodeToString(h1[:]) {
			t.Errorf("%s: SHA-1 %x of %q", c.Name(), h1, got)
		}
		if k.SHA256 != "" && k.SHA256 != base64.StdEncoding.EncodeToString(h256[:]) {
			t.Errorf("%s: SHA-256 %x of %q", c.Name(), h256, got)
		}
		if k.Expected == nil && k.SHA256 == "" {
			t.Errorf("%s wants nothing", c.Name())
		}
	}
	for name := range bareLF {
		t.Errorf("there is no case %s", name)
	}
}

// TestCorpusCRLF compares NewCRLFReader with the line ends that the corpus
// wants of messages with all kinds of them.
func TestCorpusCRLF(t *testing.T) {
	messages := 0
	for _, c := range dkimtest.Corpus(t, "dkim-verify") {
		if c.EOL != "normalise-all" {
			continue
		}
		messages++
		got, err := io.ReadAll(NewCRLFReader(bytes.NewReader(c.Raw(t))))
		if want := c.Message(t); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %q, %v; want %q", c.Name(), got, err, want)
		}
	}
	if messages == 0 {
		t.Error("no message with all kinds of line ends")
	}
}

func corpusAlgorithm(t *testing.T, method string) Algorithm {
	t.Helper()
	for _, a := range []Algorithm{Simple, Relaxed} {
		if a.String() == method {
			return a
		}
	}
	t.Fatalf("method %q", method)
	return 0
}

func corpusBody(t *testing.T, method string, chunks []string) string {
	t.Helper()
	var b strings.Builder
	w := corpusAlgorithm(t, method).NewBodyWriter(&b)
	for _, chunk := range chunks {
		if _, err := io.WriteString(w, chunk); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// corpusFields divides a header into its fields.
func corpusFields(header string) []string {
	var fields []string
	for line := range strings.Lines(header) {
		if n := len(fields); n > 0 && (line[0] == ' ' || line[0] == '\t') {
			fields[n-1] += line
		} else {
			fields = append(fields, line)
		}
	}
	return fields
}

// corpusHeader canonicalizes fields: all, or those that h names, from the
// bottom up for each name.
func corpusHeader(t *testing.T, method string, fields []string, h string) string {
	t.Helper()
	a := corpusAlgorithm(t, method)
	if h == "" {
		var out []byte
		for _, f := range fields {
			out = a.AppendField(out, []byte(f))
		}
		return string(out)
	}
	var out []byte
	used := make([]bool, len(fields))
	for name := range strings.SplitSeq(h, ":") {
		for i := len(fields) - 1; i >= 0; i-- {
			have, _, _ := strings.Cut(fields[i], ":")
			if !used[i] && strings.EqualFold(strings.Trim(have, " \t"), name) {
				used[i] = true
				out = a.AppendField(out, []byte(fields[i]))
				break
			}
		}
	}
	return string(out)
}

func corpusCRLF(t *testing.T, s string) string {
	t.Helper()
	var b strings.Builder
	w := NewCRLFWriter(&b)
	if _, err := io.WriteString(w, s); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
