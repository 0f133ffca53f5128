package explain

import (
	"bytes"
	"encoding/base64"
	"slices"

	"github.com/waxseal/waxseal/internal/taglist"
)

// bodyHashTag puts the hash of the body as it is into bh=.
func bodyHashTag(s *headerSearch) []*change {
	raw := s.m.header.Field(s.self)
	colon := bytes.IndexByte(raw, ':') + 1
	list, err := taglist.Parse(string(bytes.TrimSuffix(raw[colon:], []byte("\r\n"))))
	if err != nil {
		return nil
	}
	for _, t := range list {
		if t.Name != "bh" {
			continue
		}
		then := slices.Concat(raw[:colon+t.Start], []byte(base64.StdEncoding.EncodeToString(s.body)), raw[colon+t.End:])
		own, _ := emptied(then)
		return []*change{{cause: SignatureField, detail: "bh=, which is not the hash that was signed",
			patches: []patch{{len(s.slots), s.alg.AppendField(nil, own)}}, edits: []fieldEdit{{s.self, then}}}}
	}
	return nil
}

// signatureSpacing makes the own field as signers do that empty b= in a way of
// their own.
func signatureSpacing(s *headerSearch) []*change {
	raw := s.m.header.Field(s.self)
	own, value := emptied(raw)
	b := raw[value[0]:value[1]]
	first := b[:len(b)-len(bytes.TrimLeft(b, " \t\r\n"))]
	last := b[len(bytes.TrimRight(b, " \t\r\n")):]
	var list []*change
	for _, v := range []struct {
		text   []byte
		detail string
	}{
		{slices.Concat(own[:value[0]], first, own[value[0]:]), "the signer left white space after b= in what it signed"},
		{slices.Concat(own[:value[0]], last, own[value[0]:]), "the signer left white space after the value of b= in what it signed"},
		{slices.Concat(own[:value[0]], first, last, own[value[0]:]), "the signer left the white space around the value of b= in what it signed"},
		{slices.Concat(own[:value[0]], []byte(" "), own[value[0]:]), "the signer signed a space after b="},
		{slices.Concat(own, []byte("\r\n")), "the signer signed a CRLF at the end of the signature field"},
		{bytes.TrimSuffix(own, []byte(";")), "the signer signed the field without the semicolon at its end"},
		{raw[:len(raw)-len("\r\n")], "the signer signed the field with the value of b="},
		{nil, "the signer did not sign the signature field"},
	} {
		list = append(list, &change{cause: SignatureSpacing, detail: v.detail, rank: 1,
			patches: []patch{{len(s.slots), s.canonicalOwn(v.text)}}})
	}
	return list
}

// canonicalOwn is the canonical form of an own field, which can end in CRLF, or
// be none at all.
func (s *headerSearch) canonicalOwn(text []byte) []byte {
	if text == nil {
		return nil
	}
	return s.alg.AppendField(nil, text)
}

// otherHeaderCanon canonicalizes by the algorithm that c= does not name.
func otherHeaderCanon(s *headerSearch) []*change {
	other := otherAlgorithm(s.alg)
	c := &change{cause: OtherCanon, rank: 1,
		detail: "the signer canonicalized the header by " + other.String() + ", and c= says " + s.alg.String()}
	for k, text := range s.canonicalTexts(other) {
		c.patches = append(c.patches, patch{k, text})
	}
	return []*change{c}
}
