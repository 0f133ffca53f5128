package authres

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFieldString(t *testing.T) {
	dkim := func(props ...Prop) []Result { return []Result{{Method: "dkim", Value: "pass", Props: props}} }
	header := func(name, value string) []Result { return dkim(Prop{"header", name, value}) }
	const name = "Authentication-Results: "
	for _, tt := range []struct {
		what  string
		field Field
		want  string
	}{
		{"8601-2.2-a: one result", Field{ID: "mx.example.com", Results: header("d", "example.com")},
			"mx.example.com;\r\n\tdkim=pass header.d=example.com\r\n"},
		{"8601-2.2-b: no result", Field{ID: "example.org"}, "example.org; none\r\n"},
		{"8601-2.2-c: an id that is no token", Field{ID: "a b"}, "\"a b\"; none\r\n"},
		{"8601-2.2-c: CR and LF in the id", Field{ID: "a\r\nX: b"}, "\"a??X: b\"; none\r\n"},
		{"8601-2.5-a: no id is not made up", Field{}, "\"\"; none\r\n"},
		{"8601-2.2-d: version 1", Field{ID: "example.org", Version: 1}, "example.org 1; none\r\n"},
		{"8601-2.2-e: method version", Field{ID: "a", Results: []Result{{Method: "dkim", Version: 1, Value: "pass"}}},
			"a;\r\n\tdkim/1=pass\r\n"},
		{"8601-2.2-f: reason before properties", Field{ID: "a", Results: []Result{{Method: "dkim", Value: "fail",
			Reason: "body hash did not verify", Props: []Prop{{"header", "d", "x.example"}}}}},
			"a;\r\n\tdkim=fail reason=\"body hash did not verify\" header.d=x.example\r\n"},
		{"8601-2.2-g: quoted", Field{ID: "a", Results: []Result{{Method: "dkim", Value: "fail", Reason: `a "b" \c`}}},
			"a;\r\n\tdkim=fail reason=\"a \\\"b\\\" \\\\c\"\r\n"},
		{"8601-2.2-g: a token is bare", Field{ID: "a", Results: []Result{{Method: "dkim", Value: "fail", Reason: "sig"}}},
			"a;\r\n\tdkim=fail reason=sig\r\n"},
		{"8601-2.2-h: /", Field{ID: "a", Results: header("b", "/gCrinpc")}, "a;\r\n\tdkim=pass header.b=\"/gCrinpc\"\r\n"},
		{"8601-2.2-h: letters", Field{ID: "a", Results: header("b", "oINEO8hg")}, "a;\r\n\tdkim=pass header.b=oINEO8hg\r\n"},
		{"6008-4-h: + is a token character", Field{ID: "a", Results: header("b", "a+bcdefg")}, "a;\r\n\tdkim=pass header.b=a+bcdefg\r\n"},
		{"6008-4-c: =", Field{ID: "a", Results: header("b", "abc=")}, "a;\r\n\tdkim=pass header.b=\"abc=\"\r\n"},
		{"8601-2.2-i: @domain", Field{ID: "a", Results: header("i", "@example.com")}, "a;\r\n\tdkim=pass header.i=@example.com\r\n"},
		{"8601-2.2-i: local@domain", Field{ID: "a", Results: header("i", "joe@example.com")}, "a;\r\n\tdkim=pass header.i=joe@example.com\r\n"},
		{"8601-2.2-i: atext", Field{ID: "a", Results: header("i", "bounce+a=b.c/d@x-y.example")},
			"a;\r\n\tdkim=pass header.i=bounce+a=b.c/d@x-y.example\r\n"},
		{"8601-2.2-j: quoted local part", Field{ID: "a", Results: header("i", `"a b"@example.com`)},
			"a;\r\n\tdkim=pass header.i=\"a b\"@example.com\r\n"},
		{"8601-2.2-j: a local part without its quotes", Field{ID: "a", Results: header("i", `a b@example.com`)},
			"a;\r\n\tdkim=pass header.i=\"a b\"@example.com\r\n"},
		{"8601-2.2-j: half a quoted-string", Field{ID: "a", Results: header("i", `"a@example.com`)},
			"a;\r\n\tdkim=pass header.i=\"\\\"a\"@example.com\r\n"},
		{"8601-2.2-j: a quote inside quotes", Field{ID: "a", Results: header("i", `"a"b"@example.com`)},
			"a;\r\n\tdkim=pass header.i=\"\\\"a\\\"b\\\"\"@example.com\r\n"},
		{"8601-2.2-j: a quote that is escaped", Field{ID: "a", Results: header("i", `"a\"b"@example.com`)},
			"a;\r\n\tdkim=pass header.i=\"a\\\"b\"@example.com\r\n"},
		{"8601-2.2-j: an open quoted-pair", Field{ID: "a", Results: header("i", `"a\"@example.com`)},
			"a;\r\n\tdkim=pass header.i=\"\\\"a\\\\\\\"\"@example.com\r\n"},
		{"8601-2.2-j: two dots", Field{ID: "a", Results: header("i", "a..b@example.com")},
			"a;\r\n\tdkim=pass header.i=\"a..b\"@example.com\r\n"},
		{"a domain with an empty label", Field{ID: "a", Results: header("i", "a@b..c")}, "a;\r\n\tdkim=pass header.i=\"a@b..c\"\r\n"},
		{"a domain with a hyphen at the border", Field{ID: "a", Results: header("i", "a@-b.c")}, "a;\r\n\tdkim=pass header.i=\"a@-b.c\"\r\n"},
		{"8601-2.2-j: not an address", Field{ID: "a", Results: dkim(Prop{"policy", "rule", "ask a@b.example"})},
			"a;\r\n\tdkim=pass policy.rule=\"ask a@b.example\"\r\n"},
		{"an address literal", Field{ID: "a", Results: dkim(Prop{"smtp", "mailfrom", "a@[192.0.2.1]"})},
			"a;\r\n\tdkim=pass smtp.mailfrom=\"a@[192.0.2.1]\"\r\n"},
		{"an empty value", Field{ID: "a", Results: dkim(Prop{"smtp", "mailfrom", ""})}, "a;\r\n\tdkim=pass smtp.mailfrom=\"\"\r\n"},
		{"8601-2.7-l: U-labels", Field{ID: "a", Results: dkim(Prop{"header", "d", "bücher.example"}, Prop{"header", "i", "jörg@bücher.example"})},
			"a;\r\n\tdkim=pass header.d=bücher.example header.i=jörg@bücher.example\r\n"},
		{"UTF-8 that is no domain", Field{ID: "bücher.example", Results: dkim(Prop{"policy", "x", "ü"})},
			"\"bücher.example\";\r\n\tdkim=pass policy.x=\"ü\"\r\n"},
		{"NBSP in a local part", Field{ID: "a", Results: header("i", "a\u00a0b@example.com")},
			"a;\r\n\tdkim=pass header.i=\"a\u00a0b\"@example.com\r\n"},
		{"8601-2.2-m: SMTP commands", Field{ID: "a", Results: dkim(Prop{"SMTP", "MAILFROM", "a@b.example"}, Prop{"smtp", "rcptto", "c@d.example"}, Prop{"smtp", "RCPT TO", "x"})},
			"a;\r\n\tdkim=pass smtp.mailfrom=a@b.example smtp.rcptto=c@d.example\r\n"},
		{"8601-2.7-j, 8601-2.7-k: the properties of dkim", Field{ID: "a", Results: dkim(Prop{"header", "d", "example.com"},
			Prop{"header", "i", "@example.com"}, Prop{"header", "b", "12345678"}, Prop{"header", "a", "rsa-sha256"}, Prop{"header", "s", "sel"})},
			"a;\r\n\tdkim=pass header.d=example.com header.i=@example.com\r\n\theader.b=12345678 header.a=rsa-sha256 header.s=sel\r\n"},
		{"a comment", Field{ID: "a", Results: []Result{{Method: "dkim", Value: "pass", Comment: "2048-bit key", Props: []Prop{{"header", "d", "b"}}}}},
			"a;\r\n\tdkim=pass (2048-bit key) header.d=b\r\n"},
		{"a comment is escaped", Field{ID: "a", Results: []Result{{Method: "dkim", Value: "fail", Comment: `) ; spf=pass (\`}}},
			"a;\r\n\tdkim=fail (\\) ; spf=pass \\(\\\\)\r\n"},
		{"keywords in lower case", Field{ID: "a", Results: []Result{{Method: "DKIM", Value: "Pass", Props: []Prop{{"Header", "D", "B"}}}}},
			"a;\r\n\tdkim=pass header.d=B\r\n"},
		{"8601-2.7-m: two signatures", Field{ID: "a", Results: append(header("s", "x"), header("s", "y")...)},
			"a;\r\n\tdkim=pass header.s=x;\r\n\tdkim=pass header.s=y\r\n"},
		{"8601-2.2-l: no properties", Field{ID: "a", Results: []Result{{Method: "dkim", Value: "none"}}}, "a;\r\n\tdkim=none\r\n"},
		{"8601-2.7-e", Field{ID: "a", Results: []Result{{Method: "dkim", Value: "policy", Props: []Prop{{"policy", "dkim-rules", "key-size"}}}}},
			"a;\r\n\tdkim=policy policy.dkim-rules=key-size\r\n"},
		{"8601-2.7.5-b", Field{ID: "a", Results: []Result{{Method: "dkim-atps", Value: "pass", Props: []Prop{{"header", "from", "bob@aaa.example"}}}}},
			"a;\r\n\tdkim-atps=pass header.from=bob@aaa.example\r\n"},
		{"8601-6.2-a", Field{ID: "a", Results: []Result{{Method: "domainkeys", Value: "fail", Reason: "bad", Props: []Prop{{"header", "sender", "bob@aaa.example"}}}}},
			"a;\r\n\tdomainkeys=fail reason=bad header.sender=bob@aaa.example\r\n"},
		{"8601-2.7.5-a", Field{ID: "a", Results: []Result{{Method: "dkim-adsp", Value: "discard", Props: []Prop{{"header", "from", "bob@aaa.example"}}}}},
			"a;\r\n\tdkim-adsp=discard header.from=bob@aaa.example\r\n"},

		// What an attacker chooses (8601-2.2-p).
		{"a result in a value", Field{ID: "a", Results: header("d", "x; dmarc=pass")}, "a;\r\n\tdkim=pass header.d=\"x; dmarc=pass\"\r\n"},
		{"a line in a value", Field{ID: "a", Results: header("d", "x\r\n\tdmarc=pass")}, "a;\r\n\tdkim=pass header.d=\"x??\tdmarc=pass\"\r\n"},
		{"a line in a reason", Field{ID: "a", Results: []Result{{Method: "dkim", Value: "fail", Reason: "x\r\nFrom: y"}}},
			"a;\r\n\tdkim=fail reason=\"x??From: y\"\r\n"},
		{"controls", Field{ID: "a", Results: header("s", "\x00\x1b\x7f\u0085\u2028\u2029")}, "a;\r\n\tdkim=pass header.s=\"??????\"\r\n"},
		{"ill-formed UTF-8", Field{ID: "a", Results: header("s", "a\xff\xc3")}, "a;\r\n\tdkim=pass header.s=\"a?\"\r\n"},
		{"a method that is no keyword", Field{ID: "a", Results: []Result{{Method: "x=y; dkim", Value: "pass"}}}, "a; none\r\n"},
		{"a result that is no keyword", Field{ID: "a", Results: []Result{{Method: "dkim", Value: "pass; spf=pass"}, {Method: "spf", Value: "fail"}}},
			"a;\r\n\tspf=fail\r\n"},
		{"an empty result", Field{ID: "a", Results: []Result{{}}}, "a; none\r\n"},
		{"a property that is no keyword", Field{ID: "a", Results: dkim(Prop{"header", "d=x; spf", "y"}, Prop{"", "d", "z"}, Prop{"header", "s", "t"})},
			"a;\r\n\tdkim=pass header.s=t\r\n"},
		{"negative versions", Field{ID: "a", Version: -1, Results: []Result{{Method: "dkim", Value: "pass", Version: -2}}}, "a;\r\n\tdkim=pass\r\n"},
	} {
		got := tt.field.String()
		if got != name+tt.want {
			t.Errorf("%s: String() = %q, want %q", tt.what, got, name+tt.want)
		}
		if v := tt.field.Value(); v+"\r\n" != tt.want {
			t.Errorf("%s: Value() = %q, want %q without CRLF", tt.what, v, tt.want)
		}
		checkLines(t, got)
	}
}

// checkLines checks the form of a field: lines that end in CRLF and fit, no
// line of white space, and none that begins another field.
func checkLines(t *testing.T, field string) {
	t.Helper()
	if !strings.HasSuffix(field, "\r\n") || !utf8.ValidString(field) {
		t.Errorf("not ended by CRLF, or not UTF-8: %q", field)
	}
	lines := strings.Split(strings.TrimSuffix(field, "\r\n"), "\r\n")
	for i, line := range lines {
		switch {
		case strings.ContainsAny(line, "\r\n\x00"):
			t.Errorf("a bare CR, LF or NUL: %q", line)
		case i > 0 && !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "\t"):
			t.Errorf("begins another field: %q", line)
		case strings.Trim(line, " \t") == "":
			t.Errorf("a line of white space in %q", field)
		case len(line) > 998:
			t.Errorf("a line of %d octets", len(line))
		case len(line) > 78 && strings.Count(strings.Trim(line, " \t"), " ") > 0 && !strings.Contains(line, `"`):
			t.Errorf("a line of %d columns could be folded: %q", len(line), line)
		}
	}
}

// 8601-2.2-n: many results are folded, and a quoted-string is on one line.
func TestFieldStringFold(t *testing.T) {
	var f Field
	f.ID = "mail-receiver.region-a.example.com"
	for range 20 {
		f.Results = append(f.Results, Result{Method: "dkim", Value: "fail", Reason: "the body hash did not verify",
			Comment: strings.Repeat("a long comment of several words, ", 9),
			Props:   []Prop{{"header", "d", "a-domain.example.org"}, {"header", "i", `"john  doe"@a-domain.example.org`}, {"header", "b", "abcd/fgh"}}})
	}
	got := f.String()
	checkLines(t, got)
	for line := range strings.SplitSeq(got, "\r\n") {
		if len(line) > 78 {
			t.Errorf("%d columns: %q", len(line), line)
		}
		if strings.Count(line, `"`)%2 != 0 {
			t.Errorf("folded inside a quoted-string: %q", line)
		}
	}

	// What cannot be folded is longer than 78, and never longer than 998.
	long := strings.Repeat("x", 3000)
	f = Field{ID: long, Version: 1<<31 - 1, Results: []Result{{Method: strings.Repeat("m", maxKeyword), Version: 1<<31 - 1, Value: strings.Repeat("v", maxKeyword),
		Reason: long, Comment: long, Props: []Prop{{strings.Repeat("t", maxKeyword), strings.Repeat("n", maxKeyword), long}, {"header", "i", long + "@example.com"},
			{"header", "d", strings.Repeat("\\", 3000)}, {"header", "s", strings.Repeat("ü", 3000)}}}}}
	got = f.String()
	checkLines(t, got)
	if n := strings.Count(got, "...\"") + strings.Count(got, "...)"); n != 7 {
		t.Errorf("%d values end in dots, want 7: %q", n, got)
	}
	if len(f.Value()) > 998 && len(strings.SplitN(f.Value(), "\r\n", 2)[0])+len("Authentication-Results: ") > 998 {
		t.Errorf("the first line of Value is too long for its name")
	}
}

func TestValidate(t *testing.T) {
	result := func(r Result) Field { return Field{ID: "a", Results: []Result{r}} }
	prop := func(p Prop) Field { return result(Result{Method: "dkim", Value: "pass", Props: []Prop{p}}) }
	fits := strings.Repeat("x", maxValue-2)
	for _, tt := range []struct {
		what   string
		field  Field
		want   error
		clause int
	}{
		{"nothing to say", prop(Prop{"header", "i", `"a b"@example.com`}), nil, 0},
		{"an unknown method", result(Result{Method: "x-foo", Value: "great"}), nil, 0},
		{"the longest values", Field{ID: fits, Results: []Result{{Method: "dkim", Value: "pass", Reason: fits, Comment: fits, Props: []Prop{{"header", "d", fits}}}}}, nil, 0},
		{"8601-2.5-a: no id", Field{}, ErrSyntax, 0},
		{"8601-2.2-c: CR in the id", Field{ID: "a\rb"}, ErrSyntax, 0},
		{"version 2", Field{ID: "a", Version: 2}, ErrVersion, 0},
		{"a long id", Field{ID: fits + "x"}, ErrLimit, 0},
		{"no method", result(Result{Value: "pass"}), ErrSyntax, 1},
		{"upper case", result(Result{Method: "DKIM", Value: "pass"}), ErrSyntax, 1},
		{"8601-4-a: hardfail", result(Result{Method: "dkim", Value: "hardfail"}), ErrResult, 1},
		{"8601-2.7-a: invalid", result(Result{Method: "dkim", Value: "invalid"}), ErrResult, 1},
		{"8601-2.7.5-b", result(Result{Method: "dkim-atps", Value: "policy"}), ErrResult, 1},
		{"a negative method version", result(Result{Method: "dkim", Value: "pass", Version: -1}), ErrSyntax, 1},
		{"a large method version", result(Result{Method: "dkim", Value: "pass", Version: 1<<31 - 1}), ErrSyntax, 1},
		{"LF in a reason", result(Result{Method: "dkim", Value: "pass", Reason: "\n"}), ErrSyntax, 1},
		{"ill-formed UTF-8 in a comment", result(Result{Method: "dkim", Value: "pass", Comment: "\xff"}), ErrSyntax, 1},
		{"a long comment", result(Result{Method: "dkim", Value: "pass", Comment: strings.Repeat("(", maxValue/2)}), ErrLimit, 1},
		{"a bad ptype", prop(Prop{"head er", "d", "x"}), ErrSyntax, 1},
		{"a bad property", prop(Prop{"header", "", "x"}), ErrSyntax, 1},
		{"a long keyword", prop(Prop{"header", strings.Repeat("x", maxKeyword+1), "x"}), ErrLimit, 1},
		{"a value with NUL", prop(Prop{"header", "d", "\x00"}), ErrSyntax, 1},
		{"a long value", prop(Prop{"header", "d", fits + "x"}), ErrLimit, 1},
		{"a local part without quotes", prop(Prop{"header", "i", "a b@example.com"}), ErrSyntax, 1},
		{"many properties", result(Result{Method: "dkim", Value: "pass", Props: make([]Prop, maxProps+1)}), ErrLimit, 1},
	} {
		err := tt.field.Validate()
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: Validate() = %v, want %v", tt.what, err, tt.want)
			continue
		}
		var e *ClauseError
		if err != nil && (!errors.As(err, &e) || e.Clause != tt.clause) {
			t.Errorf("%s: Validate() = %v, want an error of clause %d", tt.what, err, tt.clause)
		}
	}
	f := Field{ID: "a", Results: make([]Result, maxResults+1)}
	if err := f.Validate(); !errors.Is(err, ErrLimit) {
		t.Errorf("many results: Validate() = %v", err)
	}
	f.Results = make([]Result, maxResults)
	for i := range f.Results {
		f.Results[i] = Result{Method: "dkim", Value: "fail", Reason: fits}
	}
	if err := f.Validate(); !errors.Is(err, ErrLimit) {
		t.Errorf("a field of %d octets: Validate() = %v", len(f.String()), err)
	}
}
