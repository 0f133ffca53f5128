// Package authres writes, parses and removes Authentication-Results header
// fields (RFC 8601).
//
// It is for a mail server that reports what it found out about a message, and
// for those who read such reports: filters, archives, mail readers. A server
// first verifies, then removes the fields that claim to be its own, then puts
// one new field on top, above all other trace fields. It never adds a result
// to a field that is there. The order matters, since removing a field that a
// signature covers breaks the signature:
//
//	verifier := dkim.NewVerifyWriter(ctx, v)
//	stripped := authres.NewStripReader(io.TeeReader(message, verifier), "mx.example.com")
//	_, err := io.Copy(spool, stripped)
//	results, err := verifier.Finish()
//
// Then it writes the field, and the spool behind it:
//
//	f := &authres.Field{
//		ID: "mx.example.com",
//		Results: []authres.Result{{
//			Method: "dkim",
//			Value:  "pass",
//			Props: []authres.Prop{
//				{Type: "header", Name: "d", Value: "example.org"},
//				{Type: "header", Name: "b", Value: "/gCrinpc"},
//			},
//		}},
//	}
//	io.WriteString(w, f.String())
//	// Authentication-Results: mx.example.com;
//	//	dkim=pass header.d=example.org header.b="/gCrinpc"
//
// What a stranger puts into a message ends up in these fields, and a field
// that says dmarc=pass is believed. So String writes one field with the
// results of the struct, whatever octets the struct holds, and Validate says
// what it had to change.
package authres
