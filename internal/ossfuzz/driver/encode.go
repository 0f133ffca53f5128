package driver

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
)

// Encode turns the arguments of a target into one input of the engine. Numbers
// and truths come first, in their order and with the size of their type, the
// greatest octet first; then each string but the last, after its length in two
// octets; then the last.
func Encode(values []any) ([]byte, error) {
	var numbers []byte
	var texts []string
	for _, value := range values {
		v := reflect.ValueOf(value)
		switch v.Kind() {
		case reflect.String:
			texts = append(texts, v.String())
		case reflect.Slice: // []byte, which package testing has checked
			texts = append(texts, string(v.Bytes()))
		case reflect.Bool:
			n := byte(0)
			if v.Bool() {
				n = 1
			}
			numbers = append(numbers, n)
		case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
			numbers = appendNumber(numbers, uint64(v.Int()), v.Type().Bits())
		case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
			numbers = appendNumber(numbers, v.Uint(), v.Type().Bits())
		default:
			return nil, fmt.Errorf("an argument of type %T is not supported", value)
		}
	}
	data := numbers
	for i, text := range texts {
		if i < len(texts)-1 {
			if len(text) > math.MaxUint16 {
				return nil, fmt.Errorf("a text of %d octets that is not the last is too long", len(text))
			}
			data = binary.BigEndian.AppendUint16(data, uint16(len(text)))
		}
		data = append(data, text...)
	}
	return data, nil
}

func appendNumber(data []byte, n uint64, bits int) []byte {
	octets := binary.BigEndian.AppendUint64(nil, n)
	return append(data, octets[8-bits/8:]...)
}

// Decode turns an input of the engine into arguments of these types. Any input
// will do: what is missing is zero, and a length that is too large is as much as
// there is.
func Decode(data []byte, types []reflect.Type) ([]any, error) {
	take := func(n int) []byte {
		n = min(n, len(data))
		head := data[:n]
		data = data[n:]
		return head
	}
	number := func(bits int) uint64 {
		var octets [8]byte
		copy(octets[8-bits/8:], take(bits/8))
		return binary.BigEndian.Uint64(octets[:])
	}
	values := make([]any, len(types))
	last := -1 // the last text
	for i, t := range types {
		v := reflect.New(t).Elem()
		switch t.Kind() {
		case reflect.String, reflect.Slice:
			last = i
			continue
		case reflect.Bool:
			v.SetBool(number(8)&1 == 1)
		case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
			v.SetInt(int64(number(t.Bits())<<(64-t.Bits())) >> (64 - t.Bits()))
		case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
			v.SetUint(number(t.Bits()))
		default:
			return nil, fmt.Errorf("an argument of type %v is not supported", t)
		}
		values[i] = v.Interface()
	}
	for i, t := range types {
		if values[i] != nil {
			continue
		}
		n := len(data)
		if i != last {
			n = int(number(16))
		}
		text := take(n)
		if t.Kind() == reflect.String {
			values[i] = string(text)
		} else {
			values[i] = append([]byte{}, text...)
		}
	}
	return values, nil
}
