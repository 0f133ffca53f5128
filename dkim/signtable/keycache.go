package signtable

import (
	"context"
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/waxseal/waxseal/dkim"
)

const (
	defaultKeys        = 2048
	defaultTTL         = 5 * time.Minute
	defaultNegativeTTL = time.Minute

	maxKeyFile = 64 << 10 // octets: an RSA key of 16,384 bits has 13 KiB in PEM
	maxName    = 255      // octets of a name in a path: file systems have no longer ones
)

// A KeySource gives the private key of a name, which is Rule.KeyPath with its
// macros expanded. It is called by many goroutines. A *KeyCache is one; others
// ask a database or a key service, best behind a KeyCache.
//
// An error that wraps fs.ErrNotExist says that there is no such key.
type KeySource interface {
	Key(ctx context.Context, name string) (crypto.Signer, error)
}

// A KeyFunc is a KeySource.
type KeyFunc func(ctx context.Context, name string) (crypto.Signer, error)

// Key calls f.
func (f KeyFunc) Key(ctx context.Context, name string) (crypto.Signer, error) { return f(ctx, name) }

// A KeyCache is a KeySource that reads keys from files, or takes them from
// another source, and keeps them. One of FS and Source is required; the zero
// value of the other fields is what most systems want. It is safe for concurrent
// use and must not be copied; the fields are not to be changed once it is in
// use.
//
// When many want one key at the same time, the first of them loads it and the
// others wait. A key is used until its TTL is over, or until Flush or Forget,
// whatever happens to its file meanwhile; then the file is read again. One that
// is gone, cannot be read or holds no key is an error from then on, which is
// kept for NegativeTTL. To replace a key, write the new one beside it and rename
// it, so that no load meets a file that is half written.
//
// An error wraps dkim.ErrKey and the cause: fs.ErrNotExist, fs.ErrPermission, or
// what dkim.ParseKey found. It holds nothing of the key. The end of a context,
// and failures that are of none of these kinds, are not kept.
type KeyCache struct {
	// FS has the files, in the forms that dkim.ParseKey takes. That of an os.Root
	// follows no symbolic link out of its folder; os.DirFS follows them all.
	FS fs.FS
	// Source gives the keys if FS is nil.
	Source KeySource

	Size        int           // keys, and as many failures; zero is 2048, negative keeps none
	TTL         time.Duration // zero is 5 minutes, negative keeps no keys
	NegativeTTL time.Duration // zero is 1 minute, negative keeps no failures
	// Recheck is how often the time and size of a file are looked at while its
	// key is kept. A file that changed is read at once; if it holds no key, or
	// is gone, the old key stays until its TTL is over. Zero is never.
	Recheck time.Duration

	Time func() time.Time // nil is time.Now

	cache cache[loadedKey]
}

// KeyStats counts what a KeyCache did since its start, but for Size.
type KeyStats struct {
	Size         int    // keys and failures that are kept now, the expired ones too
	Hits         uint64 // requests for which a key was at hand
	NegativeHits uint64 // requests for which a failure was
	Misses       uint64 // requests that had to load, or to wait for another's load
	Loads        uint64 // looks at a file, or calls of Source
	Failures     uint64 // loads that failed
	Evictions    uint64 // keys and failures that went because the cache was full
}

// A loadedKey is a key with what tells whether its file has changed.
type loadedKey struct {
	key     crypto.Signer
	sum     [sha256.Size]byte // of the file
	info    fs.FileInfo
	expires time.Time // Recheck may come before
}

// Key returns the key of a name: a slash-separated path in FS, without ".." or
// a slash at its start, or what Source takes.
func (c *KeyCache) Key(ctx context.Context, name string) (crypto.Signer, error) {
	k, err := c.cache.get(ctx, name, c.size(), c.now, func(ctx context.Context, old *loadedKey) (*loadedKey, time.Duration, error) {
		return c.load(ctx, name, old)
	})
	if err != nil {
		return nil, fmt.Errorf("%w %q: %w", dkim.ErrKey, name, err)
	}
	return k.key, nil
}

// Flush forgets every key and every failure: call it after keys were replaced.
// A load under way serves those who wait for it, and is not kept.
func (c *KeyCache) Flush() { c.cache.flush() }

// Forget is Flush for one name.
func (c *KeyCache) Forget(name string) { c.cache.forget(name) }

// Stats returns the counts so far.
func (c *KeyCache) Stats() KeyStats {
	c.cache.mu.Lock()
	defer c.cache.mu.Unlock()
	s := c.cache.stats
	s.Size = c.cache.values.len() + c.cache.misses.len()
	return s
}

func (c *KeyCache) size() int { return orDefault(c.Size, defaultKeys) }

func (c *KeyCache) now() time.Time {
	if c.Time != nil {
		return c.Time()
	}
	return time.Now()
}

// orDefault returns v, or d if v is zero.
func orDefault[T int | time.Duration](v, d T) T {
	if v == 0 {
		return d
	}
	return v
}

// load is the loader of the cache.
func (c *KeyCache) load(ctx context.Context, name string, old *loadedKey) (*loadedKey, time.Duration, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	now := c.now()
	if old != nil && now.Before(old.expires) {
		return c.recheck(name, old, now)
	}
	ttl := orDefault(c.TTL, defaultTTL)
	k, err := c.fetch(ctx, name, old)
	if err != nil {
		return nil, c.keepFailure(ctx, err), err
	}
	k.expires = now.Add(ttl)
	return k, c.keepKey(ttl), nil
}

// keepKey returns how long a key is used without a look at its file, of the
// time that is left.
func (c *KeyCache) keepKey(left time.Duration) time.Duration {
	if c.Recheck > 0 && c.FS != nil {
		return min(c.Recheck, left)
	}
	return left
}

// keepFailure returns how long a failure is kept: not if it may be over with
// the next message.
func (c *KeyCache) keepFailure(ctx context.Context, err error) time.Duration {
	for _, lasting := range []error{fs.ErrNotExist, fs.ErrPermission, fs.ErrInvalid, dkim.ErrKey} {
		if errors.Is(err, lasting) && ctx.Err() == nil {
			return orDefault(c.NegativeTTL, defaultNegativeTTL)
		}
	}
	return 0
}

// recheck looks whether the file of a key that is in use has changed.
func (c *KeyCache) recheck(name string, old *loadedKey, now time.Time) (*loadedKey, time.Duration, error) {
	keep := c.keepKey(old.expires.Sub(now))
	info, err := fs.Stat(c.FS, name)
	if err != nil || info.Size() == old.info.Size() && info.ModTime().Equal(old.info.ModTime()) {
		return old, keep, nil
	}
	k, err := c.read(name, old)
	if err != nil {
		return old, keep, nil
	}
	ttl := orDefault(c.TTL, defaultTTL)
	k.expires = now.Add(ttl)
	return k, c.keepKey(ttl), nil
}

// fetch gets a key from where it is.
func (c *KeyCache) fetch(ctx context.Context, name string, old *loadedKey) (*loadedKey, error) {
	switch {
	case c.FS != nil:
		return c.read(name, old)
	case c.Source == nil:
		return nil, fmt.Errorf("%w: the KeyCache has neither FS nor Source", dkim.ErrKey)
	}
	key, err := c.Source.Key(ctx, name)
	if err == nil && (key == nil || isEmpty(key)) {
		err = fmt.Errorf("%w: the Source gave no key and no error", dkim.ErrKey)
	}
	return &loadedKey{key: key}, err
}

// read reads a key from its file. If the file is what it was, so is the key.
func (c *KeyCache) read(name string, old *loadedKey) (*loadedKey, error) {
	data, info, err := readFile(c.FS, name)
	if err != nil {
		return nil, err
	}
	defer clear(data)
	k := &loadedKey{sum: sha256.Sum256(data), info: info}
	if old != nil && old.sum == k.sum {
		k.key = old.key
		return k, nil
	}
	k.key, err = dkim.ParseKey(data)
	return k, err
}

// readFile reads a regular file of bounded size: opening a pipe would wait for
// who writes to it.
func readFile(fsys fs.FS, name string) ([]byte, fs.FileInfo, error) {
	if !fs.ValidPath(name) {
		return nil, nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	for part := range strings.SplitSeq(name, "/") {
		if len(part) > maxName {
			return nil, nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
	}
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%w: no regular file", dkim.ErrKey)
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err == nil && len(data) > maxKeyFile {
		err = fmt.Errorf("%w: more than %d octets", dkim.ErrKey, maxKeyFile)
	}
	return data, info, err
}
