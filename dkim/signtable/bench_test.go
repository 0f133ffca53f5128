package signtable

import (
	"context"
	"crypto"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/internal/dkimtest"
)

const manyDomains = 10_000

// many returns a table of 10,000 domains whose keys are all at hand. They are
// one key: to make 10,000 takes an hour, and to read them seconds.
func many(b testing.TB) *Table {
	key := dkimtest.RSA(2048)
	keys := &KeyCache{
		Source: KeyFunc(func(context.Context, string) (crypto.Signer, error) { return key, nil }),
		Size:   manyDomains,
		TTL:    1 << 62,
	}
	senders := make(map[string][]Rule)
	for i := range manyDomains {
		name := fmt.Sprintf("d%d.example", i)
		senders[name] = []Rule{{}}
		if _, err := keys.Key(context.Background(), name+"/s1.key"); err != nil {
			b.Fatal(err)
		}
	}
	return &Table{
		Default: Rule{Selector: "s1", KeyPath: "%{d}/%{s}.key", Identity: "@%{d}"},
		Senders: senders,
		Keys:    keys,
		Observe: func(Event) {},
	}
}

// The header of a message as a mail program writes it.
const benchHeader = "Received: from a by b; Fri, 11 Jul 2003 21:01:54 -0700\r\n" +
	"Date: Fri, 11 Jul 2003 21:00:37 -0700\r\nMessage-ID: <20030712040037.46341.5F8J@example.com>\r\n" +
	"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nUser-Agent: x\r\n" +
	"To: Suzie <suzie@example.net>\r\nSubject: Is dinner ready?\r\n"

func benchMessage(i int) string {
	return fmt.Sprintf("From: Joe <joe+%d@mail.d%d.example>\r\n", i, i%manyDomains) + benchHeader + "\r\n" + strings.Repeat("Are you hungry yet?\r\n", 180)
}

// BenchmarkSign is the floor: the same message with a signer at hand.
func BenchmarkSign(b *testing.B) {
	s := &dkim.Signer{Domain: "d1.example", Selector: "s1", Identifier: "@d1.example", Key: dkimtest.RSA(2048)}
	benchmark(b, s)
}

// BenchmarkSignWithTable signs the mail of 10,000 domains in turn.
func BenchmarkSignWithTable(b *testing.B) { benchmark(b, many(b)) }

// BenchmarkSignWithTableParallel does so on all processors: a server wants 1,000
// messages a second.
func BenchmarkSignWithTableParallel(b *testing.B) {
	table := many(b)
	message := []byte(benchMessage(7))
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			w := dkim.NewSignWriter(context.Background(), table)
			w.Write(message)
			if sigs, err := w.Finish(); len(sigs) != 1 || err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

func benchmark(b *testing.B, source dkim.SignerSource) {
	messages := make([][]byte, 1000)
	for i := range messages {
		messages[i] = []byte(benchMessage(i * 7))
	}
	b.SetBytes(int64(len(messages[0])))
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		w := dkim.NewSignWriter(context.Background(), source)
		w.Write(messages[i%len(messages)])
		i++
		if sigs, err := w.Finish(); len(sigs) != 1 || err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSignersFor is what the table and the cache cost a message; the
// metric sets it against the time of one RSA-2048 signature.
func BenchmarkSignersFor(b *testing.B) {
	table := many(b)
	headers := parse(b)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		if s, err := table.SignersFor(context.Background(), headers[i%len(headers)]); len(s) != 1 || err != nil {
			b.Fatal(s, err)
		}
	}
	lookup := b.Elapsed() / time.Duration(b.N)
	const signatures = 200
	key, digest, start := dkimtest.RSA(2048), make([]byte, 32), time.Now()
	for range signatures {
		if _, err := key.Sign(nil, digest, crypto.SHA256); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(100*float64(lookup)/float64(time.Since(start)/signatures), "%-of-RSA-2048")
}

// BenchmarkSignersForParallel shows what goroutines lose to each other.
func BenchmarkSignersForParallel(b *testing.B) {
	table := many(b)
	headers := parse(b)
	b.ReportAllocs()
	b.ResetTimer()
	var next atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := int(next.Add(1))
			if s, err := table.SignersFor(context.Background(), headers[i%len(headers)]); len(s) != 1 || err != nil {
				b.Fatal(s, err)
			}
		}
	})
}

// parse returns the headers of a thousand messages.
func parse(b testing.TB) []*dkim.Header {
	headers := make([]*dkim.Header, 1000)
	for i := range headers {
		w := dkim.NewVerifyWriter(context.Background(), nil)
		w.Write([]byte(benchMessage(i * 7)))
		if _, err := w.Finish(); err != nil {
			b.Fatal(err)
		}
		headers[i] = w.Header()
	}
	return headers
}

// To find a signer takes as much among 10,000 domains as among few, of which
// all is kept: no file is read. BenchmarkSignersFor says what that is of the time
// to sign: less than 2 %.
func TestCostOfTable(t *testing.T) {
	ctx := context.Background()
	headers := parse(t)
	cost := func(table *Table) float64 {
		i := 0
		return testing.AllocsPerRun(len(headers), func() {
			if s, err := table.SignersFor(ctx, headers[i%len(headers)]); len(s) != 1 || err != nil {
				t.Error(s, err)
			}
			i++
		})
	}
	table := many(t)
	before := table.Keys.(*KeyCache).Stats()
	of10000 := cost(table)
	if after := table.Keys.(*KeyCache).Stats(); after.Loads != before.Loads || after.Hits-before.Hits < uint64(len(headers)) {
		t.Errorf("%+v, before %+v", after, before)
	}
	few := many(t)
	few.Senders = make(map[string][]Rule)
	for i := range headers {
		few.Senders[fmt.Sprintf("d%d.example", i*7)] = []Rule{{}}
	}
	if of1000 := cost(few); of10000 != of1000 || of10000 > 32 {
		t.Errorf("%v allocations among 10,000 domains, %v among 1,000", of10000, of1000)
	}
}
