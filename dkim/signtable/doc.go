// Package signtable chooses who signs a message, and with which key: for a mail
// system that signs for many domains.
//
// A [Table] finds the sender of a message, looks up its rules, reads the keys
// through a [KeyCache], and is the dkim.SignerSource that package dkim asks:
//
//	root, err := os.OpenRoot("/etc/mail/dkim")
//	...
//	table := &signtable.Table{
//		Default: signtable.Rule{Selector: "s1", KeyPath: "%{d}/%{s}.key", Lifetime: 7 * 24 * time.Hour},
//		Senders: map[string][]signtable.Rule{
//			"example.com":      {{}, {Selector: "ed", Headers: short}}, // two signatures
//			"corp.example.com": {{BaseDomain: "example.com"}},          // sign as the parent
//			"example.net":      {{KeyDomain: "example.com"}},           // with the key of another
//		},
//		Keys: &signtable.KeyCache{FS: root.FS()},
//	}
//	err = table.Validate() // at start-up
//	...
//	err = dkim.Sign(ctx, dst, src, table)
//
// # The sender
//
// The sender is the first address of the Sender field, or of From if there is
// no Sender. Its rules are looked up under the whole address, the address
// without +extension, the domain, the parents of the domain, and "." for
// everybody; the first of these that has an entry decides, and d= is the domain
// of that entry unless a rule says otherwise. An entry without rules signs
// nothing. So does a table without an entry for the sender: that is no error.
//
// # Macros
//
// Rule.KeyPath, Rule.Domain and Rule.Identity may hold:
//
//	%{d}             d=, in lower case with A-labels          KeyPath, Identity
//	%{s}             s=, likewise                             KeyPath, Identity
//	%{senderdomain}  the domain of the sender, likewise       all three
//	%{keydomain}     the domain of the entry, likewise        all three
//	%{sender}        the address of the sender                Identity
//	%{key}           the entry: an address, a domain or "."   Identity
//	%%               a percent sign                           all three
//
// In KeyPath, %{d} and %{s} are KeyDomain and KeySelector where a rule has them.
// What stands in a path was checked as a domain name first, so that no sender
// can leave the folder. A symbolic link can, with os.DirFS; it cannot with the
// file system of an os.Root.
package signtable
