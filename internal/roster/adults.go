package roster

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// comingDays is how long beforehand students are listed who come of age.
const comingDays = 90

// AdultRow is a student who comes, or is, of age.
type AdultRow struct {
	Student Student
	On      string // the eighteenth birthday
}

// AdultCursor is a place in the list of students of age. The zero value is the start.
type AdultCursor struct {
	Birth string
	ID    int64
}

// AdultNote is what staff decided about a student of age, and why.
type AdultNote struct {
	Mark   AdultMark
	Reason string
	By     string
	At     time.Time
}

// Adults lists the enrolled students of the actor's schools who come of age within the next ninety days, by their birthday, or those who are
// of age already, the youngest first.
func (r *Roster) Adults(ctx context.Context, actor access.Actor, already bool, after AdultCursor, limit int) (rows []AdultRow, next *AdultCursor, err error) {
	if err := access.Check(actor, access.SeeRecords); err != nil {
		return nil, nil, err
	}
	limit = min(max(limit, 1), findLimit)
	query, args := adultsQuery(ScopeOf(actor), r.today(), already, after, limit+1)
	err = r.db.Read(ctx, func(tx *sqldb.Tx) error {
		rows = nil
		return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
			s, err := scanStudent(r)
			rows = append(rows, AdultRow{s, AdultOn(s.BirthDate)})
			return err
		}, query, args...)
	})
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1].Student
		next = &AdultCursor{last.BirthDate, last.ID}
	}
	return rows, next, err
}

// bornBefore returns the last birth date of those who are of age on a day.
func bornBefore(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return ""
	}
	born := t.AddDate(-18, 0, 0)
	if born.Day() != t.Day() { // the 29th of February of a year that has none
		born = born.AddDate(0, 0, -1)
	}
	return born.Format(time.DateOnly)
}

// later returns the day so many days after one.
func later(day string, days int) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return t.AddDate(0, 0, days).Format(time.DateOnly)
}

func adultsQuery(at access.Schools, today string, already bool, after AdultCursor, limit int) (string, []any) {
	l := List{
		Columns: "n.birth_date, n.id", Names: "birth_date, id", Table: "student",
		Where: "n.status = 'enrolled' and n.birth_date <> '' and n.birth_date > $1 and n.birth_date <= $2 and (n.birth_date, n.id) > ($3, $4)",
		Order: "n.birth_date, n.id", Limit: "$5",
	}
	args := []any{bornBefore(today), bornBefore(later(today, comingDays)), after.Birth, after.ID, limit}
	order := "h.birth_date, h.id"
	if already {
		l.Where = "n.status = 'enrolled' and n.birth_date <> '' and n.birth_date > $1 and n.birth_date <= $2 and (n.birth_date, n.id) < ($3, $4)"
		l.Order, l.Merge, order = "n.birth_date desc, n.id desc", "birth_date desc, id desc", "h.birth_date desc, h.id desc"
		if (after == AdultCursor{}) {
			after = AdultCursor{"9999", 0}
		}
		args = []any{"", bornBefore(today), after.Birth, after.ID, limit}
	}
	query, schools := l.At(at, len(args)+1)
	return "select " + studentColumns + "\nfrom (" + query + ") h\njoin student s on s.id = h.id left join school o on o.id = s.school_id\norder by " + order,
		append(args, schools...)
}

const (
	selectAdultNote = `select adult_mark, adult_reason, adult_by, coalesce(adult_at, 0) from student where id = $1`

	updateAdult = `update student set adult_mark = $1, adult_reason = $2, adult_by = $3, adult_at = $4, updated_at = $4, version = version + 1
where id = $5 and version = $6`
)

// AdultNote returns what staff decided about a student of age. It returns fault.NotFound for no student, also for one of a school that is not
// the actor's.
func (r *Roster) AdultNote(ctx context.Context, actor access.Actor, student int64) (note AdultNote, err error) {
	err = r.db.Read(ctx, func(tx *sqldb.Tx) error {
		if _, err := r.seenStudent(ctx, tx, actor, student); err != nil {
			return err
		}
		note, err = sqldb.One(ctx, tx, scanAdultNote, selectAdultNote, student)
		return err
	})
	return note, err
}

func scanAdultNote(r *sql.Rows) (n AdultNote, err error) {
	var at int64
	err = r.Scan(&n.Mark, &n.Reason, &n.By, &at)
	if at != 0 {
		n.At = time.UnixMicro(at).UTC()
	}
	return n, err
}

// MarkAdult sets what holds of a student of age: that the parents of a dependent one keep access, that they do not, or nothing. A mark needs
// a reason (fault.Invalid, "adult_reason"). It returns fault.NotFound for no student, also for one of another school, fault.Conflict when
// version is not the current one.
func (r *Roster) MarkAdult(ctx context.Context, actor access.Actor, student, version int64, mark AdultMark, reason string) error {
	return r.edit(ctx, actor, func(e *edit) error {
		s, err := r.Student(ctx, e.tx, student)
		if err != nil {
			return err
		}
		if err := access.CheckAt(actor, access.EditRecords, s.SchoolID); err != nil {
			return err
		}
		if err := current("student", s.Version, version); err != nil {
			return err
		}
		reason = tidyLine(reason)
		var ps []fault.Problem
		switch {
		case mark != "" && mark != Dependent && mark != ParentsGone:
			ps = append(ps, problem("adult_mark", "problem.choose"))
		case mark != "" && reason == "":
			ps = append(ps, problem("adult_reason", "problem.empty"))
		case len([]rune(reason)) > noteLimit:
			ps = append(ps, problem("adult_reason", "problem.too_long", "Max", noteLimit))
		}
		if err := fault.InvalidFields(ps...); err != nil {
			return err
		}
		if mark == "" {
			reason = ""
		}
		if err := guarded(ctx, e.tx, "student", updateAdult, string(mark), reason, e.by(), e.now().UnixMicro(), student, version); err != nil {
			return err
		}
		cs := changes{{"adult_mark", string(s.AdultMark), string(mark)}}
		e.note(kindStudent, student, cs)
		if e.change.LineIDs, err = sqldb.All(ctx, e.tx, scanID, selectLineIDsOfStudent, student); err != nil {
			return err
		}
		detail := cs.detail()
		detail["reason"] = reason
		return e.record(ctx, "student.adult_marked", "student", student, detail)
	})
}

// NewAdult is a student whose coming of age is to be told or noted.
type NewAdult struct {
	ID   int64
	On   string
	Mark AdultMark
}

const (
	selectToTell = `select s.id, s.birth_date, s.adult_mark from student s
left join coming_of_age a on a.student_id = s.id
where s.status = 'enrolled' and s.birth_date <> '' and s.birth_date > $1 and s.birth_date <= $2 and s.adult_mark <> 'dependent'
and (a.student_id is null or a.told_at is null)
order by s.birth_date, s.id
limit $3`

	selectToNote = `select s.id, s.birth_date, s.adult_mark from student s
left join coming_of_age a on a.student_id = s.id
where s.status = 'enrolled' and s.birth_date <> '' and s.birth_date <= $1 and (a.student_id is null or a.noted_at is null)
order by s.birth_date, s.id
limit $2`

	upsertTold = `insert into coming_of_age (student_id, adult_on, told_at) values ($1, $2, $3)
on conflict (student_id) do update set adult_on = excluded.adult_on, told_at = excluded.told_at`

	upsertNoted = `insert into coming_of_age (student_id, adult_on, noted_at) values ($1, $2, $3)
on conflict (student_id) do update set adult_on = excluded.adult_on, noted_at = excluded.noted_at`
)

// ComingToTell returns students who come of age within so many days and whose parents were not told yet.
func (r *Roster) ComingToTell(ctx context.Context, tx *sqldb.Tx, days, limit int) ([]NewAdult, error) {
	today := r.today()
	return sqldb.All(ctx, tx, scanComing, selectToTell, bornBefore(today), bornBefore(later(today, days)), limit)
}

// ComingToNote returns students whose eighteenth birthday has come and is not noted yet.
func (r *Roster) ComingToNote(ctx context.Context, tx *sqldb.Tx, limit int) ([]NewAdult, error) {
	return sqldb.All(ctx, tx, scanComing, selectToNote, bornBefore(r.today()), limit)
}

func scanComing(r *sql.Rows) (c NewAdult, err error) {
	var birth string
	err = r.Scan(&c.ID, &birth, &c.Mark)
	c.On = AdultOn(strings.TrimSpace(birth))
	return c, err
}

// ComingTold and ComingNoted keep that a student's parents were told, and that the day was noted.
func (r *Roster) ComingTold(ctx context.Context, tx *sqldb.Tx, c NewAdult) error {
	_, err := tx.Exec(ctx, upsertTold, c.ID, c.On, r.now().UnixMicro())
	return err
}

// ComingNoted is ComingTold for the day itself.
func (r *Roster) ComingNoted(ctx context.Context, tx *sqldb.Tx, c NewAdult) error {
	_, err := tx.Exec(ctx, upsertNoted, c.ID, c.On, r.now().UnixMicro())
	return err
}
