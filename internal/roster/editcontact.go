package roster

import (
	"context"
	"slices"
	"strconv"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// ContactEdit is what the Contacts page saves: the contact with its line to one student. Checked says how identity was checked and is
// required (one of Checks) when the address of an existing contact changes. The line's order and what the roster says are not part of
// it: they stay as they are.
type ContactEdit struct {
	Contact Contact
	Line    Line
	Checked string
}

// contactEdit is a ContactEdit beside what is on record.
type contactEdit struct {
	*edit
	ContactEdit
	contact        Contact // as it will be
	contactChanges changes
	line           Line
	lineChanges    changes
	lineIsNew      bool // or brought back
	always         bool // how identity was checked is on record whatever changes
}

// SaveContact changes a contact and its line, or adds them when their ids are zero (Line.StudentID names the student; a known Contact.ID with
// Line.ID zero links an existing contact, or brings back a line that was removed). It returns the line's id. Changing an existing contact
// changes it for all its children.
//
// It returns fault.NotFound for a student, contact or line that does not exist or has no child at the actor's schools, fault.Conflict when a Version is not the current one or
// the contact stands on the student already, fault.Invalid with problems by field ("checked" for Checked); nothing is written then.
func (r *Roster) SaveContact(ctx context.Context, actor access.Actor, e ContactEdit) (id int64, err error) {
	err = r.edit(ctx, actor, func(ed *edit) error {
		c := &contactEdit{edit: ed, ContactEdit: e}
		if err := c.inScope(ctx); err != nil {
			return err
		}
		if err := c.settleContact(ctx); err != nil {
			return err
		}
		if err := c.settleLine(ctx); err != nil {
			return err
		}
		ps := append(checkContact(&c.contact, c.contactChanges), checkLine(&c.line, c.lineChanges)...)
		if e.Contact.ID != 0 {
			ps = append(ps, checkAddress(e.Checked, c.contactChanges)...)
		}
		if err := fault.InvalidFields(ps...); err != nil {
			return err
		}
		if err := c.writeContact(ctx); err != nil {
			return err
		}
		if err := c.writeLine(ctx); err != nil {
			return err
		}
		id = c.line.ID
		return nil
	})
	return id, err
}

// inScope returns fault.NotFound unless the line is of a student at one of the actor's schools, and the contact is on some such student.
func (c *contactEdit) inScope(ctx context.Context) error {
	at := ScopeOf(c.actor)
	if at.All {
		return nil
	}
	var err error
	if c.Line.ID != 0 {
		err = c.mayEditLine(ctx, c.Line.ID)
	} else {
		err = c.mayEdit(ctx, selectSchoolOfStudent, c.Line.StudentID)
	}
	if err != nil || c.Contact.ID == 0 {
		return err
	}
	return c.hasChildHere(ctx)
}

// hasChildHere returns fault.NotFound unless the contact has a child at one of the actor's schools.
func (c *contactEdit) hasChildHere(ctx context.Context) error {
	at := ScopeOf(c.actor)
	if at.All {
		return nil
	}
	schools, err := sqldb.All(ctx, c.tx, scanID, selectSchoolsOfContact, c.Contact.ID)
	if err == nil && !slices.ContainsFunc(schools, at.Has) {
		return fault.NotFoundf("no such contact")
	}
	return err
}

func (c *contactEdit) settleContact(ctx context.Context) error {
	var was Contact
	if c.Contact.ID != 0 {
		var err error
		if was, err = c.Roster.Contact(ctx, c.tx, c.Contact.ID); err != nil {
			return err
		}
		if err := current("contact", was.Version, c.Contact.Version); err != nil {
			return err
		}
	}
	c.contact, c.contactChanges = settle(contactFields(), was, c.Contact)
	return nil
}

func (c *contactEdit) settleLine(ctx context.Context) error {
	was, err := c.lineOnRecord(ctx)
	if err != nil {
		return err
	}
	c.line, c.lineChanges = settle(lineFields(), was, c.Line)
	c.lineIsNew = was.ID == 0 || was.Ended && c.Line.ID == 0
	return nil
}

// lineOnRecord returns the line to change, or the blank one to fill in.
func (c *contactEdit) lineOnRecord(ctx context.Context) (Line, error) {
	if c.Line.ID != 0 {
		was, err := c.Roster.line(ctx, c.tx, c.Line.ID)
		if err != nil {
			return was, err
		}
		if was.ContactID != c.Contact.ID || was.Removed() {
			return was, fault.NotFoundf("no such line of this contact")
		}
		return was, current("line", was.Version, c.Line.Version)
	}
	if _, err := c.Student(ctx, c.tx, c.Line.StudentID); err != nil {
		return Line{}, err
	}
	if c.Contact.ID != 0 {
		was, err := sqldb.One(ctx, c.tx, scanLine, selectLineOfPair, c.Line.StudentID, c.Contact.ID)
		switch {
		case err == nil && !was.Removed():
			return was, fault.Conflictf("the contact is one of this student's already")
		case !fault.Is(err, fault.NotFound):
			return was, err
		}
	}
	last, err := sqldb.Value[int](ctx, c.tx, selectLastPosition, c.Line.StudentID)
	return Line{StudentID: c.Line.StudentID, ContactID: c.Contact.ID, Position: last + 1, Relationship: "unknown",
		LegalGuardian: Unknown, LivesWith: Unknown, Emergency: Unknown, Pickup: Unknown, Mailing: Unknown,
		PortalAccess: Unknown, FilePortalAccess: Unknown, Restricted: Unknown, FileRestricted: Unknown}, err
}

func (c *contactEdit) writeContact(ctx context.Context) error {
	if len(c.contactChanges) == 0 {
		return nil
	}
	isNew := c.contact.ID == 0
	if !isNew { // what is entered by hand from the start has no roster to keep it from
		if c.contact.SourceID != "" {
			c.contact.FileValues = keepWas(c.contact.FileValues, c.contact.Local, c.contactChanges)
		}
		c.contact.Local = addLocal(c.contact.Local, c.contactChanges)
	}
	if err := c.putContact(ctx, c.tx, &c.contact); err != nil {
		return err
	}
	detail := c.contactChanges.detail()
	if isNew {
		c.noteOnce(kindContact, c.contact.ID, FieldAdded)
		return c.record(ctx, "contact.added", "contact", c.contact.ID, detail)
	}
	c.note(kindContact, c.contact.ID, c.contactChanges)
	if c.always || movesAddress(c.contactChanges) {
		detail[fieldChecked] = c.Checked
	}
	if movesAddress(c.contactChanges) {
		i := slices.IndexFunc(c.contactChanges, func(ch change) bool { return ch.Field == fieldEmail })
		ch := c.contactChanges[i]
		c.change.Addresses = append(c.change.Addresses, AddressChange{ContactID: c.contact.ID, Old: ch.Old, New: ch.New})
	}
	return c.record(ctx, "contact.changed", "contact", c.contact.ID, detail)
}

func (c *contactEdit) writeLine(ctx context.Context) error {
	if len(c.lineChanges) == 0 && !c.lineIsNew {
		return nil
	}
	l := &c.line
	l.ContactID = c.contact.ID
	if l.FromFile && !c.lineIsNew {
		l.FileValues = keepWas(l.FileValues, l.Local, c.lineChanges)
	}
	l.Local = addLocal(l.Local, c.lineChanges)
	if c.lineChanges.has(fieldRestricted) {
		l.RestrictedAt, l.RestrictedBy = Line{}.RestrictedAt, ""
		if l.Restricted == Yes {
			l.RestrictedAt, l.RestrictedBy = c.now(), c.by()
		}
	}
	action := "line.changed"
	if c.lineIsNew {
		action = "line.added"
		if l.Ended {
			// Whether the roster still has the line is for the next import to say; until then it is the school's own.
			l.Ended, l.FromFile = false, false
			l.Local = slices.DeleteFunc(l.Local, func(f string) bool { return f == fieldEnded })
			l.Local = addLocal(l.Local, changes{{Field: restored}})
		}
	}
	if err := c.putLine(ctx, c.tx, l); err != nil {
		return err
	}
	if c.lineIsNew {
		c.noteOnce(kindLine, l.ID, FieldAdded)
	}
	c.note(kindLine, l.ID, c.lineChanges)
	if i := slices.IndexFunc(c.lineChanges, func(ch change) bool { return ch.Field == fieldRestricted && ch.Old == string(Yes) }); i >= 0 {
		c.change.Lifted = append(c.change.Lifted, l.ID)
	}
	if c.lineIsNew || c.lineChanges.has(fieldRelationship, fieldPortalAccess, fieldRestricted, fieldBegin, fieldEnd) {
		c.change.LineIDs = append(c.change.LineIDs, l.ID)
	}
	return c.record(ctx, action, "line", l.ID, c.lineChanges.about(*l))
}

// RemoveLine takes a contact off a student. A line of a roster stays as a mark (Line.Removed), one made by hand is deleted. A contact
// without lines goes too, unless it came with a roster. It returns fault.NotFound for no line, also for one of another school, fault.Conflict when version is not the
// current one.
func (r *Roster) RemoveLine(ctx context.Context, actor access.Actor, line, version int64) error {
	return r.edit(ctx, actor, func(e *edit) error {
		if err := e.mayEditLine(ctx, line); err != nil {
			return err
		}
		l, err := r.line(ctx, e.tx, line)
		if err != nil {
			return err
		}
		if err := current("line", l.Version, version); err != nil {
			return err
		}
		if l.Removed() {
			return fault.NotFoundf("no such line")
		}
		if err := e.record(ctx, "line.removed", "line", l.ID, removal(l)); err != nil {
			return err
		}
		c, err := r.Contact(ctx, e.tx, l.ContactID)
		if err != nil {
			return err
		}
		e.note(kindStudent, l.StudentID, changes{{FieldContactRemoved, fullName(c), ""}})
		if l.FromFile || slices.Contains(l.Local, restored) {
			e.noteOnce(kindLine, l.ID, FieldRemoved)
			e.change.LineIDs = []int64{l.ID}
			l.Ended, l.Local = true, addLocal(l.Local, changes{{Field: fieldEnded}})
			return r.putLine(ctx, e.tx, &l)
		}
		if err := guarded(ctx, e.tx, "line", deleteLine, l.ID, l.Version); err != nil {
			return err
		}
		if err := eraseHistory(ctx, e.tx, kindLine, []int64{l.ID}); err != nil {
			return err
		}
		e.change.LineIDs = []int64{l.ID}
		e.change.Gone = []GoneLine{{l.ID, l.StudentID, l.ContactID}}
		// The hook finds the login by the contact, so it comes before the contact goes.
		if err := e.tell(ctx); err != nil {
			return err
		}
		return e.removeContact(ctx, l.ContactID)
	})
}

// removeContact deletes a contact that was entered by hand and has no lines left.
func (e *edit) removeContact(ctx context.Context, id int64) error {
	c, err := e.Contact(ctx, e.tx, id)
	if err != nil || c.SourceID != "" {
		return err
	}
	left, err := sqldb.Value[int64](ctx, e.tx, countLinesOfContact, id)
	if err != nil || left > 0 {
		return err
	}
	if _, err := e.tx.Exec(ctx, deleteContact, id); err != nil {
		return err
	}
	if err := eraseHistory(ctx, e.tx, kindContact, []int64{id}); err != nil {
		return err
	}
	_, cs := settle(contactFields(), c, Contact{})
	return e.record(ctx, "contact.removed", "contact", id, cs.detail())
}

// removal is what the log keeps of a line that goes.
func removal(l Line) map[string]any {
	_, cs := settle(lineFields(), l, Line{})
	return cs.about(l)
}

// about is the detail of an event about a line: whose it is, and what changed.
func (cs changes) about(l Line) map[string]any {
	d := cs.detail()
	d["student_id"], d["contact_id"] = l.StudentID, l.ContactID
	return d
}

func positionText(i int) string { return strconv.Itoa(i) }
