package intake

import (
	"context"
	"database/sql"

	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// readRecords copies into the stage what tells which records the file must be compared with: those of the schools it covers, the people it names, and whoever has a line to
// one of them. The people named bring in the schools of their children, so that a roster of changes is measured against whole schools.
func (i *Intake) readRecords(ctx context.Context, p *plan) error {
	s := p.stage
	whole := false // what is read is a school with everything that hangs on it
	to := roster.Marks{
		Student: func(st roster.StudentMark) error { return s.seeStudent(ctx, st, false, whole) },
		Contact: func(c roster.ContactMark) error { return s.seeContact(ctx, c, false, whole) },
		Line:    func(l roster.LineMark) error { return s.seeLine(ctx, l) },
		Rule:    p.rule,
	}
	read := map[int64]bool{}
	school := func(id int64) error {
		if id <= 0 || read[id] {
			return nil
		}
		read[id] = true
		return i.db.Read(ctx, func(tx *sqldb.Tx) error { return i.roster.EachOfSchool(ctx, tx, id, to) })
	}
	whole = true
	for id := range p.covered {
		if err := school(id); err != nil {
			return err
		}
	}
	whole = false
	if err := s.exec(ctx, indexLineContacts); err != nil {
		return err
	}
	if err := i.readNamed(ctx, p, to); err != nil {
		return err
	}
	others, err := list(ctx, s, scanID, selectStageSchools)
	if err != nil {
		return err
	}
	for _, id := range others {
		if err := school(id); err != nil {
			return err
		}
	}
	if p.rec.whole && p.coversAll() {
		if err := i.db.Read(ctx, func(tx *sqldb.Tx) error { return i.roster.EachLoose(ctx, tx, to) }); err != nil {
			return err
		}
	}
	for _, query := range indexes() {
		if err := s.exec(ctx, query); err != nil {
			return err
		}
	}
	return s.flush(ctx)
}

// readNow reads records as they are now.
func (i *Intake) readNow(ctx context.Context, students, contacts, lines []int64, to roster.Seen) error {
	return i.db.Read(ctx, func(tx *sqldb.Tx) error { return i.roster.Current(ctx, tx, students, contacts, lines, nil, to) })
}

// readNamed reads the people whom the file names and who are not read yet. Who came with a whole school has all lines here; of those only the
// children at other schools are left to be read.
func (i *Intake) readNamed(ctx context.Context, p *plan, to roster.Marks) error {
	for _, kind := range []struct {
		query string
		read  func(tx *sqldb.Tx, some []string) error
	}{
		{selectUnreadStudents, func(tx *sqldb.Tx, some []string) error { return i.roster.EachNamed(ctx, tx, some, nil, to) }},
		{selectUnreadContacts, func(tx *sqldb.Tx, some []string) error { return i.roster.EachNamed(ctx, tx, nil, some, to) }},
	} {
		for after := ""; ; {
			some, err := list(ctx, p.stage, scanText, kind.query, after, roster.NamedAtOnce)
			if err != nil {
				return err
			}
			if len(some) == 0 {
				break
			}
			after = some[len(some)-1]
			if err := i.db.Read(ctx, func(tx *sqldb.Tx) error { return kind.read(tx, some) }); err != nil {
				return err
			}
		}
	}
	for after := int64(0); ; {
		some, err := list(ctx, p.stage, scanID, selectUnreadChildren, after, roster.NamedAtOnce)
		if err != nil || len(some) == 0 {
			return err
		}
		after = some[len(some)-1]
		if err := i.db.Read(ctx, func(tx *sqldb.Tx) error { return i.roster.EachStudent(ctx, tx, some, to) }); err != nil {
			return err
		}
	}
}

const (
	selectStageSchools = `select distinct school_id from r_student where school_id > 0 order by school_id`

	selectUnreadStudents = `select source_id from (
select source_id from (select source_id from f_student f where source_id > $1 and ` + unreadStudent + ` order by source_id limit $2)
union select source_id from (select distinct student as source_id from f_line where student > $1
  and not exists (select 1 from r_student r where r.source_id = student and r.whole) order by student limit $2)
union select source_id from (select source_id from f_gone f where source_id > $1 and ` + unreadStudent + ` order by source_id limit $2)) x
order by source_id limit $2`
	unreadStudent = `not exists (select 1 from r_student r where r.source_id = f.source_id and r.whole)`

	selectUnreadContacts = `select source_id from (
select source_id from (select source_id from f_contact f where source_id > $1 and ` + unreadContact + ` order by source_id limit $2)
union select source_id from (select distinct contact as source_id from f_line where contact > $1
  and not exists (select 1 from r_contact r where r.source_id = contact and r.whole) order by contact limit $2)
union select source_id from (select source_id from f_gone f where source_id > $1 and ` + unreadContact + ` order by source_id limit $2)) x
order by source_id limit $2`
	unreadContact = `not exists (select 1 from r_contact r where r.source_id = f.source_id and r.whole)`

	selectUnreadChildren = `select distinct l.student_id from r_line l join r_contact c on c.id = l.contact_id
where l.student_id > $1 and c.source_id <> '' and not exists (select 1 from r_student s where s.id = l.student_id)
  and (exists (select 1 from f_contact f where f.source_id = c.source_id) or exists (select 1 from f_line f where f.contact = c.source_id)
    or exists (select 1 from f_gone f where f.source_id = c.source_id))
order by l.student_id limit $2`
)

// loss is a line on the list of those by which somebody loses access.
type loss struct {
	pos              int64
	student, contact int64
	names            [2]string
	detail           string
}

func scanLoss(r *sql.Rows) (l loss, err error) {
	return l, r.Scan(&l.pos, &l.student, &l.contact, &l.names[0], &l.names[1], &l.detail)
}

// endingLogins puts the student logins on the list that end with the access of whoever made them.
func (i *Intake) endingLogins(ctx context.Context, p *plan) error {
	if i.logins == nil {
		return nil
	}
	err := walkPages(ctx, p.stage, selectLosses, scanLoss, func(l loss) int64 { return l.pos }, func(some []loss) error { return i.loginsOf(ctx, p, some) })
	if err != nil {
		return err
	}
	return p.stage.flush(ctx)
}

func (i *Intake) loginsOf(ctx context.Context, p *plan, some []loss) error {
	students := make([]int64, len(some))
	for n, l := range some {
		students[n] = l.student
	}
	var made []StudentLogin
	err := i.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		made, err = i.logins.StudentLogins(ctx, tx, students)
		return err
	})
	if err != nil {
		return err
	}
	usernames := make(map[[2]int64]string, len(made))
	for _, m := range made {
		usernames[[2]int64{m.StudentID, m.MakerID}] = m.Username
	}
	for _, l := range some {
		username, ends := usernames[[2]int64{l.student, l.contact}]
		if !ends {
			continue
		}
		var was Person
		if err := unpack(l.detail, &was); err != nil {
			return err
		}
		if err := p.note(ctx, ListLogins, Person{StudentID: l.student, ContactID: l.contact, Student: l.names[0], Contact: l.names[1],
			Why: was.Why, Until: was.Until, Old: username}); err != nil {
			return err
		}
	}
	return nil
}

const selectLosses = `select pos, student_id, contact_id, student, contact, detail from note where list = 'loses' and pos > $1 order by pos limit $2`
