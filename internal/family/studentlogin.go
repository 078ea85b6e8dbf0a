package family

import (
	"context"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// endedByParent is why a student login ended that a parent removed.
const endedByParent = "removed"

// CreateStudentLogin makes a child's login. It returns fault.NotFound when the actor has no open line to the student, fault.Conflict when
// there is one already, fault.Invalid with problems on "username" or "password", fault.Forbidden when the school has switched student
// logins off.
func (f *Family) CreateStudentLogin(ctx context.Context, actor access.Actor, student int64, username, password string) error {
	own, err := f.childLogin(ctx, actor, student)
	if err != nil {
		return err
	}
	if own.made != nil {
		return errHasLogin
	}
	key, usernameErr := account.CheckUsername(username)
	hash, passwordErr := f.hashStudent(ctx, own, username, password)
	if err := bothProblems(usernameErr, passwordErr); err != nil {
		return err
	}
	return f.db.Write(ctx, func(tx *sqldb.Tx) error {
		own, err := f.childLoginIn(ctx, tx, actor, student)
		if err != nil {
			return err
		}
		if own.made != nil {
			return errHasLogin
		}
		reserved, err := f.UsernameReserved(ctx, tx, access.Student, key, 0)
		if err != nil {
			return err
		}
		if reserved {
			return usernameTaken()
		}
		id, err := f.accounts.Create(ctx, tx, account.NewAccount{
			Kind: access.Student, Username: username, State: account.Active, Hash: hash,
		})
		if fault.Is(err, fault.Conflict) {
			return usernameTaken()
		}
		if err != nil {
			return err
		}
		if err := makeLogin(ctx, tx, madeLogin{student: student, account: id, maker: own.line.ContactID}, f.now()); err != nil {
			return err
		}
		return f.recordStudentLogin(ctx, tx, actor, "created", madeLogin{student: student, account: id, username: username})
	})
}

// ChangeStudentPassword sets a new password for the child's login and tells its maker if that is another parent. It returns
// fault.NotFound when the actor has no open line to the student or there is no login, fault.Invalid with problems on "password",
// fault.Forbidden when the school has switched student logins off.
func (f *Family) ChangeStudentPassword(ctx context.Context, actor access.Actor, student int64, password string) error {
	own, err := f.childLogin(ctx, actor, student)
	if err != nil {
		return err
	}
	if own.made == nil {
		return errNoLogin
	}
	hash, err := f.hashStudent(ctx, own, own.made.username, password)
	if err != nil {
		return err
	}
	return f.db.Write(ctx, func(tx *sqldb.Tx) error {
		own, err := f.childLoginIn(ctx, tx, actor, student)
		if err != nil {
			return err
		}
		if own.made == nil {
			return errNoLogin
		}
		if err := f.lockedBySchool(ctx, tx, *own.made); err != nil {
			return err
		}
		if err := f.accounts.SetHash(ctx, tx, own.made.account, hash); err != nil {
			return err
		}
		if err := f.tellMaker(ctx, tx, actor, *own.made); err != nil {
			return err
		}
		return f.recordStudentLogin(ctx, tx, actor, "password_changed", *own.made)
	})
}

// RemoveStudentLogin ends the child's login. It returns fault.NotFound when the actor has no open line to the student or there is no
// login.
func (f *Family) RemoveStudentLogin(ctx context.Context, actor access.Actor, student int64) error {
	if err := access.Check(actor, access.OwnFamily); err != nil {
		return err
	}
	return f.db.Write(ctx, func(tx *sqldb.Tx) error {
		own, err := f.childLoginIn(ctx, tx, actor, student)
		if err != nil {
			return err
		}
		if own.made == nil {
			return errNoLogin
		}
		if err := f.lockedBySchool(ctx, tx, *own.made); err != nil {
			return err
		}
		return f.endStudentLogin(ctx, tx, actor, *own.made, endedByParent)
	})
}

// childLogin is a child to whom the actor has an open line, with its login.
type childLogin struct {
	line *loginLine
	made *madeLogin // nil for none
	// words are what the password must not consist of.
	words []string
}

var (
	errHasLogin = fault.Conflictf("this student has a login already")
	errNoLogin  = fault.NotFoundf("this student has no login")
)

func usernameTaken() error {
	return fault.InvalidFields(fault.Problem{Field: "username", Key: "problem.username_taken"})
}

// childLogin checks whether the actor may make or change the student's login, and reads what that takes.
func (f *Family) childLogin(ctx context.Context, actor access.Actor, student int64) (childLogin, error) {
	var own childLogin
	if err := access.Check(actor, access.OwnFamily); err != nil {
		return own, err
	}
	err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
		var err error
		if own, err = f.childLoginIn(ctx, tx, actor, student); err != nil {
			return err
		}
		if err := f.studentLoginsOn(ctx, tx, student); err != nil {
			return err
		}
		own.words, err = f.studentWords(ctx, tx, student)
		return err
	})
	return own, err
}

func (f *Family) childLoginIn(ctx context.Context, tx *sqldb.Tx, actor access.Actor, student int64) (childLogin, error) {
	var own childLogin
	lines, err := loginLines(ctx, tx, f.rule(), selectLinesOfStudents, []int64{student})
	if err != nil {
		return own, err
	}
	if len(lines) == 0 {
		return own, fault.NotFoundf("no such child")
	}
	closings, err := f.roster.ClosingsAt(ctx, tx, lines[0].school)
	if err != nil {
		return own, err
	}
	_, closed := closings.PortalClosed(lines[0].school)
	for _, l := range lines {
		if own.line == nil && !closed && l.open() && l.account == actor.AccountID {
			own.line = l
		}
	}
	if own.line == nil {
		return own, fault.NotFoundf("no such child")
	}
	made, err := madeLogins(ctx, tx, selectMadeForStudents, []int64{student})
	if len(made) > 0 {
		own.made = &made[0]
	}
	return own, err
}

// hashStudent checks and hashes a student's password, outside any transaction.
func (f *Family) hashStudent(ctx context.Context, own childLogin, username, password string) (string, error) {
	return f.accounts.Hash(ctx, "password", password, f.settings.Values().MinStudentPassword, append(own.words, username))
}

// tellMaker tells the parent who made a login that another one changed its password.
func (f *Family) tellMaker(ctx context.Context, tx *sqldb.Tx, actor access.Actor, m madeLogin) error {
	order, err := f.makerOrder(ctx, tx, m)
	if err != nil || order.ContactID == 0 || order.AccountID == actor.AccountID {
		return err
	}
	return f.enqueueMail(ctx, tx, order)
}

// makerOrder orders the mail to the parent who made a student's login; it has no contact when there is no address on record.
func (f *Family) makerOrder(ctx context.Context, tx *sqldb.Tx, m madeLogin) (mailOrder, error) {
	order := mailOrder{Template: mailStudentPassword, StudentIDs: []int64{m.student}}
	var err error
	if order.AccountID, err = holder(ctx, tx, m.maker); err != nil {
		return order, err
	}
	c, err := f.roster.Contact(ctx, tx, m.maker)
	if c.Email != "" {
		order.ContactID = c.ID
	}
	return order, err
}

func (f *Family) recordStudentLogin(ctx context.Context, tx *sqldb.Tx, actor access.Actor, what string, m madeLogin) error {
	return f.audit.Record(ctx, tx, audit.Event{
		Actor: actor, Action: "student_login." + what, TargetKind: "student", TargetID: m.student,
		Detail: map[string]any{"username": m.username, "account": m.account},
	})
}

// bothProblems joins the problems of two fields, so that both are shown at once. An error that is no problem of a field comes first.
func bothProblems(errs ...error) error {
	var problems []fault.Problem
	for _, err := range errs {
		if err != nil && !fault.Is(err, fault.Invalid) {
			return err
		}
		problems = append(problems, fault.ProblemsOf(err)...)
	}
	return fault.InvalidFields(problems...)
}
