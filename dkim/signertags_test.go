package dkim

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

// The tags that a signer writes if asked, and that verifiers take.
func TestSignerTags(t *testing.T) {
	for _, tt := range []struct {
		what   string
		set    func(*Signer)
		has    string
		hasNot string
		status Status
	}{
		{"6376-3.2-q: query", func(s *Signer) { s.Query = true }, " q=dns/txt;", "", Pass},
		{"no query", func(s *Signer) {}, " t=1800000000;", "q=", Pass},
		{"no time", func(s *Signer) { s.OmitTime = true }, "s=rsa; h=", "t=", Pass},
		{"no time, but an end", func(s *Signer) { s.OmitTime, s.Lifetime = true, time.Hour }, " x=1800003600;", "t=", Pass},
		{"6651: r=y", func(s *Signer) { s.Extra = []Tag{{"r", "y"}} }, " r=y;", "", Pass},
		{"two extensions", func(s *Signer) { s.Extra = []Tag{{"r", "y"}, {"xb", "1/2:="}} }, " r=y; xb=1/2:=;", "", Pass},
		{"the first octets of the body", func(s *Signer) { s.BodyOctets = 5 }, " l=5;", "", Policy},
		{"BodyOctets before BodyLength", func(s *Signer) { s.BodyOctets, s.BodyLength = 5, true }, " l=5;", "", Policy},
		{"all octets of the body", func(s *Signer) { s.BodyOctets = 54 }, " l=54;", "", Pass},
	} {
		r := newRig(t)
		tt.set(r.signer)
		message := r.sign(t, testMessage)
		field, _, _ := strings.Cut(message, "\r\nFrom: Joe")
		field = strings.ReplaceAll(field, "\r\n ", " ")
		if !strings.Contains(field, tt.has) || tt.hasNot != "" && strings.Contains(field, " "+tt.hasNot) {
			t.Errorf("%s: %s, want %q and not %q", tt.what, field, tt.has, tt.hasNot)
		}
		if got := r.verifyOne(t, message); got.Status != tt.status {
			t.Errorf("%s: %s, %v; want %s", tt.what, got.Status, got.Err, tt.status)
		}
	}
}

func TestSignerTagErrors(t *testing.T) {
	for _, tt := range []struct {
		what   string
		set    func(*Signer)
		reason error
	}{
		{"a negative length", func(s *Signer) { s.BodyOctets = -1 }, ErrBodyLength},
		{"HAZARDS: l= larger than the body", func(s *Signer) { s.BodyOctets = 55 }, ErrBodyLength},
		{"a tag of Signer", func(s *Signer) { s.Extra = []Tag{{"b", "x"}} }, ErrPolicy},
		{"no name", func(s *Signer) { s.Extra = []Tag{{"", "x"}} }, ErrSyntax},
		{"two tags in one", func(s *Signer) { s.Extra = []Tag{{"r", "y; l=0"}} }, ErrSyntax},
		{"a semicolon at the end", func(s *Signer) { s.Extra = []Tag{{"r", "y;"}} }, ErrSyntax},
		{"a line break", func(s *Signer) { s.Extra = []Tag{{"r", "y\r\nX: y"}} }, ErrSyntax},
		{"a fold", func(s *Signer) { s.Extra = []Tag{{"r", "y\r\n y"}} }, ErrSyntax},
		{"twice", func(s *Signer) { s.Extra = []Tag{{"r", "y"}, {"r", "y"}} }, ErrSyntax},
		{"= in the name", func(s *Signer) { s.Extra = []Tag{{"r=y", "z"}} }, ErrSyntax},
	} {
		r := newRig(t)
		tt.set(r.signer)
		var tag *TagError
		if err := Sign(context.Background(), io.Discard, strings.NewReader(testMessage), r.signer); !errors.Is(err, tt.reason) || !errors.As(err, &tag) {
			t.Errorf("%s: %v, want %v", tt.what, err, tt.reason)
		}
	}
}

func TestDone(t *testing.T) {
	broken := errors.New("broken")
	for _, tt := range []struct {
		what string
		set  func(*Signer)
		took time.Duration
		want error
	}{
		{"made", func(*Signer) {}, 2 * time.Second, nil},
		{"not valid", func(s *Signer) { s.Domain = "" }, 0, ErrDomain},
		{"longer than the body", func(s *Signer) { s.BodyOctets = 99 }, time.Second, ErrBodyLength},
		{"the key fails", func(s *Signer) {
			s.Key = &contextKey{s.Key, func(context.Context) error { return broken }}
		}, 2 * time.Second, broken},
	} {
		r := newRig(t)
		calls := 0
		now := testTime
		r.signer.Time = func() time.Time { // each step takes a second
			now = now.Add(time.Second)
			return now
		}
		r.signer.Done = func(took time.Duration, err error) {
			calls++
			if took != tt.took || !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Errorf("%s: Done(%v, %v), want %v, %v", tt.what, took, err, tt.took, tt.want)
			}
		}
		tt.set(r.signer)
		w := NewSignWriter(context.Background(), r.signer)
		io.WriteString(w, testMessage)
		for range 2 {
			if _, err := w.Finish(); (err == nil) != (tt.want == nil) {
				t.Errorf("%s: Finish: %v", tt.what, err)
			}
		}
		if calls != 1 {
			t.Errorf("%s: Done was called %d times", tt.what, calls)
		}
	}
}

func TestAddresses(t *testing.T) {
	h := parseHeader(t, "From: \"a b\"@example.org, Joe <joe+x@Example.COM>\r\nSender: nobody\r\nTo: g: a@b.example;\r\n")
	for _, tt := range []struct {
		field string
		want  []string
		ok    bool
	}{
		{"from", []string{"a b@example.org", "joe+x@Example.COM"}, true},
		{"To", []string{"a@b.example"}, true},
		{"Sender", nil, false},
		{"Cc", nil, false},
	} {
		got, err := h.Addresses(tt.field)
		if !slices.Equal(got, tt.want) || (err == nil) != tt.ok || err != nil && !errors.Is(err, ErrFrom) {
			t.Errorf("Addresses(%q) = %q, %v", tt.field, got, err)
		}
	}
}
