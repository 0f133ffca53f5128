package dkim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

const (
	selectionDir  = "testdata/selection"
	selectionFile = selectionDir + "/selection.json"
)

// A selected message proves one rule. The README of its folder tells what the
// fields are.
type selected struct {
	ID      string `json:"id"`
	Rule    string `json:"rule"`
	Section string `json:"section"`
	Source  struct {
		Repo    string `json:"repo,omitempty"`
		Path    string `json:"path,omitempty"`
		Commit  string `json:"commit,omitempty"`
		ID      string `json:"id,omitempty"`
		Changed string `json:"changed,omitempty"`
		Licence string `json:"licence"`
	} `json:"source"`
	Message    []string            `json:"message,omitempty"`
	Base64     []byte              `json:"base64,omitempty"`
	Zone       map[string][]string `json:"zone,omitempty"`
	ZoneErrors map[string]string   `json:"zone_errors,omitempty"`
	Time       int64               `json:"time"`
	Strict     []string            `json:"strict"`
	Archive    []string            `json:"archive"`
}

// selectedReasons are the names of errors in selection.json. The first that fits is
// written by -update.
var selectedReasons = []struct {
	name string
	err  error
}{
	{"keyrecord.ErrNotFound", keyrecord.ErrNotFound},
	{"keyrecord.ErrRevoked", keyrecord.ErrRevoked},
	{"keyrecord.ErrTemporary", keyrecord.ErrTemporary},
	{"keyrecord.ErrKeyType", keyrecord.ErrKeyType},
	{"keyrecord.ErrSyntax", keyrecord.ErrSyntax},
	{"ErrHeader", ErrHeader},
	{"ErrMissing", ErrMissing},
	{"ErrVersion", ErrVersion},
	{"ErrHistoric", ErrHistoric},
	{"ErrAlgorithm", ErrAlgorithm},
	{"ErrQuery", ErrQuery},
	{"ErrFrom", ErrFrom},
	{"ErrUncoveredFrom", ErrUncoveredFrom},
	{"ErrIdentifier", ErrIdentifier},
	{"ErrDomain", ErrDomain},
	{"ErrSyntax", ErrSyntax},
	{"ErrExpired", ErrExpired},
	{"ErrFuture", ErrFuture},
	{"ErrBodyLength", ErrBodyLength},
	{"ErrPartialBody", ErrPartialBody},
	{"ErrBodyHash", ErrBodyHash},
	{"ErrSignature", ErrSignature},
	{"ErrWeakKey", ErrWeakKey},
	{"ErrKey", ErrKey},
	{"ErrPolicy", ErrPolicy},
	{"ErrLineEnding", ErrLineEnding}, // last: it comes with a failure as its likely cause
}

// TestSelection verifies messages of which each proves a rule. Most come from
// other projects' tests.
func TestSelection(t *testing.T) {
	all := readSelection(t)
	seen := map[string]bool{}
	for _, s := range all {
		source, _, _ := strings.Cut(s.ID, "/")
		if _, err := os.Stat(filepath.Join(selectionDir, "LICENSE."+source)); err != nil && source != "waxseal" {
			t.Error(err)
		}
		if seen[s.ID] || s.Rule == "" || s.Section == "" || s.Source.Licence == "" {
			t.Errorf("%s: twice, or without a rule, a section or a licence", s.ID)
		}
		seen[s.ID] = true
		got := s.verify(new(Verifier))
		if *update {
			s.Strict = got
		}
		compareSelected(t, s, "strict", got, s.Strict)
	}
	t.Setenv("GODEBUG", "rsa1024min=0") // what MinRSABits wants of a program
	for _, s := range all {
		got := s.verify(&Verifier{MinRSABits: 512, AllowSHA1: true, PartialBody: true, UncoveredFrom: true, PublicSuffix: true})
		if *update {
			s.Archive = got
		}
		compareSelected(t, s, "archive", got, s.Archive)
	}
	if *update {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.SetIndent("", "\t")
		if err := e.Encode(all); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(selectionFile, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func readSelection(t testing.TB) []*selected {
	t.Helper()
	data, err := os.ReadFile(selectionFile)
	if err != nil {
		t.Fatal(err)
	}
	var all []*selected
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&all); err != nil {
		t.Fatalf("%s: %v", selectionFile, err)
	}
	return all
}

func (s *selected) message() []byte {
	msg := s.Base64
	for _, line := range s.Message {
		msg = append(msg, line...)
	}
	return msg
}

// verifier returns v with the zone and the time of the message.
func (s *selected) verifier(v *Verifier) *Verifier {
	v.Resolver = dkimtest.NewZone(s.Zone, s.ZoneErrors)
	v.Time = func() time.Time { return time.Unix(s.Time, 0) }
	return v
}

// verify returns a result word for each signature, with a reason if it did not
// pass, or "error" with the reason for a message that is none.
func (s *selected) verify(v *Verifier) []string {
	results, err := Verify(context.Background(), bytes.NewReader(s.message()), s.verifier(v))
	if err != nil {
		return []string{"error " + reasonOf(err)}
	}
	words := []string{}
	for _, r := range results {
		words = append(words, strings.TrimSpace(string(r.Status)+" "+reasonOf(r.Err)))
	}
	return words
}

func reasonOf(err error) string {
	for _, r := range selectedReasons {
		if errors.Is(err, r.err) {
			return r.name
		}
	}
	return ""
}

func compareSelected(t *testing.T, s *selected, settings string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s (%s, %s), %s: %q, want %q", s.ID, s.Rule, s.Section, settings, got, want)
	}
}
