package dkim

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

// A keyRow is the answer to the lookup for a good signature with i= in a
// subdomain.
type keyRow struct {
	id     string
	txt    []string
	status Status
	reason error
}

// keyRows are made from a good record.
func keyRows(good string) []keyRow {
	_, p, _ := strings.Cut(good, "p=")
	other := (&keyrecord.Record{Key: dkimtest.RSA(2048).Public()}).String()
	ed := (&keyrecord.Record{Key: dkimtest.Ed25519(1).Public()}).String()
	spf := "v=spf1 -all"
	return []keyRow{
		{"6376-3.6.1-c", []string{"v=DKIM1; foo=1; p=" + p}, Pass, nil},
		{"6376-3.6.1v-a, 6376-3.6.1k-a", []string{"p=" + p}, Pass, nil},
		{"6376-3.6.1-a, 6376-3.6.1-b", []string{"v=DKIM1 k=rsa p=" + p}, PermError, keyrecord.ErrSyntax},
		{"6376-3.6.1v-b", []string{"k=rsa; v=DKIM1; p=" + p}, PermError, keyrecord.ErrSyntax},
		{"6376-3.6.1v-c", []string{"v=DKIM1x; p=" + p}, PermError, ErrKey},
		{"6376-3.6.1v-c: an unknown version is not temporary", []string{"v=DKIM2; p=" + p}, PermError, ErrKey},
		{"6376-3.6.1h-b, 8301-3.1-f", []string{"h=sha1; p=" + p}, PermError, ErrKey},
		{"6376-3.6.1h-b", []string{"h=sha1:sha256; p=" + p}, Pass, nil},
		{"6376-3.6.1h-c", []string{"h=sha512 : SHA256; p=" + p}, Pass, nil},
		{"6376-3.6.1h-d", []string{"h=sha256:; p=" + p}, PermError, keyrecord.ErrSyntax},
		{"6376-3.6.1k-c", []string{"k=ecdsa256; p=" + p}, PermError, keyrecord.ErrKeyType},
		{"6376-3.6.1k-d", []string{ed}, PermError, ErrKey},
		{"6376-3.6.1n-a", []string{"n=anything; p=" + p}, Pass, nil},
		{"6376-3.6.1p-a", []string{"v=DKIM1; k=rsa"}, PermError, keyrecord.ErrSyntax},
		{"6376-3.6.1p-b", []string{"v=DKIM1; p="}, PermError, keyrecord.ErrRevoked},
		{"6376-3.6.1p-b", []string{"p= ;"}, PermError, keyrecord.ErrRevoked},
		{"6376-3.6.1p-c", []string{"p=" + p[:20] + " \t" + p[20:]}, Pass, nil},
		{"6376-3.6.1p-d", []string{"p=!!"}, PermError, keyrecord.ErrSyntax},
		{"6376-3.6.1p-d", []string{"p=AAAA"}, PermError, keyrecord.ErrSyntax},
		{"6376-3.6.1s-a", []string{"s=email; p=" + p}, Pass, nil},
		{"6376-3.6.1s-a", []string{"s=*; p=" + p}, Pass, nil},
		{"6376-3.6.1s-a", []string{"s=tlsrpt:*; p=" + p}, Pass, nil},
		{"6376-3.6.1s-a", []string{"s=tlsrpt; p=" + p}, PermError, ErrKey},
		{"6376-3.6.1s-b", []string{"s=foo:email:bar; p=" + p}, Pass, nil},
		{"6376-3.6.1t-c", []string{"t=s; p=" + p}, PermError, ErrDomain},
		{"6376-3.6.1t-d", []string{"t=y; p=" + p}, Pass, nil},
		{"6376-3.6.1g-a", []string{"g=bob; p=" + p}, Pass, nil},
		{"6376-3.6.1g-a", []string{"g=; p=" + p}, Pass, nil},
		{"6376-6.1.3-a: another key", []string{other}, Fail, ErrSignature},

		{"6376-3.6.2-e", nil, PermError, keyrecord.ErrNotFound},
		{"6376-3.6.2-g", []string{spf}, PermError, keyrecord.ErrSyntax},
		{"6376-3.6.2-c", []string{spf, good}, Pass, nil},
		{"6376-3.6.2-c", []string{good, spf}, Pass, nil},
		{"6376-3.6.2-c: another key beside it", []string{other, good}, Pass, nil},
		{"6376-3.6.2-c: a revoked key beside it", []string{"p=", good}, Pass, nil},
		{"6376-3.6.2-c: a failure says more than an unusable record", []string{"s=x; p=" + p, other, "p="}, Fail, ErrSignature},
		{"6376-3.6.2-b: two records are not joined", []string{good[:40], good[40:]}, PermError, ErrKey},
		{"6376-3.2-u: a record of 64 KiB", []string{"n=" + strings.Repeat("x", 64<<10) + "; p=" + p}, PermError, ErrKey},
	}
}

// TestKeyRecords verifies one good signature with the records of each row.
func TestKeyRecords(t *testing.T) {
	r := newRig(t)
	signed := craft(t, r.signer.Key, with("i=joe@a.example.org"), testMessage)
	good := r.zone["rsa._domainkey.example.org"][0]
	_, p, _ := strings.Cut(good, "p=")
	ed, _ := keyrecord.New(dkimtest.Ed25519(1).Public())
	for _, tt := range keyRows(good) {
		r.zone["rsa._domainkey.example.org"] = tt.txt
		res := r.verifyOne(t, signed)
		want(t, fmt.Sprintf("%s %.60q", tt.id, tt.txt), res, tt.status, tt.reason)
		if tt.status == PermError && !errors.Is(res.Err, ErrKey) && !errors.Is(res.Err, ErrDomain) {
			t.Errorf("%s: %v is not ErrKey", tt.id, res.Err)
		}
	}

	// 6376-3.6.1t-c: t=s with the domain of d=, in any case, and without i=.
	r.zone["rsa._domainkey.example.org"] = []string{"t=s; p=" + p}
	for _, tags := range []string{with("i=x@EXAMPLE.org"), goodTags} {
		want(t, "t=s "+tags, r.verifyOne(t, craft(t, r.signer.Key, tags, testMessage)), Pass, nil)
	}
	// 8463-A-b, 6376-3.6.1k-d the other way round, 6376-3.6.1k-a
	edSigned := craft(t, dkimtest.Ed25519(1), with("a=ed25519-sha256"), testMessage)
	raw := base64.StdEncoding.EncodeToString(dkimtest.Ed25519(1).Public().(ed25519.PublicKey))
	for txt, status := range map[string]Status{
		ed.String(): Pass, "h=sha1; " + strings.TrimPrefix(ed.String(), "v=DKIM1; "): PermError, good: PermError, "p=" + raw: PermError,
	} {
		r.zone["rsa._domainkey.example.org"] = []string{txt}
		if res := r.verifyOne(t, edSigned); res.Status != status {
			t.Errorf("ed25519 with %q: %s, %v; want %s", txt, res.Status, res.Err, status)
		}
	}
}

// 8301-3.2-c, 8301-3.2-d, 8301-3.2-e, 8301-3.2-f, 8301-3.2-g, 8301-3.2-h and
// 8463-A-c: sizes of keys, with crypto/rsa's own floor and without.
func TestKeySizes(t *testing.T) {
	for _, floor := range []string{"rsa1024min=1", "rsa1024min=0"} {
		t.Run(floor, func(t *testing.T) {
			t.Setenv("GODEBUG", "rsa1024min=0")
			signed := map[int]string{}
			r := newRig(t)
			for _, bits := range []int{512, 768, 1023, 1024, 1025, 1536, 2047, 2048, 3072, 4096, 8192} {
				key := dkimtest.RSA(bits)
				rec := keyrecord.Record{Key: key.Public()}
				r.zone[fmt.Sprintf("r%d._domainkey.example.org", bits)] = []string{rec.String()}
				signed[bits] = craft(t, key, with(fmt.Sprintf("s=r%d", bits)), testMessage)
			}
			t.Setenv("GODEBUG", floor)
			for bits, msg := range signed {
				res := r.verifyOne(t, msg)
				if bits < 1024 {
					want(t, fmt.Sprint(bits), res, PermError, ErrWeakKey)
				} else {
					want(t, fmt.Sprint(bits), res, Pass, nil)
				}
				if res.KeyBits != bits {
					t.Errorf("KeyBits = %d, want %d", res.KeyBits, bits)
				}
			}
			lf := r.verifyOne(t, strings.Replace(signed[512], "Hi.\r", "Hi.", 1))
			if want(t, "512 bits, and LF", lf, PermError, ErrWeakKey); errors.Is(lf.Err, ErrLineEnding) {
				t.Errorf("line ends are no cause of %v", lf.Err)
			}
			r.verifier.MinRSABits = 2048
			want(t, "1024 of 2048", r.verifyOne(t, signed[1024]), Policy, ErrWeakKey)
			want(t, "512 of 2048", r.verifyOne(t, signed[512]), PermError, ErrWeakKey)
			want(t, "2048 of 2048", r.verifyOne(t, signed[2048]), Pass, nil)
			r.verifier.MinRSABits = 512
			if floor == "rsa1024min=0" {
				want(t, "an archive", r.verifyOne(t, signed[512]), Pass, nil)
			} else {
				want(t, "an archive, and crypto/rsa refuses", r.verifyOne(t, signed[512]), PermError, ErrWeakKey)
			}
			r.newSigner(t, "ed", dkimtest.Ed25519(1))
			r.verifier.MinRSABits = 2048
			want(t, "Ed25519", r.verifyOne(t, craft(t, dkimtest.Ed25519(1), with("a=ed25519-sha256", "s=ed"), testMessage)), Pass, nil)
		})
	}
}

// A key of 65,536 bits costs nothing (HAZARDS, cost).
func TestHugeKey(t *testing.T) {
	r := newRig(t)
	big := *dkimtest.RSA(1024)
	der := make([]byte, 0, 9000)
	n := append([]byte{0}, make([]byte, 8192)...)
	n[1], n[8192] = 0x80, 1
	body := append(append([]byte{0x02, 0x82, byte(len(n) >> 8), byte(len(n))}, n...), 0x02, 0x03, 1, 0, 1)
	der = append(append(der, 0x30, 0x82, byte(len(body)>>8), byte(len(body))), body...)
	r.zone["rsa._domainkey.example.org"] = []string{"p=" + base64.StdEncoding.EncodeToString(der)}
	want(t, "65,536 bits", r.verifyOne(t, craft(t, &big, goodTags, testMessage)), PermError, keyrecord.ErrKeySize)
}

// resolverFunc is a Resolver.
type resolverFunc func(ctx context.Context, name string) ([]string, error)

func (f resolverFunc) LookupTXT(ctx context.Context, name string) ([]string, error) {
	return f(ctx, name)
}

// 6376-3.6.2-d, 6376-3.6.2-e, 6376-3.6.2-f and HAZARDS "Wrong kind of error".
func TestResolverErrors(t *testing.T) {
	r := newRig(t)
	signed := r.sign(t, testMessage)
	for _, tt := range []struct {
		what   string
		txt    []string
		err    error
		status Status
		reason error
	}{
		{"NXDOMAIN", nil, &net.DNSError{IsNotFound: true}, PermError, keyrecord.ErrNotFound},
		{"wrapped NXDOMAIN", nil, fmt.Errorf("x: %w", &net.DNSError{IsNotFound: true}), PermError, keyrecord.ErrNotFound},
		{"nothing and no error", nil, nil, PermError, keyrecord.ErrNotFound},
		{"SERVFAIL", nil, &net.DNSError{Err: "server misbehaving", IsTemporary: true}, TempError, keyrecord.ErrTemporary},
		{"wrapped", nil, fmt.Errorf("x: %w", &net.DNSError{IsTimeout: true}), TempError, keyrecord.ErrTemporary},
		{"cancelled", nil, context.Canceled, TempError, context.Canceled},
		{"deadline", nil, context.DeadlineExceeded, TempError, keyrecord.ErrTemporary},
		{"anything else", nil, errors.New("x"), TempError, keyrecord.ErrTemporary},
		{"no DKIM record", []string{"hello"}, nil, PermError, keyrecord.ErrSyntax},
	} {
		r.verifier.Resolver = resolverFunc(func(_ context.Context, name string) ([]string, error) {
			if name != "rsa._domainkey.example.org." {
				t.Errorf("lookup of %q", name)
			}
			return tt.txt, tt.err
		})
		want(t, tt.what, r.verifyOne(t, signed), tt.status, tt.reason)
	}
}

// 6376-6.1.3-c, 6376-6.1.3-d, 8463-5-b, 8463-5-c: signatures that only look like one.
func TestForgedValues(t *testing.T) {
	r := newRig(t)
	r.newSigner(t, "ed", dkimtest.Ed25519(1))
	rsaSigned := craft(t, r.signer.Key, goodTags, testMessage)
	edSigned := craft(t, dkimtest.Ed25519(1), with("a=ed25519-sha256", "s=ed"), testMessage)
	change := func(msg string, f func([]byte) []byte) string {
		head, rest, _ := strings.Cut(msg, "; b=")
		value, rest, _ := strings.Cut(rest, "\r\n")
		b, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			t.Fatal(err)
		}
		return head + "; b=" + base64.StdEncoding.EncodeToString(f(b)) + "\r\n" + rest
	}
	order := []byte{ // of the base point, little-endian
		0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10}
	for what, f := range map[string]func([]byte) []byte{
		"one octet less":   func(b []byte) []byte { return b[:len(b)-1] },
		"one octet more":   func(b []byte) []byte { return append(b, 0) },
		"a zero in front":  func(b []byte) []byte { return append([]byte{0}, b...) },
		"one bit":          func(b []byte) []byte { b[10] ^= 1; return b },
		"one octet in all": func([]byte) []byte { return []byte{1} },
		"all zeros":        func(b []byte) []byte { clear(b); return b },
		"S plus the order (for Ed25519)": func(b []byte) []byte {
			carry := 0
			for i, o := range order {
				at := len(b) - 32 + i
				sum := int(b[at]) + int(o) + carry
				b[at], carry = byte(sum), sum>>8
			}
			return b
		},
	} {
		want(t, "rsa: "+what, r.verifyOne(t, change(rsaSigned, f)), Fail, ErrSignature)
		want(t, "ed25519: "+what, r.verifyOne(t, change(edSigned, f)), Fail, ErrSignature)
	}
	same := func(b []byte) []byte { return b }
	want(t, "rsa unchanged", r.verifyOne(t, change(rsaSigned, same)), Pass, nil)
	want(t, "ed25519 unchanged", r.verifyOne(t, change(edSigned, same)), Pass, nil)

	// PSS, and a DigestInfo of SHA-1 under rsa-sha256
	pss := craft(t, pssKey{r.signer.Key.(*rsa.PrivateKey)}, goodTags, testMessage)
	want(t, "PSS", r.verifyOne(t, pss), Fail, ErrSignature)
}

// A pssKey signs with RSASSA-PSS.
type pssKey struct{ *rsa.PrivateKey }

func (k pssKey) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return rsa.SignPSS(rand, k.PrivateKey, opts.HashFunc(), digest, nil)
}
