package roster

import (
	"cmp"
	"strings"

	"github.com/schoolgate/schoolgate/internal/access"
)

// List is the beginning of a list: a query of one table, read along an index up to a limit. Its table carries the school of the student in the
// column school_id. Fields are SQL; the table's alias is n.
type List struct {
	Columns string // with the names of Names
	Names   string
	Table   string
	Where   string
	Order   string
	Merge   string // the same order of the Names; "" for their own
	Limit   string

	// Along is the order in which the rows of one school are read, where no index has them in Order: all of them that match.
	Along string
}

// allOf is the limit of a select that has none; it keeps databases from reading the select in another order than its own.
const allOf = "1000000000"

// separately is up to how many schools a list is read for each of them, along the indexes that begin with the school, and merged. Whoever works at
// more reads the list as those do who work everywhere, without the rows of other schools.
const separately = 50

// At returns the list as those see it who work at the schools, and its arguments from placeholder $first on. For those who work everywhere it
// is the plain query, without arguments.
func (l List) At(schools access.Schools, first int) (string, []any) {
	if schools.All {
		return l.query(""), nil
	}
	if len(schools.IDs) == 0 || len(schools.IDs) > separately {
		in, args := InSchools("n.school_id", schools, first)
		return l.query(in + " and "), args
	}
	var b strings.Builder
	b.WriteString("select distinct " + l.Names + " from (")
	args := make([]any, len(schools.IDs))
	for i, id := range schools.IDs {
		if i > 0 {
			b.WriteString("\nunion all\n")
		}
		args[i] = id
		b.WriteString("select " + l.Names + " from (" + l.ofSchool("n.school_id = "+placeholderOf(first+i)+" and ") + ") as q")
	}
	b.WriteString(") as m\norder by " + cmp.Or(l.Merge, l.Names) + "\nlimit " + l.Limit)
	return b.String(), args
}

// CountAt returns the query that counts the list's rows, up to its limit. Rows must differ in Names.
func (l List) CountAt(schools access.Schools, first int) (string, []any) {
	query, args := l.At(schools, first)
	return "select count(*) from (" + query + ") as counted", args
}

// ofSchool is the list of one school.
func (l List) ofSchool(at string) string {
	if l.Along == "" {
		return l.query(at)
	}
	rows, distinct := l, ""
	if columns, ok := strings.CutPrefix(l.Columns, "distinct "); ok {
		rows.Columns, distinct = columns, "distinct "
	}
	rows.Order, rows.Limit = l.Along, allOf
	return "select " + distinct + l.Names + "\nfrom (" + rows.query(at) + ") as along\norder by " + cmp.Or(l.Merge, l.Names) + "\nlimit " + l.Limit
}

func (l List) query(at string) string {
	return "select " + l.Columns + "\nfrom " + l.Table + " n\nwhere " + at + l.Where + "\norder by " + l.Order + "\nlimit " + l.Limit
}

// InSchools returns the condition that a column with a school's id is one of the schools, and its arguments from placeholder $first on.
func InSchools(column string, schools access.Schools, first int) (string, []any) {
	switch {
	case schools.All:
		return "1 = 1", nil
	case len(schools.IDs) == 0:
		return "1 = 0", nil
	}
	var b strings.Builder
	b.WriteString(column + " in (")
	args := make([]any, len(schools.IDs))
	for i, id := range schools.IDs {
		if i > 0 {
			b.WriteString(", ")
		}
		args[i] = id
		placeholder(&b, first+i)
	}
	b.WriteByte(')')
	return b.String(), args
}

func placeholderOf(n int) string {
	var b strings.Builder
	placeholder(&b, n)
	return b.String()
}

// ScopeOf returns at which schools an actor sees records: staff at theirs, everybody else is bound by other rules.
func ScopeOf(actor access.Actor) access.Schools {
	if actor.Kind == access.Staff {
		return actor.Schools
	}
	return access.Everywhere()
}
