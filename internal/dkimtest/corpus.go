package dkimtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// CorpusVar is the environment variable that names the folder of the corpus:
// messages, key records and more from the tests of other mail software, which
// is not part of this module. A relative path is relative to the module's root.
const CorpusVar = "WAXSEAL_CORPUS"

// A Case is one case of the corpus. Which fields are set depends on Kind.
type Case struct {
	Source string `json:"-"` // the project that it comes from
	ID     string // unique within Source and Kind
	Kind   string // dkim-verify, dkim-sign, keyrecord, taglist, sigheader, canon and others
	File   string // of the message
	EOL    string // what Message does with line ends
	Time   *int64 // of verification or signing, seconds since 1970; nil when it does not matter

	Zone       map[string][]string // nil when the source's own zone serves
	ZoneErrors map[string]string   `json:"zone_errors"`

	// Expect has a result word, or nil, for each DKIM-Signature field from top
	// to bottom. It is nil where the source says nothing about any.
	Expect  []*string
	Note    string              `json:"expect_note"`
	Peers   map[string][]string // what other software said
	Missing []string            `json:"keys_missing"` // names of keys that nobody has published
	Pool    map[string]string   `json:"zone_pool"`    // names of keys that the corpus found elsewhere, and where

	Record       string // keyrecord: the TXT value
	ExpectRecord string `json:"expect_record"` // ok or permerror
	Granularity  *struct{ Match, NoMatch []string }

	TagList     string            // taglist
	ExpectValid bool              `json:"expect_valid"`
	ExpectTags  map[string]string `json:"expect_tags"` // of dkim-sign too

	SigHeader       string   // sigheader: a field, with or without its name
	ExpectSigHeader string   `json:"expect_sigheader"` // ok or permerror
	ExpectZ         []string `json:"expect_z"`

	Canon *CanonCase
	Sign  *SignCase

	ExpectSignatureValue  string `json:"expect_signature_value"`
	ExpectSignatureHeader string `json:"expect_signature_header"`
	ExpectB               string `json:"expect_sign_b_contains"`

	dir     string
	records map[string][]string // the source's zone
	errors  map[string]string
	pool    keyPool
}

// A keyPool has the keys that the corpus found outside of its sources.
type keyPool map[string]struct{ TXT string }

// A CanonCase is an input of canonicalization and its output.
type CanonCase struct {
	Part     string // body, body-of-file, header (one field) or headers
	Method   string // simple or relaxed
	Input    string
	Chunks   []string // Input in parts
	Expected *string
	SHA1     string
	SHA256   string
	H        string // the fields that are wanted, in their order, joined by ":"

	// These describe a whole header instead of Part.
	Header, Body    string // methods
	Headers         []string
	BodyData        string `json:"body_data"`
	SignatureHeader string `json:"signature_header"`
}

// A SignCase has the inputs of a signature.
type SignCase struct {
	Key         string // PEM; KeyPEM in some sources
	KeyPEM      string `json:"key_pem"`
	Selector    string
	Domain      string
	HeaderCanon string `json:"header_canon"`
	BodyCanon   string `json:"body_canon"`
	Canon       string
	Algorithm   string
	Identity    string
	Time        int64
	Template    string // a signature without its b= and bh=
}

// Corpus returns the cases of a kind, in a fixed order. It skips the test if
// CorpusVar is not set, and fails it if the folder cannot be read or has none.
func Corpus(t testing.TB, kind string) []*Case {
	t.Helper()
	dir := os.Getenv(CorpusVar)
	if dir == "" {
		t.Skipf("%s is not set: it names the folder of the corpus", CorpusVar)
	}
	cases, err := readCorpus(dir, kind)
	if err != nil {
		t.Fatalf("%s: %v", CorpusVar, err)
	}
	return cases
}

func readCorpus(dir, kind string) ([]*Case, error) {
	if !filepath.IsAbs(dir) {
		root, err := moduleRoot()
		if err != nil {
			return nil, err
		}
		dir = filepath.Join(root, dir)
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*", "cases.json"))
	if err != nil {
		return nil, err
	}
	var pool keyPool
	if err := readJSON(filepath.Join(dir, "key_pool.json"), &pool); err != nil {
		return nil, err
	}
	var all []*Case
	for _, path := range paths { // sorted by Glob
		cases, err := readSource(filepath.Dir(path))
		if err != nil {
			return nil, err
		}
		for _, c := range cases {
			if c.Kind == kind {
				c.pool = pool
				all = append(all, c)
			}
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no %s cases in %s", kind, dir)
	}
	return all, nil
}

// moduleRoot returns the nearest folder above the working folder, which is that
// of the package under test, that has a go.mod.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("no go.mod above the working folder")
		}
		dir = up
	}
}

// readSource reads the cases of one source, and its zone.
func readSource(dir string) ([]*Case, error) {
	var cases []*Case
	if err := readJSON(filepath.Join(dir, "cases.json"), &cases); err != nil {
		return nil, err
	}
	var zone struct {
		Records map[string][]string
		Errors  map[string]string
	}
	err := readJSON(filepath.Join(dir, "zone.json"), &zone)
	if err != nil && !os.IsNotExist(err) { // a source whose cases have their own has none
		return nil, err
	}
	for _, c := range cases {
		c.Source, c.dir = filepath.Base(dir), dir
		c.records, c.errors = zone.Records, zone.Errors
	}
	return cases, nil
}

func readJSON(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// Name returns the source and the ID.
func (c *Case) Name() string { return c.Source + "/" + c.ID }

// Raw returns the file of the message as it is.
func (c *Case) Raw(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(c.dir, c.File))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Message returns the message, with its line ends as the case wants them.
func (c *Case) Message(t testing.TB) []byte {
	t.Helper()
	data := c.Raw(t)
	switch c.EOL {
	case "lf", "mixed-normalise":
		return lfToCRLF(data)
	case "normalise-all":
		return lfToCRLF(bytes.ReplaceAll(crlfToLF(data), []byte("\r"), []byte("\n")))
	case "crlf", "mixed", "":
		return data
	}
	t.Fatalf("%s: eol %q", c.Name(), c.EOL)
	return nil
}

func crlfToLF(data []byte) []byte {
	return bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
}

// lfToCRLF makes CRLF of each LF that has no CR before it.
func lfToCRLF(data []byte) []byte {
	return bytes.ReplaceAll(crlfToLF(data), []byte("\n"), []byte("\r\n"))
}

// PeerMajority returns what more than half of the other programs say of
// signature i of n, or "". Those with more or less results are not asked.
func (c *Case) PeerMajority(i, n int) string {
	count, total := map[string]int{}, 0
	for _, results := range c.Peers {
		if len(results) == n {
			count[results[i]]++
			total++
		}
	}
	for word, k := range count {
		if 2*k > total {
			return word
		}
	}
	return ""
}

// PEM returns the private key.
func (s *SignCase) PEM() string { return s.Key + s.KeyPEM }
