package family

import (
	"context"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// StudentAct is what staff do to student logins.
type StudentAct string

// The acts.
const (
	StudentLock   StudentAct = "lock"   // nobody signs in until it is unlocked, for a reason
	StudentUnlock StudentAct = "unlock" // also one that wrong passwords have locked for a while
	StudentReset  StudentAct = "reset"  // the password ends; a parent with an open line sets a new one
	StudentRemove StudentAct = "remove"
)

// StudentActs lists them in the order of the page.
func StudentActs() []StudentAct {
	return []StudentAct{StudentReset, StudentLock, StudentUnlock, StudentRemove}
}

// StudentOutcome is what an act did to a student login, or why it did nothing.
type StudentOutcome string

// The outcomes.
const (
	StudentWasLocked   StudentOutcome = "was_locked"   // now
	StudentWasUnlocked StudentOutcome = "was_unlocked" //
	StudentWasReset    StudentOutcome = "was_reset"    //
	StudentWasRemoved  StudentOutcome = "was_removed"  //
	StudentIsLocked    StudentOutcome = "is_locked"    // and stays so
	StudentNotLocked   StudentOutcome = "not_locked"   //
	StudentPasswordOff StudentOutcome = "password_off" // only a new password opens it
	StudentGone        StudentOutcome = "gone"         // no login any more, or none at the actor's schools
)

// StudentOutcomes lists them.
func StudentOutcomes() []StudentOutcome {
	return []StudentOutcome{StudentWasLocked, StudentWasUnlocked, StudentWasReset, StudentWasRemoved, StudentIsLocked, StudentNotLocked, StudentPasswordOff,
		StudentGone}
}

// StudentResult is what was done to one student's login.
type StudentResult struct {
	StudentID             int64
	First, Last, Username string
	Outcome               StudentOutcome
	Told                  bool // the parent who made the login
}

// endedByStaff is why a student login ended that staff removed.
const endedByStaff = "removed by staff"

// ManageStudentLogins does an act to the logins of students, one after the other, each in a transaction of its own; what was done before an
// error is done. It returns fault.Invalid with a problem on "reason" for a lock without one or with one of more than 200 characters, and for
// more students than the school's BulkSize.
func (f *Family) ManageStudentLogins(ctx context.Context, actor access.Actor, act StudentAct, students []int64, reason string) ([]StudentResult, error) {
	if err := access.Check(actor, access.ResetLogins); err != nil {
		return nil, err
	}
	students = once(students)
	if actor.Kind == access.Staff && f.IsBulk(len(students)) {
		return nil, fault.Invalidf("more than %d logins at once", f.settings.Values().BulkSize)
	}
	do := map[StudentAct]func(context.Context, *sqldb.Tx, access.Actor, ListedStudentLogin, string) (StudentOutcome, error){
		StudentLock: f.lockStudent, StudentUnlock: f.unlockStudent, StudentReset: f.resetStudent, StudentRemove: f.removeStudent,
	}[act]
	if do == nil {
		return nil, fault.Invalidf("no such act")
	}
	if act == StudentLock {
		var err error
		if reason, err = tidyReason(reason); err != nil {
			return nil, err
		}
	}
	results := make([]StudentResult, 0, len(students))
	for _, id := range students {
		r := StudentResult{StudentID: id, Outcome: StudentGone}
		err := f.db.Write(ctx, func(tx *sqldb.Tx) error {
			r = StudentResult{StudentID: id, Outcome: StudentGone}
			found, err := f.studentLoginsOf(ctx, tx, actor, []int64{id})
			if err != nil || len(found) == 0 {
				return err
			}
			l := found[0]
			r.First, r.Last, r.Username = l.First, l.Last, l.Username
			if r.Outcome, err = do(ctx, tx, actor, l, reason); err != nil {
				return err
			}
			r.Told, err = f.tellMakerOf(ctx, tx, l, r.Outcome)
			return err
		})
		if err != nil {
			return results, err
		}
		results = append(results, r)
	}
	return results, nil
}

func (l ListedStudentLogin) made() madeLogin {
	return madeLogin{student: l.StudentID, account: l.account, maker: l.MakerID, username: l.Username, first: l.First, last: l.Last}
}

func (f *Family) lockStudent(ctx context.Context, tx *sqldb.Tx, actor access.Actor, l ListedStudentLogin, reason string) (StudentOutcome, error) {
	if l.State == StudentLocked {
		return StudentIsLocked, nil
	}
	if err := f.accounts.Disable(ctx, tx, l.account, reason); err != nil {
		return "", err
	}
	return StudentWasLocked, f.noteStudentAct(ctx, tx, actor, "student_login.locked", l, map[string]any{"reason": reason})
}

func (f *Family) unlockStudent(ctx context.Context, tx *sqldb.Tx, actor access.Actor, l ListedStudentLogin, _ string) (StudentOutcome, error) {
	if l.State == StudentLocked {
		if err := f.accounts.Enable(ctx, tx, l.account); err != nil {
			return "", err
		}
		return StudentWasUnlocked, f.noteStudentAct(ctx, tx, actor, "student_login.unlocked", l, map[string]any{"was": l.Reason})
	}
	was, err := f.accounts.Unlock(ctx, tx, l.account)
	switch {
	case fault.Is(err, fault.Conflict):
		return StudentPasswordOff, nil
	case err != nil:
		return "", err
	case !was:
		return StudentNotLocked, nil
	}
	return StudentWasUnlocked, f.noteStudentAct(ctx, tx, actor, "student_login.unlocked", l, nil)
}

func (f *Family) resetStudent(ctx context.Context, tx *sqldb.Tx, actor access.Actor, l ListedStudentLogin, _ string) (StudentOutcome, error) {
	if l.State == StudentLocked {
		return StudentIsLocked, nil
	}
	if _, err := f.accounts.EndPassword(ctx, tx, l.account); err != nil {
		return "", err
	}
	return StudentWasReset, f.noteStudentAct(ctx, tx, actor, "student_login.reset", l, nil)
}

func (f *Family) removeStudent(ctx context.Context, tx *sqldb.Tx, actor access.Actor, l ListedStudentLogin, _ string) (StudentOutcome, error) {
	return StudentWasRemoved, f.endStudentLogin(ctx, tx, actor, l.made(), endedByStaff)
}

func (f *Family) noteStudentAct(ctx context.Context, tx *sqldb.Tx, actor access.Actor, action string, l ListedStudentLogin, more map[string]any) error {
	detail := map[string]any{"username": l.Username, "account": l.account}
	for k, v := range more {
		detail[k] = v
	}
	return f.audit.Record(ctx, tx, audit.Event{Actor: actor, Action: action, TargetKind: "student", TargetID: l.StudentID, Detail: detail})
}

// tellMakerOf tells the parent who made the login what was done to it.
func (f *Family) tellMakerOf(ctx context.Context, tx *sqldb.Tx, l ListedStudentLogin, o StudentOutcome) (bool, error) {
	template := map[StudentOutcome]string{StudentWasReset: mailStudentReset, StudentWasRemoved: mailStudentRemoved}[o]
	if template == "" {
		return false, nil
	}
	order, err := f.makerOrder(ctx, tx, l.made())
	if err != nil || order.ContactID == 0 {
		return false, err
	}
	order.Template = template
	return true, f.enqueueMail(ctx, tx, order)
}

// Heirs returns the other parents with an open line to the student, to whom the login may be passed. It returns fault.NotFound for a student
// without a login at the actor's schools.
func (f *Family) Heirs(ctx context.Context, actor access.Actor, student int64) (ListedStudentLogin, []Person, error) {
	rows, err := f.StudentLoginsOf(ctx, actor, []int64{student})
	if err == nil && len(rows) == 0 {
		err = errNoLogin
	}
	if err != nil {
		return ListedStudentLogin{}, nil, err
	}
	var heirs []Person
	err = f.db.Read(ctx, func(tx *sqldb.Tx) error {
		lines, err := f.heirLines(ctx, tx, rows[0])
		heirs = nil
		for _, l := range lines {
			heirs = append(heirs, Person{Kind: "contact", ID: l.ContactID, First: l.ParentFirst, Last: l.ParentLast})
		}
		return err
	})
	return rows[0], heirs, err
}

// heirLines are the open lines of the student, but for the maker's.
func (f *Family) heirLines(ctx context.Context, tx *sqldb.Tx, l ListedStudentLogin) ([]*loginLine, error) {
	lines, err := loginLines(ctx, tx, f.rule(), selectLinesOfStudents, []int64{l.StudentID})
	var open []*loginLine
	for _, line := range lines {
		if line.open() && line.ContactID != l.MakerID {
			open = append(open, line)
		}
	}
	return open, err
}

// PassStudentLogin makes another parent with an open line the one who made the student's login; that parent is told by mail. It returns
// fault.NotFound for no login at the actor's schools, and fault.Invalid with a problem on "contact" for anybody else.
func (f *Family) PassStudentLogin(ctx context.Context, actor access.Actor, student, contact int64) error {
	if err := access.Check(actor, access.ResetLogins); err != nil {
		return err
	}
	return f.db.Write(ctx, func(tx *sqldb.Tx) error {
		found, err := f.studentLoginsOf(ctx, tx, actor, []int64{student})
		if err == nil && len(found) == 0 {
			err = errNoLogin
		}
		if err != nil {
			return err
		}
		lines, err := f.heirLines(ctx, tx, found[0])
		if err != nil {
			return err
		}
		for _, l := range lines {
			if l.ContactID != contact {
				continue
			}
			if err := passLogin(ctx, tx, found[0].made(), contact); err != nil {
				return err
			}
			if l.address {
				order := mailOrder{Template: mailStudentPassed, StudentIDs: []int64{student}, ContactID: contact, AccountID: l.account}
				if err := f.enqueueMail(ctx, tx, order); err != nil {
					return err
				}
			}
			return f.noteStudentAct(ctx, tx, actor, "student_login.passed", found[0], map[string]any{"from": found[0].MakerID, "to": contact})
		}
		return fault.InvalidFields(fault.Problem{Field: "contact", Key: "problem.choose"})
	})
}

// lockedBySchool returns fault.Forbidden where staff have locked the login: no parent changes, removes or replaces it.
func (f *Family) lockedBySchool(ctx context.Context, tx *sqldb.Tx, m madeLogin) error {
	a, err := f.accounts.Account(ctx, tx, m.account)
	if err == nil && a.State == account.Disabled {
		err = fault.Forbiddenf("the school has locked this login")
	}
	return err
}
