package family

import (
	"context"
	"strconv"
	"strings"

	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// DeskReasons are the outcomes with which a request comes to the registration desk, in the order of a filter.
func DeskReasons() []Outcome {
	return []Outcome{
		OutcomeNoNameMatch, OutcomeNameDiffers, OutcomeUnknownID, OutcomeNoEmail, OutcomeStudentAddress, OutcomeRestrictedAddress, OutcomeAmbiguous,
		OutcomeMayNot, OutcomeRestricted, OutcomeRestrictionText, OutcomeStudentGone, OutcomeHeld, OutcomePending, OutcomeDisabled, OutcomeMailLimit, OutcomeThrottled,
		OutcomeAddressDiffers, OutcomeOtherAccount,
	}
}

// How a request left the desk; "desk.how.<how>" is its sentence in the catalogue.
const (
	howCameIn  = "came_in" // the parent got in, or a temporary password went out after another request
	howAgain   = "asked_again"
	howByStaff = "by_staff" // a temporary password or a one-time code from another page
)

// toDesk brings a request that did not end in a login to the registration desk, and takes what is moot off it. Forgotten usernames of nobody
// are not for the desk: there is no child to look at.
func (f *Family) toDesk(ctx context.Context, tx *sqldb.Tx, r typed) error {
	switch r.outcome {
	case OutcomeSent, OutcomeAlreadyActive, OutcomeOpened:
		return f.offDesk(ctx, tx, r)
	case OutcomeUnknownUsername, OutcomeUnknownAddress, OutcomeAskedAgain, OutcomeByOffice:
		return nil
	}
	student, near := r.student, r.contact
	if student == 0 {
		student = r.nearStudent
	}
	if near == 0 {
		near = r.nearContact
	}
	if student == 0 && near != 0 {
		var err error
		if student, err = valueOrZero(ctx, tx, selectFirstChild, near); err != nil {
			return err
		}
	}
	key := caseKey(student, r.idNumber)
	if key == "" {
		return nil
	}
	at, err := sqldb.Value[int64](ctx, tx, selectRequestAt, r.id)
	if err != nil {
		return err
	}
	return toCase(ctx, tx, key, student, r, moment(at), personKey(r.first, r.last, near), near)
}

const (
	selectFirstChild = `select student_id from student_contact where contact_id = $1 order by ended_at is not null, position, student_id limit 1`

	selectRequestAt = `select created_at from registration_request where id = $1`
)

// offDesk takes everything off the desk that the same person asked for the same child.
func (f *Family) offDesk(ctx context.Context, tx *sqldb.Tx, r typed) error {
	if r.contact != 0 {
		if err := f.settleContact(ctx, tx, r.contact, "", howCameIn); err != nil {
			return err
		}
	}
	if r.student == 0 {
		return nil
	}
	id, err := valueOrZero(ctx, tx, `select id from desk_case where case_key = $1`, caseKey(r.student, ""))
	if err != nil || id == 0 {
		return err
	}
	return f.settleCase(ctx, tx, inCase{id, personKey(r.first, r.last, r.contact)}, "", howCameIn)
}

// settleContact settles whatever of the contact waits at the desk.
func (f *Family) settleContact(ctx context.Context, tx *sqldb.Tx, contact int64, by, how string) error {
	all, err := casesOfContact(ctx, tx, contact)
	if err != nil {
		return err
	}
	for _, c := range all {
		if err := f.settleCase(ctx, tx, c, by, how); err != nil {
			return err
		}
	}
	return nil
}

func (f *Family) settleCase(ctx context.Context, tx *sqldb.Tx, c inCase, by, how string) error {
	now := f.now()
	n, err := settleIn(ctx, tx, c, now, by, how)
	if err != nil || n == 0 {
		return err
	}
	open, err := refreshCase(ctx, tx, c.id)
	if err != nil || open {
		return err
	}
	_, err = tx.Exec(ctx, updateActed, c.id, now.UnixMicro(), by, how)
	return err
}

// sweepDesk takes those off the desk who signed in since, and forgets cases whose requests are forgotten.
func (f *Family) sweepDesk(ctx context.Context) error {
	return f.db.Write(ctx, func(tx *sqldb.Tx) error {
		came, err := idsOf(ctx, tx, selectCameIn)
		if err != nil {
			return err
		}
		for _, c := range came {
			if err := f.settleContact(ctx, tx, c, "", howCameIn); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, deleteCases, f.now().Add(-f.settings.Values().RequestsKept).UnixMicro())
		return err
	})
}

// caseKey names the case of a child, else of an ID Number as typed; "" for neither.
func caseKey(student int64, idNumber string) string {
	if student != 0 {
		return "s" + strconv.FormatInt(student, 10)
	}
	if key := lang.IDKey(idNumber); key != "" {
		return "i" + key
	}
	return ""
}

// personKey names who typed, in one case: by the name as it is compared, else by the contact.
func personKey(first, last string, near int64) string {
	if first == "" && last == "" {
		return "#" + strconv.FormatInt(near, 10)
	}
	if k, ok := lang.Keys(first, last); ok {
		return k.First + "|" + k.Last + "|" + k.Suffix
	}
	return strings.ToLower(first) + "|" + strings.ToLower(last)
}

// findNear fills in which child and contact a request may have meant that matched no line: lines are those of the ID Number typed.
func (d *decision) findNear(ctx context.Context, lines []roster.FullLine) error {
	if len(lines) == 0 {
		near, err := d.nearStudents(ctx, lang.IDKey(d.request.idNumber))
		if err != nil {
			return err
		}
		if len(near.lines) == 0 {
			d.request.nearStudent = near.exact
			return nil
		}
		lines = near.lines
		if l := nearestLine(lines, d.request.first, d.request.last); l != nil {
			d.request.nearStudent, d.request.nearContact = l.StudentID, l.ContactID
		}
		return nil
	}
	d.request.nearStudent = lines[0].StudentID
	for _, l := range lines {
		if l.StudentID != d.request.nearStudent {
			d.request.nearStudent = 0 // two schools use the number
			break
		}
	}
	if l := nearestLine(lines, d.request.first, d.request.last); l != nil {
		d.request.nearStudent, d.request.nearContact = l.StudentID, l.ContactID
	}
	return nil
}

// nearby are the children whose ID Number is, or nearly is, the one typed.
type nearby struct {
	exact int64             // the only one who has the number, and no contact; 0 for none
	lines []roster.FullLine // of those whose number is one slip away
}

func (d *decision) nearStudents(ctx context.Context, key string) (nearby, error) {
	keys := oneSlip(key)
	if keys == nil {
		return nearby{}, nil
	}
	found, err := d.roster.StudentsWithNumbers(ctx, d.tx, append(keys, key))
	if err != nil {
		return nearby{}, err
	}
	var n nearby
	var ids []int64
	for _, s := range found {
		if lang.IDKey(s.IDNumber) != key {
			ids = append(ids, s.ID)
			continue
		}
		if n.exact != 0 {
			return nearby{}, nil
		}
		n.exact = s.ID
	}
	if n.exact != 0 {
		return n, nil
	}
	n.lines, err = d.roster.LinesOfStudents(ctx, d.tx, ids)
	return n, err
}
