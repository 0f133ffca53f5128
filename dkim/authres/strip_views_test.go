package authres

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// A view is how a reader divides a header into lines.
type view struct {
	name string
	ends *regexp.Regexp
}

const (
	crlfAlone = "CRLF alone"
	lfOrCRLF  = "LF, with or without CR"
)

var views = []view{
	{crlfAlone, regexp.MustCompile("\r\n")},
	{lfOrCRLF, regexp.MustCompile("\r?\n")},
	{"CR, LF and CRLF", regexp.MustCompile("\r\n|\r|\n")},
}

// fields returns the fields of the header of a message, without the line ends
// behind them, up to the first empty line.
func (v view) fields(message string) (fields []string) {
	at := 0
	for _, end := range append(v.ends.FindAllStringIndex(message, -1), []int{len(message), len(message)}) {
		line := message[at:end[0]]
		switch {
		case line == "":
			return fields
		case isSpace(line[0]) && len(fields) > 0:
			fields[len(fields)-1] += message[at-1:at] + line // some line end, to tell folds by
		default:
			fields = append(fields, line)
		}
		at = end[1]
	}
	return fields
}

// nameOf returns the name of a field, or what stands in its place: some of the
// line, if that has no colon.
func nameOf(field string) string {
	name, _, _ := strings.Cut(field, ":")
	name = strings.Trim(name, " \t\r\n")
	if end := strings.IndexAny(name, "\r\n"); end >= 0 {
		name = strings.Trim(name[:end], " \t")
	}
	return name
}

// authRes is the name for readers who care little for the grammar: they trim it, and
// pass over what no name may hold, but for white space; letters that Unicode folds
// to those of ASCII are these to some; and a NUL behind it is its end to others.
var authRes = regexp.MustCompile(`(?s)^[^!-~]*(?i:` + strings.Join(strings.Split(fieldName, ""), `)[^\t -~]*(?i:`) + `)[^!-~]*(\x00.*)?$`)

// isAuthRes reports whether one of them takes a field for an
// Authentication-Results field.
func isAuthRes(field string) bool {
	name, _, _ := strings.Cut(field, ":")
	return authRes.MatchString(name)
}

// claims reports whether such a reader takes it for one of mx.
func claims(field string) bool {
	_, value, _ := strings.Cut(field, ":")
	id, _ := valueID(strings.NewReplacer("\r", " ", "\n", " ").Replace(value))
	return isAuthRes(field) && (&Field{ID: id}).Trusted("mx")
}

// otherNames returns the names of fields that have one for such readers, but for
// Authentication-Results.
func otherNames(fields []string) (names []string) {
	for _, f := range fields {
		if n := nameOf(f); strings.ContainsFunc(n, func(r rune) bool { return r >= '!' && r <= '~' }) && !isAuthRes(n) && !(isAuthRes(f) && strings.Contains(f, ":")) {
			names = append(names, n)
		}
	}
	return names
}

// checkStrip strips a message, and checks for every view that no field that
// claims to be of mx is left, and none is there that was not there before. It
// returns what came out.
func checkStrip(t *testing.T, message string, between func(io.Reader) io.Reader) (string, error) {
	t.Helper()
	s := NewStripReader(between(strings.NewReader(message)), "mx")
	out, err := io.ReadAll(s)
	got := string(out)
	if err != nil {
		mixed := strings.ReplaceAll(message, "\r\n", "")
		if !errors.Is(err, ErrSyntax) || !strings.ContainsAny(mixed, "\r\n") {
			t.Fatalf("%q: %v", message, err)
		}
		return got, err
	}
	if s.Count() == 0 && got != message {
		t.Fatalf("%q gives %q, and nothing was removed", message, got)
	}
	if got != "" && isSpace(got[0]) {
		t.Fatalf("%q gives %q, which would go on the field above", message, got)
	}
	for _, v := range views {
		if v.name == crlfAlone && !strings.Contains(message, "\r\n") {
			continue // it has no lines
		}
		// A message that is LF up to LF LF has no header for package dkim, nor
		// mostly for others whose lines end in CRLF alone. What has become a field
		// to them is not asked.
		first, _, _ := strings.Cut(message, "\r\n")
		lf := v.name == crlfAlone && strings.Contains(first, "\n\n")
		left := v.fields(message)
		if len(left) > 0 && isSpace(message[0]) {
			left = left[1:]
		}
		// A view that the line ends are right for loses no other field.
		if right := v.name == crlfAlone && !lf || v.name == lfOrCRLF && !strings.Contains(message, "\r"); right && !slices.Equal(otherNames(v.fields(got)), otherNames(left)) {
			t.Fatalf("%s: %q gives %q: another field is gone", v.name, message, got)
		}
		for i, field := range v.fields(got) {
			if claims(field) && !(lf && i == 0) { // the first ends in CRLF too late for anybody
				t.Fatalf("%s: %q gives %q: %q is left", v.name, message, got, field)
			}
			i := slices.IndexFunc(left, func(f string) bool { return nameOf(f) == nameOf(field) })
			if lf {
				continue
			}
			if i < 0 {
				t.Fatalf("%s: %q gives %q: %q has become a field", v.name, message, got, field)
			}
			left = left[i+1:]
		}
	}
	return got, nil
}

// TestStripReaderViews has every message of some pieces behind some beginnings,
// read whole and octet by octet.
func TestStripReaderViews(t *testing.T) {
	fields := []string{"Authentication-Results", ":mx;n", ":a;n", "X:a", " ", "\r", "\n", "\r\n"}
	names := []string{"Authentication", "-Results", ":mx;n", "0", "\t", "\x00", "\x85", "\u017f", "\r", "\n", "\r\n"}
	again := []string{"Authentic", "a", "uthentication-Results", ":mx;n", ":a;n", "\x85", "\u017f", "\r", "\n", "\r\n"} // a name within its beginning
	refused := 0
	var pieces []string
	var extend func(s string, n int)
	extend = func(s string, n int) {
		got, err := checkStrip(t, s, whole)
		if cut, _ := checkStrip(t, s, iotest.OneByteReader); cut != got && err == nil {
			t.Fatalf("%q gives %q, and octet by octet %q", s, got, cut)
		}
		if err != nil {
			refused++
		}
		if n == 0 {
			return
		}
		for _, p := range pieces {
			extend(s+p, n-1)
		}
	}
	pieces = fields
	extend("", 4)
	extend("Authentication-Results:mx;none", 3)
	extend("X:a\r\n", 3)
	extend("X:a\nAuthentication-Results", 3)
	extend("X:a\r\nAuthentication-Results:mx;none", 3)
	pieces = names
	extend("", 4)
	extend("Authentication", 4)
	extend("0\r\nAuthentication", 4)
	pieces = again
	extend("", 4)
	extend("Authentic", 4)
	extend("X:a\r\nAuthentic", 4)
	if refused == 0 {
		t.Error("no message was refused")
	}
}

// TestStripReaderLineEnds has what comes out of headers that mix line ends.
// Those that all end in LF, or all in CRLF, are in TestStripReader.
func TestStripReaderLineEnds(t *testing.T) {
	const ar = "Authentication-Results: mx; none"
	for _, tt := range []struct{ what, in, want string }{
		// A field to a reader of LF or CR, in the middle of one to others.
		{"behind LF", "X: a\n" + ar + "\r\nFrom: b\r\n\r\n", "X: a\r\nFrom: b\r\n\r\n"},
		{"behind CR", "X: a\r" + ar + "\r\nFrom: b\r\n\r\n", "X: a\r\nFrom: b\r\n\r\n"},
		{"behind CR, among LF", "X: a\r" + ar + "\nFrom: b\n\n", "X: a\nFrom: b\n\n"},
		{"behind CR, folded", "X: a\r" + ar + "\r\n ;spf=pass\r\nFrom: b\r\n\r\n", "X: a\r\nFrom: b\r\n\r\n"},
		{"behind LF, at the end", "X: a\r\nY: b\n" + ar, "X: a\r\nY: b\n"},
		{"behind the beginning of the name", "Y: b\r\nAuth\r" + ar + "\r\nFrom: b\r\n", "Y: b\r\nAuth\r\nFrom: b\r\n"},
		{"behind the name", "Y: b\r\nAuthentication-Results \r" + ar + "\r\nFrom: b\r\n", "Y: b\r\nAuthentication-Results \r\nFrom: b\r\n"},
		{"of others", "X: a\rAuthentication-Results: a; none\r\nFrom: b\r\n\r\n", "X: a\rAuthentication-Results: a; none\r\nFrom: b\r\n\r\n"},
		// What follows belongs to the field for a reader of CRLF: a From that
		// no signature knows of must not come out of it.
		{"LF behind it", "Y: b\r\n" + ar + "\nFrom: eve\r\nFrom: b\r\n\r\n", "Y: b\r\nFrom: b\r\n\r\n"},
		{"CR behind it", ar + "\rFrom: eve\r\nFrom: b\r\n\r\n", "From: b\r\n\r\n"},
		{"LF behind it, in the first line", ar + "\nFrom: eve\r\nFrom: b\r\n\r\n", "error"},
		{"LF behind a first line of white space", " x\nFrom: eve\r\nFrom: b\r\n\r\n", "error"},
		{"others, and LF", "Y: b\r\nAuthentication-Results: a; none\n" + ar + "\r\nFrom: b\r\n", "Y: b\r\nFrom: b\r\n"},
		// An empty line to some.
		{"LF CRLF", "X: a\n\r\n" + ar + "\r\nFrom: b\r\n\r\n" + ar, "X: a\n\r\nFrom: b\r\n\r\n" + ar},
		{"CRLF LF", "X: a\r\n\nfoo\r\n" + ar + "\r\nFrom: b\r\n\r\n" + ar, "X: a\r\n\nfoo\r\nFrom: b\r\n\r\n" + ar},
		{"CR CR", "X: a\r\r" + ar + "\r\nFrom: b\r\n\r\n", "error"},
		{"CRLF CR", "X: a\r\n\r" + ar + "\r\nFrom: b\r\n\r\n", "error"},
		{"within the field", "X: a\r\n" + ar + "\n\nbody\r\nFrom: eve\r\n\r\n", "error"},
		{"within the field, CRCRLF", ar + "\r\r\nFrom: b\r\n\r\n", "error"},
		{"LF LF, and only then CRLF", "X: a\n\nb\r\n" + ar + "\r\n\r\n" + ar, "X: a\n\nb\r\n\r\n" + ar},
		{"LF LF, and CRLF behind what looks like a field", "X: a\n\n" + ar + "\r\n\r\n", "X: a\n\n" + ar + "\r\n\r\n"},
		{"LF LF", ar + "\nX: a\n\n" + ar + "\n" + ar, "X: a\n\n" + ar + "\n" + ar},
		{"LF LF and CR", "X: a\n\n" + ar + "\r" + ar, "X: a\n\n" + ar + "\r" + ar},
		{"CRLF at once", "\r\n" + ar + "\r\n", "\r\n" + ar + "\r\n"},
		{"LF at once", "\n" + ar + "\r\n", "error"},
		{"LF at once, and nothing to remove", "\nX: a\n\n" + ar + "\n", "\nX: a\n\n" + ar + "\n"},
		{"CR in the name", "X: a\r\nAuthentication-\rResults: mx; none\r\nFrom: b\r\n", "X: a\r\nFrom: b\r\n"},
		{"LF in the name of the first field", "Authentication-\nResults: mx; none\r\nFrom: b\r\n", "From: b\r\n"},
		{"LF in the name of the first field, and no CRLF", "Authentication-\nResults: mx; none\nFrom: b\n", "error"},
		{"a name within its beginning", "Authentic\na\ruthentication-Results: mx; none\nFrom: b\n\n", "Authentic\nFrom: b\n\n"},
		{"the same behind a field", "X: a\r\nAuthentic\na\ruthentication-Results: mx; none\r\nFrom: b\r\n\r\n", "X: a\r\nAuthentic\r\nFrom: b\r\n\r\n"},
		{"a line that is passed over, and another's field", "Subject: a\n\u4e2d\nAuthentication-Results: a; none\n\nb\n", "Subject: a\n\u4e2d\nAuthentication-Results: a; none\n\nb\n"},
		{"a line that is passed over", "Subject: a\r\n\u4e2d\n" + ar + "\r\nFrom: b\r\n", "Subject: a\r\n\u4e2d\r\nFrom: b\r\n"},
		{"a letter like another, passed over", "X: a\r\n\u017fAuthentication-Re\u017fsult\u017fs\u017f \u017f: mx; none\r\nFrom: b\r\n", "X: a\r\nFrom: b\r\n"},
		{"a letter like another, for it", "X: a\r\nAuthentication-Re\u017fult\u017f: mx; none\r\nFrom: b\r\n", "X: a\r\nFrom: b\r\n"},
		{"another letter like another", "X: a\r\n\u212aAuthentication-Results: mx; none\r\nFrom: b\r\n", "X: a\r\nFrom: b\r\n"},
		{"a first line that is passed over, and LF in the name", "\x00\nAuthentication-\nResults: mx; none\r\nFrom: b\r\n", "From: b\r\n"},
		{"a first line that is passed over, and what LF divides from the field", "\x00\n" + ar + "\nFrom: eve\r\nFrom: b\r\n", "error"},
		{"one within the name of the first field", "Authentication-\n" + ar + "\nResults: mx; none\r\nFrom: b\r\n", "error"},
		{"one behind the name of the first field", "Authentication-Results\n" + ar + "\n: mx; none\r\nFrom: b\r\n", "error"},
		{"one within another name", "Fr\n" + ar + "\nom: eve\r\nFrom: b\r\n", "error"},
		{"one within another name, and no CRLF", "Fr\n" + ar + "\nom: eve\nFrom: b\n", "Fr\nom: eve\nFrom: b\n"},
		{"LF behind NUL behind the name", "Authentication-Results\x00\nFrom: b\n", "error"},
		{"NUL behind LF behind the name", "Authentication-Results\n\x00From: b\n", "error"},
		{"LF behind the beginning of the name, in the first line", "Auth\n" + ar + "\nFrom: b\n", "Auth\nFrom: b\n"},
		{"LF in the name", "X: a\r\nAuthentication-\nResults: mx; none\r\nFrom: b\r\n", "X: a\r\nFrom: b\r\n"},
	} {
		for _, between := range []func(io.Reader) io.Reader{whole, iotest.OneByteReader} {
			got, err := checkStrip(t, tt.in, between)
			if (err != nil) != (tt.want == "error") || err == nil && got != tt.want {
				t.Errorf("%s: %q gives %q, %v, want %q", tt.what, tt.in, got, err, tt.want)
			}
		}
	}
}

// The error of the reader below comes out, whatever is wrong with what came
// before it: a server has the message sent again.
func TestStripReaderBroken(t *testing.T) {
	for _, in := range []string{"A\nuthentication-Results: mx", "Authentication-Results: mx\n\nF", "X: a"} {
		for _, with := range []func(io.Reader) io.Reader{whole, iotest.DataErrReader} { // behind the last octets, and with them
			r := with(io.MultiReader(strings.NewReader(in), iotest.ErrReader(io.ErrUnexpectedEOF)))
			if _, err := io.ReadAll(NewStripReader(r, "mx")); err != io.ErrUnexpectedEOF {
				t.Errorf("%q: %v", in, err)
			}
		}
	}
	// Here the octets are wrong before their reader fails, if they come without its error.
	r := io.MultiReader(strings.NewReader("X: a\r\nAuthentication-Results: mx\n\nF"), iotest.ErrReader(io.ErrUnexpectedEOF))
	if _, err := io.ReadAll(NewStripReader(iotest.DataErrReader(r), "mx")); err != io.ErrUnexpectedEOF {
		t.Error(err)
	}
}

// FuzzStripReader checks what TestStripReaderViews checks, for any cut of the
// input.
func FuzzStripReader(f *testing.F) {
	f.Add([]byte("Authentication-Results: mx; none\r\nAuthentication-Results\t:a;none\r\nX: y\r\n\r\nAuthentication-Results: mx; none"), 3)
	f.Add([]byte("Authentication-Results:(a)\n mx 2;none\n\r\n"), 1)
	f.Add([]byte("X:a\rAuthentication-Results\x00:mx\nX:b\r\n"), 1)
	f.Add([]byte(" \r\r\n\n"), 2)
	f.Fuzz(func(t *testing.T, message []byte, size int) {
		want, err := checkStrip(t, string(message), whole)
		cut := func(io.Reader) io.Reader { return &chunks{message, max(1, size&0xff)} }
		if got, errCut := checkStrip(t, string(message), cut); got != want && err == nil || fmt.Sprint(err) != fmt.Sprint(errCut) {
			t.Errorf("%q in pieces of %d gives %q, %v, whole %q, %v", message, size, got, errCut, want, err)
		}
	})
}
