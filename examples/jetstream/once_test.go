package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/waxseal/waxseal/dkim"
)

// TestEveryMessageOnce verifies 20,000 messages with three workers, of which one
// is killed ten times, and the server once. Each message has one result at the
// end, the right one.
func TestEveryMessageOnce(t *testing.T) {
	const total, kills = 20_000, 10
	z := startZone(t)
	dir := t.TempDir()
	var signers []*dkim.Signer
	for n := range 200 {
		signers = append(signers, z.publishKey(t, fmt.Sprintf("d%d.example", n), byte(n)))
	}
	absent := *signers[0]
	absent.Selector = "absent"
	later := z.publishKey(t, "later.example", 201)
	never := z.publishKey(t, "never.example", 202)
	z.fails["s1._domainkey.later.example."] = 10
	z.fails["s1._domainkey.never.example."] = -1

	want := map[string]int{}
	expected := make([]string, total)
	for i := range total {
		signer, status, change := signers[i%997%len(signers)], "pass", strings.NewReplacer()
		switch {
		case i%20 == 3:
			status, change = "fail", strings.NewReplacer("Hi.", "Bye.")
		case i%20 == 7:
			status, signer = "none", nil
		case i%50 == 11:
			status, signer = "permerror", &absent
		case i%50 == 12:
			signer = later
		case i%1000 == 15:
			status, signer = "temperror", never
		case i%1000 == 16:
			status, change = "unreadable", strings.NewReplacer(":", "\x00", "\r\n", "\n")
		}
		write(t, dir, i, change.Replace(message(t, i, signer)))
		expected[i] = status
		want[status]++
	}

	server := startServer(t)
	if status, out, errs := output(t, "publish", "-nats", server.url, dir); status != 0 || out != "published 20000 of 20000 messages\n" || errs != "" {
		t.Fatalf("publish: status %d, %q, %q", status, out, errs)
	}
	args := []string{"work", "-nats", server.url, "-dns", z.address, "-drain", "-parallel", "16",
		"-timeout", "2s", "-ack-wait", "3s", "-retry", "50ms", "-attempts", "8"}
	var workers []*process
	for range 3 {
		workers = append(workers, start(t, args...))
	}

	// Results are counted as they come, so that the kills are spread over the work.
	c, err := connect(t.Context(), server.url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	consumer, err := c.results.OrderedConsumer(t.Context(), jetstream.OrderedConsumerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	messages, err := consumer.Messages(jetstream.WithMessagesErrOnMissingHeartbeat(false))
	if err != nil {
		t.Fatal(err)
	}
	defer messages.Stop()
	killed := 0
	for n := 1; killed < kills; n++ {
		if _, err := messages.Next(jetstream.NextContext(t.Context())); err != nil {
			t.Fatal(err)
		}
		if n == total/2 {
			server.kill()
			server.start()
		}
		if n%(total/(kills+2)) == 0 {
			victim := killed % len(workers)
			if workers[victim].ProcessState != nil {
				t.Fatalf("worker %d ended: %s%s", victim, &workers[victim].out, &workers[victim].errs)
			}
			workers[victim].kill()
			killed++
			workers[victim] = start(t, args...)
		}
	}
	for i, w := range workers {
		err := w.Wait()
		tally := w.out.String()
		told := strings.Contains(tally, " messages: ") || tally == "0 messages\n" // of one that came too late
		if err != nil || w.errs.Len() != 0 || strings.ContainsAny(tally, "\r\x1b") || !told {
			t.Errorf("worker %d: %v, %q, %q", i, err, tally, &w.errs)
		}
		t.Logf("worker %d: %s", i, &w.out)
	}

	status, out, errs := output(t, "report", "-nats", server.url, "-json")
	if status != 0 || errs != "" {
		t.Fatalf("report: status %d, %q", status, errs)
	}
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	got := map[string]int{}
	seen := make([]bool, total)
	again := 0
	for _, line := range lines[:len(lines)-1] {
		var o outcome
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if o.Seq < 1 || o.Seq > total || seen[o.Seq-1] {
			t.Fatalf("a second result, or one of no message: %s", line)
		}
		i := o.Seq - 1
		seen[i] = true
		got[o.Status]++
		if o.Deliveries > 1 {
			again++
		}
		if o.Status != expected[i] || !strings.HasSuffix(o.Name, fmt.Sprintf("%06d", i)) {
			t.Errorf("message %d: %s; want %s", i, line, expected[i])
		}
	}
	t.Logf("%s; %d were delivered more than once", lines[len(lines)-1], again)
	for status, n := range want {
		if got[status] != n {
			t.Errorf("%d %s, want %d", got[status], status, n)
		}
		if !strings.Contains(lines[len(lines)-1], fmt.Sprintf(" %d %s", n, status)) {
			t.Errorf("the report says %q, want %d %s", lines[len(lines)-1], n, status)
		}
	}
	if last := lines[len(lines)-1]; len(lines) != total+1 || !strings.HasPrefix(last, "20000 messages: ") || !strings.HasSuffix(last, "; 0 are left to do") {
		t.Errorf("%d lines, the last %q", len(lines), last)
	}

	// The workers share what they look up: without the bucket, thirteen would ask for
	// 200 keys each.
	lookups := 0
	z.mu.Lock()
	defer z.mu.Unlock()
	for n := range 200 {
		asked := z.asked[fmt.Sprintf("s1._domainkey.d%d.example.", n)]
		lookups += asked
		if asked < 1 {
			t.Errorf("nobody looked up the key of d%d.example", n)
		}
	}
	if lookups > 600 {
		t.Errorf("%d lookups of 200 keys", lookups)
	}
	t.Logf("%d lookups of 200 keys by %d workers", lookups, 3+kills)
}
