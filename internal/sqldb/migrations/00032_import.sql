-- +goose Up
-- Imports of rosters: what was given, the plan that was made of it, and how far it is applied (phase and pos are those of the last step that is).
-- rounds counts how often it was planned: what somebody else changed meanwhile is planned again. undoes is the import that this one takes back.
-- report is the numbers, without anybody's name.
create table import (
    id          {{id}},
    state       {{text}} not null check (state in ('uploading', 'waiting', 'planning', 'planned', 'applying', 'done', 'failed', 'stopped')),
    origin      {{text}} not null check (origin in ('command', 'page', 'folder', 'undo')),
    file_name   {{text}} not null default '',
    hash        {{text}} not null default '',
    size        {{int}} not null default 0,
    options     {{text}} not null default '{}',
    format      {{text}} not null default '',
    owner_id    {{int}} not null default 0,
    owner_name  {{text}} not null default '',
    owner_role  {{text}} not null default '',
    allowed_by  {{text}} not null default '',
    undoes      {{int}} not null default 0,
    undone_by   {{int}} not null default 0,
    rows_read   {{int}} not null default 0,
    steps       {{int}} not null default 0,
    done        {{int}} not null default 0,
    alone       {{int}} not null default 0,
    rounds      {{int}} not null default 0,
    phase       {{int}} not null default 0,
    pos         {{int}} not null default 0,
    report      {{text}} not null default '',
    problem     {{text}} not null default '',
    started_at  {{int}} not null,
    planned_at  {{int}},
    begun_at    {{int}},
    finished_at {{int}}
);
create index import_newest on import (started_at, id);
create index import_open on import (state, id) where state not in ('done', 'failed', 'stopped');
create index import_hash on import (hash, id) where hash <> '';

-- The upload, in pieces, until the import is over: any node can go on with it.
create table import_chunk (
    import_id {{int}} not null references import (id) on delete cascade,
    pos       {{int}} not null,
    data      {{blob}} not null,
    primary key (import_id, pos)
);

-- The plan, in the order in which it is applied; data is the record before and after. outcome is 'alone' where somebody else had changed the
-- record. It is kept until the next import, so that this one can be taken back.
create table import_step (
    import_id  {{int}} not null references import (id) on delete cascade,
    phase      {{int}} not null,
    pos        {{int}} not null,
    student_id {{int}} not null default 0,
    contact_id {{int}} not null default 0,
    name       {{text}} not null default '',
    data       {{text}} not null,
    outcome    {{text}} not null default '',
    primary key (import_id, phase, pos)
);

-- What an import means for people: the lists of its report.
create table import_note (
    import_id  {{int}} not null references import (id) on delete cascade,
    list       {{text}} not null,
    pos        {{int}} not null,
    student_id {{int}} not null default 0,
    contact_id {{int}} not null default 0,
    student    {{text}} not null default '',
    contact    {{text}} not null default '',
    detail     {{text}} not null default '',
    primary key (import_id, list, pos)
);

-- What an import noticed in its file.
create table import_finding (
    import_id {{int}} not null references import (id) on delete cascade,
    pos       {{int}} not null,
    level     {{text}} not null,
    file      {{text}} not null,
    line      {{int}} not null,
    col       {{text}} not null default '',
    was       {{text}} not null default '',
    said      {{text}} not null,
    count     {{int}} not null default 1,
    primary key (import_id, pos)
);

-- Whose turn it is: one import at a time is planned and applied, whichever node does it.
create table import_turn (
    id        {{int}} primary key check (id = 1),
    import_id {{int}} not null default 0,
    holder    {{text}} not null default '',
    until     {{int}} not null default 0
);
insert into import_turn (id) values (1);

insert into import (state, origin, format, report, started_at, finished_at)
select case when outcome = 'done' then 'done' else 'failed' end, 'command', format, '', started_at, coalesce(finished_at, started_at) from roster_import order by id;
drop table roster_import;
