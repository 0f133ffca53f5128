package authres

const (
	columns = 77 // of a line, and one for the ";" behind it: 78 (RFC 5322, section 2.1.1)
	tab     = 8  // columns that some count for the TAB of a fold
)

// A writer gathers a field and folds it. Its pieces hold no line breaks, and
// are short enough for a line of 998 octets each.
type writer struct {
	b   []byte
	col int // octets of the last line, a TAB counted as eight
}

// raw writes s where it stands.
func (w *writer) raw(s string) {
	w.b = append(w.b, s...)
	w.col += len(s)
}

// line writes s on a line of its own.
func (w *writer) line(s string) {
	w.b = append(w.b, "\r\n\t"...)
	w.col = tab
	w.raw(s)
}

// piece writes a space and s, on a new line if the last one has no room.
func (w *writer) piece(s string) {
	if w.col+1+len(s) > columns {
		w.line(s)
		return
	}
	w.raw(" ")
	w.raw(s)
}

// comment writes a comment, which may also be folded at a space between two
// words. The fold keeps that space, so that the text stays what it is.
func (w *writer) comment(s string) {
	word := w.piece
	for len(s) > 0 {
		end := nextSpace(s)
		word(s[:end])
		if end < len(s) {
			end++
		}
		s = s[end:]
		word = w.word
	}
}

// word writes a space and s, with a line break before the space if the last
// line has no room.
func (w *writer) word(s string) {
	if w.col+1+len(s) > columns {
		w.b = append(w.b, "\r\n"...)
		w.col = 0
	}
	w.raw(" ")
	w.raw(s)
}

// nextSpace returns the offset of the first space in s that stands behind
// something other than white space, or the length of s.
func nextSpace(s string) int {
	for i := 1; i < len(s)-1; i++ {
		if s[i] == ' ' && !isSpace(s[i-1]) {
			return i
		}
	}
	return len(s)
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' }
