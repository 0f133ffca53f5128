package dkim

import (
	"crypto/rsa"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

// A vectorMaker makes vectors. Their keys are those of internal/dkimtest, and
// both algorithms sign deterministically, so that the vectors are always the same.
type vectorMaker struct {
	t    testing.TB
	rsa  *rsa.PrivateKey
	good string // the record of rsa
	all  []*vector
	ids  map[string]int
	rows map[string]dkimtest.Requirement
}

const rsaName = "rsa._domainkey.example.org"

var anID = regexp.MustCompile(`\b(6376|8301|8463|8616)-([0-9A-Z][0-9A-Za-z]*(\.[0-9A-Za-z]+)*)-[a-z]\b`)

// add adds a vector with the good key in DNS. what begins with the ids of the
// requirements; results are of the signatures, "status" or "status reason".
func (m *vectorMaker) add(what, about, msg string, results ...string) *vector {
	v := &vector{Requirements: anID.FindAllString(what, -1), About: about, Time: testTime.Unix(), DNS: map[string][]string{rsaName: {m.good}}}
	id := what
	if len(v.Requirements) > 0 {
		id = v.Requirements[0]
		rest := what[strings.LastIndex(what, v.Requirements[len(v.Requirements)-1])+len(v.Requirements[len(v.Requirements)-1]):]
		if rest = strings.TrimPrefix(rest, ": "); rest != "" {
			v.About = rest + ": " + about
		}
	}
	for _, r := range v.Requirements {
		row := m.rows[r]
		v.Rules = append(v.Rules, row.Text)
		if row.How == dkimtest.Choice {
			v.Choice = row.Why
		}
	}
	m.ids[id]++
	v.ID = fmt.Sprintf("%s/%d", id, m.ids[id])
	v.setMessage(msg)
	for i, r := range results {
		status, reason, _ := strings.Cut(r, " ")
		res := vectorResult{Status: status, Reason: reason}
		switch reason {
		case "", "policy", "public-suffix", "uncovered-from", "partial-body", "expired", "future", "body-length", "body-hash", "signature",
			"key-temporary", "key-not-found", "key-revoked", "key-type", "key-size", "key-syntax", "key-weak", "key-unusable":
			h, b := referenceForms(msg, i)
			res.Header, res.Body = &h, &b
		}
		v.Results = append(v.Results, res)
	}
	m.all = append(m.all, v)
	return v
}

// bad adds a message that is none, with the word for its error.
func (m *vectorMaker) bad(what, about, msg, word string) {
	v := m.add(what, about, msg)
	v.Error = word
}

// expected is the status with the word for the reason of a row, which names one
// of several that an error wraps.
func expected(s Status, reason error) string {
	word := vectorReason(reason)
	switch {
	case reason == nil:
		return string(s)
	case reason == ErrDomain && s == Neutral:
		word = "domain"
	case reason == ErrDomain && s == Policy:
		word = "public-suffix"
	case reason == ErrIdentifier && s == Neutral:
		word = "identifier"
	case (reason == ErrDomain || reason == ErrIdentifier) && s == PermError:
		word = "domain-mismatch"
	case (reason == ErrAlgorithm || reason == ErrHistoric) && s == PermError:
		word = "historic-algorithm"
	}
	return string(s) + " " + word
}

// differences tells how tags differ from goodTags.
func differences(tags string) string {
	good := strings.Split(goodTags, "; ")
	var all []string
	for tag := range strings.SplitSeq(tags, "; ") {
		if i := slices.Index(good, tag); i >= 0 {
			good = slices.Delete(good, i, i+1)
		} else {
			all = append(all, fmt.Sprintf("%#q", tag))
		}
	}
	for _, tag := range good {
		name, _, _ := strings.Cut(tag, "=")
		if !strings.Contains("; "+tags, "; "+name+"=") {
			all = append(all, "no "+name+"=")
		}
	}
	if all == nil {
		return "a good signature"
	}
	return strings.Join(all, ", ")
}

// makeVectors makes all vectors.
func makeVectors(t testing.TB) []*vector {
	m := &vectorMaker{t: t, rsa: dkimtest.RSA(1024), ids: map[string]int{}, rows: map[string]dkimtest.Requirement{}}
	rows, err := dkimtest.Requirements()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		m.rows[r.ID] = r
	}
	m.good = (&keyrecord.Record{Key: m.rsa.Public()}).String()
	m.addRFCs()
	m.addTags()
	m.addRecords()
	m.addChanges()
	m.addLengths()
	m.addBodies()
	m.addFields()
	m.addKeys()
	m.addValues()
	m.addInternationalized()
	m.addErrors()
	m.addSeveral()
	m.addMessages()
	return m.all
}

// addRFCs are the examples of the RFCs.
func (m *vectorMaker) addRFCs() {
	for _, s := range dkimtest.Scenarios(m.t, "testdata") {
		var what string
		results := []string{"pass"}
		switch s.Name {
		case "rfc6376-A2":
			what = "6376-3.4.1-b: errata 4926 and 3192"
		case "rfc6376-A2-as-printed":
			what, results = "6376-3.4.1-b: as printed", []string{"fail signature"}
		case "rfc8463-A3":
			what, results = "8463-A-a, 8463-3-a, 8463-6-b", []string{"pass", "pass"}
		default:
			continue
		}
		v := m.add(what, "the example of "+s.Name, s.Message, results...)
		v.DNS = s.Zone
	}
}

// addTags bends each tag.
func (m *vectorMaker) addTags() {
	for _, row := range tagRows() {
		v := m.add(row.id, differences(row.tags), craft(m.t, m.rsa, row.tags, testMessage), expected(row.status, row.reason))
		for _, name := range tagRowNames {
			selector, domain, _ := strings.Cut(name, "._domainkey.")
			ofD := strings.Contains(row.tags, "d="+domain) || strings.Contains(row.tags, "d=bücher") && domain == "xn--bcher-kva.example"
			if ofD && strings.Contains(row.tags, "s="+selector+";") {
				v.DNS[name] = []string{m.good}
			}
		}
	}
}

// addInternationalized are U-labels and A-labels.
func (m *vectorMaker) addInternationalized() {
	for _, row := range eaiRows() {
		v := m.add(row.id, differences(row.tags), craft(m.t, m.rsa, row.tags, eaiMessage), expected(row.status, row.reason))
		v.DNS = map[string][]string{eaiKeyName: {m.good}}
	}
}

// addChanges changes a message that was signed.
func (m *vectorMaker) addChanges() {
	for _, row := range changeRows() {
		signed := craft(m.t, m.rsa, row.tags, row.msg)
		about := fmt.Sprintf("%q in place of %q", row.new, row.old)
		if row.new == row.old {
			about = "nothing is changed"
		}
		v := m.add(row.id, about, strings.Replace(signed, row.old, row.new, 1), expected(row.status, row.reason))
		if strings.Contains(row.tags, "xn--") {
			v.DNS["rsa._domainkey.xn--bcher-kva.example"] = []string{m.good}
		}
	}
}

// addLengths are values of l=, strict and with partial_body.
func (m *vectorMaker) addLengths() {
	header, _, _ := strings.Cut(testMessage, "\r\n\r\n")
	for _, row := range lengthRows() {
		msg := craft(m.t, m.rsa, row.tags, header+"\r\n\r\n"+row.body) + row.appended
		about := fmt.Sprintf("%s, body %q, appended %q", differences(row.tags), row.body, row.appended)
		reasons := map[Status]string{Pass: "pass", Policy: "policy partial-body", PermError: "permerror body-length"}
		m.add(row.id, about, msg, reasons[row.strict])
		if row.partial != row.strict {
			m.add(row.id, about, msg, reasons[row.partial]).Options = &vectorOptions{PartialBody: true}
		}
	}
}

// addBodies are canonical bodies.
func (m *vectorMaker) addBodies() {
	for _, row := range []struct{ id, body string }{
		{"6376-3.4.3-b, 6376-3.4.4-d", ""}, {"6376-3.4.3-b, 6376-3.4.4-d", "\r\n"}, {"6376-3.4.3-b, 6376-3.4.4-d", "\r\n\r\n"},
		{"6376-3.4.3-d, 6376-3.4.4-d", " \r\n"}, {"6376-3.4.4-a", "\r\n\r\n  \r\n"}, {"6376-3.4.4-f", "  "}, {"6376-3.4.3-c, 6376-3.4.4-e", "a"},
		{"6376-3.4.3-a", "a\r\n\r\n\r\n"}, {"6376-3.4.3-e", "\r\na\r\n"}, {"6376-3.4.4-c", " a \t b \r\n\t\r\n\r\n"}, {"6376-3.4.4-a", "a\r\n \r\n"},
		{"6376-3.4.3-e", "a\r\n\r\nb\r\n"}, {"6376-3.4.5-a", " C \r\nD \t E\r\n\r\n\r\n"}, {"6376-3.4.3-f", "a\rb\r\n"}, {"6376-3.4.3-f", "a\nb\r\n"},
		{"6376-3.4.3-f", "a\r"}, {"6376-3.4.3-f", "a\r\r\n"}, {"6376-3.4.4-h", "a  \rb\r\n"}, {"6376-3.4.4-g", "a\x0bb\x0c \r\n"},
		{"6376-3.4.4-g", "\xa0a\xa0\r\n"}, {"6376-3.7-l", ".a\r\n..b\r\n"}, {"6376-3.4.4-b", "a \t\r\nb"}, {"6376-3.4.4-c", "\t\ta\r\n"},
	} {
		for _, c := range []string{"simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"} {
			if strings.HasPrefix(c, "simple/r") && len(row.body) > 3 {
				continue // the header's algorithm does not matter to the body
			}
			m.add(row.id+", 6376-3.4-a", fmt.Sprintf("c=%s, body %q", c, row.body), craft(m.t, m.rsa, with("h=from", "c="+c), "From: a@example.org\r\n\r\n"+row.body), "pass")
		}
	}
}

// addFields are canonical header fields.
func (m *vectorMaker) addFields() {
	for _, row := range []struct{ id, name, field string }{
		{"6376-3.4.2-a", "subject", "SUBJect: AbC"}, {"6376-3.4.5-a", "a", "A: X"}, {"6376-3.4.5-a", "b", "B \t: Y\t\r\n\tZ  "},
		{"6376-3.4.2-g", "subject", "Subject:"}, {"6376-3.4.2-g", "subject", "Subject: \t"}, {"6376-3.4.2-f", "a", "A:\r\n b"},
		{"6376-3.4.2-f", "a", "A: \r\n\t\r\n b"}, {"6376-3.4.2-c", "a", "A: b \t\r\n \t c"}, {"6376-3.4.2-i", "a", "A: b : c"}, {"6376-3.4.2-e", "a", "A\t:\tb"},
		{"6376-3.4.2-h", "a", "A: b\x0b\x0b c"}, {"6376-3.4.2-d", "a", "A: b \t "}, {"6376-3.4.2-b", "a", "A: b\r\n\tc"}, {"6376-3.4.2-h", "a", "A: b\xa0 \xa0c"},
		{"6376-3.4.2-j", "mime-version", "MIME-Version: 1.0"}, {"6376-3.4.1-a", "subject", "SUBJect :  a\t\r\n\tb "}, {"6376-3.4.1-c", "a", "A:b"},
	} {
		for _, c := range []string{"simple/simple", "relaxed/relaxed"} {
			msg := "From: a@example.org\r\n" + row.field + "\r\n\r\nHi.\r\n"
			m.add(row.id, fmt.Sprintf("c=%s, field %q", c, row.field), craft(m.t, m.rsa, with("h=from:"+row.name, "c="+c), msg), "pass")
		}
	}
}
