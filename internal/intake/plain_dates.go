package intake

import (
	"path/filepath"
	"strings"
)

// order says which part of a date such as 4/5/2010 comes first.
type order int

const (
	openOrder order = iota
	monthFirst
	dayFirst
)

// looks is how many rows are looked at to tell the order of dates.
const looks = 5000

// dateOrder looks through the dates of a table: one of them with a number above twelve tells the order of all.
func dateOrder(b *bundle, of *table) order {
	e, ok := b.file(strings.SplitN(of.file, "/", 2)[0])
	if !ok || strings.EqualFold(filepath.Ext(e.name), ".xlsx") {
		return openOrder
	}
	text, err := openText(e, newFindings())
	if err != nil {
		return openOrder
	}
	defer func() { _ = text.Close() }() // it was only read
	c := newCSV(text)
	t := &table{file: e.name, source: c, f: newFindings(), columns: of.columns, width: of.width}
	if err := t.delimiter(c); err != nil {
		return openOrder
	}
	months, days := 0, 0
	for range looks {
		rec, err := c.next(t.width)
		if err != nil {
			break
		}
		r := row{t, rec.line, rec.fields}
		for key := range t.columns {
			if !strings.HasSuffix(key, "_date") {
				continue
			}
			switch orderOfDate(r.value(key)) {
			case monthFirst:
				months++
			case dayFirst:
				days++
			}
		}
	}
	switch {
	case months > 0 && days == 0:
		return monthFirst
	case days > 0 && months == 0:
		return dayFirst
	}
	return openOrder
}

func orderOfDate(v string) order {
	parts := splitDate(v)
	switch {
	case parts == nil:
		return openOrder
	case parts[0] > "12":
		return dayFirst
	case parts[1] > "12":
		return monthFirst
	}
	return openOrder
}

// splitDate takes 4/5/2010 apart, the first two as two digits; nil for what is written otherwise.
func splitDate(v string) []string {
	v, _, _ = strings.Cut(v, " ")
	parts := strings.FieldsFunc(v, func(r rune) bool { return r == '/' || r == '.' || r == '-' })
	if len(parts) != 3 || len(parts[2]) != 4 {
		return nil
	}
	for i := range 2 {
		if len(parts[i]) == 1 {
			parts[i] = "0" + parts[i]
		}
		if len(parts[i]) != 2 {
			return nil
		}
	}
	return parts
}

// dayBy reads a date in the order that the file's other dates have.
func dayBy(r row, column string) string {
	parts := splitDate(r.value(column))
	if parts != nil && r.t.dates == dayFirst {
		parts[0], parts[1] = parts[1], parts[0]
	}
	if parts != nil && r.t.dates != openOrder {
		if d, _, ok := date(parts[2] + "-" + parts[0] + "-" + parts[1]); ok {
			return d
		}
	}
	return day(r, column)
}
