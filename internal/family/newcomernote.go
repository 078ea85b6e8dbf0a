package family

import (
	"context"
	"slices"

	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Entered implements account.People: a login that waited has its first password, and opens its children.
func (f *Family) Entered(ctx context.Context, tx *sqldb.Tx, a account.Account) error {
	lines, err := loginLines(ctx, tx, f.rule(), selectLinesOfAccounts, []int64{a.ID})
	if err != nil {
		return err
	}
	held, err := heldBy(ctx, tx, a.ID)
	if err != nil {
		return err
	}
	for _, c := range held {
		if err := f.settleContact(ctx, tx, c, "", howCameIn); err != nil {
			return err
		}
	}
	return f.noteNewcomers(ctx, tx, lines, ByRegistering, 0)
}

// noteAdded is Entered for "Add Additional Student". Reopened is the line that a reset had closed, 0 for none.
func (f *Family) noteAdded(ctx context.Context, tx *sqldb.Tx, acct, reopened int64) error {
	lines, err := loginLines(ctx, tx, f.rule(), selectLinesOfAccounts, []int64{acct})
	if err != nil {
		return err
	}
	return f.noteNewcomers(ctx, tx, lines, ByAdding, reopened)
}

// noteChanged notes what a change of the records opened for logins that are there, and what it closed. Lines are those that may have
// closed; opened may have opened.
func (f *Family) noteChanged(ctx context.Context, tx *sqldb.Tx, lines []*loginLine, opened []int64) error {
	var closed []int64
	for _, l := range lines {
		if l.account != 0 && !l.open() {
			closed = append(closed, l.LineID)
		}
	}
	if err := leaveNewcomers(ctx, tx, closed, f.now()); err != nil {
		return err
	}
	held, err := heldLines(ctx, tx, opened)
	if err != nil {
		return err
	}
	more, err := loginLines(ctx, tx, f.rule(), selectLines, held)
	if err != nil {
		return err
	}
	return f.noteNewcomers(ctx, tx, append(slices.Clone(lines), more...), ByRoster, 0)
}

// pair is a child and who sees it: a contact or a login.
type pair struct{ student, who int64 }

// noteNewcomers enters into the list whoever among the lines' logins sees a child and is not in the list with it; reopened is a line to
// enter in any case. A login that has two contacts of one child is one person.
func (f *Family) noteNewcomers(ctx context.Context, tx *sqldb.Tx, lines []*loginLine, how How, reopened int64) error {
	fresh, err := f.unlisted(ctx, tx, lines, reopened)
	if err != nil || len(fresh) == 0 {
		return err
	}
	told := map[int64]bool{}
	if how != before && f.settings.Values().TellParents {
		if told, err = f.tellParents(ctx, tx, fresh); err != nil {
			return err
		}
	}
	for _, n := range fresh {
		if err := insertNewcomer(ctx, tx, n, how, !n.again && told[n.line.StudentID], f.now()); err != nil {
			return err
		}
	}
	return nil
}

// fresh is a line whose login is not in the list with the child.
type fresh struct {
	line  *loginLine
	again bool // the contact was
}

func (f *Family) unlisted(ctx context.Context, tx *sqldb.Tx, lines []*loginLine, reopened int64) ([]fresh, error) {
	var open []*loginLine
	for _, l := range lines {
		if l.open() && l.accountState != account.Waiting {
			open = append(open, l)
		}
	}
	if len(open) == 0 {
		return nil, nil
	}
	logins, contacts, err := listed(ctx, tx, distinct(open, func(l *loginLine) int64 { return l.StudentID }))
	if err != nil {
		return nil, err
	}
	var found []fresh
	for _, l := range open {
		who := pair{l.StudentID, l.account}
		if logins[who] && l.LineID != reopened {
			continue
		}
		logins[who] = true
		found = append(found, fresh{l, contacts[pair{l.StudentID, l.ContactID}]})
	}
	return found, nil
}

// tellParents tells the parents who see a child already that another adult does too, and reports which children's parents may know of it:
// not where a restriction stands on any line of the child, whatever became of that line. Who came back is no news.
func (f *Family) tellParents(ctx context.Context, tx *sqldb.Tx, arrived []fresh) (map[int64]bool, error) {
	var students []int64
	for _, n := range arrived {
		if !n.again {
			students = append(students, n.line.StudentID)
		}
	}
	lines, err := loginLines(ctx, tx, f.rule(), selectLinesOfStudents, once(students))
	if err != nil {
		return nil, err
	}
	may, ofChild := map[int64]bool{}, map[int64][]*loginLine{}
	for _, l := range lines {
		if _, known := may[l.StudentID]; !known {
			may[l.StudentID] = true
		}
		may[l.StudentID] = may[l.StudentID] && l.line.Restricted != roster.Yes
		ofChild[l.StudentID] = append(ofChild[l.StudentID], l)
	}
	orders := orders{at: map[pair]int{}}
	for _, n := range arrived {
		if n.again || !may[n.line.StudentID] {
			continue
		}
		for _, l := range ofChild[n.line.StudentID] {
			if l.open() && l.address && l.account != n.line.account && l.accountState == account.Active {
				orders.add(l, n.line)
			}
		}
	}
	for _, o := range orders.all {
		if err := f.enqueueMail(ctx, tx, o); err != nil {
			return nil, err
		}
	}
	return may, nil
}

// orders are mails to parents: one for each parent and newcomer, however many children they share.
type orders struct {
	all []mailOrder
	at  map[pair]int // by the parent's login and the newcomer's contact
}

func (o *orders) add(parent, newcomer *loginLine) {
	key := pair{newcomer.ContactID, parent.account}
	i, ok := o.at[key]
	if !ok {
		i = len(o.all)
		o.at[key] = i
		o.all = append(o.all, newcomerOrder(parent, newcomer))
	}
	if !slices.Contains(o.all[i].StudentIDs, parent.StudentID) {
		o.all[i].StudentIDs = append(o.all[i].StudentIDs, parent.StudentID)
	}
}
