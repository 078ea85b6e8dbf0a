package family

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// wrongStudents is how many ID Numbers that open nothing a login may try in an hour.
const wrongStudents = 5

// Added is the outcome of "Add Additional Student".
type Added struct {
	Opened    bool
	StudentID int64
	Child     string
	Reference string // for the telephone, when nothing was opened
}

// AddStudent opens the line of a child whose contact has the account's name and address on record: one that a reset closed, or one of a
// contact that the school keeps twice. When it does not, the answer says no more than that, with a reference under which staff see
// why. It returns fault.Invalid with a problem on "id_number" when it is empty or over-long, fault.Forbidden unless the actor is a parent.
func (f *Family) AddStudent(ctx context.Context, actor access.Actor, idNumber string) (Added, error) {
	if err := access.Check(actor, access.OwnFamily); err != nil {
		return Added{}, err
	}
	idNumber = strings.TrimSpace(idNumber)
	if err := fault.InvalidFields(lengthProblems("id_number", idNumber, typedLimit)...); err != nil {
		return Added{}, err
	}
	var err error
	for range references {
		var reference string
		if reference, err = newReference(); err != nil {
			return Added{}, err
		}
		var added Added
		err = f.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
			t := typed{
				reference: reference, purpose: purposeAddStudent, account: actor.AccountID, username: actor.Username, idNumber: storable(idNumber),
				address: actor.Address,
			}
			added, err = f.addStudentIn(ctx, tx, actor, t)
			return err
		})
		if err == nil {
			return added, nil
		}
		if !fault.Is(err, fault.Conflict) {
			break
		}
	}
	return Added{}, fmt.Errorf("adding a student: %w", err)
}

func (f *Family) addStudentIn(ctx context.Context, tx *sqldb.Tx, actor access.Actor, t typed) (Added, error) {
	whom := strconv.FormatInt(actor.AccountID, 10)
	wrong, err := f.accounts.Counted(ctx, tx, "add_student", whom, time.Hour)
	if err != nil {
		return Added{}, err
	}
	line := (*roster.FullLine)(nil)
	if wrong >= wrongStudents {
		t.outcome = OutcomeThrottled
	} else if t.outcome, line, err = f.openStudent(ctx, tx, actor.AccountID, t.idNumber); err != nil {
		return Added{}, err
	}
	if line != nil {
		t.student, t.contact, t.heldAt = line.StudentID, line.ContactID, line.Student.SchoolID
		if lifted, err := isLifted(ctx, tx, line.ID); err != nil {
			return Added{}, err
		} else if lifted {
			t.detail = detailLifted
		}
	}
	added := Added{}
	switch t.outcome {
	case OutcomeOpened:
		added = Added{Opened: true, StudentID: line.StudentID, Child: fullName(line.Student.First, line.Student.Last)}
	case OutcomeHeld: // the parent typed nothing wrong
		added.Reference = t.reference
	default:
		added.Reference = t.reference
		if _, err := f.accounts.Count(ctx, tx, "add_student", whom, time.Hour); err != nil {
			return Added{}, err
		}
	}
	now := f.now()
	if t.id, _, err = noteRequest(ctx, tx, "", t, now, now); err != nil {
		return Added{}, err
	}
	return added, f.recordRequest(ctx, tx, actor, t)
}

// openStudent opens a child's line for the account if it may. The line is the one that the outcome is about, nil for none.
func (f *Family) openStudent(ctx context.Context, tx *sqldb.Tx, acct int64, idNumber string) (Outcome, *roster.FullLine, error) {
	held, err := heldBy(ctx, tx, acct)
	if err != nil {
		return "", nil, err
	}
	own, err := f.roster.Contacts(ctx, tx, held)
	if err != nil {
		return "", nil, err
	}
	lines, err := f.roster.LinesOfID(ctx, tx, lang.IDKey(idNumber))
	if err != nil {
		return "", nil, err
	}
	outcome, line := chooseStudent(f.rule(), lines, own)
	if outcome != "" {
		return outcome, line, nil
	}
	closings, err := f.roster.ClosingsAt(ctx, tx, line.Student.SchoolID)
	if err != nil {
		return "", nil, err
	}
	if _, held := closings.Held(line.Student.SchoolID); held {
		return OutcomeHeld, line, nil
	}
	if !slices.Contains(held, line.ContactID) {
		other, err := holder(ctx, tx, line.ContactID)
		if err != nil {
			return "", nil, err
		}
		if other != 0 {
			return OutcomeOtherAccount, line, nil
		}
		if err := hold(ctx, tx, acct, line.ContactID, f.now()); err != nil {
			return "", nil, err
		}
	}
	lifted, err := isLifted(ctx, tx, line.ID)
	if err != nil {
		return "", nil, err
	}
	if lifted {
		return OutcomeMayNot, line, nil
	}
	reopened, err := reopenLine(ctx, tx, line.ID)
	if err != nil {
		return "", nil, err
	}
	back := int64(0)
	if reopened {
		back = line.ID
	}
	return OutcomeOpened, line, f.noteAdded(ctx, tx, acct, back)
}

// chooseStudent finds the line that "Add Additional Student" opens, with the outcome "", or says why there is none. A line of a contact
// that the account holds goes before one of a contact with the same name and address.
func chooseStudent(rule roster.Rule, lines []roster.FullLine, own []roster.Contact) (Outcome, *roster.FullLine) {
	if len(lines) == 0 {
		return OutcomeUnknownID, nil
	}
	var mine, same, sameName []*roster.FullLine
	for i := range lines {
		l := &lines[i]
		switch {
		case slices.ContainsFunc(own, func(c roster.Contact) bool { return c.ID == l.ContactID }):
			mine = append(mine, l)
		case slices.ContainsFunc(own, func(c roster.Contact) bool { return isSamePerson(c, l.Contact) }):
			same = append(same, l)
		case slices.ContainsFunc(own, func(c roster.Contact) bool { return haveSameName(c, l.Contact) }):
			sameName = append(sameName, l)
		}
	}
	for _, l := range append(slices.Clone(mine), same...) {
		if rule.MayOpen(*l) == roster.WhyRestricted {
			return OutcomeRestricted, l // in either record: the office decides
		}
	}
	for i, group := range [][]*roster.FullLine{mine, same} {
		open := slices.DeleteFunc(slices.Clone(group), func(l *roster.FullLine) bool { return rule.MayOpen(*l) != roster.MayOpen })
		switch {
		case len(open) == 0:
			continue
		case slices.ContainsFunc(open, func(l *roster.FullLine) bool { return l.ContactID != open[0].ContactID }):
			return OutcomeAmbiguous, nil
		case wasRestricted(lines, *open[0]):
			return OutcomeRestricted, open[0]
		case unread(*open[0]):
			return OutcomeRestrictionText, open[0]
		case sharedWithRestricted(lines, open[0].StudentID, open[0].Contact):
			return OutcomeRestrictedAddress, open[0]
		case i > 0 && hasTwin(rule, lines, *open[0]):
			return OutcomeAmbiguous, open[0]
		}
		return "", open[0]
	}
	switch refused := append(mine, same...); {
	case len(refused) > 0 && rule.MayOpen(*refused[0]) == roster.WhyStudentGone:
		return OutcomeStudentGone, refused[0]
	case len(refused) > 0:
		return OutcomeMayNot, refused[0]
	case len(sameName) > 0:
		return OutcomeAddressDiffers, sameName[0]
	}
	return OutcomeNoNameMatch, nil
}

// isSamePerson reports whether a contact has the name and the address of another.
func isSamePerson(a, b roster.Contact) bool {
	address := lang.EmailKey(a.Email)
	return address != "" && address == lang.EmailKey(b.Email) && haveSameName(a, b)
}

func haveSameName(a, b roster.Contact) bool {
	return slices.ContainsFunc(recordedNames(a), func(k lang.NameKeys) bool { return hasName(b, k) })
}
