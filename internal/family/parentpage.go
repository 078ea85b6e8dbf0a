package family

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// ParentPage is all that staff see of one parent. What belongs to children at other schools is not in it.
type ParentPage struct {
	Contact   roster.Contact
	Verdict   Verdict
	Lines     []ParentLine // of the children at the actor's schools
	Elsewhere int          // children at other schools
	Adults    []GridRow    // lines of the other adults of these children
	Login     *ParentLogin // nil for none
	Mark      string       // of the login as it is, for ActOnLogin
	Students  []StudentLoginRow
	Mails     []Mail // to this contact, newest first
	SignIns   []SignIn
	Requests  []Request // that found this contact, or a child while this name was typed
	Bulk      []BulkNote
	Acts      []LoginAct // that make sense now and that the actor may do
	// StudentAddress says that mail goes to the address on record only where staff say so: it is also a student's.
	StudentAddress bool
	// PassesHold says that a password that is sent passes the hold of a child's school: the parent has none yet.
	PassesHold bool
	at         access.Schools
}

// ParentLine is a line with what stands in its way.
type ParentLine struct {
	GridRow
	Why Reason // why it may not be opened, "" if it may
}

// ParentLogin is the login of a parent.
type ParentLogin struct {
	account.Standing
	Username    string
	State       account.State
	Reason      string // why it is disabled
	HasPassword bool
	Made        time.Time
	ClaimBy     time.Time
	LastSignIn  time.Time
	Others      []roster.Contact // other contacts that it holds: the same person, kept twice
}

// StudentLoginRow is a child's own login.
type StudentLoginRow struct {
	StudentID             int64
	First, Last           string
	Username              string
	State                 account.State
	Made                  time.Time
	MakerFirst, MakerLast string
	LastSignIn            time.Time
}

// BulkNote is what an act on many logins did to this one.
type BulkNote struct {
	BulkID  int64
	Act     Act
	At      time.Time
	Outcome string
}

const (
	mailsOfParent    = 20
	requestsOfParent = 20
	bulksOfParent    = 10
)

// ParentPage returns what staff see of a parent. It returns fault.NotFound for no such contact, also for one without a child at the actor's schools.
func (f *Family) ParentPage(ctx context.Context, actor access.Actor, contact int64) (ParentPage, error) {
	if err := access.Check(actor, access.SeeLogins); err != nil {
		return ParentPage{}, err
	}
	var p ParentPage
	err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
		p = ParentPage{at: roster.ScopeOf(actor)}
		return f.readParent(ctx, tx, actor, contact, &p)
	})
	if err != nil {
		return ParentPage{}, err
	}
	var seen []int64
	for _, l := range p.Lines {
		seen = append(seen, l.StudentID)
	}
	f.audit.Views.Note(actor, once(seen)...)
	return p, nil
}

func (f *Family) readParent(ctx context.Context, tx *sqldb.Tx, actor access.Actor, contact int64, p *ParentPage) error {
	c, err := f.roster.Contact(ctx, tx, contact)
	if err != nil {
		return err
	}
	p.Contact = c
	d := &door{p: p, rule: f.rule(), now: f.now()}
	held, err := d.readLogin(ctx, tx, f)
	if err != nil {
		return err
	}
	if err := d.readLines(ctx, tx, f, held); err != nil {
		return err
	}
	if !p.at.All && !slices.ContainsFunc(p.Lines, func(l ParentLine) bool { return l.ContactID == contact }) {
		return access.CheckAt(actor, access.SeeLogins, 0)
	}
	if err := p.readHistory(ctx, tx, f, d.account.ID); err != nil {
		return err
	}
	if err := d.readWayIn(ctx, tx, f, held); err != nil {
		return err
	}
	p.Verdict = d.verdict()
	reach, err := f.inReach(ctx, tx, actor, contact)
	if err != nil {
		return err
	}
	p.PassesHold = !d.account.HasPassword && slices.ContainsFunc(d.opens, func(l roster.FullLine) bool { return onHold(d.closings, l.Student.SchoolID) })
	p.Acts = d.acts(actor, reach)
	p.Verdict.Mends = d.mends(actor)
	return nil
}

// readLogin reads the login that holds the contact, and returns the contacts that it holds, this one first.
func (d *door) readLogin(ctx context.Context, tx *sqldb.Tx, f *Family) ([]roster.Contact, error) {
	held := []roster.Contact{d.p.Contact}
	id, err := holder(ctx, tx, d.p.Contact.ID)
	if err != nil || id == 0 {
		d.p.Mark = markOf(account.Account{})
		return held, err
	}
	if d.account, err = f.accounts.Account(ctx, tx, id); err != nil {
		return nil, err
	}
	if d.standing, err = f.accounts.Standing(ctx, tx, id); err != nil {
		return nil, err
	}
	all, err := f.heldContacts(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	a := d.account
	d.p.Mark = markOf(a)
	d.p.Login = &ParentLogin{
		Standing: d.standing, Username: a.Username, State: a.State, Reason: a.StateReason, HasPassword: a.HasPassword, Made: a.CreatedAt,
		ClaimBy: a.ClaimBy, LastSignIn: a.LastSignIn,
	}
	for _, c := range all {
		if c.ID != d.p.Contact.ID {
			held = append(held, c)
		}
	}
	return held, nil
}

// readLines reads the lines of the contacts, and those of the other adults of the children whom the actor sees.
func (d *door) readLines(ctx context.Context, tx *sqldb.Tx, f *Family, held []roster.Contact) error {
	ids := make([]int64, len(held))
	for i, c := range held {
		ids[i] = c.ID
	}
	var err error
	if d.lines, err = loginLines(ctx, tx, d.rule, selectListedOfContacts, ids); err != nil {
		return err
	}
	slices.SortFunc(d.lines, byChildName)
	if err := f.fillStates(ctx, tx, d.lines); err != nil {
		return err
	}
	elsewhere, mine, shown := map[int64]bool{}, []int64{}, map[int64]bool{}
	for _, l := range d.lines {
		if !d.p.at.Has(l.school) {
			elsewhere[l.StudentID] = true
			continue
		}
		line := ParentLine{GridRow: l.GridRow}
		if l.why != roster.MayOpen {
			line.Why = reasonOf(l)
		}
		d.p.Lines = append(d.p.Lines, line)
		mine, shown[l.ContactID] = append(mine, l.StudentID), true
	}
	d.p.Elsewhere = len(elsewhere)
	if d.p.Login != nil {
		for _, c := range held[1:] {
			if d.p.at.All || shown[c.ID] {
				d.p.Login.Others = append(d.p.Login.Others, c)
			}
		}
	}
	adults, err := loginLines(ctx, tx, d.rule, selectListedOfStudents, once(mine))
	if err != nil {
		return err
	}
	adults = slices.DeleteFunc(adults, func(l *loginLine) bool { return slices.Contains(ids, l.ContactID) })
	slices.SortFunc(adults, byChildName)
	d.p.Adults, err = f.rows(ctx, tx, adults)
	if err != nil {
		return err
	}
	d.p.Students, err = studentLogins(ctx, tx, once(mine))
	return err
}

func byChildName(a, b *loginLine) int {
	return cmp.Or(strings.Compare(a.key.child, b.key.child), cmp.Compare(a.LineID, b.LineID))
}

// readHistory reads what was mailed, signed in, asked for and done.
func (p *ParentPage) readHistory(ctx context.Context, tx *sqldb.Tx, f *Family, acct int64) (err error) {
	if p.Mails, err = newestMails(ctx, tx, p.Contact.ID); err != nil {
		return err
	}
	if p.Bulk, err = bulkNotes(ctx, tx, p.Contact.ID); err != nil {
		return err
	}
	var children []int64
	for _, l := range p.Lines {
		children = append(children, l.StudentID)
	}
	if p.Requests, err = p.requests(ctx, tx, once(children)); err != nil || acct == 0 {
		return err
	}
	page, err := f.audit.Page(ctx, tx, audit.Query{TargetKind: "account", TargetID: acct, Actions: []string{"parent.sign_in"}, Limit: signInsShown})
	for _, e := range page.Events {
		p.SignIns = append(p.SignIns, SignIn{At: e.At, OK: e.Outcome == "ok"})
	}
	return err
}

// requests are those that found the contact, and those that found one of the children while this person's first or last name was typed.
func (p *ParentPage) requests(ctx context.Context, tx *sqldb.Tx, children []int64) ([]Request, error) {
	found, err := requestsOf(ctx, tx, p.Contact.ID, children)
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(r Request) bool {
		if r.ContactID == p.Contact.ID {
			return r.StudentID != 0 && !p.at.Has(r.SchoolID)
		}
		return r.ContactID != 0 || !resembles(p.Contact, r.First, r.Last)
	})
	slices.SortFunc(found, func(a, b Request) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID)) })
	found = slices.CompactFunc(found, func(a, b Request) bool { return a.ID == b.ID })
	return found[:min(len(found), requestsOfParent)], nil
}

// resembles reports whether what was typed has the contact's first name or last name.
func resembles(c roster.Contact, first, last string) bool {
	typed, ok := lang.Keys(first, last)
	if !ok {
		return false
	}
	for _, k := range recordedNames(c) {
		if k.First == typed.First || k.Last == typed.Last {
			return true
		}
	}
	return false
}

// readWayIn reads what decides whether and where a mail may go.
func (d *door) readWayIn(ctx context.Context, tx *sqldb.Tx, f *Family, held []roster.Contact) error {
	if d.account.State == account.Disabled {
		return nil
	}
	decide := &decision{Family: f, tx: tx}
	var err error
	if d.opens, err = decide.opening(ctx, held); err != nil {
		return err
	}
	students, schools := make([]int64, len(d.opens)), make([]int64, len(d.opens))
	for i, l := range d.opens {
		students[i], schools[i] = l.StudentID, l.Student.SchoolID
	}
	if d.closings, err = f.roster.ClosingsAt(ctx, tx, once(schools)...); err != nil {
		return err
	}
	if d.others, err = f.roster.LinesOfStudents(ctx, tx, students); err != nil {
		return err
	}
	m := &manage{Family: f, tx: tx}
	_, d.trouble, err = m.addressee(ctx, held, d.opens)
	d.p.StudentAddress = d.trouble == ManageStudentAddress
	return err
}

// errGone is for a contact who is none of the actor's.
var errGone = fault.NotFoundf("no such parent")
