// Package canon canonicalizes header fields and bodies as RFC 6376, section
// 3.4, describes, for code that signs or verifies DKIM signatures.
//
// A message reaches the hash in a canonical form, so that what mail systems do
// to a message on its way does not break its signature. There are two
// algorithms, each for the header and for the body: [Simple] changes next to
// nothing, [Relaxed] folds white space. A [Pair] names one of each, as the tag
// c= of a signature does.
//
//	pair, err := canon.ParsePair("relaxed/relaxed")
//	if err != nil {
//		return err
//	}
//	header := sha256.New()
//	header.Write(pair.Header.AppendField(nil, []byte("Subject: Hello\r\n")))
//
//	body := sha256.New()
//	w := pair.Body.NewBodyWriter(body)
//	if _, err := io.Copy(w, message); err != nil {
//		return err
//	}
//	if err := w.Close(); err != nil {
//		return err
//	}
//	bh := body.Sum(nil)
//
// White space is SP and HTAB, and a line ends in CRLF; every other octet is
// data, a bare CR and a bare LF too. Text with other line endings, a local
// file for instance, has to become CRLF text first, and the message that is
// sent has to be that text: see [NewCRLFReader] and [NewCRLFWriter].
package canon
