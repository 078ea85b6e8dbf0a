package web

import (
	"slices"
	"strconv"
	"strings"

	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// said is what stands beside a field that was set by hand: what the roster says instead, in words, and the press that takes it.
type said struct {
	Field   string
	Known   bool
	Text    string
	Release bool // it can be given back
}

// saidOf returns what stands beside a field, nil where it was not set by hand.
func saidOf(l *lang.Language, field string, local []string, values map[string]string, schools []roster.School) *said {
	if !slices.Contains(local, field) {
		return nil
	}
	value, known := values[field]
	return &said{Field: field, Known: known, Text: fieldWords(l, field, value, schools), Release: roster.MayRelease(field)}
}

// fieldWords is the value of a record's field as a reader says it.
func fieldWords(l *lang.Language, field, value string, schools []roster.School) string {
	switch {
	case value == "":
		return l.T("record.nothing")
	case field == "status", field == "gone_as":
		return l.T("status." + value)
	case field == "relationship":
		return l.T(relationKey(value))
	case field == "school_id", field == "other_schools":
		var names []string
		for part := range strings.SplitSeq(strings.Trim(value, ","), ",") {
			names = append(names, nameOfSchool(part, schools))
		}
		return strings.Join(names, ", ")
	case strings.HasSuffix(field, "_date"), field == "enrolled_from", field == "gone_on", field == "restricted_from", field == "restricted_until":
		return l.Date(value)
	case field == "position":
		if n, err := strconv.Atoi(value); err == nil {
			return strconv.Itoa(n + 1)
		}
	case l.Has("flag."+value) && field != "last_name" && field != "first_name":
		return l.T("flag." + value)
	}
	return value
}

// namesOfSchools are the names in their alphabet's order.
func namesOfSchools(ids []int64, schools []roster.School) string {
	var names []string
	for _, id := range ids {
		names = append(names, nameOfSchool(strconv.FormatInt(id, 10), schools))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func nameOfSchool(id string, schools []roster.School) string {
	for _, o := range schools {
		if strconv.FormatInt(o.ID, 10) == id {
			return o.Name
		}
	}
	return id
}

// saidFor is asked by the forms' fields.
type saidFor interface {
	Said(field string) *said
}
