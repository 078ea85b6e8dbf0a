-- +goose Up
-- A line whose student or contact is no longer in the roster stays open until this day; '' where neither is missing, or the roster said so itself.
alter table student_contact add column grace_until {{text}} not null default '';
