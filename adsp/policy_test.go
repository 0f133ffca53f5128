package adsp

import (
	"errors"
	"strings"
	"testing"
)

func TestParsePolicy(t *testing.T) {
	for _, tt := range []struct {
		id, txt string
		want    Policy
	}{
		{"4870-3.6-b, o=~", "o=~", Policy{Outbound: Relaxed}},
		{"4870-3.6-b, o=-", "o=-", Policy{Outbound: Strong}},
		{"4870-3.6-b, the default", "t=n", Policy{Outbound: Relaxed}},
		{"4870-3.6-b, unknown", "o=?", Policy{Outbound: Relaxed}},
		{"unknown, beyond ASCII", "o=ß", Policy{Outbound: Relaxed}},
		{"systems 5.2, several characters", "o=--", Policy{Outbound: Relaxed}},
		{"systems 5.2, empty", "o=", Policy{Outbound: Relaxed}},
		{"systems 5.2, !", "o=!", Policy{Outbound: Exclusive}},
		{"systems 5.2, .", "o=.", Policy{Outbound: Never}},
		{"systems 5.2, ^", "o=^", Policy{Outbound: PerUser}},
		{"4870-3.6-d, the RFC's record", "t=y; o=-; n=notes; r=emailAddress", Policy{Strong, true, "notes", "emailAddress"}},
		{"4870-3.6-a, all tags are optional", "", Policy{Outbound: Relaxed}},
		{"white space alone", " \t", Policy{Outbound: Relaxed}},
		{"systems 5.2, MDaemon's sample while testing", "t=y; o=~;", Policy{Relaxed, true, "", ""}},
		{"systems 5.2, MDaemon's sample", "o=-;", Policy{Outbound: Strong}},
		{"systems 4.1, DKIMproxy's sample: foreign tags", "k=rsa; t=s; o=-;", Policy{Outbound: Strong}},
		{"corpus mail-dkim/dkpolicy-test", "o=~; t=y", Policy{Relaxed, true, "", ""}},
		{"systems 6.2, flags separated by |", "t=s|y; o=!", Policy{Exclusive, true, "", ""}},
		{"systems 6.5, flags separated by :", "t = s : y ;o=!", Policy{Exclusive, true, "", ""}},
		{"a flag that only holds y", "t=yes; o=-", Policy{Outbound: Strong}},
		{"t= empty", "t=; o=-", Policy{Outbound: Strong}},
		{"systems 6.2, n= is quoted-printable", "n=sign=3B or =25 not; o=-", Policy{Outbound: Strong, Notes: "sign; or % not"}},
		{"4870: n= as it is", "n=a=b = c =3d", Policy{Outbound: Relaxed, Notes: "a=b = c =3d"}},
		{"systems 6.2, u= is reserved", "u=x:y; o=-", Policy{Outbound: Strong}},
		{"4870-A-a, white space around tokens", " o \t= -  ; ", Policy{Outbound: Strong}},
		{"tags are case-sensitive", "O=-; T=y", Policy{Outbound: Relaxed}},
		{"systems 6.3, unknown", "dkim=unknown", Policy{Outbound: Relaxed}},
		{"systems 6.3, all", "dkim=all; t=y:s", Policy{Strong, true, "", ""}},
		{"systems 6.3, strict", "dkim=strict; handling=deny", Policy{Outbound: Exclusive}},
		{"systems 6.3, discardable", "dkim=discardable", Policy{Outbound: Exclusive}},
		{"systems 6.3, case", "dkim=ALL", Policy{Outbound: Strong}},
		{"systems 6.3, another word", "dkim=except-mlist", Policy{Outbound: Relaxed}},
		{"systems 6.3, both", "dkim=unknown; o=-", Policy{Outbound: Relaxed}},
	} {
		got, err := ParsePolicy(tt.txt)
		if err != nil || *got != tt.want {
			t.Errorf("%s: ParsePolicy(%q) = %+v, %v, want %+v", tt.id, tt.txt, got, err, tt.want)
		}
	}
	for _, tt := range []struct{ id, txt string }{
		{"systems 6, a tag twice", "o=~; o=-"},
		{"a tag twice, with the same value", "t=y; t=y"},
		{"no =", "o"},
		{"no name", "=-"},
		{"an empty tag", "o=-;; t=y"},
		{"a control", "o=-; n=\x00"},
		{"a bare LF", "o=-\n"},
		{"too long", "n=" + strings.Repeat("a", maxRecord)},
	} {
		if got, err := ParsePolicy(tt.txt); got != nil || !errors.Is(err, ErrSyntax) {
			t.Errorf("%s: ParsePolicy(%.40q) = %v, %v, want ErrSyntax", tt.id, tt.txt, got, err)
		}
	}
	if _, err := ParsePolicy("n=" + strings.Repeat("a", maxRecord-2)); err != nil {
		t.Errorf("at the limit: %v", err)
	}
}

func TestPolicyString(t *testing.T) {
	for _, tt := range []struct {
		policy *Policy
		want   string
	}{
		{nil, "o=~;"},
		{&Policy{}, "o=~;"},
		{&Policy{Outbound: Relaxed, Testing: true}, "t=y; o=~;"},
		{&Policy{Outbound: Strong}, "o=-;"},
		{&Policy{Strong, true, "notes", "emailAddress"}, "t=y; o=-; n=notes; r=emailAddress;"},
		{&Policy{Outbound: Never, Notes: "no mail; none = 0"}, "o=.; n=no mail=3B none =3D 0;"},
		{&Policy{Notes: " a\r\nb "}, "o=~; n==20a=0D=0Ab=20;"},
		{&Policy{Outbound: 'x'}, ""},
		{&Policy{Outbound: ';'}, ""},
		{&Policy{Report: "a; o=-"}, ""},
		{&Policy{Report: " a"}, ""},
		{&Policy{Report: "a\r\nb"}, ""},
		{&Policy{Notes: strings.Repeat("a", maxRecord)}, ""},
	} {
		if got := tt.policy.String(); got != tt.want {
			t.Errorf("%+v: String() = %q, want %q", tt.policy, got, tt.want)
		}
	}
}

func TestRollout(t *testing.T) {
	testing, enforcing := Rollout(Exclusive)
	if testing.String() != "t=y; o=~;" || enforcing.String() != "o=!;" {
		t.Errorf("Rollout = %q, %q", testing, enforcing)
	}
}

// FuzzParsePolicy: what parses is printed, and the print parses to the same.
func FuzzParsePolicy(f *testing.F) {
	for _, s := range []string{"", "t=y; o=~;", "o=-;", "k=rsa; t=s; o=-;", "dkim=strict; t=y:s", "n==20=3B=C3=BC a; r=a@b", "o=-; o=~", "n=a\r\n b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, txt string) {
		p, err := ParsePolicy(txt)
		if err != nil {
			if p != nil || !errors.Is(err, ErrSyntax) {
				t.Fatalf("%q: %v, %v", txt, p, err)
			}
			return
		}
		out := p.String()
		if out == "" {
			if len(p.Notes)*3+len(p.Report) > maxRecord-20 || strings.ContainsAny(p.Report, "\r\n") {
				return // it has grown by encoding
			}
			t.Fatalf("%q: %+v has no text", txt, p)
		}
		again, err := ParsePolicy(out)
		if err != nil || *again != *p {
			t.Fatalf("%q: %+v, printed %q, is %+v, %v", txt, p, out, again, err)
		}
	})
}
