-- +goose Up
-- Whether a school's students may sign in: 'yes', 'no', or as the district has decided.
alter table school add column student_logins {{text}} not null default '' check (student_logins in ('', 'yes', 'no'));

-- The picture in the head of every page: one, made anew from what was sent, so that nothing is served that somebody else wrote.
create table mark (
    id         {{int}} primary key check (id = 1),
    mime       {{text}} not null,
    picture    {{blob}} not null,
    width      {{int}} not null,
    height     {{int}} not null,
    changed_at {{int}} not null
);
