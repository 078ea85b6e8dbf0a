package demo

import (
	"context"
	"fmt"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// subjects are what every grade is taught, beside its homeroom.
var subjects = []string{"Mathematics", "English Language Arts"}

// classSize is how many students are taught together.
const classSize = 24

// classwork makes up what the district teaches: for each homeroom a class of its own and one for each subject, in a school year that has no
// dates, so that it runs whenever the sample is looked at.
func classwork(d Data) []roster.Classwork {
	b := newBuilder(11, 0)
	first := roster.Classwork{Terms: []roster.Term{{SourceID: "demo-year", Title: "School year", Kind: roster.SchoolYear}}}
	var classes, enrolments roster.Classwork
	in := map[string]int{} // students of a school and grade so far
	seen := map[string]bool{}
	for _, s := range d.Students {
		if s.Status != roster.Enrolled || s.SourceID == "" {
			continue
		}
		school := d.Schools[s.School].SourceID
		grade := school + "-" + s.Grade
		group := fmt.Sprintf("demo-%s-%d", grade, in[grade]/classSize)
		in[grade]++
		for i, subject := range append([]string{"Homeroom"}, subjects...) {
			k := roster.Class{
				SourceID: fmt.Sprintf("%s-%d", group, i), School: school, Title: subject + " " + s.Grade, Periods: fmt.Sprint(i), Location: fmt.Sprint(100 + 7*i),
				Terms: []string{"demo-year"},
			}
			if i == 0 {
				k.SourceID, k.Kind, k.Title, k.Periods, k.Location = fmt.Sprintf("demo-%s-room-%s", school, s.Homeroom), roster.HomeroomClass, "Homeroom "+s.Homeroom, "", s.Homeroom
			}
			if !seen[k.SourceID] {
				seen[k.SourceID] = true
				teacher := k.SourceID + "-t"
				classes.Teachers = append(classes.Teachers, roster.Teacher{SourceID: teacher, First: b.draw(b.names.women), Last: b.draw(b.names.surnames)})
				classes.Classes = append(classes.Classes, k)
				enrolments.Enrolments = append(enrolments.Enrolments, roster.Enrolment{SourceID: teacher + "-e", Class: k.SourceID, Teacher: teacher, School: school, Main: true})
			}
			enrolments.Enrolments = append(enrolments.Enrolments, roster.Enrolment{
				SourceID: fmt.Sprintf("%s-%s", k.SourceID, s.SourceID), Class: k.SourceID, Student: s.SourceID, School: school,
			})
		}
	}
	return []roster.Classwork{first, classes, enrolments}
}

// teach loads what the district teaches.
func (l loader) teach(ctx context.Context, d Data) error {
	for _, w := range classwork(d) {
		for len(w.Terms)+len(w.Teachers)+len(w.Classes)+len(w.Enrolments) > 0 {
			part := roster.Classwork{Terms: w.Terms, Teachers: head(&w.Teachers), Classes: head(&w.Classes), Enrolments: head(&w.Enrolments)}
			w.Terms = nil
			err := l.db.Write(ctx, func(tx *sqldb.Tx) error {
				_, err := l.roster.ApplyClasswork(ctx, tx, access.Actor{Kind: access.System}, part)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// head takes the first rows of a list off it.
func head[T any](rows *[]T) []T {
	n := min(len(*rows), roster.ClassworkAtOnce/4)
	part := (*rows)[:n]
	*rows = (*rows)[n:]
	return part
}
