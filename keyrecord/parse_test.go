package keyrecord

import (
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

const (
	// The key of RFC 6376, appendix C, and its RSAPublicKey form of erratum 6674.
	appendixC = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkM" +
		"oGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/R" +
		"tdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToI" +
		"MmPSPDdQPNUYckcQ2QIDAQAB"
	erratum6674 = "MIGJAoGBAPAhE/9QLdIGwSYapn1klbf8OQygZ4udCDV9afv/Ni0jE3ZKcUKPE4Iob2/dviNh9xM2HmK" +
		"NKyrrfW4Ei0truh36/9G10LZTMnWVZP3jupH5FxpzaBu2j80yonR/N9WMfg64qGK11j21/qZzAaNo0FxZOggyY9I8N" +
		"1A81RhyRxDZAgMBAAE="

	// The Ed25519 key of RFC 8463, appendix A.2.
	appendixA2 = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
)

// rsaOf returns a key of the given size; nobody knows its private half.
func rsaOf(bits int) *rsa.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	return &rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 65537}
}

// der returns an RSAPublicKey in base64, whatever the numbers are.
func der(n *big.Int, e int64) string {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(n)
		b.AddASN1Int64(e)
	})
	return base64.StdEncoding.EncodeToString(b.BytesOrPanic())
}

func b64(octets ...byte) string { return base64.StdEncoding.EncodeToString(octets) }

// edit changes the octets of a base64 text.
func edit(text string, f func([]byte) []byte) string {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return b64(f(raw)...)
}

func TestParse(t *testing.T) {
	tail := func(b []byte) []byte { return append(b, 0) }
	at := func(i int, to ...byte) func([]byte) []byte {
		return func(b []byte) []byte { copy(b[i:], to); return b }
	}
	// longer puts octets into the SubjectPublicKeyInfo, and adds to the lengths around them.
	longer := func(i int, octets []byte, lengths ...int) string {
		return edit(appendixC, func(b []byte) []byte {
			for _, l := range lengths {
				b[l] += byte(len(octets))
			}
			return slices.Insert(b, i, octets...)
		})
	}
	const inSPKI, inAlg, inNull, inBits, end = 2, 4, 17, 20, 162
	n := rsaOf(1024).N
	for _, tt := range []struct {
		id, in string
		err    error
	}{
		{"6376-3.6.1-a", "v=DKIM1; p=" + appendixC, nil},
		{"6376-3.6.1-a", "v=DKIM1; p=" + appendixC + ";", nil},
		{"6376-3.2-c", "v=DKIM1; p=" + appendixC + "; ", nil},
		{"6376-3.6.1-a", "v=DKIM1 k=rsa p=" + appendixC, ErrSyntax},
		{"6376-3.2-m", "p=" + appendixC + "; p=", ErrSyntax},
		{"6376-3.2-m", "foo=1; foo=2; p=" + appendixC, ErrSyntax},
		{"6376-3.2-d", "", ErrSyntax},
		{"6376-3.2-e", "=foo; p=" + appendixC, ErrSyntax},
		{"6376-3.6.1-c", "v=DKIM1; foo=1; p=" + appendixC, nil},
		{"6376-3.6.2-g", "v=spf1 -all", ErrSyntax},
		{"6376-3.6.2-g", "google-site-verification=abc", ErrSyntax},
		{"6376-3.6.2-g", "some words", ErrSyntax},
		{"6376-3.6.2-j", `v=DKIM1\; p=` + appendixC, ErrSyntax},
		{"6376-3.6.2-j", `v=DKIM1; p=\` + appendixC, ErrSyntax},
		{"6376-3.6.2-j", `v=DKIM1; n=a\; p=` + appendixC, nil},

		{"6376-3.6.1v-a", "k=rsa; p=" + appendixC, nil},
		{"6376-3.6.1v-b", "k=rsa; v=DKIM1; p=" + appendixC, ErrSyntax},
		{"6376-3.6.1v-c", "v=dkim1; p=" + appendixC, ErrSyntax},
		{"6376-3.6.1v-c", "v=DKIM1.0; p=" + appendixC, ErrSyntax},
		{"6376-3.6.1v-c", "v=DKIM1x; p=" + appendixC, ErrSyntax},
		{"6376-3.6.1v-c", "v=DKIM2; p=" + appendixC, ErrSyntax},
		{"6376-3.6.1v-c", "v=1; p=" + appendixC, ErrSyntax},
		{"6376-3.6.1v-c", "v=; p=" + appendixC, ErrSyntax},
		{"6376-3.6.1v-d", " v = DKIM1 ;p=" + appendixC, nil},

		{"6376-3.6.1h-c", "h=sha512 : sha256; p=" + appendixC, nil},
		{"6376-3.6.1h-d", "h=sha256:; p=" + appendixC, ErrSyntax},
		{"6376-3.2-p", "h=; p=" + appendixC, ErrSyntax},
		{"6376-3.2-p", "s=; p=" + appendixC, ErrSyntax},
		{"6376-3.2-p", "t=; p=" + appendixC, ErrSyntax},
		{"6376-3.2-p", "k=; p=" + appendixC, ErrSyntax},
		{"6376-3.6.1h-d", "h=*; p=" + appendixC, ErrSyntax},
		{"6376-3.6.1h-d", "h=sha 256; p=" + appendixC, ErrSyntax},
		{"8616-3-a", "h=sha256:ü; p=" + appendixC, ErrSyntax},
		{"8616-3-a", "n=für; p=" + appendixC, nil},

		{"6376-3.6.1k-a", "p=" + appendixA2, ErrSyntax},
		{"6376-3.6.1k-b", "k=rsa; p=" + appendixC, nil},
		{"6376-3.6.1k-b", "K=ed25519; p=" + appendixC, nil}, // another tag, which is not known
		{"6376-3.6.1k-c", "k=ecdsa256; p=" + appendixC, ErrKeyType},
		{"6376-3.6.1k-c", "k=ecdsa256; p=", ErrKeyType},
		{"6376-3.6.1k-c", "k=r\u017fa; p=" + appendixC, ErrSyntax}, // a long s
		{"6376-3.2-n", "k=RSA; p=" + appendixC, nil},
		{"6376-3.2-n", "k=Ed25519; p=" + appendixA2, nil},
		{"6376-3.6.1k-d", "k=ed25519; p=" + appendixC, ErrSyntax},
		{"6376-3.6.1k-e", "p=" + erratum6674, nil},
		{"6376-3.6.1k-f", "p=" + edit(appendixC, tail), ErrSyntax},
		{"6376-3.6.1k-f", "p=" + edit(erratum6674, tail), ErrSyntax},
		{"6376-3.6.1k-f", "p=" + edit(appendixC, at(15, 10)), ErrSyntax},   // id-RSASSA-PSS
		{"6376-3.6.1k-f", "p=" + edit(appendixC, at(16, 4)), ErrSyntax},    // parameters: OCTET STRING
		{"6376-3.6.1k-f", "p=" + edit(appendixC, at(21, 1)), ErrSyntax},    // unused bits
		{"6376-3.6.1k-f", "p=" + edit(appendixC, at(18, 4)), ErrSyntax},    // no BIT STRING
		{"6376-3.6.1k-f", "p=" + edit(appendixC, at(22, 0x31)), ErrSyntax}, // a SET in it
		{"6376-3.6.1k-f", "p=" + longer(end, []byte{5, 0}, inSPKI), ErrSyntax},
		{"6376-3.6.1k-f", "p=" + longer(end, []byte{5, 0}, inSPKI, inBits), ErrSyntax},
		{"6376-3.6.1k-f", "p=" + longer(18, []byte{5, 0}, inSPKI, inAlg), ErrSyntax},
		{"6376-3.6.1k-f", "p=" + longer(18, []byte{0}, inSPKI, inAlg, inNull), ErrSyntax},
		{"6376-3.6.1k-f", "p=" + longer(18, nil), nil},
		{"6376-3.6.1k-f", "p=" + edit(appendixC, func(b []byte) []byte { // no parameters
			b[inSPKI], b[inAlg] = b[inSPKI]-2, b[inAlg]-2
			return slices.Delete(b, 16, 18)
		}), ErrSyntax},
		{"6376-3.6.1k-f", "p=" + b64(0x30, 2, 0x30, 0), ErrSyntax},          // no algorithm
		{"6376-3.6.1k-f", "p=" + edit(erratum6674, at(1, 0x80)), ErrSyntax}, // indefinite length
		{"6376-3.6.1k-f", "p=" + edit(erratum6674, at(0, 0x31)), ErrSyntax}, // SET
		{"6376-3.6.1k-f", "p=" + edit(erratum6674, at(7, 0x7f)), ErrSyntax}, // a leading zero too many
		{"6376-3.6.1k-f", "p=" + b64(0x30, 0x81, 6, 2, 1, 15, 2, 1, 3), ErrSyntax},
		{"6376-3.6.1k-f", "p=" + b64(0x30, 7, 2, 2, 0, 15, 2, 1, 3), ErrSyntax}, // 15 in two octets
		{"6376-3.6.1k-f", "p=" + b64(0x30, 9, 2, 1, 15, 2, 1, 3, 2, 1, 1), ErrSyntax},
		{"6376-3.6.1k-g", "p=" + b64(0x30, 6, 2, 1, 15, 2, 1, 3), nil},
		{"6376-3.6.1k-g", "p=" + der(n, 0), ErrSyntax},
		{"6376-3.6.1k-g", "p=" + der(n, 1), ErrSyntax},
		{"6376-3.6.1k-g", "p=" + der(n, -3), ErrSyntax},
		{"6376-3.6.1k-g", "p=" + der(n, 3), nil},
		{"6376-3.6.1k-g", "p=" + der(n, 65536), ErrSyntax},
		{"6376-3.6.1k-g", "p=" + der(n, 1<<31-1), nil},
		{"6376-3.6.1k-g", "p=" + der(n, 1<<31+1), ErrSyntax},
		{"6376-3.6.1k-g", "p=" + der(n, 1<<62+1), ErrSyntax},
		{"6376-3.6.1k-g", "p=" + der(big.NewInt(0), 3), ErrSyntax},
		{"6376-3.6.1k-g", "p=" + der(new(big.Int).Neg(n), 3), ErrSyntax},
		{"6376-3.6.1k-g", "p=" + der(new(big.Int).Sub(n, big.NewInt(1)), 3), ErrSyntax},
		{"6376-3.6.1k-g", "p=" + b64(append([]byte{0x30, 14, 2, 1, 15, 2, 9, 1}, make([]byte, 8)...)...), ErrSyntax},
		{"6376-3.6.1k-g", "p=" + b64(0x30, 14, 2, 1, 15, 2, 9, 1, 0, 0, 0, 0, 0, 0, 0, 3), ErrSyntax}, // 3, and 2^64

		{"6376-3.6.1p-a", "v=DKIM1; k=rsa", ErrSyntax},
		{"6376-3.6.1p-b", "v=DKIM1; p=", nil},
		{"6376-3.6.1p-b", "v=DKIM1; p= ", nil},
		{"6376-3.6.1p-b", "v=DKIM1; p=;", nil},
		{"6376-3.6.1p-c", "p=" + appendixC[:10] + " " + appendixC[10:20] + "\t" + appendixC[20:], nil},
		{"6376-3.6.1p-c", "p=" + appendixC[:10] + "\r\n " + appendixC[10:], nil},
		{"6376-3.6.1p-c", "p=" + appendixC[:10] + "\r\n" + appendixC[10:], ErrSyntax},
		{"6376-3.6.1p-d", "p=!!", ErrSyntax},
		{"6376-3.6.1p-d", "p=AAAA", ErrSyntax},
		{"6376-3.6.1p-d", "p=" + appendixC + "=", ErrSyntax},

		{"6376-3.6.1s-a", "s=*; p=" + appendixC, nil},
		{"6376-3.6.1s-a", "s=tlsrpt:*; p=" + appendixC, nil},
		{"6376-3.6.1t-e", "t=y : s; p=" + appendixC, nil},
		{"6376-3.6.1t-e", "t=y:; p=" + appendixC, ErrSyntax},
		{"6376-3.6.1g-a", "g=joe; p=" + appendixC, nil},
		{"6376-3.6.1g-a", "g=; p=" + appendixC, nil},

		{"8301-3.2-d", "p=" + der(rsaOf(8192).N, 65537), nil},
		{"8301-3.2-d", "p=" + der(rsaOf(8193).N, 65537), ErrKeySize},
		{"8301-3.2-d", "p=" + der(rsaOf(16384).N, 65537), ErrKeySize},
		{"8301-3.2-d", "p=" + strings.Repeat("A", maxKeyText+1), ErrKeySize},
		{"8301-3.2-d", "p=" + strings.Repeat("A", maxKeyText), ErrSyntax},
		{"8301-3.2-d", "p=" + appendixC[:4] + strings.Repeat(" \t", maxKeyText) + appendixC[4:], nil},
		{"8301-3.2-e", "p=" + der(rsaOf(512).N, 65537), nil}, // package dkim refuses it

		{"8463-3-c", "v=DKIM1; k=ed25519; p=" + appendixA2, nil},
		{"8463-4.2-a", "k=ed25519; p=" + edit(appendixA2, tail), ErrSyntax},
		{"8463-4.2-a", "k=ed25519; p=" + edit(appendixA2, func(b []byte) []byte { return b[:31] }), ErrSyntax},
		{"8463-4.2-b", "k=ed25519; p=" + edit(appendixA2, func(b []byte) []byte {
			return append([]byte{0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0}, b...)
		}), ErrSyntax},
		{"8463-5-d", "k=ed25519; p=" + b64(append([]byte{1}, make([]byte, 31)...)...), ErrSyntax},

		{"6376-3.6.1-d", "v=DKIM1; n=" + strings.Repeat("x", maxRecord-len("v=DKIM1; n=; p=")) + "; p=", nil},
		{"6376-3.6.1-d", "v=DKIM1; n=" + strings.Repeat("x", maxRecord+1-len("v=DKIM1; n=; p=")) + "; p=", ErrSyntax},
		{"6376-3.6.1-d", strings.Repeat("a", 64<<10), ErrSyntax},
		{"6376-3.6.1-d", strings.Repeat("a=b;", 4000), ErrSyntax},
		{"6376-3.6.1-d", "v=DKIM1; p=\x00", ErrSyntax},
	} {
		r, err := Parse(tt.in)
		if !errors.Is(err, tt.err) || (r == nil) != (tt.err != nil) {
			t.Errorf("%s: Parse(%.200q) = %v, %v; want %v", tt.id, tt.in, r, err, tt.err)
			continue
		}
		if err != nil {
			if s := err.Error(); len(s) > 300 || strings.ContainsAny(s, "\r\n\x00") {
				t.Errorf("%s: Parse(%.200q): %q is not for a log", tt.id, tt.in, s)
			}
			continue
		}
		if again, err := Parse(r.String()); err != nil || !reflect.DeepEqual(again, r) {
			t.Errorf("%s: Parse(%.200q) is %+v, and printed and parsed again %+v, %v", tt.id, tt.in, r, again, err)
		}
	}
}

// 6376-3.6.1k-e: both encodings are one key.
func TestParseBothForms(t *testing.T) {
	a, err := Parse("p=" + appendixC)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Parse("p=" + erratum6674)
	if err != nil {
		t.Fatal(err)
	}
	if !a.Key.(*rsa.PublicKey).Equal(b.Key) {
		t.Errorf("%v and %v differ", a.Key, b.Key)
	}
	if a.String() != "v=DKIM1; p="+appendixC || b.String() != a.String() {
		t.Errorf("printed as %q and %q", a, b)
	}
}

// An error says what is wrong with p=.
func TestParseKeyErrors(t *testing.T) {
	for what, der := range map[string][]byte{
		"is not one DER value":              {0x30, 3, 2, 1},
		"is not an RSAPublicKey":            {0x30, 3, 2, 1, 15},
		"is not a SubjectPublicKeyInfo":     {0x30, 2, 0x30, 0},
		"the parameters of rsaEncryption":   {0x30, 13, 0x30, 11, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1},
		"p= is not a SubjectPublicKeyInfo":  {0x30, 15, 0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0},
		"not rsaEncryption":                 {0x30, 5, 0x30, 3, 6, 1, 0x2a},
		"has no RSAPublicKey in its":        {0x30, 18, 0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0, 3, 1, 0},
		"the RSA modulus is not a positive": {0x30, 6, 2, 1, 14, 2, 1, 3},
		"the RSA exponent is not an odd":    {0x30, 6, 2, 1, 15, 2, 1, 2},
	} {
		if _, err := Parse("p=" + b64(der...)); !errors.Is(err, ErrSyntax) || !strings.Contains(err.Error(), what) {
			t.Errorf("%x: %v, want %q", der, err, what)
		}
	}
}

func TestParseFields(t *testing.T) {
	r, err := Parse(" v=DKIM1; h=sha1 : SHA256;k=rsa; s=tlsrpt:Email ; t=x:Y:s; g=joe*; n=a=20note=3B\r\n of  =GG two;p=" + appendixC)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.Hashes, []string{"sha1", "SHA256"}) || !slices.Equal(r.Services, []string{"tlsrpt", "Email"}) ||
		!slices.Equal(r.Flags, []string{"x", "Y", "s"}) || r.Granularity == nil || *r.Granularity != "joe*" || r.Notes != "a note; of  =GG two" {
		t.Errorf("Parse = %+v", r)
	}
}

// "=" without two digits stays as it is, at the end too.
func TestParseNotes(t *testing.T) {
	for notes, want := range map[string]string{"a=": "a=", "a=4": "a=4", "a=41": "aA", "=4G": "=4G", "=\r\n 41": "= 41", "=3D=3": "==3"} {
		if r, err := Parse("n=" + notes + "; p="); err != nil || r.Notes != want {
			t.Errorf("n=%s: %+v, %v, want %q", notes, r, err, want)
		}
	}
}

// 6376-3.6.1g-b: an empty g= allows every address for DomainKeys if the record
// is not one of DKIM, and none otherwise: it is told from no g= at all.
func TestParseGranularity(t *testing.T) {
	for txt, want := range map[string]string{"p=": "none", "g=; p=": `""`, "g=*; p=": `"*"`, "g=joe*; p=": `"joe*"`} {
		r, err := Parse(txt)
		if err != nil {
			t.Errorf("Parse(%q): %v", txt, err)
			continue
		}
		got := "none"
		if r.Granularity != nil {
			got = strconv.Quote(*r.Granularity)
		}
		if got != want {
			t.Errorf("Parse(%q): g= is %s, want %s", txt, got, want)
		}
	}
}

func TestRecordMethods(t *testing.T) {
	type answers struct{ revoked, testing, strict, email, sha256, sha1 bool }
	for _, tt := range []struct {
		id, tags string
		want     answers
	}{
		{"6376-3.6.1h-a", "p=" + appendixC, answers{email: true, sha256: true, sha1: true}},
		{"6376-3.6.1h-b", "h=sha1; p=" + appendixC, answers{email: true, sha1: true}},
		{"8301-3.1-f", "h=sha1; p=" + appendixC, answers{email: true, sha1: true}},
		{"8463-A-b", "h=sha1; k=ed25519; p=" + appendixA2, answers{email: true, sha1: true}},
		{"6376-3.6.1h-b", "h=sha1:SHA256; p=" + appendixC, answers{email: true, sha256: true, sha1: true}},
		{"6376-3.6.1h-c", "h=sha512; p=" + appendixC, answers{email: true}},
		{"6376-3.6.1n-a", "n=h=3Dsha1; p=" + appendixC, answers{email: true, sha256: true, sha1: true}},
		{"6376-3.6.1p-b", "p=", answers{revoked: true, email: true, sha256: true, sha1: true}},
		{"6376-3.6.1p-e", "h=sha1; p=", answers{revoked: true, email: true, sha1: true}},
		{"6376-3.6.1s-a", "s=email; p=" + appendixC, answers{email: true, sha256: true, sha1: true}},
		{"6376-3.2-n", "s=EMAIL; t=Y:S; p=" + appendixC, answers{email: true, testing: true, strict: true, sha256: true, sha1: true}},
		{"6376-3.6.1s-a", "s=*; p=" + appendixC, answers{email: true, sha256: true, sha1: true}},
		{"6376-3.6.1s-a", "s=tlsrpt:*; p=" + appendixC, answers{email: true, sha256: true, sha1: true}},
		{"6376-3.6.1s-a", "s=tlsrpt; p=" + appendixC, answers{sha256: true, sha1: true}},
		{"6376-3.6.1s-b", "s=foo:email:bar; p=" + appendixC, answers{email: true, sha256: true, sha1: true}},
		{"6376-3.6.1t-a", "t=x:y:s; p=" + appendixC, answers{testing: true, strict: true, email: true, sha256: true, sha1: true}},
		{"6376-3.6.1t-c", "t=s; p=" + appendixC, answers{strict: true, email: true, sha256: true, sha1: true}},
		{"6376-3.6.1t-b", "t=y; p=" + appendixC, answers{testing: true, email: true, sha256: true, sha1: true}},
		{"6376-3.6.1t-a", "t=ys; p=" + appendixC, answers{email: true, sha256: true, sha1: true}},
	} {
		r, err := Parse(tt.tags)
		if err != nil {
			t.Errorf("%s: Parse(%q): %v", tt.id, tt.tags, err)
			continue
		}
		got := answers{r.Revoked(), r.Testing(), r.Strict(), r.AllowsEmail(), r.AllowsHash("sha256"), r.AllowsHash("sha1")}
		if got != tt.want {
			t.Errorf("%s: %q: %+v, want %+v", tt.id, tt.tags, got, tt.want)
		}
	}
}

// 8301-3.2-f, 8301-3.2-c: the size is that of the modulus, every one in between.
func TestParseRSASizes(t *testing.T) {
	for _, bits := range []int{512, 768, 1017, 1023, 1024, 1025, 1536, 2047, 2048, 3072, 4096, 8192} {
		want := rsaOf(bits)
		r, err := Parse("p=" + der(want.N, int64(want.E)))
		if err != nil || !want.Equal(r.Key) || r.Key.(*rsa.PublicKey).N.BitLen() != bits {
			t.Errorf("%d bits: %v, %v", bits, r, err)
		}
	}
}

// 8463-5-d: for each refused point, a signature that no private key made fits
// one message in eight or more.
func TestSmallOrder(t *testing.T) {
	var points [][]byte
	for _, y := range []string{
		"00", "01", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"ec" + strings.Repeat("ff", 30) + "7f", "ed" + strings.Repeat("ff", 30) + "7f", "ee" + strings.Repeat("ff", 30) + "7f",
	} {
		n, _ := new(big.Int).SetString(y+strings.Repeat("00", 32-len(y)/2), 16)
		for _, sign := range []byte{0, 0x80} {
			p := n.FillBytes(make([]byte, 32))
			p[31] |= sign
			points = append(points, p)
		}
	}
	forged := make([]byte, ed25519.SignatureSize)
	forged[0] = 1 // R is the neutral point, and S is 0
	fits := func(k ed25519.PublicKey) bool {
		for i := range 255 {
			if ed25519.Verify(k, []byte{byte(i)}, forged) {
				return true
			}
		}
		return false
	}
	for _, p := range points {
		if !fits(p) {
			t.Errorf("%x: no forgery, so it is not of small order", p)
		}
		if _, err := Parse("k=ed25519; p=" + b64(p...)); !errors.Is(err, ErrSyntax) {
			t.Errorf("Parse of %x: %v", p, err)
		}
		if _, err := New(ed25519.PublicKey(p)); !errors.Is(err, ErrSyntax) {
			t.Errorf("New of %x: %v", p, err)
		}
	}
	for i := 1; i < 31; i++ { // p, but for one octet
		p := []byte(strings.Repeat("\xff", 32))
		p[0], p[i], p[31] = 0xed, 0xfe, 0x7f
		if isSmallOrder([32]byte(p)) {
			t.Errorf("%x is not of small order", p)
		}
	}
	for _, near := range [][2]byte{{0xeb, 0x7f}, {0xef, 0x7f}, {0xec, 0x7e}, {2, 0}} {
		p := make([]byte, 32)
		if near[1] != 0 {
			p = []byte(strings.Repeat("\xff", 32))
		}
		p[0], p[31] = near[0], near[1]
		if isSmallOrder([32]byte(p)) || fits(p) {
			t.Errorf("%x is not of small order", p)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"v=DKIM1; p=" + appendixC, "k=rsa; p=" + erratum6674, "v=DKIM1; k=ed25519; p=" + appendixA2, "p=",
		"h=sha1:sha256; s=*; t=y:s; g=joe*; n=a=20note; p=", "v=spf1 -all", "n==GG =3D\r\n \xc3\xbc;p=", "g=\"\\;p=", "k=ed25519; p=AQ==",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, txt string) {
		r, err := Parse(txt)
		if err != nil {
			if r != nil || !errors.Is(err, ErrSyntax) && !errors.Is(err, ErrKeyType) && !errors.Is(err, ErrKeySize) {
				t.Fatalf("Parse(%q) = %v, %v", txt, r, err)
			}
			return
		}
		text := r.String()
		if text == "" && len(txt) > maxRecord/4 {
			return // quoted-printable made the notes longer than a record may be
		}
		again, err := Parse(text)
		if err != nil || !reflect.DeepEqual(again, r) {
			t.Fatalf("Parse(%q) = %+v, but Parse(%q) = %+v, %v", txt, r, text, again, err)
		}
		if again.String() != text {
			t.Fatalf("%q prints as %q", text, again)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	r, err := New(rsaOf(2048))
	if err != nil {
		b.Fatal(err)
	}
	for name, txt := range map[string]string{"RSA-2048": r.String(), "Ed25519": "v=DKIM1; k=ed25519; p=" + appendixA2} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(txt)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(txt); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
