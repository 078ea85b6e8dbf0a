package family

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// PersonData is everything that is kept about one person, in a shape that a school can hand to a family.
type PersonData struct {
	Kind     string // "student" or "contact"
	ID       int64
	At       time.Time
	Sections []Section
}

// Section is a table about one matter. One that is Single has one row: the facts of a record.
type Section struct {
	Name    string
	Single  bool
	Columns []Column
	Rows    [][]string
}

// Column says what stands in a column.
type Column struct {
	Name string
	Kind Cell
}

// Cell says how a value is written for people; for programs it stands as it is.
type Cell string

// The kinds of values. A time is RFC 3339 in UTC, a date 2006-01-02; the others are codes that have words in the catalogue.
const (
	AsText         Cell = "text"
	AsTime         Cell = "time"
	AsDate         Cell = "date"
	AsRelationship Cell = "relationship"
	AsFlag         Cell = "flag"
	AsStatus       Cell = "status"
	AsEvent        Cell = "event"   // of the log
	AsOutcome      Cell = "outcome" // of a registration request
	AsPurpose      Cell = "purpose"
	AsMail         Cell = "mail" // a mail's template
	AsActor        Cell = "actor"
	AsState        Cell = "state" // of a login
	AsCode         Cell = "code"  // some other word of ours
)

const (
	eventsGiven = 1000 // of one kind, the newest
	viewsGiven  = 1000
)

// found is what was read about a person, and whose records are among it.
type found struct {
	id       int64
	sections []Section
	students []int64
}

// StudentData returns everything that is kept about a student, noted in the log. Of the contacts it has name and relationship alone. It
// returns fault.NotFound for no student of the actor's schools, fault.Stale when the actor must show first that it is them.
func (f *Family) StudentData(ctx context.Context, actor access.Actor, student int64) (PersonData, error) {
	return f.personData(ctx, actor, "student", func(tx *sqldb.Tx) (found, error) {
		s, err := f.roster.Student(ctx, tx, student)
		if err != nil {
			return found{}, err
		}
		if err := access.CheckAt(actor, access.ExportRecords, s.SchoolID); err != nil {
			return found{}, err
		}
		sections, err := f.studentSections(ctx, tx, s)
		return found{student, sections, []int64{student}}, err
	})
}

// ContactData returns everything that is kept about the contact of a line, noted in the log: of the children only the contact's own at the
// actor's schools, without those for whom the contact is restricted, and nothing of any other adult. It returns fault.NotFound when the
// line is none of this student's or the student's school is none of the actor's, fault.Stale when the actor must show first that it is them.
func (f *Family) ContactData(ctx context.Context, actor access.Actor, student, line int64) (PersonData, error) {
	return f.personData(ctx, actor, "contact", func(tx *sqldb.Tx) (found, error) {
		lines, err := f.roster.Lines(ctx, tx, []int64{line})
		if err != nil {
			return found{}, err
		}
		if len(lines) == 0 || lines[0].StudentID != student || lines[0].Removed() {
			return found{}, fault.NotFoundf("no such contact")
		}
		if err := access.CheckAt(actor, access.ExportRecords, lines[0].Student.SchoolID); err != nil {
			return found{}, err
		}
		sections, students, err := f.contactSections(ctx, tx, actor, lines[0].Contact)
		return found{lines[0].ContactID, sections, students}, err
	})
}

// personData reads, and notes that the data were taken out; without the note there are none.
func (f *Family) personData(ctx context.Context, actor access.Actor, kind string, read func(tx *sqldb.Tx) (found, error)) (PersonData, error) {
	if err := access.Check(actor, access.ExportRecords); err != nil {
		return PersonData{}, err
	}
	var p found
	err := f.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		p, err = read(tx)
		return err
	})
	if err != nil {
		return PersonData{}, err
	}
	err = f.db.Write(ctx, func(tx *sqldb.Tx) error {
		return f.audit.Record(ctx, tx, audit.Event{
			Actor: actor, Action: "record.exported", TargetKind: kind, TargetID: p.id, Detail: map[string]any{"students": p.students},
		})
	})
	if err != nil {
		return PersonData{}, err
	}
	f.audit.Views.NoteExport(actor, p.students...)
	return PersonData{Kind: kind, ID: p.id, At: f.now(), Sections: p.sections}, nil
}

func (f *Family) studentSections(ctx context.Context, tx *sqldb.Tx, s roster.Student) ([]Section, error) {
	sections := []Section{facts("record",
		fact{"first_name", AsText, s.First}, fact{"middle_name", AsText, s.Middle}, fact{"last_name", AsText, s.Last},
		fact{"preferred_first", AsText, s.PreferredFirst}, fact{"preferred_last", AsText, s.PreferredLast},
		fact{"id_number", AsText, s.IDNumber}, fact{"birth_date", AsDate, s.BirthDate}, fact{"school", AsText, s.SchoolName},
		fact{"grade", AsText, s.Grade}, fact{"homeroom", AsText, s.Homeroom}, fact{"email", AsText, s.Email},
		fact{"status", AsStatus, string(s.Status)}, fact{"enrolled_from", AsDate, s.EnrolledFrom}, fact{"gone_on", AsDate, s.GoneOn},
		fact{"language", AsText, s.Language})}
	lines, err := f.roster.LinesOfStudent(ctx, tx, s.ID)
	if err != nil {
		return nil, err
	}
	contacts := Section{Name: "contacts", Columns: []Column{{"name", AsText}, {"relationship", AsRelationship}}}
	for _, l := range lines {
		if !l.Ended {
			contacts.add(fullName(l.Contact.First, l.Contact.Last), l.Relationship)
		}
	}
	classes, err := f.classesSection(ctx, tx, s.ID)
	if err != nil {
		return nil, err
	}
	changes, err := f.changesSection(ctx, tx, "student", s.ID)
	if err != nil {
		return nil, err
	}
	sections = append(sections, contacts, classes, changes)
	login, err := valueOrZero(ctx, tx, selectLoginOfStudent, s.ID)
	if err != nil {
		return nil, err
	}
	if login != 0 {
		of, err := f.loginSections(ctx, tx, []int64{login})
		if err != nil {
			return nil, err
		}
		sections = append(sections, of...)
	}
	history, err := f.eventsAbout(ctx, tx, "history", "student", s.ID)
	if err != nil {
		return nil, err
	}
	requests, err := sqldb.All(ctx, tx, scanTexts(3, 0), selectRequestsAbout, s.ID, eventsGiven)
	if err != nil {
		return nil, err
	}
	views, err := f.audit.Seen(ctx, tx, audit.ViewQuery{StudentID: s.ID, Limit: viewsGiven})
	if err != nil {
		return nil, err
	}
	seen := Section{Name: "views", Columns: []Column{{"date", AsDate}, {"who", AsActor}, {"how", AsCode}, {"times", AsText}}}
	for _, v := range views {
		seen.add(v.Day, string(v.ViewerKind), string(v.How), strconv.FormatInt(v.Count, 10))
	}
	return append(sections, history,
		Section{Name: "requests", Columns: []Column{{"at", AsTime}, {"purpose", AsPurpose}, {"outcome", AsOutcome}}, Rows: requests}, seen), nil
}

func (f *Family) contactSections(ctx context.Context, tx *sqldb.Tx, actor access.Actor, c roster.Contact) ([]Section, []int64, error) {
	sections := []Section{facts("record",
		fact{"first_name", AsText, c.First}, fact{"middle_name", AsText, c.Middle}, fact{"last_name", AsText, c.Last},
		fact{"preferred_first", AsText, c.PreferredFirst}, fact{"preferred_last", AsText, c.PreferredLast}, fact{"email", AsText, c.Email},
		fact{"mobile_phone", AsText, c.MobilePhone}, fact{"home_phone", AsText, c.HomePhone}, fact{"work_phone", AsText, c.WorkPhone},
		fact{"language", AsText, c.Language})}
	children, students, err := f.childrenSection(ctx, tx, actor, c.ID)
	if err != nil {
		return nil, nil, err
	}
	changes, err := f.changesSection(ctx, tx, "contact", c.ID)
	if err != nil {
		return nil, nil, err
	}
	sections = append(sections, children, changes)
	acct, err := holder(ctx, tx, c.ID)
	if err != nil {
		return nil, nil, err
	}
	if acct != 0 {
		of, err := f.loginSections(ctx, tx, []int64{acct})
		if err != nil {
			return nil, nil, err
		}
		sections = append(sections, of...)
	}
	history, err := f.eventsAbout(ctx, tx, "history", "contact", c.ID)
	if err != nil {
		return nil, nil, err
	}
	mails, err := mailsTo(ctx, tx, c.ID)
	if err != nil {
		return nil, nil, err
	}
	requests, err := sqldb.All(ctx, tx, scanTexts(7, 0), selectRequestsOf, c.ID, eventsGiven)
	if err != nil {
		return nil, nil, err
	}
	return append(sections, history, mails, Section{Name: "requests", Columns: []Column{
		{"at", AsTime}, {"purpose", AsPurpose}, {"outcome", AsOutcome}, {"username", AsText}, {"id_number", AsText}, {"first_name", AsText},
		{"last_name", AsText},
	}, Rows: requests}), students, nil
}

// childrenSection are the contact's lines that a family may be handed.
func (f *Family) childrenSection(ctx context.Context, tx *sqldb.Tx, actor access.Actor, contact int64) (Section, []int64, error) {
	s := Section{Name: "children", Columns: []Column{
		{"name", AsText}, {"id_number", AsText}, {"school", AsText}, {"relationship", AsRelationship}, {"legal_guardian", AsFlag},
		{"lives_with", AsFlag}, {"emergency", AsFlag}, {"pickup", AsFlag}, {"mailing", AsFlag}, {"portal_access", AsFlag},
		{"begin_date", AsDate}, {"end_date", AsDate},
	}}
	lines, err := f.roster.LinesOfContacts(ctx, tx, []int64{contact})
	if err != nil {
		return s, nil, err
	}
	var students []int64
	for _, l := range lines {
		if l.Ended || l.Restricted == roster.Yes || actor.Kind == access.Staff && !actor.Schools.Has(l.Student.SchoolID) {
			continue
		}
		students = append(students, l.StudentID)
		s.add(fullName(l.Student.First, l.Student.Last), l.Student.IDNumber, l.School.Name, l.Relationship, string(l.LegalGuardian),
			string(l.LivesWith), string(l.Emergency), string(l.Pickup), string(l.Mailing), string(l.PortalAccess), l.BeginDate, l.EndDate)
	}
	return s, students, nil
}

// loginSections are a login and what the log has about it.
func (f *Family) loginSections(ctx context.Context, tx *sqldb.Tx, accounts []int64) ([]Section, error) {
	var sections []Section
	for _, id := range accounts {
		a, err := f.accounts.Account(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		events, err := f.eventsAbout(ctx, tx, "sign_ins", "account", id)
		if err != nil {
			return nil, err
		}
		sections = append(sections, loginFacts(a), events)
	}
	return sections, nil
}

func loginFacts(a account.Account) Section {
	return facts("login", fact{"username", AsText, a.Username}, fact{"state", AsState, string(a.State)},
		fact{"made", AsTime, stamp(a.CreatedAt)}, fact{"last_sign_in", AsTime, stamp(a.LastSignIn)}, fact{"language", AsText, a.Language})
}

// eventsAbout are the log's newest events about a target. Addresses stand only with what the person did.
func (f *Family) eventsAbout(ctx context.Context, tx *sqldb.Tx, name, kind string, id int64) (Section, error) {
	s := Section{Name: name, Columns: []Column{{"at", AsTime}, {"what", AsEvent}, {"who", AsActor}, {"result", AsCode}, {"address", AsText}}}
	events, err := f.audit.About(ctx, tx, kind, id, eventsGiven)
	for _, e := range events {
		address := e.Actor.Address
		if kind != "account" || e.Actor.AccountID != id && e.Actor.AccountID != 0 {
			address = ""
		}
		s.add(stamp(e.At), e.Action, string(e.Actor.Kind), e.Outcome, address)
	}
	return s, err
}

// mailsTo are the mails to a contact that are still on record.
func mailsTo(ctx context.Context, tx *sqldb.Tx, contact int64) (Section, error) {
	s := Section{Name: "mails", Columns: []Column{{"at", AsTime}, {"mail", AsMail}, {"result", AsCode}}}
	rows, err := sqldb.All(ctx, tx, scanTexts(3, 0), selectMailsTo, contact, jobMail, eventsGiven)
	for _, r := range rows {
		var payload mailPayload
		if err := json.Unmarshal([]byte(r[1]), &payload); err != nil {
			return s, err
		}
		s.add(r[0], payload.Template, r[2])
	}
	return s, err
}

// fact is a field of a record.
type fact struct {
	name  string
	kind  Cell
	value string
}

func facts(name string, all ...fact) Section {
	s := Section{Name: name, Single: true, Rows: [][]string{nil}}
	for _, f := range all {
		s.Columns = append(s.Columns, Column{f.name, f.kind})
		s.Rows[0] = append(s.Rows[0], f.value)
	}
	return s
}

func (s *Section) add(row ...string) { s.Rows = append(s.Rows, slices.Clone(row)) }

// stamp writes a time for a program; "" for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// classesSection is every class that a student has, had or will have.
func (f *Family) classesSection(ctx context.Context, tx *sqldb.Tx, student int64) (Section, error) {
	s := Section{Name: "classes", Columns: []Column{{"name", AsText}, {"teacher", AsText}, {"begin_date", AsDate}, {"end_date", AsDate}}}
	classes, err := f.roster.ClassesIn(ctx, tx, student, f.settings.Today())
	for _, c := range classes {
		s.add(c.Title, strings.Join(c.Teachers, ", "), c.Begin, c.End)
	}
	return s, err
}

// changesSection is the history of a person's own record, field by field; who did it is said as a kind alone.
func (f *Family) changesSection(ctx context.Context, tx *sqldb.Tx, kind string, id int64) (Section, error) {
	s := Section{Name: "changes", Columns: []Column{{"at", AsTime}, {"field", AsCode}, {"old", AsText}, {"new", AsText}, {"who", AsActor}}}
	entries, err := f.roster.ChangesOf(ctx, tx, kind, id, eventsGiven)
	for _, e := range entries {
		s.add(e.At.UTC().Format(time.RFC3339), e.Field, e.Old, e.New, e.ByKind)
	}
	return s, err
}
