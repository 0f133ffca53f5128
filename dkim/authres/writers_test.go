package authres

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what the samples parse to anew")

// TestWriters parses what other software has written: testdata has a file for
// each, which says what wrote it and how. Behind each field is what it parses
// to, and what Parse says if ParseLenient alone can read it.
func TestWriters(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 7 {
		t.Fatalf("%d files of samples, %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		parts := strings.Split(string(data), "-- field --\n")
		if len(parts) < 2 {
			t.Errorf("%s has no fields", file)
		}
		out := parts[0]
		for i, part := range parts[1:] {
			field, want, _ := strings.Cut(part, "-- want --\n")
			got := sample(t, field)
			if got != want && !*update {
				t.Errorf("%s: field %d:\n got %s\nwant %s", file, i+1, got, want)
			}
			if crlf := sample(t, strings.ReplaceAll(field, "\n", "\r\n")); crlf != got {
				t.Errorf("%s: field %d: with CRLF %s, with LF %s", file, i+1, crlf, got)
			}
			out += "-- field --\n" + field + "-- want --\n" + got
		}
		if *update {
			if err := os.WriteFile(file, []byte(out), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// sample parses a field and says what came of it, one result a line.
func sample(t *testing.T, field string) string {
	t.Helper()
	f, err := ParseLenient(field)
	if err != nil {
		t.Errorf("ParseLenient(%q): %v", field, err)
		return ""
	}
	var b strings.Builder
	strict, err := Parse(field)
	var e *ClauseError
	switch {
	case err == nil && !reflect.DeepEqual(strict, f):
		t.Errorf("Parse(%q) = %+v, ParseLenient %+v", field, strict, f)
	case errors.As(err, &e):
		fmt.Fprintf(&b, "lenient: %v\n", e)
	case err != nil:
		t.Errorf("Parse(%q): %v", field, err)
	}
	fmt.Fprintf(&b, "%s\n", f.ID)
	for _, r := range f.Results {
		fmt.Fprintf(&b, "%s = %s", r.Method, r.Value)
		if !r.Registered() {
			b.WriteString(", not registered")
		}
		b.WriteString("\n")
		if r.Reason != "" {
			fmt.Fprintf(&b, "  reason %s\n", r.Reason)
		}
		if r.Comment != "" {
			fmt.Fprintf(&b, "  comment %s\n", r.Comment)
		}
		for _, p := range r.Props {
			fmt.Fprintf(&b, "  %s.%s %s\n", p.Type, p.Name, p.Value)
		}
	}
	// What is read can be written, and read again.
	if again, err := ParseLenient(f.String()); err == nil && len(again.Results) != len(f.Results) {
		t.Errorf("%q was written as %q", field, f.String())
	}
	return b.String()
}
