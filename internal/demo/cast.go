package demo

import "github.com/schoolgate/schoolgate/internal/roster"

// Fixed names one of the families that every district begins with, and what it shows.
type Fixed struct {
	Child, IDNumber string
	Shows           string
}

// Cast lists the fixed families by a child of each.
func Cast() []Fixed {
	return []Fixed{
		{"Ana Lopez", "204117", "one mother, three children in three schools, a father with two last names"},
		{"Oliver Smith", "204201", "two adults who share a mailbox"},
		{"Chloe Whitfield", "204301", "divorced: the father is restricted for this child, not for her brother"},
		{"Conor O'Brien", "204401", "a mother without an e-mail address"},
		{"Grace Hall", "204501", "a father and a grandfather of the same name at the same mailbox"},
		{"Kevin Chen", "204601", "the address on record for the mother is the student's own"},
		{"小明 王", "204701", "a name in another script"},
		{"Anaïs Müller-Núñez", "204801", "accents and a hyphen"},
		{"Amina Hassan", "204901", "a mother whom the school keeps twice, once for each child"},
		{"Leo Begay", "004217", "leading zeros; the grandmother may register, the father may not"},
		{"Liam Kowalski", "100200", "the same ID Number as Maya Patel at another school"},
		{"Noor Ahmed", "", "no ID Number"},
		{"Jordan Reed", "204951", "a foster parent whose time is over, one whose time runs, one whose time has not come"},
		{"Ethan Vance", "204961", "no longer at the school"},
	}
}

// cast adds the fixed families.
func (b *builder) cast() {
	c := b.clusters[0]
	pupil := func(first, last, number string, grade int) int {
		return b.student(roster.Student{First: first, Last: last, IDNumber: number}, grade, c.school(grade, 0))
	}
	adult := func(first, last, email, language string) int {
		return b.contact(roster.Contact{First: first, Last: last, Email: email, Language: language})
	}
	b.lopez(pupil, adult)

	john, jane := adult("John", "Smith", "smith.family@example.org", "en"), adult("Jane", "Smith", "smith.family@example.org", "en")
	for _, s := range []int{pupil("Oliver", "Smith", "204201", 2), pupil("Emma", "Smith", "204202", 5)} {
		b.link(s, jane, "mother")
		b.link(s, john, "father")
	}

	dana, mark := adult("Dana", "Whitfield", "dana.whitfield@example.org", "en"), adult("Mark", "Whitfield", "mark.whitfield@example.com", "en")
	paul := adult("Paul", "Ortega", "paul.ortega@example.org", "en")
	for i, s := range []int{pupil("Chloe", "Whitfield", "204301", 3), pupil("Ben", "Whitfield", "204302", 9)} {
		b.link(s, dana, "mother")
		b.link(s, mark, "father", []func(*roster.Line){restricted, elsewhere}[i])
		b.link(s, paul, "stepfather")
	}

	b.link(pupil("Conor", "O'Brien", "204401", 1), adult("Patricia", "O'Brien", "", "en"), "mother")

	s := pupil("Grace", "Hall", "204501", 8)
	b.link(s, adult("Robert", "Hall Jr.", "hall.family@example.org", "en"), "father")
	b.link(s, adult("Robert", "Hall Sr.", "hall.family@example.org", "en"), "guardian", elsewhere)

	s = pupil("Kevin", "Chen", "204601", 11)
	b.link(s, adult("Wei", "Chen", b.d.Students[s].Email, "en"), "mother")

	b.link(pupil("小明", "王", "204701", 0), adult("秀英", "王", "wang.xiuying@example.org", ""), "mother")

	s = pupil("Anaïs", "Müller-Núñez", "204801", 4)
	b.link(s, adult("Zoë", "Müller-Núñez", "zoe.mueller@example.org", "en"), "mother")
	b.link(s, adult("François", "Müller", "f.mueller@example.com", "en"), "father")

	b.link(pupil("Amina", "Hassan", "204901", 6), adult("Fatima", "Hassan", "fatima.hassan@example.org", "en"), "mother")
	b.link(pupil("Yusuf", "Hassan", "204902", 10), adult("Fatima", "Hassan", "fatima.hassan@example.org", "en"), "mother")

	s = pupil("Leo", "Begay", "004217", 7)
	b.link(s, adult("Martha", "Begay", "martha.begay@example.org", "en"), "grandmother", mayAllTheSame)
	b.link(s, adult("Aaron", "Begay", "aaron.begay@example.com", "en"), "father", mayNot)

	b.link(pupil("Liam", "Kowalski", "100200", 5), adult("Agnieszka", "Kowalski", "agnieszka.kowalski@example.org", "en"), "mother")
	b.link(pupil("Maya", "Patel", "100200", 12), adult("Raj", "Patel", "raj.patel@example.org", "en"), "father")

	s = pupil("Noor", "Ahmed", "", 3)
	b.d.Students[s].IDNumber = ""
	b.link(s, adult("Sara", "Ahmed", "sara.ahmed@example.org", "en"), "mother")

	s = pupil("Jordan", "Reed", "204951", 6)
	b.link(s, adult("Denise", "Young", "denise.young@example.org", "en"), "foster_parent", dates("2026-02-01", ""))
	b.link(s, adult("Carol", "Price", "carol.price@example.com", "en"), "foster_parent", dates("2025-08-01", "2026-02-01"))
	b.link(s, adult("Samuel", "Reed", "samuel.reed@example.com", "en"), "father", dates("2099-08-01", ""))

	s = pupil("Ethan", "Vance", "204961", 11)
	b.d.Students[s].Status = roster.Withdrawn
	b.link(s, adult("Lori", "Vance", "lori.vance@example.org", "en"), "mother")
}

// lopez adds the family that documentation and tests walk with.
func (b *builder) lopez(pupil func(first, last, number string, grade int) int, adult func(first, last, email, language string) int) {
	maria := adult("Maria", "Lopez", "maria.lopez@example.org", "es")
	jose := adult("José", "López Ruiz", "jose.lopez@example.org", "es")
	rosa := adult("Rosa", "Ruiz", "rosa.ruiz@example.com", "es")
	for i, s := range []int{pupil("Ana", "Lopez", "204117", 4), pupil("Luis", "Lopez", "204118", 7), pupil("Sofia", "Lopez", "204119", 10)} {
		b.link(s, maria, "mother")
		if i == 0 {
			b.link(s, jose, "father", elsewhere)
		}
		b.link(s, rosa, "grandmother")
	}
}

// dates bounds a line: begin is the first day, end the first day after the last.
func dates(begin, end string) func(*roster.Line) {
	return func(l *roster.Line) { l.BeginDate, l.EndDate = begin, end }
}
