package family

import (
	"database/sql"
)

const (
	selectAccountNamed = `select id from account where kind = $1 and username_key = $2`

	selectAccountPeople = `select a.id, a.kind, a.username, a.role, coalesce(s.first_name, c.first_name, ''), coalesce(s.middle_name, c.middle_name, ''),
coalesce(s.last_name, c.last_name, a.name)
from account a
left join account_contact h on h.account_id = a.id
left join contact c on c.id = h.contact_id
left join student_login t on t.account_id = a.id
left join student s on s.id = t.student_id
where a.id in (`

	selectContactPeople = `select c.id, 'contact', '', '', c.first_name, c.middle_name, c.last_name from contact c where c.id in (`

	selectStudentPeople = `select s.id, 'pupil', '', '', s.first_name, s.middle_name, s.last_name from student s where s.id in (`

	selectLinePeople = `select l.id, 'line', '', '', c.first_name, c.middle_name, c.last_name
from student_contact l
join contact c on c.id = l.contact_id
where l.id in (`

	selectLineHolder = `select l.student_id, l.contact_id, coalesce(s.school_id, 0), coalesce(h.account_id, 0)
from student_contact l
join student s on s.id = l.student_id
left join account_contact h on h.contact_id = l.contact_id
where l.id = $1`

	selectSchoolOfStudent = `select coalesce(school_id, 0) from student where id = $1`
)

// lineHolder is a line with the account that holds its contact, 0 for none.
type lineHolder struct{ student, contact, school, account int64 }

func scanLineHolder(r *sql.Rows) (l lineHolder, err error) {
	return l, r.Scan(&l.student, &l.contact, &l.school, &l.account)
}
