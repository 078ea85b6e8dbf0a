-- +goose Up
-- What schools have closed until staff open it again: registration, which then waits, or the Parent Portal. School 0 stands for all of them.
-- Parents read the message; why is for staff.
create table closing (
    school_id {{int}} not null,
    what      {{text}} not null check (what in ('registration', 'portal')),
    at        {{int}} not null,
    by_name   {{text}} not null default '',
    why       {{text}} not null default '',
    message   {{text}} not null default '',
    primary key (school_id, what)
);

-- Schools whose first roster had no place for restrictions: the office is asked whether custody papers are entered, until somebody answers.
create table custody_question (
    school_id   {{int}} primary key references school (id) on delete cascade,
    asked_at    {{int}} not null,
    answered_at {{int}},
    answered_by {{text}} not null default ''
);
create index custody_question_open on custody_question (school_id) where answered_at is null;

-- The school for whose closing a request waits, 0 for none of its own; null when it does not wait.
alter table registration_request add column held_school {{int}};
create index registration_request_held on registration_request (held_school, created_at, id) where held_school is not null;
