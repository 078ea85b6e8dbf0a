package family

import (
	"context"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// AddressFix is an address put right from a list: the contact as it was seen, the new address, and how identity was checked.
type AddressFix struct {
	Contact, Version int64
	Email, Checked   string
}

// FixAddress changes the e-mail address of a contact who has a child at the actor's schools. It returns fault.NotFound for no such contact,
// fault.Conflict when the contact changed since it was seen, fault.Invalid with problems on "email" and "checked".
func (f *Family) FixAddress(ctx context.Context, actor access.Actor, fix AddressFix) error {
	l, err := f.someLine(ctx, actor, fix.Contact)
	if err != nil {
		return err
	}
	l.Contact.Email, l.Contact.Version = fix.Email, fix.Version
	if _, err := f.roster.SaveContact(ctx, actor, roster.ContactEdit{Contact: l.Contact, Line: l.Line, Checked: fix.Checked}); err != nil {
		return err
	}
	return f.lookAtFamily(ctx, l.ContactID)
}

// AccessFix is how portal access of somebody who is no guardian was settled from a list: taken away, or the line made that of a legal guardian.
type AccessFix struct {
	Line, Version int64
	Guardian      bool
}

// FixAccess settles the portal access of a line at the actor's schools. It returns fault.NotFound for no such line, fault.Conflict when the line
// changed since it was seen.
func (f *Family) FixAccess(ctx context.Context, actor access.Actor, fix AccessFix) error {
	if err := access.Check(actor, access.EditRecords); err != nil {
		return err
	}
	var l roster.FullLine
	err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
		lines, err := f.roster.Lines(ctx, tx, []int64{fix.Line})
		if err == nil && (len(lines) == 0 || !roster.ScopeOf(actor).Has(lines[0].Student.SchoolID)) {
			err = fault.NotFoundf("no such line")
		}
		if err == nil {
			l = lines[0]
		}
		return err
	})
	if err != nil {
		return err
	}
	l.Line.Version = fix.Version
	if fix.Guardian {
		l.LegalGuardian = roster.Yes
	} else {
		l.PortalAccess = roster.No
	}
	if _, err := f.roster.SaveContact(ctx, actor, roster.ContactEdit{Contact: l.Contact, Line: l.Line}); err != nil {
		return err
	}
	return f.lookAtFamily(ctx, l.ContactID)
}

// someLine is a line of the contact to a child at the actor's schools, a live one if there is one.
func (f *Family) someLine(ctx context.Context, actor access.Actor, contact int64) (found roster.FullLine, err error) {
	if err := access.Check(actor, access.EditRecords); err != nil {
		return found, err
	}
	err = f.db.Read(ctx, func(tx *sqldb.Tx) error {
		found = roster.FullLine{}
		lines, err := f.roster.LinesOfContacts(ctx, tx, []int64{contact})
		for _, l := range lines {
			if roster.ScopeOf(actor).Has(l.Student.SchoolID) && !l.Removed() && (found.Line.ID == 0 || live(l) && !live(found)) {
				found = l
			}
		}
		if err == nil && found.Line.ID == 0 {
			err = fault.NotFoundf("no such contact")
		}
		return err
	})
	return found, err
}

// lookAtFamily looks again at a contact, and its children: the list from which something was put right shows it at once.
func (f *Family) lookAtFamily(ctx context.Context, contacts ...int64) error {
	var students []int64
	err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
		students = nil
		lines, err := f.roster.LinesOfContacts(ctx, tx, contacts)
		for _, l := range lines {
			students = append(students, l.StudentID)
		}
		return err
	})
	if err != nil {
		return err
	}
	return f.lookAgain(ctx, students, contacts)
}
