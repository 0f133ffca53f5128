package keyrecord

import (
	"crypto"
	"fmt"
	"strings"

	"github.com/waxseal/waxseal/internal/taglist"
)

// Parse parses the text of a TXT record, its strings joined. Tags that it does
// not know are ignored. A record whose p= is empty parses; Revoked reports it.
// An RSA key of any size up to 8192 bits parses.
//
// Errors wrap ErrSyntax, ErrKeyType for a k= that is neither rsa nor ed25519,
// and ErrKeySize. A text above 16 KiB is ErrSyntax. Time and memory are linear
// in the length of the text.
func Parse(txt string) (*Record, error) {
	if len(txt) > maxRecord {
		return nil, fmt.Errorf("%w: %d octets, the limit is %d", ErrSyntax, len(txt), maxRecord)
	}
	var buf [16]taglist.Tag
	tags, err := taglist.Append(buf[:0], txt)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	if tags[0].Name == "v" && tags[0].Value != "DKIM1" {
		return nil, fmt.Errorf(`%w: v=%.40q is not "DKIM1"`, ErrSyntax, tags[0].Value)
	}
	r, keyType, key := new(Record), "rsa", -1
	for i, t := range tags {
		var err error
		switch t.Name {
		case "v":
			if i > 0 {
				err = fmt.Errorf("%w: v= must be the first tag", ErrSyntax)
			}
		case "h":
			r.Hashes, err = parseWords(t, "")
		case "s":
			r.Services, err = parseWords(t, "*")
		case "t":
			r.Flags, err = parseWords(t, "")
		case "k":
			keyType, err = t.Value, checkWord("k", t.Value, "")
		case "g":
			r.Granularity = new(strings.Clone(t.Value))
		case "n":
			r.Notes = decodeNotes(t.Value)
		case "p":
			key = i
		}
		if err != nil {
			return nil, err
		}
	}
	if key < 0 {
		return nil, fmt.Errorf("%w: no p=, which holds the key", ErrSyntax)
	}
	r.Key, err = parseKey(keyType, tags[key].Value)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// parseKey parses the value of p=. An empty one is a revoked key, which is nil.
func parseKey(keyType, text string) (crypto.PublicKey, error) {
	isRSA := equalFold(keyType, "rsa")
	if !isRSA && !equalFold(keyType, "ed25519") {
		return nil, fmt.Errorf("%w: k=%.40q; rsa and ed25519 are supported", ErrKeyType, keyType)
	}
	if text == "" {
		return nil, nil
	}
	if len(text) > maxKeyText {
		// It may still be white space that makes it long.
		if n := len(text) - countFWS(text); n > maxKeyText {
			return nil, fmt.Errorf("%w: p= has %d characters, which is more than RSA of %d bits", ErrKeySize, n, maxRSABits)
		}
	}
	der, err := taglist.DecodeBase64(text)
	if err != nil {
		return nil, fmt.Errorf("%w: p= is not base64: %w", ErrSyntax, err)
	}
	if isRSA {
		return parseRSA(der)
	}
	return parseEd25519(der)
}

func countFWS(s string) (n int) {
	for i := range len(s) {
		switch s[i] {
		case ' ', '\t', '\r', '\n':
			n++
		}
	}
	return n
}

// parseWords parses a list of hyphenated words; also is a word that the tag
// allows besides.
func parseWords(t taglist.Tag, also string) ([]string, error) {
	words, err := taglist.Split(strings.Clone(t.Value), ':')
	if err != nil {
		return nil, fmt.Errorf("%w: %s=: %w", ErrSyntax, t.Name, err)
	}
	for _, w := range words {
		if err := checkWord(t.Name, w, also); err != nil {
			return nil, err
		}
	}
	return words, nil
}

func checkWord(tag, word, also string) error {
	if word == "" || word != also && !taglist.IsHyphenatedWord(word) {
		return fmt.Errorf("%w: %s=: %.40q is not a word of letters, digits and inner hyphens", ErrSyntax, tag, word)
	}
	return nil
}

// decodeNotes decodes a qp-section of RFC 2045, which, unlike the
// quoted-printable of DKIM's other tags, keeps white space. A fold goes, and "="
// without two hexadecimal digits stays as it is.
func decodeNotes(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '\r' || c == '\n' {
			continue
		}
		if c == '=' && len(s)-i > 2 {
			if d, err := taglist.DecodeQP(s[i : i+3]); err == nil && len(d) == 1 {
				c = d[0]
				i += 2
			}
		}
		b = append(b, c)
	}
	return string(b)
}
