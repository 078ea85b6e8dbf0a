-- +goose Up
create table schema_checksum (
    version {{int}} primary key,
    sum     {{text}} not null
);

-- What the school decides; a missing row means the default.
create table setting (
    key   {{text}} primary key,
    value {{text}} not null
);

-- Records: schools, students, contacts and the lines between them. source_id is the roster's own id, null for what was entered by hand.
create table school (
    id         {{id}},
    source_id  {{text}} unique,
    kind       {{text}} not null default 'school' check (kind in ('school', 'district', 'other')),
    name       {{text}} not null,
    sort_key   {{text}} not null,
    phone      {{text}} not null default '',
    hours      {{text}} not null default '',
    left_at    {{int}},
    created_at {{int}} not null,
    updated_at {{int}} not null
);
create index school_sort on school (sort_key, id);

create table student (
    id              {{id}},
    source_id       {{text}} unique,
    school_id       {{int}} references school (id),
    id_number       {{text}} not null default '',
    id_key          {{text}} not null default '',
    first_name      {{text}} not null,
    middle_name     {{text}} not null default '',
    last_name       {{text}} not null,
    preferred_first {{text}} not null default '',
    preferred_last  {{text}} not null default '',
    sort_key        {{text}} not null,
    birth_date      {{text}} not null default '',
    grade           {{text}} not null default '',
    homeroom        {{text}} not null default '',
    email           {{text}} not null default '',
    email_key       {{text}} not null default '',
    status          {{text}} not null default 'enrolled' check (status in ('enrolled', 'withdrawn', 'graduated', 'left')),
    local_fields    {{text}} not null default '',
    version         {{int}} not null default 1,
    created_at      {{int}} not null,
    updated_at      {{int}} not null
);
create index student_id_key on student (id_key) where id_key <> '';
create index student_email on student (email_key) where email_key <> '';
create index student_sort on student (sort_key, id);
create index student_school on student (school_id, sort_key, id);

-- One row per word of a student's names, for the search box of the Student Biographical Editor.
create table student_word (
    word       {{text}} not null,
    sort_key   {{text}} not null,
    student_id {{int}} not null references student (id) on delete cascade,
    primary key (word, sort_key, student_id)
);
create index student_word_student on student_word (student_id, word);

create table contact (
    id              {{id}},
    source_id       {{text}} unique,
    first_name      {{text}} not null,
    middle_name     {{text}} not null default '',
    last_name       {{text}} not null,
    preferred_first {{text}} not null default '',
    preferred_last  {{text}} not null default '',
    key_version     {{int}} not null default 1,
    last_key        {{text}} not null,
    sort_key        {{text}} not null,
    letter          {{text}} not null,
    email           {{text}} not null default '',
    email_key       {{text}} not null default '',
    mobile_phone    {{text}} not null default '',
    home_phone      {{text}} not null default '',
    work_phone      {{text}} not null default '',
    language        {{text}} not null default '',
    local_fields    {{text}} not null default '',
    version         {{int}} not null default 1,
    left_at         {{int}},
    created_at      {{int}} not null,
    updated_at      {{int}} not null
);
create index contact_email on contact (email_key) where email_key <> '';
create index contact_sort on contact (sort_key, id);

-- The line: this contact belongs to this student. file_portal_access is what the roster says; a value set here never loosens it.
create table student_contact (
    id                 {{id}},
    student_id         {{int}} not null references student (id) on delete cascade,
    contact_id         {{int}} not null references contact (id) on delete cascade,
    relationship       {{text}} not null default 'unknown',
    position           {{int}} not null default 0,
    legal_guardian     {{text}} not null default 'unknown' check (legal_guardian in ('yes', 'no', 'unknown')),
    lives_with         {{text}} not null default 'unknown' check (lives_with in ('yes', 'no', 'unknown')),
    emergency          {{text}} not null default 'unknown' check (emergency in ('yes', 'no', 'unknown')),
    pickup             {{text}} not null default 'unknown' check (pickup in ('yes', 'no', 'unknown')),
    mailing            {{text}} not null default 'unknown' check (mailing in ('yes', 'no', 'unknown')),
    portal_access      {{text}} not null default 'unknown' check (portal_access in ('yes', 'no', 'unknown')),
    file_portal_access {{text}} not null default 'unknown' check (file_portal_access in ('yes', 'no', 'unknown')),
    restricted         {{text}} not null default 'unknown' check (restricted in ('yes', 'no', 'unknown')),
    restriction_note   {{text}} not null default '',
    restricted_at      {{int}},
    restricted_by      {{text}} not null default '',
    begin_date         {{text}} not null default '',
    end_date           {{text}} not null default '',
    ended_at           {{int}},
    from_file          {{bool}} not null default false,
    local_fields       {{text}} not null default '',
    version            {{int}} not null default 1,
    created_at         {{int}} not null,
    updated_at         {{int}} not null,
    unique (student_id, contact_id)
);
create index student_contact_contact on student_contact (contact_id, student_id);

-- The Reset Parent Login grid in the orders it is read: one row per line and word-suffix of the parent's last name (pos 0 is the whole
-- name, the only one with a letter).
create table line_name (
    entry       {{text}} not null,
    pos         {{int}} not null,
    letter      {{text}},
    parent_sort {{text}} not null,
    child_sort  {{text}} not null,
    contact_id  {{int}} not null,
    line_id     {{int}} not null references student_contact (id) on delete cascade,
    primary key (line_id, pos)
);
create index line_name_entry on line_name (entry, parent_sort, contact_id, child_sort, line_id, pos);
create index line_name_letter on line_name (letter, parent_sort, contact_id, child_sort, line_id) where letter is not null;
create index line_name_child on line_name (letter, child_sort, line_id) where letter is not null;
create index line_name_parents on line_name (parent_sort, contact_id, child_sort, line_id) where letter is not null;
create index line_name_children on line_name (child_sort, line_id) where letter is not null;

create table roster_import (
    id          {{id}},
    started_at  {{int}} not null,
    finished_at {{int}},
    format      {{text}} not null,
    outcome     {{text}} not null default 'running',
    summary     {{text}} not null default ''
);

-- Whatever signs in. Usernames are unique within a kind; credential_version rises with every change of what proves the person.
create table account (
    id                 {{id}},
    kind               {{text}} not null check (kind in ('parent', 'student', 'staff')),
    username           {{text}} not null,
    username_key       {{text}} not null,
    state              {{text}} not null check (state in ('waiting', 'active', 'disabled')),
    state_reason       {{text}} not null default '',
    password_hash      {{text}},
    password_set_at    {{int}},
    credential_version {{int}} not null default 1,
    role               {{text}} not null default '',
    name               {{text}} not null default '',
    email              {{text}} not null default '',
    language           {{text}} not null default '',
    created_at         {{int}} not null,
    claim_by           {{int}},
    last_sign_in_at    {{int}},
    unique (kind, username_key)
);
create index account_claim on account (claim_by) where claim_by is not null;
create index account_email on account (email) where email <> '';

create table temporary_password (
    account_id {{int}} primary key references account (id) on delete cascade,
    serial     {{text}} not null,
    hash       {{text}} not null,
    issued_at  {{int}} not null,
    expires_at {{int}} not null
);

create table session (
    id_hash            {{blob}} primary key,
    account_id         {{int}} not null references account (id) on delete cascade,
    number             {{text}} not null,
    limited            {{bool}} not null,
    credential_version {{int}} not null,
    serial             {{text}} not null default '',
    keep               {{bool}} not null,
    user_agent         {{text}} not null default '',
    address            {{text}} not null default '',
    created_at         {{int}} not null,
    seen_at            {{int}} not null,
    expires_at         {{int}} not null
);
create index session_account on session (account_id, created_at);
create index session_expires on session (expires_at);

create table known_device (
    account_id  {{int}} not null references account (id) on delete cascade,
    device_hash {{blob}} not null,
    seen_at     {{int}} not null,
    expires_at  {{int}} not null,
    primary key (account_id, device_hash)
);
create index known_device_expires on known_device (expires_at);

-- Exact counters. A key names what is counted and, hashed, whom.
create table throttle (
    key           {{text}} primary key,
    count         {{int}} not null,
    window_start  {{int}} not null,
    blocked_until {{int}} not null default 0
);
create index throttle_window on throttle (window_start);

-- The login's life: which account holds which contact, which lines a reset closed, who made which student login.
create table account_contact (
    contact_id {{int}} primary key references contact (id) on delete cascade,
    account_id {{int}} not null references account (id) on delete cascade,
    held_at    {{int}} not null
);
create index account_contact_account on account_contact (account_id);

create table closed_line (
    line_id   {{int}} primary key references student_contact (id) on delete cascade,
    closed_at {{int}} not null
);

create table student_login (
    student_id       {{int}} primary key references student (id) on delete cascade,
    account_id       {{int}} not null unique references account (id) on delete cascade,
    maker_contact_id {{int}} not null references contact (id) on delete cascade,
    made_at          {{int}} not null
);
create index student_login_maker on student_login (maker_contact_id);

create table reserved_username (
    kind         {{text}} not null,
    username_key {{text}} not null,
    contact_id   {{int}} not null references contact (id) on delete cascade,
    until        {{int}} not null,
    primary key (kind, username_key)
);
create index reserved_username_until on reserved_username (until);
create index reserved_username_contact on reserved_username (contact_id);

create table registration_request (
    id         {{id}},
    reference  {{text}} not null unique,
    form_key   {{text}} unique,
    purpose    {{text}} not null check (purpose in ('register', 'add_student', 'forgot_password', 'forgot_username')),
    account_id {{int}},
    username   {{text}} not null default '',
    id_number  {{text}} not null default '',
    first_name {{text}} not null default '',
    last_name  {{text}} not null default '',
    language   {{text}} not null default '',
    address    {{text}} not null default '',
    outcome    {{text}} not null default 'pending',
    detail     {{text}} not null default '',
    student_id {{int}} references student (id) on delete set null,
    contact_id {{int}} references contact (id) on delete set null,
    created_at {{int}} not null,
    decided_at {{int}}
);
create index registration_request_newest on registration_request (created_at, id);
create index registration_request_student on registration_request (student_id) where student_id is not null;
create index registration_request_contact on registration_request (contact_id) where contact_id is not null;

-- Work that must happen after a change is committed, mail first of all. The row is the state machine.
create table job (
    id          {{id}},
    kind        {{text}} not null,
    state       {{text}} not null default 'ready' check (state in ('ready', 'done', 'failed', 'stopped')),
    payload     {{text}} not null,
    secret      {{blob}},
    with_secret {{bool}} not null default false,
    attempts    {{int}} not null default 0,
    run_at      {{int}} not null,
    deadline    {{int}} not null,
    lease       {{text}} not null default '',
    lease_until {{int}} not null default 0,
    last_error  {{text}} not null default '',
    account_id  {{int}},
    contact_id  {{int}},
    created_at  {{int}} not null,
    ended_at    {{int}}
);
create index job_ready on job (kind, run_at, id) where state = 'ready';
create index job_newest on job (kind, created_at, id);
create index job_state on job (kind, state, created_at, id);
create index job_contact on job (contact_id, created_at) where contact_id is not null;
create index job_account on job (account_id, created_at) where account_id is not null;
create index job_ended on job (ended_at) where ended_at is not null;

-- The log. What is personal stands in audit_detail, so that it can be erased while the event stays.
create table audit_event (
    id          {{id}},
    at          {{int}} not null,
    actor_kind  {{text}} not null,
    actor_id    {{int}},
    action      {{text}} not null,
    target_kind {{text}} not null default '',
    target_id   {{int}},
    outcome     {{text}} not null,
    address     {{text}} not null default '',
    request_id  {{text}} not null default ''
);
create index audit_event_at on audit_event (at, id);
create index audit_event_target on audit_event (target_kind, target_id, id);
create index audit_event_actor on audit_event (actor_kind, actor_id, id);

create table audit_detail (
    event_id {{int}} primary key references audit_event (id) on delete cascade,
    detail   {{text}} not null
);
