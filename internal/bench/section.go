package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// A section is one table of the report.
type section struct {
	title, text  string
	head         []string
	rows         [][]string
	targets, met int
}

// add adds a row.
func (s *section) add(cells ...string) { s.rows = append(s.rows, cells) }

// atMost and atLeast return the cells of a target, and whether the value meets it.
func (s *section) atMost(limit, value float64, text string) []string {
	return s.judge("at most "+text, value <= limit)
}

func (s *section) atLeast(limit, value float64, text string) []string {
	return s.judge("at least "+text, value >= limit)
}

func (s *section) judge(text string, met bool) []string {
	s.targets++
	if !met {
		return []string{text, "no"}
	}
	s.met++
	return []string{text, "yes"}
}

// noTarget are the cells of a row without a target.
var noTarget = []string{"-", "-"}

// write writes the section as Markdown that can be read as it is.
func (s *section) write(w io.Writer) {
	if len(s.rows) == 0 {
		return
	}
	fmt.Fprintf(w, "\n## %s\n\n%s\n\n", s.title, strings.TrimSpace(s.text))
	widths := make([]int, len(s.head))
	for _, row := range append([][]string{s.head}, s.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	line := func(row []string) {
		for i, cell := range row {
			fmt.Fprintf(w, "| %-*s ", widths[i], cell)
		}
		io.WriteString(w, "|\n")
	}
	line(s.head)
	for _, n := range widths {
		fmt.Fprintf(w, "| %s ", strings.Repeat("-", n))
	}
	io.WriteString(w, "|\n")
	for _, row := range s.rows {
		line(row)
	}
}
