-- +goose Up
-- A student's time at the school: enrolled_from is the first day, gone_on the first day that is none, when the status becomes gone_as. other_schools
-- lists the ids of schools attended at the same time, with commas around each. adult_mark is what staff decided about a student of age: parents of a 'dependent' one keep
-- access, those of an 'ended' one do not. file_values is what the roster says for fields that staff set by hand, as JSON.
alter table student add column enrolled_from {{text}} not null default '';
alter table student add column gone_on {{text}} not null default '';
alter table student add column gone_as {{text}} not null default '' check (gone_as in ('', 'withdrawn', 'graduated'));
alter table student add column language {{text}} not null default '';
alter table student add column other_schools {{text}} not null default '';
alter table student add column adult_mark {{text}} not null default '' check (adult_mark in ('', 'dependent', 'ended'));
alter table student add column adult_reason {{text}} not null default '';
alter table student add column adult_at {{int}};
alter table student add column adult_by {{text}} not null default '';
alter table student add column file_values {{text}} not null default '';
create index student_going on student (gone_on, id) where gone_on <> '' and status = 'enrolled';
create index student_birth on student (birth_date, id) where birth_date <> '' and status = 'enrolled';
create index student_birth_school on student (school_id, birth_date, id) where birth_date <> '' and status = 'enrolled';

alter table contact add column file_values {{text}} not null default '';

-- The order of court behind a restriction: its number, its date, and the dates it names. A restriction whose last day is over still holds.
alter table student_contact add column court_number {{text}} not null default '';
alter table student_contact add column court_date {{text}} not null default '';
alter table student_contact add column restricted_from {{text}} not null default '';
alter table student_contact add column restricted_until {{text}} not null default '';
alter table student_contact add column file_values {{text}} not null default '';

-- A line that was restricted stays closed on a login that is still there until staff open it.
alter table closed_line add column why {{text}} not null default 'reset' check (why in ('reset', 'restriction'));

-- The history of a record, field by field: what was there, what is there, since when, and by whose hand or which import (0: by hand). A record that
-- came whole has one row, the field 'added'.
create table record_change (
    id        {{id}},
    kind      {{text}} not null check (kind in ('student', 'contact', 'line')),
    record_id {{int}} not null,
    at        {{int}} not null,
    by_kind   {{text}} not null,
    by_id     {{int}} not null default 0,
    by_name   {{text}} not null default '',
    import_id {{int}} not null default 0,
    field     {{text}} not null,
    old       {{text}} not null default '',
    new       {{text}} not null default ''
);
create index record_change_record on record_change (kind, record_id, id);
create index record_change_at on record_change (at, id);
