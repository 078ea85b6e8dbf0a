package roster

import (
	"net/mail"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
)

// Only what changes is checked: an old flaw in another field must not stand in the way of an office that corrects this one.

func problem(field, key string, args ...any) fault.Problem {
	return fault.Problem{Field: field, Key: key, Args: args}
}

// tooLong finds the changed values that do not fit.
func tooLong[T any](fields []field[T], cs changes) []fault.Problem {
	var ps []fault.Problem
	for _, f := range fields {
		for _, c := range cs {
			if c.Field == f.name && f.limit > 0 && utf8.RuneCountInString(c.New) > f.limit {
				ps = append(ps, problem(f.name, "problem.too_long", "Max", f.limit))
			}
		}
	}
	return ps
}

// noName finds a person without any name; one of the two names is enough, for there are people who have one.
func noName(first, last string) []fault.Problem {
	if first == "" && last == "" {
		return []fault.Problem{problem(fieldLast, "problem.empty")}
	}
	return nil
}

func (r *Roster) checkStudent(s *Student, cs changes) []fault.Problem {
	ps := append(tooLong(studentFields(), cs), noName(s.First, s.Last)...)
	if cs.has(fieldBirthDate) && s.BirthDate != "" && !r.isBirthDate(s.BirthDate) {
		ps = append(ps, problem(fieldBirthDate, "problem.birth_date"))
	}
	if cs.has(fieldEmail) && s.Email != "" && !isEmail(s.Email) {
		ps = append(ps, problem(fieldEmail, "problem.email_invalid"))
	}
	if cs.has(fieldStatus) && !slices.Contains(Statuses(), s.Status) {
		ps = append(ps, problem(fieldStatus, "problem.choose"))
	}
	for _, c := range cs {
		if (c.Field == fieldEnrolledFrom || c.Field == fieldGoneOn) && c.New != "" && !isDate(c.New) {
			ps = append(ps, problem(c.Field, "problem.date"))
		}
	}
	switch {
	case cs.has(fieldGoneAs) && s.GoneAs != "" && s.GoneAs != Withdrawn && s.GoneAs != Graduated:
		ps = append(ps, problem(fieldGoneAs, "problem.choose"))
	case cs.has(fieldGoneOn) && s.GoneOn != "" && s.GoneAs == "" && s.Status == Enrolled:
		ps = append(ps, problem(fieldGoneAs, "problem.choose"))
	case cs.has(fieldGoneOn, fieldEnrolledFrom) && s.GoneOn != "" && s.EnrolledFrom != "" && s.GoneOn < s.EnrolledFrom:
		ps = append(ps, problem(fieldGoneOn, "problem.date_order"))
	}
	return ps
}

func checkContact(c *Contact, cs changes) []fault.Problem {
	ps := append(tooLong(contactFields(), cs), noName(c.First, c.Last)...)
	if cs.has(fieldEmail) && c.Email != "" && !isEmail(c.Email) {
		ps = append(ps, problem(fieldEmail, "problem.email_invalid"))
	}
	if cs.has(fieldLanguage) && !slices.Contains([]string{"", "en", "es"}, c.Language) {
		ps = append(ps, problem(fieldLanguage, "problem.choose"))
	}
	return ps
}

func checkLine(l *Line, cs changes) []fault.Problem {
	ps := tooLong(lineFields(), cs)
	for _, c := range cs {
		switch c.Field {
		case fieldRelationship:
			if !slices.Contains(Relationships(), c.New) {
				ps = append(ps, problem(c.Field, "problem.choose"))
			}
		case fieldNote, fieldCourtNumber:
		case fieldRestricted:
			if l.FileRestricted == Yes && l.Restricted != Yes {
				ps = append(ps, problem(c.Field, "problem.restricted_by_roster"))
			}
			ps = append(ps, checkFlag(c)...)
		case fieldBegin, fieldEnd, fieldCourtDate, fieldRestrictedFrom, fieldRestrictedUntil:
			if c.New != "" && !isDate(c.New) {
				ps = append(ps, problem(c.Field, "problem.date"))
			}
		default:
			ps = append(ps, checkFlag(c)...)
		}
	}
	if len(ps) == 0 && cs.has(fieldBegin, fieldEnd) && l.BeginDate != "" && l.EndDate != "" && l.EndDate <= l.BeginDate {
		ps = append(ps, problem(fieldEnd, "problem.date_order"))
	}
	if len(ps) == 0 && cs.has(fieldRestrictedFrom, fieldRestrictedUntil) && l.RestrictedFrom != "" && l.RestrictedUntil != "" &&
		l.RestrictedUntil <= l.RestrictedFrom {
		ps = append(ps, problem(fieldRestrictedUntil, "problem.date_order"))
	}
	return ps
}

func checkFlag(c change) []fault.Problem {
	if slices.Contains([]Flag{Yes, No, Unknown}, Flag(c.New)) {
		return nil
	}
	return []fault.Problem{problem(c.Field, "problem.choose")}
}

// checkAddress asks how identity was checked when the address of somebody who was there before changes.
func checkAddress(checked string, cs changes) []fault.Problem {
	if !movesAddress(cs) || slices.Contains(Checks(), checked) {
		return nil
	}
	return []fault.Problem{problem(fieldChecked, "problem.check_needed")}
}

// checkIdentity asks how identity was checked, whatever changes.
func checkIdentity(checked string) []fault.Problem {
	if slices.Contains(Checks(), checked) {
		return nil
	}
	return []fault.Problem{problem(fieldChecked, "problem.check_first")}
}

// movesAddress reports whether mail would go to another mailbox than before.
func movesAddress(cs changes) bool {
	return slices.ContainsFunc(cs, func(c change) bool {
		return c.Field == fieldEmail && lang.EmailKey(c.Old) != lang.EmailKey(c.New)
	})
}

// Checks lists the ways in which identity is checked before an address changes.
func Checks() []string { return []string{"photo_id", "call_back", "letter"} }

// isEmail reports whether mail can be addressed to s: one bare address (RFC 5322 addr-spec).
func isEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && lang.EmailKey(s) != ""
}

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// isBirthDate leaves a day of slack: the school's day may begin before the one in UTC.
func (r *Roster) isBirthDate(s string) bool {
	return isDate(s) && s >= "1900-01-01" && s <= r.now().UTC().AddDate(0, 0, 1).Format(time.DateOnly)
}
