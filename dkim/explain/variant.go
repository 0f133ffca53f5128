package explain

import (
	"bytes"
	"strings"
)

// A variant is another spelling of a field, whole, with its CRLF.
type variant struct {
	raw   []byte
	rank  int
	class int
}

// These are the classes of changes that relays make to every field alike.
const (
	noClass = iota
	noColonSpace
	oneColonSpace
	unfolded
	tabToSpace
	spaceToTab
	noTrailing
	asListed
	lowerName
	joined
	oneSpace
)

// A varier collects variants of a field.
type varier struct {
	m           *message
	raw         []byte
	listed      string // the name as h= spells it
	name, value string // without the final CRLF
	list        []variant
	octets      int // of list
}

func (v *varier) read() {
	v.name, v.value, _ = strings.Cut(string(bytes.TrimSuffix(v.raw, []byte("\r\n"))), ":")
}

func (v *varier) add(rank, class int, name, value string) {
	const (
		most       = 400       // spellings of one field
		mostOctets = 512 << 10 // of all of them
	)
	if len(v.list) < most && v.octets < mostOctets {
		raw := []byte(name + ":" + value + "\r\n")
		v.list = append(v.list, variant{raw, rank, class})
		v.octets += len(raw)
	}
}

// is reports whether the field has one of these names.
func (v *varier) is(names ...string) bool {
	return containsFold(names, strings.TrimRight(v.name, " \t"))
}

// flat is the value without folds, with single spaces.
func (v *varier) flat() string { return collapse(strings.ReplaceAll(v.value, "\r\n", "")) }

// colonSpace varies the white space around the colon.
func (v *varier) colonSpace() {
	trimmed := strings.TrimLeft(v.value, " \t\r\n")
	v.add(0, oneColonSpace, v.name, " "+trimmed)
	v.add(0, noColonSpace, v.name, trimmed)
	v.add(1, noClass, v.name, "\t"+trimmed)
	v.add(1, noClass, v.name, "  "+trimmed)
	v.add(1, noClass, v.name, "\r\n "+trimmed)
	v.add(1, noClass, v.name, "\r\n\t"+trimmed)
	v.add(2, noClass, v.name, " \r\n "+trimmed)
	v.add(2, noClass, v.name, " \r\n\t"+trimmed)
	v.add(1, noClass, strings.TrimRight(v.name, " \t"), v.value)
	v.add(2, noClass, strings.TrimRight(v.name, " \t")+" ", v.value)
}

// trailing varies the white space at the end.
func (v *varier) trailing() {
	v.add(0, noTrailing, v.name, strings.TrimRight(v.value, " \t"))
	v.add(1, noClass, v.name, v.value+" ")
	v.add(2, noClass, v.name, v.value+"\t")
}

// names varies the case of the name.
func (v *varier) names() {
	v.add(0, asListed, v.listed, v.value)
	v.add(1, lowerName, strings.ToLower(v.name), v.value)
	v.add(1, noClass, properName(v.name), v.value)
	v.add(2, noClass, strings.ToUpper(v.name), v.value)
	if first, rest, ok := strings.Cut(v.name, "-"); ok {
		v.add(1, noClass, capital(first)+"-"+strings.ToLower(rest), v.value)
		v.add(1, noClass, capital(first)+"-"+capital(rest), v.value)
		v.add(1, noClass, capital(first)+"-"+strings.ToUpper(rest), v.value)
		v.add(2, noClass, strings.ToUpper(first)+"-"+capital(rest), v.value)
	} else {
		v.add(1, noClass, capital(v.name), v.value)
	}
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + strings.ToLower(s[1:])
}

// properName spells a field name as RFC 5322 and its kin do.
func properName(name string) string {
	switch lower := strings.ToLower(name); lower {
	case "mime-version":
		return "MIME-Version"
	case "message-id":
		return "Message-ID"
	case "dkim-signature":
		return "DKIM-Signature"
	case "content-id":
		return "Content-ID"
	default:
		words := strings.Split(lower, "-")
		for i, w := range words {
			words[i] = capital(w)
		}
		return strings.Join(words, "-")
	}
}

// folds varies where the field is folded, and with what.
func (v *varier) folds() {
	unfoldedValue := strings.ReplaceAll(v.value, "\r\n", "")
	collapsed := collapse(unfoldedValue)
	v.add(0, unfolded, v.name, unfoldedValue)
	v.add(0, oneSpace, v.name, collapsed)
	v.add(0, tabToSpace, v.name, strings.ReplaceAll(v.value, "\r\n\t", "\r\n "))
	v.add(0, spaceToTab, v.name, refold(v.value, "\t"))
	v.add(1, noClass, v.name, refold(v.value, " "))
	v.add(1, noClass, v.name, refold(v.value, "    "))
	v.add(1, noClass, v.name, refold(v.value, "        "))
	v.add(2, noClass, v.name, refold(v.value, "\t\t"))
	v.add(2, noClass, v.name, strings.ReplaceAll(v.value, "\t", " "))
	for _, width := range []int{78, 76, 72, 80, 75} {
		for _, indent := range []string{"", "\t", " ", "  ", "    ", "        "} {
			rank := 1
			if indent != "" && indent != "\t" {
				rank = 2
			}
			v.add(rank, noClass, v.name, foldAt(v.name, collapsed, width, indent))
		}
	}
	for _, after := range []string{",", ";"} {
		for _, indent := range []string{"\r\n ", "\r\n\t", "\r\n  ", "\r\n    ", "\r\n        "} {
			v.add(1, noClass, v.name, strings.ReplaceAll(collapsed, after+" ", after+indent))
		}
	}
	const most = 24 // places for the one fold of a short field
	n := 0
	for i := 1; i < len(collapsed) && n < most; i++ {
		if collapsed[i] != ' ' {
			continue
		}
		n++
		v.add(1, noClass, v.name, collapsed[:i]+"\r\n"+collapsed[i:])
		v.add(1, noClass, v.name, collapsed[:i]+"\r\n\t"+collapsed[i+1:])
		v.add(2, noClass, v.name, collapsed[:i]+" \r\n"+collapsed[i:])
		v.add(2, noClass, v.name, collapsed[:i]+" \r\n\t"+collapsed[i+1:])
	}
}

// refold gives each fold another indent.
func refold(value, indent string) string {
	parts := strings.Split(value, "\r\n")
	for i := 1; i < len(parts); i++ {
		parts[i] = indent + strings.TrimLeft(parts[i], " \t")
	}
	return strings.Join(parts, "\r\n")
}

// collapse makes one space of each run of white space.
func collapse(value string) string {
	var b strings.Builder
	space := false
	for i := range len(value) {
		if c := value[i]; c == ' ' || c == '\t' {
			space = true
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteByte(value[i])
	}
	if space {
		b.WriteByte(' ')
	}
	return b.String()
}

// foldAt folds a value, whose white space is single spaces, so that lines have
// at most width octets where that can be. An empty indent keeps the space.
func foldAt(name, value string, width int, indent string) string {
	var b strings.Builder
	line := len(name) + 1
	for i, word := range strings.SplitAfter(value, " ") {
		text := strings.TrimSuffix(word, " ")
		if i > 0 {
			if line+1+len(text) > width && line > 1 {
				b.WriteString("\r\n")
				line = 0
				if indent != "" {
					b.WriteString(indent)
					line = len(indent) - 1
				} else {
					b.WriteByte(' ')
				}
			} else {
				b.WriteByte(' ')
			}
			line++
		}
		b.WriteString(text)
		line += len(text)
	}
	return b.String()
}

// joints varies white space that relaxed sees: a fold put into a word, a space
// after a comma.
func (v *varier) joints() {
	parts := strings.Split(v.value, "\r\n")
	if len(parts) > 1 {
		for i := 1; i < len(parts); i++ {
			parts[i] = strings.TrimLeft(parts[i], " \t")
		}
		v.add(0, joined, v.name, strings.Join(parts, ""))
		const most = 24 // folds that are taken out one by one
		for i := 1; i < len(parts) && i <= most; i++ {
			v.add(1, noClass, v.name, strings.Join(parts[:i], "\r\n ")+strings.Join(parts[i:], "\r\n "))
		}
	}
	plain := v.flat()
	for _, c := range []string{",", ";", ":", "="} {
		v.add(1, noClass, v.name, strings.ReplaceAll(plain, c+" ", c))
		v.add(1, noClass, v.name, strings.ReplaceAll(strings.ReplaceAll(plain, c+" ", c), c, c+" "))
	}
	v.add(2, noClass, v.name, strings.ReplaceAll(plain, " ", ""))
}
