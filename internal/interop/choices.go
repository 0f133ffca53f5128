package interop

// Choices decide what a message of a differential test is like: an octet for
// each question. When they run out, the answer is 0, the plainest. So every
// string of octets is a message, and a shorter one, or one with more zeros, is a
// plainer message.
type Choices struct{ octets []byte }

// Below returns a number below n, which is at most 256.
func (c *Choices) Below(n int) int {
	if len(c.octets) == 0 {
		return 0
	}
	v := int(c.octets[0]) % n
	c.octets = c.octets[1:]
	return v
}

// Seldom reports true for one octet in n.
func (c *Choices) Seldom(n int) bool { return c.Below(n) == n-1 }

// One returns one of the strings.
func (c *Choices) One(list ...string) string { return list[c.Below(len(list))] }

// Shrink returns the plainest choices it finds for which keep is still true, which
// it is for the given. It asks at most tries times.
func Shrink(octets []byte, tries int, keep func([]byte) bool) []byte {
	ask := func(candidate []byte) bool {
		if tries == 0 {
			return false
		}
		tries--
		if !keep(candidate) {
			return false
		}
		octets = candidate
		return true
	}
	for again := true; again && tries > 0; {
		again = false
		for size := len(octets); size > 0; size /= 2 {
			for at := 0; at+size <= len(octets) && tries > 0; {
				without := append(append([]byte{}, octets[:at]...), octets[at+size:]...)
				zeros := append([]byte{}, octets...)
				clear(zeros[at : at+size])
				switch {
				case ask(without):
					again = true
				case string(zeros) != string(octets) && ask(zeros):
					again = true
					at += size
				default:
					at += size
				}
			}
		}
	}
	return octets
}
