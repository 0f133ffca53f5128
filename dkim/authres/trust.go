package authres

import (
	"slices"
	"strings"

	"github.com/waxseal/waxseal/internal/domain"
)

// Trusted reports whether the ID of the field is one of ids: names of servers
// whose reports the caller believes (RFC 8601, section 7.1). Neither case
// matters, nor do final dots, nor whether a label of a domain name is a U-label
// or an A-label. Without ids nothing is trusted, nor is a field without an ID.
func (f *Field) Trusted(ids ...string) bool {
	return f.ID != "" && slices.ContainsFunc(ids, func(id string) bool { return equalID(f.ID, id) })
}

// equalID compares two ids, which need not be domain names.
func equalID(a, b string) bool {
	a = strings.TrimRight(a, ".")
	b = strings.TrimRight(b, ".")
	return a == b || domain.Equal(a, b)
}
