package intake

import (
	"context"
	"database/sql"

	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Whether somebody else has an address is asked of everybody on record, at whatever school, and of the staff. Only the addresses that are new in the
// file are looked up; who is in the stage is judged there, by what becomes of them.

const (
	heldByContact = "contact"
	heldByStudent = "student"
	heldByStaff   = "staff"
)

// readHolders puts into the stage who has one of the addresses that are new in the file.
func (i *Intake) readHolders(ctx context.Context, p *plan) error {
	s := p.stage
	if err := i.readStaffHolders(ctx, s); err != nil {
		return err
	}
	for _, query := range []string{selectNewOfContacts, selectNewOfStudents} {
		if err := i.readHoldersOf(ctx, s, query); err != nil {
			return err
		}
	}
	return nil
}

func (i *Intake) readHoldersOf(ctx context.Context, s *stage, query string) error {
	for after := ""; ; {
		some, err := list(ctx, s, scanText, query, after, roster.NamedAtOnce)
		if err != nil || len(some) == 0 {
			return err
		}
		after = some[len(some)-1]
		var contacts []roster.Contact
		var students []roster.Student
		err = i.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
			if contacts, err = i.roster.ContactsWithEmails(ctx, tx, some); err != nil {
				return err
			}
			students, err = i.roster.StudentsWithEmails(ctx, tx, some)
			return err
		})
		if err != nil {
			return err
		}
		for _, c := range contacts {
			if err := s.insert(ctx, insertHolder, lang.EmailKey(c.Email), heldByContact, c.ID); err != nil {
				return err
			}
		}
		for _, st := range students {
			if err := s.insert(ctx, insertHolder, lang.EmailKey(st.Email), heldByStudent, st.ID); err != nil {
				return err
			}
		}
	}
}

func (i *Intake) readStaffHolders(ctx context.Context, s *stage) error {
	if i.logins == nil {
		return nil
	}
	var staff []string
	err := i.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		staff, err = i.logins.StaffAddresses(ctx, tx)
		return err
	})
	for n, address := range staff {
		if key := lang.EmailKey(address); err == nil && key != "" {
			err = s.insert(ctx, insertHolder, key, heldByStaff, n)
		}
	}
	return err
}

// checkMailboxes finds the adults of the file who share a mailbox with another adult, a student or staff, here or on record. Those whose address is
// new, or is a student's from now on, are on the list of the report.
func (p *plan) checkMailboxes(ctx context.Context) error {
	err := walk(ctx, p.stage, selectSharedMailboxes, func(r *sql.Rows) (f found, err error) {
		return f, r.Scan(&f.seq, &f.at.file, &f.at.line, &f.email, &f.name, &f.id, &f.isFresh, &f.a, &f.b, &f.c)
	}, func(f found) int64 { return f.seq }, func(f found) error {
		why := ""
		for _, x := range []struct {
			is   bool
			why  string
			code Code
		}{{f.a, "adult", sayShared}, {f.c, "staff", saySharedStaff}, {f.b, "student", saySharedStudent}} { // the last one weighs most
			if x.is {
				why = x.why
				p.f.add(Warning, f.at.file, f.at.line, "email", f.email, x.code)
			}
		}
		if !f.isFresh {
			return nil
		}
		return p.note(ctx, ListShared, Person{ContactID: max(f.id, 0), Contact: f.name, Why: why, New: f.email})
	})
	if err != nil {
		return err
	}
	return walk(ctx, p.stage, selectSharedWithContacts, func(r *sql.Rows) (f found, err error) {
		return f, r.Scan(&f.seq, &f.at.file, &f.at.line, &f.email, &f.name, &f.id)
	}, func(f found) int64 { return f.seq }, func(f found) error {
		p.f.add(Warning, f.at.file, f.at.line, "email", f.email, saySharedContact)
		return p.note(ctx, ListShared, Person{StudentID: max(f.id, 0), Student: f.name, Why: "contact", New: f.email})
	})
}

const (
	insertHolder = `insert into holder (email_key, kind, id) values `

	selectNewOfContacts = `select distinct f.email_key from f_contact f
where f.email_key > $1 and not exists (select 1 from r_contact r where r.source_id = f.source_id and r.email_key = f.email_key)
order by f.email_key limit $2`
	selectNewOfStudents = `select distinct f.email_key from f_student f
where f.email_key > $1 and not f.role_of and not exists (select 1 from r_student r where r.source_id = f.source_id and r.email_key = f.email_key)
order by f.email_key limit $2`

	contactElsewhere = `exists (select 1 from holder h where h.email_key = f.email_key and h.kind = 'contact' and not exists (select 1 from r_contact k where k.id = h.id))`
	studentElsewhere = `exists (select 1 from holder h where h.email_key = f.email_key and h.kind = 'student' and not exists (select 1 from r_student k where k.id = h.id))`

	// A student who has the address only from now on: r is who it was.
	studentIsFresh = `(r.id is null or r.id < 0 or r.email_key <> o.email_key)`

	selectSharedMailboxes = `select seq, file, line, email, name, id, fresh or students and exists (select 1 from f_student o
    left join r_student r on r.source_id = o.source_id where o.email_key = x.email_key and not o.role_of and ` + studentIsFresh + `), adults, students, staff
from (
select f.seq, f.file, f.line, f.email, f.email_key, f.name, coalesce(r.id, 0) as id,
  r.id is null or r.id < 0 or r.email <> f.email as fresh,
  exists (select 1 from f_contact o where o.email_key = f.email_key and o.seq <> f.seq)
    or exists (select 1 from r_contact o where o.email_key = f.email_key and o.source_id <> f.source_id and not o.after)
    or ` + contactElsewhere + ` as adults,
  exists (select 1 from f_student o where o.email_key = f.email_key and not o.role_of)
    or exists (select 1 from r_student o where o.email_key = f.email_key)
    or ` + studentElsewhere + ` as students,
  exists (select 1 from holder h where h.email_key = f.email_key and h.kind = 'staff') as staff
from f_contact f left join r_contact r on r.source_id = f.source_id
where f.seq > $1 and f.email_key <> '') x
where adults or students or staff
order by seq limit $2`

	// Contacts of the file are told on their own rows.
	selectSharedWithContacts = `select f.seq, f.file, f.line, coalesce(json_extract(f.data, '$.Email'), ''),
  trim(coalesce(json_extract(f.data, '$.First'), '') || ' ' || coalesce(json_extract(f.data, '$.Last'), '')), coalesce(r.id, 0)
from f_student f
join f_student o on o.seq = f.seq
left join r_student r on r.source_id = f.source_id
where f.seq > $1 and f.email_key <> '' and not f.role_of and ` + studentIsFresh + `
  and not exists (select 1 from f_contact c where c.email_key = f.email_key)
  and (exists (select 1 from r_contact c where c.email_key = f.email_key and not c.after) or ` + contactElsewhere + `)
order by f.seq limit $2`
)
