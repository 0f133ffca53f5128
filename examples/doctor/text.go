package main

import (
	"fmt"
	"io"
	"strings"
)

// These are the colours of a terminal (ECMA-48).
const (
	bold   = "\x1b[1m"
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	dim    = "\x1b[2m"
	plain  = "\x1b[0m"
)

// A printer prints, in colours or without.
type printer struct {
	strings.Builder
	colors bool
}

// paint returns text in a colour.
func (p *printer) paint(color, text string) string {
	if !p.colors || text == "" {
		return text
	}
	return color + text + plain
}

func (p *printer) line(format string, args ...any) {
	fmt.Fprintf(p, format+"\n", args...)
}

func levelColor(level string) string {
	switch level {
	case "error", "fail", "permerror":
		return red
	case "warning", "policy", "temperror", "neutral":
		return yellow
	case "ok", "pass":
		return green
	}
	return dim
}

// writeText prints a diagnosis for people.
func writeText(w io.Writer, d *Diagnosis, colors bool) error {
	p := &printer{colors: colors}
	if len(d.Signatures) == 0 {
		p.line("The message has no DKIM signature.")
	}
	for _, s := range d.Signatures {
		p.signature(s)
	}
	for _, r := range d.Records {
		p.line("\n%s", p.paint(bold, "Key record "+r.Name))
		p.checks(r.Checks)
	}
	for _, q := range d.Policies {
		p.line("\n%s", p.paint(bold, "Policies of "+q.Domain))
		p.checks(q.Checks)
	}
	_, err := io.WriteString(w, strings.TrimPrefix(p.String(), "\n"))
	return err
}

func (p *printer) checks(list []Check) {
	for _, c := range list {
		p.line("  %s %s", p.paint(levelColor(c.Level), c.Level+":"), c.Text)
	}
}

func (p *printer) signature(s Signature) {
	p.line("\n%s %s", p.paint(bold, "Signature of "+s.Domain+", selector "+s.Selector+":"), p.paint(levelColor(s.Status), s.Status))
	if s.Error != "" {
		p.line("  %s", s.Error)
	}
	p.line("  header %s, body %s", s.Header, s.Body)
	for _, f := range s.Findings {
		color := yellow
		if f.Proved {
			color = green
		}
		p.line("\n  %s %s", p.paint(red, f.Cause+":"), f.Detail)
		if f.Line > 0 {
			where := "body"
			if f.Field != "" {
				where = f.Field
			}
			p.line("    %s %s", p.paint(dim, fmt.Sprintf("%s, line %d, octet %d:", where, f.Line, f.Offset)), f.Excerpt)
		}
		p.line("    %s", p.paint(color, f.Proof))
		p.line("    %s", f.Advice)
	}
	if s.Proved {
		p.line("\n  %s", p.paint(green, "With that undone, the signature passes."))
	}
	if len(s.Copies) > 0 {
		p.line("\n  %s", p.paint(bold, "What z= has otherwise:"))
		for _, c := range s.Copies {
			now := c.Now
			if c.Gone {
				now = " (gone)"
			}
			p.line("    %s:%s\n    %s:%s", p.paint(green, "then "+c.Name), c.Then, p.paint(red, "now  "+c.Name), now)
		}
	}
	if len(s.Advice) > 0 {
		p.line("\n  %s", p.paint(bold, "For the signer:"))
		for _, c := range s.Advice {
			p.line("    %s %s", p.paint(levelColor(c.Level), c.Level+":"), c.Text)
		}
	}
}
