package dkim

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// parseHeader returns the Header of a message with the given fields.
func parseHeader(t testing.TB, fields string) *Header {
	t.Helper()
	w := NewVerifyWriter(context.Background(), nil)
	io.WriteString(w, fields+"\r\n")
	if _, err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	return w.Header()
}

func TestFrom(t *testing.T) {
	for _, tt := range []struct {
		fields string
		want   []string
		ok     bool
	}{
		{"From: joe@example.org\r\n", []string{"example.org"}, true},
		{"from : Joe <joe@Example.ORG>, \"Eve, or not\" <eve@example.com>\r\n", []string{"Example.ORG", "example.com"}, true},
		{"From: a@example.org\r\nSubject: x\r\nFROM: b@example.com\r\n", []string{"example.org", "example.com"}, true},
		{"From:\r\n Joe (a comment @ b)\r\n <joe@example.org>\r\n", []string{"example.org"}, true},
		{"From: group: a@example.org, b@example.com;\r\n", []string{"example.org", "example.com"}, true},
		{"From: \"a@b\"@example.org\r\n", []string{"example.org"}, true},
		{"From: 用户 <用户@bücher.example>\r\n", []string{"bücher.example"}, true},
		{"From: =?iso-2022-jp?B?GyRCJCIbKEI=?= <a@example.org>\r\n", []string{"example.org"}, true},
		{"From: =?x-unknown?Q?=E9?= <a@example.org>\r\n", []string{"example.org"}, true},
		{"Subject: x\r\n", nil, false},
		{"From:\r\n", nil, false},
		{"From: nobody\r\n", nil, false},
		{"From: a@example.org\r\nFrom: <<>>\r\n", []string{"example.org"}, false},
		{"From: " + strings.Repeat("a@example.org,", 10_000) + "b@example.org\r\n", nil, false},
	} {
		got, err := parseHeader(t, tt.fields).From()
		if !slices.Equal(got, tt.want) || (err == nil) != tt.ok || err != nil && !errors.Is(err, ErrFrom) {
			t.Errorf("%.80q: From() = %q, %v", tt.fields, got, err)
		}
	}
}

func TestSender(t *testing.T) {
	for _, tt := range []struct{ fields, want string }{
		{"From: a@example.org\r\n", "example.org"},
		{"From: a@example.org\r\nSender: list@example.com\r\n", "example.com"},
		{"From: a@example.org, b@example.net\r\n", "example.org"},
		{"From: a@example.org\r\nFrom: b@example.net\r\n", "example.org"},
		{"Sender: nobody\r\nFrom: a@example.org\r\n", ""}, // malformed is not absent
		{"To: a@example.org\r\n", ""},
	} {
		got, err := parseHeader(t, tt.fields).Sender()
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%q: Sender() = %q, %v; want %q", tt.fields, got, err, tt.want)
		}
	}
}

func TestFields(t *testing.T) {
	h := parseHeader(t, "A : 1\r\n 2\r\nB:\r\nC: 3\r\n")
	var got []string
	for name, raw := range h.Fields() {
		got = append(got, name, string(raw))
		if name == "B" {
			break
		}
	}
	if !slices.Equal(got, []string{"A", "A : 1\r\n 2\r\n", "B", "B:\r\n"}) {
		t.Errorf("%q", got)
	}
}

// An address field of 64 KiB is read, and a longer one is not: its cost is
// bounded.
func TestAddressLimit(t *testing.T) {
	for n, ok := range map[int]bool{64 << 10: true, 64<<10 + 1: false} {
		const address = "a@example.org"
		h := parseHeader(t, "From:"+strings.Repeat(" ", n-len(address)-1)+address+" \r\n")
		domains, err := h.From()
		if ok != (err == nil) || ok && len(domains) != 1 || !ok && !errors.Is(err, ErrFrom) {
			t.Errorf("a field of %d octets: %q, %v", n, domains, err)
		}
	}
}
