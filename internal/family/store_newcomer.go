package family

import (
	"context"
	"database/sql"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	selectNewcomers = `select n.id, n.how, n.again, n.at, coalesce(n.seen_at, 0), n.seen_by, n.student_id, s.first_name, s.last_name,
coalesce(o.name, ''), n.contact_id, c.first_name, c.last_name, coalesce(l.relationship, ''), coalesce(d.first_name, ''),
coalesce(d.last_name, '')
from newcomer n
join student s on s.id = n.student_id
join contact c on c.id = n.contact_id
left join school o on o.id = s.school_id
left join student_contact l on l.student_id = n.student_id and l.contact_id = n.contact_id
left join contact d on d.id = n.doubted_by
where n.how <> 'before' and (n.at, n.id) < ($1, $2)`

	newcomersFirst = `
order by n.at desc, n.id desc
limit $3`

	countUnseenNewcomers = `select count(*) from (select 1 from newcomer n where n.how <> 'before' and n.seen_at is null`

	selectVisible = `select n.id from newcomer n where n.how <> 'before' and n.id in (`

	updateSeen = `update newcomer set seen_at = $1, seen_by = $2 where seen_at is null and id in (`

	selectListed = `select student_id, contact_id, account_id, left_at is not null from newcomer
where how <> 'doubt' and student_id in (`

	insertNew = `insert into newcomer (student_id, contact_id, account_id, school_id, how, again, told, at, seen_at)
select s.id, cast($2 as bigint), cast($3 as bigint), s.school_id, cast($4 as text), $5, $6, cast($7 as bigint), cast($8 as bigint)
from student s where s.id = $1`

	insertDoubtOf = `insert into newcomer (student_id, contact_id, account_id, school_id, how, doubted_by, at)
select s.id, cast($2 as bigint), cast($3 as bigint), s.school_id, 'doubt', cast($4 as bigint), cast($5 as bigint)
from student s where s.id = $1
on conflict do nothing`

	selectEntries = `select id, contact_id, account_id, coalesce(doubted_by, 0), how, told, again, left_at is not null, at
from newcomer
where student_id = $1
order by at, id`

	// The list of line ids follows.
	leaveOfLines = `update newcomer set left_at = $1
where left_at is null and id in (select n.id from student_contact l
  join newcomer n on n.student_id = l.student_id and n.contact_id = l.contact_id
  where l.id in (`

	// Entries follow their child to another school.
	moveNewcomers = `update newcomer set school_id = (select s.school_id from student s where s.id = newcomer.student_id)
where coalesce(school_id, 0) <> (select coalesce(s.school_id, 0) from student s where s.id = newcomer.student_id)
  and student_id in (select student_id from student_contact where id in (`

	selectHeldLines = `select l.id from student_contact l
join account_contact h on h.contact_id = l.contact_id
where l.id in (`

	selectHeldContacts = `select contact_id from account_contact where contact_id > $1 order by contact_id limit $2`

	selectLinesOfHeld = `select ` + lineColumns + `, '', '', ''
from student_contact l
` + lineJoins + `
where l.contact_id in (`

	selectDay = `select day from daily where what = $1`

	upsertDay = `insert into daily (what, day) values ($1, $2)
on conflict (what) do update set day = excluded.day where daily.day < excluded.day`
)

// atSchools limits a query to the newcomers at the actor's schools; first is the number of its first placeholder. Whoever works at no
// school sees nothing.
func atSchools(actor access.Actor, first int) (condition string, args []any) {
	if actor.Kind == access.System || actor.Schools.All {
		return "", nil
	}
	var b strings.Builder
	b.WriteString(" and n.school_id in (0")
	for i, id := range actor.Schools.IDs {
		b.WriteString(", $" + strconv.Itoa(first+i))
		args = append(args, id)
	}
	b.WriteString(")")
	return b.String(), args
}

func newestNewcomers(ctx context.Context, tx *sqldb.Tx, actor access.Actor, after jobs.Cursor, limit int) ([]Newcomer, error) {
	if after == (jobs.Cursor{}) {
		after = jobs.Cursor{At: math.MaxInt64, ID: math.MaxInt64}
	}
	at, schools := atSchools(actor, 4)
	return sqldb.All(ctx, tx, func(r *sql.Rows) (Newcomer, error) {
		var n Newcomer
		var made, seen int64
		err := r.Scan(&n.ID, &n.How, &n.Again, &made, &seen, &n.SeenBy, &n.StudentID, &n.ChildFirst, &n.ChildLast, &n.School, &n.ContactID,
			&n.First, &n.Last, &n.Relationship, &n.DoubtFirst, &n.DoubtLast)
		n.At, n.Seen = moment(made), moment(seen)
		return n, err
	}, selectNewcomers+at+newcomersFirst, append([]any{after.At, after.ID, limit}, schools...)...)
}

func countUnseen(ctx context.Context, tx *sqldb.Tx, actor access.Actor) (int, error) {
	at, schools := atSchools(actor, 2)
	return sqldb.Value[int](ctx, tx, countUnseenNewcomers+at+` limit $1) as counted`, append([]any{countTo}, schools...)...)
}

// visibleNewcomers are those of the entries that are at the actor's schools.
func visibleNewcomers(ctx context.Context, tx *sqldb.Tx, actor access.Actor, ids []int64) ([]int64, error) {
	at, schools := atSchools(actor, 1)
	var all []int64
	err := inChunks(ids, 1+len(schools), func(list string, args []any) error {
		some, err := sqldb.All(ctx, tx, scanNumber, selectVisible+list+")"+at+" order by n.id", append(append([]any{}, schools...), args...)...)
		all = append(all, some...)
		return err
	})
	return all, err
}

// seeNewcomers returns whom nobody had looked at before, with the child.
func seeNewcomers(ctx context.Context, tx *sqldb.Tx, ids []int64, at time.Time, by string) (seen []pair, err error) {
	err = inChunks(ids, 3, func(list string, args []any) error {
		some, err := sqldb.All(ctx, tx, func(r *sql.Rows) (p pair, err error) { return p, r.Scan(&p.student, &p.who) },
			updateSeen+list+") returning student_id, contact_id", append([]any{at.UnixMicro(), by}, args...)...)
		seen = append(seen, some...)
		return err
	})
	return seen, err
}

// listed returns which logins are in the list with the students now, and which contacts were at any time.
func listed(ctx context.Context, tx *sqldb.Tx, students []int64) (logins, contacts map[pair]bool, err error) {
	logins, contacts = map[pair]bool{}, map[pair]bool{}
	err = inChunks(students, 1, func(list string, args []any) error {
		return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
			var student, contact, acct int64
			var left bool
			err := r.Scan(&student, &contact, &acct, &left)
			contacts[pair{student, contact}] = true
			if !left {
				logins[pair{student, acct}] = true
			}
			return err
		}, selectListed+list+")", args...)
	})
	return logins, contacts, err
}

func insertNewcomer(ctx context.Context, tx *sqldb.Tx, n fresh, how How, told bool, at time.Time) error {
	var seen sql.NullInt64
	if how == before {
		seen = sql.NullInt64{Int64: at.UnixMicro(), Valid: true}
	}
	_, err := tx.Exec(ctx, insertNew, n.line.StudentID, n.line.ContactID, n.line.account, string(how), n.again, told, at.UnixMicro(), seen)
	return err
}

// insertDoubt reports whether it is the parent's first about that person.
func insertDoubt(ctx context.Context, tx *sqldb.Tx, student int64, e *newEntry, by int64, at time.Time) (bool, error) {
	n, err := tx.Exec(ctx, insertDoubtOf, student, e.contact, e.account, by, at.UnixMicro())
	return n > 0, err
}

func entriesOf(ctx context.Context, tx *sqldb.Tx, student int64) ([]*newEntry, error) {
	return sqldb.All(ctx, tx, func(r *sql.Rows) (*newEntry, error) {
		e := &newEntry{}
		var at int64
		err := r.Scan(&e.id, &e.contact, &e.account, &e.doubtedBy, &e.how, &e.told, &e.again, &e.left, &at)
		e.at = moment(at)
		return e, err
	}, selectEntries, student)
}

// leaveNewcomers notes that the lines are closed: whoever comes back later is in the list again.
func leaveNewcomers(ctx context.Context, tx *sqldb.Tx, lines []int64, at time.Time) error {
	return inChunks(lines, 2, func(list string, args []any) error {
		_, err := tx.Exec(ctx, leaveOfLines+list+"))", append([]any{at.UnixMicro()}, args...)...)
		return err
	})
}

func followSchools(ctx context.Context, tx *sqldb.Tx, lines []int64) error {
	return inChunks(lines, 1, func(list string, args []any) error {
		_, err := tx.Exec(ctx, moveNewcomers+list+"))", args...)
		return err
	})
}

// heldLines are those of the lines whose contact has a login.
func heldLines(ctx context.Context, tx *sqldb.Tx, lines []int64) ([]int64, error) {
	var all []int64
	err := inChunks(lines, 1, func(list string, args []any) error {
		some, err := sqldb.All(ctx, tx, scanNumber, selectHeldLines+list+")", args...)
		all = append(all, some...)
		return err
	})
	return all, err
}

func heldContactsAfter(ctx context.Context, tx *sqldb.Tx, after int64, limit int) ([]int64, error) {
	return sqldb.All(ctx, tx, scanNumber, selectHeldContacts, after, limit)
}

func scanNumber(r *sql.Rows) (id int64, err error) { return id, r.Scan(&id) }

// lastDay returns when something was done last, fault.NotFound for never.
func lastDay(ctx context.Context, tx *sqldb.Tx, what string) (string, error) {
	return sqldb.Value[string](ctx, tx, selectDay, what)
}

// firstToday notes that something is done on that day and reports whether it was not done yet.
func firstToday(ctx context.Context, tx *sqldb.Tx, what, day string) (bool, error) {
	n, err := tx.Exec(ctx, upsertDay, what, day)
	return n > 0, err
}
