package signtable

import (
	"crypto"
	"time"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/headerlist"
)

// A Rule says how one signature of a sender is made. A field that is zero takes
// its value from Table.Default, and what is zero there, too, is what
// dkim.Signer makes of it.
type Rule struct {
	// Domain is d=, with macros. BaseDomain is d=, too, and has to be the domain
	// of the sender or a parent of it: "example.com" for joe@corp.example.com.
	// With neither, d= is the domain of the table's entry, and that of the
	// sender for the entry "."; where that cannot be a d=, as "localhost", the
	// rule makes no signature.
	Domain, BaseDomain string

	Selector string // s=; required
	// Identity is i=, with macros: "%{sender}" or "@%{d}". "-" is no i=, where
	// the default has one.
	Identity string

	Headers     headerlist.List // nil is dkim.DefaultHeaders()
	Canon       canon.Pair      // each half for itself
	Algorithm   string          // a= that the key has to fit; empty: any. "rsa-sha1" is an error (RFC 8301)
	Lifetime    time.Duration   // to x=; negative: no x=, where the default has one
	BodyLength  Switch          // writes l=
	BodyOctets  int64           // l= with a fixed number; negative: none, where the default has one
	CopyHeaders Switch          // writes z=
	Query       Switch          // writes q=
	OmitTime    Switch          // writes no t=
	Extra       []dkim.Tag      // other tags; empty but not nil: none, where the default has some

	// Key signs. Without it, the key is read from Table.Keys under KeyPath with
	// its macros expanded: "%{d}/%{s}.key". A key that is text, with the lines
	// of PEM or without, becomes a Key by dkim.ParseKey.
	Key     crypto.Signer
	KeyPath string
	// KeyDomain and KeySelector are %{d} and %{s} in KeyPath: to sign with the
	// key of another domain. Empty: d= and s=.
	KeyDomain, KeySelector string
	// Optional makes no signature, and no error, where there is no key under
	// KeyPath (fs.ErrNotExist): to sign for whoever has a key.
	Optional Switch

	// Condition is asked whether the message is to have this signature. Nil:
	// every message. It is called by many goroutines.
	Condition func(*Message) bool

	// The rule is used from NotBefore on, and before NotAfter; zero is no bound.
	// Outside, or while the key cannot be read, or Table.Preflight refuses it,
	// Fallback takes its place: the older key of a rotation. These three are not
	// taken from a default.
	NotBefore, NotAfter time.Time
	Fallback            *Rule
}

// A Switch is a choice that a rule may leave to the default.
type Switch uint8

// The zero Switch is Inherit. Inherit in the default is Off.
const (
	Inherit Switch = iota
	On
	Off
)

// merge returns r with the fields that are set in over.
func merge(r, over *Rule) Rule {
	m := *r
	if over.Domain != "" || over.BaseDomain != "" {
		m.Domain, m.BaseDomain = over.Domain, over.BaseDomain
	}
	set(&m.Selector, over.Selector)
	set(&m.Identity, over.Identity)
	if over.Headers != nil {
		m.Headers = over.Headers
	}
	set(&m.Canon.Header, over.Canon.Header)
	set(&m.Canon.Body, over.Canon.Body)
	set(&m.Algorithm, over.Algorithm)
	set(&m.Lifetime, over.Lifetime)
	set(&m.BodyLength, over.BodyLength)
	set(&m.BodyOctets, over.BodyOctets)
	set(&m.CopyHeaders, over.CopyHeaders)
	set(&m.Query, over.Query)
	set(&m.OmitTime, over.OmitTime)
	if over.Extra != nil {
		m.Extra = over.Extra
	}
	if over.Key != nil || over.KeyPath != "" {
		m.Key, m.KeyPath = over.Key, over.KeyPath
	}
	set(&m.KeyDomain, over.KeyDomain)
	set(&m.KeySelector, over.KeySelector)
	set(&m.Optional, over.Optional)
	if over.Condition != nil {
		m.Condition = over.Condition
	}
	return m
}

// set overwrites what is in dst, unless v is zero.
func set[T comparable](dst *T, v T) {
	var zero T
	if v != zero {
		*dst = v
	}
}

// current reports whether the rule is used at a time.
func (r *Rule) current(now time.Time) bool {
	return !now.Before(r.NotBefore) && (r.NotAfter.IsZero() || now.Before(r.NotAfter))
}

// Exists returns a Condition for the messages that have a value of a name,
// whatever it is: Exists("can_relay").
func Exists(name string) func(*Message) bool {
	return func(m *Message) bool {
		_, ok := m.Values[name]
		return ok
	}
}
