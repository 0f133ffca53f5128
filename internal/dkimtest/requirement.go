package dkimtest

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed testdata/requirements.txt
var requirementsText string

// A Requirement is a rule of a specification. Tests name those that they prove.
type Requirement struct {
	ID      string // "6376-3.5i-b": the RFC, the section, and a letter
	Section string // of the RFC, and the errata
	Binds   string // signer, verifier, key (who reads records); writer, reader or border (who removes) of Authentication-Results; or both
	Text    string // what it asks for

	How Meeting
	Why string // for a Choice the words of the documentation; for Caller and Fact the reason
}

// A Meeting is how a requirement is met.
type Meeting string

const (
	Test   Meeting = "test"   // tests prove it
	Choice Meeting = "choice" // the text is open: it is documented, and tests pin it
	Caller Meeting = "caller" // it binds who uses a library
	Fact   Meeting = "fact"   // it binds nobody
)

// Requirements returns the rows of testdata/requirements.txt.
func Requirements() ([]Requirement, error) {
	var all []Requirement
	seen := map[string]bool{}
	for line := range strings.Lines(requirementsText) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		cells := strings.Split(line, " | ")
		if len(cells) != 5 {
			return nil, fmt.Errorf("%d cells, want 5: %s", len(cells), line)
		}
		how, why, _ := strings.Cut(cells[3], ": ")
		r := Requirement{ID: cells[0], Section: cells[1], Binds: cells[2], Text: cells[4], How: Meeting(how), Why: why}
		switch r.How {
		case Test:
			if why != "" {
				return nil, fmt.Errorf("%s: a test needs no reason", r.ID)
			}
		case Choice, Caller, Fact:
			if why == "" {
				return nil, fmt.Errorf("%s: %s without a reason", r.ID, how)
			}
		default:
			return nil, fmt.Errorf("%s: met by %q", r.ID, how)
		}
		if seen[r.ID] {
			return nil, fmt.Errorf("%s stands twice", r.ID)
		}
		seen[r.ID] = true
		all = append(all, r)
	}
	return all, nil
}
