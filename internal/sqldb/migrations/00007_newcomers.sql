-- +goose Up
-- Adults whose login opened a child, one row for each time: how 'before' are those who saw the child already when this list began, and
-- 'doubt' says that a parent of the child (doubted_by) does not know the adult. again marks an adult who came back; told, one of whom the
-- child's parents were told. account_id is the login at that time; left_at is set when the records closed the line.
create table newcomer (
    id         {{id}},
    student_id {{int}} not null references student (id) on delete cascade,
    contact_id {{int}} not null references contact (id) on delete cascade,
    account_id {{int}} not null,
    school_id  {{int}},
    how        {{text}} not null check (how in ('before', 'registered', 'added', 'roster', 'doubt')),
    again      {{bool}} not null default false,
    told       {{bool}} not null default false,
    doubted_by {{int}} references contact (id) on delete cascade,
    at         {{int}} not null,
    left_at    {{int}},
    seen_at    {{int}},
    seen_by    {{text}} not null default ''
);
create index newcomer_newest on newcomer (at, id) where how <> 'before';
create index newcomer_school on newcomer (school_id, at, id) where how <> 'before';
create index newcomer_unseen on newcomer (at, id) where seen_at is null;
create index newcomer_student on newcomer (student_id, contact_id);
create index newcomer_contact on newcomer (contact_id);
create unique index newcomer_doubt on newcomer (student_id, contact_id, doubted_by) where how = 'doubt';
create index newcomer_doubted_by on newcomer (doubted_by) where doubted_by is not null;

-- Whoever sees a child today is new to nobody.
insert into newcomer (student_id, contact_id, account_id, school_id, how, at, seen_at)
select l.student_id, l.contact_id, h.account_id, s.school_id, 'before', h.held_at, h.held_at
from account_contact h
join account a on a.id = h.account_id
join student_contact l on l.contact_id = h.contact_id
join student s on s.id = l.student_id
where a.state <> 'waiting' and l.ended_at is null and l.restricted <> 'yes' and l.portal_access <> 'no'
  and l.file_portal_access <> 'no' and (l.portal_access = 'yes' or l.relationship in ('mother', 'father', 'parent', 'stepmother',
  'stepfather', 'stepparent', 'guardian', 'foster_parent'))
  and not exists (select 1 from closed_line x where x.line_id = l.id);

-- What is done once a day, and on which day of the school's calendar it was done last.
create table daily (
    what {{text}} primary key,
    day  {{text}} not null
);

-- When a student left, so that the record can end a while later; null while enrolled.
alter table student add column left_at {{int}};
update student set left_at = updated_at where status <> 'enrolled';
create index student_left on student (left_at, id) where left_at is not null;
create index student_leaving on student (id) where status <> 'enrolled' and left_at is null;
create index contact_left on contact (left_at, id) where left_at is not null;
create index student_contact_ended on student_contact (ended_at, id) where ended_at is not null;
