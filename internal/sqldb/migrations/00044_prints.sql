-- +goose Up
-- A record's file_print is the print of what the roster said of it when it was last taken, at that version of the record: the next roster that says
-- the same need not be compared with it field by field. 0 is the print of nothing.
alter table student add column file_print {{int}} not null default 0;
alter table contact add column file_print {{int}} not null default 0;
alter table student_contact add column file_print {{int}} not null default 0;
alter table enrolment add column file_print {{int}} not null default 0;
