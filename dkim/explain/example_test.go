package explain_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/waxseal/waxseal/dkim"
	"github.com/waxseal/waxseal/dkim/explain"
	"github.com/waxseal/waxseal/internal/dkimtest"
	"github.com/waxseal/waxseal/keyrecord"
)

func ExampleExplain() {
	now := func() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) }
	signer := &dkim.Signer{Domain: "example.org", Selector: "s1", Key: dkimtest.Ed25519(1), Time: now}
	message := "From: Joe <joe@example.org>\r\nSubject: dinner\r\n\r\nHi.\r\n"
	var signed bytes.Buffer
	if err := dkim.Sign(context.Background(), &signed, strings.NewReader(message), signer); err != nil {
		log.Fatal(err)
	}
	record, err := signer.Record()
	if err != nil {
		log.Fatal(err)
	}

	// A mailing list does what lists do.
	damaged := strings.Replace(signed.String(), "Subject: ", "Subject: [cooks] ", 1) + "-- \r\nThe list of cooks\r\n"

	reports, err := explain.Explain(context.Background(), []byte(damaged), &explain.Options{Verifier: &dkim.Verifier{
		Resolver: keyrecord.MapResolver{"s1._domainkey.example.org": {record.String()}},
		Time:     now,
	}})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range reports {
		for _, f := range r.Findings {
			fmt.Printf("%s in line %d; %s\n", f.Cause, f.Where.Line, f.Proof)
		}
		fmt.Println("would pass without:", r.Proved())
	}
	// Output:
	// subject-tag in line 6; proved: with subject-tag undone, b= verifies
	// footer in line 9; proved: with footer undone, bh= matches
	// would pass without: true
}
