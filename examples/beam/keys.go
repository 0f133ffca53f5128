package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/waxseal/waxseal/keyrecord"
)

func init() {
	beam.RegisterType(reflect.TypeFor[answer]())
	register.DoFn3x0[context.Context, message, func(string)](&namesFn{})
	register.DoFn5x0[context.Context, string, func(*int) bool, func(*string) bool, func(string, answer)](&lookupFn{})
	register.Function1x2(wantedFn)
	register.Function2x0(historyFn)
	register.Emitter1[string]()
	register.Emitter2[string, string]()
	register.Emitter2[string, answer]()
	register.Iter1[int]()
	register.Iter1[string]()
	register.Iter1[answer]()
}

// An answer is what is known of a key name. None of the two: it has no record.
type answer struct {
	TXT       []string
	Temporary string // why there is no answer
}

// namesFn emits the names of the keys that a message needs.
type namesFn struct{ Verifier verifier }

// ProcessElement verifies the header with a resolver that only writes down what it
// is asked: so the names are those that the verification will ask for, no more.
func (f *namesFn) ProcessElement(ctx context.Context, m message, emit func(string)) {
	var asked recorder
	header, _, _ := bytes.Cut(m.Raw, []byte("\r\n\r\n"))
	f.Verifier.verify(ctx, append(bytes.Clone(header), "\r\n\r\n"...), &asked)
	for name := range asked.names {
		emit(name)
	}
}

// A recorder is a resolver that has no answer.
type recorder struct {
	mu    sync.Mutex
	names map[string]bool
}

func (r *recorder) LookupTXT(_ context.Context, name string) ([]string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.names == nil {
		r.names = make(map[string]bool)
	}
	r.names[plain(name)] = true
	return nil, errors.New("later")
}

// plain returns a name as the pipeline spells it.
func plain(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// wantedFn gives a name a value, to be grouped by.
func wantedFn(name string) (string, int) { return name, 1 }

// historyFn reads a line of the file of keys: a name and the text of a record.
func historyFn(line string, emit func(string, string)) {
	name, txt, ok := strings.Cut(strings.TrimSpace(line), " ")
	if tab, rest, found := strings.Cut(strings.TrimSpace(line), "\t"); found && (!ok || len(tab) < len(name)) {
		name, txt, ok = tab, rest, true
	}
	if ok && !strings.HasPrefix(name, "#") {
		emit(plain(name), strings.TrimSpace(txt))
	}
}

const (
	atATime       = 32 // lookups
	lookupTimeout = 10 * time.Second
)

// lookupFn answers for each name that is wanted, from the past or from DNS, which
// it asks once: for many names side by side, since a domain that is gone may cost
// the whole timeout.
type lookupFn struct {
	Server  string
	Offline bool

	resolver *net.Resolver
	slots    chan struct{}
	pending  sync.WaitGroup
	mu       sync.Mutex
	found    map[string]answer
}

func (f *lookupFn) Setup() {
	f.resolver = net.DefaultResolver
	if f.Server != "" {
		f.resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, f.Server)
		}}
	}
	f.slots = make(chan struct{}, atATime)
}

func (f *lookupFn) StartBundle(_ context.Context, _ func(string, answer)) {
	f.found = make(map[string]answer)
}

func (f *lookupFn) ProcessElement(ctx context.Context, name string, wanted func(*int) bool, past func(*string) bool, emit func(string, answer)) {
	if n := 0; !wanted(&n) {
		return // a key of the past that no message needs
	}
	var known answer
	for txt := ""; past(&txt); {
		known.TXT = append(known.TXT, txt)
	}
	if known.TXT != nil || f.Offline {
		emit(name, known)
		return
	}
	count(ctx, "lookups")
	f.slots <- struct{}{}
	f.pending.Go(func() {
		defer func() { <-f.slots }()
		a := f.lookup(ctx, name)
		f.mu.Lock()
		defer f.mu.Unlock()
		f.found[name] = a
	})
}

// FinishBundle emits what the lookups have found.
func (f *lookupFn) FinishBundle(_ context.Context, emit func(string, answer)) {
	f.pending.Wait()
	for name, a := range f.found {
		emit(name, a)
	}
	f.found = nil
}

func (f *lookupFn) lookup(ctx context.Context, name string) answer {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	a, err := keyrecord.LookupAnswer(ctx, f.resolver, name)
	if errors.Is(err, keyrecord.ErrTemporary) {
		return answer{Temporary: err.Error()}
	}
	return answer{TXT: a.TXT}
}

// answers is a resolver over the answers of the pipeline.
type answers struct {
	find func(string) func(*answer) bool
	mu   sync.Mutex // find is for one at a time
	kept map[string]answer
}

var _ keyrecord.Resolver = (*answers)(nil)
var _ keyrecord.Resolver = (*recorder)(nil)

// use says where the answers for a message are.
func (r *answers) use(find func(string) func(*answer) bool) {
	r.mu.Lock() // a lookup of the message before may have been given up, and go on
	defer r.mu.Unlock()
	r.find = find
}

func (r *answers) LookupTXT(_ context.Context, name string) ([]string, error) {
	name = plain(name)
	r.mu.Lock()
	defer r.mu.Unlock()
	a, ok := r.kept[name]
	if !ok {
		if !r.find(name)(&a) {
			return nil, errors.New("nobody has looked it up") // temporary, and a fault of namesFn
		}
		if len(r.kept) >= maxKept {
			clear(r.kept)
		}
		r.kept[name] = a
	}
	if a.Temporary != "" {
		return nil, errors.New(a.Temporary)
	}
	return a.TXT, nil
}
