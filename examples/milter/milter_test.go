//go:build linux

package main

import (
	"context"
	"errors"
	"log"
	"net/textproto"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/authres"
	"github.com/waxseal/waxseal/headerlist"
)

// odd has what a milter, or the protocol, could change.
const odd = "From: Joe <joe@example.org>\r\n" +
	"To:  Ann <ann@example.net>, \r\n  Bob <bob@example.net>\r\n" +
	"Subject:no space\r\n" +
	"X-Tab:\ttab\r\n" +
	"Date: Fri, 11 Jul 2003 21:00:37 -0700\r\n" +
	"Message-ID: <20030712040037.46341@example.org>\r\n" +
	"X-Folded:\r\n at once\r\n\t\tand with tabs \r\n" +
	"X-Trailing: spaces  \r\n" +
	"X-Empty:\r\n" +
	"X-Space: \r\n" +
	"x-CASE: lower\r\n" +
	"X-Twice: 1\r\n" +
	"X-Twice:  2\r\n" +
	"X-UTF8: \xc3\xa9\r\n" +
	"\r\n" +
	"\r\n" +
	". a dot\r\n" +
	".\r\n" +
	"..\r\n" +
	"white space \t \r\n" +
	"\xc3\xa9 in UTF-8\r\n" +
	"\r\n\r\n"

// startFilter runs the milters and returns their ports.
func startFilter(t *testing.T, f *filter) (sign, verify string) {
	t.Helper()
	sign, verify = freePort(t), freePort(t)
	ctx, cancel := context.WithCancel(context.Background())
	f.ctx = ctx
	done := make(chan error)
	go func() {
		done <- f.serve(ctx, []role{{"signing", "127.0.0.1:" + sign, f.newSigner}, {"verifying", "127.0.0.1:" + verify, f.newVerifier}})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return sign, verify
}

// mx reads the results that a message got from in.test, and their number.
func mx(t *testing.T, message string) (results string, n int) {
	t.Helper()
	fields, _ := split(message)
	for _, f := range fields {
		field, err := authres.ParseLenient(f) // opendkim's too
		if err != nil || !field.Trusted("in.test") || !strings.HasPrefix(f, "Authentication-Results:") {
			continue
		}
		n++
		for _, r := range field.Results {
			if r.Method == "dkim" {
				results += " " + r.Value
			}
		}
	}
	return strings.TrimSpace(results), n
}

// selectors returns the selectors of the signatures among fields.
func selectors(fields []string) string {
	var list []string
	for _, f := range fields {
		if s, err := dkim.ParseSignature([]byte(f)); err == nil {
			list = append(list, s.Selector)
		}
	}
	return strings.Join(list, " ")
}

// TestPostfix sends mail through a Postfix that signs it and another one that
// verifies it, with this filter and with opendkim in either role.
func TestPostfix(t *testing.T) {
	w := newWorld(t)
	f := &filter{id: "in.test", signers: w.signers(), verifier: &dkim.Verifier{Resolver: w}, log: log.New(t.Output(), "", 0)}
	sign, verify := startFilter(t, f)
	odSign := startOpenDKIM(t, "Mode s\nDomain example.org\nSelector s1\nKeyFile "+w.pem+"\nCanonicalization simple/simple\n"+
		"SignHeaders from,to,subject,x-tab,x-folded,x-trailing,x-empty,x-space,x-case,x-twice\n")
	odVerify := startOpenDKIM(t, "Mode v\nAuthservID in.test\nAlwaysAddARHeader yes\nTestDNSData file:"+testDNS(t, w.keys)+"\n")
	box, sink := startMailbox(t)
	submit, submitOD, plain := freePort(t), freePort(t), freePort(t)
	in, inOD := freePort(t), freePort(t)
	startPostfix(t, "in.test", []service{{in, verify}, {inOD, odVerify}}, map[string]string{"ours.test": sink, "opendkim.test": sink})
	startPostfix(t, "out.test", []service{{submit, sign}, {submitOD, odSign}, {plain, ""}}, map[string]string{"ours.test": in, "opendkim.test": inOD})

	big := odd + strings.Repeat("a line of a long message\r\n", 100_000)
	for _, tt := range []struct {
		name, port, rcpt, message string
		signatures                int
		results                   string
	}{
		{"ours and ours", submit, "a@ours.test", odd, 3, "pass pass pass"},
		{"ours and opendkim", submit, "b@opendkim.test", odd, 3, "pass pass pass"},
		{"opendkim and ours", submitOD, "c@ours.test", odd, 1, "pass"},
		{"unsigned and ours", plain, "d@ours.test", odd, 0, "none"},
		{"unsigned and opendkim", plain, "e@opendkim.test", odd, 0, "none"},
		{"a long one", submit, "f@ours.test", big, 3, "pass pass pass"},
		{"no body", submit, "g@ours.test", "From: joe@example.org\r\n\r\n", 3, "pass pass pass"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := box.deliver(t, tt.port, tt.rcpt, tt.message)
			if !strings.HasSuffix(got, tt.message) {
				t.Errorf("what is delivered does not end in what was sent:\n%.5000q", got)
			}
			// The results above what the inbound Postfix adds, the signatures above
			// what the outgoing one adds, and nothing else.
			fields, _ := split(strings.TrimSuffix(got, tt.message) + "\r\n")
			want := "Authentication-Results Received" + strings.Repeat(" DKIM-Signature", tt.signatures) + " Received"
			if names := names(fields); names != want {
				t.Errorf("%s on top, want %s", names, want)
			}
			if order := selectors(fields); tt.signatures == 3 && order != "s1 ed s2" {
				t.Errorf("signatures in the order %s, want that of the signers", order)
			}
			if results, n := mx(t, got); results != tt.results || n != 1 {
				t.Errorf("%d fields with results %q, want one with %q", n, results, tt.results)
			}
			if status := w.verify(t, got); status != strings.TrimSpace(strings.Repeat("pass ", tt.signatures)) {
				t.Errorf("as delivered: %q", status)
			}
		})
	}

	t.Run("inbound", func(t *testing.T) { testInbound(t, w, box, in) })

	t.Run("refused", func(t *testing.T) {
		for _, message := range []string{"Subject: no From\r\n\r\n", "From: a@example.org\r\nFrom: b@example.org\r\n\r\n"} {
			errs := send(t, submit, "refused@ours.test", message, odd)
			if !refused(errs[0], 550, "5.6.0 The message cannot be signed") || errs[1] != nil {
				t.Errorf("%q: %v, want 550 for the first", message, errs)
			}
		}
	})
}

// testInbound sends mail to a Postfix that verifies.
func testInbound(t *testing.T, w *world, box *mailbox, in string) {
	const from = "From: joe@example.org\r\nSubject: x\r\n"
	signer := &dkim.Signer{Domain: "example.org", Selector: "s1", Key: w.rsa}
	down := &dkim.Signer{Domain: "down.example", Selector: "s1", Key: w.rsa}
	good := w.sign(t, from+"\r\nbody\r\n", signer)

	// They are removed after they were verified, since they are signed.
	forged := "AUTHENTICATION-RESULTS: \"IN.TEST\" (x); dkim=pass\r\n"
	forgeries := "Authentication-Results: in.test; dkim=pass header.d=bank.example\r\n" +
		"Authentication-Results: relay.test; dkim=fail\r\n" +
		"Authentication-Results : in.test.; dmarc=pass\r\n" +
		"Authentication-Results:\r\n\tin.test\r\n\t; spf=pass\r\n" + forged +
		"Authentication-Results: other.test (; in.test; dkim=pass\r\n"
	t.Run("forged", func(t *testing.T) {
		all := &dkim.Signer{Domain: "example.org", Selector: "s1", Key: w.rsa, Headers: headerlist.MustParse("From:Subject:Authentication-Results*")}
		got := box.deliver(t, in, "forged@ours.test", w.sign(t, forgeries+from+forged+"\r\nbody\r\n"+forged, all))
		if results, n := mx(t, got); results != "pass" || n != 1 {
			t.Errorf("%d fields with results %q, want one with pass", n, results)
		}
		fields, _ := split(got)
		if names := names(fields); names != "Authentication-Results Received DKIM-Signature Authentication-Results From Subject" ||
			fields[3] != "Authentication-Results: relay.test; dkim=fail\r\n" || !strings.HasSuffix(got, "\r\nbody\r\n"+forged) {
			t.Errorf("left over: %s\n%s", names, got)
		}
	})
	t.Run("changed", func(t *testing.T) {
		got := box.deliver(t, in, "changed@ours.test", good+"changed\r\n")
		if results, _ := mx(t, got); results != "fail" || !strings.HasSuffix(got, good+"changed\r\n") {
			t.Errorf("results %q:\n%s", results, got)
		}
	})

	// A key server that is down matters only if no signature passed, and the next
	// message of the session is a message of its own.
	t.Run("key server down", func(t *testing.T) {
		alone := w.sign(t, from+forgeries+"\r\nalone\r\n", down)
		errs := send(t, in, "down@ours.test", alone, good)
		if !refused(errs[0], 451, "4.7.5 Unable to verify signature - key server unavailable") || errs[1] != nil {
			t.Fatalf("%v, want 451 for the first", errs)
		}
		got := box.message(t, "down@ours.test")
		if results, _ := mx(t, got); results != "pass" || !strings.HasSuffix(got, good) {
			t.Errorf("results %q:\n%s", results, got)
		}
		got = box.deliver(t, in, "both@ours.test", w.sign(t, good, down))
		if results, _ := mx(t, got); results != "temperror pass" {
			t.Errorf("results %q, want temperror pass:\n%s", results, got)
		}
	})

	// Postfix itself takes white space away before the colon, which RFC 5322 calls
	// obsolete. That matters to simple alone, and to what is delivered, too.
	t.Run("before the colon", func(t *testing.T) {
		signers := dkim.SignerList{
			{Domain: "example.org", Selector: "s1", Key: w.rsa},
			{Domain: "example.org", Selector: "s2", Key: w.rsa, Canon: canon.Pair{Header: canon.Simple}},
		}
		got := box.deliver(t, in, "colon@ours.test", w.sign(t, "From: joe@example.org\r\nSubject : x\r\n\r\nbody\r\n", signers))
		if results, _ := mx(t, got); results != "pass fail" {
			t.Errorf("results %q, want pass fail", results)
		}
		if status := w.verify(t, got); status != "pass fail" || !strings.Contains(got, "\r\nSubject: x\r\n") {
			t.Errorf("as delivered: %q\n%s", status, got)
		}
	})
}

// refused reports whether err is this SMTP reply.
func refused(err error, code int, text string) bool {
	var reply *textproto.Error
	return errors.As(err, &reply) && reply.Code == code && reply.Msg == text
}
