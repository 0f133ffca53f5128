// Package headerlist chooses the header fields that a DKIM signature covers,
// in the syntax of Momentum's headerlist option.
//
// It is for signers: a List turns the names of a message's fields into the
// names of h=, of RFC 6376, section 3.5. A list is names with ":" between
// them, and each name may end in one modifier:
//
//	written  copies signed  when no copy is left
//	Name     one            assert: the name is listed all the same
//	Name?    one            nothing is listed
//	Name*    every copy     assert: the name is listed once
//	Name+    every copy     nothing is listed
//
// To assert is to list a name that has no field, so that a field of that name
// which somebody adds later breaks the signature (RFC 6376, section 5.4).
//
// The modifiers do not mean what they mean elsewhere: "*" asserts and "+" does
// not. In a regular expression "+" is the one that wants a copy. In the
// extended headers of Perl's Mail::DKIM "*" is every copy and never asserts,
// and "+" is every copy and one more, so it always does. What that "+" says
// is written Name+:Name here, and [Oversign] makes it.
//
// The entries are taken from left to right, and each consumes copies. An entry
// that takes one copy takes the bottom one of those that are left. Whether a
// copy is there is judged on what earlier entries left over, so X*:X lists one
// name more than the message has fields of that name.
//
//	list := headerlist.MustParse("Received+:X-Example*:From:Subject?:Received")
//	h := list.Select([]string{"Received", "Received", "From", "Subject"})
//	// Received:Received:X-Example:From:Subject:Received
package headerlist
