package intake

import "strings"

// order says which part of a date such as 4/5/2010 comes first.
type order int

const (
	openOrder order = iota
	monthFirst
	dayFirst
)

// order is the order of the parts of the table's dates: one of them with a number above twelve tells it for all. The file is looked through when a
// date is met that may be two.
func (t *table) order() order {
	if !t.looked && t.again.open != nil {
		t.looked, t.dates = true, dateOrder(t)
	}
	return t.dates
}

func dateOrder(t *table) order {
	months, days := 0, 0
	t.lookThrough(func(r row) {
		for key := range t.columns {
			if !dateColumn(key) {
				continue
			}
			switch orderOfDate(r.value(key)) {
			case monthFirst:
				months++
			case dayFirst:
				days++
			}
		}
	})
	switch {
	case months > 0 && days == 0:
		return monthFirst
	case days > 0 && months == 0:
		return dayFirst
	}
	return openOrder
}

// dateColumn reports whether a column holds dates by its name, in any of the formats. When a row changed says nothing of how people write.
func dateColumn(name string) bool {
	name = fold(name)
	return strings.Contains(name, "date") && name != "datelastmodified" || name == "dob" || strings.HasSuffix(name, "start") || strings.HasSuffix(name, "end")
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

// dateBy reads a date that may be two in the order that the file's other dates have.
func dateBy(t *table, v string) (string, bool) {
	parts := splitDate(v)
	if parts == nil || t.order() == openOrder {
		return "", false
	}
	if t.dates == dayFirst {
		parts[0], parts[1] = parts[1], parts[0]
	}
	d, _, ok := date(parts[2] + "-" + parts[0] + "-" + parts[1])
	return d, ok
}

// dayBy is day for a plain table, whose dates have no shape that they should have: nothing is said where one is taken by the others.
func dayBy(r row, column string) string {
	if d, ok := dateBy(r.t, r.value(column)); ok {
		return d
	}
	return day(r, column)
}
