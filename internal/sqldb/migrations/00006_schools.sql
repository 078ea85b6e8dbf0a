-- +goose Up
-- Staff who work at some schools only: the lists and searches carry the student's school, so that theirs are read school by school.
alter table line_name add column school_id {{int}};
update line_name set school_id =
(select s.school_id from student_contact l join student s on s.id = l.student_id where l.id = line_name.line_id);
create index line_name_school on line_name (school_id, letter, parent_sort, contact_id, child_sort, line_id) where letter is not null;
create index line_name_school_entry on line_name (school_id, entry, parent_sort, contact_id, child_sort, line_id, pos);

alter table student_word add column school_id {{int}};
update student_word set school_id = (select s.school_id from student s where s.id = student_word.student_id);
create index student_word_school on student_word (school_id, word, sort_key, student_id);

alter table registration_request add column school_id {{int}};
update registration_request set school_id =
(select s.school_id from student s where s.id = registration_request.student_id) where student_id is not null;
create index registration_request_school on registration_request (school_id, created_at, id) where school_id is not null;

-- What a school is told: that staff of another school reset a parent who has a child here too. A notice stands until somebody at the school
-- has seen it. The names are those of that moment.
create table school_notice (
    id         {{id}},
    school_id  {{int}} not null references school (id) on delete cascade,
    at         {{int}} not null,
    what       {{text}} not null check (what in ('reset_whole', 'reset_part', 'password_sent', 'password_ended', 'disabled', 'enabled')),
    contact_id {{int}} not null references contact (id) on delete cascade,
    account_id {{int}} not null,
    by_name    {{text}} not null,
    by_school  {{text}} not null,
    seen_at    {{int}},
    seen_by    {{text}} not null default ''
);
create index school_notice_newest on school_notice (at, id) where seen_at is null;
create index school_notice_unseen on school_notice (school_id, at, id) where seen_at is null;
create index school_notice_seen on school_notice (seen_at) where seen_at is not null;
create index school_notice_contact on school_notice (contact_id);
