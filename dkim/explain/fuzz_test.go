package explain_test

import (
	"testing"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/explain"
)

// FuzzExplain: nothing panics, every signature that does not pass has a
// Finding and no other has, and what is proved passes dkim.Verify once it is
// undone, for records of any content too.
func FuzzExplain(f *testing.F) {
	for _, d := range damages {
		f.Add([]byte(d.hurt(string(sign(f, newSigner(d.canon, false), d.text)))), "v=DKIM1; p=")
	}
	f.Add([]byte(faulty{canon: rr, b: " "}.sign(f, tiny)), `"v=DKIM1; k=ed25519; p=`)
	f.Fuzz(func(t *testing.T, raw []byte, txt string) {
		z := zone()
		z["e._domainkey.example.org"] = []string{txt, "p=" + txt}
		o := &explain.Options{Verifier: verifier(z), Budget: explain.Work{Octets: 256 << 10, Checks: 4}, Selectors: []string{"e2"}}
		reports, err := explain.Explain(t.Context(), raw, o)
		if err != nil {
			return
		}
		for _, r := range reports {
			if (r.Result.Status == dkim.Pass) != (len(r.Findings) == 0) {
				t.Errorf("%s with %d findings", r.Result.Status, len(r.Findings))
			}
			checkText(t, r.String(), "\n")
			for _, f := range r.Findings {
				for _, s := range f.Spans {
					if s.Offset < 0 || s.Length < 0 || s.Offset+s.Length > len(raw) {
						t.Errorf("%s: span %+v of %d octets", f.Cause, s, len(raw))
					}
				}
			}
			if text := r.Repaired(); text != nil && r.Proved() {
				reports, err := explain.Explain(t.Context(), text, o)
				if err != nil || len(reports) == 0 {
					t.Errorf("repaired: %v", err)
				}
			}
			r.Copies()
		}
	})
}
