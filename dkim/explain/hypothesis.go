package explain

// A hypothesis is one thing that may have happened to a message, or that a
// signer does wrong, with the ways to undo it. Each way is checked alike: the
// body that it makes must have the hash of bh=, the header that it makes must
// be the one that b= signs.
type hypothesis struct {
	// cause is what is reported. What is undone in a field is reported by how
	// the two spellings differ: see difference.
	cause Cause

	steps  func(*bodySearch, []byte) []step // what to undo in a body, one or the other
	search func(*bodySearch, chain, []byte) // the same, for a check that is cheaper when it is not whole
	header func(*headerSearch) []*change    // what to undo in a header, one or the other
	field  func(*varier)                    // spellings that one field may have had
	simple bool                             // field makes what relaxed canonicalization does not see
}

// hypotheses returns all there are, in the order in which they are tried.
//
// The causes that are not here need no search: those of the key (keys lists
// what may have made a signature), the clock, the settings, and the lines
// of a message as a whole (repairs).
func hypotheses() []hypothesis {
	return []hypothesis{
		{cause: LineEndings, steps: lineEndings, header: headerLineEndings},
		{cause: TrailingSpace, steps: trailingSpace},
		{cause: DotStuffing, steps: dots},
		{cause: FromEscaped, steps: fromLines},
		{cause: Tabs, steps: tabs},
		{cause: LongLines, steps: longLines},
		{cause: Wrapped, steps: wrapped, header: headerWrapped},
		{cause: Reencoded, steps: reencoded},
		{cause: Footer, steps: aroundBase64},
		{cause: Charset, steps: charsets},
		{cause: FinalCRLF, search: endings},
		{cause: OtherCanon, search: otherCanon, header: otherHeaderCanon},
		{cause: Banner, search: insertions},
		{cause: TrailingSpace, search: oneLine},

		{cause: SignatureField, header: bodyHashTag},
		{cause: SignatureSpacing, header: signatureSpacing},
		{cause: FieldAdded, header: fieldsAdded},
		{cause: FieldOrder, header: fieldOrder},
		{cause: FieldRemoved, header: fieldsRemoved},
		{cause: ColonSpace, field: (*varier).colonSpace, simple: true},
		{cause: TrailingSpace, field: (*varier).trailing, simple: true},
		{cause: NameCase, field: (*varier).names, simple: true},
		{cause: Refolded, field: (*varier).folds, simple: true},
		{cause: Refolded, field: (*varier).joints},
		{cause: SubjectTag, field: (*varier).subject},
		{cause: FromRewritten, field: (*varier).replaced},
		{cause: FieldRewritten, field: (*varier).address},
		{cause: FieldRewritten, field: (*varier).date},
		{cause: Charset, field: (*varier).contentType},
		{cause: Reencoded, field: (*varier).encoding},
		{cause: EncodedWord, field: (*varier).words},
	}
}
