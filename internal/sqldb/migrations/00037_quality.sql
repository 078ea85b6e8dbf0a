-- +goose Up
-- What the daily look over the records found to be put right, one row for each school that it concerns (0: none). main is true for one of
-- them, so that those who work everywhere read each record once.
create table quality_finding (
    kind       {{text}} not null check (kind in ('student', 'contact')),
    subject_id {{int}} not null,
    flaw       {{text}} not null,
    school_id  {{int}} not null,
    sort_key   {{text}} not null,
    main       {{bool}} not null,
    primary key (kind, subject_id, flaw, school_id)
);
create index quality_finding_school on quality_finding (flaw, school_id, sort_key, subject_id);
create index quality_finding_main on quality_finding (flaw, sort_key, subject_id) where main;

-- How many records had a flaw on a day, by school; school 0 is all of them together, each record once.
create table quality_day (
    school_id {{int}} not null,
    day       {{text}} not null,
    flaw      {{text}} not null,
    found     {{int}} not null,
    primary key (school_id, day, flaw)
);
create index quality_day_day on quality_day (day);

-- When the look over the records began last, and when one ended last.
create table quality_look (
    id       {{int}} primary key check (id = 1),
    begun_at {{int}} not null,
    ended_at {{int}} not null default 0
);

-- Contacts of whom somebody said, having seen both records, that they are not one person though name and mailbox or telephone are the same.
create table not_one_person (
    first_id  {{int}} not null references contact (id) on delete cascade,
    second_id {{int}} not null references contact (id) on delete cascade,
    said_at   {{int}} not null,
    said_by   {{text}} not null default '',
    primary key (first_id, second_id),
    check (first_id < second_id)
);
create index not_one_person_second on not_one_person (second_id);
