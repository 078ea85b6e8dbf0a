-- +goose Up
-- Which roles a roster gave a contact, by organisation and with dates (OneRoster 1.2): a roster of changes has only those of them that changed.
alter table contact add column file_roles {{text}} not null default '';
