//go:build race

package explain_test

func init() { race = true }
