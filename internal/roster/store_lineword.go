package roster

const (
	// The lists of ids follow these.
	selectWordedLines = `select l.id, l.contact_id, c.sort_key, c.first_name, c.middle_name, c.last_name, c.preferred_first, c.preferred_last,
c.mobile_phone, c.home_phone, c.work_phone, s.first_name, s.middle_name, s.last_name, s.preferred_first, s.preferred_last, s.sort_key, s.school_id, ` + lineRemoved + `
from student_contact l
join contact c on c.id = l.contact_id
join student s on s.id = l.student_id
where l.id in `

	deleteLineWords = `delete from line_word where line_id in `

	addLineWords = `insert into line_word (word, parent_sort, contact_id, line_id, school_id) values `

	selectWordRule = `select rule, next_line from line_word_rule where id = 1`

	updateWordRule = `update line_word_rule set rule = $1, next_line = $2 where id = 1`

	selectLinesBehind = `select id from student_contact where id > $1 order by id limit $2`
)

const (
	// Lines of which KeepWords has not made the words yet are not looked at.
	lineNotFound = `select 'line ' || l.id as broken
from student_contact l
join contact c on c.id = l.contact_id
join line_word_rule t on t.id = 1 and t.rule > 0 and (t.next_line is null or l.id <= t.next_line)
where (trim(c.sort_key) <> '' and not ` + lineRemoved + `) and not exists (select 1 from line_word w where w.line_id = l.id)
or ` + lineRemoved + ` and exists (select 1 from line_word w where w.line_id = l.id)`

	lineFoundWrongly = `select distinct 'line ' || w.line_id as broken
from line_word w
join student_contact l on l.id = w.line_id
join contact c on c.id = l.contact_id
join student s on s.id = l.student_id
where w.contact_id <> l.contact_id or w.parent_sort <> c.sort_key or coalesce(w.school_id, 0) <> coalesce(s.school_id, 0)`
)
