-- +goose Up
-- The log is sealed. The hash of an event's salted detail stands in its row; the row's own code and its place in the chain stand in
-- audit_seal. Details of events from before have no salt; they stay, and are sealed with their events as they are.
alter table audit_event add column area {{text}} not null default '';
alter table audit_event add column detail_hash {{blob}};
update audit_event set area = rtrim(rtrim(action, 'abcdefghijklmnopqrstuvwxyz0123456789_'), '.');
alter table audit_detail rename to audit_detail_before;

-- What is personal in an event, and the salt of its hash. A null time: about nobody, stays for ever.
create table audit_detail (
    event_id {{int}} primary key,
    detail   {{text}} not null,
    salt     {{blob}},
    at       {{int}}
);
insert into audit_detail (event_id, detail) select event_id, detail from audit_detail_before;
drop table audit_detail_before;
create index audit_detail_at on audit_detail (at, event_id) where at is not null;

-- The log is read newest first, each filter along its own index.
drop index audit_event_target;
drop index audit_event_actor;
create index audit_event_target on audit_event (target_kind, target_id, at, id);
create index audit_event_actor on audit_event (actor_kind, actor_id, at, id);
create index audit_event_area on audit_event (area, at, id);
create index audit_event_failed on audit_event (at, id) where outcome <> 'ok';
create index audit_event_address on audit_event (address, at, id) where address <> '';

-- Events without a place in the chain yet, with the code that was made in the transaction of the change; null for those of before.
create table audit_pending (
    event_id {{int}} primary key,
    mac      {{blob}}
);
insert into audit_pending (event_id) select id from audit_event;

-- The chain: a gapless sequence of events, each bound to the one before it. Rows are added, never changed.
create table audit_seal (
    seq      {{int}} primary key,
    event_id {{int}} not null unique,
    mac      {{blob}} not null,
    chain    {{blob}} not null
);

-- Which process seals, and until when.
create table audit_sealer (
    id       {{int}} primary key check (id = 1),
    holder   {{text}} not null,
    until    {{int}} not null
);

-- Who opened which child's record: once for each viewer, day and address, with the first and the last time and how often.
-- What is exported in bulk is noted for each student.
create table record_view (
    student_id  {{int}} not null,
    day         {{text}} not null,
    viewer_kind {{text}} not null,
    viewer_id   {{int}} not null,
    how         {{text}} not null check (how in ('opened', 'exported')),
    address     {{text}} not null,
    first_at    {{int}} not null,
    last_at     {{int}} not null,
    count       {{int}} not null,
    primary key (student_id, day, viewer_kind, viewer_id, how, address)
);
create index record_view_viewer on record_view (viewer_kind, viewer_id, day, student_id);
create index record_view_address on record_view (address, day, student_id);
create index record_view_day on record_view (how, day, student_id);
