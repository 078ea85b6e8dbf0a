-- +goose Up
-- Which of two classes a job belongs to (0 goes first), what it is called in lists, and whether it ended because its time was over.
alter table job add column class {{int}} not null default 0;
alter table job add column label {{text}} not null default '';
alter table job add column expired {{bool}} not null default false;
update job set expired = true where state = 'failed' and substr(last_error, 1, 7) = 'expired';
create index job_class on job (kind, class, run_at, id) where state = 'ready';
create index job_refused on job (kind, expired, created_at, id) where state = 'failed';
create index job_label on job (kind, label, created_at, id) where label <> '';
create index job_label_state on job (kind, label, state, expired, created_at, id) where label <> '';

-- What the mail server may get, over all mail and all nodes: when the next mail of an act on many logins is planned for and how many that
-- day, who stopped all mail, and since when the mail server is out of reach and when it is tried again.
create table mail_gate (
    id         {{int}} primary key check (id = 1),
    next_at    {{int}} not null default 0,
    plan_day   {{text}} not null default '',
    plan_count {{int}} not null default 0,
    stopped_at {{int}} not null default 0,
    stopped_by {{text}} not null default '',
    down_since {{int}} not null default 0,
    down_words {{text}} not null default '',
    probe_at   {{int}} not null default 0
);
insert into mail_gate (id) values (1);

-- How many mails were begun in each of the last seconds.
create table mail_second (
    second {{int}} primary key,
    begun  {{int}} not null
);

-- How many mails were begun on each of the last days, in the school's time zone: those that go first, and those of acts on many.
create table mail_day (
    day    {{text}} primary key,
    urgent {{int}} not null default 0,
    later  {{int}} not null default 0
);

drop table bulk_pace;
