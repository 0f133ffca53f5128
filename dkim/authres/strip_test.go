package authres

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/waxseal/waxseal/internal/dkimtest"
)

// strip reads message through a StripReader, with r between them.
func strip(t *testing.T, message string, between func(io.Reader) io.Reader, ids ...string) (string, *StripReader) {
	t.Helper()
	s := NewStripReader(between(strings.NewReader(message)), ids...)
	out, err := io.ReadAll(s)
	if err != nil {
		t.Errorf("%q: %v", message, err)
	}
	return string(out), s
}

func whole(r io.Reader) io.Reader { return r }

// TestStripReader has one field a row, among others.
func TestStripReader(t *testing.T) {
	const ours = "mx.example.com"
	for _, tt := range []struct {
		what, field string
		removed     bool
		err         error
	}{
		{"8601-5-a: ours", "Authentication-Results: mx.example.com; dkim=pass\r\n", true, nil},
		{"8601-5-a: of others", "Authentication-Results: mx.example.net; dkim=pass\r\n", false, nil},
		{"below ours", "Authentication-Results: a.mx.example.com; dkim=pass\r\n", false, nil},
		{"8601-5-b: case", "AUTHENTICATION-RESULTS: MX.Example.COM; dkim=pass\r\n", true, nil},
		{"8601-5-b: A-label", "Authentication-Results: XN--BCHER-KVA.example; dkim=pass\r\n", true, nil},
		{"8601-5-b: U-label", "Authentication-Results: BÜCHER.example; dkim=pass\r\n", true, nil},
		{"8601-5-b: quoted U-label", "Authentication-Results: \"bücher.example\"; dkim=pass\r\n", true, nil},
		{"an U-label of others", "Authentication-Results: büro.example; dkim=pass\r\n", false, nil},
		{"8601-5-b: a U-label that is not NFC", "Authentication-Results: bu\u0308cher.example; dkim=pass\r\n", true, ErrSyntax},
		{"wide letters", "Authentication-Results: \uff4d\uff58.example.com; dkim=pass\r\n", true, ErrSyntax},
		{"NBSP", "Authentication-Results: other.example\u00a0; mx.example.com; dkim=pass\r\n", true, ErrSyntax},
		{"8601-5-c", "Authentication-Results: other.example 9; dkim=pass\r\n", true, ErrVersion},
		{"8601-5-c: ours", "Authentication-Results: mx.example.com 2; dkim=pass\r\n", true, ErrVersion},
		{"version 1", "Authentication-Results: mx.example.com 1; none\r\n", true, nil},
		{"version 1 of others", "Authentication-Results: mx.example.net 1; none\r\n", false, nil},
		{"a final dot", "Authentication-Results: mx.example.com.; none\r\n", true, nil},
		{"no space behind the colon", "Authentication-Results:mx.example.com;none\r\n", true, nil},
		{"white space before the colon", "Authentication-Results \t: mx.example.com; none\r\n", true, nil},
		{"a fold before the colon", "Authentication-Results\r\n : mx.example.com; none\r\n", true, nil},
		{"folded", "Authentication-Results:\r\n\tmx.example.com\r\n ;\r\n\tdkim=pass\r\n", true, nil},
		{"a line of white space", "Authentication-Results:\r\n \r\n\tmx.example.com; none\r\n", true, nil},
		{"LF", "Authentication-Results:\n\tmx.example.com;\n dkim=pass\n", true, nil},
		{"a comment before the id", "Authentication-Results: (x (y) \\) ; z) mx.example.com; none\r\n", true, nil},
		{"a comment behind the id", "Authentication-Results: mx.example.com(x)1(y); none\r\n", true, nil},
		{"a quoted id", "Authentication-Results: \"mx.exam\\ple.com\"; none\r\n", true, nil},
		{"a quoted id with spaces", "Authentication-Results: \" mx.example.com \"; none\r\n", true, ErrSyntax},
		{"8601-5-e", "Authentication-Results: ( mx.example.com; dkim=pass\r\n", true, ErrSyntax},
		{"8601-5-e: behind another id", "Authentication-Results: a.example (; mx.example.com; dkim=pass\r\n", true, ErrSyntax},
		{"an open quote", "Authentication-Results: \"mx.example.com; dkim=pass\r\n", true, ErrSyntax},
		{"no id", "Authentication-Results: dkim=pass header.d=x\r\n", true, ErrSyntax},
		{"nothing", "Authentication-Results:\r\n", true, ErrSyntax},
		{"an empty id", "Authentication-Results: \"\"; none\r\n", true, ErrSyntax},
		{"two ids", "Authentication-Results: a.example mx.example.com; none\r\n", true, ErrSyntax},
		{"an encoded-word", "Authentication-Results: =?utf-8?q?mx.example.com?=; none\r\n", true, ErrSyntax},
		{"ill-formed UTF-8", "Authentication-Results: mx\xff.example.com; none\r\n", true, ErrSyntax},
		{"NUL in the id", "Authentication-Results: \"a\x00\"; none\r\n", true, ErrSyntax},
		{"a bare CR", "Authentication-Results: a.example; x=y\rAuthentication-Results: mx.example.com; none\r\n", true, ErrSyntax},
		{"ours, no results", "Authentication-Results: mx.example.com\r\n", true, nil},
		{"ours, bad results", "Authentication-Results: mx.example.com; dkim==pass (\r\n", true, nil},
		{"of others, bad results", "Authentication-Results: a.example; dkim==pass\r\n", false, nil},
		// Names, as others than we may read them.
		{"NBSP before the colon", "Authentication-Results\u00a0: mx.example.com; none\r\n", true, ErrSyntax},
		{"NBSP of Latin-1 before the colon", "Authentication-Results\xa0 : mx.example.com; none\r\n", true, ErrSyntax},
		{"a zero width space", "Authentication\u200b-Results: mx.example.com; none\r\n", true, ErrSyntax},
		{"a byte order mark", "\ufeffAuthentication-Results: mx.example.com; none\r\n", true, ErrSyntax},
		{"a long s", "Authentication-Re\u017fults: mx.example.com; none\r\n", true, ErrSyntax},
		{"NUL in the name", "Authentication\x00-Results: mx.example.com; none\r\n", true, ErrSyntax},
		{"NUL behind the name", "Authentication-Results\x00: mx.example.com; none\r\n", true, ErrSyntax},
		{"NUL and more behind the name", "Authentication-Results\x00 and more: mx.example.com; none\r\n", true, ErrSyntax},
		{"DEL and VT", "Authentication-\x7fResults\v: mx.example.com; none\r\n", true, ErrSyntax},
		{"a control, of others", "Authentication-Results\x01: a.example; none\r\n", true, ErrSyntax},
		{"é for e", "Authentication-R\u00e9sults: mx.example.com; none\r\n", false, nil},
		{"a letter beyond ASCII behind the name", "Authentication-Results\u00e9: mx.example.com; none\r\n", true, ErrSyntax},
		{"a field of UTF-8 without a name", "\u00e9\u00e9\u00e9: mx.example.com; none\r\n", false, nil},
		{"more than 64 KiB before the name", strings.Repeat("\x00", maxField) + "Authentication-Results: mx.example.com; none\r\n", true, ErrLimit},
		{"a name within the value", "Authentication-Results:Authentication-Results: a.example; none\r\n", true, ErrSyntax},
		{"two dots at the end", "Authentication-Results: mx.example.com..; none\r\n", true, nil},
		{"dots of another script", "Authentication-Results: mx\u3002example.com; none\r\n", true, ErrSyntax},
		{"a soft hyphen", "Authentication-Results: mx.exam\u00adple.com; none\r\n", true, ErrSyntax},
		{"what only looks like an A-label", "Authentication-Results: xn--mx-.example.com; none\r\n", true, ErrSyntax},
		{"an A-label of others", "Authentication-Results: xn--bro-hoa.example; none\r\n", false, nil},
		{"a port", "Authentication-Results: mx.example.com:25; none\r\n", true, ErrSyntax},
		{"brackets", "Authentication-Results: <mx.example.com>; none\r\n", true, ErrSyntax},
		{"an instance, as in ARC", "Authentication-Results: i=1; mx.example.com; none\r\n", true, ErrSyntax},
		{"nothing before the first ;", "Authentication-Results: ; mx.example.com; none\r\n", true, ErrSyntax},
		{"a comment within the id", "Authentication-Results: mx.(x)example.com; none\r\n", true, ErrSyntax},
		{"ours, in a result", "Authentication-Results: a.example; x=y (; mx.example.com; dkim=pass)\r\n", false, nil},
		{"64 KiB", "Authentication-Results: a.example" + strings.Repeat(" ", maxField-41) + "; none\r\n", false, nil},
		{"more than 64 KiB", "Authentication-Results: a.example" + strings.Repeat(" ", maxField-40) + "; none\r\n", true, ErrLimit},
		{"a long fold before the colon", "Authentication-Results" + strings.Repeat("\r\n ", maxField/3) + ": a.example; none\r\n", true, ErrLimit},
		{"another name", "Authentication-Result: mx.example.com; none\r\n", false, nil},
		{"a longer name", "Authentication-Results-2: mx.example.com; none\r\n", false, nil},
		{"ARC", "ARC-Authentication-Results: i=1; mx.example.com; none\r\n", false, nil},
		{"no colon", "Authentication-Results\r\n", false, nil},
		{"a word before the colon", "Authentication-Results mx.example.com: none\r\n", false, nil},
		{"in another field", "X: a\r\n Authentication-Results: mx.example.com; none\r\n", false, nil},
		{"the beginning of the name", "Auth\r\n", false, nil},
	} {
		if name, value, ok := strings.Cut(strings.TrimSuffix(tt.field, "\r\n"), ":"); ok {
			for _, v := range []string{value, strings.ReplaceAll(value, "\r\n", "\n")} {
				if got := Forged(name, v, ours, "bücher.example"); got != tt.removed {
					t.Errorf("%s: Forged(%.200q, %.200q) = %t", tt.what, name, v, got)
				}
				if Forged(name, v) {
					t.Errorf("%s: Forged(%.200q, %.200q) without ids", tt.what, name, v)
				}
			}
		}
		for _, around := range []struct{ before, after string }{
			{"", ""},
			{"", "\r\nbody"},
			{"Received: x\r\n", "From: a@b\r\n\r\nbody\r\n"},
			{"Authentication-Results: a.example; none\r\n", "Authentication-Results: b.example; none\r\n\r\n"},
		} {
			if !strings.Contains(tt.field, "\r") {
				around.before = strings.ReplaceAll(around.before, "\r", "")
				around.after = strings.ReplaceAll(around.after, "\r", "")
			}
			in := around.before + tt.field + around.after
			want := in
			if tt.removed {
				want = around.before + around.after
			}
			for _, between := range []func(io.Reader) io.Reader{whole, iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader} {
				got, s := strip(t, in, between, ours, "bücher.example")
				if got != want {
					t.Errorf("%s: %.200q gives %.200q", tt.what, in, got)
				}
				if n := s.Count(); (n == 1) != tt.removed || len(s.Removed()) != n {
					t.Errorf("%s: %d fields removed", tt.what, n)
				} else if n == 1 {
					r := s.Removed()[0]
					if !errors.Is(r.Err, tt.err) || (r.Err == nil) != (tt.err == nil) {
						t.Errorf("%s: removed with error %v, want %v", tt.what, r.Err, tt.err)
					}
					if raw := tt.field[:min(len(tt.field), maxRemovalRaw)]; string(r.Raw) != raw {
						t.Errorf("%s: Raw = %q", tt.what, r.Raw)
					}
					if r.Err == nil && !(&Field{ID: r.ID}).Trusted(ours, "bücher.example") {
						t.Errorf("%s: ID = %q with %v", tt.what, r.ID, r.Err)
					}
				}
			}
		}
	}
}

// TestStripReaderMessage: 8601-5-a and 8601-P-n. Only the top header is read,
// and the first empty line ends it, however it ends itself.
func TestStripReaderMessage(t *testing.T) {
	const forged = "Authentication-Results: mx.example.com; dkim=pass\r\n"
	for _, tt := range []struct{ what, in, want string }{
		{"8601-5-a: one of three", "Authentication-Results: a; none\r\n" + forged + "Authentication-Results: b; none\r\n\r\n",
			"Authentication-Results: a; none\r\nAuthentication-Results: b; none\r\n\r\n"},
		{"all of three", forged + forged + forged + "\r\nx", "\r\nx"},
		{"8601-P-n: the body", "From: a\r\n" + "\r\n" + forged + "\r\n" + forged, "From: a\r\n" + "\r\n" + forged + "\r\n" + forged},
		{"8601-P-n: a message in the body", "Content-Type: message/rfc822\r\n\r\n" + forged + "From: a\r\n\r\nb", "Content-Type: message/rfc822\r\n\r\n" + forged + "From: a\r\n\r\nb"},
		{"LF before the body", "From: a\n\n" + forged, "From: a\n\n" + forged},
		{"no header", "\r\n" + forged, "\r\n" + forged},
		{"a line of white space ends nothing", "From: a\r\n \r\n" + forged, "From: a\r\n \r\n"},
		{"lines that would go on the field above", " ; dmarc=pass\r\n\tX: y\r\n" + "From: a\r\n", "From: a\r\n"},
		{"a first line that looks like a field", " " + forged + forged + "From: a\r\n", "From: a\r\n"},
		{"a first line of white space", "\t\r\n" + forged + "\r\nx", "\r\nx"},
		{"nothing", "", ""},
		{"one CR", "\r", "\r"},
		{"a CR at the end", forged + "\r", "\r"},
		{"no end of line", strings.TrimRight(forged, "\r\n"), ""},
		{"mbox", "From a@b Mon\r\n" + forged + "x", "From a@b Mon\r\nx"},
	} {
		for _, between := range []func(io.Reader) io.Reader{whole, iotest.OneByteReader} {
			if got, _ := strip(t, tt.in, between, "mx.example.com"); got != tt.want {
				t.Errorf("%s: %q gives %q, want %q", tt.what, tt.in, got, tt.want)
			}
			if got, s := strip(t, tt.in, between); got != tt.in || s.Count() != 0 {
				t.Errorf("%s: without ids %q gives %q", tt.what, tt.in, got)
			}
		}
	}
}

// TestStripReaderRemoveAll: fields that name no server go by their name alone.
func TestStripReaderRemoveAll(t *testing.T) {
	const x = "X-DKIM-Authentication-Results"
	for _, tt := range []struct {
		what, in, want string
		ids, names     []string
	}{
		{"the name", x + ": pass\r\nFrom: a\r\n\r\n", "From: a\r\n\r\n", nil, []string{x}},
		{"every copy, in any case", "x-dkim-AUTHENTICATION-results:pass\r\nA: b\r\n" + x + ": none\r\n", "A: b\r\n", nil, []string{x}},
		{"folded", x + ":\r\n pass\r\n\t(x)\r\nA: b\r\n", "A: b\r\n", nil, []string{x}},
		{"before the colon", x + " \r\n\t: pass\r\nA: b\r\n", "A: b\r\n", nil, []string{x}},
		{"the body", "A: b\r\n\r\n" + x + ": pass\r\n", "A: b\r\n\r\n" + x + ": pass\r\n", nil, []string{x}},
		{"no ids: Authentication-Results stays", "Authentication-Results: mx; none\r\n" + x + ": pass\r\n", "Authentication-Results: mx; none\r\n", nil, []string{x}},
		{"both", "Authentication-Results: mx; none\r\n" + x + ": pass\r\nAuthentication-Results: a; none\r\n", "Authentication-Results: a; none\r\n", []string{"mx"}, []string{x}},
		{"all of Authentication-Results", "Authentication-Results: mx; none\r\nAuthentication-Results: a; none\r\nB: c\r\n", "B: c\r\n", []string{"mx"}, []string{"Authentication-Results"}},
		{"a name that begins another", "Auth: x\r\nAuthen: x\r\nAuthentication-Results: mx; none\r\nAuthentication-Results-X: y\r\n", "Authen: x\r\nAuthentication-Results-X: y\r\n", []string{"mx"}, []string{"auth"}},
		{"names that only begin alike", "Received-SPFX: pass\r\nReceived: x\r\nReceived-SPF: pass\r\n", "Received-SPFX: pass\r\nReceived: x\r\n", nil, []string{"Received-SPF"}},
		{"a space in the name", "Received -SPF: pass\r\nReceived SPF: x\r\n", "Received -SPF: pass\r\nReceived SPF: x\r\n", nil, []string{"Received-SPF", "Received-SPF-2"}},
		{"no name", ": x\r\nA: b\r\n", ": x\r\nA: b\r\n", nil, []string{"", "B"}},
		{"a name too long", strings.Repeat("x", maxLine+1) + ": y\r\n", strings.Repeat("x", maxLine+1) + ": y\r\n", nil, []string{strings.Repeat("x", maxLine+1)}},
		{"the longest name", strings.Repeat("x", maxLine) + ": y\r\n", "", nil, []string{strings.Repeat("x", maxLine)}},
		{"more than 64 KiB", x + ": " + strings.Repeat("y", maxField) + "\r\nA: b\r\n", "A: b\r\n", nil, []string{x}},
		{"letters that only Unicode folds", "Li\u017ft: x\r\n\u212aeywords: x\r\nKey\u00a0words: x\r\nA: b\r\n", "A: b\r\n", nil, []string{"List", "Keywords"}},
		{"CR in a name, behind one that begins it", "X: a\nX-Spam\r-Status: No\nF: b\n", "X: a\nF: b\n", nil, []string{"X-Spam", "X-Spam-Status"}},
		{"LF in a name, behind one that begins it", "X: a\r\nAuthentication-Results\n-Original: mx; none\r\nF: b\r\n", "X: a\r\nF: b\r\n", []string{"mx"}, []string{"Authentication-Results-Original"}},
		{"names of one letter and two", "X: x\r\nA\nB: v\r\nF: b\r\n", "X: x\r\nF: b\r\n", nil, []string{"A", "AB"}},
		{"a name within its beginning", "X-Fo\nx\r-Fox-Id: 1\nF: b\n", "X-Fo\nF: b\n", nil, []string{"X-Fox-Id"}},
		{"a name behind itself", "X-Spam\rX-Spam-Status\rX-Spam: a\r\nF: b\r\n", "X-Spam\rX-Spam-Status\r\nF: b\r\n", nil, []string{"X-Spam", "X-Spam-Status"}},
		{"a first line of white space", " a\r\nA: b\r\n", "A: b\r\n", nil, []string{"X"}},
	} {
		for _, between := range []func(io.Reader) io.Reader{whole, iotest.OneByteReader} {
			s := NewStripReader(between(strings.NewReader(tt.in)), tt.ids...)
			s.RemoveAll(tt.names...)
			got, err := io.ReadAll(s)
			if err != nil || string(got) != tt.want {
				t.Errorf("%s: %.200q gives %.200q, %v, want %.200q", tt.what, tt.in, got, err, tt.want)
			}
			if (s.Count() > 0) != (tt.want != tt.in) {
				t.Errorf("%s: %d removed", tt.what, s.Count())
			}
		}
	}
}

// chunks gives size octets at a time.
type chunks struct {
	b    []byte
	size int
}

func (c *chunks) Read(p []byte) (int, error) {
	if len(c.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), c.size)], c.b)
	c.b = c.b[n:]
	return n, nil
}

// TestStripReaderMemory streams 2 MB in one field, and in the body.
func TestStripReaderMemory(t *testing.T) {
	const size = 2 * 1_122_000 // a thousand times each unit fits in evenly
	for _, tt := range []struct {
		what, head, unit string
		want             int64
	}{
		{"a field that goes", "Authentication-Results: a.example; ", "x", 0},
		{"a field that stays", "X: ", "x", int64(len("X: ")) + size},
		{"a name that never ends", "Authentication-Results", " ", 0},
		{"the body", "\r\n", "x", 2 + size},
		{"many fields that go", "", "Authentication-Results: mx; none\r\n", 0},
		{"many fields that stay", "", "Authentication-Results: a; none\r\n", size},
		{"folds", "Authentication-Results: a; ", "\r\n ", 0},
		{"beginnings of a name", "", "Aut\r", size},
		{"octets that no name may hold", "", "\xe9", 0},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s := NewStripReader(io.MultiReader(strings.NewReader(tt.head), &repeat{unit: strings.Repeat(tt.unit, 1000), n: size / len(tt.unit) / 1000}), "mx")
		n, err := io.Copy(io.Discard, s)
		runtime.ReadMemStats(&after)
		if err != nil || n != tt.want {
			t.Errorf("%s: %d octets, %v, want %d", tt.what, n, err, tt.want)
		}
		if len(s.Removed()) > maxRemovals {
			t.Errorf("%s: %d removals kept", tt.what, len(s.Removed()))
		}
		if tt.what == "many fields that go" && s.Count() != size/len(tt.unit) {
			t.Errorf("%s: Count() = %d", tt.what, s.Count())
		}
		// A field that is parsed costs garbage, but of its own size.
		if cost := after.TotalAlloc - before.TotalAlloc; cost > 1<<20 && !strings.HasPrefix(tt.what, "many") || cost > 20*size {
			t.Errorf("%s: %d octets allocated", tt.what, cost)
		}
	}
}

// TestStripReaderRuns: what is held is looked at again where a name turns out to
// be another, and no more of it is kept for that.
func TestStripReaderRuns(t *testing.T) {
	for _, unit := range []string{"\n", "\r", "\r\r\n ", "\n\r\n ", "\n\r\x00", "\n\n\x00", "\n\x85\n", "A\n", "A\r\x01\r", "Authentic\na\r", "\r\nA"} {
		for _, head := range []string{"X: a\r\n", "X: a\n", "", "A"} {
			const size = 60_000 // octets that are held
			in := strings.Repeat(head+strings.Repeat(unit, size/len(unit))+"X: b\r\n", 10)
			var got []byte
			var err error
			cost := dkimtest.Allocated(func() { got, err = io.ReadAll(NewStripReader(strings.NewReader(in), "mx")) })
			if string(got) != in && err == nil {
				t.Errorf("%q behind %q is changed", unit, head)
			}
			if cost > 10*int64(len(in)) {
				t.Errorf("%q behind %q: %d octets allocated for %d", unit, head, cost, len(in))
			}
		}
	}
}

// A name that has not come to its end within 64 KiB goes, however it is cut.
func TestStripReaderLongName(t *testing.T) {
	for _, junk := range []int{maxField, maxField + 1} {
		in := "X: a\r\n" + strings.Repeat("\x80", junk) + "z: b\r\nFrom: c\r\n\r\nbody"
		want := in
		if junk > maxField {
			want = "X: a\r\nFrom: c\r\n\r\nbody"
		}
		for _, size := range []int{1, 1000, 7001, len(in)} {
			if got, err := io.ReadAll(NewStripReader(&chunks{[]byte(in), size}, "mx")); string(got) != want || err != nil {
				t.Errorf("%d octets, in pieces of %d: %d octets, %v, want %d", junk, size, len(got), err, len(want))
			}
		}
	}
}

// BenchmarkStripReaderRuns has what is looked at again, beside ordinary fields.
func BenchmarkStripReaderRuns(b *testing.B) {
	for _, bb := range []struct{ name, unit string }{
		{"case=fields", "Received: from a.example by b.example;\r\n Fri, 27 Nov 2026 12:00:00 +0000\r\n"},
		{"case=LF", "X: a\r\n" + strings.Repeat("\n", 60_000)},
		{"case=again", "X: a\r\n" + strings.Repeat("A\r\x01\r", 15_000)},
		{"case=held", "X: a\r\nAuthentication" + strings.Repeat("\n", 60_000)},
	} {
		b.Run(bb.name, func(b *testing.B) {
			in := strings.Repeat(bb.unit, 1<<20/len(bb.unit))
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				io.Copy(io.Discard, NewStripReader(strings.NewReader(in), "mx"))
			}
		})
	}
}

// repeat reads as unit, n times.
type repeat struct {
	unit string
	n    int
	rest string
}

func (r *repeat) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if r.rest == "" {
			if r.n == 0 {
				break
			}
			r.rest = r.unit
			r.n--
		}
		c := copy(p[n:], r.rest)
		r.rest = r.rest[c:]
		n += c
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// TestStripReaderError: what came before an error is given first, and the
// error stays.
func TestStripReaderError(t *testing.T) {
	broken := errors.New("broken")
	in := "From: a\r\nAuthentication-Results: a.example; none"
	s := NewStripReader(io.MultiReader(strings.NewReader(in), iotest.ErrReader(broken)), "mx")
	got, err := io.ReadAll(s)
	if string(got) != in || err != broken {
		t.Errorf("%q, %v, want %q, %v", got, err, in, broken)
	}
	if n, err := s.Read(make([]byte, 1)); n != 0 || err != broken {
		t.Errorf("once more: %d, %v", n, err)
	}
	if n, err := s.Read(nil); n != 0 || err != nil {
		t.Errorf("into nothing: %d, %v", n, err)
	}
	if _, err := io.ReadAll(NewStripReader(nothing{}, "mx")); err != io.ErrNoProgress {
		t.Errorf("a reader that gives nothing: %v", err)
	}
	for i := range 3 {
		message := "A: b\r\nAuthentication-Results: mx; none\r\n\r\nbody"
		if err := iotest.TestReader(NewStripReader(&chunks{[]byte(message), i + 1}, "mx"), []byte("A: b\r\n\r\nbody")); err != nil {
			t.Error(err)
		}
	}
}

type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, nil }

func BenchmarkStripReader(b *testing.B) {
	message := bytes.Repeat([]byte("Received: from a.example by b.example with ESMTPS id 1234567890\r\n\tfor <c@d.example>\r\n"), 20)
	message = fmt.Appendf(message, "Authentication-Results: mx.example.com; none\r\nAuthentication-Results: a.example; none\r\n\r\n%s", bytes.Repeat([]byte("body\r\n"), 1000))
	b.SetBytes(int64(len(message)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := io.Copy(io.Discard, NewStripReader(bytes.NewReader(message), "mx.example.com")); err != nil {
			b.Fatal(err)
		}
	}
}
