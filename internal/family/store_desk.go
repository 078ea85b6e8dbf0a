package family

import (
	"context"
	"database/sql"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	upsertCase = `insert into desk_case (case_key, student_id, school_id, state, reason, newest_at, newest_id)
values ($1, $2, (select school_id from student where id = $2), 'open', $3, $4, $5)
on conflict (case_key) do update set
attempts = case when desk_case.state = 'done' then 1 when desk_case.newest_id = $5 then desk_case.attempts else desk_case.attempts + 1 end,
addresses = case when desk_case.state = 'done' then 1
  when exists (select 1 from registration_request r where r.case_id = desk_case.id and r.address = $6 and r.settled_at is null)
  then desk_case.addresses else desk_case.addresses + 1 end,
version = desk_case.version + case when desk_case.state = 'done' then 1 else 0 end,
state = 'open', reason = excluded.reason, newest_at = excluded.newest_at, newest_id = excluded.newest_id, school_id = excluded.school_id
returning id`

	updateToCase = `update registration_request set case_id = $2, person_key = $3, near_contact_id = $4, settled_at = null, settled_by = '', settled_how = ''
where id = $1`

	// A request that is settled before it was decided is not decided any more.
	updateSettled = `update registration_request set settled_at = $3, settled_by = $4, settled_how = $5, decided_at = coalesce(decided_at, $3),
outcome = case when outcome <> 'pending' then outcome when $5 = 'came_in' then 'asked_again' else 'by_office' end
where case_id = $1 and person_key = $2 and settled_at is null`

	updateUnsettled = `update registration_request set settled_at = null, settled_by = '', settled_how = '' where case_id = $1 and settled_at = $2`

	// Of "Add Additional Student" the parent has a login anyway.
	selectCasesOfContact = `select distinct case_id, person_key from registration_request
where near_contact_id = $1 and settled_at is null and case_id is not null and purpose <> 'add_student'`

	selectNewestOpen = `select id, outcome, created_at from registration_request
where case_id = $1 and settled_at is null order by created_at desc, id desc limit 1`

	updateNewest = `update desk_case set reason = $2, newest_at = $3, newest_id = $4 where id = $1`

	updateCaseDone = `update desk_case set state = 'done', version = version + 1, claimed_id = null, claimed_by = '', claimed_at = null
where id = $1 and state = 'open'`

	updateCaseOpen = `update desk_case set state = 'open' where id = $1`

	updateActed = `update desk_case set version = version + 1, acted_at = $2, acted_by = $3, acted_how = $4 where id = $1`

	updateClaim = `update desk_case set version = version + 1, claimed_id = $3, claimed_by = $4, claimed_at = $5 where id = $1 and version = $2`

	caseColumns = `k.id, k.version, coalesce(k.student_id, 0), coalesce(k.school_id, 0), coalesce(o.name, ''), coalesce(s.first_name, ''),
coalesce(s.last_name, ''), coalesce(s.id_number, ''), coalesce(s.grade, ''), k.state, k.reason, k.newest_at, k.attempts, k.addresses,
coalesce(k.claimed_id, 0), k.claimed_by, coalesce(k.claimed_at, 0), coalesce(k.acted_at, 0), k.acted_by, k.acted_how,
r.id_number, r.first_name, r.last_name, r.purpose, r.detail, coalesce(c.first_name, ''), coalesce(c.last_name, '')
from desk_case k
join registration_request r on r.id = k.newest_id
left join student s on s.id = k.student_id
left join school o on o.id = k.school_id
left join contact c on c.id = r.near_contact_id`

	selectCase = `select ` + caseColumns + `
where k.id = $1`

	// The newest requests of a case that nobody has dealt with.
	selectCaseRequests = `select r.id, r.reference, r.purpose, r.username, r.id_number, r.first_name, r.last_name, r.outcome, r.detail, r.created_at,
r.person_key, coalesce(r.near_contact_id, 0), coalesce(r.account_id, 0)
from registration_request r
where r.case_id = $1 and r.settled_at is null
order by r.created_at desc, r.id desc
limit $2`

	// Who came in meanwhile.
	selectCameIn = `select distinct r.near_contact_id
from registration_request r
join account_contact h on h.contact_id = r.near_contact_id
join account a on a.id = h.account_id
where r.near_contact_id is not null and r.settled_at is null and r.case_id is not null and r.purpose <> 'add_student'
  and a.last_sign_in_at > r.created_at
limit 200`

	deleteCases = `delete from desk_case where id in (select id from desk_case where newest_at < $1 order by newest_at limit 500)`

	// The students' lines follow this.
	moveCases = `update desk_case set school_id = (select s.school_id from student s where s.id = student_id)
where student_id in (select l.student_id from student_contact l where l.id in (`

	caseWithoutRequest = `select 'case ' || k.id as broken from desk_case k
where (k.state = 'open') <> exists (select 1 from registration_request r where r.case_id = k.id and r.settled_at is null)`

	caseOfAnotherSchool = `select 'case ' || k.id as broken from desk_case k join student s on s.id = k.student_id
where coalesce(k.school_id, 0) <> coalesce(s.school_id, 0)`
)

// toCase puts a request into the case with the key, which opens.
func toCase(ctx context.Context, tx *sqldb.Tx, key string, student int64, r typed, at time.Time, person string, near int64) error {
	id, err := sqldb.Value[int64](ctx, tx, upsertCase, key, orNull(student), string(r.outcome), at.UnixMicro(), r.id, r.address)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, updateToCase, r.id, id, person, orNull(near))
	return err
}

// inCase is what one person asked in a case.
type inCase struct {
	id     int64
	person string
}

func casesOfContact(ctx context.Context, tx *sqldb.Tx, contact int64) ([]inCase, error) {
	return sqldb.All(ctx, tx, func(r *sql.Rows) (c inCase, err error) { return c, r.Scan(&c.id, &c.person) }, selectCasesOfContact, contact)
}

func settleIn(ctx context.Context, tx *sqldb.Tx, c inCase, at time.Time, by, how string) (int64, error) {
	return tx.Exec(ctx, updateSettled, c.id, c.person, at.UnixMicro(), by, how)
}

// refreshCase brings a case up to date with what is left of its requests, and reports whether anything is.
func refreshCase(ctx context.Context, tx *sqldb.Tx, id int64) (open bool, err error) {
	type newest struct {
		id, at  int64
		outcome string
	}
	left, err := sqldb.All(ctx, tx, func(r *sql.Rows) (n newest, err error) { return n, r.Scan(&n.id, &n.outcome, &n.at) }, selectNewestOpen, id)
	if err != nil {
		return false, err
	}
	if len(left) == 0 {
		_, err = tx.Exec(ctx, updateCaseDone, id)
		return false, err
	}
	if _, err := tx.Exec(ctx, updateNewest, id, left[0].outcome, left[0].at, left[0].id); err != nil {
		return true, err
	}
	_, err = tx.Exec(ctx, updateCaseOpen, id)
	return true, err
}

// casesAt reads a page of the cases at the schools.
func casesAt(at access.Schools, q CaseQuery) (string, []any) {
	where, args := "n.state = $1 and (n.newest_at, n.id) < ($2, $3)", []any{q.state(), q.After.At, q.After.ID, q.Limit}
	if q.Reason != "" {
		where += " and n.reason = $5"
		args = append(args, string(q.Reason))
	}
	query, schools := roster.List{
		Columns: "n.newest_at, n.id", Names: "newest_at, id", Table: "desk_case", Where: where,
		Order: "n.newest_at desc, n.id desc", Merge: "newest_at desc, id desc", Limit: "$4",
	}.At(at, len(args)+1)
	return "select " + caseColumns + "\njoin (" + query + ") q on q.id = k.id\norder by k.newest_at desc, k.id desc", append(args, schools...)
}

// countCases counts the cases at the schools, up to roster.CountLimit.
func countCases(at access.Schools, q CaseQuery) (string, []any) {
	where, args := "n.state = $1", []any{q.state(), roster.CountLimit}
	if q.Reason != "" {
		where += " and n.reason = $3"
		args = append(args, string(q.Reason))
	}
	query, schools := roster.List{
		Columns: "n.newest_at, n.id", Names: "newest_at, id", Table: "desk_case", Where: where, Order: "n.newest_at desc, n.id desc",
		Merge: "newest_at desc, id desc", Limit: "$2",
	}.CountAt(at, len(args)+1)
	return query, append(args, schools...)
}

func scanCase(r *sql.Rows) (c CaseRow, err error) {
	var at, claimed, acted int64
	var detail string
	err = r.Scan(&c.ID, &c.Version, &c.StudentID, &c.SchoolID, &c.School, &c.ChildFirst, &c.ChildLast, &c.IDNumber, &c.Grade, &c.State, &c.Reason,
		&at, &c.Attempts, &c.Addresses, &c.Claim.AccountID, &c.Claim.By, &claimed, &acted, &c.Acted.By, &c.Acted.How,
		&c.TypedID, &c.First, &c.Last, &c.Purpose, &detail, &c.RecordFirst, &c.RecordLast)
	c.Details = Request{Detail: detail}.Details()
	c.At, c.Claim.At, c.Acted.At = moment(at), moment(claimed), moment(acted)
	return c, err
}

// caseRequest is a request of a case.
type caseRequest struct {
	Request
	person  string
	near    int64
	account int64
}

// wish is the username that the person asked for, "" for none: who forgot something typed something else there.
func (r caseRequest) wish() string {
	if r.Purpose != purposeRegister {
		return ""
	}
	return r.Username
}

func requestsOfCase(ctx context.Context, tx *sqldb.Tx, id int64) ([]caseRequest, error) {
	return sqldb.All(ctx, tx, func(r *sql.Rows) (q caseRequest, err error) {
		var at int64
		err = r.Scan(&q.ID, &q.Reference, &q.Purpose, &q.Username, &q.IDNumber, &q.First, &q.Last, &q.Outcome, &q.Detail, &at, &q.person, &q.near,
			&q.account)
		q.At = moment(at)
		return q, err
	}, selectCaseRequests, id, requestsOnPage)
}

// casesFollow moves the cases of the lines' students to the students' schools.
func casesFollow(ctx context.Context, tx *sqldb.Tx, lines []int64) error {
	return inChunks(lines, 1, func(list string, args []any) error {
		_, err := tx.Exec(ctx, moveCases+list+"))", args...)
		return err
	})
}
