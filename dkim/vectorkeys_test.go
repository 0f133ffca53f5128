package dkim

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

// addRecords bends the key record.
func (m *vectorMaker) addRecords() {
	signed := craft(m.t, m.rsa, with("i=joe@a.example.org"), testMessage)
	for _, row := range keyRows(m.good) {
		reason := expected(row.status, row.reason)
		text := fmt.Sprintf("%.60q", row.txt)
		switch {
		case reason != "permerror key-unusable":
		case strings.Contains(row.id, "v-c"), strings.Contains(row.id, "not joined"), strings.Contains(row.id, "64 KiB"):
			reason = "permerror key-syntax"
		}
		if strings.Contains(row.id, "64 KiB") {
			continue // too large for a file
		}
		v := m.add(row.id, "TXT "+text, signed, reason)
		v.Results[0].Testing = row.txt != nil && strings.Contains(row.txt[0], "t=y")
		if v.DNS[rsaName] = row.txt; row.txt == nil {
			delete(v.DNS, rsaName)
		}
	}
	_, p, _ := strings.Cut(m.good, "p=")
	_, other, _ := strings.Cut((&keyrecord.Record{Key: dkimtest.RSA(2048).Public()}).String(), "p=")
	testing := []string{"6376-3.6.1t-a", "6376-3.6.1t-b"}
	for _, row := range []struct{ id, tags, txt, want string }{
		{"6376-3.6.1t-c: the domain of d= in capitals", with("i=x@EXAMPLE.org"), "t=s; p=" + p, "pass"},
		{"6376-3.6.1k-b", goodTags, "K=x; a=x; p=" + p, "pass"},
		{"6376-3.6.1h-a", goodTags, "v=DKIM1; p=" + p, "pass"},
		{"6376-3.6.1t-c, 6376-3.5i-a: no i=", goodTags, "t=s; p=" + p, "pass"},
		{"6376-3.6.1t-e", goodTags, "t=y:; p=" + p, "permerror key-syntax"},
		{"6376-3.6.1t-a", with("i=@a.example.org"), "t=x:y:s; p=" + p, "permerror domain-mismatch"},
		{"6376-3.6.1t-b", goodTags, "t=y; p=" + other, "fail signature"},
		{"6376-3.6.1t-b", goodTags, "t=y; p=", "permerror key-revoked"},
		{"6376-3.6.1p-e", goodTags, "h=sha1; p=", "permerror key-unusable"},
		{"6376-3.6.1p-c: CRLF and white space", goodTags, "p=" + p[:20] + "\r\n " + p[20:], "pass"},
		{"6376-3.6.1p-c: CRLF without white space", goodTags, "p=" + p[:20] + "\r\n" + p[20:], "permerror key-syntax"},
		{"6376-3.6.1v-d", goodTags, " v = DKIM1 ;p=" + p, "pass"},
		{"6376-3.2-m: p= twice", goodTags, "p=" + p + "; p=" + p, "permerror key-syntax"},
		{"6376-3.2-p: k=", goodTags, "k=; p=" + p, "permerror key-syntax"},
		{"6376-3.2-p: h=", goodTags, "h=; p=" + p, "permerror key-syntax"},
		{"6376-3.2-p: s=", goodTags, "s=; p=" + p, "permerror key-syntax"},
		{"6376-3.2-p: t=", goodTags, "t=; p=" + p, "permerror key-syntax"},
		{"6376-3.2-n: words of a record in capitals", goodTags, "h=SHA256; k=RSA; s=EMAIL; p=" + p, "pass"},
		{"6376-3.6.2-j", goodTags, `v=DKIM1\; p=` + p, "permerror key-syntax"},
		{"8616-3-a", goodTags, "n=für; p=" + p, "pass"},
		{"6376-3.6.1k-e: RSAPublicKey", goodTags, "p=" + base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PublicKey(&m.rsa.PublicKey)), "pass"},
		{"6376-3.6.1k-f: an octet after the key", goodTags, "p=" + base64.StdEncoding.EncodeToString(append(x509.MarshalPKCS1PublicKey(&m.rsa.PublicKey), 0)), "permerror key-syntax"},
		{"6376-3.6.1k-g: exponent 1", goodTags, "p=" + base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PublicKey(&rsa.PublicKey{N: m.rsa.N, E: 1})), "permerror key-syntax"},
		{"6376-3.6.1k-g: an even exponent", goodTags, "p=" + base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PublicKey(&rsa.PublicKey{N: m.rsa.N, E: 65536})), "permerror key-syntax"},
		{"6376-2.10-c: no padding", goodTags, "p=" + strings.TrimRight(p, "="), "pass"},
	} {
		v := m.add(row.id, fmt.Sprintf("TXT %.60q", row.txt), craft(m.t, m.rsa, row.tags, testMessage), row.want)
		v.DNS[rsaName] = []string{row.txt}
		v.Results[0].Testing = slices.Contains(testing, row.id)
	}
}

// addKeys are keys of all sizes and types.
func (m *vectorMaker) addKeys() {
	for _, bits := range []int{1023, 1024, 1025, 1536, 2047, 2048, 3072, 4096, 8192} {
		key, want, id := dkimtest.RSA(bits), "pass", "8301-3.2-c"
		switch {
		case bits < 1024:
			want, id = "permerror key-weak", "8301-3.2-e, 8301-3.2-f"
		case bits > 4096:
			id = "8301-3.2-d"
		}
		msg := craft(m.t, key, with("h=from"), testMessage)
		record := (&keyrecord.Record{Key: key.Public()}).String()
		m.add(id, fmt.Sprintf("RSA of %d bits", bits), msg, want).DNS[rsaName] = []string{record}
		if bits == 1536 {
			v := m.add("8301-3.2-g", "RSA of 1536 bits, 2048 are wanted", msg, "policy key-weak")
			v.DNS[rsaName], v.Options = []string{record}, &vectorOptions{MinRSABits: 2048}
		}
	}
	large := new(big.Int).SetBit(new(big.Int).Lsh(m.rsa.N, 7200), 0, 1)
	m.add("8301-3.2-d", "p= of a key above 8192 bits", craft(m.t, m.rsa, goodTags, testMessage), "permerror key-size").DNS[rsaName] =
		[]string{"p=" + base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PublicKey(&rsa.PublicKey{N: large, E: 65537}))}

	ed := dkimtest.Ed25519(1)
	record := (&keyrecord.Record{Key: ed.Public()}).String()
	_, p, _ := strings.Cut(record, "p=")
	octets, _ := base64.StdEncoding.DecodeString(p)
	encode := base64.StdEncoding.EncodeToString
	signed := craft(m.t, ed, with("a=ed25519-sha256"), testMessage)
	for _, row := range []struct{ id, about, txt, want string }{
		{"8463-3-c, 8463-5-a", "an Ed25519 key", record, "pass"},
		{"8463-A-b", "h=sha1 in an Ed25519 record", "h=sha1; k=ed25519; p=" + p, "permerror key-unusable"},
		{"6376-3.6.1k-a", "an Ed25519 key without k=", "p=" + p, "permerror key-syntax"},
		{"6376-3.6.1k-d", "an RSA key for ed25519-sha256", m.good, "permerror key-unusable"},
		{"8463-4.2-a", "31 octets", "k=ed25519; p=" + encode(octets[:31]), "permerror key-syntax"},
		{"8463-4.2-a", "33 octets", "k=ed25519; p=" + encode(append([]byte{0}, octets...)), "permerror key-syntax"},
		{"8463-4.2-b", "SubjectPublicKeyInfo", "k=ed25519; p=" + encode(append([]byte{0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0}, octets...)), "permerror key-syntax"},
		{"8463-5-d", "the neutral point", "k=ed25519; p=" + encode(append([]byte{1}, make([]byte, 31)...)), "permerror key-syntax"},
		{"8463-5-c", "no point of the curve", "k=ed25519; p=" + encode([]byte(strings.Repeat("\xff", 32))), "fail signature"},
		{"6376-6.1.3-a", "another Ed25519 key", (&keyrecord.Record{Key: dkimtest.Ed25519(2).Public()}).String(), "fail signature"},
	} {
		m.add(row.id, row.about, signed, row.want).DNS[rsaName] = []string{row.txt}
	}
	v := m.add("8463-A-c", "an Ed25519 key, RSA of 2048 bits wanted", signed, "pass")
	v.DNS[rsaName], v.Options = []string{record}, &vectorOptions{MinRSABits: 2048}
}

// addValues are signatures that only look like one.
func (m *vectorMaker) addValues() {
	order := []byte{0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10}
	ed := dkimtest.Ed25519(1)
	edRecord := (&keyrecord.Record{Key: ed.Public()}).String()
	for _, row := range []struct {
		id, about string
		change    func([]byte) []byte
	}{
		{"6376-6.1.3-c, 8463-5-b", "one octet less", func(b []byte) []byte { return b[:len(b)-1] }},
		{"6376-6.1.3-c, 8463-5-b", "one octet more", func(b []byte) []byte { return append(b, 0) }},
		{"6376-6.1.3-c", "a zero in front", func(b []byte) []byte { return append([]byte{0}, b...) }},
		{"6376-6.1.3-a", "one bit", func(b []byte) []byte { b[10] ^= 1; return b }},
		{"6376-6.1.3-a", "all zeros", func(b []byte) []byte { clear(b); return b }},
		{"8463-5-c", "S plus the order of the group, for Ed25519", func(b []byte) []byte {
			carry := 0
			for i, o := range order {
				at := len(b) - 32 + i
				sum := int(b[at]) + int(o) + carry
				b[at], carry = byte(sum), sum>>8
			}
			return b
		}},
	} {
		change := func(key crypto.Signer, opts crypto.Hash) crypto.Signer {
			return signFunc{key, func(d []byte) ([]byte, error) {
				b, err := key.Sign(rand.Reader, d, opts)
				return row.change(b), err
			}}
		}
		m.add(row.id, "b= of RSA: "+row.about, craft(m.t, change(m.rsa, crypto.SHA256), goodTags, testMessage), "fail signature")
		m.add(row.id, "b= of Ed25519: "+row.about, craft(m.t, change(ed, 0), with("a=ed25519-sha256"), testMessage), "fail signature").DNS[rsaName] = []string{edRecord}
	}
	raw := signFunc{m.rsa, func(d []byte) ([]byte, error) { return rsa.SignPKCS1v15(nil, m.rsa, 0, d) }}
	m.add("6376-6.1.3-d", "the digest without a DigestInfo", craft(m.t, raw, goodTags, testMessage), "fail signature")
	other := signFunc{m.rsa, func(d []byte) ([]byte, error) { return rsa.SignPKCS1v15(nil, m.rsa, crypto.SHA512_256, d) }}
	m.add("6376-6.1.3-d", "the digest in the DigestInfo of SHA-512/256", craft(m.t, other, goodTags, testMessage), "fail signature")
	ph := signFunc{ed, func(d []byte) ([]byte, error) { return ed.Sign(nil, sum(crypto.SHA512, d), crypto.SHA512) }}
	m.add("8463-3-b", "Ed25519ph", craft(m.t, ph, with("a=ed25519-sha256"), testMessage), "fail signature").DNS[rsaName] = []string{edRecord}
}
