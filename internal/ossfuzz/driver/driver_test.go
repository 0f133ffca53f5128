package driver

import (
	"math"
	"reflect"
	"strings"
	"testing"
)

func typesOf(values []any) []reflect.Type {
	var types []reflect.Type
	for _, v := range values {
		types = append(types, reflect.TypeOf(v))
	}
	return types
}

func TestEncode(t *testing.T) {
	for _, values := range [][]any{
		{"a text"},
		{[]byte("octets")},
		{""},
		{"a", uint16(0x102), []byte{}, true, "last"},
		{int8(-1), int16(-2), int32(math.MinInt32), int64(math.MinInt64), -5, uint8(255), uint32(math.MaxUint32), uint64(math.MaxUint64), uint(7), false},
		{strings.Repeat("x", math.MaxUint16), strings.Repeat("y", 100_000)},
	} {
		data, err := Encode(values)
		if err != nil {
			t.Errorf("%.60v: %v", values, err)
			continue
		}
		if got, err := Decode(data, typesOf(values)); err != nil || !reflect.DeepEqual(got, values) {
			t.Errorf("%.60v came back as %.60v, %v", values, got, err)
		}
	}
	if data, err := Encode([]any{"ab", uint16(5), "cd"}); string(data) != "\x00\x05\x00\x02abcd" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
	for _, values := range [][]any{{1.5}, {strings.Repeat("x", math.MaxUint16+1), ""}} {
		if _, err := Encode(values); err == nil {
			t.Errorf("%.60v is no error", values)
		}
	}
}

// Any input gives arguments.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(""))
	f.Add([]byte("\x00\x05\x01\xff\xffab"))
	f.Fuzz(func(t *testing.T, data []byte) {
		values := []any{"", uint16(0), true, []byte{}, int8(0), ""}
		got, err := Decode(data, typesOf(values))
		if err != nil || !reflect.DeepEqual(typesOf(got), typesOf(values)) {
			t.Fatalf("%v, %v", got, err)
		}
		again, err := Encode(got)
		if err != nil {
			t.Fatal(err)
		}
		if got2, err := Decode(again, typesOf(values)); err != nil || !reflect.DeepEqual(got, got2) {
			t.Fatalf("%v, then %v, %v", got, got2, err)
		}
	})
}

func TestParseSeed(t *testing.T) {
	types := typesOf([]any{"", []byte{}, uint8(0), int32(0), true, -1, uint16(0)})
	const text = "go test fuzz v1\nstring(\"a\\n\")\n[]byte(\"\\xff\")\nbyte('\\x05')\nrune('ü')\nbool(true)\nint(-7)\nuint16(9)\n"
	want := []any{"a\n", []byte{0xff}, uint8(5), 'ü', true, -7, uint16(9)}
	if got, err := parseSeed(text, types); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	for _, bad := range []string{
		"", "go test fuzz v1", "go test fuzz v2\nstring(\"\")", "go test fuzz v1\nstring(1)", "go test fuzz v1\n(", "go test fuzz v1\n\"a\"",
		"go test fuzz v1\nstring(\"a\")\nstring(\"b\")",
	} {
		if got, err := parseSeed(bad, typesOf([]any{""})); err == nil {
			t.Errorf("%q: %v", bad, got)
		}
	}
}
