package family

import (
	"context"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// reset is the work on one parent, inside a transaction.
type reset struct {
	*Family
	*resetParent
	tx       *sqldb.Tx
	actor    access.Actor
	keep     map[int64]int64
	keepers  map[int64][]*loginLine
	ended    map[int64]string // usernames of student logins by student
	kept     map[int64]string
	reopened []int64 // lines that an earlier reset had closed and whose login is gone now
	noticed  bool
	pace     *pace
}

func (r *reset) do(ctx context.Context) error {
	if r.account == 0 {
		return r.record(ctx, ResetNoLogin)
	}
	r.ended, r.kept = map[int64]string{}, map[int64]string{}
	for _, m := range r.logins {
		if err := r.endOrPass(ctx, m); err != nil {
			return err
		}
	}
	if err := r.tellSchools(ctx); err != nil {
		return err
	}
	if r.whole() {
		return r.endLogin(ctx)
	}
	return r.closeLines(ctx)
}

// tellSchools tells the schools whose lines are taken along.
func (r *reset) tellSchools(ctx context.Context) error {
	what := NoticeResetPart
	if r.whole() {
		what = NoticeResetWhole
	}
	told := map[int64]bool{}
	for _, l := range r.along {
		if l.school == 0 || told[l.school] {
			continue
		}
		told[l.school] = true
		if err := r.noteForSchool(ctx, r.tx, r.actor, what, l.school, l.ContactID); err != nil {
			return err
		}
	}
	return nil
}

// endOrPass ends a student login, unless the order passes it to a parent who may have it.
func (r *reset) endOrPass(ctx context.Context, m madeLogin) error {
	for _, l := range r.keepers[m.student] {
		if l.ContactID != r.keep[m.student] || !r.mayPassTo(l) {
			continue
		}
		if err := passLogin(ctx, r.tx, m, l.ContactID); err != nil {
			return err
		}
		r.kept[m.student] = m.username
		return r.audit.Record(ctx, r.tx, audit.Event{
			Actor: r.actor, Action: "student_login.passed", TargetKind: "student", TargetID: m.student,
			Detail: map[string]any{"username": m.username, "from": m.maker, "to": l.ContactID},
		})
	}
	r.ended[m.student] = m.username
	return r.endStudentLogin(ctx, r.tx, r.actor, m, endedByReset)
}

// endLogin ends the account with everything it signs in with. Its lines are as if it had never been.
func (r *reset) endLogin(ctx context.Context) error {
	first := r.selected[0]
	for _, l := range r.lines {
		if l.closed {
			r.reopened = append(r.reopened, l.LineID)
		}
	}
	if err := r.accounts.Delete(ctx, r.tx, r.account); err != nil {
		return err
	}
	if key, err := account.CheckUsername(first.Username); err == nil { // else nobody can have it
		if err := reserve(ctx, r.tx, access.Parent, key, first.ContactID, r.now().Add(usernameKept)); err != nil {
			return err
		}
	}
	if err := r.notice(ctx, mailOrder{Template: mailReset, Data: map[string]string{dataUsername: first.Username}}); err != nil {
		return err
	}
	return r.record(ctx, ResetWhole)
}

// closeLines closes the selected lines on a login that stays. Where all of them were closed before there is nothing to tell.
func (r *reset) closeLines(ctx context.Context) error {
	told := len(r.logins) > 0
	order := mailOrder{Template: mailResetPart, AccountID: r.account}
	for _, l := range r.closing() {
		if err := closeLine(ctx, r.tx, l.LineID, r.now()); err != nil {
			return err
		}
		told = told || l.open()
		if l.why != roster.WhyRestricted {
			order.StudentIDs = append(order.StudentIDs, l.StudentID)
		}
	}
	for _, l := range r.stay {
		order.Stay = append(order.Stay, l.StudentID)
	}
	if told {
		if err := r.notice(ctx, order); err != nil {
			return err
		}
	}
	return r.record(ctx, ResetPart)
}

// notice tells the parent, if there is an address on record.
func (r *reset) notice(ctx context.Context, m mailOrder) error {
	m.ContactID = r.addressee()
	if m.ContactID == 0 {
		return nil
	}
	for _, l := range r.logins {
		if r.ended[l.student] != "" {
			m.Logins = append(m.Logins, l.username)
		}
	}
	r.noticed = true
	m.RunAt, m.Later = r.pace.take(), r.pace != nil
	return r.enqueueMail(ctx, r.tx, m)
}

func (r *reset) record(ctx context.Context, outcome ResetOutcome) error {
	first := r.selected[0]
	e := audit.Event{
		Actor: r.actor, Action: "parent.reset", TargetKind: "contact", TargetID: first.ContactID, Outcome: string(outcome),
	}
	if r.account != 0 {
		var lines []int64
		for _, l := range r.closing() {
			lines = append(lines, l.LineID)
		}
		e.Detail = map[string]any{"username": first.Username, "account": r.account, "lines": lines, "stay": children(r.stay)}
	}
	return r.audit.Record(ctx, r.tx, e)
}

// results says of each selected line what was done. The student logins stand with the line of their child, those of other lines with the
// first.
func (r *reset) results() []ResetResult {
	results := make([]ResetResult, len(r.selected))
	byStudent := map[int64]int{}
	for i, l := range r.selected {
		results[i] = ResetResult{
			LineID: l.LineID, ParentFirst: l.ParentFirst, ParentLast: l.ParentLast, ChildFirst: l.ChildFirst, ChildLast: l.ChildLast,
			Outcome: ResetNoLogin, Username: l.Username, Noticed: r.noticed,
		}
		if _, twice := byStudent[l.StudentID]; !twice {
			byStudent[l.StudentID] = i
		}
		switch {
		case r.whole():
			results[i].Outcome = ResetWhole
		case r.account != 0:
			results[i].Outcome, results[i].Stay = ResetPart, children(r.shown(r.stay))
			results[i].Elsewhere = r.elsewhere()
		}
		results[i].Told = len(r.along) > 0
	}
	for _, m := range r.shownLogins() {
		result := &results[byStudent[m.student]]
		if r.kept[m.student] != "" {
			result.Kept = append(result.Kept, m.username)
		} else {
			result.StudentLogins = append(result.StudentLogins, m.username)
		}
	}
	return results
}

// children names the children of lines, each once.
func children(lines []*loginLine) []string {
	var names []string
	seen := map[int64]bool{}
	for _, l := range lines {
		if !seen[l.StudentID] {
			seen[l.StudentID] = true
			names = append(names, fullName(l.ChildFirst, l.ChildLast))
		}
	}
	return names
}
