package family

import (
	"context"
	"database/sql"
	"time"

	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	// One row for every line of the account's contacts, and one without a line for a contact that has none.
	selectOwnLines = `select coalesce(l.id, 0), h.contact_id, coalesce(l.relationship, ''), coalesce(l.portal_access, ''),
coalesce(l.file_portal_access, ''), coalesce(l.restricted, ''), coalesce(l.begin_date, ''), coalesce(l.end_date, ''),
coalesce(l.grace_until, ''), l.ended_at is not null, coalesce(l.legal_guardian, ''), coalesce(l.lives_with, ''), coalesce(l.emergency, ''), coalesce(l.pickup, ''),
coalesce(l.mailing, ''), c.first_name, c.middle_name, c.last_name, c.email, c.mobile_phone, c.home_phone, c.work_phone,
c.left_at is not null, coalesce(s.id, 0), coalesce(s.first_name, ''), coalesce(s.middle_name, ''), coalesce(s.last_name, ''),
coalesce(s.id_number, ''), coalesce(s.birth_date, ''), coalesce(s.grade, ''), coalesce(s.homeroom, ''), coalesce(s.status, ''),
coalesce(s.enrolled_from, ''), coalesce(s.gone_on, ''), coalesce(s.adult_mark, ''),
coalesce(o.name, ''), coalesce(o.phone, ''), coalesce(o.hours, ''), x.line_id is not null,
coalesce(t.account_id, 0), coalesce(t.maker_contact_id, 0), coalesce(a.username, ''), coalesce(a.last_sign_in_at, 0),
coalesce(s.school_id, 0), coalesce(a.state, ''), a.id is not null and a.password_hash is null, coalesce(o.student_logins, '')
from account_contact h
join contact c on c.id = h.contact_id
left join student_contact l on l.contact_id = h.contact_id
left join student s on s.id = l.student_id
left join school o on o.id = s.school_id
left join closed_line x on x.line_id = l.id
left join student_login t on t.student_id = l.student_id
left join account a on a.id = t.account_id
where h.account_id = $1
order by s.sort_key, s.id, h.held_at, h.contact_id`

	selectOthers = `select l.student_id, l.contact_id, c.first_name, c.last_name, l.relationship, l.restricted,
l.ended_at is not null or c.left_at is not null
from student_contact l
join contact c on c.id = l.contact_id
where l.student_id in (`

	orderOthers = `)
order by l.student_id, l.position, l.id`

	// The page of a student, with the line of the parent who made the login.
	selectStudentPage = `select s.id, s.first_name, s.middle_name, s.last_name, s.id_number, s.grade, s.homeroom, s.status, s.enrolled_from, s.gone_on, s.birth_date, s.adult_mark,
coalesce(o.name, ''), coalesce(o.phone, ''), coalesce(o.hours, ''), h.contact_id is not null, x.line_id is not null,
l.id, l.relationship, l.portal_access, l.file_portal_access, l.restricted, l.begin_date, l.end_date, l.grace_until,
l.ended_at is not null, c.left_at is not null, coalesce(s.school_id, 0), coalesce(o.student_logins, '')
from student_login t
join student s on s.id = t.student_id
join student_contact l on l.student_id = t.student_id and l.contact_id = t.maker_contact_id
join contact c on c.id = l.contact_id
left join school o on o.id = s.school_id
left join account_contact h on h.contact_id = l.contact_id
left join closed_line x on x.line_id = l.id
where t.account_id = $1`
)

// ownLine is a line of the parent who is signed in.
type ownLine struct {
	Child
	contact, maker int64
	school         int64
	schoolSays     string // of student logins
	holder         string // first name of the contact
	open           bool
}

func scanOwnLine(rule roster.Rule) func(r *sql.Rows) (ownLine, error) {
	return func(r *sql.Rows) (ownLine, error) {
		var o ownLine
		var l roster.Line
		var status roster.Status
		var left, closed bool
		var login StudentLogin
		var lastUsed int64
		var loginState account.State
		own := &o.Own
		err := r.Scan(&l.ID, &o.contact, &l.Relationship, &l.PortalAccess, &l.FilePortalAccess, &l.Restricted, &l.BeginDate, &l.EndDate,
			&l.GraceUntil, &l.Ended, &own.LegalGuardian, &own.LivesWith, &own.Emergency, &own.Pickup, &own.Mailing, &own.First, &own.Middle, &own.Last,
			&own.Email, &own.Mobile, &own.Home, &own.Work, &left, &o.StudentID, &o.First, &o.Middle, &o.Last, &o.IDNumber, &o.BirthDate,
			&o.Grade, &o.Homeroom, &status, &l.Of.EnrolledFrom, &l.Of.GoneOn, &l.Of.AdultMark, &o.School, &o.SchoolPhone, &o.Hours, &closed,
			&login.AccountID, &o.maker, &login.Username, &lastUsed, &o.school, &loginState, &login.NoneSet, &o.schoolSays)
		if err != nil {
			return o, err
		}
		own.Relationship, l.Of.BirthDate = l.Relationship, o.BirthDate
		o.holder = own.First
		o.open = l.ID != 0 && !closed && rule.May(l, status, left) == roster.MayOpen
		if login.AccountID != 0 {
			login.LastUsed, login.Locked = moment(lastUsed), loginState == account.Disabled
			o.Login = &login
		}
		return o, nil
	}
}

// otherLine is a line of a child, seen by another parent.
type otherLine struct {
	Other
	student, contact int64
	restricted       roster.Flag
	gone             bool
}

// eachOther calls fn for every line of the students, in their order.
func eachOther(ctx context.Context, tx *sqldb.Tx, students []int64, fn func(o otherLine)) error {
	return inChunks(students, 1, func(list string, args []any) error {
		return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
			var o otherLine
			err := r.Scan(&o.student, &o.contact, &o.First, &o.Last, &o.Relationship, &o.restricted, &o.gone)
			if err == nil {
				fn(o)
			}
			return err
		}, selectOthers+list+orderOthers, args...)
	})
}

// studentPage is a student's page, and whether the login behind it is open.
type studentPage struct {
	StudentHome
	id     int64
	school int64
	says   string // the school, of student logins
	open   bool
}

func scanStudentPage(rule roster.Rule) func(r *sql.Rows) (studentPage, error) {
	return func(r *sql.Rows) (studentPage, error) {
		var p studentPage
		var l roster.Line
		var status roster.Status
		var holds, closed, left bool
		err := r.Scan(&p.id, &p.First, &p.Middle, &p.Last, &p.IDNumber, &p.Grade, &p.Homeroom, &status, &l.Of.EnrolledFrom, &l.Of.GoneOn,
			&l.Of.BirthDate, &l.Of.AdultMark, &p.School, &p.SchoolPhone, &p.Hours,
			&holds, &closed, &l.ID, &l.Relationship, &l.PortalAccess, &l.FilePortalAccess, &l.Restricted, &l.BeginDate, &l.EndDate,
			&l.GraceUntil, &l.Ended, &left, &p.school, &p.says)
		p.open = holds && !closed && rule.May(l, status, left) == roster.MayOpen
		return p, err
	}
}

const insertStudentLogin = `insert into student_login (student_id, account_id, maker_contact_id, made_at) values ($1, $2, $3, $4)`

// makeLogin notes who made a student's login.
func makeLogin(ctx context.Context, tx *sqldb.Tx, m madeLogin, at time.Time) error {
	_, err := tx.Exec(ctx, insertStudentLogin, m.student, m.account, m.maker, at.UnixMicro())
	return err
}
