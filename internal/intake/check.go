package intake

import (
	"context"
	"errors"
)

// Contents is what a package holds, and what is to be said of it.
type Contents struct {
	Format   string
	District string // as the file has it, "" if it names none
	Held
	Whole    bool   // whoever is not in it is gone
	Only     string // "students" or "contacts" where it has a place for one of the two alone
	Findings []Finding
}

// Held counts records of a package.
type Held struct{ Schools, Students, Contacts, Lines, Terms, Courses, Classes, Enrolments, Staff int }

// Check reads the file or folder at path as an import on the day today (2006-01-02) would, without records to compare it with. It returns
// fault.NotFound when there is no such file and fault.Invalid when it cannot be read; what was found before is in the contents all the same.
func Check(ctx context.Context, path, format string, given Mapping, today string) (c Contents, err error) {
	s, err := newStage(ctx)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	f, rec := newFindings(), stagedRecords(ctx, s)
	err = readPackage(path, format, given, today, defaultLimits(), f, rec)
	if err == nil {
		err = checkStage(ctx, s, rec, f)
	}
	return Contents{Format: rec.format, District: rec.district, Held: rec.held, Whole: rec.whole, Only: string(rec.only), Findings: f.list()}, err
}

// checkStage finds what only shows when all of a file is read.
func checkStage(ctx context.Context, s *stage, rec *records, f *findings) error {
	for _, query := range append(indexes(), indexLineContacts) {
		if err := s.exec(ctx, query); err != nil {
			return err
		}
	}
	p := &plan{rec: rec, stage: s, f: f, rep: &Report{}, pos: map[phase]int{}, notes: map[List]int{}}
	return p.check(ctx)
}

// Column is a column of a table of people and what it is taken as.
type Column struct{ Header, Field, Sample string }

// Table is a table of a package, as its columns say. Holds is "students", "contacts", or "" for what is neither.
type Table struct {
	File, Holds string
	Columns     []Column
}

// Tables reads the headers of the tables at path. Field is "" for a column that is not read. It returns fault.NotFound and fault.Invalid as
// Check does.
func Tables(path string, given Mapping) (all []Table, err error) {
	b, err := openBundle(path, defaultLimits(), newFindings())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	b.mapping = given
	for _, name := range b.names() {
		for _, h := range peekTables(b, name) {
			kind, columns := plainHeader(h.Names, given)
			t := Table{File: h.File, Holds: map[plainKind]string{studentFile: fileOfStudents, contactFile: fileOfContacts, pairFile: fileOfContacts}[kind]}
			for i, c := range columns {
				col := Column{Header: h.Names[i], Field: c.key}
				if i < len(h.Sample) && !isSecret(fold(h.Names[i])) {
					col.Sample = shorten(clean(h.Sample[i]))
				}
				t.Columns = append(t.Columns, col)
			}
			all = append(all, t)
		}
	}
	return all, nil
}
