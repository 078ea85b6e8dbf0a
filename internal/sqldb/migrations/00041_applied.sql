-- +goose Up
-- Which import was the last one that changed records, and what was applied since a plan was made.
drop index import_finished;
create index import_applied on import (finished_at, id) where finished_at is not null and done > 0;
