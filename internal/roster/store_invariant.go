package roster

const (
	lineRemoved = `(l.ended_at is not null and ',' || l.local_fields || ',' like '%,ended,%')`

	lineNotListed = `select 'line ' || l.id as broken
from student_contact l left join line_name n on n.line_id = l.id and n.pos = 0
where (n.line_id is null or n.letter is null) <> ` + lineRemoved

	lineListedWrongly = `select 'line ' || l.id as broken
from line_name n
join student_contact l on l.id = n.line_id
join contact c on c.id = l.contact_id
join student s on s.id = l.student_id
where n.contact_id <> l.contact_id or n.parent_sort <> c.sort_key or n.child_sort <> s.sort_key
or coalesce(n.school_id, 0) <> coalesce(s.school_id, 0) or (n.letter is not null) <> (n.pos = 0) or n.letter is not null and n.letter <> c.letter`

	wordOutOfOrder = `select distinct 'student ' || w.student_id as broken
from student_word w join student s on s.id = w.student_id
where w.sort_key <> s.sort_key or coalesce(w.school_id, 0) <> coalesce(s.school_id, 0)`

	addressKey = `select 'contact ' || id as broken from contact where email = '' and email_key <> ''
union all
select 'student ' || id from student where email = '' and email_key <> ''`

	numberKey = `select 'student ' || id as broken from student where id_number = '' and id_key <> ''`

	oldNameKeys = `select 'contact ' || id as broken from contact where key_version <> $1`

	restrictedSince = `select 'line ' || id as broken from student_contact
where restricted <> 'yes' and (restricted_at is not null or restricted_by <> '')`

	classListedWrongly = `select distinct 'class ' || w.class_id as broken
from (select class_id, sort_key, school_id from class_word union all select class_id, sort_key, school_id from class_term) w
left join class k on k.id = w.class_id
where k.id is null or k.ended_at is not null or w.sort_key <> k.sort_key or coalesce(w.school_id, 0) <> coalesce(k.school_id, 0)`

	fileRestricts = `select 'line ' || id as broken from student_contact
where file_restricted = 'yes' and restricted <> 'yes'
or file_restriction = '' and (file_restriction_read_at is not null or file_restriction_read_by <> '')`

	mergedWithLines = `select 'contact ' || c.id as broken
from contact_merge m join contact c on c.id = m.gone_id
where m.undone_at is null and (c.source_id is not null or exists (select 1 from student_contact l where l.contact_id = c.id))`

	aliasOfRecord         = `select 'contact ' || a.contact_id as broken from contact_alias a join contact c on c.source_id = a.source_id`
	decisionWithoutReason = `select 'student ' || id as broken from student
where adult_mark <> '' and (adult_reason = '' or adult_by = '' or adult_at is null)`

	lineWithoutEnd = `select 'line ' || l.id as broken
from student_contact l
left join contact c on c.id = l.contact_id
left join student s on s.id = l.student_id
where c.id is null or s.id is null`
)
