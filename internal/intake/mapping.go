package intake

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Mapping is what a school says of the columns of its own tables: by a column's name, folded to small letters and digits, the field of ours
// that it holds, or "-" for one that is not to be read. In a file of students a field may be one of a contact in the row: "contact1.email".
// What a mapping does not name is told by the usual names.
type Mapping struct {
	School             int64 // 0: for every school
	Students, Contacts map[string]string
}

// Fields lists what a mapping may name for a file of students, and for one of contacts.
func Fields() (students, contacts []string) { return studentColumns(), contactColumns() }

// mappingFormat is the format that takes a mapping: those of others say themselves what their columns are.
const mappingFormat = "table"

// Mapping returns what is kept for a school, or for every school (0). It returns fault.Forbidden unless the actor may import.
func (i *Intake) Mapping(ctx context.Context, actor access.Actor, school int64) (m Mapping, err error) {
	if err := access.Check(actor, access.ImportRoster); err != nil {
		return Mapping{}, err
	}
	err = i.db.Read(ctx, func(tx *sqldb.Tx) error {
		m, err = mappingOf(ctx, tx, mappingFormat, school)
		return err
	})
	return m, err
}

// Folded returns a mapping with the names of its columns folded, as those in files are. It returns fault.Invalid as SetMapping does.
func Folded(m Mapping) (Mapping, error) {
	var err error
	if m.Students, err = checked(m.Students, studentColumns(), true); err != nil {
		return m, err
	}
	m.Contacts, err = checked(m.Contacts, contactColumns(), false)
	return m, err
}

// SetMapping keeps a mapping in place of the one that was; an empty one forgets it. Names of columns may be given as they stand in the file.
// It returns fault.Forbidden unless the actor may import, fault.NotFound for no school, fault.Invalid for a field that there is not or a
// column without a name, or one of passwords.
func (i *Intake) SetMapping(ctx context.Context, actor access.Actor, m Mapping) error {
	if err := access.Check(actor, access.ImportRoster); err != nil {
		return err
	}
	next, err := Folded(m)
	if err != nil {
		return err
	}
	return i.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := i.schoolExists(ctx, tx, m.School); err != nil {
			return err
		}
		return i.setMapping(ctx, tx, actor, next)
	})
}

func (i *Intake) setMapping(ctx context.Context, tx *sqldb.Tx, actor access.Actor, next Mapping) error {
	was, err := mappingOf(ctx, tx, mappingFormat, next.School)
	if err != nil || maps.Equal(was.Students, next.Students) && maps.Equal(was.Contacts, next.Contacts) {
		return err
	}
	if err := putMapping(ctx, tx, mappingFormat, next, i.now(), actor.Username); err != nil {
		return err
	}
	return i.log.Record(ctx, tx, audit.Event{Actor: actor, Action: "roster.mapping_changed", TargetKind: "school", TargetID: next.School,
		Detail: map[string]any{"old": was.lines(), "new": next.lines()}})
}

func (i *Intake) schoolExists(ctx context.Context, tx *sqldb.Tx, id int64) error {
	schools, _, err := i.roster.AllSchools(ctx, tx)
	if err == nil && id != 0 && !slices.ContainsFunc(schools, func(s roster.School) bool { return s.ID == id }) {
		return fault.NotFoundf("no such school")
	}
	return err
}

// checked folds the names of columns and looks whether the fields are there.
func checked(given map[string]string, fields []string, groups bool) (map[string]string, error) {
	next := make(map[string]string, len(given))
	for header, field := range given {
		folded := fold(header)
		switch {
		case folded == "" || len(folded) > nameLength:
			return nil, fault.Invalidf("%q is no name of a column", shorten(header))
		case isSecret(folded):
			return nil, fault.Invalidf("a column of passwords is never read: %s", shorten(header))
		}
		of, known := field, field == isNone
		if group, name, ok := strings.Cut(field, "."); groups && ok {
			if g, _ := groupOf(fold(group) + "name"); g == "" || !slices.Contains(contactColumns(), name) {
				return nil, fault.Invalidf("there is no field %q", shorten(field))
			}
			of, known = fold(group)+"."+name, true
		}
		if !known && !slices.Contains(fields, field) {
			return nil, fault.Invalidf("there is no field %q: there are %s", shorten(field), strings.Join(fields, ", "))
		}
		next[folded] = of
	}
	return next, nil
}

// lines writes a mapping for the log.
func (m Mapping) lines() []string {
	var all []string
	for kind, columns := range map[string]map[string]string{fileOfStudents: m.Students, fileOfContacts: m.Contacts} {
		for header, field := range columns {
			all = append(all, kind+" "+header+" = "+field)
		}
	}
	slices.Sort(all)
	return all
}

// over returns the mapping with what another says instead.
func (m Mapping) over(by Mapping) Mapping {
	m.Students, m.Contacts = maps.Clone(m.Students), maps.Clone(m.Contacts)
	maps.Copy(m.Students, by.Students)
	maps.Copy(m.Contacts, by.Contacts)
	return m
}

// mappingFor is what holds for an import into a school: the mapping for every school, and over it that of the school of this name.
func (i *Intake) mappingFor(ctx context.Context, school string) (m Mapping, err error) {
	err = i.db.Read(ctx, func(tx *sqldb.Tx) error {
		if m, err = mappingOf(ctx, tx, mappingFormat, 0); err != nil {
			return err
		}
		at, err := i.schoolNamed(ctx, tx, school)
		if err != nil || at == 0 {
			return err
		}
		own, err := mappingOf(ctx, tx, mappingFormat, at)
		m = m.over(own)
		return err
	})
	return m, err
}

// schoolNamed returns the number of the school of that name; 0 where there is none, or no name.
func (i *Intake) schoolNamed(ctx context.Context, tx *sqldb.Tx, name string) (int64, error) {
	if name == "" {
		return 0, nil
	}
	schools, _, err := i.roster.AllSchools(ctx, tx)
	at := slices.IndexFunc(schools, func(s roster.School) bool { return lang.SortKey(s.Name, "", "") == lang.SortKey(clean(name), "", "") })
	if err != nil || at < 0 {
		return 0, err
	}
	return schools[at].ID, nil
}
