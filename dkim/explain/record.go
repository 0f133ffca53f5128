package explain

import (
	"encoding/base64"
	"strings"

	"github.com/waxseal/waxseal/internal/taglist"
	"github.com/waxseal/waxseal/keyrecord"
)

// repairedKeys reads keys out of records that are damaged in known ways.
func repairedKeys(txt []string) []key {
	var list []key
	add := func(cause Cause, detail, text string) {
		if r, err := keyrecord.Parse(text); err == nil && !r.Revoked() {
			list = append(list, key{r.Key, cause, detail})
		}
	}
	for i, t := range txt {
		if clean := cleanRecord(t); clean != t {
			add(KeyRecord, "the record has quotes, backslashes or other octets of a zone file in its value", clean)
		}
		for k, u := range txt {
			if k != i {
				add(KeyTruncated, "the record is cut in two, and each half published as a record of its own", strings.TrimSpace(t)+strings.TrimSpace(u))
			}
		}
		p, ok := valueOfP(cleanRecord(t))
		if !ok {
			continue
		}
		asRSA, asEd25519 := "v=DKIM1; k=rsa; p="+p, "v=DKIM1; k=ed25519; p="+p
		if strings.Contains(strings.ToLower(t), "ed25519") {
			add(KeyType, "the record says k=ed25519, and holds an RSA key", asRSA)
			add(KeyRecord, "the record has tags that are malformed", asEd25519)
		} else {
			add(KeyType, "the record has no k=ed25519, and holds an Ed25519 key", asEd25519)
			add(KeyRecord, "the record has tags that are malformed", asRSA)
		}
		if der, err := taglist.DecodeBase64(p); err == nil {
			// The 12 octets before the key in a SubjectPublicKeyInfo (RFC 8410).
			const prefix = "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"
			if raw, ok := strings.CutPrefix(string(der), prefix); ok {
				add(KeyType, "the Ed25519 key is wrapped in a SubjectPublicKeyInfo, and RFC 8463 wants its 32 octets alone",
					"v=DKIM1; k=ed25519; p="+base64.StdEncoding.EncodeToString([]byte(raw)))
			}
			for _, whole := range completeRSA(der) {
				add(KeyTruncated, "the end of p= is missing", "v=DKIM1; k=rsa; p="+base64.StdEncoding.EncodeToString(whole))
			}
		}
	}
	return list
}

// completeRSA returns der with what is missing at its end, if that is no more
// than the exponent 65537.
func completeRSA(der []byte) [][]byte {
	const exponent = "\x02\x03\x01\x00\x01"
	var list [][]byte
	for cut := 1; cut <= len(exponent); cut++ {
		list = append(list, append(der[:len(der):len(der)], exponent[len(exponent)-cut:]...))
	}
	return list
}

// cleanRecord removes from a record what a zone file or a web form left in it.
func cleanRecord(t string) string {
	t = strings.NewReplacer(`"`, "", `\;`, ";", `\`, "", "\u200b", "", "\ufeff", "", "\u00a0", " ", "\u201c", "", "\u201d", "",
		"-----BEGIN PUBLIC KEY-----", "", "-----END PUBLIC KEY-----", "", "\n", "", "\r", "").Replace(t)
	t = strings.TrimSpace(t)
	for strings.HasSuffix(t, ";;") {
		t = strings.TrimSuffix(t, ";")
	}
	if strings.HasPrefix(t, "(") && strings.HasSuffix(t, ")") {
		t = strings.TrimSpace(t[1 : len(t)-1])
	}
	return t
}

// valueOfP returns what follows the first "p=" that starts a tag, up to what
// base64 cannot hold, in the standard alphabet.
func valueOfP(t string) (string, bool) {
	at := -1
	for i := 0; ; {
		k := strings.Index(t[i:], "p=")
		if k < 0 {
			break
		}
		if i += k; i == 0 || strings.ContainsRune("; \t,=", rune(t[i-1])) {
			at = i + 2
			break
		}
		i += 2
	}
	if at < 0 {
		return "", false
	}
	p := strings.TrimPrefix(t[at:], "p=")
	if end := strings.IndexByte(p, ';'); end >= 0 {
		p = p[:end]
	}
	p = strings.NewReplacer("-", "+", "_", "/", " ", "", "\t", "").Replace(p)
	return strings.TrimSpace(p), p != ""
}

// cutKey tells how many octets of a DER value are missing, if the base64 of p=
// was cut: DER says how long it is.
func cutKey(txt []string) (missing int) {
	for _, t := range txt {
		p, ok := valueOfP(cleanRecord(t))
		if !ok {
			continue
		}
		p = strings.TrimRight(p, "=")
		der, err := base64.RawStdEncoding.DecodeString(p[:len(p)/4*4])
		if err != nil || len(der) < 4 || der[0] != 0x30 {
			continue
		}
		want := 0
		switch der[1] {
		case 0x81:
			want = 3 + int(der[2])
		case 0x82:
			want = 4 + int(der[2])<<8 + int(der[3])
		}
		if want > len(der) {
			return want - len(der)
		}
	}
	return 0
}
