package intake

import (
	"errors"
	"hash/maphash"
	"io"
	"slices"
	"strings"
)

// oneRoster reads a OneRoster 1.1 or 1.2 CSV package, all files but those of resources. Which version it is shows in the columns; the
// manifest says which files hold everything (bulk) and which hold changes (delta), and where it and the data differ the data are right
// (1EdTech OneRoster 1.2 CSV binding, 2.1).
type oneRoster struct {
	b        *bundle
	f        *findings
	today    string
	manifest map[string]string // nil: there is none
	orgs     map[string]org
	hasRoles bool
	many     bool // people may have several roles: those of roles.csv, or of further rows
	columns  map[string]bool
	numbers  numbers
	users    string // the name of the file of people
	dated    bool   // there is a file of birth dates
	cut      bool   // a file that lists people ends too early
	out      *records
	stage    *stage             // where people are until all is read
	known    map[string]*person // of those that the rows at hand refer to, who stand in the file

	// of the other files
	ids     map[string]map[uint64]bool // by file, as hashes: in one of a hundred million files two of half a million are taken for one
	kinds   map[string]string          // of academic sessions
	parents [][2]string                // of academic sessions
	inClass map[uint64]bool
	ranges  map[string][2]float64 // of line items
	seed    maphash.Seed
}

// unread are the files of the standard that this program does not take: what software a school has is no record of people.
func unread() []string {
	return []string{"resources.csv", "classResources.csv", "courseResources.csv", "userResources.csv"}
}

func knowsOneRoster(b *bundle) bool {
	return b.has("users.csv") || b.has("manifest.csv")
}

func readOneRoster(b *bundle, today string, f *findings, to *records) error {
	o := &oneRoster{b: b, f: f, today: today, orgs: map[string]org{}, columns: map[string]bool{}, seed: maphash.MakeSeed(), out: to, stage: to.stage}
	if o.stage == nil { // of a parse that keeps all in memory
		own, err := newStage(to.ctx)
		if err != nil {
			return err
		}
		defer func() { _ = own.Close() }() // nothing of it is kept
		o.stage = own
	}
	to.format = "OneRoster 1.1"
	if err := o.readManifest(); err != nil {
		return err
	}
	o.inventory()
	for _, step := range []func() error{o.readOrgs, o.readRoles, o.readUsers, o.readDemographics} {
		if err := step(); err != nil {
			return err
		}
	}
	o.tellVersion()
	if err := o.assemble(); err != nil {
		return err
	}
	if err := o.readOthers(); err != nil {
		return err
	}
	return o.giveBack()
}

// manifestRows bounds how many properties of a manifest are looked at: the standard has 25.
const manifestRows = 200

func (o *oneRoster) readManifest() error {
	e, ok := o.b.file("manifest.csv")
	if !ok {
		o.f.add(Note, "manifest.csv", 0, "", "", sayNoManifest)
		return nil
	}
	o.manifest = map[string]string{}
	t, err := openTable(e, layout{columns: []string{"propertyName", "value"}, aliases: map[string]string{"propertyvalue": "value",
		"property": "propertyName", "name": "propertyName"}}, o.f)
	if err != nil {
		return err
	}
	defer func() { _ = t.Close() }() // it was only read
	if !t.has("propertyName") || !t.has("value") {
		o.f.add(Warning, "manifest.csv", 1, "", "", sayManifestHead)
		o.manifest = nil
		return nil
	}
	return each(t, func(r row) error {
		name := r.value("propertyName")
		if _, twice := o.manifest[strings.ToLower(name)]; twice {
			r.note(Warning, "propertyName", name, sayPropertyTwice)
			return nil
		}
		if len(o.manifest) < manifestRows {
			o.manifest[strings.ToLower(name)] = r.value("value")
		}
		return nil
	})
}

// each calls fn for every row of a table.
func each(t *table, fn func(row) error) error {
	for {
		r, err := t.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = fn(r)
		}
		if err != nil {
			return err
		}
	}
}

// eachKnowing is each for rows that refer to people: before finds out about them for some rows at a time.
func eachKnowing(t *table, before func([]row) error, fn func(row) error) error {
	for end := false; !end; {
		var some []row
		var err error
		for len(some) < readAtOnce && err == nil {
			var r row
			if r, err = t.next(); err == nil {
				some = append(some, r)
			}
		}
		if end = errors.Is(err, io.EOF); err != nil && !end {
			return err
		}
		if err := before(some); err != nil {
			return err
		}
		for _, r := range some {
			if err := fn(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// inventory says which files are not read, and where the manifest and the files differ.
func (o *oneRoster) inventory() {
	read := []string{"manifest.csv", "orgs.csv", "users.csv", "roles.csv", "demographics.csv"}
	for _, s := range oneRosterSpecs() {
		read = append(read, s.name+".csv")
	}
	same := func(name string) func(string) bool { return func(s string) bool { return strings.EqualFold(s, name) } }
	for _, name := range o.b.names() {
		switch {
		case slices.ContainsFunc(read, same(name)):
			if at := slices.IndexFunc(read, same(name)); read[at] != name {
				o.f.say(Finding{Level: Note, File: name, Code: saySpelled, As: read[at]})
			}
		case slices.ContainsFunc(unread(), same(name)):
			o.f.add(Note, name, 0, "", "", saySoftware)
		default:
			o.f.add(Warning, name, 0, "", "", sayNotOfFormat)
		}
	}
	if o.manifest == nil {
		return
	}
	for _, name := range read[1:] {
		key := "file." + strings.TrimSuffix(name, ".csv")
		said, listed := o.manifest[strings.ToLower(key)]
		_, there := o.b.file(name)
		mode := strings.ToLower(said)
		switch {
		case mode != "absent" && mode != "bulk" && mode != "delta" && (listed || there) && (mode != "" || there):
			o.f.add(Warning, "manifest.csv", 0, key, said, sayMode)
		case there && mode == "absent":
			o.f.add(Warning, "manifest.csv", 0, key, said, sayNotAbsent)
		case !there && (mode == "bulk" || mode == "delta"):
			o.f.add(Warning, "manifest.csv", 0, key, said, sayDeclared)
		}
	}
	if v := o.manifest["manifest.version"]; v != "1.0" {
		o.f.add(Note, "manifest.csv", 0, "manifest.version", v, sayManifestVersion)
	}
	o.properties(read[1:])
}

// properties says which properties of the manifest the standard has and this one lacks, or the other way round.
func (o *oneRoster) properties(files []string) {
	known := []string{"manifest.version", "oneroster.version", "source.systemname", "source.systemcode"}
	for _, name := range append(slices.Clone(files), unread()...) {
		key := "file." + strings.ToLower(strings.TrimSuffix(name, ".csv"))
		known = append(known, key)
		if _, said := o.manifest[key]; !said && o.b.has(name) {
			o.f.add(Warning, "manifest.csv", 0, "file."+strings.TrimSuffix(name, ".csv"), "", sayUndeclared)
		}
	}
	for name := range o.manifest {
		if !slices.Contains(known, name) && name != "" {
			o.f.add(Warning, "manifest.csv", 0, "propertyName", name, sayProperty)
		}
	}
}

// delta reports whether a file holds changes alone.
func (o *oneRoster) delta(file string) bool {
	return strings.EqualFold(o.manifest["file."+strings.ToLower(file)], "delta")
}

func (o *oneRoster) tellVersion() {
	told := "1.1"
	if o.hasRoles || o.columns["primaryOrgSourcedId"] || o.columns["userMasterIdentifier"] {
		told = "1.2"
	}
	if said := o.manifest["oneroster.version"]; o.manifest != nil && !strings.HasPrefix(said, told) {
		o.f.say(Finding{Level: Warning, File: "manifest.csv", Column: "oneroster.version", Was: said, Code: sayVersion, As: told})
	}
	o.out.format = "OneRoster " + told
}

// open opens a file of the package as a table; ok is false when there is none.
func (o *oneRoster) open(name string, l layout) (t *table, ok bool, err error) {
	e, ok := o.b.file(name)
	if !ok {
		return nil, false, nil
	}
	t, err = openTable(e, l, o.f)
	return t, err == nil, err
}

// deleted reads a row's status: whether the row says that its record is gone.
func deleted(r row) bool {
	status := r.value("status")
	switch folded := fold(status); folded {
	case "", "active":
		if status != "" && status != "active" {
			r.note(Note, "status", status, sayActive)
		}
		return false
	case "tobedeleted":
		if status != "tobedeleted" {
			r.note(Note, "status", status, sayDeleted)
		}
		return true
	case "inactive", "deleted":
		r.note(Warning, "status", status, sayDeletedVersion)
		return true
	}
	r.note(Warning, "status", status, sayStatusUnknown)
	return false
}

// sourcedID reads a row's id; "" with a finding where there is none that can be kept.
func sourcedID(r row, column string) string {
	id := r.value(column)
	switch {
	case id == "":
		r.note(Skipped, column, "", sayNoID)
	case tooLong(id, idLength):
		r.note(Skipped, column, id, sayIDLong)
		return ""
	}
	return id
}

var (
	errNoUsers = cannot(Finding{Code: cannotNoUsers})
	errNoRoles = cannot(Finding{Code: cannotNoRoles})
)
