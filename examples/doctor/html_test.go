package main

import (
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/waxseal/waxseal/dkim"
)

// chromium runs a headless Chromium on a page, and returns what it prints.
func chromium(t *testing.T, page string, args ...string) string {
	t.Helper()
	bin, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("chromium is not here; ./install installs it")
		}
		t.Skip("chromium is not here; ./install installs it on Debian")
	}
	dir := t.TempDir()
	cmd := exec.Command(bin, append([]string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--user-data-dir=" + dir, "--window-size=1000,1800", "--hide-scrollbars"}, append(args, "file://"+page)...)...)
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_CACHE_HOME="+dir)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("chromium: %v\n%s", err, errs.String())
	}
	return string(out)
}

// writeTestPage writes the page of a message that a list changed, signed with
// l= or without.
func writeTestPage(t *testing.T, raw string, s *dkim.Signer) string {
	t.Helper()
	page := filepath.Join(t.TempDir(), "page.html")
	if status, _, errs := doctorSays(t, raw, "-html", page, "-time", receipt, "-txt", txt(t, s)); status != 1 || errs != "" {
		t.Fatalf("status %d, %q", status, errs)
	}
	return page
}

// elements returns the texts of elements of a class in the message, or in the
// findings above it, as the browser has them.
func elements(dom, tag, class string) []string {
	if _, message, ok := strings.Cut(dom, `<pre class="message">`); ok && class != "cause" {
		dom = message
	}
	var list []string
	for _, m := range regexp.MustCompile(`(?s)<`+tag+` class="`+class+`">(.*?)</`+tag+`>`).FindAllStringSubmatch(dom, -1) {
		list = append(list, m[1])
	}
	return list
}

// TestPage: the page, as a browser reads it, marks what is signed, what is not and
// what changed, and nothing in the message acts in it.
func TestPage(t *testing.T) {
	s := signer(nil)
	page := writeTestPage(t, list(sign(t, s)), s)
	dom := chromium(t, page, "--dump-dom")
	if !strings.Contains(dom, "<title>DKIM diagnosis</title>") || strings.Contains(dom, "<script") || strings.Contains(dom, "<b>") {
		t.Errorf("the message acts in the page:\n%s", dom)
	}
	if got := strings.Join(elements(dom, "mark", "signed"), "|"); !strings.HasPrefix(got, "[food] |") || !strings.Contains(got, "The food list &lt;script&gt;") {
		t.Errorf("changed: %q", got)
	}
	if got := strings.Join(elements(dom, "span", "signed"), ""); !strings.Contains(got, "From: Joe") || !strings.Contains(got, "Are you hungry?") || strings.Contains(got, "X-Mailer") {
		t.Errorf("signed: %q", got)
	}
	if got := strings.Join(elements(dom, "span", "unsigned"), ""); !strings.Contains(got, "X-Mailer: &lt;b&gt;") || strings.Contains(got, "From") {
		t.Errorf("not signed: %q", got)
	}
	if got := strings.Join(elements(dom, "span", "own"), ""); !strings.HasPrefix(got, "DKIM-Signature: v=1;") {
		t.Errorf("the signature: %q", got)
	}
	if got := elements(dom, "strong", "cause"); strings.Join(got, " ") != "subject-tag footer" {
		t.Errorf("causes: %q", got)
	}
	if strings.ContainsAny(dom, "\x1b\x00") {
		t.Error("control codes in the page")
	}
}

// What l= leaves out is marked as not signed, and what is gone has its place.
func TestPageLength(t *testing.T) {
	s := signer(func(s *dkim.Signer) { s.BodyLength = true })
	page := writeTestPage(t, sign(t, s)+"-- \r\nan advertisement\r\n", s)
	dom := chromium(t, page, "--dump-dom")
	if got := strings.Join(elements(dom, "span", "unsigned"), ""); !strings.Contains(got, "an advertisement") {
		t.Errorf("not signed: %q", got)
	}
	if got := strings.Join(elements(dom, "span", "signed"), ""); strings.Contains(got, "an advertisement") {
		t.Errorf("signed: %q", got)
	}
	raw := strings.Replace(sign(t, signer(func(s *dkim.Signer) { s.CopyHeaders = true })), "\r\nTo: Ann <ann@example.net>", "", 1)
	dom = chromium(t, writeTestPage(t, raw, signer(nil)), "--dump-dom")
	if !strings.Contains(dom, `<mark class="missing">`) || !strings.Contains(dom, "<em>gone</em>") {
		t.Errorf("nothing is gone in\n%s", dom)
	}
}

// TestPageColors: the marks can be seen: the page as it is drawn has each of their colours.
func TestPageColors(t *testing.T) {
	s := signer(nil)
	page := writeTestPage(t, list(sign(t, s)), s)
	file := filepath.Join(t.TempDir(), "page.png")
	chromium(t, page, "--screenshot="+file)
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	count := pixels(img)
	for name, color := range map[string][3]uint8{"signed": {0xdf, 0xf2, 0xe1}, "own": {0xd8, 0xe7, 0xfb}, "unsigned": {0xec, 0xec, 0xec}, "changed": {0xff, 0xb3, 0xa7}} {
		const legend = 2500 // pixels of one entry of the legend, at most
		if n := count[color]; n < legend {
			t.Errorf("%s: %d pixels of its colour", name, n)
		}
	}
	if keep := os.Getenv("DOCTOR_PNG"); keep != "" {
		data, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(keep, data, 0o600)
		}
		if err != nil {
			t.Error(err)
		}
	}
}

// pixels counts the pixels of each colour.
func pixels(img image.Image) map[[3]uint8]int {
	count := map[[3]uint8]int{}
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, bl, _ := img.At(x, y).RGBA()
			count[[3]uint8{uint8(r >> 8), uint8(g >> 8), uint8(bl >> 8)}]++
		}
	}
	return count
}
