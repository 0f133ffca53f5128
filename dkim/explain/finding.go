package explain

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
)

// add adds a Finding, or what it says to the one of the same cause.
func (r *Report) add(f Finding) {
	f.Detail = printable(f.Detail)
	for i := range r.Findings {
		old := &r.Findings[i]
		if old.Cause != f.Cause {
			continue
		}
		if f.Detail != "" && !strings.Contains(old.Detail, f.Detail) {
			old.Detail += "; " + f.Detail
		}
		old.Proof.BodyHash = old.Proof.BodyHash || f.Proof.BodyHash
		old.Proof.Signature = old.Proof.Signature || f.Proof.Signature
		old.Proof.Stated = old.Proof.Stated || f.Proof.Stated
		old.Proof.Undone = union(old.Proof.Undone, f.Proof.Undone)
		for _, s := range f.Spans {
			if !slices.Contains(old.Spans, s) && len(old.Spans) < maxSpans {
				old.Spans = append(old.Spans, s)
			}
		}
		return
	}
	f.Proof.Undone = union(nil, f.Proof.Undone)
	r.Findings = append(r.Findings, f)
}

func union(a, b []Cause) []Cause {
	for _, c := range b {
		if !slices.Contains(a, c) {
			a = append(a, c)
		}
	}
	return a
}

// addStep adds what was undone in the message as a whole, or in the body.
func (r *Report) addStep(s step, spans []Span, p Proof) {
	r.add(Finding{Cause: s.cause, Detail: s.detail, Proof: p, Spans: spans})
}

// addChange adds what was undone in the header.
func (r *Report) addChange(c *change, p Proof) {
	f := Finding{Cause: c.cause, Detail: c.detail, Proof: p}
	for _, e := range c.edits {
		start, end := 0, 0
		if e.field >= 0 {
			now := r.message.header.Field(e.field)
			start, end = differing(now, e.text)
			start, end = start+r.message.starts[e.field], end+r.message.starts[e.field]
		}
		f.Spans = append(f.Spans, r.message.span(start, end))
	}
	r.add(f)
	if c.also != nil {
		f.Cause, f.Detail = c.also.cause, c.also.detail
		r.add(f)
	}
}

// differing returns where the octets of now are that then has not.
func differing(now, then []byte) (start, end int) {
	for start < len(now) && start < len(then) && now[start] == then[start] {
		start++
	}
	end = len(now)
	for k := len(then); end > start && k > start && now[end-1] == then[k-1]; k-- {
		end--
	}
	return start, end
}

// repair makes the message that was signed, as far as it is known.
func (r *Report) repair() {
	m := r.message
	var edits []edit
	for _, c := range r.changes {
		for _, e := range c.edits {
			if e.field < 0 {
				edits = append(edits, edit{0, 0, string(e.text)})
			} else {
				edits = append(edits, edit{m.starts[e.field], m.starts[e.field+1], string(e.text)})
			}
		}
	}
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end)) })
	text := apply(m.text[:m.body], edits)
	if r.bodyWas != nil {
		text = append(text, r.bodyWas...)
	} else {
		text = append(text, m.bodyText()...)
	}
	if !bytes.Equal(text, m.raw) {
		r.repaired = text
	}
}
