// Package interop runs other DKIM software, to see that it verifies what
// waxseal signs, and the reverse. It is for waxseal's own tests, and a module
// of its own, so that nobody who imports waxseal meets it.
//
// Each peer is a folder in peers, with two programs that stay running and
// answer one message after another; [Peer] starts them:
//
//	verifier, err := interop.Peer("opendkim").Verifier(ctx, "zone.json")
//	...
//	word, reason, err := verifier.Verify(message) // "pass"
//
// What peers cannot do is in the table of limits, limits.go. Where they differ
// about messages that are made up, in the table of differences, differences.go.
package interop
