package roster

import (
	"strconv"
	"time"
)

// StudentDates is what of a student opens and closes lines by the day: the first day at the school, the first day that is none, and the birth
// date with what staff decided about a student of age.
type StudentDates struct {
	EnrolledFrom, GoneOn string
	BirthDate            string
	AdultMark            AdultMark
}

// AdultMark is what staff decided about a student of age; "" is nothing.
type AdultMark string

// The decisions about a student of age.
const (
	Dependent   AdultMark = "dependent" // the parents keep access
	ParentsGone AdultMark = "ended"     // they do not
)

// Adults says what a student's eighteenth birthday does to the parents' access.
type Adults string

// What a school may decide about students of age.
const (
	AdultsNothing Adults = "nothing"
	AdultsAsk     Adults = "ask" // staff decide about each
	AdultsEnd     Adults = "end" // it ends on that day, unless the student is marked as dependent
)

// StudentDateColumns are the columns of StudentDates in the order of its Targets; s is the student.
const StudentDateColumns = `s.enrolled_from, s.gone_on, s.birth_date, s.adult_mark`

// Targets are where the StudentDateColumns are read into.
func (d *StudentDates) Targets() []any {
	return []any{&d.EnrolledFrom, &d.GoneOn, &d.BirthDate, &d.AdultMark}
}

// Dates returns the student's dates.
func (s Student) Dates() StudentDates {
	return StudentDates{s.EnrolledFrom, s.GoneOn, s.BirthDate, s.AdultMark}
}

// AdultOn returns the day of the eighteenth birthday, "" where there is no birth date. Who was born on a 29th of February comes of age on
// the 1st of March of a year that has none.
func AdultOn(birthDate string) string {
	if len(birthDate) != len(time.DateOnly) || birthDate[4] != '-' {
		return ""
	}
	year, err := strconv.Atoi(birthDate[:4])
	if err != nil {
		return ""
	}
	year += 18
	rest := birthDate[4:]
	if rest == "-02-29" && !leap(year) {
		rest = "-03-01"
	}
	return strconv.Itoa(year) + rest
}

func leap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

// whyNot says why a student's dates forbid the line today; "" means that they do not.
func (r Rule) whyNot(d StudentDates) Why {
	switch {
	case d.GoneOn != "" && r.Today >= d.GoneOn:
		return WhyStudentGone
	case d.EnrolledFrom != "" && r.Today < d.EnrolledFrom:
		return WhyNotYet
	case d.AdultMark == ParentsGone || d.AdultMark == "" && r.Adults == AdultsEnd:
		if on := AdultOn(d.BirthDate); on != "" && r.Today >= on {
			return WhyAdult
		}
	}
	return MayOpen
}
