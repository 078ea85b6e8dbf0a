-- +goose Up
-- Students who come of age: on which day, when their parents were told beforehand, and when the day was noted in the log.
create table coming_of_age (
    student_id {{int}} primary key references student (id) on delete cascade,
    adult_on   {{text}} not null,
    told_at    {{int}},
    noted_at   {{int}}
);

-- A school's highest grade, and where its students go from there: another school, or nowhere (null): they graduate.
create table school_top (
    school_id      {{int}} primary key references school (id) on delete cascade,
    top_grade      {{text}} not null default '',
    next_school_id {{int}} references school (id) on delete set null
);

-- The step into a new school year. plan is what was decided, as JSON; cursor is the last student done, last_id the last one there was when it
-- began, size and done count those who move.
create table rollover (
    id         {{id}},
    state      {{text}} not null check (state in ('running', 'done', 'undoing', 'undone')),
    plan       {{text}} not null,
    size       {{int}} not null default 0,
    done       {{int}} not null default 0,
    undone     {{int}} not null default 0,
    cursor     {{int}} not null default 0,
    last_id    {{int}} not null,
    owner_id   {{int}} not null,
    owner_name {{text}} not null default '',
    begun_at   {{int}} not null,
    ended_at   {{int}}
);
create index rollover_newest on rollover (begun_at, id);
create unique index rollover_one on rollover (state) where state in ('running', 'undoing');

-- What a step into a new school year did to a student, so that it can be taken back while the record has that version.
create table rollover_row (
    rollover_id   {{int}} not null references rollover (id) on delete cascade,
    student_id    {{int}} not null references student (id) on delete cascade,
    version       {{int}} not null,
    school_id     {{int}} not null default 0,
    grade         {{text}} not null default '',
    homeroom      {{text}} not null default '',
    gone_on       {{text}} not null default '',
    gone_as       {{text}} not null default '',
    outcome       {{text}} not null default '',
    primary key (rollover_id, student_id)
);
create index rollover_row_student on rollover_row (student_id);
create index student_grade on student (school_id, grade) where status = 'enrolled';
