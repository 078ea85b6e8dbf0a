package demo

import (
	"fmt"
	"time"

	"github.com/schoolgate/schoolgate/internal/roster"
)

// student adds a student and returns the index. What is empty is made up: the ID Number, the birth date, the homeroom, and the address
// that students have from grade 6 on.
func (b *builder) student(s roster.Student, grade, school int) int {
	i := len(b.d.Students)
	s.SourceID = fmt.Sprintf("student-%06d", i+1)
	if s.IDNumber == "" {
		s.IDNumber = b.idNumber()
	}
	if s.BirthDate == "" {
		oldest := time.Date(schoolYear-6-grade, 9, 1, 0, 0, 0, 0, time.UTC)
		s.BirthDate = oldest.AddDate(0, 0, b.rand.IntN(365)).Format(time.DateOnly)
	}
	if s.Email == "" && grade >= 6 {
		s.Email = "s" + s.SourceID[len("student-"):] + "@example.org"
	}
	if s.Status == "" {
		s.Status = roster.Enrolled
	}
	s.Grade, s.Homeroom = gradeName(grade), fmt.Sprintf("%d%02d", 1+grade/5, 1+b.rand.IntN(30))
	b.d.Students = append(b.d.Students, Student{Student: s, School: school})
	return i
}

// idNumber returns the next ID Number: six digits, one in ten with a zero in front, no two alike up to 900,000.
func (b *builder) idNumber() string {
	const prime = 999_983
	b.numbers++
	n := (b.numbers * 611_953) % prime
	if 204_000 <= n && n < 205_000 || n == 4217 || n == 100_200 { // the fixed families'
		return b.idNumber()
	}
	return fmt.Sprintf("%06d", n+prime*(b.numbers/prime)*10)
}

// contact adds a contact and returns the index. A telephone is made up.
func (b *builder) contact(c roster.Contact) int {
	i := len(b.d.Contacts)
	c.SourceID = fmt.Sprintf("contact-%06d", i+1)
	if c.MobilePhone == "" {
		c.MobilePhone = b.phone()
	}
	b.d.Contacts = append(b.d.Contacts, c)
	return i
}

// link adds a line with the flags that go with the relationship, as edited by edit, and the next place in the student's order. The lines
// of a student must be added one after another.
func (b *builder) link(student, contact int, relationship string, edit ...func(*roster.Line)) {
	l := Line{Student: student, Contact: contact, Line: roster.Line{
		Relationship: relationship, Position: 1, FromFile: true,
		LegalGuardian: roster.No, LivesWith: roster.No, Emergency: roster.Yes, Pickup: roster.Yes, Mailing: roster.No,
		PortalAccess: roster.Unknown, FilePortalAccess: roster.Unknown, Restricted: roster.Unknown, FileRestricted: roster.Unknown,
	}}
	switch relationship {
	case "mother", "father", "parent", "guardian", "foster_parent":
		l.LegalGuardian, l.LivesWith, l.Mailing = roster.Yes, roster.Yes, roster.Yes
	case "stepmother", "stepfather":
		l.LivesWith = roster.Yes
	case "neighbor", "friend", "emergency":
		l.Pickup = roster.Unknown
	}
	if n := len(b.d.Lines); n > 0 && b.d.Lines[n-1].Student == student {
		l.Position = b.d.Lines[n-1].Position + 1
	}
	for _, f := range edit {
		f(&l.Line)
	}
	b.d.Lines = append(b.d.Lines, l)
}

func elsewhere(l *roster.Line)     { l.LivesWith = roster.No }
func mayNot(l *roster.Line)        { l.PortalAccess = roster.No }
func mayAllTheSame(l *roster.Line) { l.PortalAccess = roster.Yes }

func restricted(l *roster.Line) {
	l.LegalGuardian, l.LivesWith, l.Emergency, l.Pickup, l.Mailing = roster.No, roster.No, roster.No, roster.No, roster.No
	l.Restricted, l.RestrictionNote = roster.Yes, "Court order of March 2026: no contact, no records."
	l.RestrictedAt, l.RestrictedBy = time.Date(2026, 3, 16, 14, 5, 0, 0, time.UTC), "office"
}
