-- +goose Up
-- A wave of reminders to those who have not come: whom it was meant for, how far it has come and how many mails it has ordered. place is
-- where the next leg begins.
create table reminder_wave (
    id         {{id}},
    owner_id   {{int}} not null,
    owner_name {{text}} not null default '',
    state      {{text}} not null default 'running' check (state in ('running', 'done', 'stopped')),
    stopped_by {{text}} not null default '',
    place      {{text}} not null default '',
    looked     {{int}} not null default 0,
    mailed     {{int}} not null default 0,
    begun_at   {{int}} not null,
    ended_at   {{int}}
);
create index reminder_wave_newest on reminder_wave (begun_at, id);
create index reminder_wave_owner on reminder_wave (owner_id, begun_at, id);
