package family

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// CounterCode is a one-time code for a parent, which staff see this once: the temporary password of the parent's login, that may be entered
// without the username.
type CounterCode struct {
	Contact       roster.Contact
	Code          string // in fours with hyphens
	Username      string
	Until         time.Time
	Address, Link string // the page where it is entered; Link has the code in its fragment, which no server sees
	Made          bool   // there was no login
}

// CheckedByLetter says that the code goes to the postal address on record.
const CheckedByLetter = "letter"

// CodeTrouble says why the contact of the line gets no one-time code now.
type CodeTrouble string

// The reasons; CodeMay is none.
const (
	CodeMay      CodeTrouble = ""
	CodeMayNot   CodeTrouble = "may_not"          // no child may be opened to the contact
	CodeUnread   CodeTrouble = "restriction_text" // the roster's words about a restriction are not read yet, and there is no login
	CodeDisabled CodeTrouble = "disabled"         // the login is, until it is enabled
)

// MayGiveCode returns the contact of a student's line, the login's username, and what stands in the way of a one-time code. It returns
// fault.NotFound for no such line, also for one at a school that is not the actor's.
func (f *Family) MayGiveCode(ctx context.Context, actor access.Actor, student, line int64) (roster.FullLine, string, CodeTrouble, error) {
	var g giving
	err := f.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		g, err = f.giving(ctx, tx, actor, student, line)
		return err
	})
	return g.line, g.account.Username, g.trouble, err
}

// giving is what is known before a code is given.
type giving struct {
	line    roster.FullLine
	account account.Account // zero for none
	trouble CodeTrouble
}

func (f *Family) giving(ctx context.Context, tx *sqldb.Tx, actor access.Actor, student, line int64) (giving, error) {
	if err := access.Check(actor, access.GiveCodes); err != nil {
		return giving{}, err
	}
	lines, err := f.roster.Lines(ctx, tx, []int64{line})
	if err != nil {
		return giving{}, err
	}
	if len(lines) == 0 || lines[0].StudentID != student || lines[0].Removed() {
		return giving{}, fault.NotFoundf("no such contact")
	}
	g := giving{line: lines[0]}
	if err := access.CheckAt(actor, access.GiveCodes, g.line.Student.SchoolID); err != nil {
		return g, err
	}
	d := &decision{Family: f, tx: tx}
	opens, err := d.opening(ctx, []roster.Contact{g.line.Contact})
	if err != nil {
		return g, err
	}
	// The child before us must be one that may be opened: whoever is restricted for it gets no code from its page.
	if !slices.ContainsFunc(opens, func(l roster.FullLine) bool { return l.ID == line }) {
		g.trouble = CodeMayNot
		return g, nil
	}
	acct, err := holder(ctx, tx, g.line.ContactID)
	if err == nil && acct == 0 && slices.ContainsFunc(opens, unread) {
		g.trouble = CodeUnread
	}
	if err != nil || acct == 0 {
		return g, err
	}
	g.account, err = f.accounts.Account(ctx, tx, acct)
	if g.account.State == account.Disabled {
		g.trouble = CodeDisabled
	}
	return g, err
}

// GiveCode makes a one-time code for the contact of a student's line, whose identity was checked in one of roster.Checks; it replaces
// whatever the login had, and makes the login where there is none. The log says how identity was checked, and the address on record, if there
// is one, is told. It returns fault.Invalid with a problem on "checked" unless it is said how, fault.Conflict where MayGiveCode names
// something in the way, fault.NotFound as it does.
func (f *Family) GiveCode(ctx context.Context, actor access.Actor, student, line int64, checked string) (CounterCode, error) {
	if err := access.Check(actor, access.GiveCodes); err != nil {
		return CounterCode{}, err
	}
	if !slices.Contains(roster.Checks(), checked) {
		return CounterCode{}, fault.InvalidFields(fault.Problem{Field: "checked", Key: "problem.code_check"})
	}
	t, err := f.accounts.NewTemporary(ctx)
	if err != nil {
		return CounterCode{}, fmt.Errorf("a one-time code: %w", err)
	}
	var code CounterCode
	for range decisions {
		err = f.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
			code, err = f.giveCode(ctx, tx, actor, t, given{student, line, checked})
			return err
		})
		if !fault.Is(err, fault.Conflict) {
			break
		}
	}
	if err != nil {
		return CounterCode{}, fmt.Errorf("a one-time code: %w", err)
	}
	code.Code = f.accounts.TemporaryPassword(t.Seed)
	code.Address = f.baseURL + "/parent/code"
	code.Link = code.Address + "#" + code.Code
	return code, nil
}

// given is to whom a code is given, and why.
type given struct {
	student, line int64
	checked       string
}

func (f *Family) giveCode(ctx context.Context, tx *sqldb.Tx, actor access.Actor, t account.Temporary, to given) (CounterCode, error) {
	g, err := f.giving(ctx, tx, actor, to.student, to.line)
	if err != nil {
		return CounterCode{}, err
	}
	if g.trouble != CodeMay {
		return CounterCode{}, fault.Conflictf("no code may be given: %s", g.trouble)
	}
	life := f.settings.Values().TemporaryLife
	if to.checked == CheckedByLetter {
		life = f.settings.Values().PrintedCodeLife
	}
	code := CounterCode{Contact: g.line.Contact, Username: g.account.Username, Until: f.now().Add(life), Made: g.account.ID == 0}
	m := &manage{Family: f, tx: tx, actor: actor}
	r := managed{ManageResult: ManageResult{ContactID: g.line.ContactID}, account: g.account.ID}
	if code.Made {
		if r.account, code.Username, err = m.newLogin(ctx, &decision{Family: f, tx: tx}, g.line.Contact); err != nil {
			return code, err
		}
	}
	r.Username = code.Username
	if err := f.accounts.Issue(ctx, tx, r.account, t, life, true); err != nil {
		return code, err
	}
	if err := f.accounts.MayEnterByCode(ctx, tx, r.account, t); err != nil {
		return code, err
	}
	if g.line.Contact.Email != "" {
		if err := f.enqueueMail(ctx, tx, mailOrder{Template: mailCodeGiven, ContactID: g.line.ContactID, AccountID: r.account}); err != nil {
			return code, err
		}
	}
	if err := m.tellSchools(ctx, g.line.ContactID, NoticePasswordSent); err != nil {
		return code, err
	}
	if err := f.settleContact(ctx, tx, g.line.ContactID, actor.Username, howByStaff); err != nil {
		return code, err
	}
	return code, f.audit.Record(ctx, tx, audit.Event{
		Actor: actor, Action: "parent.code_given", TargetKind: "contact", TargetID: g.line.ContactID,
		Detail: map[string]any{"username": code.Username, "account": r.account, "checked": to.checked, "made": code.Made},
	})
}
