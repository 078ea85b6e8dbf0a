package intake

// Queries of a stage. They are SQLite's alone.
const (
	selectFileSchools = `select school, unknown, count(*) from f_student where not partial and not role_of group by school, unknown`

	selectNewInSchools = `select f.school, f.unknown, count(*) from f_student f
where not f.partial and not f.role_of and not exists (select 1 from r_student r where r.source_id = f.source_id)
group by f.school, f.unknown`

	// Contacts whose id the file does not have, or who had none before (derivedPrefix), matched by name and relationship to a child they have
	// in common.
	selectSameContacts = `select c.id, f.source_id
from f_contact f
join f_line fl on fl.contact = f.source_id
join r_student s on s.source_id = fl.student
join r_line l on l.student_id = s.id
join r_contact c on c.id = l.contact_id
where (f.derived or c.source_id like '` + derivedPrefix + `%') and c.name = f.name and c.source_id <> ''
  and not exists (select 1 from r_contact k where k.source_id = f.source_id)
  and not exists (select 1 from f_contact k where k.source_id = c.source_id)
  and l.relationship = coalesce(nullif(case when fl.data = '' then '' else json_extract(fl.data, '$.Relationship') end, ''),
    json_extract(f.facts, '$.Relationship'), '')
order by f.seq, c.id`
	updateSameContact = `update r_contact set source_id = $2, print = 0 where id = $1`

	selectNobody = `select file, line from f_contact f
where relationship = '' and not exists (select 1 from r_contact r where r.source_id = f.source_id)
  and not exists (select 1 from f_student k join r_student r on r.source_id = k.source_id where k.source_id = f.source_id and k.role_of)
order by seq`
	deleteRolelessStudents = `delete from f_student where role_of and not exists (select 1 from r_student r where r.source_id = f_student.source_id)`
	deleteRolelessContacts = `delete from f_contact where relationship = '' and (not exists (select 1 from r_contact r where r.source_id = f_contact.source_id)
  or exists (select 1 from f_student k where k.source_id = f_contact.source_id and k.role_of))`

	// Of whom a file of changes has a role alone, and who is not on record, it says nothing.
	deleteUnknownRoles = `delete from f_contact where name = '' and not exists (select 1 from r_contact r where r.source_id = f_contact.source_id and not r.gone)`

	insertCovered = `insert into covered (school_id) values ($1) on conflict do nothing`
	markStudents  = `update r_student set seen = 1 where source_id <> '' and exists (select 1 from f_student f where f.source_id = r_student.source_id and not f.partial)`
	markContacts  = `update r_contact set seen = 1 where source_id <> '' and exists (select 1 from f_contact f where f.source_id = r_contact.source_id and f.name <> '')`

	markSpoken = `update r_student set spoken = 1 where source_id <> '' and school_id in (select r.school_id from r_student r
  join f_student f on f.source_id = r.source_id where r.school_id <> 0)`

	insertSchool = `insert into school (source_id, id) values `

	// Of whom the file says what it said last, and whom nobody changed since, there is nothing to compare.
	studentStays = `coalesce(f.print <> 0 and r.print = f.print and r.id > 0 and r.status = 'enrolled' and r.school_id = (select o.id from school o where o.source_id = f.school), 0)`
	contactStays = `coalesce(f.print <> 0 and r.print = f.print and r.id > 0 and not r.gone, 0)`
	lineStays    = `coalesce(l.print <> 0 and l.print = ` + linePrint + ` and l.from_file and not l.ended
  and s.seen and s.status = 'enrolled' and s.after = 'enrolled' and s.dates = s.dates_after and s.leaves = 0 and c.seen and not c.gone and not c.after and c.leaves = 0, 0)`
	linePrint = `(case when fl.print = 0 or fc.said_print = 0 then 0 else (fl.print | fc.said_print) - (fl.print & fc.said_print) end)` // exclusive or

	// Of all rows, those that are then looked at are taken off.
	countFileStudents = `select count(*) from f_student`
	countFileContacts = `select count(*) from f_contact`
	countFileNoMail   = `select count(*) from f_contact where email = ''`
	countLinesOnFile  = `select count(*) from r_line`
	insertMayStay     = `insert into may_register (contact_id) select distinct l.contact_id ` + fromLines + ` where l.may and c.email_key <> '' and ` + lineStays + ` on conflict do nothing`

	selectStudents = `select f.seq, f.file, f.line, f.print, f.data, coalesce(r.id, 0) from f_student f left join r_student r on r.source_id = f.source_id and r.id > 0
where f.seq > $1 and not ` + studentStays + ` order by f.seq limit $2`
	selectContacts = `select f.seq, f.file, f.line, f.print, f.data, coalesce(r.id, 0) from f_contact f left join r_contact r on r.source_id = f.source_id and r.id > 0
where f.seq > $1 and not ` + contactStays + ` order by f.seq limit $2`

	markLeavingStudents = `update r_student set leaves = case when source_id in (select source_id from f_gone) then 2 else 1 end
where id > 0 and source_id <> '' and not seen
  and (source_id in (select source_id from f_gone)
    or $1 and school_id in (select school_id from covered) and source_id not in (select source_id from f_kept))`
	markLeavingContacts = `update r_contact set leaves = case when source_id in (select source_id from f_gone) then 2 else 1 end
where id > 0 and source_id <> '' and not seen and (source_id in (select source_id from f_gone)
  or $1 and source_id not in (select source_id from f_kept) and not exists (select 1 from r_line l left join r_student s on s.id = l.student_id
      where l.contact_id = r_contact.id and l.from_file and not l.ended and (s.id is null or not s.seen and not s.spoken and s.leaves = 0
        or s.source_id in (select source_id from f_kept)))
    and ($2 or exists (select 1 from r_line l where l.contact_id = r_contact.id and l.from_file and not l.ended)))`
	selectLeavingStudents = `select id from r_student where id > $1 and leaves > 0 order by id limit $2`
	selectLeavingContacts = `select id from r_contact where id > $1 and leaves > 0 order by id limit $2`

	updateStudentAfter = `update r_student set after = $2, dates_after = $3 where id = $1`
	updateStudentMoves = `update r_student set moves = $2 where id = $1` // to another school
	updateContactAfter = `update r_contact set after = $2 where id = $1`
	updateContactEmail = `update r_contact set email_key = $2 where id = $1`

	selectLines = `select l.id, l.id, ` + pairColumns + ` ` + fromLines + `
where l.id > $1 and not ` + lineStays + `
order by l.id limit $2`
	fromLines = `
from r_line l
left join r_student s on s.id = l.student_id
left join r_contact c on c.id = l.contact_id
left join f_line fl on fl.student = s.source_id and fl.contact = c.source_id
left join f_contact fc on fc.source_id = c.source_id`

	insertNewLines = `insert into new_line (line, position, fate)
select line, coalesce((select max(position) + 1 from r_line o where o.student_id = x.student_id), 0) + row_number() over (partition by student, fate order by line) - 1, fate
from (select fl.seq as line, fl.student, s.id as student_id, s.school_id, c.sort, c.id as contact_id, case
    when s.id is null or c.id is null then 1
    when not s.seen and s.status = 'left' or not c.seen and c.gone or s.leaves + c.leaves > 0 then 2
    when $1 and not c.seen and not exists (select 1 from f_kept k where k.source_id = c.source_id or k.source_id = s.source_id) then 2
    else 0 end as fate
  from f_line fl
  left join r_student s on s.source_id = fl.student
  left join r_contact c on c.source_id = fl.contact
  where not exists (select 1 from r_line l where l.student_id = s.id and l.contact_id = c.id)) x
order by school_id, sort, contact_id, line`
	selectNewLines = `select n.seq, 0, ` + pairColumns + `, n.position, n.fate
from new_line n
join f_line fl on fl.seq = n.line
left join r_student s on s.source_id = fl.student
left join r_contact c on c.source_id = fl.contact
left join f_contact fc on fc.source_id = fl.contact
where n.seq > $1
order by n.seq limit $2`
	selectLikeOthers = `select id from r_line where contact_id = $1 and from_file order by refused desc, id desc limit 1`

	insertStep        = `insert into step (phase, pos, student_id, contact_id, name, data) values `
	insertNote        = `insert into note (list, pos, student_id, contact_id, student, contact, detail) values `
	insertMayRegister = `insert into may_register (contact_id) values `
	countMayRegister  = `select count(*) from may_register`

	// What the file speaks of is what it is measured against.
	studentInScope = `(not $1 or s.spoken or s.school_id in (select school_id from covered) or s.seen or s.leaves > 0)`

	countStudentsBefore = `select count(*) from r_student s where s.id > 0 and s.source_id <> '' and s.status = 'enrolled' and ` + studentInScope
	countContactsBefore = `select count(*) from r_contact where id > 0 and source_id <> '' and not gone and (not $1 or seen or leaves > 0)`
	countLinesBefore    = `select count(*) from r_line l join r_student s on s.id = l.student_id join r_contact c on c.id = l.contact_id
where l.from_file and not l.ended and s.status = 'enrolled' and not c.gone and (s.source_id <> '' and ` + studentInScope + ` or c.leaves > 0)`

	countLonelyStudents = `select file, count(*) from f_student f
where not partial and not role_of and not exists (select 1 from f_line l where l.student = f.source_id) group by file`
	countLonelyContacts = `select file, count(*) from f_contact f
where relationship <> '' and name <> '' and not exists (select 1 from f_line l where l.contact = f.source_id) group by file`
	indexLineContacts = `create index f_line_contact on f_line (contact)`

	selectBadNumbers = `select f.seq, f.file, f.line, coalesce(json_extract(f.data, '$.IDNumber'), ''), f.id_key = '' from f_student f
where f.seq > $1 and not f.partial and not f.role_of
  and (f.id_key = '' or exists (select 1 from f_student o where o.id_key = f.id_key and o.seq < f.seq and not o.partial and not o.role_of))
order by f.seq limit $2`
	indexNumbers = `create index f_student_number on f_student (id_key)`
)

// indexes are made when everything is read: they cost less then.
func indexes() []string {
	return []string{indexNumbers,
		`create index f_student_email on f_student (email_key)`, `create index f_contact_email on f_contact (email_key)`,
		`create index r_student_email on r_student (email_key)`, `create index r_contact_email on r_contact (email_key)`}
}
