-- +goose Up
-- What a finding says has a code, so that every reader has it in their own language; said keeps the English words.
alter table import_finding add column code {{text}} not null default '';
alter table import_finding add column taken_as {{text}} not null default '';
alter table import_finding add column number {{int}} not null default 0;
alter table import_finding add column more {{bool}} not null default false;
