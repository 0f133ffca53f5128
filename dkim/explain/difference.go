package explain

import (
	"bytes"
	"mime"
	"strings"

	"github.com/waxseal/waxseal/canon"
)

// difference names the change between two spellings of a field.
func difference(now, then []byte) Cause {
	nowName, nowValue, _ := strings.Cut(string(bytes.TrimSuffix(now, []byte("\r\n"))), ":")
	thenName, thenValue, _ := strings.Cut(string(bytes.TrimSuffix(then, []byte("\r\n"))), ":")
	if nowName != thenName {
		if strings.TrimRight(nowName, " \t") == strings.TrimRight(thenName, " \t") {
			return ColonSpace
		}
		return NameCase
	}
	a, b := strings.TrimLeft(nowValue, " \t"), strings.TrimLeft(thenValue, " \t")
	if a == b {
		return ColonSpace
	}
	if strings.TrimRight(a, " \t") == strings.TrimRight(b, " \t") {
		return TrailingSpace
	}
	if crlf(a) == crlf(b) {
		return LineEndings
	}
	if bare(a) == bare(b) {
		return Refolded
	}
	name := strings.ToLower(strings.TrimRight(nowName, " \t"))
	a, b = string(canon.Relaxed.AppendField(nil, []byte("x:"+nowValue))), string(canon.Relaxed.AppendField(nil, []byte("x:"+thenValue)))
	switch name {
	case "subject":
		if decoded(a) == decoded(b) {
			return EncodedWord
		}
		if len(b) < len(a) {
			return SubjectTag
		}
	case "content-transfer-encoding":
		return Reencoded
	case "content-type":
		if strings.Contains(strings.ToLower(a+b), "charset=") && mediaType(a) == mediaType(b) {
			return Charset
		}
		if strings.HasPrefix(mediaType(a), "multipart/") && mediaType(a) != mediaType(b) {
			return Wrapped
		}
	case "from", "reply-to", "sender":
		if decoded(a) != decoded(b) && addressOf(a) != addressOf(b) {
			return FromRewritten
		}
	}
	if a != b && decoded(a) == decoded(b) {
		return EncodedWord
	}
	return FieldRewritten
}

// bare returns s without white space.
func bare(s string) string {
	return strings.NewReplacer(" ", "", "\t", "", "\r\n", "").Replace(s)
}

// crlf returns s with line ends of CRLF.
func crlf(s string) string { return string(apply([]byte(s), bareEnds([]byte(s), true))) }

func decoded(s string) string {
	t, err := new(mime.WordDecoder).DecodeHeader(s)
	if err != nil {
		return s
	}
	return t
}

func mediaType(s string) string {
	t, _, _ := strings.Cut(strings.TrimPrefix(s, "x:"), ";")
	return strings.ToLower(strings.TrimSpace(t))
}

// addressOf returns the address of a field that has one, roughly.
func addressOf(s string) string {
	s = strings.TrimPrefix(s, "x:")
	if at := strings.LastIndexByte(s, '<'); at >= 0 {
		s, _, _ = strings.Cut(s[at+1:], ">")
	}
	return strings.ToLower(strings.TrimSpace(s))
}
