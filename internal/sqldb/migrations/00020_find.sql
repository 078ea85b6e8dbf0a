-- +goose Up
-- What "Find a family" searches: one row for a line and each word of the parent's and the child's names, and for each telephone number of the
-- parent: '#' and its digits, the last one first. A line that staff took off has none.
create table line_word (
    word        {{text}} not null,
    parent_sort {{text}} not null,
    contact_id  {{int}} not null,
    line_id     {{int}} not null references student_contact (id) on delete cascade,
    school_id   {{int}},
    primary key (line_id, word)
);
create index line_word_found on line_word (word, parent_sort, contact_id, line_id);
create index line_word_school on line_word (school_id, word, parent_sort, contact_id, line_id);

-- By which rule line_word was made, and behind which line it is still to be made anew; null when all of it is done.
create table line_word_rule (
    id        {{int}} primary key check (id = 1),
    rule      {{int}} not null,
    next_line {{int}}
);
insert into line_word_rule (id, rule, next_line)
select 1, case when exists (select 1 from student_contact) then 0 else 1 end, case when exists (select 1 from student_contact) then 0 end;

-- What acts on many logins did to one of them.
create index bulk_row_contact on bulk_row (contact_id, bulk_id);
