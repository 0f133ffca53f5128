package explain

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/waxseal/waxseal/canon"
)

func lineEndings(_ *bodySearch, data []byte) []step {
	bare, cr := bareEnds(data, true), edits(nil)
	for _, e := range bare {
		if data[e.start] == '\r' {
			cr = append(cr, e)
		}
	}
	steps := []step{
		{LineEndings, "lines that end in LF or CR alone", bare},
		{LineEndings, "lines that end in CR CR LF", everywhere(data, "\r\r\n", "\r\n")},
	}
	if len(cr) > 0 && len(cr) < len(bare) {
		steps = append(steps, step{LineEndings, "lines that end in LF alone", bareEnds(data, false)})
	}
	return steps
}

type edits = []edit

// bareEnds makes CRLF of each LF and, if cr is set, of each CR that is not part
// of a CRLF.
func bareEnds(data []byte, cr bool) []edit {
	var list []edit
	for i := 0; len(list) < maxEdits; i++ {
		k := bytes.IndexByte(data[i:], '\n')
		end := len(data)
		if k >= 0 {
			end = i + k
		}
		for ; cr && i < end; i++ {
			c := bytes.IndexByte(data[i:end], '\r')
			if c < 0 {
				break
			}
			i += c
			if i+1 < len(data) && data[i+1] == '\n' {
				continue
			}
			list = append(list, edit{i, i + 1, "\r\n"})
		}
		if k < 0 {
			break
		}
		if end == 0 || data[end-1] != '\r' {
			list = append(list, edit{end, end + 1, "\r\n"})
		}
		i = end
	}
	return list
}

func trailingSpace(s *bodySearch, data []byte) []step {
	if s.alg == canon.Relaxed {
		return nil
	}
	var stripped, kept []edit
	lines(data, func(start, end, next int) bool {
		at := end
		for at > start && (data[at-1] == ' ' || data[at-1] == '\t') {
			at--
		}
		if at < end {
			stripped = append(stripped, edit{at, end, ""})
			if string(data[start:end]) != "-- " {
				kept = append(kept, edit{at, end, ""})
			}
		}
		return len(stripped) < maxEdits
	})
	if len(kept) == len(stripped) {
		kept = nil
	}
	var signature []edit // the "-- " above a signature
	for _, e := range atLineStarts(data, "--\r\n", "-- \r\n") {
		signature = append(signature, edit{e.start + 2, e.start + 2, " "})
	}
	return []step{
		{TrailingSpace, "white space at the end of lines", stripped},
		{TrailingSpace, `white space at the end of lines, but for "-- "`, kept},
		{TrailingSpace, `the space of "-- ", which was taken away`, signature},
	}
}

func dots(_ *bodySearch, data []byte) []step {
	return []step{
		{DotStuffing, "a second dot at the start of lines", atLineStarts(data, "..", ".")},
		{DotStuffing, "a dot at the start of lines, which was taken away", atLineStarts(data, ".", "..")},
	}
}

func fromLines(_ *bodySearch, data []byte) []step {
	quoted := atLineStarts(data, ">From ", "From ")
	steps := []step{
		{FromEscaped, `">" before "From "`, quoted},
		{FromEscaped, `">" before "From ", which was taken away`, atLineStarts(data, "From ", ">From ")},
	}
	const most = 8 // lines that are tried one by one
	if len(quoted) > 1 && len(quoted) <= most {
		for _, e := range quoted {
			steps = append(steps, step{FromEscaped, `">" before "From "`, []edit{e}})
		}
	}
	return steps
}

func tabs(s *bodySearch, data []byte) []step {
	if s.alg == canon.Relaxed {
		return nil
	}
	const eight, four = "        ", "    "
	return []step{
		{Tabs, "tabs that were made eight spaces", everywhere(data, eight, "\t")},
		{Tabs, "tabs that were made four spaces", everywhere(data, four, "\t")},
		{Tabs, "tabs that were made spaces up to the next column of eight", unexpand(data, true)},
		{Tabs, "tabs at the start of lines that were made one space", atLineStarts(data, " ", "\t")},
		{Tabs, "tabs that were made spaces up to the next column of eight", unexpand(data, false)},
		{Tabs, "spaces that were made a tab", everywhere(data, "\t", eight)},
		{Tabs, "spaces that were made a tab", everywhere(data, "\t", four)},
		{Tabs, "a space that was made a tab", everywhere(data, "\t", " ")},
		{Tabs, "spaces that were made a tab", expand(data)},
	}
}

// unexpand makes a tab of each run of spaces, two at least, or one if single is
// not set, that ends at a column of eight.
func unexpand(data []byte, two bool) []edit {
	var list []edit
	lines(data, func(start, end, next int) bool {
		run, column := start, 0
		for i := start; i < end; i++ {
			c := data[i]
			if c != ' ' {
				run = i + 1
			}
			if column++; c == '\t' {
				column = (column + 7) &^ 7
			}
			if column%8 == 0 {
				if least := i + 1 - run; least > 1 || least == 1 && !two {
					list = append(list, edit{run, i + 1, "\t"})
				}
				run = i + 1
			}
		}
		return len(list) < maxEdits
	})
	return list
}

// expand makes spaces of each tab, up to the next column of eight.
func expand(data []byte) []edit {
	const eight = "        "
	var list []edit
	lines(data, func(start, end, next int) bool {
		column := 0
		for i := start; i < end; i++ {
			if data[i] != '\t' {
				column++
				continue
			}
			n := 8 - column%8
			list = append(list, edit{i, i + 1, eight[:n]})
			column += n
		}
		return len(list) < maxEdits
	})
	return list
}

// longLines joins lines that a relay broke, since they were above the 998
// octets of RFC 5321: all pieces but the last have one length.
func longLines(_ *bodySearch, data []byte) []step {
	const least = 900 // octets; no relay breaks shorter lines
	longest := 0
	lines(data, func(start, end, next int) bool {
		longest = max(longest, end-start)
		return true
	})
	steps := []step{{LongLines, `a line that was broken with "!"`, everywhere(data, "!\r\n ", "")}}
	if longest < least {
		return steps
	}
	for _, joint := range []struct{ text, detail string }{
		{"", "a line that was broken"},
		{" ", "a line that was broken with a space"},
		{"\t", "a line that was broken with a tab"},
	} {
		// A piece that begins with white space of the break is that much longer.
		var list []edit
		lines(data, func(start, end, next int) bool {
			n := end - start
			if (n == longest || n == longest-len(joint.text)) && next > end && bytes.HasPrefix(data[next:], []byte(joint.text)) {
				list = append(list, edit{end, next + len(joint.text), ""})
			}
			return len(list) < maxEdits
		})
		steps = append(steps, step{LongLines, joint.detail, list})
	}
	return steps
}

// wrapped takes out each part of a multipart message: a list or a gateway may
// have made the message a part of its own, and added another.
func wrapped(s *bodySearch, data []byte) []step {
	var steps []step
	s.parts(data, func(p *part) {
		if p.depth == 0 || len(steps) == maxMarks {
			return
		}
		list := []edit{{0, p.body, ""}}
		if p.end < len(data) {
			list = append(list, edit{p.end, len(data), ""})
		}
		steps = append(steps, step{Wrapped, "a multipart around the message", list})
	})
	return steps
}

// charsets converts the text of a body between UTF-8 and Latin-1, and tries
// other labels of the charset of its parts.
func charsets(s *bodySearch, data []byte) []step {
	steps := []step{
		{Charset, "text that was converted from ISO-8859-1 to UTF-8", toLatin1(data)},
		{Charset, "text that was converted from UTF-8 to ISO-8859-1", fromLatin1(data)},
	}
	const most = 64 // labels
	s.parts(data, func(p *part) {
		if p.depth == 0 || len(steps) > most {
			return
		}
		at, value := p.field(data, "Content-Type")
		for _, v := range contentTypeVariants(value) {
			steps = append(steps, step{Charset, "the Content-Type of a part", []edit{{at, at + len(value), v}}})
		}
	})
	return steps
}

// toLatin1 makes one octet of each character of UTF-8 that Latin-1 has. It
// returns nothing for text that has others.
func toLatin1(data []byte) []edit {
	var list []edit
	for i := 0; i < len(data) && len(list) < maxEdits; {
		if data[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError || r > 0xff {
			return nil
		}
		list = append(list, edit{i, i + n, string([]byte{byte(r)})})
		i += n
	}
	return list
}

// fromLatin1 makes UTF-8 of each octet beyond ASCII, unless the text is UTF-8.
func fromLatin1(data []byte) []edit {
	if utf8.Valid(data) {
		return nil
	}
	var list []edit
	for i, c := range data {
		if c >= utf8.RuneSelf {
			list = append(list, edit{i, i + 1, string(rune(c))})
		}
		if len(list) == maxEdits {
			break
		}
	}
	return list
}

// contentTypeVariants are other spellings of a Content-Type: the charset with
// and without quotes, in another case, or another one.
func contentTypeVariants(value string) []string {
	lower := strings.ToLower(value)
	at := strings.Index(lower, "charset=")
	if at < 0 {
		if !strings.HasPrefix(strings.TrimLeft(lower, " \t"), "text/") {
			return nil
		}
		v := strings.TrimRight(value, " \t;")
		return []string{v + "; charset=us-ascii", v + "; charset=utf-8", v + "; charset=\"us-ascii\"", v + "; charset=\"utf-8\"", v + "; charset=UTF-8", v + "; charset=iso-8859-1"}
	}
	start := at + len("charset=")
	end := start
	for end < len(value) && !strings.ContainsRune("; \t\r\n", rune(value[end])) {
		end++
	}
	word := strings.Trim(value[start:end], `"`)
	var list []string
	for _, w := range []string{word, strings.ToLower(word), strings.ToUpper(word), "us-ascii", "US-ASCII", "utf-8", "UTF-8", "iso-8859-1", "ISO-8859-1", "windows-1252", "iso-8859-15", "unknown-8bit"} {
		for _, quoted := range []string{w, `"` + w + `"`} {
			if quoted != value[start:end] {
				list = append(list, value[:start]+quoted+value[end:])
			}
		}
	}
	// The label may have been added as a whole.
	before := strings.TrimRight(value[:at], " \t\r\n")
	list = append(list, strings.TrimSuffix(before, ";")+value[end:])
	return list
}
