package interop

import (
	"bytes"
	"context"
	"fmt"

	msgauth "github.com/emersion/go-msgauth/dkim"
	"github.com/waxseal/waxseal/keyrecord"
)

// Msgauth verifies a message with go-msgauth, in this process. It returns what
// [Process.Verify] does; a panic is a reason.
func Msgauth(zone keyrecord.MapResolver, message []byte) (word, reason string) {
	defer func() {
		if v := recover(); v != nil {
			word, reason = Refused, fmt.Sprint("panic: ", v)
		}
	}()
	results, err := msgauth.VerifyWithOptions(bytes.NewReader(message), &msgauth.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		return zone.LookupTXT(context.Background(), name)
	}})
	switch {
	case err != nil:
		return Refused, err.Error()
	case len(results) != 1:
		return Refused, fmt.Sprintf("%d results", len(results))
	case results[0].Err == nil:
		return "pass", ""
	case msgauth.IsPermFail(results[0].Err):
		return "permerror", results[0].Err.Error()
	case msgauth.IsTempFail(results[0].Err):
		return "temperror", results[0].Err.Error()
	}
	return "fail", results[0].Err.Error()
}
