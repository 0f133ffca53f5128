package driver

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// WriteSeeds writes, for each target, the seeds that it adds and those of its
// folder in testdata/fuzz to a zip file in dir, which is named PREFIX, the
// target, and "_seed_corpus.zip". It runs in the folder of the package.
func WriteSeeds(dir, prefix string, targets []testing.InternalFuzzTarget) error {
	for _, target := range targets {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		seen := map[string]bool{}
		add := func(values []any) error {
			data, err := Encode(values)
			if err != nil {
				return fmt.Errorf("%s: %w", target.Name, err)
			}
			name := fmt.Sprintf("%x", sha256.Sum256(data))[:16]
			if seen[name] {
				return nil
			}
			seen[name] = true
			w, err := z.Create(name)
			if err == nil {
				_, err = w.Write(data)
			}
			return err
		}
		d := &deps{
			corpus: func(corpus string, types []reflect.Type) error {
				return readCorpus(corpus, types, add)
			},
			seeds: func(seeds []entry, _ []reflect.Type) error {
				for _, s := range seeds {
					if err := add(s.Values); err != nil {
						return err
					}
				}
				return nil
			},
		}
		if err := fuzz(d, target, false); err != nil {
			return err
		}
		if len(seen) == 0 {
			return fmt.Errorf("%s has no seeds", target.Name)
		}
		if err := z.Close(); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, prefix+target.Name+"_seed_corpus.zip"), b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// readCorpus calls add with the values of each file in a folder of testdata/fuzz.
func readCorpus(dir string, types []reflect.Type, add func([]any) error) error {
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return err
		}
		values, err := parseSeed(string(text), types)
		if err == nil {
			err = add(values)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name(), err)
		}
	}
	return nil
}

// parseSeed parses a file as go test writes it: a line that names the format,
// then a conversion of a constant for each argument, one a line.
func parseSeed(text string, types []reflect.Type) ([]any, error) {
	lines := strings.Split(strings.TrimRight(text, "\r\n"), "\n")
	if strings.TrimSpace(lines[0]) != "go test fuzz v1" || len(lines)-1 != len(types) {
		return nil, fmt.Errorf("not a seed with %d values", len(types))
	}
	var values []any
	for i, line := range lines[1:] {
		e, err := parser.ParseExpr(line)
		if err != nil {
			return nil, err
		}
		call, ok := e.(*ast.CallExpr)
		if !ok || len(call.Args) != 1 {
			return nil, fmt.Errorf("%q is no conversion", line)
		}
		v := reflect.New(types[i]).Elem()
		if err := setConstant(v, call.Args[0]); err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
		values = append(values, v.Interface())
	}
	return values, nil
}

// setConstant sets v to the constant that e is.
func setConstant(v reflect.Value, e ast.Expr) error {
	text := ""
	switch e := e.(type) {
	case *ast.Ident: // true, false
		text = e.Name
	case *ast.UnaryExpr: // -1
		if l, ok := e.X.(*ast.BasicLit); ok {
			text = e.Op.String() + l.Value
		}
	case *ast.BasicLit:
		text = e.Value
		if e.Kind == token.CHAR {
			c, _, _, err := strconv.UnquoteChar(e.Value[1:], '\'')
			if err != nil {
				return err
			}
			text = strconv.Itoa(int(c))
		}
	}
	switch v.Kind() {
	case reflect.String, reflect.Slice:
		s, err := strconv.Unquote(text)
		if err != nil {
			return err
		}
		if v.Kind() == reflect.String {
			v.SetString(s)
		} else {
			v.SetBytes([]byte(s))
		}
		return nil
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		v.SetBool(b)
		return err
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(text, 0, v.Type().Bits())
		v.SetInt(n)
		return err
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := strconv.ParseUint(text, 0, v.Type().Bits())
		v.SetUint(n)
		return err
	}
	return fmt.Errorf("a value of type %v is not supported", v.Type())
}
