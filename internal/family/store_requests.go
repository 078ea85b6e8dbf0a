package family

import (
	"context"
	"database/sql"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	insertRequest = `insert into registration_request
(reference, form_key, purpose, account_id, username, id_number, first_name, last_name, language, address, outcome, detail, student_id,
contact_id, created_at, decided_at, held_school, school_id)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, (select school_id from student where id = $13))
on conflict (form_key) do nothing
returning id`

	selectReferenceOfForm = `select reference from registration_request where form_key = $1`

	selectTyped = `select id, reference, purpose, username, id_number, first_name, last_name, language, address, outcome,
coalesce(account_id, 0)
from registration_request where id = $1`

	updateOutcome = `update registration_request
set outcome = $2, detail = $3, student_id = $4, contact_id = $5, account_id = $6, decided_at = $7,
held_school = $8, school_id = (select school_id from student where id = $4)
where id = $1 and outcome = 'pending'`

	updateDetail = `update registration_request set detail = $2 where id = $1 and outcome = 'pending'`

	requestColumns = `select r.id, r.reference, r.purpose, r.username, r.id_number, r.first_name, r.last_name, r.outcome, r.detail,
coalesce(r.student_id, 0), coalesce(s.school_id, 0), coalesce(r.contact_id, 0), coalesce(s.first_name, ''), coalesce(s.last_name, ''),
coalesce(c.first_name, ''), coalesce(c.last_name, ''), r.created_at, coalesce(r.decided_at, 0),
coalesce(r.case_id, 0), r.case_id is not null and r.settled_at is null
from registration_request r
left join student s on s.id = r.student_id
left join contact c on c.id = r.contact_id`

	selectRequests = requestColumns + `
where (r.created_at, r.id) < ($1, $2)
order by r.created_at desc, r.id desc
limit $3`

	orderRequests = `
order by r.created_at desc, r.id desc`

	// The students' lines follow this.
	moveRequests = `update registration_request set school_id = (select s.school_id from student s where s.id = student_id),
held_school = case when held_school = school_id then (select coalesce(s.school_id, 0) from student s where s.id = student_id) else held_school end
where student_id in (select l.student_id from student_contact l where l.id in (`

	selectByReference = requestColumns + `
where r.reference = $1`

	selectHolder = `select account_id from account_contact where contact_id = $1`

	selectHeldBy = `select contact_id from account_contact where account_id = $1 order by held_at, contact_id`

	insertHeld = `insert into account_contact (contact_id, account_id, held_at) values ($1, $2, $3)`

	deleteResetOfContact = `delete from closed_line
where why = 'reset' and line_id in (select id from student_contact where contact_id = $1)`

	deleteClosedOfContact = `delete from closed_line where line_id in (select id from student_contact where contact_id = $1)`

	deleteClosedLine = `delete from closed_line where line_id = $1`

	countClosedLine = `select count(*) from closed_line where line_id = $1`

	selectReservation = `select contact_id from reserved_username where kind = $1 and username_key = $2 and until > $3`

	deleteReservation = `delete from reserved_username where kind = $1 and username_key = $2 and contact_id = $3`
)

// typed is a registration request as the worker reads it.
type typed struct {
	id                        int64
	reference, purpose        string
	username, idNumber        string
	first, last               string
	language, address         string
	outcome                   Outcome
	account, student, contact int64 // filled in by the decision
	detail                    string
	nearStudent, nearContact  int64 // whom it may have meant, where nothing matched
	heldAt                    int64 // the school that it waits for, when the outcome says that it waits
}

// noteRequest writes a request. It reports false when a request with the same form key is there already.
func noteRequest(ctx context.Context, tx *sqldb.Tx, formKey string, r typed, at, decided time.Time) (id int64, fresh bool, err error) {
	var key sql.NullString
	if formKey != "" {
		key = sql.NullString{String: formKey, Valid: true}
	}
	var end sql.NullInt64
	if !decided.IsZero() {
		end = sql.NullInt64{Int64: decided.UnixMicro(), Valid: true}
	}
	id, err = sqldb.Value[int64](ctx, tx, insertRequest, r.reference, key, r.purpose, orNull(r.account), r.username, r.idNumber, r.first,
		r.last, r.language, r.address, string(r.outcome), r.detail, orNull(r.student), orNull(r.contact), at.UnixMicro(), end, r.waitsFor())
	if fault.Is(err, fault.NotFound) {
		return 0, false, nil
	}
	return id, err == nil, err
}

func referenceOfForm(ctx context.Context, tx *sqldb.Tx, formKey string) (string, error) {
	return sqldb.Value[string](ctx, tx, selectReferenceOfForm, formKey)
}

func typedRequest(ctx context.Context, tx *sqldb.Tx, id int64) (typed, error) {
	return sqldb.One(ctx, tx, func(r *sql.Rows) (typed, error) {
		var t typed
		err := r.Scan(&t.id, &t.reference, &t.purpose, &t.username, &t.idNumber, &t.first, &t.last, &t.language, &t.address, &t.outcome,
			&t.account)
		return t, err
	}, selectTyped, id)
}

func finishRequest(ctx context.Context, tx *sqldb.Tx, r typed, at time.Time) error {
	_, err := tx.Exec(ctx, updateOutcome, r.id, string(r.outcome), r.detail, orNull(r.student), orNull(r.contact), orNull(r.account),
		at.UnixMicro(), r.waitsFor())
	return err
}

// waitsFor is the school whose closing the request waits for, null when it does not wait.
func (r typed) waitsFor() sql.NullInt64 {
	return sql.NullInt64{Int64: r.heldAt, Valid: r.outcome == OutcomeHeld}
}

func markRequest(ctx context.Context, tx *sqldb.Tx, id int64, detail string) error {
	_, err := tx.Exec(ctx, updateDetail, id, detail)
	return err
}

func newestRequests(ctx context.Context, tx *sqldb.Tx, at access.Schools, after jobs.Cursor, limit int) ([]Request, error) {
	if at.All {
		return sqldb.All(ctx, tx, scanRequest, selectRequests, after.At, after.ID, limit)
	}
	query, args := newestAt(at, after, limit)
	return sqldb.All(ctx, tx, scanRequest, query, args...)
}

// newestAt reads the requests that found a student at the schools.
func newestAt(at access.Schools, after jobs.Cursor, limit int) (string, []any) {
	query, schools := roster.List{
		Columns: "n.created_at, n.id", Names: "created_at, id", Table: "registration_request", Where: "(n.created_at, n.id) < ($1, $2)",
		Order: "n.created_at desc, n.id desc", Merge: "created_at desc, id desc", Limit: "$3",
	}.At(at, 4)
	return requestColumns + "\njoin (" + query + ") q on q.id = r.id" + orderRequests, append([]any{after.At, after.ID, limit}, schools...)
}

// requestsFollow moves the requests of the lines' students to the students' schools.
func requestsFollow(ctx context.Context, tx *sqldb.Tx, lines []int64) error {
	return inChunks(lines, 1, func(list string, args []any) error {
		_, err := tx.Exec(ctx, moveRequests+list+"))", args...)
		return err
	})
}

func requestsByReference(ctx context.Context, tx *sqldb.Tx, reference string) ([]Request, error) {
	return sqldb.All(ctx, tx, scanRequest, selectByReference, reference)
}

func scanRequest(r *sql.Rows) (Request, error) {
	var q Request
	var childFirst, childLast, contactFirst, contactLast string
	var at, decided int64
	err := r.Scan(&q.ID, &q.Reference, &q.Purpose, &q.Username, &q.IDNumber, &q.First, &q.Last, &q.Outcome, &q.Detail, &q.StudentID,
		&q.SchoolID, &q.ContactID, &childFirst, &childLast, &contactFirst, &contactLast, &at, &decided, &q.CaseID, &q.Waits)
	q.Child, q.Contact = fullName(childFirst, childLast), fullName(contactFirst, contactLast)
	q.At = time.UnixMicro(at).UTC()
	if decided != 0 {
		q.Decided = time.UnixMicro(decided).UTC()
	}
	return q, err
}

// holder returns the account that holds the contact, 0 for none.
func holder(ctx context.Context, tx *sqldb.Tx, contact int64) (int64, error) {
	return valueOrZero(ctx, tx, selectHolder, contact)
}

// heldBy returns the contacts that the account holds, the one it began with first.
func heldBy(ctx context.Context, tx *sqldb.Tx, acct int64) ([]int64, error) {
	return sqldb.All(ctx, tx, func(r *sql.Rows) (int64, error) { var id int64; return id, r.Scan(&id) }, selectHeldBy, acct)
}

// hold lets the account hold the contact. It returns fault.Conflict when an account holds it already.
func hold(ctx context.Context, tx *sqldb.Tx, acct, contact int64, at time.Time) error {
	_, err := tx.Exec(ctx, insertHeld, contact, acct, at.UnixMicro())
	return err
}

// reopenReset forgets every reset of the contact's lines. What was closed by a restriction stays so until staff open it.
func reopenReset(ctx context.Context, tx *sqldb.Tx, contact int64) error {
	_, err := tx.Exec(ctx, deleteResetOfContact, contact)
	return err
}

// reopenAll forgets why any of the contact's lines was closed: the login is gone.
func reopenAll(ctx context.Context, tx *sqldb.Tx, contact int64) error {
	_, err := tx.Exec(ctx, deleteClosedOfContact, contact)
	return err
}

// reopenLine forgets the reset of a line and reports whether there was one.
func reopenLine(ctx context.Context, tx *sqldb.Tx, line int64) (bool, error) {
	n, err := tx.Exec(ctx, deleteClosedLine, line)
	return n > 0, err
}

// isClosed reports whether a reset closed the line.
func isClosed(ctx context.Context, tx *sqldb.Tx, line int64) (bool, error) {
	n, err := sqldb.Value[int64](ctx, tx, countClosedLine, line)
	return n > 0, err
}

// reservedFor returns the contact for whom a freed username is kept, 0 for nobody.
func reservedFor(ctx context.Context, tx *sqldb.Tx, kind access.Kind, key string, now time.Time) (int64, error) {
	return valueOrZero(ctx, tx, selectReservation, string(kind), key, now.UnixMicro())
}

// takeReservation ends the reservation of a username that its owner has taken again.
func takeReservation(ctx context.Context, tx *sqldb.Tx, kind access.Kind, key string, contact int64) error {
	_, err := tx.Exec(ctx, deleteReservation, string(kind), key, contact)
	return err
}

func valueOrZero(ctx context.Context, tx *sqldb.Tx, query string, args ...any) (int64, error) {
	v, err := sqldb.Value[int64](ctx, tx, query, args...)
	if fault.Is(err, fault.NotFound) {
		return 0, nil
	}
	return v, err
}

func orNull(id int64) sql.NullInt64 { return sql.NullInt64{Int64: id, Valid: id != 0} }
