// Package dkimtest holds what the tests of several packages share: scenarios
// in files, line ends, test keys, and the corpus of other projects' messages.
// Nothing but tests imports it.
package dkimtest
