package waxseal_test

import (
	"go/scanner"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	// systemRow is a row of a table of examples/SYSTEMS.md.
	systemRow = regexp.MustCompile(`(?m)^\| (.*?) \| (.*?) \| (.*?) ?\|$`)
	quoted    = regexp.MustCompile("`([^`]+)`")
	goName    = regexp.MustCompile(`^([a-z]+)\.([A-Z]\w*(?:\.[A-Z]\w*)?)$`)
	testName  = regexp.MustCompile(`^(\S+?)\.((?:Test|Example|Fuzz)\w*)(?:/(.+))?$`)
	apiLine   = regexp.MustCompile(`^(\S+): (?:func (\w+)|(?:const|var) (\w+)|method \(\*?(\w+)\) (\w+)|type (\w+)(?: [^,]*)?(?:, (\w+))?)`)
)

// TestSystems: in the tables of examples/SYSTEMS.md, every place is in the API
// or an example, and every test and case is there. What is not offered says why,
// and everything else has a place and a test.
func TestSystems(t *testing.T) {
	api := map[string]bool{} // "signtable.Rule.KeyPath"
	for line := range strings.Lines(read(t, apiFile)) {
		m := apiLine.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("%s: %q", apiFile, line)
		}
		name := path.Base(m[1]) + "." + m[2] + m[3] + m[4] + m[6]
		api[name] = true
		if member := m[5] + m[7]; member != "" {
			api[name+"."+member] = true
		}
	}
	folders := map[string]string{} // of packages, by their names
	for _, p := range packages(t) {
		folders[path.Base(p.dir)] = p.dir
	}
	rows := systemRow.FindAllStringSubmatch(read(t, "examples/SYSTEMS.md"), -1)
	n := 0
	for _, m := range rows {
		option, where, tests := m[1], m[2], m[3]
		if option == "option" || option == "---" {
			continue
		}
		n++
		places := 0
		for _, q := range quoted.FindAllStringSubmatch(where, -1) {
			if goName.MatchString(q[1]) {
				places++
				if !api[q[1]] {
					t.Errorf("%s: %s is not in the API", option, q[1])
				}
			} else if strings.HasPrefix(q[1], "examples/") {
				places++
				if !exists(filepath.Join(filepath.FromSlash(q[1]), "main.go")) {
					t.Errorf("%s: there is no %s", option, q[1])
				}
			}
		}
		refused := strings.HasPrefix(where, "not offered, because ")
		if !refused && (places == 0 || tests == "") {
			t.Errorf("%s: no place, or no test: %s | %s", option, where, tests)
		}
		for _, q := range quoted.FindAllStringSubmatch(tests, -1) {
			if m := testName.FindStringSubmatch(q[1]); m == nil {
				t.Errorf("%s: %s is no test", option, q[1])
			} else {
				if dir := folders[m[1]]; dir != "" && !strings.Contains(m[1], "/") {
					m[1] = dir
				}
				checkTest(t, option, m[1], m[2], m[3])
			}
		}
	}
	if n < 150 || strings.Count(read(t, "examples/SYSTEMS.md"), "\n| ") != len(rows) {
		t.Errorf("%d options; %d rows, of which some are malformed", n, len(rows))
	}
}

// checkTest checks that the tests of a folder have a function, and a case.
func checkTest(t *testing.T, option, dir, function, name string) {
	files, err := filepath.Glob(filepath.Join(filepath.FromSlash(dir), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if text := read(t, file); strings.Contains(text, "\nfunc "+function+"(") && strings.Contains(text, name) {
			return
		}
	}
	t.Errorf("%s: no file of %s has %s, or none the case %q", option, dir, function, name)
}

// systemOptions are the names of the options as the systems have them; for
// MDaemon's, which its dialogs describe, a word of each.
const systemOptions = `
dkim_sign dk_domain base_domain body_canon body_length_limit copy_headers digest header_canon headerlist identity key keycache_size lifetime
neg_keycache_ttl pos_keycache_ttl selector sign_condition dkim domainkeys opendkim_sign Signing_Stats signing_stats flush ec_dkim_ctl --add-dkim
--delete-dkim --add-dk --delete-dk --list dkim_validate msys.validate.dkim.sign get_domains get_responsible_domain get_verify_results
verify_results_get_count verify_results_get_item verify_status_to_string reflect msys.validate.dk.sign msys.validate.dk.get_responsible_domain ec_dkim_sign
ec_dkim_domains ec_dkim_responsible_domain ec_dk_sign ec_dk_responsible_domain signing_domain keyfile keybuf dkim_domain key_cache_size
oversign_headerlist skip_headerlist testing get_num_sigs get_sig get_sig_canons get_sig_domain get_sig_selector get_sig_errorstr get_sig_flags
get_sig_keysize get_sig_signalg get_sig_hdrsigned get_sig_identity OK BADSIG NOSIG NOKEY CANTVRFY SYNTAX NORESOURCE INTERNAL REVOKED INVALID NOTIMPLEMENT
KEYFAIL CBREJECT CBTRYAGAIN CBERROR IGNORE PROCESSED PASSED TESTKEY NOSUBDOMAIN dk_sign dk_validate canon dk_status
DKIMSign DeliverWithDKIM canonicalization_header canonicalization_body algorithm additional_headers oversign_headers headers discard_changes return_header arc id
DKIMVerify MailMessage.verifyDKIM timeout dns_function DKIMSDID signature_limit DKIMADSP ScanDMARC MailMessage.signDKIM MIME.signDKIM header_dkim_decode
SetPrivateKey SetRSAPrivateKey SetDomain SetSelector SetDigestAlgorithm SetSignatureAlgorithm SetHeaders AddHeaders DelHeaders SetOversignHeaders
SetSignBodyLength SetCanonModeHeader SetTimestamp SetExpiration SetIdentity SetARCInstance AddAdditionalSignature GetSignatures GetSignature GetPublicKey CheckSignature
default_for_domain bits private public default hashfunc domain from_domain use_key_from allow_duplicate
conf_file listen relay signature dkim_method domainkeys_method method sender_map listid_map reject_error $sender $senderdomain $key $keydomain $$ hostname
reject_fail --type --algorithm --method --selector --domain --expiration --identity --key --key-protocol --extra-tag --timestamp --binary
--debug-canonicalization dkimverify.pl
t= q= l= z= r=y Canonicalize honours requires trigger Exemptions Cache eligible DKSign.dat dns_readme.txt rsa.public StripSigsFromListMail nHonorBodyLengthTag nCheckPractices nSubjectRequired nAllowUnsignedFromHeaders nSaveCanonicalizedData
nIncludeBodyLengthTag nIncludeTimeStamp nIncludeQueryMethod nIncludeCopiedHeaders szIdentity expireTime szRequiredHeaders pfnHeaderCallback`

// TestSystemOptions: each option stands in the first column of a row.
func TestSystemOptions(t *testing.T) {
	listed := map[string]bool{}
	for _, m := range systemRow.FindAllStringSubmatch(read(t, "examples/SYSTEMS.md"), -1) {
		for _, word := range strings.FieldsFunc(m[1], func(r rune) bool { return strings.ContainsRune("` ,:()\\<>", r) }) {
			listed[word] = true
		}
	}
	for _, option := range strings.Fields(systemOptions) {
		if !listed[option] {
			t.Errorf("no row of examples/SYSTEMS.md has %s", option)
		}
	}
}

// TestExamplesAreShort: what does the work of a system has less than 200 lines
// of code, without blank lines, comments and imports.
func TestExamplesAreShort(t *testing.T) {
	for _, p := range packages(t) {
		system, _, _ := strings.Cut(strings.TrimPrefix(p.dir, "examples/"), "/")
		if !strings.Contains(" momentum halon greenarrow dkimproxy mdaemon opendkim ", " "+system+" ") {
			continue
		}
		files, err := filepath.Glob(filepath.Join(filepath.FromSlash(p.dir), "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				n += linesOfCode(t, file)
			}
		}
		if n == 0 || n >= 200 {
			t.Errorf("%s has %d lines", p.dir, n)
		}
	}
}

// linesOfCode counts the lines on which there is a token that is neither of a
// comment nor of the imports.
func linesOfCode(t *testing.T, name string) int {
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	file := fset.AddFile(name, -1, len(src))
	var s scanner.Scanner
	s.Init(file, src, nil, 0)
	lines := map[int]bool{}
	for imports, group := false, false; ; {
		pos, tok, lit := s.Scan()
		switch {
		case tok == token.EOF:
			return len(lines)
		case tok == token.IMPORT:
			imports, group = true, false
		case imports:
			group = group || tok == token.LPAREN
			imports = tok != token.RPAREN && (group || tok != token.STRING)
		case tok != token.SEMICOLON || lit != "\n":
			for i := range strings.Count(lit, "\n") + 1 {
				lines[file.Line(pos)+i] = true
			}
		}
	}
}
