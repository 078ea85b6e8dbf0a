package intake

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// consequences tells what a line's future means for its people.
func (p *plan) consequences(ctx context.Context, x *pair, l, next roster.Line) error {
	if x.student.id == 0 || x.contact.id == 0 {
		return nil
	}
	l.Of, next.Of = x.dates, x.datesWill
	if err := p.mayRegister(ctx, x, next); err != nil {
		return err
	}
	n := x.person()
	if n.Why = x.restriction(l, next); n.Why != "" {
		if err := p.note(ctx, ListRestriction, n); err != nil {
			return err
		}
	}
	if p.rule.May(l, x.status, !x.contact.was) != roster.MayOpen {
		return nil
	}
	why := p.rule.May(next, x.after, !x.contact.will)
	n.Why, n.Until = string(why), next.GraceUntil
	switch {
	case why != roster.MayOpen:
		p.rep.LosesAccess++
	case next.GraceUntil != "" && l.GraceUntil == "":
		p.rep.LosesLater++
		late := next
		late.GraceUntil = ""
		n.Why = string(p.rule.May(late, x.after, !x.contact.will))
	default:
		return nil
	}
	return p.note(ctx, ListLoses, n)
}

// restriction says what becomes of a line's restriction; "" for nothing.
func (x *pair) restriction(l, next roster.Line) string {
	was, will := l.Restricted == roster.Yes, next.Restricted == roster.Yes
	switch {
	case l.ID == 0:
		return ""
	case was && !will:
		return "lifted"
	case !was && will:
		return "set"
	case !was || next.Ended == l.Ended && x.student.was == x.student.will && x.contact.was == x.contact.will:
		return ""
	case x.student.will && x.contact.will && !next.Ended:
		return "returns"
	default:
		return "leaves"
	}
}

// mayRegister counts the adult if the line may be opened and there is an address to which the temporary password can go.
func (p *plan) mayRegister(ctx context.Context, x *pair, l roster.Line) error {
	l.Of = x.datesWill
	if x.email == "" || p.rule.May(l, x.after, !x.contact.will) != roster.MayOpen {
		return nil
	}
	return p.stage.insert(ctx, insertMayRegister, x.contact.id)
}

// measure counts what there was and what would go.
func (p *plan) measure(ctx context.Context) error {
	all := make([]int64, 4)
	for i, query := range []string{countStudentsBefore, countContactsBefore, countLinesBefore, countMayRegister} {
		args := []any{p.rec.whole}
		if i == 3 {
			args = nil
		}
		n, err := p.stage.value(ctx, query, args...)
		if err != nil {
			return err
		}
		all[i] = n
	}
	p.rep.MayRegister = int(all[3])
	p.shares = []share{
		{what: "students", gone: p.rep.Students.Removed, all: int(all[0])},
		{what: "contacts", gone: p.rep.Contacts.Removed, all: int(all[1])},
		{what: "lines", gone: p.rep.Lines.Removed, all: int(all[2])},
	}
	p.rep.Over = p.over()
	return nil
}

// over says in numbers which kinds would lose more than a tenth.
func (p *plan) over() []string {
	var over []string
	for _, s := range p.shares {
		if s.gone*10 > s.all {
			over = append(over, fmt.Sprintf("%d of %d %s", s.gone, s.all, s.what))
		}
	}
	return over
}

// guard returns fault.Conflict when more than a tenth of a kind would go: an empty or a short file must not lock out the parents.
func guard(over []string) error {
	if len(over) == 0 {
		return nil
	}
	return fault.Conflictf("the import would remove %s, more than a tenth: nothing was changed; if the file is right, run it again with "+
		"--allow-removals", strings.Join(over, ", "))
}

// check warns of what only shows when all of a file is read, whatever its format: addresses at which mail may reach somebody else, students
// for whom nobody can register, people who belong to nobody.
func (p *plan) check(ctx context.Context) error {
	if err := p.checkMailboxes(ctx); err != nil {
		return err
	}
	if err := p.checkNumbers(ctx); err != nil || !p.rec.whole || !p.rec.saysLines {
		return err
	}
	for _, q := range []struct {
		query string
		code  Code
	}{
		{countLonelyStudents, sayLonelyStudents}, {countLonelyContacts, sayLonelyContacts},
	} {
		counts, err := list(ctx, p.stage, func(r *sql.Rows) (f Finding, err error) { return f, r.Scan(&f.File, &f.Count) }, q.query)
		if err != nil {
			return err
		}
		for _, f := range counts {
			p.f.count(Finding{Level: Note, File: f.File, Code: q.code, Count: f.Count})
		}
	}
	return nil
}

// found is a row of the file of which something is to be said.
type found struct {
	seq     int64
	at      place
	was     string
	a, b, c bool
	id      int64
	name    string
	email   string
	isFresh bool
}

func (p *plan) checkNumbers(ctx context.Context) error {
	return walk(ctx, p.stage, selectBadNumbers, func(r *sql.Rows) (f found, err error) {
		return f, r.Scan(&f.seq, &f.at.file, &f.at.line, &f.was, &f.a)
	}, func(f found) int64 { return f.seq }, func(f found) error {
		if f.a {
			p.f.add(Warning, f.at.file, f.at.line, "", "", sayNoIDNumber)
			return nil
		}
		p.f.add(Warning, f.at.file, f.at.line, "", f.was, saySameIDNumber)
		return nil
	})
}

// Logins is what an import asks of the logins that rest on the records.
type Logins interface {
	// StudentLogins returns the logins of these students, by the contact who made them.
	StudentLogins(ctx context.Context, tx *sqldb.Tx, students []int64) ([]StudentLogin, error)
	// HeldSince reports which of the contacts have a login that was made after a moment.
	HeldSince(ctx context.Context, tx *sqldb.Tx, contacts []int64, since time.Time) (map[int64]bool, error)
	// StaffAt reports whether somebody of the staff works at this school by name, not at all of them.
	StaffAt(ctx context.Context, tx *sqldb.Tx, school int64) (bool, error)
	// StaffAddresses lists the addresses of the staff, and their usernames where these may be addresses.
	StaffAddresses(ctx context.Context, tx *sqldb.Tx) ([]string, error)
}

// StudentLogin is a login that a contact made for a student.
type StudentLogin struct {
	StudentID, MakerID int64
	Username           string
}
