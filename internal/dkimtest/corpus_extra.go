package dkimtest

import (
	"encoding/json"
	"path/filepath"
	"testing"
)

// Decode decodes the case as its source has it into v, for what only one
// package wants and Case has no field for.
func (c *Case) Decode(t testing.TB, v any) {
	t.Helper()
	var all []json.RawMessage
	if err := readJSON(filepath.Join(c.dir, "cases.json"), &all); err != nil {
		t.Fatal(err)
	}
	for _, raw := range all {
		var key struct{ ID, Kind string }
		if err := json.Unmarshal(raw, &key); err != nil {
			t.Fatal(err)
		}
		if key.ID == c.ID && key.Kind == c.Kind {
			if err := json.Unmarshal(raw, v); err != nil {
				t.Fatalf("%s: %v", c.Name(), err)
			}
			return
		}
	}
	t.Fatalf("%s: not in cases.json any more", c.Name())
}
