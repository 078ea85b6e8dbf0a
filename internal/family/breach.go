package family

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// BreachQuery asks what an intruder may have seen (8 NYCRR 121.10): in a span of time, through one account or from one address, or everything
// that anybody saw.
type BreachQuery struct {
	From, To  time.Time // both are needed; To is not included
	AccountID int64
	Address   string
}

// Breach is the report on a breach: whose data could be reached, whose was, by whom and when, and how many families are to be told.
type Breach struct {
	BreachQuery
	Accounts []Person        // through which data was reached, or could be
	Students []BreachStudent // by name
	Families int             // of students whose record was opened or taken out: those who share a contact are one
	AllOf    []Person        // staff whose accounts reach more than can be listed: every record at their schools
	Acts     []LogEntry      // sign-ins, searches and exports of the span, newest first
	More     bool            // there are more acts than are listed
}

// BreachStudent is one student of the report.
type BreachStudent struct {
	Person
	School string
	Seen   []Opening // empty: could be reached, and was not
	By     []Person  // accounts to which the record is open
}

// Was reports whether the record was opened or taken out.
func (s BreachStudent) Was() bool { return len(s.Seen) > 0 }

const actsListed = 1000

// Breach makes the report. It returns fault.Forbidden for whoever may not read the log, and fault.Invalid without a span.
func (f *Family) Breach(ctx context.Context, actor access.Actor, q BreachQuery) (Breach, error) {
	if err := access.Check(actor, access.ReadAudit); err != nil {
		return Breach{}, err
	}
	if q.From.IsZero() || q.To.IsZero() || !q.From.Before(q.To) {
		return Breach{}, fault.InvalidFields(fault.Problem{Field: "from", Key: "problem.span"})
	}
	var b breach
	err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
		b = breach{family: f, Breach: Breach{BreachQuery: q}, students: map[int64]*BreachStudent{}, accounts: map[int64]bool{}}
		return b.make(ctx, tx)
	})
	return b.Breach, err
}

// ExportBreach is Breach for whoever takes the report out of the program, which the log says.
func (f *Family) ExportBreach(ctx context.Context, actor access.Actor, q BreachQuery) (Breach, error) {
	if err := access.Check(actor, access.ExportAudit); err != nil {
		return Breach{}, err
	}
	b, err := f.Breach(ctx, actor, q)
	if err != nil {
		return b, err
	}
	return b, f.recordExport(ctx, actor, "log.breach_report", map[string]any{
		"from": instant(q.From), "to": instant(q.To), "account": q.AccountID, "address": q.Address, "students": len(b.Students),
	})
}

// breach is a report in the making.
type breach struct {
	family *Family
	Breach
	students map[int64]*BreachStudent
	accounts map[int64]bool
}

func (b *breach) make(ctx context.Context, tx *sqldb.Tx) error {
	for _, step := range []func(context.Context, *sqldb.Tx) error{b.acts, b.seen, b.reachable, b.name, b.count} {
		if err := step(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

// acts lists who signed in, searched and took data out.
func (b *breach) acts(ctx context.Context, tx *sqldb.Tx) error {
	q := audit.Query{From: b.From, To: b.To, Address: b.Address, Limit: 200}
	if b.AccountID != 0 {
		kind, err := valueOr(ctx, tx, "", selectKindOfAccount, b.AccountID)
		if err != nil {
			return err
		}
		b.accounts[b.AccountID] = true
		kinds := []access.Kind{access.Kind(kind)}
		if kind == "" { // the account is gone; its events are not
			kinds = []access.Kind{access.Parent, access.Student, access.Staff}
		}
		for _, k := range kinds {
			q.ActorKind, q.ActorID, q.Before = k, b.AccountID, audit.Cursor{}
			if err := b.actsOf(ctx, tx, q); err != nil {
				return err
			}
		}
		return nil
	}
	return b.actsOf(ctx, tx, q)
}

func (b *breach) actsOf(ctx context.Context, tx *sqldb.Tx, q audit.Query) error {
	for {
		page, err := b.family.logPage(ctx, tx, q)
		if err != nil {
			return err
		}
		for _, e := range page.Entries {
			if !isReach(e.Action) {
				continue
			}
			if e.Outcome == "ok" && e.Actor.AccountID != 0 && b.Address != "" {
				b.accounts[e.Actor.AccountID] = true
			}
			if len(b.Acts) == actsListed {
				b.More = true
				continue
			}
			b.Acts = append(b.Acts, e)
		}
		if page.Next == nil {
			return nil
		}
		q.Before = *page.Next
	}
}

// isReach reports whether an act reaches for data: a sign-in, a search, an export.
func isReach(action string) bool {
	for _, end := range []string{".sign_in", ".searched", ".exported", ".printed"} {
		if len(action) > len(end) && action[len(action)-len(end):] == end {
			return true
		}
	}
	return false
}

// seen collects the records that were opened or taken out.
func (b *breach) seen(ctx context.Context, tx *sqldb.Tx) error {
	q := audit.ViewQuery{From: b.From, To: b.To, Address: b.Address}
	queries := []audit.ViewQuery{q}
	if b.AccountID != 0 {
		queries = nil
		for _, k := range []access.Kind{access.Parent, access.Student, access.Staff} {
			q.ViewerKind, q.ViewerID = k, b.AccountID
			queries = append(queries, q)
		}
	}
	views := map[int64][]audit.View{}
	for _, q := range queries {
		found, err := b.family.audit.Seen(ctx, tx, q)
		if err != nil {
			return err
		}
		for _, v := range found {
			if b.Address == "" || v.Address == b.Address {
				views[v.StudentID] = append(views[v.StudentID], v)
				if v.ViewerID != 0 {
					b.accounts[v.ViewerID] = true
				}
			}
		}
	}
	for id, all := range views {
		b.student(id).Seen = byViewer(all)
	}
	return nil
}

func (b *breach) student(id int64) *BreachStudent {
	s := b.students[id]
	if s == nil {
		s = &BreachStudent{Person: Person{Kind: pupil, ID: id}}
		b.students[id] = s
	}
	return s
}

// reachable adds the records that the accounts in question reach now. Without an account or an address that would be everybody.
func (b *breach) reachable(ctx context.Context, tx *sqldb.Tx) error {
	for id := range b.accounts {
		b.Accounts = append(b.Accounts, Person{Kind: "account", ID: id})
	}
	slices.SortFunc(b.Accounts, func(x, y Person) int { return cmp.Compare(x.ID, y.ID) })
	names := newNames()
	for i := range b.Accounts {
		names.want(&b.Accounts[i])
	}
	if err := names.fill(ctx, tx); err != nil || b.AccountID == 0 && b.Address == "" {
		return err
	}
	rule := b.family.rule()
	for _, a := range b.Accounts {
		switch a.Kind {
		case string(access.Staff):
			b.AllOf = append(b.AllOf, a)
		case string(access.Student):
			id, err := valueOrZero(ctx, tx, selectStudentOfAccount, a.ID)
			if err != nil {
				return err
			}
			if id != 0 {
				b.reach(id, a)
			}
		case string(access.Parent):
			own, err := sqldb.All(ctx, tx, scanOwnLine(rule), selectOwnLines, a.ID)
			if err != nil {
				return err
			}
			for _, l := range own {
				if l.open {
					b.reach(l.StudentID, a)
				}
			}
		}
	}
	return nil
}

func (b *breach) reach(student int64, by Person) {
	s := b.student(student)
	if !slices.ContainsFunc(s.By, func(p Person) bool { return p.ID == by.ID }) {
		s.By = append(s.By, by)
	}
}

// name fills in who everybody is, and sorts.
func (b *breach) name(ctx context.Context, tx *sqldb.Tx) error {
	names := newNames()
	var ids []int64
	for id, s := range b.students {
		ids = append(ids, id)
		names.want(&s.Person)
		for i := range s.Seen {
			names.want(&s.Seen[i].Who)
		}
	}
	if err := names.fill(ctx, tx); err != nil {
		return err
	}
	err := inChunks(ids, 1, func(list string, args []any) error {
		return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
			var id int64
			var school string
			err := r.Scan(&id, &school)
			if err == nil {
				b.students[id].School = school
			}
			return err
		}, selectSchoolNames+list+")", args...)
	})
	for _, s := range b.students {
		b.Students = append(b.Students, *s)
	}
	slices.SortFunc(b.Students, func(x, y BreachStudent) int {
		return cmp.Or(cmp.Compare(x.Last, y.Last), cmp.Compare(x.First, y.First), cmp.Compare(x.ID, y.ID))
	})
	return err
}

// count counts the families of those whose record was seen: students who share a contact are one, and so is one who has none.
func (b *breach) count(ctx context.Context, tx *sqldb.Tx) error {
	var ids []int64
	family := map[int64]int64{} // student -> one of the family
	for _, s := range b.Students {
		if s.Was() {
			ids = append(ids, s.ID)
			family[s.ID] = s.ID
		}
	}
	var root func(id int64) int64
	root = func(id int64) int64 {
		if family[id] != id {
			family[id] = root(family[id])
		}
		return family[id]
	}
	of := map[int64]int64{} // contact -> a student
	err := inChunks(ids, 1, func(list string, args []any) error {
		return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
			var student, contact int64
			if err := r.Scan(&student, &contact); err != nil {
				return err
			}
			if other, known := of[contact]; known {
				family[root(student)] = root(other)
			}
			of[contact] = student
			return nil
		}, selectContactsOfStudents+list+")", args...)
	})
	for _, id := range ids {
		if root(id) == id {
			b.Families++
		}
	}
	return err
}
