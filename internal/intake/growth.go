package intake

// growth counts the rows that came into tables. A database that plans its queries by what is in the tables keeps a plan that read all of a table while that
// was small, until it is told to look again.
type growth map[string]*grownTable

type grownTable struct{ rows, next int }

const (
	firstLook  = 2000 // rows
	timesAgain = 8    // as many: then the tables are looked at again
)

// together are the tables that grow with one.
func together(table string) []string {
	switch table {
	case "student":
		return []string{"student", "student_word"}
	case "student_contact":
		return []string{"student_contact", "line_name", "line_word"}
	case "class":
		return []string{"class", "class_term", "class_word", "course", "teacher"}
	}
	return []string{table}
}

// by counts what a batch brought, and returns the tables that are to be looked at now.
func (g growth) by(b batch) (look []string) {
	add := func(table string, rows int) {
		if g[table] == nil {
			g[table] = &grownTable{next: firstLook}
		}
		t := g[table]
		if t.rows += rows; t.rows >= t.next {
			t.next = t.rows * timesAgain
			look = append(look, together(table)...)
		}
	}
	switch b.phase().kind() {
	case phaseAddStudent:
		add("student", len(b.students))
	case phaseAddContact:
		add("contact", len(b.contacts))
	case phaseAddLine:
		add("student_contact", len(b.lines))
	case phaseClasswork:
		for _, part := range b.classes {
			add("class", len(part.Classes))
			add("enrolment", len(part.Enrolments))
		}
	}
	return look
}

// tables are those that grew by much.
func (g growth) tables() (all []string) {
	for table, t := range g {
		if t.rows >= firstLook {
			all = append(all, together(table)...)
		}
	}
	return all
}
