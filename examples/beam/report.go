package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
)

func init() {
	register.Function2x1(lineFn)
	register.DoFn3x1[context.Context, int, func(*string) bool, error](&reportFn{})
}

// lineFn puts the count of a row behind it.
func lineFn(row string, n int) string { return row + "\t" + strconv.Itoa(n) }

// reportFn writes the report, sorted.
type reportFn struct{ Output string }

func (f *reportFn) ProcessElement(ctx context.Context, _ int, lines func(*string) bool) error {
	rows := [][]string{}
	for line := ""; lines(&line); {
		rows = append(rows, strings.Split(line, "\t"))
	}
	slices.SortFunc(rows, slices.Compare[[]string])
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write([]string{"domain", "status", "bits", "reason", "count"})
	w.WriteAll(rows) // and flushes; a bytes.Buffer does not fail
	fs, err := filesystem.New(ctx, f.Output)
	if err != nil {
		return err
	}
	defer fs.Close()
	if err := filesystem.Write(ctx, fs, f.Output, b.Bytes()); err != nil {
		return fmt.Errorf("%s: %w", f.Output, err)
	}
	return nil
}
