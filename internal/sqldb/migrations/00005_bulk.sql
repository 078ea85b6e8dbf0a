-- +goose Up
-- Acts on many logins at once. The rows are fixed when the question is asked; the act begins when somebody has answered it, and a worker
-- does it in short transactions, leg by leg. due_at is when the next leg begins at the latest: one that is long overdue is begun anew.
create table bulk (
    id           {{id}},
    act          {{text}} not null check (act in ('reset', 'send_password', 'require_password', 'unlock', 'disable', 'enable')),
    state        {{text}} not null check (state in ('freezing', 'asked', 'approval', 'running', 'done', 'stopped')),
    why          {{text}} not null default '',
    reason       {{text}} not null default '',
    more         {{text}} not null default '',
    owner_id     {{int}} not null,
    owner_name   {{text}} not null default '',
    approver     {{text}} not null default '',
    stopped_by   {{text}} not null default '',
    address      {{text}} not null default '',
    request_id   {{text}} not null default '',
    size         {{int}} not null default 0,
    done         {{int}} not null default 0,
    leg          {{int}} not null default 0,
    due_at       {{int}} not null default 0,
    asked_at     {{int}} not null,
    begun_at     {{int}},
    ended_at     {{int}}
);
create index bulk_newest on bulk (asked_at, id);
create index bulk_owner on bulk (owner_id, asked_at, id);
create index bulk_running on bulk (due_at) where state = 'running';

-- One row of an act on many logins: a line, or a contact with its whole login. Rows of one login have the same party and are done together.
-- An empty outcome means that it is still to be done; 'ended' that the temporary password is still to be made.
create table bulk_row (
    bulk_id    {{int}} not null references bulk (id) on delete cascade,
    pos        {{int}} not null,
    party      {{int}} not null,
    target_id  {{int}} not null,
    contact_id {{int}} not null,
    student_id {{int}} not null default 0,
    account_id {{int}} not null default 0,
    version    {{int}} not null default 0,
    outcome    {{text}} not null default '',
    detail     {{text}} not null default '',
    primary key (bulk_id, pos),
    unique (bulk_id, target_id)
);
create index bulk_row_outcome on bulk_row (bulk_id, outcome, party, pos);
create index bulk_row_account on bulk_row (bulk_id, account_id, pos) where account_id <> 0;

-- When the mail server may get the next mail of an act on many logins.
create table bulk_pace (
    id      {{int}} primary key check (id = 1),
    next_at {{int}} not null
);
