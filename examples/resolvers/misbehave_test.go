package main

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/waxseal/waxseal/keyrecord"
)

// A fake is a server that says what a test wants, over UDP and TCP.
type fake struct {
	address string
	mu      sync.Mutex
	asked   []*dns.Msg // by UDP
	tcp     int
}

func serve(t *testing.T, answer func(tcp bool, query, response *dns.Msg) bool) *fake {
	t.Helper()
	var f fake
	handler := func(tcp bool) dns.HandlerFunc {
		return func(w dns.ResponseWriter, query *dns.Msg) {
			f.mu.Lock()
			if tcp {
				f.tcp++
			} else {
				f.asked = append(f.asked, query)
			}
			f.mu.Unlock()
			response := new(dns.Msg).SetReply(query)
			if answer(tcp, query, response) {
				w.WriteMsg(response)
			}
		}
	}
	var packets net.PacketConn
	var streams net.Listener
	for range 5 { // the port of UDP may be taken for TCP
		var err error
		if packets, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		f.address = packets.LocalAddr().String()
		if streams, err = net.Listen("tcp", f.address); err == nil {
			break
		}
		packets.Close()
	}
	if streams == nil {
		t.Fatal("no port that is free for UDP and TCP")
	}
	for _, s := range []*dns.Server{
		{PacketConn: packets, Handler: handler(false)},
		{Listener: streams, Handler: handler(true)},
	} {
		started, done := make(chan struct{}), make(chan struct{})
		s.NotifyStartedFunc = func() { close(started) }
		go func() { s.ActivateAndServe(); close(done) }()
		<-started
		t.Cleanup(func() { s.Shutdown(); <-done })
	}
	return &f
}

// queries returns what came by UDP, and how many by TCP.
func (f *fake) queries() (udp []*dns.Msg, tcp int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.asked), f.tcp
}

// txt adds a record to a response.
func txt(response *dns.Msg, name, text string) {
	rr, err := dns.NewRR(name + ` 60 IN TXT "` + text + `"`)
	if err != nil {
		panic(err)
	}
	response.Answer = append(response.Answer, rr)
}

func good(_ bool, query, response *dns.Msg) bool {
	response.AuthenticatedData = true
	txt(response, query.Question[0].Name, "hello")
	return true
}

const name = "s1._domainkey.example.org."

// A query asks for validation and recursion, with room for 1232 octets.
func TestQuery(t *testing.T) {
	f := serve(t, good)
	a, err := (&Resolver{Servers: []string{f.address}, TrustAD: true}).LookupAnswer(context.Background(), name)
	if err != nil || !a.Authentic || a.TTL != time.Minute || len(a.TXT) != 1 || a.TXT[0] != "hello" {
		t.Errorf("%+v, %v", a, err)
	}
	asked, _ := f.queries()
	q := asked[0]
	opt := q.IsEdns0()
	if len(asked) != 1 || opt == nil || opt.UDPSize() != 1232 || opt.Do() || !q.AuthenticatedData || !q.RecursionDesired || q.CheckingDisabled {
		t.Errorf("%d queries, the first is %v", len(asked), q)
	}
}

// What is no answer is temporary, and says why. It is asked for twice.
func TestNoAnswer(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		answer     func(tcp bool, query, response *dns.Msg) bool
	}{
		{"SERVFAIL", "SERVFAIL", func(_ bool, _, r *dns.Msg) bool { r.Rcode = dns.RcodeServerFailure; return true }},
		{"REFUSED", "REFUSED", func(_ bool, _, r *dns.Msg) bool { r.Rcode = dns.RcodeRefused; return true }},
		{"extended error", `SERVFAIL, Signature Expired "last week"`, func(_ bool, _, r *dns.Msg) bool {
			r.Rcode = dns.RcodeServerFailure
			r.SetEdns0(udpSize, false)
			r.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_EDE{InfoCode: dns.ExtendedErrorCodeSignatureExpired, ExtraText: "last week"}}
			return true
		}},
		{"another question", "another question", func(_ bool, q, r *dns.Msg) bool {
			r.Question = []dns.Question{{Name: "other.example.", Qtype: dns.TypeTXT, Qclass: dns.ClassINET}}
			txt(r, q.Question[0].Name, "hello")
			return true
		}},
		{"no question", "another question", func(_ bool, q, r *dns.Msg) bool {
			r.Question = nil
			txt(r, q.Question[0].Name, "hello")
			return true
		}},
		{"a query", "another question", func(_ bool, q, r *dns.Msg) bool { r.Response = false; return good(false, q, r) }},
		{"always cut short", "cut short, over TCP too", func(_ bool, _, r *dns.Msg) bool { r.Truncated = true; return true }},
	} {
		f := serve(t, tt.answer)
		_, err := keyrecord.Lookup(context.Background(), &Resolver{Servers: []string{f.address}, TrustAD: true}, "s1", "example.org")
		if !errors.Is(err, keyrecord.ErrTemporary) || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), f.address) {
			t.Errorf("%s: %v, want a temporary error with %q", tt.name, err, tt.want)
		}
		if asked, _ := f.queries(); len(asked) != 2 {
			t.Errorf("%s: asked %d times, want 2", tt.name, len(asked))
		}
	}
	if _, err := keyrecord.Lookup(context.Background(), &Resolver{}, "s1", "example.org"); !errors.Is(err, keyrecord.ErrTemporary) || !strings.Contains(err.Error(), "Servers") {
		t.Errorf("no server: %v", err)
	}
}

// What belongs to another name is not taken for an answer.
func TestOtherOwner(t *testing.T) {
	f := serve(t, func(_ bool, _, r *dns.Msg) bool { txt(r, "other.example.", "hello"); return true })
	a, err := (&Resolver{Servers: []string{f.address}}).LookupAnswer(context.Background(), name)
	if err != nil || a.TXT != nil {
		t.Errorf("%+v, %v", a, err)
	}
}

// A circle of CNAMEs ends.
func TestCNAMECircle(t *testing.T) {
	f := serve(t, func(_ bool, q, r *dns.Msg) bool {
		for _, s := range []string{name + " 60 IN CNAME b.example.", "b.example. 60 IN CNAME " + name} {
			rr, err := dns.NewRR(s)
			if err != nil {
				panic(err)
			}
			r.Answer = append(r.Answer, rr)
		}
		return true
	})
	a, err := (&Resolver{Servers: []string{f.address}}).LookupAnswer(context.Background(), name)
	if err != nil || a.TXT != nil || a.TTL != -1 {
		t.Errorf("%+v, %v", a, err)
	}
}

// A large answer is asked for again by TCP.
func TestTCP(t *testing.T) {
	f := serve(t, func(tcp bool, q, r *dns.Msg) bool {
		if r.Truncated = !tcp; r.Truncated {
			return true
		}
		return good(tcp, q, r)
	})
	a, err := (&Resolver{Servers: []string{f.address}}).LookupAnswer(context.Background(), name)
	if udp, tcp := f.queries(); err != nil || len(a.TXT) != 1 || len(udp) != 1 || tcp != 1 {
		t.Errorf("%+v, %v, %d by UDP, %d by TCP", a, err, len(udp), tcp)
	}
}

// The next server is asked when one fails; a lost datagram is sent again.
func TestServers(t *testing.T) {
	bad := serve(t, func(_ bool, _, r *dns.Msg) bool { r.Rcode = dns.RcodeServerFailure; return true })
	next := serve(t, good)
	if a, err := (&Resolver{Servers: []string{bad.address, next.address}}).LookupAnswer(context.Background(), name); err != nil || len(a.TXT) != 1 {
		t.Errorf("%+v, %v", a, err)
	}
	var lost sync.Once
	lossy := serve(t, func(tcp bool, q, r *dns.Msg) bool {
		drop := false
		lost.Do(func() { drop = true })
		return !drop && good(tcp, q, r)
	})
	r := &Resolver{Servers: []string{lossy.address}, Timeout: time.Second}
	if a, err := r.LookupAnswer(context.Background(), name); err != nil || len(a.TXT) != 1 {
		t.Errorf("after a loss: %+v, %v", a, err)
	}
}

// A context that ends, ends a query that nobody answers.
func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	reason := errors.New("the client left")
	f := serve(t, func(bool, *dns.Msg, *dns.Msg) bool { cancel(reason); return false })
	_, err := (&Resolver{Servers: []string{f.address, f.address}, Timeout: time.Hour}).LookupAnswer(ctx, name)
	if asked, _ := f.queries(); !errors.Is(err, reason) || len(asked) != 1 {
		t.Errorf("%v after %d queries, want %v after one", err, len(asked), reason)
	}
}

func TestUnescape(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{`v=DKIM1; p=`, `v=DKIM1; p=`},
		{`\195\169`, "é"},
		{`a\"b\\c`, `a"b\c`},
		{`\0651`, "A1"},
		{`\06`, "06"},
		{`\`, `\`},
	} {
		if got := unescape(tt.in); got != tt.want {
			t.Errorf("unescape(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestLoopback(t *testing.T) {
	for _, tt := range []struct {
		servers string
		want    bool
	}{
		{"127.0.0.1:53", true},
		{"127.0.0.53:53 [::1]:53", true},
		{"127.0.0.1:53 192.0.2.1:53", false},
		{"localhost:53", false},
	} {
		if got := loopback(strings.Fields(tt.servers)); got != tt.want {
			t.Errorf("%s: %t, want %t", tt.servers, got, tt.want)
		}
	}
}

func TestUsage(t *testing.T) {
	for _, tt := range []struct {
		args string
		want string
	}{
		{"-h", "Usage: resolvers "},
		{"-server 127.0.0.1", "missing port"},
		{"-timeout 0s", "more than 0"},
		{"message", "standard input"},
		{"-nosuch", "-nosuch"},
	} {
		var out, errs strings.Builder
		if status := run(context.Background(), strings.Fields(tt.args), strings.NewReader(message), &out, &errs); status != 2 || out.Len() != 0 || !strings.Contains(errs.String(), tt.want) {
			t.Errorf("%s: status %d, %q, %q; want %q", tt.args, status, &out, &errs, tt.want)
		}
	}
	f := serve(t, good)
	var out, errs strings.Builder
	if status := run(context.Background(), []string{"-server", f.address}, strings.NewReader("nonsense\r\n\r\n"), &out, &errs); status != 2 || out.Len() != 0 || !strings.HasPrefix(errs.String(), "resolvers: ") {
		t.Errorf("no message: status %d, %q, %q", status, &out, &errs)
	}
	out.Reset()
	if status := run(context.Background(), []string{"-server", f.address}, strings.NewReader(message), &out, &errs); status != 1 || !strings.HasPrefix(out.String(), "none: ") {
		t.Errorf("unsigned: status %d, %q", status, &out)
	}
}
