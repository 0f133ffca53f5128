// Package explain finds out why a DKIM signature does not verify, for people
// who ask and for programs that count: it undoes what is known to happen to
// messages, and shows that the signature then verifies.
//
//	reports, err := explain.Explain(ctx, message, &explain.Options{Verifier: verifier})
//	for _, r := range reports {
//		fmt.Println(r)
//	}
//
// A [Report] has a [Finding] for each cause. A cause is proved when the octets
// with it undone have the body hash of bh=, or the signature of b= verifies
// over them: SHA-256, RSA and Ed25519 say so, not a likeness. What is only
// likely is there too, with a Proof that says nothing. [Report.Repaired] is
// the message with all that is proved undone; where nothing but the message
// was at fault, it verifies.
//
// The search tries one cause, then two together, the likely ones first, and
// ends with the work that [Options] allow: a number of octets canonicalized,
// hashed or searched, and a number of signature checks. The message is in
// memory, and so are a few copies of its body.
//
// A report is a diagnosis. Deliver by the results of package dkim: what is
// repaired here has been changed by somebody.
package explain
