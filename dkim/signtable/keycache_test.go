package signtable

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

// A lockedFS is a file system that tests change while it is read.
type lockedFS struct {
	mu    sync.Mutex
	files fstest.MapFS
	err   error // of every Open
	opens atomic.Int64
}

func (f *lockedFS) set(name string, file *fstest.MapFile) {
	f.mu.Lock()
	defer f.mu.Unlock()
	next := fstest.MapFS{} // files that are open stay as they are
	for k, v := range f.files {
		next[k] = v
	}
	if next[name] = file; file == nil {
		delete(next, name)
	}
	f.files = next
}

func (f *lockedFS) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *lockedFS) Open(name string) (fs.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: f.err}
	}
	f.opens.Add(1)
	return f.files.Open(name)
}

func (f *lockedFS) Stat(name string) (fs.FileInfo, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.files.Stat(name)
}

const keyName = "example.com/s1.key"

// step says what happens to a file, and what the key is then.
type step struct {
	what  string
	do    func(*lockedFS, *KeyCache, *clock)
	key   crypto.Signer // nil: err
	err   error
	opens int64 // files that were read for this step
}

func TestKeyFiles(t *testing.T) {
	first, second := edKey(1), edKey(2)
	old := keyFile(first)
	put := func(file *fstest.MapFile) func(*lockedFS, *KeyCache, *clock) {
		return func(f *lockedFS, _ *KeyCache, _ *clock) { f.set(keyName, file) }
	}
	after := func(d time.Duration) func(*lockedFS, *KeyCache, *clock) {
		return func(_ *lockedFS, _ *KeyCache, c *clock) { c.add(d) }
	}
	flush := func(_ *lockedFS, c *KeyCache, _ *clock) { c.Flush() }
	nothing := func(*lockedFS, *KeyCache, *clock) {}
	replaced := keyFile(second)
	replaced.ModTime = testTime
	malformed := &fstest.MapFile{Data: old.Data[:len(old.Data)/2], ModTime: testTime}
	for _, tt := range []struct {
		what  string
		cache *KeyCache
		steps []step
	}{
		{"a key that stays is read again when its time is over", &KeyCache{}, []step{
			{"first", put(old), first, nil, 1},
			{"kept", after(5*time.Minute - 1), first, nil, 0},
			{"read again", after(1), first, nil, 1},
			{"kept again", after(5*time.Minute - 1), first, nil, 0},
		}},
		{"removed: the old key until expiry, then an error until it is there", &KeyCache{TTL: time.Hour, NegativeTTL: time.Minute}, []step{
			{"first", put(old), first, nil, 1},
			{"removed", put(nil), first, nil, 0},
			{"expired", after(time.Hour), nil, fs.ErrNotExist, 0},
			{"put back, but not looked at", put(replaced), nil, fs.ErrNotExist, 0},
			{"looked at", after(time.Minute), second, nil, 1},
		}},
		{"removed: the old key until Flush", &KeyCache{}, []step{
			{"first", put(old), first, nil, 1},
			{"removed", put(nil), first, nil, 0},
			{"flushed", flush, nil, fs.ErrNotExist, 0},
			{"put back", put(old), nil, fs.ErrNotExist, 0},
			{"flushed again", flush, first, nil, 1},
		}},
		{"replaced", &KeyCache{}, []step{
			{"first", put(old), first, nil, 1},
			{"replaced", put(replaced), first, nil, 0},
			{"expired", after(5 * time.Minute), second, nil, 1},
		}},
		{"replaced and forgotten", &KeyCache{}, []step{
			{"first", put(old), first, nil, 1},
			{"replaced", put(replaced), first, nil, 0},
			{"another name", func(_ *lockedFS, c *KeyCache, _ *clock) { c.Forget("other") }, first, nil, 0},
			{"forgotten", func(_ *lockedFS, c *KeyCache, _ *clock) { c.Forget(keyName) }, second, nil, 1},
		}},
		{"malformed", &KeyCache{}, []step{
			{"first", put(old), first, nil, 1},
			{"malformed", put(malformed), first, nil, 0},
			{"expired", after(5 * time.Minute), nil, dkim.ErrKey, 1},
			{"not read for each message", nothing, nil, dkim.ErrKey, 0},
			{"read again", after(time.Minute), nil, dkim.ErrKey, 1},
			{"mended", put(replaced), nil, dkim.ErrKey, 0},
			{"and read", after(time.Minute), second, nil, 1},
		}},
		{"unreadable", &KeyCache{}, []step{
			{"first", put(old), first, nil, 1},
			{"unreadable", func(f *lockedFS, _ *KeyCache, _ *clock) { f.fail(fs.ErrPermission) }, first, nil, 0},
			{"expired", after(5 * time.Minute), nil, fs.ErrPermission, 0},
			{"readable", func(f *lockedFS, _ *KeyCache, _ *clock) { f.fail(nil) }, nil, fs.ErrPermission, 0},
			{"flushed", flush, first, nil, 1},
		}},
		{"a failure that may be over is not kept", &KeyCache{}, []step{
			{"busy", func(f *lockedFS, _ *KeyCache, _ *clock) { f.set(keyName, old); f.fail(errBusy) }, nil, errBusy, 0},
			{"over", func(f *lockedFS, _ *KeyCache, _ *clock) { f.fail(nil) }, first, nil, 1},
		}},
		{"Recheck", &KeyCache{TTL: time.Hour, Recheck: time.Minute}, []step{
			{"first", put(old), first, nil, 1},
			{"looked at, unchanged", after(time.Minute), first, nil, 0},
			{"replaced, not looked at", put(replaced), first, nil, 0},
			{"looked at", after(time.Minute), second, nil, 1},
			{"malformed", put(malformed), second, nil, 0},
			{"looked at: the old key stays", after(30 * time.Minute), second, nil, 1},
			{"removed: the old key stays", put(nil), second, nil, 0},
			{"looked at again", after(29 * time.Minute), second, nil, 0},
			{"until it expires", after(time.Minute), nil, fs.ErrNotExist, 0},
		}},
		{"nothing is kept", &KeyCache{TTL: -1, NegativeTTL: -1}, []step{
			{"first", put(old), first, nil, 1},
			{"replaced", put(replaced), second, nil, 1},
			{"removed", put(nil), nil, fs.ErrNotExist, 0},
			{"put back", put(old), first, nil, 1},
		}},
		{"no room", &KeyCache{Size: -1}, []step{
			{"first", put(old), first, nil, 1},
			{"second", nothing, first, nil, 1},
		}},
		{"files that are no keys", &KeyCache{NegativeTTL: -1}, []step{
			{"a folder", put(&fstest.MapFile{Mode: fs.ModeDir}), nil, dkim.ErrKey, 0},
			{"a pipe", put(&fstest.MapFile{Mode: fs.ModeNamedPipe}), nil, dkim.ErrKey, 0},
			{"empty", put(&fstest.MapFile{}), nil, dkim.ErrKey, 1},
			{"too large", put(&fstest.MapFile{Data: make([]byte, maxKeyFile+1)}), nil, dkim.ErrKey, 1},
			{"the public half", put(&fstest.MapFile{Data: []byte("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n")}), nil, dkim.ErrKey, 1},
		}},
		{"forms of a key", &KeyCache{TTL: -1}, []step{
			{"keybuf: the body of the PEM in one line", put(&fstest.MapFile{Data: []byte(body(old.Data, ""))}), first, nil, 1},
			{"keybuf with line breaks", put(&fstest.MapFile{Data: []byte(body(old.Data, "\r\n"))}), first, nil, 1},
			{"32 octets of seed", put(&fstest.MapFile{Data: []byte("AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=")}), second, nil, 1},
		}},
	} {
		fsys, now := &lockedFS{files: fstest.MapFS{}}, newClock()
		tt.cache.FS, tt.cache.Time = fsys, now.time
		for _, s := range tt.steps {
			s.do(fsys, tt.cache, now)
			before := fsys.opens.Load()
			key, err := tt.cache.Key(context.Background(), keyName)
			if opens := fsys.opens.Load() - before; opens != s.opens {
				t.Errorf("%s: %s: the file is read %d times, want %d", tt.what, s.what, opens, s.opens)
			}
			if s.key == nil {
				if key != nil || !errors.Is(err, s.err) || !errors.Is(err, dkim.ErrKey) || !strings.Contains(err.Error(), keyName) {
					t.Errorf("%s: %s: %v, %v; want %v", tt.what, s.what, key, err, s.err)
				}
			} else if err != nil || !equal(key.Public(), s.key.Public()) {
				t.Errorf("%s: %s: %v, %v", tt.what, s.what, key, err)
			}
		}
	}
}

var errBusy = errors.New("too many open files")

// body returns the text between the lines of PEM.
func body(pem []byte, lineEnd string) string {
	lines := strings.Split(strings.TrimSpace(string(pem)), "\n")
	return strings.Join(lines[1:len(lines)-1], lineEnd)
}

// A flood of names that have no key pushes no key out, and the cache stays as
// large as it may.
func TestFloodOfNames(t *testing.T) {
	fsys := &lockedFS{files: fstest.MapFS{keyName: keyFile(edKey(1))}}
	c := &KeyCache{FS: fsys, Size: 4}
	ctx := context.Background()
	c.Key(ctx, keyName)
	for i := range 100 {
		c.Key(ctx, fmt.Sprintf("%d.example/s1.key", i))
	}
	if _, err := c.Key(ctx, keyName); err != nil || fsys.opens.Load() != 1 {
		t.Errorf("%v; the file was read %d times", err, fsys.opens.Load())
	}
	want := KeyStats{Size: 5, Hits: 1, Misses: 101, Loads: 101, Failures: 100, Evictions: 96}
	if got := c.Stats(); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	c.Key(ctx, "99.example/s1.key")
	c.Key(ctx, "98.example/s1.key")
	for i := range 4 { // keys do push keys out, the least recently used first
		name := fmt.Sprintf("%d.example/s1.key", 200+i)
		fsys.set(name, keyFile(edKey(1)))
		c.Key(ctx, name)
	}
	c.Key(ctx, keyName)
	if got := c.Stats(); got.NegativeHits != 2 || got.Evictions != 98 || got.Size != 8 || fsys.opens.Load() != 6 {
		t.Errorf("%+v, %d files read", got, fsys.opens.Load())
	}
}

// A slowSource is a key service that answers when it is told to.
type slowSource struct {
	calls atomic.Int64
	ask   chan context.Context
	reply chan error
	panic bool
}

func (s *slowSource) Key(ctx context.Context, _ string) (crypto.Signer, error) {
	s.calls.Add(1)
	s.ask <- ctx
	err := <-s.reply
	if s.panic {
		panic("no")
	}
	if err != nil {
		return nil, err
	}
	return edKey(1), nil
}

func newSlowSource() *slowSource {
	return &slowSource{ask: make(chan context.Context), reply: make(chan error)}
}

func TestOneLoadForMany(t *testing.T) { synctest.Test(t, oneLoadForMany) }

func oneLoadForMany(t *testing.T) {
	s := newSlowSource()
	c := &KeyCache{Source: s}
	errs := make(chan error)
	for range 50 {
		go func() {
			key, err := c.Key(context.Background(), "k")
			if err == nil && key == nil {
				err = errors.New("no key")
			}
			errs <- err
		}()
	}
	<-s.ask
	synctest.Wait() // the others wait
	s.reply <- nil
	for range 50 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if n := s.calls.Load(); n != 1 {
		t.Errorf("%d loads, want 1", n)
	}
}

// Who leaves does not fail the others: the load is made again by one of them.
func TestFirstOfManyLeaves(t *testing.T) { synctest.Test(t, firstOfManyLeaves) }

func firstOfManyLeaves(t *testing.T) {
	s := newSlowSource()
	c := &KeyCache{Source: s}
	ctx, cancel := context.WithCancel(context.Background())
	first, second := make(chan error), make(chan error)
	go func() { _, err := c.Key(ctx, "k"); first <- err }()
	<-s.ask
	go func() { _, err := c.Key(context.Background(), "k"); second <- err }()
	synctest.Wait() // the others wait
	cancel()
	s.reply <- ctx.Err()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if again := <-s.ask; again.Err() != nil {
		t.Error("the context of the second has ended")
	}
	s.reply <- nil
	if err := <-second; err != nil {
		t.Error(err)
	}
}

// A waiter leaves with its own context.
func TestWaiterLeaves(t *testing.T) { synctest.Test(t, waiterLeaves) }

func waiterLeaves(t *testing.T) {
	s := newSlowSource()
	c := &KeyCache{Source: s}
	first := make(chan error)
	go func() { _, err := c.Key(context.Background(), "k"); first <- err }()
	<-s.ask
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.Key(ctx, "k"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	s.reply <- nil
	if err := <-first; err != nil {
		t.Error(err)
	}
	if _, err := (&KeyCache{Source: s}).Key(ctx, "k"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A load that Flush met is not kept, and nobody who comes later waits for it.
func TestFlushDuringLoad(t *testing.T) { synctest.Test(t, flushDuringLoad) }

func flushDuringLoad(t *testing.T) {
	s := newSlowSource()
	c := &KeyCache{Source: s}
	first, second := make(chan error), make(chan error)
	get := func(done chan error) { _, err := c.Key(context.Background(), "k"); done <- err }
	go get(first)
	<-s.ask
	c.Flush()
	go get(second)
	<-s.ask
	s.reply <- dkim.ErrKey
	s.reply <- dkim.ErrKey
	if err := errors.Join(<-first, <-second); s.calls.Load() != 2 || err == nil {
		t.Errorf("%d loads, %v", s.calls.Load(), err)
	}
}

// Waiters do not hang when a load panics.
func TestPanickingSource(t *testing.T) { synctest.Test(t, panickingSource) }

func panickingSource(t *testing.T) {
	s := newSlowSource()
	s.panic = true
	c := &KeyCache{Source: s}
	first, second := make(chan any), make(chan error)
	go func() {
		defer func() { first <- recover() }()
		c.Key(context.Background(), "k")
	}()
	<-s.ask
	go func() { _, err := c.Key(context.Background(), "k"); second <- err }()
	synctest.Wait() // the others wait
	s.reply <- nil
	if r := <-first; r != "no" {
		t.Errorf("recovered %v", r)
	}
	if err := <-second; !errors.Is(err, errPanic) {
		t.Error(err)
	}
}

func TestBadSource(t *testing.T) {
	none := KeyFunc(func(context.Context, string) (crypto.Signer, error) { return nil, nil })
	if key, err := (&KeyCache{Source: none}).Key(context.Background(), "k"); key != nil || !errors.Is(err, dkim.ErrKey) {
		t.Error(key, err)
	}
}

// While files come, go and change under many signers, every signature is made
// with a key that was in the file of its domain, and every error is the right
// one.
func TestConcurrentSigners(t *testing.T) {
	const domains = 4
	zone := keyrecord.MapResolver{}
	fsys := &lockedFS{files: fstest.MapFS{}}
	name := func(i int) string { return fmt.Sprintf("d%d.example/s1.key", i) }
	own := func(i, n int) crypto.Signer { return dkimtest.Ed25519(byte(2*i + n)) }
	for i := range domains {
		for n := range 2 { // two keys in turn, both published
			rec, err := keyrecord.New(own(i, n).Public())
			if err != nil {
				t.Fatal(err)
			}
			at := fmt.Sprintf("s1._domainkey.d%d.example", i)
			zone[at] = append(zone[at], rec.String())
		}
		fsys.set(name(i), keyFile(own(i, 0)))
	}
	cache := &KeyCache{FS: fsys, TTL: time.Microsecond, NegativeTTL: time.Microsecond, Recheck: time.Nanosecond}
	table := &Table{Default: Rule{Selector: "s1", KeyPath: "%{d}/%{s}.key"}, Senders: map[string][]Rule{".": {{}}}, Keys: cache, Time: atTestTime}
	stop := make(chan struct{})
	var signers, changers sync.WaitGroup
	changers.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			i := n % domains
			good := keyFile(own(i, n/domains%2))
			good.ModTime = testTime.Add(time.Duration(n))
			fsys.set(name(i), []*fstest.MapFile{good, nil, {Data: good.Data[:20]}, good}[n/3%4])
			if n%7 == 0 {
				cache.Flush()
			}
			fsys.fail([]error{nil, nil, nil, nil, fs.ErrPermission}[n%5])
		}
	})
	var made, failed atomic.Int64
	for g := range 8 {
		signers.Go(func() {
			for i := range 60 {
				header := fmt.Sprintf("From: joe@d%d.example\r\n", (g+i)%domains)
				sigs, err := sign(t, table, header)
				switch {
				case err == nil && len(sigs) == 1 && verify(t, zone, sigs, header) == dkim.Pass:
					made.Add(1)
				case sigs == nil && errors.Is(err, dkim.ErrKey):
					failed.Add(1)
				default:
					t.Errorf("%d signatures, %v", len(sigs), err)
				}
			}
		})
	}
	signers.Wait()
	close(stop)
	changers.Wait()
	if made.Load() == 0 {
		t.Errorf("%d signatures, %d errors: the test shows nothing", made.Load(), failed.Load())
	}
}
