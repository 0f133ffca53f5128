package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/emersion/go-milter"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/authres"
)

// A verifier verifies the messages of one connection.
type verifier struct {
	message
	*filter
	dkim   *dkim.VerifyWriter // of the message under way
	seen   map[string]int     // fields of a name so far
	forged []forgery
}

// A forgery is an Authentication-Results field that claims to be ours.
type forgery struct {
	name string
	n    int // which one of that name; the first is 1
}

func (f *filter) newVerifier() milter.Milter {
	v := &verifier{filter: f}
	v.begin = func() io.Writer {
		v.dkim, v.seen, v.forged = dkim.NewVerifyWriter(v.ctx, v.filter.verifier), map[string]int{}, nil
		return v.dkim
	}
	v.w = v.begin()
	return v
}

// Header passes the field on before anything is removed: a signature may cover it.
func (v *verifier) Header(name, value string, m *milter.Modifier) (milter.Response, error) {
	key := strings.ToLower(name)
	v.seen[key]++
	if authres.Forged(name, value, v.id) {
		v.forged = append(v.forged, forgery{name, v.seen[key]})
	}
	return v.message.Header(name, value, m)
}

// Body removes what is forged, and puts the results on top. A message that fails
// is delivered with that result: what to make of it is for those who read it
// (RFC 6376, section 6.3).
func (v *verifier) Body(m *milter.Modifier) (milter.Response, error) {
	results, err := v.dkim.Finish()
	why := reasons(results)
	status := dkim.Overall(results) // one that passes is enough, whatever the others
	if status == dkim.TempError {
		v.done(m, "deferred", why)
		return reply("451 4.7.5 Unable to verify signature - key server unavailable"), nil
	}
	field := authres.Field{ID: v.id, Results: dkim.AuthRes(results)}
	if err != nil { // the message cannot be read
		status, why = dkim.StatusOf(err), "; "+err.Error()
		field.Results = []authres.Result{{Method: "dkim", Value: string(status), Reason: err.Error()}}
	}
	for _, f := range slices.Backward(v.forged) { // the last one first, so that the numbers of the others stay
		if err := m.ChangeHeader(f.n, f.name, ""); err != nil {
			return nil, err
		}
	}
	if err := m.InsertHeader(0, "Authentication-Results", " "+field.Value()); err != nil {
		return nil, err
	}
	v.done(m, "dkim="+string(status), why)
	return milter.RespContinue, nil
}

// reasons says why signatures did not pass, for the log (section 6.3).
func reasons(results []*dkim.Result) string {
	var text strings.Builder
	for _, r := range results {
		if r.Err != nil {
			fmt.Fprintf(&text, "; %s: %v", r.Signature.Domain, r.Err)
		}
	}
	return text.String()
}
