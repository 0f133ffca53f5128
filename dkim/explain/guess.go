package explain

import (
	"slices"
	"strings"
)

// guesses returns values, with the space after the colon, of a field that is gone.
func guesses(name string, m *message) []string {
	switch strings.ToLower(name) {
	case "mime-version":
		return []string{" 1.0"}
	case "content-transfer-encoding":
		return []string{" 7bit", " 8bit", " quoted-printable", " base64", " 8BIT", " 7BIT", " binary"}
	case "content-type":
		list := m.partFields("Content-Type")
		for _, c := range []string{"", "; charset=utf-8", "; charset=UTF-8", `; charset="utf-8"`, `; charset="UTF-8"`, "; charset=us-ascii", `; charset="us-ascii"`, "; charset=iso-8859-1", "; format=flowed"} {
			list = append(list, " text/plain"+c, " text/html"+c)
		}
		return list
	case "reply-to", "sender", "return-path", "errors-to", "resent-from":
		var list []string
		for _, from := range slices.Concat(m.fieldValues("From"), m.fieldValues("X-Original-Sender"), m.fieldValues("Return-Path"), m.fieldValues("X-Original-Reply-To")) {
			list = append(list, from)
			if addr := addressOf(from); addr != "" {
				list = append(list, " "+addr, " <"+addr+">")
			}
		}
		return list
	case "precedence":
		return []string{" bulk", " list", " junk"}
	case "importance", "priority", "x-msmail-priority":
		return []string{" normal", " Normal", " high", " High"}
	case "x-priority":
		return []string{" 3", " 3 (Normal)", " 1"}
	case "to":
		return []string{" undisclosed-recipients:;", " undisclosed-recipients: ;", " Undisclosed recipients:;"}
	case "subject", "cc", "bcc":
		return []string{"", " "}
	case "auto-submitted":
		return []string{" auto-generated", " auto-replied"}
	case "list-unsubscribe-post":
		return []string{" List-Unsubscribe=One-Click"}
	case "content-language":
		return []string{" en-US", " en"}
	case "content-disposition":
		return []string{" inline"}
	}
	return nil
}
