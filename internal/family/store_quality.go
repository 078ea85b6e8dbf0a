package family

import (
	"context"
	"database/sql"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	selectLook = `select begun_at, ended_at from quality_look where id = 1`

	// Another look that began within the hour is left to end.
	beginLook = `insert into quality_look (id, begun_at) values (1, $1)
on conflict (id) do update set begun_at = excluded.begun_at
where quality_look.ended_at >= quality_look.begun_at or quality_look.begun_at < $2`

	endLook = `update quality_look set ended_at = $2 where id = 1 and begun_at = $1`

	selectFindings = `select subject_id, flaw, school_id, sort_key, main from quality_finding
where kind = $1 and subject_id > $2 and subject_id <= $3`

	// The list of ids follows these.
	selectFindingsOf = `select subject_id, flaw, school_id, sort_key, main from quality_finding
where kind = $1 and subject_id in (`
	deleteFindingsOf = `delete from quality_finding where kind = $1 and subject_id in (`

	insertFindings = `insert into quality_finding (kind, subject_id, flaw, school_id, sort_key, main) values `

	selectFindingKey = `select sort_key from quality_finding where kind = $1 and subject_id = $2 and flaw = $3 limit 1`
	selectStudentKey = `select sort_key from student where id = $1`
	selectContactKey = `select sort_key from contact where id = $1`

	deleteDay = `delete from quality_day where flaw = $1 and day = $2`

	deleteDays = `delete from quality_day where day < $1`

	insertDay = `insert into quality_day (school_id, day, flaw, found)
select school_id, cast($2 as text), flaw, count(*) from quality_finding
where flaw = $1 and school_id <> 0
group by school_id, flaw`

	insertDayAll = `insert into quality_day (school_id, day, flaw, found)
values (0, $2, $1, (select count(*) from quality_finding where flaw = $1 and main))`

	selectTrends = `select flaw, day, sum(found) from quality_day
where `
	trendsSince = ` and day >= $1
group by flaw, day
order by flaw, day`
	trendSince = ` and day >= $1 and flaw = $2
group by flaw, day
order by flaw, day`

	selectStaffEmails = `select email from account where email <> '' and kind = 'staff'`

	// The lists of ids follow.
	selectStrangers     = `select first_id, second_id from not_one_person where first_id in (`
	selectStrangersBack = `select first_id, second_id from not_one_person where second_id in (`

	// Whether the mail failed, and whether the contact was not changed since.
	selectMailFates = `select j.contact_id, j.state = 'failed' and j.created_at >= c.updated_at
from job j join contact c on c.id = j.contact_id
where j.kind = 'mail' and j.state <> 'ready' and j.contact_id in (`
)

// look is when the look over the records began and ended last.
type look struct{ begun, ended time.Time }

// lookLife is after how long a look that does not end is given up.
const lookLife = time.Hour

func (l look) running(now time.Time) bool {
	return l.begun.After(l.ended) && now.Sub(l.begun) < lookLife
}

func readLook(ctx context.Context, tx *sqldb.Tx) (look, error) {
	l, err := sqldb.One(ctx, tx, func(r *sql.Rows) (l look, err error) {
		var begun, ended int64
		err = r.Scan(&begun, &ended)
		l.begun = time.UnixMicro(begun).UTC()
		if ended != 0 {
			l.ended = time.UnixMicro(ended).UTC()
		}
		return l, err
	}, selectLook)
	if fault.Is(err, fault.NotFound) {
		return look{}, nil
	}
	return l, err
}

// finding is a flaw of a record as it concerns one school.
type finding struct {
	subject int64
	flaw    Flaw
	school  int64
	sort    string
	main    bool
}

func scanFinding(r *sql.Rows) (f finding, err error) {
	return f, r.Scan(&f.subject, &f.flaw, &f.school, &f.sort, &f.main)
}

func addFindings(ctx context.Context, tx *sqldb.Tx, kind string, all []finding) error {
	rows := make([][]any, len(all))
	for n, f := range all {
		rows[n] = []any{kind, f.subject, string(f.flaw), f.school, f.sort, f.main}
	}
	return sqldb.InsertMany(ctx, tx, insertFindings, rows)
}

// findings is the list of records with a flaw: $1 the flaw, $2 and $3 the place, $4 the limit.
func findings(at access.Schools) roster.List {
	l := roster.List{
		Columns: "n.sort_key, n.subject_id", Names: "sort_key, subject_id", Table: "quality_finding",
		Where: "n.flaw = $1 and (n.sort_key, n.subject_id) > ($2, $3)", Order: "n.sort_key, n.subject_id", Limit: "$4",
	}
	if at.All {
		l.Where = "n.main and " + l.Where
	}
	return l
}

// findingsAfter returns the records with a flaw after a place, as ids in their order.
func findingsAfter(ctx context.Context, tx *sqldb.Tx, at access.Schools, w Flaw, sort string, id int64, limit int) ([]int64, error) {
	query, more := findings(at).At(at, 5)
	return sqldb.All(ctx, tx, func(r *sql.Rows) (id int64, err error) {
		var sort string
		return id, r.Scan(&sort, &id)
	}, query, append([]any{string(w), sort, id, limit}, more...)...)
}

// countFindings counts the records with a flaw, up to countTo.
func countFindings(ctx context.Context, tx *sqldb.Tx, at access.Schools, w Flaw) (int, error) {
	query, more := findings(at).CountAt(at, 5)
	return sqldb.Value[int](ctx, tx, query, append([]any{string(w), "", int64(0), countTo}, more...)...)
}

// placeOf returns where a record stands in a flaw's list: it may have left the list since the page before was shown.
func placeOf(ctx context.Context, tx *sqldb.Tx, w Flaw, id int64) (string, error) {
	if id == 0 {
		return "", nil
	}
	kind, record := "contact", selectContactKey
	if w.OfStudents() {
		kind, record = "student", selectStudentKey
	}
	key, err := sqldb.Value[string](ctx, tx, selectFindingKey, kind, id, string(w))
	if fault.Is(err, fault.NotFound) {
		return sqldb.Value[string](ctx, tx, record, id)
	}
	return key, err
}

// trendsOf returns the counts by day since the day, of one flaw or of all.
func trendsOf(ctx context.Context, tx *sqldb.Tx, at access.Schools, since string, only Flaw) (map[Flaw][]QualityDay, error) {
	args, end := []any{since}, trendsSince
	if only != "" {
		args, end = append(args, string(only)), trendSince
	}
	in, more := roster.InSchools("school_id", at, len(args)+1)
	if at.All {
		in = "school_id = 0"
	}
	trends := map[Flaw][]QualityDay{}
	err := sqldb.Each(ctx, tx, func(r *sql.Rows) error {
		var w Flaw
		var d QualityDay
		err := r.Scan(&w, &d.Day, &d.Found)
		trends[w] = append(trends[w], d)
		return err
	}, selectTrends+in+end, append(args, more...)...)
	return trends, err
}

// bounced says to whom of the contacts the newest mail did not arrive, and whose record was not changed since.
func bounced(ctx context.Context, tx *sqldb.Tx, contacts []int64) (map[int64]bool, error) {
	found := map[int64]bool{}
	err := inChunks(contacts, 1, func(list string, args []any) error {
		return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
			var contact int64
			var failed bool
			err := r.Scan(&contact, &failed)
			found[contact] = failed
			return err
		}, selectMailFates+list+") order by j.contact_id, j.created_at, j.id", args...)
	})
	return found, err
}

// strangersOf returns the pairs with one of the contacts of which somebody said that they are not one person.
func strangersOf(ctx context.Context, tx *sqldb.Tx, contacts []int64) (map[[2]int64]bool, error) {
	found := map[[2]int64]bool{}
	add := func(r *sql.Rows) error {
		var p [2]int64
		err := r.Scan(&p[0], &p[1])
		found[p] = true
		return err
	}
	for _, query := range []string{selectStrangers, selectStrangersBack} {
		err := inChunks(contacts, 1, func(list string, args []any) error { return sqldb.Each(ctx, tx, add, query+list+")", args...) })
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}
