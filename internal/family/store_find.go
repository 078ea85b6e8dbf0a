package family

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	// The list of contacts follows this. A line that staff took off stands in no list.
	selectListedOfContacts = `select ` + lineColumns + `, '', '', n.child_sort
from student_contact l
join line_name n on n.line_id = l.id and n.pos = 0
` + lineJoins + `
where l.contact_id in (`

	// What one person has alone. Each is read along its index; the condition that follows keeps to the actor's schools.
	findByIDNumber = `select l.contact_id, s.id
from student s join student_contact l on l.student_id = s.id
where s.id_key = $1 and s.id_key <> '' and `

	findByUsername = `select h.contact_id, cast(0 as bigint)
from account a join account_contact h on h.account_id = a.id
where a.kind = 'parent' and a.username_key = $1`

	findByStudentUsername = `select l.contact_id, s.id
from account a join student_login t on t.account_id = a.id
join student s on s.id = t.student_id
join student_contact l on l.student_id = s.id
where a.kind = 'student' and a.username_key = $1 and `

	findByEmail = `select c.id, cast(0 as bigint)
from contact c
where c.email_key = $1 and c.email_key <> '' and `

	// Another address of the same name: $1 and $2 enclose it.
	findNearEmail = `select c.id, cast(0 as bigint)
from contact c
where c.email_key >= $1 and c.email_key < $2 and c.email_key <> '' and `

	findByStudentEmail = `select l.contact_id, s.id
from student s join student_contact l on l.student_id = s.id
where s.email_key = $1 and s.email_key <> '' and `

	findOfStudent = `select l.contact_id, s.id
from student s join student_contact l on l.student_id = s.id
where s.id = $1 and `

	findAlone = `select s.id, s.first_name, s.last_name, coalesce(o.name, '')
from student s left join school o on o.id = s.school_id
where s.id_key = $1 and s.id_key <> '' and not exists (select 1 from line_name n join student_contact l on l.id = n.line_id where l.student_id = s.id) and `

	// The list of keys follows this, and the condition on the school. The order keeps the databases from walking all lines to look for the students.
	findNearIDNumbers = `select l.contact_id, q.id
from (select s.id from student s where s.id_key in (`

	linesOfNear = `
order by s.id_key, s.id limit ` + nearStudents + `) as q
join student_contact l on l.student_id = q.id`

	nearStudents = "20"

	// A contact whom several words find stands at the first of them alone: the column says of a row whether it is a later one. It is asked of the
	// rows of a page only, because a database that is to leave rows out does not know how few these are. The condition that follows keeps to the
	// words of the actor's schools.
	againOnPage = `(select 1 from student_contact k join line_word e on e.line_id = k.id
  where k.contact_id = q.contact_id and e.word >= $1 and e.word < q.word and `
)

// exactMost bounds what is read of those who have the same number, address or name of a login.
const exactMost = 100

// exactAt returns a query for contacts at the schools: what they are found by, and the condition on the school. The plus keeps the databases from
// reading all students of the schools along an index.
func exactAt(query string, at access.Schools, args ...any) (string, []any) {
	in, schools := "1 = 1", []any(nil)
	if !at.All {
		in, schools = roster.InSchools("+s.school_id", at, len(args)+1)
	}
	return query + in + limitExact, append(args, schools...)
}

// nearIDNumbersAt returns the query for contacts of students at the schools who have one of the keys.
func nearIDNumbersAt(at access.Schools, keys []string) (string, []any) {
	list, args := keyList(keys)
	in, schools := "1 = 1", []any(nil)
	if !at.All {
		in, schools = roster.InSchools("+s.school_id", at, len(args)+1)
	}
	return findNearIDNumbers + list + ") and s.id_key <> '' and " + in + linesOfNear, append(args, schools...)
}

// exactContacts is exactAt for a query that reads contacts c without their children.
func exactContacts(query string, at access.Schools, args ...any) (string, []any) {
	if at.All {
		return query + "1 = 1" + limitExact, args
	}
	in, schools := roster.InSchools("+s.school_id", at, len(args)+1)
	return query + "(select 1 from student_contact l join student s on s.id = l.student_id where l.contact_id = c.id and " + in + " limit 1) is not null" +
		limitExact, append(args, schools...)
}

var limitExact = "\nlimit " + strconv.Itoa(exactMost+1)

func hits(ctx context.Context, tx *sqldb.Tx, by FoundBy, query string, args []any) ([]hit, error) {
	found, err := sqldb.All(ctx, tx, func(r *sql.Rows) (hit, error) {
		h := hit{by: by}
		err := r.Scan(&h.contact, &h.student)
		return h, err
	}, query, args...)
	slices.SortFunc(found, func(a, b hit) int { return cmp.Compare(a.contact, b.contact) })
	return found, err
}

func scanAlone(r *sql.Rows) (c FoundChild, err error) {
	return c, r.Scan(&c.StudentID, &c.First, &c.Last, &c.School)
}

// wordList reads contacts by words: those that the lines of the actor's schools have.
type wordList struct {
	words []string
	at    access.Schools
	after gridKey
}

// page returns the query for so many contacts after the place.
func (w wordList) page(limit int) (string, []any) {
	args := []any{w.words[0], lang.PrefixEnd(w.words[0]), w.after.Entry, w.after.Sort, w.after.ID, limit}
	if w.after.Entry == "" {
		args[2] = w.words[0] // sorts before every row of the word: their sort keys are never empty
	}
	others, args := w.others(args)
	in, schools := roster.InSchools("e.school_id", w.at, len(args)+1)
	args = append(args, schools...)
	query, schools := roster.List{
		Columns: "distinct n.word, n.parent_sort, n.contact_id", Names: "word, parent_sort, contact_id", Table: "line_word",
		Where: "n.word < $2 and (n.word, n.parent_sort, n.contact_id) > ($3, $4, $5)" + others,
		Order: "n.word, n.parent_sort, n.contact_id", Limit: "$6",
	}.At(w.at, len(args)+1)
	return "select q.word, q.parent_sort, q.contact_id, " + againOnPage + in + " limit 1) is not null\nfrom (" + query + ") as q", append(args, schools...)
}

// countedRows is how many rows are looked at to say how many contacts there are; each row costs more where other words are looked up for it.
func (w wordList) countedRows() int {
	if len(w.words) > 1 {
		return countTo
	}
	return 3 * countTo
}

// count returns the query that counts contacts and the rows that were looked at for it.
func (w wordList) count() (string, []any) {
	others, args := w.others([]any{w.words[0], lang.PrefixEnd(w.words[0]), w.countedRows()})
	query, schools := roster.List{
		Columns: "n.word, n.parent_sort, n.contact_id, n.line_id", Names: "word, parent_sort, contact_id, line_id", Table: "line_word",
		Where: "n.word >= $1 and n.word < $2" + others, Order: "n.word, n.parent_sort, n.contact_id, n.line_id", Limit: "$3",
	}.At(w.at, len(args)+1)
	return "select count(distinct contact_id), count(*) from (" + query + ") as counted", append(args, schools...)
}

// others are the conditions for the words that do not drive the search, each a look at the line's own words.
func (w wordList) others(args []any) (string, []any) {
	var b strings.Builder
	for _, word := range w.words[1:] {
		n := len(args)
		b.WriteString("\nand (select 1 from line_word x where x.line_id = n.line_id and x.word >= $" + strconv.Itoa(n+1) +
			" and x.word < $" + strconv.Itoa(n+2) + " limit 1) is not null")
		args = append(args, word, lang.PrefixEnd(word))
	}
	return b.String(), args
}

// rowsOfWord counts the rows that a word finds, as far as it takes to tell the rare ones from the frequent.
func (w wordList) rowsOfWord(word string, most int) (string, []any) {
	query, schools := roster.List{
		Columns: "n.word, n.parent_sort, n.contact_id, n.line_id", Names: "word, parent_sort, contact_id, line_id", Table: "line_word",
		Where: "n.word >= $1 and n.word < $2", Order: "n.word, n.parent_sort, n.contact_id, n.line_id", Limit: "$3",
	}.At(w.at, 4)
	return "select count(*) from (" + query + ") as counted", append([]any{word, lang.PrefixEnd(word), most}, schools...)
}

// counts are contacts, and the rows that were looked at to count them.
type counts struct{ contacts, rows int }

func scanCounts(r *sql.Rows) (c counts, err error) { return c, r.Scan(&c.contacts, &c.rows) }

// keyList is a list of placeholders for keys and its arguments. Their number is a power of two (the last key stands in for what is missing), so that
// there are few texts to prepare.
func keyList(keys []string) (string, []any) {
	n := 1
	for n < len(keys) {
		n *= 2
	}
	var b strings.Builder
	args := make([]any, n)
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(i+1))
		args[i] = keys[min(i, len(keys)-1)]
	}
	return b.String(), args
}

// listed reads a page of contacts in their order, those that stood on it or on an earlier one already among them.
func (w wordList) listed(ctx context.Context, tx *sqldb.Tx, limit int) ([]hit, error) {
	query, args := w.page(limit)
	found, err := sqldb.All(ctx, tx, scanListed, query, args...)
	slices.SortFunc(found, func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.at.Entry, b.at.Entry), cmp.Compare(a.at.Sort, b.at.Sort), cmp.Compare(a.at.ID, b.at.ID))
	})
	return found, err
}

func scanListed(r *sql.Rows) (h hit, err error) {
	err = r.Scan(&h.at.Entry, &h.at.Sort, &h.at.ID, &h.again)
	h.contact = h.at.ID
	return h, err
}
