package canon

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestAppendField(t *testing.T) {
	tests := []struct{ id, in, relaxed string }{
		{"6376-3.4.2-a", "SUBJect: AbC\r\n", "subject:AbC\r\n"},
		{"6376-3.4.5-a", "A: X\r\n", "a:X\r\n"},
		{"6376-3.4.5-a", "B \t: Y\t\r\n\tZ  \r\n", "b:Y Z\r\n"},
		{"6376-3.4.2-b", "A: b\r\n\tc\r\n", "a:b c\r\n"},
		{"6376-3.4.2-c", "A: b \t\r\n \t c\r\n", "a:b c\r\n"},
		{"6376-3.4.2-c", "A: b  c\td\r\n", "a:b c d\r\n"},
		{"6376-3.4.2-c", "A: b\r\n \r\n\t\r\n c\r\n", "a:b c\r\n"},
		{"6376-3.4.2-d", "A: b \t \r\n", "a:b\r\n"},
		{"6376-3.4.2-d", "A: b \r\n \r\n", "a:b\r\n"},
		{"6376-3.4.2-e", "B \t: Y\r\n", "b:Y\r\n"},
		{"6376-3.4.2-e", "A\t:\tb\r\n", "a:b\r\n"},
		{"6376-3.4.2-e", "A\r\n : b\r\n", "a:b\r\n"},
		{"6376-3.4.2-f", "A:\r\n b\r\n", "a:b\r\n"},
		{"6376-3.4.2-f", "A: \r\n\t\r\n b\r\n", "a:b\r\n"},
		{"6376-3.4.2-g", "Subject:\r\n", "subject:\r\n"},
		{"6376-3.4.2-g", "Subject: \t\r\n", "subject:\r\n"},
		{"6376-3.4.2-g", "Subject:\r\n \r\n", "subject:\r\n"},
		{"6376-3.4.2-h", "A: b\x0b\x0b c\r\n", "a:b\x0b\x0b c\r\n"},
		{"6376-3.4.2-h", "A: b\x0c\u00a0 \u00a0\r\n", "a:b\x0c\u00a0 \u00a0\r\n"},
		{"6376-3.4.2-h", "A: b\rc\nd \r e \n f\r\n", "a:b\rc\nd \r e \n f\r\n"},
		{"6376-3.4.2-h", "A: b\r\r\n c\n\r\n", "a:b\r c\n\r\n"},
		{"6376-3.4.2-i", "A: b : C\r\n", "a:b : C\r\n"},
		{"6376-3.4.2-j 8616-5-g", "MIME-Version: I\r\n", "mime-version:I\r\n"},
		{"6376-3.4.2-j", "\u0130\u212a\u00c0Z[@: I\r\n", "\u0130\u212a\u00c0z[@:I\r\n"},
		{"6376-3.4.2-k", "From:a@b.example", "from:a@b.example"},
		{"6376-3.4.2-k", "A: b \r\n c ", "a:b c"},
		{"6376-3.4.2-k", "A: b\r\n\r\n", "a:b\r\n\r\n"}, // one CRLF ends the field
		{"6376-3.4.2-k", "A:\r\n", "a:\r\n"},

		// No field of a message is like these.
		{"6376-3.4.2-b", "A: b \r\nC: d\r\n", "a:b \r\nC: d\r\n"},
		{"6376-3.4.2-b", "A: b\r\n\r\n c\r\n", "a:b\r\n c\r\n"},
		{"6376-3.4.2-i", "No Colon \t\r\n", "no colon\r\n"},
		{"6376-3.4.2-i", ": b\r\n", ":b\r\n"},
		{"6376-3.4.2-i", " \t A: b\r\n", " a:b\r\n"},
		{"6376-3.4.2-k", "", ""},
		{"6376-3.4.2-k", "\r\n", "\r\n"},
		{"6376-3.4.2-k", " ", ""},
	}
	for _, tt := range tests {
		if got := string(Relaxed.AppendField(nil, []byte(tt.in))); got != tt.relaxed {
			t.Errorf("%s: relaxed %q = %q, want %q", tt.id, tt.in, got, tt.relaxed)
		}
		if ref := refField(Relaxed, tt.in); ref != tt.relaxed {
			t.Errorf("%s: the reference gives %q for %q, want %q", tt.id, ref, tt.in, tt.relaxed)
		}
		// 6376-3.4.1-a, 6376-3.4.1-c; the zero value is Simple.
		for _, a := range []Algorithm{0, Simple, 3} {
			if got := string(a.AppendField(nil, []byte(tt.in))); got != tt.in {
				t.Errorf("%v %q = %q", a, tt.in, got)
			}
		}
		if got := string(Relaxed.AppendField([]byte("A: B \r\n"), []byte(tt.in))); got != "A: B \r\n"+tt.relaxed {
			t.Errorf("relaxed %q, appended = %q", tt.in, got)
		}
	}
}

// 6376-3.4.1-a
func TestAppendFieldSimple(t *testing.T) {
	in := "SUBJect :  a\t\r\n\tb \r\n"
	if got := string(Simple.AppendField(nil, []byte(in))); got != in {
		t.Errorf("simple %q = %q", in, got)
	}
}

func TestAppendFieldExhaustive(t *testing.T) {
	n := 7
	if raceEnabled || testing.Short() {
		n = 5
	}
	check := func(in string) {
		raw := []byte(in)
		got := string(Relaxed.AppendField(nil, raw))
		if want := refField(Relaxed, in); got != want {
			t.Fatalf("relaxed %q = %q, want %q", in, got, want)
		}
		if string(raw) != in {
			t.Fatalf("AppendField changed %q to %q", in, raw)
		}
	}
	each("A: \t\r\n", n, check)
	each("a \t\r\n", n-1, func(s string) { check("Name:" + s + "\r\n") })
	// Where words begin and end.
	each("a \t\r\n", n-3, func(s string) {
		for i := range 20 {
			check("N:" + strings.Repeat("x", i) + s + strings.Repeat("y", 20-i))
		}
	})
	each("aZ: \r\n", n-3, func(s string) {
		for i := range 20 {
			check(strings.Repeat("N", i) + s + strings.Repeat("M", 20-i) + ":v\r\n")
		}
	})
	for c := range 256 {
		for i := range 20 {
			check(strings.Repeat("N", i) + string([]byte{byte(c)}) + strings.Repeat("M", 20-i) + ":v\r\n")
			check("N:" + strings.Repeat("x", i) + string([]byte{byte(c)}) + strings.Repeat("y", 20-i))
		}
	}
}

func TestAppendFieldRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	rounds := 2000
	if raceEnabled || testing.Short() {
		rounds = 200
	}
	for range rounds {
		in := "Name" + strings.Repeat(" ", r.IntN(3)) + ":" + randomBody(r, r.IntN(2000))
		if got, want := string(Relaxed.AppendField(nil, []byte(in))), refField(Relaxed, in); got != want {
			t.Fatalf("relaxed %q = %q, want %q", in, got, want)
		}
	}
}

func TestAppendFieldAllocs(t *testing.T) {
	field := []byte("Subject: " + strings.Repeat("a \r\n\t b", 40000) + "\r\n")
	dst := make([]byte, 0, len(field))
	for _, a := range algorithms {
		if n := testing.AllocsPerRun(5, func() { a.AppendField(dst, field) }); n != 0 {
			t.Errorf("%v: %v allocations with room in dst", a, n)
		}
		if n := testing.AllocsPerRun(5, func() { a.AppendField(nil, field) }); n != 1 && !raceEnabled {
			t.Errorf("%v: %v allocations without", a, n)
		}
	}
}

func FuzzField(f *testing.F) {
	for _, s := range []string{"", "A: X\r\n", "B \t: Y\t\r\n\tZ  \r\n", "A: b\r\n\r\n c", "no colon ", "A:\r\n \r\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got := string(Relaxed.AppendField(nil, []byte(in)))
		if want := refField(Relaxed, in); got != want {
			t.Errorf("relaxed %q = %q, want %q", in, got, want)
		}
	})
}

func BenchmarkField(b *testing.B) {
	fields := []struct{ name, field string }{
		{"short", "Subject: Re: Your order of the 4th of July has been shipped\r\n"},
		{"received", "Received: from mail-a.example.com (mail-a.example.com [192.0.2.1])\r\n" +
			"\tby mx.example.org (Postfix) with ESMTPS id 4XyZ0123456789\r\n" +
			"\tfor <someone@example.org>; Fri, 15 Nov 2024 10:11:12 +0000 (UTC)\r\n"},
		{"long", "References: " + strings.Repeat("<0123456789abcdef@mail.example.com>\r\n ", 100) + "<a@b>\r\n"},
		{"folds", "Subject: a" + strings.Repeat("\r\n b", 80000) + "\r\n"},
		{"spaces", "Subject: a" + strings.Repeat(" ", 1<<20) + "\r\n"},
	}
	for _, f := range fields {
		for _, a := range algorithms {
			b.Run(fmt.Sprintf("canon=%v/field=%s", a, f.name), func(b *testing.B) {
				b.SetBytes(int64(len(f.field)))
				b.ReportAllocs()
				field, dst := []byte(f.field), make([]byte, 0, len(f.field))
				for b.Loop() {
					a.AppendField(dst, field)
				}
			})
		}
	}
}

func ExampleAlgorithm_AppendField() {
	field := []byte("SUBJect:  a  folded\r\n\tsubject \r\n")
	fmt.Printf("%q\n", Relaxed.AppendField(nil, field))
	fmt.Printf("%q\n", Simple.AppendField(nil, field))
	// Output:
	// "subject:a folded subject\r\n"
	// "SUBJect:  a  folded\r\n\tsubject \r\n"
}
