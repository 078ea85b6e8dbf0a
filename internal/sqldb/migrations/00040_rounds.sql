-- +goose Up
-- What an import left alone is named, and planned again.
create index import_step_alone on import_step (import_id, phase, pos) where outcome = 'alone';

-- What was applied since a plan was made, and which import was the last one.
create index import_finished on import (finished_at, id) where finished_at is not null;
