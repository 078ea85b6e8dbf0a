package intake

import (
	"errors"
	"strings"

	"github.com/schoolgate/schoolgate/internal/fault"
)

// readPackage reads the file or folder at path into to, in the format named or in the first one that knows it.
func readPackage(path, name string, given Mapping, today string, lim limits, f *findings, to *records) error {
	if name != "" && !formatNamed(name) {
		return fault.Invalidf("unknown format %q: there are %s", name, strings.Join(Formats(), ", "))
	}
	b, err := openBundle(path, lim, f)
	if err != nil {
		return err
	}
	b.mapping = given
	for _, kind := range formats() {
		if name == kind.name || name == "" && kind.knows(b) {
			return errors.Join(kind.read(b, today, f, to), b.Close())
		}
	}
	err = fault.Invalidf("this is no roster that can be read: there is neither users.csv nor manifest.csv, nor a table of students or contacts, but %s",
		shorten(strings.Join(b.names(), ", ")))
	return errors.Join(err, b.Close())
}
