package authres

import (
	"errors"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// one returns a field of example.com with one dkim=pass result.
func one(props ...Prop) *Field {
	return &Field{ID: "example.com", Results: []Result{{Method: "dkim", Value: "pass", Props: props}}}
}

func results(id string, r ...Result) *Field { return &Field{ID: id, Results: r} }

// TestParseAppendixB has the examples of RFC 8601, appendix B, with their folds.
func TestParseAppendixB(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want *Field
	}{
		{"Authentication-Results: example.org 1; none", &Field{ID: "example.org", Version: 1}}, // B.2, 8601-P-b
		{"Authentication-Results: example.com;\r\n          spf=pass smtp.mailfrom=example.net\r\n", // B.3
			results("example.com", Result{Method: "spf", Value: "pass", Props: []Prop{{"smtp", "mailfrom", "example.net"}}})},
		{"Authentication-Results: example.com;\r\n          auth=pass (cram-md5) smtp.auth=sender@example.net;\r\n" + // B.4
			"          spf=pass smtp.mailfrom=example.net\r\n",
			results("example.com", Result{Method: "auth", Value: "pass", Comment: "cram-md5", Props: []Prop{{"smtp", "auth", "sender@example.net"}}},
				Result{Method: "spf", Value: "pass", Props: []Prop{{"smtp", "mailfrom", "example.net"}}})},
		{"Authentication-Results: example.com; iprev=pass\r\n          policy.iprev=192.0.2.200\r\n",
			results("example.com", Result{Method: "iprev", Value: "pass", Props: []Prop{{"policy", "iprev", "192.0.2.200"}}})},
		{"Authentication-Results: example.com;\r\n          dkim=pass (good signature) header.d=example.com\r\n", // B.5
			results("example.com", Result{Method: "dkim", Value: "pass", Comment: "good signature", Props: []Prop{{"header", "d", "example.com"}}})},
		{"Authentication-Results: example.com;\r\n      dkim=pass reason=\"good signature\"\r\n        header.i=@mail-router.example.net;\r\n" + // B.6
			"      dkim=fail reason=\"bad signature\"\r\n        header.i=@newyork.example.com\r\n",
			results("example.com", Result{Method: "dkim", Value: "pass", Reason: "good signature", Props: []Prop{{"header", "i", "@mail-router.example.net"}}},
				Result{Method: "dkim", Value: "fail", Reason: "bad signature", Props: []Prop{{"header", "i", "@newyork.example.com"}}})},
		{"Authentication-Results: foo.example.net (foobar) 1 (baz);\r\n" + // B.7, 8601-P-a
			"    dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n" +
			"      policy (A dot can go here) . (like that) expired\r\n" +
			"      (this surprised me) = (as I wasn't expecting it) 1362471462\r\n",
			&Field{ID: "foo.example.net", Version: 1, Results: []Result{{Method: "dkim", Version: 1, Value: "fail",
				Props: []Prop{{"policy", "expired", "1362471462"}}}}}},
	} {
		got, err := Parse(tt.in)
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("Parse(%q) = %+v, %v, want %+v", tt.in, got, err, tt.want)
			continue
		}
		again, err := Parse(got.String())
		if err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("Parse(%q) = %+v, %v, want %+v", got.String(), again, err, got)
		}
	}
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		what, in string
		want     *Field
	}{
		{"the value alone", "example.com; dkim=pass", one()},
		{"white space before the colon", "Authentication-Results \t: example.com; dkim=pass", one()},
		{"the name in any case", "AUTHENTICATION-results:example.com;dkim=pass", one()},
		{"LF folds", "example.com;\n\tdkim=pass\n", one()},
		{"a line of white space", "example.com;\r\n \r\n\tdkim=pass\r\n", one()},
		{"8601-P-b: none", "example.org; none", &Field{ID: "example.org"}},
		{"8601-P-b: none with comments", " (a) example.org (b) 1 (c) ; (d) none (e)\r\n", &Field{ID: "example.org", Version: 1}},
		{"8601-P-b: NONE", "example.org;NONE", &Field{ID: "example.org"}},
		{"8601-P-c: a method none", "example.org; none=pass", results("example.org", Result{Method: "none", Value: "pass"})},
		{"8601-2.2-d: no version", "example.com; dkim=pass", one()},
		{"8601-2.2-e", "example.com; dkim/1=pass", results("example.com", Result{Method: "dkim", Value: "pass", Version: 1})},
		{"8601-P-d: case", "example.com; DKIM=Pass Header.D=X", one(Prop{"header", "d", "X"})},
		{"8601-P-e", `example.com; dkim=fail reason="a;b (c) \" d"`, results("example.com", Result{Method: "dkim", Value: "fail", Reason: `a;b (c) " d`})},
		{"a quoted id", `"a b; c"; none`, &Field{ID: "a b; c"}},
		{"a quoted-string that is folded", "example.com; dkim=fail reason=\"a\r\n b\"", results("example.com", Result{Method: "dkim", Value: "fail", Reason: "a b"})},
		{"8601-P-f: token", "example.com; dkim=pass header.b=abc+d", one(Prop{"header", "b", "abc+d"})},
		{"8601-P-f: quoted-string", `example.com; dkim=pass header.b="a\b \"c"`, one(Prop{"header", "b", `ab "c`})},
		{"8601-P-f: domain", "example.com; dkim=pass header.d=x.example", one(Prop{"header", "d", "x.example"})},
		{"8601-P-f: @domain", "example.com; dkim=pass header.i=@x.example", one(Prop{"header", "i", "@x.example"})},
		{"8601-P-f: local@domain", "example.com; dkim=pass header.i=a+b=c/d@x.example", one(Prop{"header", "i", "a+b=c/d@x.example"})},
		{"8601-P-f: quoted-local@domain", `example.com; dkim=pass header.i="a \b\"@c"@x.example`, one(Prop{"header", "i", `"a b\"@c"@x.example`})},
		{"8601-P-f: CFWS in an address", `example.com; dkim=pass header.i=(a) joe (b) @x.example (c)`, one(Prop{"header", "i", "joe@x.example"})},
		{"8601-P-g", "example.com; dkim=pass header.b=/gCr+np=", one(Prop{"header", "b", "/gCr+np="})},
		{"8601-P-i: a version of dkim", "example.com; dkim/2=pass", results("example.com", Result{Method: "dkim", Value: "pass", Version: 2})},
		{"8601-P-i: a huge version", "example.com; dkim/99999999999999999999=pass", results("example.com", Result{Method: "dkim", Value: "pass", Version: maxVersion})},
		{"8601-P-j: raw", "example.com; dkim=great", results("example.com", Result{Method: "dkim", Value: "great"})},
		{"8601-P-o: hardfail", "example.com; dkim=hardfail", results("example.com", Result{Method: "dkim", Value: "hardfail"})},
		{"8601-2.2-k, erratum 6026: several properties", "example.com; dkim=pass header.d=a(x)header.s=b", one(Prop{"header", "d", "a"}, Prop{"header", "s", "b"})},
		{"CFWS in a reason", "example.com; dkim=fail (x) reason (y) = (z) w", results("example.com", Result{Method: "dkim", Value: "fail", Comment: "x", Reason: "w"})},
		{"a property with the name reason", "example.com; dkim=pass policy.reason=x", one(Prop{"policy", "reason", "x"})},
		{"the ptype reason", "example.com; dkim=pass reason.x=y", one(Prop{"reason", "x", "y"})},
		{"nested comments", `example.com; dkim=pass (a (b \) ; "c) d\() header.d=x`, results("example.com",
			Result{Method: "dkim", Value: "pass", Comment: `a (b ) ; "c) d(`, Props: []Prop{{"header", "d", "x"}}})},
		{"an empty comment, then another", "example.com; dkim=pass () (x) (y)", results("example.com", Result{Method: "dkim", Value: "pass", Comment: "x"})},
		{"U-labels", "bücher.example; dkim=pass header.i=jörg@bücher.example", results("bücher.example",
			Result{Method: "dkim", Value: "pass", Props: []Prop{{"header", "i", "jörg@bücher.example"}}})},
		{"a comment behind a reason", "example.com; dkim=fail reason=w (x) header.d=y (z)", results("example.com",
			Result{Method: "dkim", Value: "fail", Comment: "x", Reason: "w", Props: []Prop{{"header", "d", "y"}}})},
		{"a comment behind a property", "example.com; dkim=pass header.d=y (z)", one(Prop{"header", "d", "y"})},
		{"two comments", "example.com; dkim=fail (v) reason=w (x)", results("example.com", Result{Method: "dkim", Value: "fail", Comment: "v", Reason: "w"})},
		{"a result in a reason", `example.com; dkim=fail reason="x; spf=pass"`, results("example.com", Result{Method: "dkim", Value: "fail", Reason: "x; spf=pass"})},
		{"a result in a comment", `example.com; dkim=fail (see; dmarc=pass)`, results("example.com", Result{Method: "dkim", Value: "fail", Comment: "see; dmarc=pass"})},
		{"a quote in a comment", `example.com; dkim=fail (") ; spf=pass (")`, results("example.com", Result{Method: "dkim", Value: "fail", Comment: `"`},
			Result{Method: "spf", Value: "pass", Comment: `"`})},
	} {
		for _, parse := range []func(string) (*Field, error){Parse, ParseLenient} {
			if got, err := parse(tt.in); err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("%s: %q gives %+v, %v, want %+v", tt.what, tt.in, got, err, tt.want)
			}
		}
	}
	if f, err := Parse("example.com; dkim=great"); err != nil || f.Results[0].Registered() { // 8601-P-j
		t.Errorf("dkim=great is registered: %v", err)
	}
}

func TestParseError(t *testing.T) {
	const field = -1 // the error is about the whole field
	prop := " header.d=x"
	for _, tt := range []struct {
		what, in string
		want     error
		clause   int
	}{
		{"nothing", "", ErrSyntax, 0},
		{"a name without a value", "Authentication-Results:", ErrSyntax, 0},
		{"8601-2.2-b: no result", "example.org", ErrSyntax, 0},
		{"an empty result", "example.org;", ErrSyntax, 1},
		{"a ; too many", "example.org; dkim=pass;", ErrSyntax, 2},
		{"8601-2.2-b: none beside a result", "example.org; none; dkim=pass", ErrSyntax, 1},
		{"8601-2.2-b: none behind a result", "example.org; dkim=pass; none", ErrSyntax, 2},
		{"no id", "dkim=pass", ErrSyntax, 0},
		{"two ids", "a b; none", ErrSyntax, 0},
		{"an id and a comment that is open", "a (b; none", ErrSyntax, 0},
		{"8601-5-e", "( mx.example.com; dkim=pass", ErrSyntax, 0},
		{"8601-P-h", "example.com 2; dkim=pass", ErrVersion, 0},
		{"8601-P-h: version 0", "example.com 0; dkim=pass", ErrVersion, 0},
		{"8601-P-h: a huge version", "example.com 18446744073709551617; dkim=pass", ErrVersion, 0},
		{"method version 0", "a; dkim/0=pass", ErrSyntax, 1},
		{"method version of no digits", "a; dkim/=pass", ErrSyntax, 1},
		{"no =", "a; dkim pass", ErrSyntax, 1},
		{"no result behind =", "a; dkim=", ErrSyntax, 1},
		{"a keyword that ends in -", "a; dkim-=pass", ErrSyntax, 1},
		{"a property without a type", "a; dkim=pass score=1", ErrSyntax, 1},
		{"a property without a value", "a; dkim=pass header.d=", ErrSyntax, 1},
		{"a property without =", "a; dkim=pass header.d", ErrSyntax, 1},
		{"reason behind a property", "a; dkim=pass header.d=x reason=y", ErrSyntax, 1},
		{"two reasons", "a; dkim=pass reason=x reason=y", ErrSyntax, 1},
		{"no space between properties", `a; dkim=pass header.d="x"header.s=y`, ErrSyntax, 1},
		{"two @", "a; dkim=pass header.i=a@b@c", ErrSyntax, 1},
		{"@ alone", "a; dkim=pass header.i=@", ErrSyntax, 1},
		{"a quoted local part and no domain", `a; dkim=pass header.i="a"@`, ErrSyntax, 1},
		{"an open comment behind the id", "a 1 (", ErrSyntax, 0},
		{"a word behind the version", "a 1 x; none", ErrSyntax, 0},
		{"an open comment before a method", "a; (dkim=pass", ErrSyntax, 1},
		{"an open comment behind a method", "a; dkim (=pass", ErrSyntax, 1},
		{"an open comment behind a ptype", "a; dkim=pass header (.d=x", ErrSyntax, 1},
		{"an open comment behind a property", "a; dkim=pass header.d (=x", ErrSyntax, 1},
		{"an open comment behind =", "a; dkim=pass header.d= (x", ErrSyntax, 1},
		{"an open comment behind a value", "a; dkim=pass header.d=x (", ErrSyntax, 1},
		{"no property behind the dot", "a; dkim=pass header.=x", ErrSyntax, 1},
		{"a word that is neither", "a; dkim=pass reason", ErrSyntax, 1},
		{"an open quote", `a; dkim=pass; spf=fail reason="x; spf=pass`, ErrSyntax, 2},
		{"an open comment", "a; dkim=pass (x; spf=pass", ErrSyntax, 1},
		{"a backslash at the end of a quoted-string", `a; dkim=pass reason="x\`, ErrSyntax, 1},
		{"a backslash at the end of a comment", `a; dkim=pass (x\`, ErrSyntax, 1},
		{"a comment too many", "a; dkim=pass )", ErrSyntax, 1},
		{"a quote in a word", `a; dkim=fail reason=b"x; spf=pass"`, ErrSyntax, 1},
		{"two fields", "a; dkim=fail\r\nX: b", ErrSyntax, field},
		{"a bare CR", "a; dkim=fail\r spf=pass", ErrSyntax, field},
		{"an empty line", "a;\r\n\r\n dkim=fail", ErrSyntax, field},
		{"NUL", "a; dkim=pass\x00", ErrSyntax, field},
		{"ill-formed UTF-8", "a; dkim=pass (\xff)", ErrSyntax, field},
		{"a long field", "a; dkim=pass (" + strings.Repeat("x", maxField) + ")", ErrLimit, field},
		{"many results", "a" + strings.Repeat("; dkim=pass", maxResults+1), ErrLimit, maxResults + 1},
		{"many properties", "a; dkim=pass" + strings.Repeat(prop, maxProps+1), ErrLimit, 1},
		{"a long keyword", "a; " + strings.Repeat("x", maxKeyword+1) + "=pass", ErrLimit, 1},
	} {
		f, err := Parse(tt.in)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: Parse(%.60q) = %+v, %v, want %v", tt.what, tt.in, f, err, tt.want)
			continue
		}
		clause := field
		var e *ClauseError
		if errors.As(err, &e) {
			clause = e.Clause
		}
		if clause != tt.clause {
			t.Errorf("%s: Parse(%.60q): %v, want clause %d", tt.what, tt.in, err, tt.clause)
		}
		if version := tt.want == ErrVersion; version != (f != nil) || version && (f.ID != "example.com" || f.Results != nil) {
			t.Errorf("%s: Parse(%.60q) = %+v with %v", tt.what, tt.in, f, err)
		}
	}
	for _, in := range []string{
		"a" + strings.Repeat("; dkim=pass", maxResults),
		"a; dkim=pass" + strings.Repeat(prop, maxProps),
		"a; " + strings.Repeat("x", maxKeyword) + "=pass",
		"a; dkim=pass (" + strings.Repeat("x", maxField-15) + ")",
	} {
		if _, err := Parse(in); err != nil {
			t.Errorf("Parse(%.60q) at the limit: %v", in, err)
		}
	}
}

// TestParseLenient has fields in the manner of writers that one meets:
// 8601-P-o.
func TestParseLenient(t *testing.T) {
	for _, tt := range []struct {
		what, in string
		want     *Field
		bad      []int // clauses that an error is about
	}{
		{"Microsoft", "spf=pass (sender IP is 192.0.2.7)\r\n smtp.mailfrom=example.org; dkim=pass (signature was verified)\r\n" +
			" header.d=example.org;dmarc=bestguesspass action=none\r\n header.from=example.org;compauth=pass reason=109\r\n",
			results("", Result{Method: "spf", Value: "pass", Comment: "sender IP is 192.0.2.7", Props: []Prop{{"smtp", "mailfrom", "example.org"}}},
				Result{Method: "dkim", Value: "pass", Comment: "signature was verified", Props: []Prop{{"header", "d", "example.org"}}},
				Result{Method: "dmarc", Value: "bestguesspass", Props: []Prop{{"", "action", "none"}, {"header", "from", "example.org"}}},
				Result{Method: "compauth", Value: "pass", Reason: "109"}), nil},
		{"Yahoo, long ago", "mta1.mail.example.com  from=example.org; domainkeys=pass (ok); from=example.org; dkim=permerror (no key)",
			results("mta1.mail.example.com", Result{Method: "domainkeys", Value: "pass", Comment: "ok"}, Result{Method: "dkim", Value: "permerror", Comment: "no key"}), []int{2}},
		{"fastmail", "mx5.example.com;\n    x-vs=clean score=-20 state=0;\n    x-tls=pass smtp.version=TLSv1.3 smtp.bits=256/256",
			results("mx5.example.com", Result{Method: "x-vs", Value: "clean", Props: []Prop{{"", "score", "-20"}, {"", "state", "0"}}},
				Result{Method: "x-tls", Value: "pass", Props: []Prop{{"smtp", "version", "TLSv1.3"}, {"smtp", "bits", "256/256"}}}), nil},
		{"a property with neither type nor value", "a; x-vs=clean score=", results("a", Result{Method: "x-vs", Value: "clean", Props: []Prop{{"", "score", ""}}}), nil},
		{"a ; too many", "a; dkim=pass;", results("a", Result{Method: "dkim", Value: "pass"}), nil},
		{"no ; before none", "example.org none", results("example.org"), nil},
		{"no ; before none, a version", "example.org 1 none", &Field{ID: "example.org", Version: 1}, nil},
		{"an id alone", "example.org", results("example.org"), nil},
		{"IPv6, brackets, a URL", "a; iprev=pass policy.iprev=2001:db8::1 smtp.x=[192.0.2.1]; bimi=pass policy.l=https://a.example/b?c=d,e",
			results("a", Result{Method: "iprev", Value: "pass", Props: []Prop{{"policy", "iprev", "2001:db8::1"}, {"smtp", "x", "[192.0.2.1]"}}},
				Result{Method: "bimi", Value: "pass", Props: []Prop{{"policy", "l", "https://a.example/b?c=d,e"}}}), nil},
		{"a null sender", "a; spf=none smtp.mailfrom=<>; dkim=none header.d=", results("a", Result{Method: "spf", Value: "none", Props: []Prop{{"smtp", "mailfrom", "<>"}}},
			Result{Method: "dkim", Value: "none", Props: []Prop{{"header", "d", ""}}}), nil},
		{"no space behind a quoted value", `a; dkim=pass header.b="x/y"header.d=z`, results("a",
			Result{Method: "dkim", Value: "pass", Props: []Prop{{"header", "b", "x/y"}, {"header", "d", "z"}}}), nil},
		{"_ in keywords", "a; x_y=p_q policy.v_w=1", results("a", Result{Method: "x_y", Value: "p_q", Props: []Prop{{"policy", "v_w", "1"}}}), nil},
		{"reason behind a property", "a; dmarc=fail header.from=x reason=y", results("a", Result{Method: "dmarc", Value: "fail", Reason: "y", Props: []Prop{{"header", "from", "x"}}}), nil},
		{"Latin-1", "a; dkim=pass (gr\xfcn)", results("a", Result{Method: "dkim", Value: "pass", Comment: "gr?n"}), nil},
		{"a bad result does not hide the others", "a; dkim=pass; dkim; spf=fail; x=y z; arc=none", results("a", Result{Method: "dkim", Value: "pass"},
			Result{Method: "spf", Value: "fail"}, Result{Method: "arc", Value: "none"}), []int{2, 4}},
		{"none beside results", "a; none; dkim=pass", results("a", Result{Method: "dkim", Value: "pass"}), nil},
		// What a quote or a comment holds is no result, closed or not.
		{"an open quote", `a; dkim=fail reason="x; spf=pass`, results("a"), []int{1}},
		{"a quote in a word", `a; dkim=fail reason=b"x; spf=pass"; arc=none`, results("a", Result{Method: "arc", Value: "none"}), []int{1}},
		{"an open comment", `a; dkim=fail (x; spf=pass`, results("a"), []int{1}},
		{"a bad result in part", "a; dkim=pass header.d=good.example header.d", results("a"), []int{1}},
	} {
		got, err := ParseLenient(tt.in)
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: ParseLenient(%q) = %+v, want %+v", tt.what, tt.in, got, tt.want)
		}
		var bad []int
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			for _, err := range joined.Unwrap() {
				var e *ClauseError
				if errors.As(err, &e) {
					bad = append(bad, e.Clause)
				}
			}
		}
		if (err != nil) != (bad != nil) || !reflect.DeepEqual(bad, tt.bad) {
			t.Errorf("%s: ParseLenient(%q): error %v, want clauses %v", tt.what, tt.in, err, tt.bad)
		}
	}
	for _, tt := range []struct {
		in   string
		want error
	}{
		{"", ErrSyntax},
		{"( a; dkim=pass", ErrSyntax},
		{"a b; dkim=pass", ErrSyntax},
		{"a b=c d; dkim=pass", ErrSyntax},
		{"a b=c (; dkim=pass", ErrSyntax},
		{"a 2; dkim=pass", ErrVersion},
		{"a; dkim=pass\r\nX: b", ErrSyntax},
		{strings.Repeat("x", maxField+1), ErrLimit},
		{"a" + strings.Repeat(";", maxResults+1), ErrLimit},
	} {
		if f, err := ParseLenient(tt.in); !errors.Is(err, tt.want) || (f != nil) != (tt.want == ErrVersion) {
			t.Errorf("ParseLenient(%.60q) = %+v, %v, want %v", tt.in, f, err, tt.want)
		}
	}
}

// TestParseWriters has fields in the manner of other writers that keep to the
// grammar.
func TestParseWriters(t *testing.T) {
	for _, in := range []string{
		// OpenDKIM
		"Authentication-Results: mx.example.com; dkim=pass\r\n\treason=\"2048-bit key; unprotected key\"\r\n" +
			"\theader.d=example.org header.i=@example.org header.b=gCrinpcQ;\r\n\tdkim-adsp=pass; dkim-atps=neutral\r\n",
		"Authentication-Results: mx.example.com;\r\n\tdkim=pass (1024-bit key; unprotected) header.d=example.org header.i=@example.org header.a=rsa-sha256 header.s=sel header.b=/gCr+pcQ\r\n",
		// mox
		"Authentication-Results: mx.example.com; iprev=pass (\"without dnssec\") policy.iprev=192.0.2.7;\r\n" +
			"\tdkim=pass (2048 bit rsa, without dnssec) header.d=example.org header.s=sel\r\n\theader.a=rsa-sha256 header.b=\"abcd/fgh\"\r\n",
		// go-msgauth
		"Authentication-Results: mx.example.com; dkim=pass header.d=example.org header.i=@example.org;\r\n spf=fail reason=mismatch smtp.from=example.net\r\n",
		// Mail::DKIM, by way of Authentication Milter
		"Authentication-Results: mx.example.com;\r\n    dkim=pass (2048-bit rsa key sha256) header.d=example.org header.i=@example.org\r\n" +
			"      header.b=abcDEFgh header.a=rsa-sha256 header.s=sel x-bits=2048;\r\n    dmarc=pass policy.published-domain-policy=none header.from=example.org\r\n",
		// mailauth
		"Authentication-Results: mx.example.com;\r\n dkim=pass header.i=@example.org header.s=sel header.a=rsa-sha256 header.b=\"ab+/cdef\";\r\n" +
			" spf=pass (mx.example.com: domain of a@example.org designates 192.0.2.7 as permitted sender) smtp.mailfrom=a@example.org smtp.helo=b.example.org;\r\n" +
			" arc=pass (i=1 spf=neutral dkim=pass dkdomain=example.org);\r\n bimi=skipped (DMARC not enabled)\r\n",
		// Gmail
		"Authentication-Results: mx.example.com;\r\n       dkim=pass header.i=@example.org header.s=20230601 header.b=1VS+ye1n;\r\n" +
			"       spf=pass (example.com: domain of bounce+1.2-a=b.example@example.org designates 192.0.2.7 as permitted sender) smtp.mailfrom=\"bounce+1.2-a=b.example@example.org\";\r\n" +
			"       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=example.org\r\n",
		// rspamd
		"Authentication-Results: mx.example.com;\r\n\tdkim=pass header.d=example.org header.s=sel header.b=abcDEF12;\r\n" +
			"\tspf=pass (mx.example.com: domain of a@example.org designates 2001:db8::1 as permitted sender) smtp.mailfrom=a@example.org;\r\n" +
			"\tdmarc=pass (policy=none) header.from=example.org\r\n",
	} {
		f, err := ParseLenient(in)
		if err != nil {
			t.Errorf("ParseLenient(%q): %v", in, err)
			continue
		}
		dkim := slices.IndexFunc(f.Results, func(r Result) bool { return r.Method == "dkim" })
		if f.ID != "mx.example.com" || dkim < 0 || f.Results[dkim].Value != "pass" || len(f.Results[dkim].Props) < 2 {
			t.Errorf("ParseLenient(%q) = %+v", in, f)
		}
		strict, err := Parse(in)
		if bare := strings.Contains(in, " x-bits="); bare != (err != nil) || !bare && !reflect.DeepEqual(strict, f) {
			t.Errorf("Parse(%q) = %+v, %v, want %+v", in, strict, err, f)
		}
	}
}

func TestTrusted(t *testing.T) {
	for _, tt := range []struct {
		id   string
		ids  []string
		want bool
	}{
		{"mx.example.com", []string{"mx.example.com"}, true},
		{"MX.Example.com", []string{"other.example", "mx.example.COM."}, true},
		{"mx.example.com", nil, false}, // 8601-P-l
		{"", []string{""}, false},
		{"mx.example.com", []string{"example.com"}, false},
		{"XN--BCHER-KVA.example", []string{"bücher.example"}, true}, // 8601-5-b
		{"Bücher.example", []string{"xn--bcher-kva.example"}, true},
		{"list server 1", []string{"List Server 1"}, true},
		{"gr\u00fc\u00df dich", []string{"gr\u00fc\u00df dich"}, true},
	} {
		f := &Field{ID: tt.id}
		if got := f.Trusted(tt.ids...); got != tt.want {
			t.Errorf("ID %q: Trusted(%q) = %v, want %v", tt.id, tt.ids, got, tt.want)
		}
	}
}

// TestParseLinear measures what Parse allocates for fields that are built to
// cost much: 8601-P-m.
func TestParseLinear(t *testing.T) {
	for _, tt := range []struct {
		what, unit string
	}{
		{"nested comments", "("},
		{"comments", "()"},
		{"comments with text", "(x)"},
		{"quotes", `"`},
		{"backslashes", `\`},
		{"folds", "\r\n "},
		{"clauses", ";"},
		{"results", ";a=b"},
		{"properties", " a.b=c"},
		{"addresses", " a.b=c ()"},
		{"at signs", "@"},
		{"ill-formed UTF-8", "\xff"},
	} {
		for _, parse := range []func(string) (*Field, error){Parse, ParseLenient} {
			for _, start := range []string{"a; b=c ", "a ", "", "a; b=c (", `a; b=c reason="`} {
				cost := func(n int) uint64 {
					in := start + strings.Repeat(tt.unit, n/len(tt.unit))
					var before, after runtime.MemStats
					runtime.ReadMemStats(&before)
					parse(in)
					runtime.ReadMemStats(&after)
					return after.TotalAlloc - before.TotalAlloc
				}
				half, full := cost(30_000), cost(60_000)
				if full > 3*half+8192 || full > 100*60_000 {
					t.Errorf("%s behind %q: 30,000 octets allocate %d, 60,000 %d", tt.what, start, half, full)
				}
			}
		}
	}
	// 10,000 open parentheses are no deeper than a count.
	in := "a; dkim=pass " + strings.Repeat("(", 10_000) + strings.Repeat(")", 10_000) + " header.d=x"
	if f, err := Parse(in); err != nil || len(f.Results[0].Props) != 1 {
		t.Errorf("10,000 nested comments: %v", err)
	}
}

func BenchmarkParse(b *testing.B) {
	in := "Authentication-Results: mx.example.com;\r\n\tdkim=pass (2048-bit key) header.d=example.org header.i=@example.org\r\n" +
		"\theader.a=rsa-sha256 header.s=sel header.b=\"/gCr+pcQ\";\r\n\tspf=pass smtp.mailfrom=a@example.org\r\n"
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(in); err != nil {
			b.Fatal(err)
		}
	}
}
