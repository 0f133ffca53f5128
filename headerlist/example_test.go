package headerlist_test

import (
	"errors"
	"fmt"
	"strings"

	"github.com/waxseal/waxseal/headerlist"
)

// Momentum's worked example: X-Example is asserted to be absent, and so is a
// third Received, since Received+ has used both.
func ExampleList_Select() {
	list := headerlist.MustParse("Received+:X-Example*:From:Subject?:Received")
	message := []string{"Received", "Received", "From", "To", "Subject"}
	fmt.Println(strings.Join(list.Select(message), ":"))
	// Output: Received:Received:X-Example:From:Subject:Received
}

func ExampleParse() {
	list, err := headerlist.Parse("From:Subject?")
	fmt.Printf("%+v %v\n", list, err)

	_, err = headerlist.Parse("From:Sub ject?")
	var e *headerlist.EntryError
	if errors.As(err, &e) {
		fmt.Println(e.Index, e.Offset, e.Entry)
	}
	// Output:
	// From:Subject? <nil>
	// 1 5 Sub ject?
}

func ExampleOversign() {
	list := headerlist.Oversign("From", "Subject")
	fmt.Println(list)
	fmt.Println(strings.Join(list.Select([]string{"Date", "From", "To"}), ":"))
	// Output:
	// From+:From:Subject+:Subject
	// From:From:Subject
}

// A list of one's own goes before or after others.
func ExampleList() {
	list := append(headerlist.Oversign("From"), headerlist.MustParse("To+:Subject+")...)
	fmt.Println(list, list.Validate())
	// Output: From+:From:To+:Subject+ <nil>
}
