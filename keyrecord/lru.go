package keyrecord

import "time"

// An entry is an answer that a Cache keeps. It does not change, but for its
// place in the list.
type entry struct {
	name    string // in lower case, without the final dot
	answer  Answer // TXT is nil if there is none
	keys    *Keys  // nil if err is set
	err     error  // wraps ErrNotFound, or says why none of the records is a key
	expires time.Time

	prev, next *entry // in the order of use
}

// fits reports whether e is small enough to be kept.
func (e *entry) fits() bool {
	octets, count := 0, len(e.answer.TXT)
	for _, txt := range e.answer.TXT {
		octets += len(txt)
	}
	if e.keys != nil {
		for _, r := range e.keys.Records {
			count += len(r.Hashes) + len(r.Services) + len(r.Flags)
		}
	}
	return octets <= maxKept && count <= maxKeptStrings
}

// An lru finds entries by name and knows which one was used least recently. The
// zero lru is empty.
type lru struct {
	byName map[string]*entry
	root   entry // of a ring: root.next was used last
}

func (l *lru) len() int { return len(l.byName) }

// get returns the entry of a name, and notes the use.
func (l *lru) get(name []byte) *entry {
	e := l.byName[string(name)]
	if e != nil && l.root.next != e {
		l.unlink(e)
		l.link(e)
	}
	return e
}

// add adds an entry whose name is not there.
func (l *lru) add(e *entry) {
	if l.byName == nil {
		l.byName = make(map[string]*entry)
		l.root.prev, l.root.next = &l.root, &l.root
	}
	l.byName[e.name] = e
	l.link(e)
}

func (l *lru) remove(name string) {
	if e := l.byName[name]; e != nil {
		delete(l.byName, name)
		l.unlink(e)
	}
}

func (l *lru) removeOldest() { l.remove(l.root.prev.name) }

func (l *lru) link(e *entry) {
	e.prev, e.next = &l.root, l.root.next
	e.prev.next, e.next.prev = e, e
}

func (l *lru) unlink(e *entry) {
	e.prev.next, e.next.prev = e.next, e.prev
	e.prev, e.next = nil, nil
}
