package dkim

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/canon"
	"github.com/waxseal/waxseal/internal/dkimtest"
)

// The computed vectors "b= removal": what of a field is hashed (6376-3.7-e, 6376-3.7-f, 6376-3.7-g, 6376-3.7-h).
func TestEmptiedValue(t *testing.T) {
	for before, want := range map[string]string{
		" v=1; bh=X; b=AB\r\n CD":               " v=1; bh=X; b=",
		" v=1; b= AB\r\n CD ; bh=X":             " v=1; b=; bh=X",
		" b =AB; v=1":                           " b =; v=1",
		" v=1;b=AB=\r\n =\t;z=Subject:b=3Dq":    " v=1;b=;z=Subject:b=3Dq",
		" v=1; b=AB; ":                          " v=1; b=; ",
		" v=1; xb=1; n=b=2; bh=b=3 ; b=AB ":     " v=1; xb=1; n=b=2; bh=b=3 ; b=",
		" v=1; i=bob=20smith@x; b=AB; z=a:b=3D": " v=1; i=bob=20smith@x; b=; z=a:b=3D",
	} {
		var s Signature
		s.parse("DKIM-Signature:"+before+"\r\n", nil)
		got := strings.TrimSuffix(s.raw[:s.value[0]]+s.raw[s.value[1]:], "\r\n")
		if got != "DKIM-Signature:"+want {
			t.Errorf("%q: %q, want %q", before, got, want)
		}
	}
}

// The body hashes of RFC 6376, A.2, as printed and as errata 3192 and 4926 have it,
// and of RFC 8463, A.3: two spaces after "game." matter to simple alone (8463-A-a).
func TestRFCBodyHashes(t *testing.T) {
	body := dkimtest.CRLF("Hi.\n\nWe lost the game.  Are you hungry yet?\n\nJoe.\n")
	one := strings.Replace(body, ".  Are", ". Are", 1)
	for _, tt := range []struct {
		alg      canon.Algorithm
		body, bh string
	}{
		{canon.Simple, body, "4bLNXImK9drULnmePzZNEBleUanJCX5PIsDIFoH4KTQ="},
		{canon.Simple, one, "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="},
		{canon.Relaxed, body, "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="},
	} {
		h := sha256.New()
		w := tt.alg.NewBodyWriter(h)
		w.Write([]byte(tt.body))
		w.Close()
		if got := base64.StdEncoding.EncodeToString(h.Sum(nil)); got != tt.bh {
			t.Errorf("%v: %s, want %s", tt.alg, got, tt.bh)
		}
	}
}
