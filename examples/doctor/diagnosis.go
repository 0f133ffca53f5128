package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/explain"
	"github.com/waxseal/waxseal/keyrecord"
)

// A Diagnosis is what -json prints. Its strings have no control characters.
type Diagnosis struct {
	Signatures []Signature `json:"signatures"`
	Records    []Record    `json:"records"`  // one for each key that a signature names
	Policies   []Policy    `json:"policies"` // one for each domain that signs
}

// A Signature is what became of one signature, and why.
type Signature struct {
	Domain     string    `json:"domain"`
	Selector   string    `json:"selector"`
	Algorithm  string    `json:"algorithm"`
	Canon      string    `json:"canonicalization"`
	Status     string    `json:"status"`
	Error      string    `json:"error,omitempty"`
	Header     string    `json:"header"` // intact, explained, open or unchecked
	Body       string    `json:"body"`
	Proved     bool      `json:"proved"` // it passes with the proved causes undone
	Findings   []Finding `json:"findings"`
	Copies     []Copy    `json:"copies,omitempty"` // the fields that differ from z=
	HeaderHash string    `json:"header_hash,omitempty"`
	SignedHash string    `json:"signed_hash,omitempty"` // what b= signs, where it tells
	BodyHash   string    `json:"body_hash,omitempty"`
	WantedHash string    `json:"wanted_hash,omitempty"` // bh=
	Advice     []Check   `json:"advice"`                // for the signer

	result *dkim.Result
	spans  []explain.Span // all that changed
	beyond []explain.Span // what l= leaves out
}

// A Finding is one cause.
type Finding struct {
	Cause   string `json:"cause"`
	Detail  string `json:"detail"`
	Proof   string `json:"proof"`
	Proved  bool   `json:"proved"`
	Certain bool   `json:"certain"`
	Field   string `json:"field,omitempty"`
	Line    int    `json:"line,omitempty"`
	Offset  int    `json:"offset"`
	Excerpt string `json:"excerpt,omitempty"`
	Advice  string `json:"advice"`
}

// A Copy is a field that differs from what z= says it was.
type Copy struct {
	Name string `json:"name"`
	Then string `json:"then"`
	Now  string `json:"now"`
	Gone bool   `json:"gone"`
}

// A Check is something that was looked at.
type Check struct {
	Level string `json:"level"` // ok, note, warning or error
	Text  string `json:"text"`
}

// A doctor makes diagnoses.
type doctor struct {
	resolver  keyrecord.Resolver
	selectors []string
	now       time.Time
	timeout   time.Duration
}

func (d *doctor) diagnose(ctx context.Context, raw []byte) (*Diagnosis, error) {
	verifier := &dkim.Verifier{Resolver: d.resolver, LookupTimeout: d.timeout, Time: func() time.Time { return d.now }}
	reports, err := explain.Explain(ctx, raw, &explain.Options{Verifier: verifier, Selectors: d.selectors})
	if err != nil {
		return nil, err
	}
	w := dkim.NewVerifyWriter(ctx, &dkim.Verifier{Resolver: keyrecord.MapResolver{}}) // for the header alone
	w.Write(raw)
	if _, err := w.Finish(); err != nil {
		w = dkim.NewVerifyWriter(ctx, &dkim.Verifier{Resolver: keyrecord.MapResolver{}})
		w.Write(bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n")))
		w.Finish() // its error is in the reports
	}
	out := &Diagnosis{Signatures: []Signature{}}
	for _, r := range reports {
		out.Signatures = append(out.Signatures, signature(r, w.Header()))
	}
	out.Records, out.Policies = d.domains(ctx, reports)
	return out, nil
}

// signature puts a report into the words of a Diagnosis.
func signature(r *explain.Report, h *dkim.Header) Signature {
	sig := r.Result.Signature
	s := Signature{
		Domain: printable(sig.Domain), Selector: printable(sig.Selector), Algorithm: printable(sig.Algorithm),
		Status: string(r.Result.Status), Header: r.Header.String(), Body: r.Body.String(), Proved: r.Proved(), Findings: []Finding{},
		HeaderHash: hex.EncodeToString(r.Hashes.Header), SignedHash: hex.EncodeToString(r.Hashes.Signed),
		BodyHash: hex.EncodeToString(r.Hashes.Body), WantedHash: hex.EncodeToString(sig.BodyHash),
		result: r.Result, Advice: advice(r.Result, h),
	}
	if sig.Canon.Header != 0 && sig.Canon.Body != 0 {
		s.Canon = sig.Canon.String()
	}
	if r.Result.Err != nil {
		s.Error = printable(r.Result.Err.Error())
	}
	for _, f := range r.Findings {
		s.Findings = append(s.Findings, Finding{
			Cause: string(f.Cause), Detail: f.Detail, Proof: f.Proof.String(), Proved: f.Proof.Proved(), Certain: f.Proof.Certain(),
			Field: f.Where.Field, Line: f.Where.Line, Offset: f.Where.Offset, Excerpt: f.Where.Excerpt, Advice: f.Advice,
		})
		if f.Cause == explain.BeyondLength {
			s.beyond = append(s.beyond, f.Spans...)
		} else {
			s.spans = append(s.spans, f.Spans...)
		}
	}
	for _, c := range r.Copies() {
		if c.Differ {
			s.Copies = append(s.Copies, Copy{printable(c.Name), printable(c.Then), printable(c.Now), c.Gone})
		}
	}
	slices.SortFunc(s.spans, func(a, b explain.Span) int { return a.Offset - b.Offset })
	return s
}

// printable keeps controls from the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r' || r == '\n' || r == '\t':
			return ' '
		case unicode.IsPrint(r):
			return r
		}
		return '?'
	}, s)
}
