-- +goose Up
-- The registration desk: a case for each child, or for each ID Number typed that is no child's, with its requests that did not end in a login.
-- case_key is 's' and the student's id, or 'i' and the number as it is compared. reason, newest_at and newest_id are those of the newest request
-- that nobody has dealt with; attempts and addresses count since the case was opened. Whoever acts names the version.
create table desk_case (
    id         {{id}},
    case_key   {{text}} not null unique,
    student_id {{int}} references student (id) on delete cascade,
    school_id  {{int}},
    state      {{text}} not null check (state in ('open', 'done')),
    reason     {{text}} not null,
    newest_at  {{int}} not null,
    newest_id  {{int}} not null,
    attempts   {{int}} not null default 1,
    addresses  {{int}} not null default 1,
    version    {{int}} not null default 1,
    claimed_id {{int}},
    claimed_by {{text}} not null default '',
    claimed_at {{int}},
    acted_at   {{int}},
    acted_by   {{text}} not null default '',
    acted_how  {{text}} not null default ''
);
create index desk_case_newest on desk_case (state, newest_at, id);
create index desk_case_reason on desk_case (state, reason, newest_at, id);
create index desk_case_school on desk_case (school_id, state, newest_at, id);
create index desk_case_school_reason on desk_case (school_id, state, reason, newest_at, id);
create index desk_case_student on desk_case (student_id) where student_id is not null;
create index desk_case_old on desk_case (newest_at);

-- Of a request at the desk: its case, who typed it (the name as it is compared), which contact that may be, and how it was settled.
alter table registration_request add column case_id {{int}} references desk_case (id) on delete set null;
alter table registration_request add column person_key {{text}} not null default '';
alter table registration_request add column near_contact_id {{int}};
alter table registration_request add column settled_at {{int}};
alter table registration_request add column settled_by {{text}} not null default '';
alter table registration_request add column settled_how {{text}} not null default '';
create index registration_request_case on registration_request (case_id, created_at, id) where case_id is not null and settled_at is null;
create index registration_request_from on registration_request (case_id, address) where case_id is not null;
create index registration_request_near on registration_request (near_contact_id) where near_contact_id is not null and settled_at is null;
