package dkim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf8"

	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

const vectorFile = "testdata/vectors.json"

// A vector is one message with what is to be made of it. testdata/vectors.md
// tells what the fields are.
type vector struct {
	ID            string              `json:"id"`
	Requirements  []string            `json:"requirements,omitempty"`
	Rules         []string            `json:"rules,omitempty"`
	Choice        string              `json:"choice,omitempty"`
	About         string              `json:"about"`
	Message       string              `json:"message,omitempty"`
	MessageBase64 []byte              `json:"message_base64,omitempty"`
	DNS           map[string][]string `json:"dns,omitempty"`
	DNSErrors     map[string]string   `json:"dns_errors,omitempty"`
	Time          int64               `json:"time"`
	Options       *vectorOptions      `json:"options,omitempty"`
	Error         string              `json:"error,omitempty"`
	Results       []vectorResult      `json:"results,omitempty"`
}

// vectorOptions are fields of Verifier.
type vectorOptions struct {
	MinRSABits    int      `json:"min_rsa_bits,omitempty"`
	MaxSignatures int      `json:"max_signatures,omitempty"`
	RequireFields []string `json:"require_fields,omitempty"`
	PartialBody   bool     `json:"partial_body,omitempty"`
	UncoveredFrom bool     `json:"uncovered_from,omitempty"`
	PublicSuffix  bool     `json:"public_suffix,omitempty"`
	AllowSHA1     bool     `json:"allow_sha1,omitempty"`
}

type vectorResult struct {
	Status  string  `json:"status"`
	Reason  string  `json:"reason,omitempty"`
	Testing bool    `json:"testing,omitempty"`          // t=y
	Header  *[]byte `json:"canonical_header,omitempty"` // base64
	Body    *[]byte `json:"canonical_body,omitempty"`   // base64
}

// vectorReasons are the words for reasons: an error that wraps all of a row has
// its word. The first row that fits is the one.
var vectorReasons = []struct {
	word string
	errs []error
}{
	{"public-suffix", []error{ErrPolicy, ErrDomain}},
	{"key-weak", []error{ErrWeakKey}},
	{"policy", []error{ErrPolicy}},
	{"too-many-signatures", []error{ErrTooMany}},
	{"uncovered-from", []error{ErrUncoveredFrom}},
	{"partial-body", []error{ErrPartialBody}},
	{"key-temporary", []error{keyrecord.ErrTemporary}},
	{"key-not-found", []error{keyrecord.ErrNotFound}},
	{"key-revoked", []error{keyrecord.ErrRevoked}},
	{"key-type", []error{keyrecord.ErrKeyType}},
	{"key-size", []error{keyrecord.ErrKeySize}},
	{"key-syntax", []error{keyrecord.ErrSyntax}},
	{"key-unusable", []error{ErrKey}},
	{"missing-tag", []error{ErrMissing}},
	{"version", []error{ErrVersion}},
	{"historic-algorithm", []error{ErrAlgorithm, ErrHistoric}},
	{"algorithm", []error{ErrAlgorithm}},
	{"query-method", []error{ErrQuery}},
	{"from-not-signed", []error{ErrFrom}},
	{"expired", []error{ErrExpired}},
	{"future", []error{ErrFuture}},
	{"body-length", []error{ErrBodyLength}},
	{"body-hash", []error{ErrBodyHash}},
	{"signature", []error{ErrSignature}},
	{"limit", []error{ErrLimit}},
	{"domain-mismatch", []error{ErrIdentifier, ErrDomain}},
	{"identifier", []error{ErrIdentifier, ErrSyntax}},
	{"domain", []error{ErrDomain, ErrSyntax}},
	{"syntax", []error{ErrSyntax}},
	{"line-ending", []error{ErrLineEnding}},
	{"header", []error{ErrHeader}},
}

// vectorReason returns the word for err, "?" if there is none.
func vectorReason(err error) string {
	if err == nil {
		return ""
	}
	for _, r := range vectorReasons {
		if !slices.ContainsFunc(r.errs, func(part error) bool { return !errors.Is(err, part) }) {
			return r.word
		}
	}
	return "?"
}

// setMessage puts a message into v, as text where JSON can hold it.
func (v *vector) setMessage(msg string) {
	if utf8.ValidString(msg) {
		v.Message = msg
	} else {
		v.MessageBase64 = []byte(msg)
	}
}

func (v *vector) message() string { return v.Message + string(v.MessageBase64) }

// verifier returns the Verifier that v asks for.
func (v *vector) verifier() *Verifier {
	o := v.Options
	if o == nil {
		o = new(vectorOptions)
	}
	return &Verifier{
		Resolver: dkimtest.NewZone(v.DNS, v.DNSErrors), Time: func() time.Time { return time.Unix(v.Time, 0) },
		MinRSABits: o.MinRSABits, MaxSignatures: o.MaxSignatures, RequireFields: o.RequireFields,
		PartialBody: o.PartialBody, UncoveredFrom: o.UncoveredFrom, PublicSuffix: o.PublicSuffix, AllowSHA1: o.AllowSHA1,
	}
}

// TestVectors verifies the messages of testdata/vectors.json, whole and octet
// by octet, and makes that file again, octet for octet. To write it anew:
//
//	go test ./dkim -run TestVectors -update
func TestVectors(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0") // to sign with a smaller key
	made, err := marshalVectors(makeVectors(t))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(vectorFile, made, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data, made) {
		t.Errorf("%s is not what is made; run: go test ./dkim -run TestVectors -update", vectorFile)
	}
	const most = 3 << 19 // octets
	if len(data) > most {
		t.Errorf("%s has %d octets, more than %d", vectorFile, len(data), most)
	}
	var all []*vector
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&all); err != nil {
		t.Fatal(err)
	}
	words, ids := map[string]int{}, map[string]bool{}
	for _, v := range all {
		if ids[v.ID] || v.About == "" {
			t.Errorf("%s stands twice, or tells nothing", v.ID)
		}
		ids[v.ID] = true
		words[v.Error]++
		for _, r := range v.Results {
			words[r.Reason]++
		}
		v.check(t)
	}
	doc, err := os.ReadFile("testdata/vectors.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range vectorReasons {
		if words[r.word] == 0 {
			t.Errorf("no vector has the reason %q", r.word)
		}
		if !bytes.Contains(doc, []byte("| `"+r.word+"` |")) {
			t.Errorf("vectors.md has no row for %q", r.word)
		}
	}
	if words["?"] > 0 {
		t.Errorf("%d reasons without a word", words["?"])
	}
}

// check verifies the message of v.
func (v *vector) check(t *testing.T) {
	msg := v.message()
	results, err := Verify(context.Background(), strings.NewReader(msg), v.verifier())
	if len(msg) < 10_000 {
		slow, slowErr := Verify(context.Background(), iotest.OneByteReader(strings.NewReader(msg)), v.verifier())
		if whole, parts := describe(results, err), describe(slow, slowErr); whole != parts {
			t.Errorf("%s, octet by octet:\n%swhole:\n%s", v.ID, parts, whole)
		}
	}
	if got := vectorReason(err); got != v.Error || len(results) != len(v.Results) {
		t.Errorf("%s (%s): %d results, error %q (%v); want %d, %q", v.ID, v.About, len(results), got, err, len(v.Results), v.Error)
		return
	}
	for i, want := range v.Results {
		got := results[i]
		if string(got.Status) != want.Status || vectorReason(got.Err) != want.Reason {
			t.Errorf("%s (%s), signature %d: %s %s (%v); want %s %s", v.ID, v.About, i, got.Status, vectorReason(got.Err), got.Err, want.Status, want.Reason)
		}
		if got.Testing != want.Testing {
			t.Errorf("%s (%s), signature %d: testing %v, want %v", v.ID, v.About, i, got.Testing, want.Testing)
		}
		if want.Header != nil {
			if err := v.checkForms(got, &want); err != nil {
				t.Errorf("%s (%s), signature %d: %v", v.ID, v.About, i, err)
			}
		}
	}
}

// checkForms checks that the canonical forms are those that were signed, where
// that is what the result says.
func (v *vector) checkForms(r *Result, want *vectorResult) error {
	s := r.Signature
	if s.algorithm == nil || r.Record == nil {
		return nil // there is nothing to check them with
	}
	signed := s.algorithm.verify(r.Record.Key, sum(s.algorithm.hash, *want.Header), s.Value) == nil
	body := *want.Body
	if s.Length != nil && *s.Length < int64(len(body)) {
		body = body[:*s.Length]
	}
	hashed := bytes.Equal(sum(s.algorithm.hash, body), s.BodyHash)
	switch want.Reason {
	case "", "partial-body":
		if !signed || !hashed {
			return fmt.Errorf("the canonical forms are not those that were signed: header %v, body %v", signed, hashed)
		}
	case "body-hash":
		if !signed || hashed {
			return fmt.Errorf("the header is signed: %v, and the body: %v", signed, hashed)
		}
	case "signature":
		if signed {
			return errors.New("the canonical header is signed")
		}
	}
	return nil
}

func marshalVectors(all []*vector) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "\t")
	err := e.Encode(all)
	return b.Bytes(), err
}
