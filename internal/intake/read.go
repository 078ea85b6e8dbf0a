package intake

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// How often as much as it unpacks to a roster takes of the room for temporary files, with a plan of people who are all new and without, and how much is
// always there. It was measured with 50,000 students and their classes.
const (
	stageOfNew = 7
	stageOfAny = 4
	stageFrom  = 256 << 20
)

// readPackage reads the file or folder at path into to, in the format named or in the first one that knows it.
func readPackage(path, name string, given Mapping, today string, lim limits, f *findings, to *records) error {
	if name != "" && !formatNamed(name) {
		return cannot(Finding{Code: cannotFormat, File: name, As: strings.Join(Formats(), ", ")})
	}
	b, err := openBundle(path, lim, f)
	if err != nil {
		return err
	}
	b.mapping = given
	if name == "" || name == "oneroster" || name == "sds" {
		b.usersAlone(f)
	}
	if err := lim.hold(filepath.Base(path), b.size); err != nil {
		return errors.Join(err, b.Close())
	}
	for _, kind := range formats() {
		if name == kind.name || name == "" && kind.knows(b) {
			if b.size > lim.memory && !kind.staged {
				return errors.Join(cannot(Finding{Code: cannotBig, File: filepath.Base(path), Number: int(lim.memory >> 20)}), b.Close())
			}
			return errors.Join(kind.read(b, today, f, to), b.Close())
		}
	}
	err = cannot(Finding{Code: cannotTell, As: shorten(strings.Join(b.names(), ", "))})
	return errors.Join(err, b.Close())
}

// hold returns fault.Invalid when a roster is bigger than any may be, or there is too little room for one of that size: it is said beforehand, and not in
// the middle.
func (lim limits) hold(name string, size int64) error {
	if size > lim.total {
		return cannot(Finding{Code: cannotBig, File: name, Number: int(lim.total >> 20)})
	}
	need := size * stageOfAny
	if lim.allNew {
		need = size * stageOfNew
	}
	if need < stageFrom {
		return nil
	}
	if free, known := lim.room(); known && free < need {
		return cannot(Finding{Code: cannotRoom, As: os.TempDir(), Number: int(need >> 20)})
	}
	return nil
}

// usersAlone gives the one file of a package the name that the formats know, when its columns are those of users.csv: what is downloaded twice is called
// "users (1).csv". As a table of students its parents would be students too.
func (b *bundle) usersAlone(f *findings) {
	if len(b.files) != 1 || b.has("users.csv") {
		return
	}
	for key, e := range b.files {
		if !strings.EqualFold(filepath.Ext(e.name), ".csv") {
			return
		}
		columns := b.header(e.name)
		for _, need := range []string{"sourcedid", "givenname", "familyname", "role"} {
			if !slices.Contains(columns, need) {
				return
			}
		}
		f.add(Note, e.name, 0, "", "", sayUsers)
		delete(b.files, key)
		b.files["users.csv"] = entry{name: "users.csv", open: e.open}
	}
}
