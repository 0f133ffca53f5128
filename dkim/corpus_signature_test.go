package dkim

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/internal/dkimtest"
)

// TestCorpusSignatures parses the DKIM-Signature fields of the corpus. Some
// have lost their folds, and have line breaks without white space after them:
// these are malformed (RFC 6376, section 2.8), and well-formed with folds.
func TestCorpusSignatures(t *testing.T) {
	for _, c := range dkimtest.Corpus(t, "sigheader") {
		field := c.SigHeader
		if name, _, _ := strings.Cut(field, ":"); strings.Contains(name, "=") {
			field = "DKIM-Signature: " + field
		}
		folded := fold(field)
		s, err := ParseSignature([]byte(folded))
		if got := map[bool]string{true: "ok", false: "permerror"}[err == nil]; got != c.ExpectSigHeader {
			t.Errorf("%s: %v, want %s (%s)", c.Name(), err, c.ExpectSigHeader, c.Note)
		}
		if broken := strings.TrimSuffix(field, "\r\n"); broken != folded {
			if _, err := ParseSignature([]byte(field)); !errors.Is(err, ErrSyntax) {
				t.Errorf("%s: with a line break that is no fold: %v", c.Name(), err)
			}
		}
		var copied []string
		for _, f := range s.Copied {
			copied = append(copied, f.Name+":"+f.Value)
		}
		if c.ExpectZ != nil && !slices.Equal(copied, c.ExpectZ) {
			t.Errorf("%s: z= is %q, want %q", c.Name(), copied, c.ExpectZ)
		}
	}
}

// fold makes a fold of each line break in a field, and removes the last.
func fold(field string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.TrimRight(field, "\r\n")) {
		line = strings.TrimRight(line, "\r\n")
		if b.Len() > 0 {
			b.WriteString("\r\n")
			if !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "\t") {
				b.WriteByte(' ')
			}
		}
		b.WriteString(line)
	}
	return b.String()
}
