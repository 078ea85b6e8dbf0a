package family

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// The columns of a loginLine, and the joins that lead to them from student_contact l.
const (
	lineColumns = `l.id, l.contact_id, l.student_id, l.relationship, l.portal_access, l.file_portal_access, l.restricted, l.begin_date,
l.end_date, l.grace_until, l.ended_at is not null, c.first_name, c.last_name, c.email_key <> '', c.left_at is not null,
s.first_name, s.last_name, s.id_number, s.grade, s.status, ` + roster.StudentDateColumns + `, coalesce(s.school_id, 0), coalesce(o.name, ''), coalesce(x.why, ''),
coalesce(a.id, 0), coalesce(a.username, ''), coalesce(a.state, ''), coalesce(a.last_sign_in_at, 0)`

	lineJoins = `join contact c on c.id = l.contact_id
join student s on s.id = l.student_id
left join school o on o.id = s.school_id
left join account_contact h on h.contact_id = l.contact_id
left join account a on a.id = h.account_id
left join closed_line x on x.line_id = l.id`

	// A name of two words may match twice; only its first match counts.
	firstMatch = `(n.pos = 0
  or not exists (select 1 from line_name e where e.line_id = n.line_id and e.pos < n.pos and e.entry >= $1 and e.entry < $2))`

	linesOfStudent = `select ` + lineColumns + `, '', '', ''
from student_contact l
` + lineJoins + `
where l.student_id = $1
order by l.position, l.id`
)

// The lists of the grid. Counting in order keeps to the index, so that what does not match is never read.
var (
	parentsOfLetter = roster.List{
		Columns: "distinct n.letter as entry, n.parent_sort, n.contact_id", Names: parentNames, Table: lineNames,
		Where: "n.letter = $1 and (n.parent_sort, n.contact_id) > ($2, $3)", Order: "n.letter, n.parent_sort, n.contact_id", Limit: "$4",
	}
	parentsOfAll = roster.List{
		Columns: "distinct '' as entry, n.parent_sort, n.contact_id", Names: parentNames, Table: lineNames,
		Where: "n.letter is not null and (n.parent_sort, n.contact_id) > ($1, $2)", Order: "n.parent_sort, n.contact_id", Limit: "$3",
		Along: "n.letter, n.parent_sort",
	}
	parentsOfSearch = roster.List{
		Columns: "distinct n.entry, n.parent_sort, n.contact_id", Names: parentNames, Table: lineNames,
		Where: "n.entry < $2 and (n.entry, n.parent_sort, n.contact_id) > ($3, $4, $5) and " + firstMatch, Order: "n.entry, n.parent_sort, n.contact_id",
		Limit: "$6",
	}
	childrenOfLetter = roster.List{
		Columns: "n.child_sort, n.line_id", Names: childNames, Table: lineNames,
		Where: "n.letter = $1 and (n.child_sort, n.line_id) > ($2, $3)", Order: "n.child_sort, n.line_id", Limit: "$4",
		Along: "n.parent_sort",
	}
	childrenOfAll = roster.List{
		Columns: "n.child_sort, n.line_id", Names: childNames, Table: lineNames,
		Where: "n.letter is not null and (n.child_sort, n.line_id) > ($1, $2)", Order: "n.child_sort, n.line_id", Limit: "$3",
		Along: "n.letter, n.parent_sort",
	}
	childrenOfSearch = roster.List{
		Columns: "distinct n.child_sort, n.line_id", Names: childNames, Table: lineNames,
		Where: "n.entry >= $1 and n.entry < $2 and (n.child_sort, n.line_id) > ($3, $4)", Order: "n.child_sort, n.line_id", Limit: "$5",
	}

	rowsOfLetter = roster.List{
		Columns: "n.line_id", Names: "line_id", Table: lineNames, Where: "n.letter = $1", Order: "n.parent_sort", Limit: "1001",
	}
	rowsOfAll = roster.List{
		Columns: "n.line_id", Names: "line_id", Table: lineNames, Where: "n.letter is not null", Order: "n.parent_sort", Limit: "1001",
		Along: "n.letter, n.parent_sort",
	}
	rowsOfSearch = roster.List{
		Columns: "n.line_id", Names: "line_id", Table: lineNames, Where: "n.entry >= $1 and n.entry < $2 and " + firstMatch, Order: "n.entry",
		Limit: "1001",
	}
)

const (
	lineNames   = "line_name"
	parentNames = "entry, parent_sort, contact_id"
	childNames  = "child_sort, line_id"
)

// byParent is a page by parent: first the keys of so many parents, read along an index, then all lines of these. Since all lines of a contact
// have the same names, all of them match when one does. The few rows are put in order by the reader, which is faster than having the
// database sort rows as wide as these.
func byParent(l roster.List, at access.Schools, args ...any) (string, []any) {
	page, schools := l.At(at, len(args)+1)
	args = append(args, schools...)
	query := "with page as (\n" + page + `)
select ` + lineColumns + `, p.entry, p.parent_sort, n.child_sort
from page p
join line_name n on n.letter is not null and n.parent_sort = p.parent_sort and n.contact_id = p.contact_id
join student_contact l on l.id = n.line_id
` + lineJoins
	if at.All {
		return query, args
	}
	// The plus keeps the databases from reading all lines of the schools along an index, for every parent of the page.
	in, schools := roster.InSchools("+n.school_id", at, len(args)+1)
	return query + "\nwhere " + in, append(args, schools...)
}

// byChild is a page by child.
func byChild(l roster.List, at access.Schools, args ...any) (string, []any) {
	page, schools := l.At(at, len(args)+1)
	return "with page as (\n" + page + `)
select ` + lineColumns + `, '', '', p.child_sort
from page p
join student_contact l on l.id = p.line_id
` + lineJoins, append(args, schools...)
}

// countOf counts the rows of a list.
func countOf(l roster.List, at access.Schools, args ...any) (string, []any) {
	query, schools := l.CountAt(at, len(args)+1)
	return query, append(args, schools...)
}

// letterNames are the letters by which parents are listed; "#" is everything else.
const letterNames = "ABCDEFGHIJKLMNOPQRSTUVWXYZ#"

// lettersQuery looks once into the index for each letter. An order, unlike exists, leaves PostgreSQL no other way.
func lettersQuery() string {
	var b strings.Builder
	b.WriteString("select ")
	for i, r := range letterNames {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("(select parent_sort from line_name where letter = '" + string(r) + "' order by parent_sort limit 1) is not null")
	}
	return b.String()
}

func lettersOf(ctx context.Context, tx *sqldb.Tx, at access.Schools) (map[string]bool, error) {
	if !at.All {
		return lettersAt(ctx, tx, at)
	}
	return sqldb.One(ctx, tx, func(r *sql.Rows) (map[string]bool, error) {
		var found [len(letterNames)]bool
		var into [len(letterNames)]any
		for i := range found {
			into[i] = &found[i]
		}
		if err := r.Scan(into[:]...); err != nil {
			return nil, err
		}
		letters := make(map[string]bool, len(found))
		for i, yes := range found {
			letters[letterNames[i:i+1]] = yes
		}
		return letters, nil
	}, lettersQuery())
}

// schoolLetters reads the rows of some schools.
func schoolLetters(at access.Schools) (string, []any) {
	in, args := roster.InSchools("school_id", at, 1)
	return "select distinct letter from line_name where " + in + " and letter is not null", args
}

func lettersAt(ctx context.Context, tx *sqldb.Tx, at access.Schools) (map[string]bool, error) {
	letters := make(map[string]bool, len(letterNames))
	for i := range letterNames {
		letters[letterNames[i:i+1]] = false
	}
	query, args := schoolLetters(at)
	return letters, sqldb.Each(ctx, tx, func(r *sql.Rows) error {
		var letter string
		err := r.Scan(&letter)
		letters[letter] = true
		return err
	}, query, args...)
}

// loginLine is a line with both its ends and its login, as the grid and the reset read it.
type loginLine struct {
	GridRow
	line         roster.Line // what the rule reads of it
	status       roster.Status
	school       int64 // the student's, 0 for none
	contactLeft  bool
	address      bool // the contact has an address on record
	closed       bool // by a reset, or since a restriction was lifted
	lifted       bool // the latter
	account      int64
	accountState account.State
	why          roster.Why
	key          gridKey
}

// open reports whether the line is open.
func (l *loginLine) open() bool { return l.account != 0 && l.why == roster.MayOpen && !l.closed }

func scanLoginLine(rule roster.Rule) func(r *sql.Rows) (*loginLine, error) {
	return func(r *sql.Rows) (*loginLine, error) {
		l := &loginLine{}
		var lastSignIn int64
		var closed string
		targets := []any{&l.LineID, &l.ContactID, &l.StudentID, &l.Relationship, &l.line.PortalAccess, &l.line.FilePortalAccess,
			&l.line.Restricted, &l.line.BeginDate, &l.line.EndDate, &l.line.GraceUntil, &l.line.Ended, &l.ParentFirst, &l.ParentLast, &l.address,
			&l.contactLeft, &l.ChildFirst, &l.ChildLast, &l.IDNumber, &l.Grade, &l.status}
		targets = append(targets, l.line.Of.Targets()...)
		targets = append(targets, &l.school, &l.School, &closed,
			&l.account, &l.Username, &l.accountState, &lastSignIn, &l.key.Entry, &l.key.Sort, &l.key.child)
		if err := r.Scan(targets...); err != nil {
			return nil, err
		}
		l.line.ID, l.line.ContactID, l.line.StudentID = l.LineID, l.ContactID, l.StudentID
		l.line.Relationship = l.Relationship
		l.LastSignIn = moment(lastSignIn)
		l.closed, l.lifted = closed != "", closed == "restriction"
		l.why = rule.May(l.line, l.status, l.contactLeft)
		return l, nil
	}
}

// moment returns a stored time; 0 is none.
func moment(micro int64) time.Time {
	if micro == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micro).UTC()
}

// idsAtOnce bounds the placeholders of one statement.
const idsAtOnce = 512

// inChunks calls fn with a list of placeholders from $first on and its arguments for every idsAtOnce of the ids. The number of
// placeholders is a power of two (the last id stands in for what is missing), so that there are few texts to prepare.
func inChunks(ids []int64, first int, fn func(list string, args []any) error) error {
	for len(ids) > 0 {
		chunk := ids[:min(len(ids), idsAtOnce)]
		ids = ids[len(chunk):]
		n := 1
		for n < len(chunk) {
			n *= 2
		}
		var b strings.Builder
		args := make([]any, n)
		for i := range n {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(first + i))
			args[i] = chunk[min(i, len(chunk)-1)]
		}
		if err := fn(b.String(), args); err != nil {
			return err
		}
	}
	return nil
}
