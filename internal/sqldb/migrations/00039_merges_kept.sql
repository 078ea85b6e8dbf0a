-- +goose Up
-- A merge that can no longer be undone forgets both records as they were, and keeps that they are one person: the history of the one is the other's.
create index contact_merge_old on contact_merge (merged_at, id) where before <> '';
