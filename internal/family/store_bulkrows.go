package family

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	insertBulkRows = `insert into bulk_row (bulk_id, pos, party, target_id, contact_id, student_id) values `

	selectBulkOutcomes = `select outcome, count(*) from bulk_row where bulk_id = $1 group by outcome`

	selectBulkTargets = `select target_id, contact_id from bulk_row where bulk_id = $1 order by pos`

	shownRows = `select r.pos, r.contact_id, r.student_id, coalesce(c.first_name, ''), coalesce(c.last_name, ''), coalesce(s.first_name, ''),
coalesce(s.last_name, ''), r.outcome, r.detail
from bulk_row r
left join contact c on c.id = r.contact_id
left join student s on s.id = r.student_id
`

	selectAnyRows = shownRows + `where r.bulk_id = $1 and r.pos > $2
order by r.pos
limit $3`

	selectRowsOfOutcome = shownRows + `where r.bulk_id = $1 and r.pos > $2 and r.outcome = $4
order by r.pos
limit $3`

	selectNextParty = `select party from bulk_row where bulk_id = $1 and outcome = $2 order by party, pos limit 1`

	selectNextRows = `select pos, target_id, version, outcome from bulk_row
where bulk_id = $1 and outcome = $2 and party >= $3 and party < $4
order by party, pos`

	updateRow = `update bulk_row set outcome = $4, detail = $5, account_id = $6, version = $7 where bulk_id = $1 and pos = $2 and outcome = $3`

	countDoneOfAccount = `select count(*) from bulk_row
where bulk_id = $1 and account_id = $2 and account_id <> 0 and pos <> $3 and outcome <> ''`
)

const (
	// Lines as the grid finds them, in its order.
	selectLinesByLetter = `select line_id from line_name
where letter = $1
order by letter, parent_sort, contact_id, child_sort, line_id
limit $2`

	selectLinesByName = `select line_id from line_name
where entry >= $1 and entry < $2
order by entry, parent_sort, contact_id, child_sort, line_id
limit $3`

	selectLinesBySchool = `select n.line_id
from student s
join student_contact l on l.student_id = s.id
join line_name n on n.line_id = l.id and n.pos = 0
where s.school_id = $1
order by n.parent_sort, n.contact_id, n.child_sort, n.line_id
limit $2`

	selectLinesOfAll = `select line_id from line_name
where letter is not null
order by parent_sort, contact_id, child_sort, line_id
limit $1`

	// The lists of ids follow these.
	selectBulkLines = `select l.id, l.contact_id, l.student_id, coalesce(s.school_id, 0), coalesce(h.account_id, 0)
from student_contact l
join student s on s.id = l.student_id
left join account_contact h on h.contact_id = l.contact_id
where l.id in (`

	selectHoldersOf = `select c.id, coalesce(h.account_id, 0)
from contact c
left join account_contact h on h.contact_id = c.id
where c.id in (`

	selectChildrenOf = `select l.contact_id, l.student_id, coalesce(s.school_id, 0)
from student_contact l
join student s on s.id = l.student_id
where l.ended_at is null and l.contact_id in (`

	selectLoginsOf = `select c.id, coalesce(a.id, 0), coalesce(a.state, ''), c.email_key <> '',
c.email_key <> '' and exists (select 1 from student s where s.email_key = c.email_key and s.email_key <> '')
from contact c
left join account_contact h on h.contact_id = c.id
left join account a on a.id = h.account_id
where c.id in (`

	selectKeptUsername = `select username_key from reserved_username
where contact_id = $1 and kind = 'parent' and until > $2
order by until desc, username_key
limit 1`
)

// frozenAtOnce is how many rows of a list are written or deleted in one transaction.
const frozenAtOnce = 500

// insertFrozen writes rows behind position pos.
func insertFrozen(ctx context.Context, tx *sqldb.Tx, bulk int64, pos int, rows []frozen) error {
	values := make([][]any, len(rows))
	for n, r := range rows {
		values[n] = []any{bulk, pos + n + 1, r.party, r.target, r.contact, r.student}
	}
	return sqldb.InsertMany(ctx, tx, insertBulkRows, values)
}

func bulkOutcomes(ctx context.Context, tx *sqldb.Tx, id int64) (map[string]int, error) {
	counts := map[string]int{}
	err := sqldb.Each(ctx, tx, func(r *sql.Rows) error {
		var outcome string
		var n int
		err := r.Scan(&outcome, &n)
		counts[outcome] = n
		return err
	}, selectBulkOutcomes, id)
	return counts, err
}

// bulkTargets returns the targets of all rows and their contacts.
func bulkTargets(ctx context.Context, tx *sqldb.Tx, id int64) (targets, contacts []int64, err error) {
	err = sqldb.Each(ctx, tx, func(r *sql.Rows) error {
		var target, contact int64
		err := r.Scan(&target, &contact)
		targets, contacts = append(targets, target), append(contacts, contact)
		return err
	}, selectBulkTargets, id)
	return targets, contacts, err
}

// rowDetail is the JSON of a row: what was done.
type rowDetail struct {
	Username      string   `json:"username,omitempty"`
	Stay          []string `json:"stay,omitempty"`
	StudentLogins []string `json:"student_logins,omitempty"`
	Kept          []string `json:"kept,omitempty"`
	Noticed       bool     `json:"noticed,omitempty"`
}

func detailOf(r ResetResult) rowDetail {
	return rowDetail{Username: r.Username, Stay: r.Stay, StudentLogins: r.StudentLogins, Kept: r.Kept, Noticed: r.Noticed}
}

func detailOfLogin(r ManageResult) rowDetail { return rowDetail{Username: r.Username} }

func scanRow(r *sql.Rows) (BulkRow, error) {
	var row BulkRow
	var detail string
	err := r.Scan(&row.Pos, &row.ContactID, &row.StudentID, &row.ParentFirst, &row.ParentLast, &row.ChildFirst, &row.ChildLast, &row.Outcome, &detail)
	if err != nil || detail == "" {
		return row, err
	}
	var d rowDetail
	err = json.Unmarshal([]byte(detail), &d)
	row.Username, row.Stay, row.StudentLogins, row.Kept, row.Noticed = d.Username, d.Stay, d.StudentLogins, d.Kept, d.Noticed
	return row, err
}

func bulkRows(ctx context.Context, tx *sqldb.Tx, id int64, outcome string, after, limit int) ([]BulkRow, error) {
	if outcome == AnyOutcome {
		return sqldb.All(ctx, tx, scanRow, selectAnyRows, id, after, limit)
	}
	return sqldb.All(ctx, tx, scanRow, selectRowsOfOutcome, id, after, limit, outcome)
}

// bulkWork is a row to be done.
type bulkWork struct {
	pos              int
	target           int64
	outcome          string
	account, version int64
}

// nextRows returns the next rows that stand at an outcome: those of n logins.
func nextRows(ctx context.Context, tx *sqldb.Tx, id int64, outcome string, n int) ([]bulkWork, error) {
	party, err := sqldb.Value[int](ctx, tx, selectNextParty, id, outcome)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return sqldb.All(ctx, tx, func(r *sql.Rows) (w bulkWork, err error) {
		return w, r.Scan(&w.pos, &w.target, &w.version, &w.outcome)
	}, selectNextRows, id, outcome, party, party+n)
}

func hasRows(ctx context.Context, tx *sqldb.Tx, id int64, outcome ManageOutcome) (bool, error) {
	_, err := sqldb.Value[int](ctx, tx, selectNextParty, id, string(outcome))
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// endRow notes what was done to a row, once: it returns fault.Conflict for a row that another worker did.
func endRow(ctx context.Context, tx *sqldb.Tx, id int64, w bulkWork, outcome string, d rowDetail) error {
	data, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return changeBulk(ctx, tx, updateRow, id, w.pos, w.outcome, outcome, string(data), w.account, w.version)
}

// doneInBulk reports whether another row of the act had the same login.
func doneInBulk(id int64, pos int) func(context.Context, *sqldb.Tx, int64) (bool, error) {
	return func(ctx context.Context, tx *sqldb.Tx, acct int64) (bool, error) {
		n, err := sqldb.Value[int](ctx, tx, countDoneOfAccount, id, acct, pos)
		return n > 0, err
	}
}

// bulkLine is what the choice of rows reads of a line.
type bulkLine struct{ line, contact, student, school, account int64 }

// bulkLines reads lines in the order of the ids.
func bulkLines(ctx context.Context, tx *sqldb.Tx, ids []int64) ([]bulkLine, error) {
	found := make(map[int64]bulkLine, len(ids))
	err := inChunks(ids, 1, func(list string, args []any) error {
		return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
			var l bulkLine
			err := r.Scan(&l.line, &l.contact, &l.student, &l.school, &l.account)
			found[l.line] = l
			return err
		}, selectBulkLines+list+")", args...)
	})
	lines := make([]bulkLine, 0, len(found))
	for _, id := range ids {
		if l, ok := found[id]; ok {
			lines = append(lines, l)
		}
	}
	return lines, err
}

// holdersOf returns the accounts of those contacts that are on record, 0 for none.
func holdersOf(ctx context.Context, tx *sqldb.Tx, contacts []int64) (map[int64]int64, error) {
	found := make(map[int64]int64, len(contacts))
	err := inChunks(contacts, 1, func(list string, args []any) error {
		return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
			var contact, acct int64
			err := r.Scan(&contact, &acct)
			found[contact] = acct
			return err
		}, selectHoldersOf+list+")", args...)
	})
	return found, err
}

// childAt is a child of a contact with its school, 0 for none.
type childAt struct{ contact, student, school int64 }

func childrenOf(ctx context.Context, tx *sqldb.Tx, contacts []int64) ([]childAt, error) {
	var all []childAt
	err := inChunks(contacts, 1, func(list string, args []any) error {
		return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
			var c childAt
			err := r.Scan(&c.contact, &c.student, &c.school)
			all = append(all, c)
			return err
		}, selectChildrenOf+list+")", args...)
	})
	return all, err
}

// contactLogin is what the preview reads of a contact.
type contactLogin struct {
	contact, account   int64
	state              account.State
	address, ofStudent bool
}

func loginsOfContacts(ctx context.Context, tx *sqldb.Tx, contacts []int64) ([]contactLogin, error) {
	var all []contactLogin
	err := inChunks(contacts, 1, func(list string, args []any) error {
		return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
			var l contactLogin
			err := r.Scan(&l.contact, &l.account, &l.state, &l.address, &l.ofStudent)
			all = append(all, l)
			return err
		}, selectLoginsOf+list+")", args...)
	})
	return all, err
}
