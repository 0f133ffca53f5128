package canon

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"math/rand/v2"
	"strings"
	"testing"
)

// benchBodies returns bodies of n octets. The first six are what mail is
// made of; the others are what a stranger may send.
func benchBodies(n int) []struct{ name, body string } {
	fill := func(unit string) string { return strings.Repeat(unit, n/len(unit)+1)[:n] }
	return []struct{ name, body string }{
		{"text", textBody(n)},
		{"html", htmlBody(n)},
		{"qp", qpBody(n)},
		{"base64", base64Body(n)},
		{"utf8", utf8Body(n)},
		{"line", strings.ReplaceAll(textBody(n), "\r\n", " ")},
		{"a-SP", fill("a ")},
		{"a-SP-SP", fill("a  ")},
		{"a-TAB", fill("a\t")},
		{"a-SP-CRLF", fill("a \r\n")},
		{"a-SP-CR", fill("a \r")},
		{"CRLF", fill("\r\n")},
		{"CRLF-a", fill(strings.Repeat("\r\n", 4000) + "a")},
		{"SP-CRLF", fill(" \r\n")},
		{"SP", fill(" ")},
		{"TAB", fill("\t")},
		{"SP-TAB", fill(" \t")},
		{"mix-SP-TAB", mixedBody(n, strings.Repeat("a", 40), strings.Repeat(" \t", 20))},
		{"CR", fill("\r")},
		{"LF", fill("\n")},
		{"mix-blank", mixedBody(n, " ", "\t", "\r\n")},
		{"mix-blank-a", mixedBody(n, " ", "\t", "\r\n", mixedBody(4000, " ", "\r\n", "\r\n")+"a")},
		{"mix", mixedBody(n, "a", " ", "\t", "\r\n", "\r", "\n")},
		{"every-24", mixedBody(n, strings.Repeat("a", 17)+"  ", strings.Repeat("a", 23)+"\t", strings.Repeat("a", 28)+" \r\n")},
		{"SP-control", fill(" \x01")},
		{"mix-sparse", mixedBody(n, "aaaaaaaaaaaa", "  a", "aaaa", "\tb", " \r\n", "a b")},
	}
}

func mixedBody(n int, units ...string) string {
	r := rand.New(rand.NewPCG(3, uint64(n)))
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(units[r.IntN(len(units))])
	}
	return b.String()[:n]
}

// textBody is lines of up to 76 columns, a paragraph every few lines, two
// spaces after one full stop in eight.
func textBody(n int) string {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	var b strings.Builder
	column := 0
	for b.Len() < n {
		word := "abcdefghijklmnopqrstuvwxyz"[:1+r.IntN(10)]
		if column+len(word) > 72 {
			b.WriteString("\r\n")
			column = 0
			if r.IntN(8) == 0 {
				b.WriteString("\r\n")
			}
		} else if column > 0 {
			b.WriteString(" ")
		}
		b.WriteString(word)
		column += len(word) + 1
		if r.IntN(10) == 0 {
			b.WriteString(".")
			if r.IntN(8) == 0 {
				b.WriteString(" ")
			}
		}
	}
	return b.String()[:n]
}

// htmlBody is indented markup.
func htmlBody(n int) string {
	r := rand.New(rand.NewPCG(2, uint64(n)))
	var b strings.Builder
	for depth := 0; b.Len() < n; {
		depth = max(0, min(depth+r.IntN(3)-1, 10))
		b.WriteString(strings.Repeat("  ", depth))
		b.WriteString([]string{
			`<td align="left" style="padding: 10px 0; font-family: Arial, sans-serif;">`,
			`<table border="0" cellpadding="0" cellspacing="0" width="100%">`, `</td>`, `<tr>`, `</table>`,
			`<a href="https://www.example.com/offers/2024?utm_source=mail" target="_blank">Read more about it</a>`,
			`Dear customer, thank you for your order of the 4th of July.`,
		}[r.IntN(7)])
		b.WriteString("\r\n")
	}
	return b.String()[:n]
}

// utf8Body is text of letters with two octets each.
func utf8Body(n int) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			r += 'а' - 'a'
		}
		return r
	}, textBody(n))[:n]
}

// qpBody is text in quoted-printable lines.
func qpBody(n int) string {
	var b strings.Builder
	text := strings.ReplaceAll(textBody(n), "\r\n", "=C3=A9 ")
	for ; b.Len() < n && len(text) > 75; text = text[75:] {
		b.WriteString(text[:75])
		b.WriteString("=\r\n")
	}
	return b.String()[:min(n, b.Len())]
}

func base64Body(n int) string {
	r := rand.New(rand.NewPCG(4, uint64(n)))
	raw := make([]byte, 57)
	var b strings.Builder
	for b.Len() < n {
		for i := range raw {
			raw[i] = byte(r.Uint32())
		}
		b.WriteString(base64.StdEncoding.EncodeToString(raw))
		b.WriteString("\r\n")
	}
	return b.String()[:n]
}

// benchBody hashes body in pieces of n octets. Without a canonicalization it
// is the floor: SHA-256 alone, of the body in one piece.
func benchBody(b *testing.B, name string, body []byte, n int) {
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	h := sha256.New()
	if name == "none" {
		for b.Loop() {
			hashWhole(h, body)
		}
		return
	}
	a := Simple
	if name == "relaxed" {
		a = Relaxed
	}
	var w BodyWriter
	for b.Loop() {
		h.Reset()
		w.Reset(a, h)
		for rest := body; len(rest) > 0; {
			k := min(n, len(rest))
			w.Write(rest[:k])
			rest = rest[k:]
		}
		w.Close()
	}
}

func hashWhole(h hash.Hash, body []byte) {
	h.Reset()
	h.Write(body)
}

var benchSizes = []struct {
	name string
	n    int
}{{"2K", 2 << 10}, {"60K", 60 << 10}, {"1M", 1 << 20}, {"10M", 10 << 20}}

func BenchmarkBody(b *testing.B) {
	for _, size := range benchSizes {
		for _, body := range benchBodies(size.n) {
			for _, name := range []string{"none", "simple", "relaxed"} {
				b.Run(fmt.Sprintf("canon=%s/body=%s/size=%s", name, body.name, size.name), func(b *testing.B) {
					benchBody(b, name, []byte(body.body), size.n)
				})
			}
		}
	}
}

// BenchmarkBodyCut writes a body in small pieces.
func BenchmarkBodyCut(b *testing.B) {
	for _, body := range benchBodies(64 << 10) {
		for _, n := range []int{64, 1000, 4096} {
			for _, name := range []string{"simple", "relaxed"} {
				b.Run(fmt.Sprintf("canon=%s/body=%s/cut=%d", name, body.name, n), func(b *testing.B) {
					benchBody(b, name, []byte(body.body), n)
				})
			}
		}
	}
}
