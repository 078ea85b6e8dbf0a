-- +goose Up
-- How many steps an import has so far, while it is being planned.
alter table import add column steps_planned {{int}} not null default 0;
